import contextlib
import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from misrun.tools.readers.json_text import MAX_DEPTH, JsonDamageError, leaves
from misrun.tools.readers.registry import read_run

from .record_views import Read, series, settings, where


def test_mmengine_scalars_are_json_lines_by_step(data: Path) -> None:
    run = read_run(data / "mmengine")
    loss = series(run, "loss")
    assert (loss.steps, loss.lines) == ((8, 16, 24, 32), (1, 2, 3, 4))
    assert series(run, "grad_norm").values[2] == 1.0183443903923035


def test_stable_baselines_json_rows_may_lack_keys(data: Path) -> None:
    run = read_run(data / "sb3" / "progress.json")
    assert series(run, "train/loss").steps == (512, 768, 1024)
    assert series(run, "rollout/ep_rew_mean").steps == (256, 512, 768, 1024)


def test_numbers_in_strings_are_numbers(read: Read) -> None:
    row = {
        "epoch": 1,
        "update": 0.0,
        "loss": "16.446",
        "num_updates": "2",
        "lr": "4e-05",
        "gnorm": "nan",
        "wall": "161",
    }
    run = read({"train.jsonl": json.dumps(row) + "\n" + json.dumps(row | {"num_updates": "4"}) + "\n"})
    assert series(run, "loss").steps == (2, 4)
    assert series(run, "lr").values == (4e-05, 4e-05)
    assert math.isnan(series(run, "gnorm").values[0])


def test_llama_factory_log_tells_the_plan(read: Read) -> None:
    rows = [
        {"current_steps": 10, "total_steps": 1548, "loss": 1.2841, "lr": 4.9998e-05, "epoch": 0.01, "percentage": 0.65,
         "elapsed_time": "0:01:32", "remaining_time": "3:55:11"},
        {"current_steps": 500, "total_steps": 1548, "eval_loss": 1.1023, "epoch": 0.32, "percentage": 32.3},
    ]  # fmt: skip
    run = read({"trainer_log.jsonl": "".join(json.dumps(row) + "\n" for row in rows)})
    assert run.ending.planned_steps == 1548
    assert (series(run, "eval_loss").phase, series(run, "eval_loss").steps) == ("eval", (500,))
    assert "percentage" not in {found.raw_name for found in run.series}


def test_nested_objects_are_joined_with_slashes(read: Read) -> None:
    row = {"training_iteration": 1, "info": {"learner": {"default_policy": {"learner_stats": {"total_loss": 2.5}}}}}
    run = read({"result.json": json.dumps(row) + "\n" + json.dumps(row | {"training_iteration": 2}) + "\n"})
    assert series(run, "info/learner/default_policy/learner_stats/total_loss").steps == (1, 2)


def test_rows_marked_as_validation_are_evaluation_at_the_step_before(read: Read) -> None:
    rows = [
        {"mode": "train", "epoch": 1, "iter": 50, "loss": 2.0},
        {"mode": "train", "epoch": 1, "iter": 100, "loss": 1.5},
        {"mode": "val", "epoch": 1, "iter": 7, "loss": 1.7},
        {"mode": "train", "epoch": 2, "iter": 50, "loss": 1.2},
    ]
    run = read({"20240101.log.json": "".join(json.dumps(row) + "\n" for row in rows)})
    by_phase = {found.phase: found for found in run.series if found.raw_name == "loss"}
    assert by_phase["train"].steps == (50, 100, 150)
    assert (by_phase["eval"].steps, by_phase["eval"].values) == ((100,), (1.7,))


def test_a_cut_last_line_is_noted_and_the_others_kept(read: Read) -> None:
    run = read({"log.txt": '{"epoch": 0, "train_loss": 1.5}\r\n{"epoch": 1, "train_loss": 0.5}\r\n{"epoch": 2, "tr'})
    assert series(run, "train_loss").values == (1.5, 0.5)
    assert any("1 lines are not complete JSON" in note for note in run.notes)


def test_a_traceback_after_json_lines_is_an_event_at_its_line(read: Read) -> None:
    rows = "".join(json.dumps({"step": step, "loss": 1.0 / (step + 1)}) + "\n" for step in range(40))
    crash = 'Traceback (most recent call last):\n  File "train.py", line 9, in <module>\n    step()\nValueError: odd batch\n'
    run = read({"stdout.log": rows + crash})
    (event,) = [event for event in run.events if event.kind == "error"]
    assert (event.exception, event.message, event.span.first) == ("ValueError", "odd batch", 41)
    assert series(run, "loss").steps == tuple(range(40))
    assert run.ending.status == "crashed"


def test_settings_repeated_in_every_row_are_read_once(read: Read) -> None:
    row = {"training_iteration": 1, "episode_reward_mean": 3.0, "config": {"lr": 0.01, "gamma": 0.99}}
    run = read({"result.json": json.dumps(row) + "\n" + json.dumps(row | {"training_iteration": 2}) + "\n"})
    assert settings(run) == {"lr": 0.01, "gamma": 0.99}
    assert {found.raw_name for found in run.series} == {"episode_reward_mean"}


def test_one_json_row_of_measurements_is_not_settings(read: Read) -> None:
    run = read({"best.json": '{"epoch": 7, "val_loss": 0.5, "val_acc": 0.75}', "args.json": '{"lr": 0.1, "epochs": 9}'})
    assert (series(run, "val_loss").steps, series(run, "val_loss").values) == ((7,), (0.5,))
    assert settings(run) == {"lr": 0.1, "epochs": 9}


def test_settings_in_the_first_line_are_not_metrics(read: Read) -> None:
    lines = [{"seed": 3, "model": {"name": "gpt"}}, {"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.0}]
    run = read({"metrics.jsonl": "".join(json.dumps(line) + "\n" for line in lines)})
    assert settings(run) == {"seed": 3, "model.name": "gpt"}
    assert series(run, "loss").steps == (1, 2)


@pytest.mark.parametrize("name", ["train.jsonl", "data.json"])
def test_records_of_data_are_not_series(read: Read, name: str) -> None:
    rows = [{"instruction": "a", "output": f"b{i}", "id": i} for i in range(300)]
    content = json.dumps(rows) if name.endswith(".json") else "".join(json.dumps(row) + "\n" for row in rows)
    run = read({name: content})
    assert (run.series, run.config) == ((), ())
    assert run.notes or run.skipped


def test_keras_history_counts_epochs(data: Path) -> None:
    run = read_run(data / "keras3" / "keras_hist.json")
    assert series(run, "val_loss").step_kind == "epoch"
    assert series(run, "val_loss").values == (0.7459851503372192, 0.7478310465812683)
    assert series(run, "learning_rate").name == "lr"


def test_lists_of_a_hand_written_loop_are_series_and_short_lists_settings(read: Read) -> None:
    content = (
        '{"train_losses": [1.0, 0.5, NaN], "val_losses": [1.1, 0.9, 0.8], "config": {"lr": 0.1, "betas": [0.9, 0.99]}}'
    )
    run = read({"history.json": content})
    assert (series(run, "train_losses").name, series(run, "train_losses").first_nonfinite) == ("loss", 2)
    assert settings(run) == {"config.lr": 0.1, "config.betas": (0.9, 0.99)}


def test_memory_samples_are_a_system_series_in_mebibytes(read: Read) -> None:
    rows = [
        {"step": 1, "allocated_mib": 100.5, "reserved_gb": 1.0},
        {"step": 2, "allocated_mib": 140.0, "reserved_gb": 2.0},
    ]
    run = read(
        {"memory.json": json.dumps(rows), "peak.jsonl": '{"step": 1, "memory_gb": 2.5}\n{"step": 2, "memory_gb": 3}\n'}
    )
    found = series(run, "allocated_mib")
    assert (found.name, found.phase, found.values) == ("memory", "system", (100.5, 140.0))
    assert series(run, "memory_gb").values == (2560.0, 3072.0)


def test_corpus_statistics_are_settings_with_their_lines(read: Read) -> None:
    run = read(
        {"corpus_stats.json": '{\n  "vocab_size": 30000,\n  "oov_rate": 0.12,\n  "lengths": {"mean": 31.2}\n}\n'}
    )
    assert settings(run) == {"vocab_size": 30000, "oov_rate": 0.12, "lengths.mean": 31.2}
    assert where(run)["oov_rate"] == "corpus_stats.json:3"


def test_tokenizer_files_are_left_alone(read: Read) -> None:
    run = read({"tokenizer.json": '{"model": {"vocab": {"a": 1}}}', "vocab.json": '{"loss": 1}', ".env": "HF_TOKEN=x"})
    assert (run.series, run.config) == ((), ())
    assert {skipped.file for skipped in run.skipped} == {"tokenizer.json", "vocab.json", ".env"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=30,
)


def flat(value: object, path: tuple[object, ...] = ()) -> list[tuple[tuple[object, ...], object]]:
    if isinstance(value, dict):
        return [item for key, inner in value.items() for item in flat(inner, (*path, key))]
    if isinstance(value, list):
        return [item for i, inner in enumerate(value) for item in flat(inner, (*path, i))]
    return [(path, value)]


@given(json_values, st.sampled_from([None, 2]))
def test_the_scanner_agrees_with_the_standard_parser(value: object, indent: int | None) -> None:
    text = json.dumps([value], indent=indent)
    assert [(leaf.path, leaf.value) for leaf in leaves(text)] == flat([value])


@given(json_values, st.integers(0, 200))
def test_the_scanner_yields_a_prefix_of_a_cut_document(value: object, cut: int) -> None:
    text = json.dumps([value])
    found = []
    with contextlib.suppress(JsonDamageError):
        for leaf in leaves(text[:cut]):
            found.append((leaf.path, leaf.value))  # noqa: PERF401 - what precedes the damage is kept
    assert found == flat([value])[: len(found)]


def test_nesting_is_bounded_without_recursion() -> None:
    with pytest.raises(JsonDamageError, match=f"deeper than {MAX_DEPTH}"):
        list(leaves("[" * 1_000_000))


def test_a_first_line_of_settings_is_no_row_of_metrics(read: Read) -> None:
    rows = "".join(json.dumps({"step": step, "loss": 0.5}) + "\n" for step in range(3))
    run = read({"log.jsonl": json.dumps({"steps": 600, "lr": 0.001, "margin": 0.8}) + "\n" + rows})
    assert [one.raw_name for one in run.series] == ["loss"]
    assert settings(run) == {"steps": 600, "lr": 0.001, "margin": 0.8}


def test_a_first_line_like_those_after_it_is_a_row_of_metrics(read: Read) -> None:
    run = read({"lr.jsonl": "".join(json.dumps({"steps": step, "lr": 0.001}) + "\n" for step in (10, 20))})
    assert series(run, "lr").steps == (10, 20)


def test_a_bare_recall_is_of_evaluation_unless_the_table_says_otherwise(read: Read) -> None:
    run = read({"a.jsonl": "".join(json.dumps({"step": i, "loss": 0.5, "recall": 0.1}) + "\n" for i in (1, 2))})
    assert series(run, "recall").phase == "eval"
    rows = [{"step": i, "loss": 0.5, "recall": 0.1, "val_recall": 0.2} for i in (1, 2)]
    run = read({"a.jsonl": "".join(json.dumps(row) + "\n" for row in rows)})
    assert series(run, "recall").phase == "train"
    marked = "".join(f'{{"mode": "{mode}", "epoch": 1, "recall": 0.1}}\n' for mode in ("train", "val"))
    run = read({"a.jsonl": marked})
    assert {one.phase for one in run.series if one.raw_name == "recall"} == {"train", "eval"}
