"""A correction that was tried without success no longer comes first, and speaks against its cause."""

from pathlib import Path

from misrun import investigate
from misrun.scenarios.library import load
from misrun.scenarios.recording import lay_out


def test_a_correction_that_did_not_help_goes_below_what_was_not_tried(tmp_path: Path) -> None:
    run = lay_out(load("r032"), tmp_path)
    before = investigate(run)
    first = before.steps[0]
    after = investigate(run, tried=(f"{first.what} no change",))
    assert [step.action for step in after.steps][-1] == first.action
    assert after.steps[0].action != first.action
    assert "Already tried" in after.steps[-1].why
    likelihood = {h.mode: h.likelihood for h in after.hypotheses}
    assert likelihood[before.verdict.mode] < before.hypotheses[0].likelihood
