"""What a fault of the data in the code does to a run that looks well, and what poor learning says where the code is clean."""

import pytest

from misrun.tools.code.finding import Finding
from misrun.tools.diagnosis.evidence_scorer import diagnose
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.readers.run_record import CodeFile, RunRecord
from misrun.tools.record import Span
from misrun.tools.signals.signal import Signal

HERE = Span(file="train.log", first=10, last=10)
CODE = (CodeFile(path="train.py", lines=40, sha256="0" * 64),)


def signal(name: str, strength: float = 1.0) -> Signal:
    return Signal(name=name, text=f"{name} was measured.", strength=strength, spans=(HERE,))


def finding(mode: str, confidence: float) -> Finding:
    return Finding(check="a-check", agent="data_flow", file="train.py", line=3, last_line=3, severity="error",
                   confidence=confidence, message="what happens", expected="what should", mode=mode)  # fmt: skip


LOOKS_WELL = (signal("loss_improving"), signal("validation_improving"), signal("run_finished"))


@pytest.mark.parametrize(
    "mode",
    ["data_pipeline/leakage", "data_pipeline/padding_in_loss", "data_pipeline/label_misalignment",
     "data_pipeline/corrupt_records", "data_pipeline/duplicated_data"],
)  # fmt: skip
def test_a_fault_of_the_data_is_told_though_the_curves_look_well(mode: str) -> None:
    run = RunRecord(root=".", code=CODE)
    assert diagnose(Facts(run, LOOKS_WELL)).mode == "healthy/healthy"
    assert diagnose(Facts(run, LOOKS_WELL, (finding(mode, 0.85),))).mode == mode
    assert diagnose(Facts(run, LOOKS_WELL, (finding(mode, 0.3),))).mode != mode


def test_nan_from_the_first_batch_is_masked_targets_where_the_code_can_mask_all_of_them() -> None:
    run = RunRecord(root=".", code=CODE)
    seen = (signal("loss_nonfinite"), signal("nan_from_start"))
    cause = finding("data_pipeline/masked_targets", 0.4)
    assert diagnose(Facts(run, seen, (cause,))).hypotheses[0].mode == "data_pipeline/masked_targets"
    assert diagnose(Facts(run, seen)).hypotheses[0].mode != "data_pipeline/masked_targets"


def test_a_sudden_nan_in_clean_code_came_in_with_a_record() -> None:
    seen = (signal("loss_nonfinite"), signal("loss_improving"))
    clean, unread = RunRecord(root=".", code=CODE), RunRecord(root=".")
    assert diagnose(Facts(clean, seen)).hypotheses[0].mode == "data_pipeline/corrupt_records"
    assert diagnose(Facts(unread, seen)).hypotheses[0].mode != "data_pipeline/corrupt_records"


def test_short_inputs_matter_only_where_little_is_learned() -> None:
    run = RunRecord(root=".", code=CODE)
    modes = [h.mode for h in diagnose(Facts(run, (*LOOKS_WELL, signal("window_short", 0.4)))).hypotheses]
    assert "data_pipeline/truncation" not in modes
    poor = (signal("loss_at_chance"), signal("window_short", 0.4), signal("run_finished"))
    assert "data_pipeline/truncation" in [h.mode for h in diagnose(Facts(run, poor)).hypotheses[:3]]


def test_a_swinging_loss_is_the_order_of_the_samples_where_the_code_keeps_one() -> None:
    run = RunRecord(root=".", code=CODE)
    seen = (signal("loss_oscillation"), signal("loss_early_jump"), signal("run_finished"))
    ordered = finding("data_pipeline/unshuffled_data", 0.75)
    assert diagnose(Facts(run, seen, (ordered,))).mode == "data_pipeline/unshuffled_data"
    assert diagnose(Facts(run, seen)).category != "data_pipeline"


def test_a_validation_that_never_took_part_does_not_overfit() -> None:
    run = RunRecord(root=".", code=CODE)
    gap = (signal("loss_improving"), signal("validation_gap"), signal("run_finished"))
    assert diagnose(Facts(run, gap)).mode == "optimization/overfitting"
    assert diagnose(Facts(run, (*gap, signal("validation_apart")))).category == "data_pipeline"
