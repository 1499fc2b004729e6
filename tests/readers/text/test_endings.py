"""How a log ended, by what it prints and by the plan that it or a file beside it tells."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from misrun.tools.readers.registry import read_run
from misrun.tools.readers.run_record import Ending, RunRecord

Read = Callable[[str], RunRecord]
_TRACEBACK = 'Traceback (most recent call last):\n  File "train.py", line 4, in <module>\n    main()\nValueError: bad\n'


def ending(folder: Path, **files: str) -> Ending:
    """The ending of a run of these files; a file's name has "__" for its dot."""
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content)
    return read_run(folder).ending


def steps(counts: Iterable[int]) -> str:
    return "".join(f"step {count} loss 0.5\n" for count in counts)


def epochs(last_batches: Iterable[int], form: str = "Epoch {epoch} Batch {batch}/68 loss: 0.5\n") -> str:
    whole = "".join(form.format(epoch=epoch, batch=batch) for epoch in (1, 2) for batch in range(0, 68, 5))
    return whole + "".join(form.format(epoch=3, batch=batch) for batch in last_batches)


def rows(count: int) -> str:
    return "epoch,train_loss,val_loss\n" + "".join(f"{i},{1 / (i + 1)},{1.1 / (i + 1)}\n" for i in range(count))


def objects(counts: Iterable[int]) -> str:
    return "".join(f'{{"step": {count}, "loss": 0.5}}\n' for count in counts)


def test_a_log_that_stops_at_the_last_step_of_its_own_plan_has_finished(read: Read) -> None:
    found = read("hparams {'hidden': 100, 'bs': 20, 'lr': 0.006, 'steps': 200}\n" + steps(range(10, 201, 10))).ending
    assert (found.status, found.last_step, found.planned_steps) == ("finished", 200, 200)
    assert [str(span) for span in found.spans] == ["log:21", "log:1"]


def test_counted_from_zero_the_last_report_comes_before_the_planned_number(read: Read) -> None:
    plan = "Namespace(max_steps=600, lr=0.1)\n"
    assert read(plan + steps(range(0, 600, 10))).ending.status == "finished"
    assert read(plan + steps(range(0, 580, 10))).ending.status == "unfinished"
    assert read(plan + steps(range(10, 600, 10))).ending.status == "unfinished"  # counted from 1 there is one to come


def test_an_error_at_the_end_outranks_a_plan_that_was_reached(read: Read, tmp_path: Path) -> None:
    assert read("Namespace(max_steps=600)\n" + steps(range(0, 600, 10)) + _TRACEBACK).ending.status == "crashed"
    assert ending(tmp_path, h__csv=rows(10), c__yaml="epochs: 10\n", err__log=_TRACEBACK).status == "crashed"


@pytest.mark.parametrize("notice", ["Early stopping", "EarlyStopping counter: 5 out of 5", "Early stopped at epoch 7!"])
def test_early_stopping_is_an_end(read: Read, notice: str) -> None:
    plan = "Namespace(max_steps=600, lr=0.1)\n"
    assert read(f"{plan}{steps(range(0, 300, 10))}{notice}\n").ending.status == "finished"


@pytest.mark.parametrize("line", ["early stopping patience: 5", "EarlyStopping counter: 3 out of 5"])
def test_a_setting_or_a_counter_of_early_stopping_is_no_end(read: Read, line: str) -> None:
    assert read(f"Namespace(max_steps=600)\n{steps(range(0, 300, 10))}{line}\n").ending.status == "unfinished"


def test_epochs_printed_with_their_total_end_counted_from_0_or_1(read: Read) -> None:
    line = "Epoch [{}/10] loss: 0.5\n"
    assert read("".join(line.format(epoch) for epoch in range(1, 11))).ending.status == "finished"
    assert read("".join(line.format(epoch) for epoch in range(10))).ending.status == "finished"
    assert read("".join(line.format(epoch) for epoch in range(1, 10))).ending.status == "unknown"
    assert read("".join(line.format(epoch) for epoch in range(1, 8))).ending.status == "unfinished"


def test_the_last_epoch_must_be_gone_through(tmp_path: Path) -> None:
    code = "parser.add_argument('--epochs', type=int, default=3)\n"
    assert ending(tmp_path, a__log=epochs(range(0, 68, 5)), train__py=code).status == "finished"
    assert ending(tmp_path, a__log=epochs(range(0, 60, 5))).status == "unfinished"


def test_without_a_number_of_batches_the_epoch_before_tells_how_many_reports_there_are(tmp_path: Path) -> None:
    form = "Epoch {epoch} Step {batch} loss: 0.5\n"
    assert ending(tmp_path, a__log=epochs(range(0, 68, 5), form), train__py="EPOCHS = 3\n").status == "finished"
    assert ending(tmp_path, a__log=epochs(range(0, 40, 5), form)).status == "unfinished"


def test_what_is_said_behind_a_broken_epoch_may_be_its_end(tmp_path: Path) -> None:
    told = epochs(range(0, 60, 5)) + "time is up, weights are written\n"
    assert ending(tmp_path, a__log=told).status == "unknown"


def test_metric_tables_end_by_settings_and_by_constants_in_the_code(tmp_path: Path) -> None:
    found = ending(tmp_path, history__csv=rows(10), train__py="for epoch in range(10):\n    pass\n")
    assert (found.status, [str(span) for span in found.spans]) == ("finished", ["history.csv:11", "train.py:1"])


def test_a_constant_in_the_code_never_makes_a_run_unfinished(tmp_path: Path) -> None:
    assert ending(tmp_path, history__csv=rows(10), train__py="EPOCHS = 20\n").status == "unknown"


def test_a_settings_file_makes_a_run_unfinished_unless_it_may_stop_early(tmp_path: Path) -> None:
    assert ending(tmp_path, history__csv=rows(10), c__yaml="epochs: 20\n").status == "unfinished"
    assert ending(tmp_path, c__yaml="epochs: 20\npatience: 3\n").status == "unknown"


def test_json_lines_end_by_a_settings_file(tmp_path: Path) -> None:
    plan = '{"max_steps": 500}'
    found = ending(tmp_path, h__jsonl=objects(range(0, 500, 50)), c__json=plan)
    assert (found.status, found.last_step, found.planned_steps) == ("finished", 450, 500)
    assert ending(tmp_path, h__jsonl=objects(range(0, 400, 50))).status == "unfinished"


def test_a_loop_over_the_steps_of_a_sequence_is_no_plan(tmp_path: Path) -> None:
    code = "for step in range(12):\n    h = cell(h)\n"
    assert ending(tmp_path, a__log=steps(range(10, 3000, 10)), model__py=code).status == "unknown"


def test_a_rollout_length_is_no_plan_beside_the_total(read: Read) -> None:
    returns = "".join(f"global_step={step}, episodic_return=0.5\n" for step in range(128, 50_000, 128))
    found = read("Namespace(num_steps=128, total_timesteps=100000, lr=0.1)\n" + returns).ending
    assert (found.status, found.last_step, found.planned_steps) == ("unfinished", 49_920, 100_000)


def test_a_redrawn_bar_that_stops_short_is_not_finished(read: Read) -> None:
    bar = "\r".join(f" {n * 5}%|##  | {n}/20 [00:0{n % 9}<00:09, 2.00it/s]" for n in (0, 5, 10, 17))
    assert read(bar).ending.status == "unfinished"


def test_fractions_of_an_epoch_become_steps_where_the_banner_tells_how_many_there_are(read: Read) -> None:
    banner = (
        "***** Running training *****\n  Num examples = 800\n  Num Epochs = 2\n"
        "  Total train batch size (w. parallel, distributed & accumulation) = 8\n"
        "  Gradient Accumulation steps = 1\n  Total optimization steps = 120\n"
    )
    lines = "".join(f"{{'loss': 2.0, 'epoch': {step / 100}}}\n" for step in range(5, 121, 5))
    record = read(banner + lines)
    loss = next(one for one in record.series if one.name == "loss")
    assert (loss.step_kind, loss.steps[0], loss.steps[-1]) == ("step", 5, 120)
    assert (record.ending.status, record.ending.last_step, record.ending.planned_steps) == ("finished", 120, 120)


def test_fractions_of_an_epoch_stay_where_they_are_no_whole_steps(read: Read) -> None:
    banner = "***** Running training *****\n  Num examples = 70000\n  Total train batch size = 8\n"
    record = read(banner + "{'loss': 2.0, 'epoch': 0.01}\n{'loss': 1.9, 'epoch': 0.02}\n")
    assert next(one for one in record.series if one.name == "loss").step_kind == "epoch"


def test_a_launcher_that_reports_an_exit_code_gives_an_event(read: Read) -> None:
    record = read("srun: error: node17: task 0: Exited with exit code 1\n")
    assert [(event.name, event.values["exit_code"]) for event in record.events] == [("child_failed", 1)]
    assert (record.ending.status, record.ending.exit_code) == ("crashed", 1)
