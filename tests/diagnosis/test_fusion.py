"""Calibration: what it may change of a diagnosis, and what a fit makes of labelled answers."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from misrun.tools.code.finding import Finding
from misrun.tools.diagnosis.evidence_scorer import diagnose
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.fusion import (
    ABSTAIN_BELOW,
    FOOTINGS,
    SHIPPED,
    Calibration,
    Footing,
    Fusion,
    by_category,
    footing_of,
    shipped,
)
from misrun.tools.diagnosis.methods.fusion import Answer, calibrated_on
from misrun.tools.diagnosis.taxonomy import MODES
from misrun.tools.readers.run_record import CodeFile, Ending, Event, RunRecord, Series
from misrun.tools.record import Span
from misrun.tools.signals.signal import Signal

HERE = Span(file="train.log", first=10, last=10)
CODE = (CodeFile(path="train.py", lines=9, sha256=""),)
OOM = Event(name="cuda_oom", kind="error", message="CUDA out of memory", span=Span(file="train.log", first=60, last=60),
            exception="OutOfMemoryError")  # fmt: skip


def looks_healthy(**more: object) -> Facts:
    steps = tuple(float(i) for i in range(40))
    loss = Series(name="loss", raw_name="loss", phase="train", file="train.log", step_kind="step", steps=steps,
                  values=tuple(3.0 - 0.05 * i for i in range(40)), lines=tuple(range(1, 41)))  # fmt: skip
    run = RunRecord(root=".", series=(loss,), ending=Ending(status="finished")).model_copy(update=more)
    names = ("loss_improving", "run_finished")
    return Facts(run, [Signal(name=n, text=n, strength=1.0, spans=(HERE,), values={}) for n in names])


def test_an_answer_rests_on_the_error_before_the_code_and_on_curves_only_without_both() -> None:
    assert footing_of(looks_healthy()) == "curves"
    assert footing_of(looks_healthy(code=CODE)) == "code"
    assert footing_of(looks_healthy(code=CODE, events=(OOM,), ending=Ending(status="crashed"))) == "error"


def test_what_ships_is_used_and_says_less_of_a_run_whose_code_was_not_read() -> None:
    facts = looks_healthy()
    assert diagnose(facts) == diagnose(facts, shipped())
    assert diagnose(facts).likelihood < diagnose(facts, Fusion()).likelihood
    assert diagnose(facts).likelihood < diagnose(looks_healthy(code=CODE)).likelihood
    assert diagnose(facts).mode == "healthy/healthy"


def test_what_ships_withholds_nothing_that_is_told_without_it() -> None:
    assert SHIPPED.is_file()
    assert all(shipped().told_from(footing) <= ABSTAIN_BELOW for footing in FOOTINGS)


@settings(deadline=None)  # how fast the machine is proves nothing here
@given(
    st.dictionaries(st.sampled_from(sorted(MODES)), st.floats(0.01, 5.0), min_size=1, max_size=8),
    st.floats(0.1, 3.0),
    st.floats(-3.0, 3.0),
)
def test_calibration_keeps_the_leading_category_and_its_order(
    weights: dict[str, float], slope: float, offset: float
) -> None:
    total = sum(weights.values()) + 0.01
    before = {mode: weight / total for mode, weight in weights.items()}
    shares = by_category(before)
    leading = max(shares, key=lambda category: shares[category])
    calibration = Calibration(slope=slope, offset=offset)
    fusion = Fusion(calibrations=dict.fromkeys(FOOTINGS, calibration))
    after = fusion.calibrated(before, leading, "code")
    assert math.isclose(by_category(after)[leading], calibration.share_right(shares[leading]), rel_tol=1e-6)
    assert sum(after.values()) <= 1.0 + 1e-9
    assert all(0.0 <= share <= 1.0 for share in after.values())
    inside = [mode for mode in before if mode.startswith(f"{leading}/")]
    assert sorted(inside, key=before.__getitem__) == sorted(inside, key=after.__getitem__)


def answers(likelihood: float, right: int, wrong: int, footing: Footing = "code") -> list[Answer]:
    return [Answer("whole", footing, likelihood, i < right, 1.0) for i in range(right + wrong)]


def test_answers_that_are_right_less_often_than_they_say_are_shown_lower() -> None:
    fusion = calibrated_on([*answers(0.95, 30, 20), *answers(0.95, 50, 0, "error")])
    assert fusion.calibrations["code"].share_right(0.95) == pytest.approx(0.65, abs=0.06)
    assert fusion.calibrations["error"].share_right(0.95) > 0.95
    assert fusion.calibrations["curves"] == Calibration()


def test_a_few_answers_change_little() -> None:
    assert calibrated_on(answers(0.9, 1, 1)).calibrations["code"].share_right(0.9) > 0.8


@pytest.mark.parametrize(("right", "wrong", "told_from"), [(12, 0, 0.55), (1, 0, 0.60), (12, 8, 0.60)])
def test_more_is_told_only_where_that_is_right_by_more_than_chance(right: int, wrong: int, told_from: float) -> None:
    fusion = calibrated_on([*answers(0.9, 20, 2), *answers(0.57, right, wrong)])
    assert fusion.told_from("code") == told_from


def test_a_category_between_the_fitted_and_the_unfitted_threshold_is_told_at_what_it_is_worth() -> None:
    suspicion = Finding(check="unclamped-log", agent="silent_bug", file="train.py", line=3, last_line=3,
                        severity="error", confidence=0.86, message="log of 0", expected="a clamp",
                        mode="model_software/tied_weights")  # fmt: skip
    facts = Facts(RunRecord(root=".", code=CODE), (), (suspicion,))
    unfitted = diagnose(facts, Fusion())
    fitted = diagnose(facts, Fusion(calibrations={"code": Calibration(told_from=0.55, offset=0.7)}))
    assert unfitted.abstained
    assert unfitted.hypotheses[0].likelihood == pytest.approx(0.58, abs=0.03)
    assert (fitted.mode, fitted.abstained) == ("model_software/tied_weights", False)
    assert fitted.likelihood > ABSTAIN_BELOW
