"""Cures: every mode has them, every sentence can always be written, and values come from the run by stated rules."""

import math
import re
from pathlib import Path

import pytest
from small_runs import RunFolder, nan_run

from misrun.agents.characterization import Characterization, Field
from misrun.agents.cures.cure import Cure, claims_of, slots_of
from misrun.agents.cures.facts import RunFacts
from misrun.agents.cures.quantity import half_last_digit, memory_text, numbers_in, parse_number, setting_text
from misrun.agents.cures.registry import CURES, cures_for, measurement_for
from misrun.agents.cures.slots import SLOTS, slot_value
from misrun.agents.cures.tried import attempts_of
from misrun.agents.cures.worth import diagnostic_value, priors_of, score
from misrun.agents.step import join_part
from misrun.tools.diagnosis.hypothesis import Diagnosis
from misrun.tools.diagnosis.taxonomy import HEALTHY, MODES, UNKNOWN
from misrun.tools.readers.registry import read_run
from misrun.tools.readers.run_record import RunRecord
from misrun.tools.signals.catalogue import CATALOGUE

EMPTY = RunFacts(RunRecord(root="."))
BY_ID = {cure.id: cure for cure in CURES}
every_cure = pytest.mark.parametrize("cure", CURES, ids=lambda cure: cure.id)


def texts(cure: Cure) -> list[str]:
    reasons = [t for why in cure.why for t in ((why,) if isinstance(why, str) else why)]
    return [*cure.what, *reasons, *cure.how, *cure.verify]


def test_every_mode_has_a_cure_and_a_measurement() -> None:
    causes = [mode for mode in MODES if mode not in (HEALTHY, UNKNOWN)]
    assert [mode for mode in causes if not cures_for(mode)] == []
    assert [mode for mode in (*causes, UNKNOWN) if measurement_for(mode) is None] == []


def test_ids_are_unique_and_modes_exist() -> None:
    assert len(BY_ID) == len(CURES)
    assert {mode for cure in CURES for mode in (*cure.modes, *cure.hides)} <= set(MODES)


@every_cure
def test_every_slot_is_in_the_table(cure: Cure) -> None:
    for template in texts(cure):
        for name in slots_of(template):
            slot_value(name, EMPTY)  # raises KeyError for a slot that nothing fills


def test_no_slot_is_left_without_use() -> None:
    used = {name for cure in CURES for template in texts(cure) for name in slots_of(template)}
    assert set(SLOTS) - used == set()
    assert {
        name.removeprefix("signal.") for name in used if name.startswith("signal.") and "error." not in name
    } <= set(CATALOGUE)


@every_cure
def test_a_run_that_tells_nothing_still_gets_a_whole_step(cure: Cure) -> None:
    claims = claims_of(cure, EMPTY)
    for part in ("what", "how", "verify"):
        assert join_part(claims, part)
    assert not any(re.search(r"\{\w", claim.text) for claim in claims if claim.part != "how")


@every_cure
def test_no_step_is_generic(cure: Cure) -> None:
    assert not [t for t in texts(cure) if re.search(r"\btry (adjust|tun|chang|lower|reduc|increas)", t, re.I)]


@every_cure
def test_patterns_compile_and_chances_are_probabilities(cure: Cure) -> None:
    re.compile(cure.supported_by)
    re.compile(cure.tried)
    assert all(0 <= chance <= 1 for chance in cure.modes.values())
    assert all(move[-1] in "+-" for move in cure.moves)


def test_learning_rate_is_divided_by_three_at_the_key_where_it_stands(tmp_path: Path) -> None:
    claims = claims_of(BY_ID["lower_learning_rate"], RunFacts(nan_run(tmp_path).build()))
    assert join_part(claims, "what") == "Lower the learning rate from 0.0003 to 0.0001."
    assert join_part(claims, "how") == "config.yaml:1: optimizer.lr: 0.0003 -> 0.0001"
    assert join_part(claims, "verify").startswith("Training loss at step 157 is finite and not above 0.42,")
    assert "Rule of thumb" in join_part(claims, "why")
    assert {str(ref.span) for claim in claims for ref in claim.refs} >= {"config.yaml:1", "train.log:10", "train.log:9"}


def test_learning_rate_that_no_file_states_is_looked_up_and_not_invented(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.point(1, loss=1.0)
    run.point(2, loss=math.nan)
    what = join_part(claims_of(BY_ID["lower_learning_rate"], RunFacts(run.build())), "what")
    assert what == "Look up the learning rate of this run (no file given here states it) and divide it by 3."


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("command", "run.sh:1: --lr 0.0003 -> --lr 0.0001"),
        ("json", "run.sh:1: lr: 0.0003 -> 0.0001"),
        ("log", "Set lr to 0.0001 where the run sets it (it reports 0.0003 at run.sh:1)."),
    ],
)
def test_the_edit_is_written_for_the_carrier_of_the_setting(tmp_path: Path, origin: str, expected: str) -> None:
    run = RunFolder(tmp_path)
    run.setting("lr", 0.0003, file="run.sh", origin=origin)
    assert join_part(claims_of(BY_ID["lower_learning_rate"], RunFacts(run.build())), "how") == expected


def test_settings_written_as_strings_count_and_booleans_do_not(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.setting("learning_rate", "2e-5")
    run.setting("max_grad_norm", True)
    facts = RunFacts(run.build())
    value, clip = slot_value("lr_lower", facts), slot_value("clip", facts)
    assert value is not None
    assert value.text == "7e-6"
    assert clip is None


def test_clipping_uses_the_median_of_the_healthy_part_only(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    for step, norm in enumerate((1.0, 1.2, 1.4, 300.0, math.inf)):
        run.point(step, loss=1.0, grad_norm=norm)
    value = slot_value("clip_new", RunFacts(run.build()))
    assert value is not None
    assert value.number == 2.4  # twice the lower median of 1.0, 1.2, 1.4, 300


def test_batch_is_halved_and_accumulation_doubled(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.setting("per_device_train_batch_size", 16)
    run.setting("gradient_accumulation_steps", 2)
    claims = claims_of(BY_ID["halve_batch"], RunFacts(run.build()))
    assert "from 16 to 8 and raise the accumulation to 4, so that the effective batch stays at 32." in join_part(
        claims, "what"
    )
    assert join_part(claims, "how").splitlines() == [
        "config.yaml:1: per_device_train_batch_size: 16 -> 8",
        "config.yaml:2: gradient_accumulation_steps: 2 -> 4",
    ]


def test_a_batch_of_one_is_not_halved(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.setting("batch_size", 1)
    assert not BY_ID["halve_batch"].when(RunFacts(run.build()))
    assert BY_ID["halve_batch"].when(EMPTY)


@pytest.mark.parametrize(
    ("name", "value", "eps"),
    [
        ("precision", "32", "1.2e-7 (float32)"),
        ("precision", "bf16-mixed", "7.8e-3 (bfloat16)"),
        ("fp16", True, "9.8e-4 (float16)"),
    ],
)
def test_the_clamp_follows_the_number_format(tmp_path: Path, name: str, value: str | bool, eps: str) -> None:
    run = RunFolder(tmp_path)
    run.setting(name, value)
    assert f"clamp at {eps}" in join_part(claims_of(BY_ID["guard_log"], RunFacts(run.build())), "what")


def test_warm_up_is_at_most_a_tenth_of_the_plan(tmp_path: Path) -> None:
    record = nan_run(tmp_path).build()
    planned = record.model_copy(update={"ending": record.ending.model_copy(update={"planned_steps": 900.0})})
    short, free = slot_value("warmup_new", RunFacts(planned)), slot_value("warmup_new", RunFacts(record))
    assert short is not None
    assert free is not None
    assert (short.number, free.number) == (90, 2000)


def test_onset_in_epochs_is_told_in_epochs(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    for epoch, loss in ((0.5, 4.7), (0.75, math.nan)):
        span = run.line("train.log", f"{{'loss': {loss}, 'epoch': {epoch}}}")
        run.builder.metric("loss", loss, file="train.log", line=span.first, step=epoch, step_kind="epoch")
    onset = slot_value("onset", RunFacts(run.build()))
    assert onset is not None
    assert onset.text == "epoch 0.75"


def test_a_traceback_is_placed_in_the_users_file_and_not_in_the_library(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.code("src/train.py", "x\n" * 50)
    frames = (
        {"file": "/home/user/p/src/train.py", "line": 41, "function": "step", "code": "loss.backward()"},
        {"file": "/venv/lib/python3.11/site-packages/torch/_tensor.py", "line": 600, "function": "backward"},
    )
    run.error("backward_twice", "Trying to backward through the graph a second time", frames=frames)
    place = slot_value("error_place", RunFacts(run.build()))
    assert place is not None
    assert place.text == "src/train.py:41 in step"
    assert [str(ref.span) for ref in place.refs] == ["train.log:1", "src/train.py:41"]


def test_attempts_that_helped_are_not_failures() -> None:
    field = Field(value="lowering the lr helped; clipping did not help. bf16: same NaN", origin="user")
    attempts = attempts_of(Characterization(tried=field))
    assert [attempt.text for attempt in attempts] == ["clipping did not help", "bf16: same NaN"]


def test_numbers_are_told_apart_from_names() -> None:
    assert numbers_in("fp16 at step 157: 2,847 of 1.2e-7, conv1d, 91.2 %") == ("157", "2,847", "1.2e-7", "91.2")


@pytest.mark.parametrize(("token", "slack"), [("0.41", 0.005), ("2,847", 0.5), ("3e-4", 5e-5), ("1.20", 0.005)])
def test_rounding_slack_is_half_the_last_digit(token: str, slack: float) -> None:
    assert half_last_digit(token) == pytest.approx(slack)


def test_numbers_survive_writing() -> None:
    for value in (3e-5, 0.0003, 16.0, 2048.0, 1.2e-7):
        assert parse_number(setting_text(value)) == value
    assert (memory_text(2048.0), memory_text(512.0)) == ("2.00 GiB", "512.00 MiB")


def test_a_measurement_that_splits_even_odds_tells_most() -> None:
    priors = {"a": 0.5, "b": 0.5}
    perfect, useless = {"a": 1.0, "b": 0.0}, {"a": 0.5, "b": 0.5}
    assert diagnostic_value(priors, perfect) == pytest.approx(1.0)
    assert diagnostic_value(priors, useless) == pytest.approx(0.0)
    assert diagnostic_value({"a": 0.99, "b": 0.01}, perfect) < 0.1


def test_priors_keep_a_rest_for_causes_nobody_named() -> None:
    empty = Diagnosis(category="unknown", mode=UNKNOWN, likelihood=0.0, abstained=True)
    assert priors_of(empty) == {"": 1.0}


def test_effort_lowers_the_score() -> None:
    assert score(0.4, "config change", 0.1) > score(0.4, "code change", 0.1) > score(0.4, "hours", 0.1)


def test_an_odd_momentum_is_mended_before_the_rate(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.setting("beta1", 0.995)
    run.setting("lr", 0.02)
    facts = RunFacts(run.build())
    assert join_part(claims_of(BY_ID["usual_momentum"], facts), "what") == "Lower the momentum from 0.995 to 0.9."
    assert BY_ID["usual_momentum"].when(facts) and not BY_ID["lower_learning_rate"].when(facts)
    usual = RunFacts(nan_run(tmp_path / "usual").build())
    assert not BY_ID["usual_momentum"].when(usual) and BY_ID["lower_learning_rate"].when(usual)


def described(tmp_path: Path, line: str, **settings: int | None) -> RunFacts:
    """A run whose log begins with that line."""
    (tmp_path / "train.log").write_text(f"{line}\nstep 1 loss 2.0\nstep 2 loss 1.9\n")
    (tmp_path / "config.yaml").write_text("".join(f"{k}: {'null' if v is None else v}\n" for k, v in settings.items()))
    return RunFacts(read_run(tmp_path))


@pytest.mark.parametrize(
    ("cure", "line", "settings", "expected"),
    [
        ("room_for_answers", "words per report mean 29.9, 95% 43, max 50", {"max_length": 20}, "from 20 to 56"),
        ("room_for_answers", "tokens: max 500", {"max_length": 20, "max_positions": 64}, "from 20 to 64"),
        ("pad_less", "words per ticket: mean 28.9 max 46", {"context": 2048}, "from 2048 to 48"),
        ("cut_outliers", "tokens per card: p99 38, max 640", {"max_tokens": None}, "at 40 (max_tokens)"),
    ],
)
def test_lengths_come_from_what_the_log_says(
    tmp_path: Path, cure: str, line: str, settings: dict[str, int | None], expected: str
) -> None:
    facts = described(tmp_path, line, **settings)
    claims = claims_of(BY_ID[cure], facts)
    assert expected in join_part(claims, "what")
    assert "train.log:1" in {str(ref.span) for claim in claims for ref in claim.refs}
    assert BY_ID[cure].when(facts)


@pytest.mark.parametrize("line", ["max lr 640", "loss max 50 min 3", "epochs: max 12"])
def test_a_maximum_of_something_else_is_no_length(tmp_path: Path, line: str) -> None:
    facts = described(tmp_path, line, context=2048, max_length=20)
    assert facts.lengths is None
    assert not BY_ID["pad_less"].when(facts)


def test_the_batch_comes_down_as_far_as_the_message_asks(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.setting("batch_size", 64)
    values: dict[str, str | int | float | bool | None] = {"tried_mib": 100.0, "allocated_mib": 20.0, "total_mib": 48.0}
    run.error("cuda_oom", "CUDA out of memory.", values=values)
    what = join_part(claims_of(BY_ID["halve_batch"], RunFacts(run.build())), "what")
    assert what.startswith("Lower the batch size from 64 to 8")


def test_a_batch_above_the_script_s_own_goes_back_to_it(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text('parser.add_argument("--batch-size", type=int, default=64)\n')
    (tmp_path / "train.log").write_text("=> 14552 parameters, Namespace(batch_size=512, lr=0.1)\nstep 1 loss 2.0\n")
    facts = RunFacts(read_run(tmp_path))
    assert "batch size of 64; this run was started with 512" in join_part(
        claims_of(BY_ID["default_batch"], facts), "what"
    )
    assert BY_ID["default_batch"].when(facts) and not BY_ID["default_batch"].when(EMPTY)
