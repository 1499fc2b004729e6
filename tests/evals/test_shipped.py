"""The weights that come with misrun are the ones the code builds from the benchmark, and the card is about them."""

import json

import pytest

from misrun.evals.cases import EvalCase, load_cases
from misrun.evals.fit import fitted
from misrun.evals.model_card import CARD
from misrun.scenarios.library import load_all
from misrun.tools.diagnosis.fusion import SHIPPED, Fusion, shipped


def test_the_shipped_file_is_plain_numbers_and_is_what_diagnoses_use() -> None:
    content = json.loads(SHIPPED.read_text())
    assert shipped() == Fusion.model_validate(content["fusion"])
    assert shipped() != Fusion()


@pytest.mark.slow
def test_the_shipped_weights_are_the_ones_the_code_builds() -> None:
    cases = [case for case in load_cases(load_all()[0], 2) if isinstance(case, EvalCase)]
    built, shipped_file = fitted(cases), json.loads(SHIPPED.read_text())
    assert built["cases"] == shipped_file["cases"] == 100
    ours, theirs = Fusion.model_validate(built["fusion"]), Fusion.model_validate(shipped_file["fusion"])
    assert ours.kinds == pytest.approx(theirs.kinds, abs=1e-3)
    assert ours.categories == pytest.approx(theirs.categories, abs=1e-3)
    assert ours.unknown == pytest.approx(theirs.unknown, abs=1e-3)
    assert built["fitted_on"] == shipped_file["fitted_on"]


def test_the_card_names_the_weights_that_are_shipped() -> None:
    text = CARD.read_text()
    for kind, weight in shipped().kinds.items():
        assert f"| evidence: {kind} | {weight:.2f} |" in text
    assert json.loads(SHIPPED.read_text())["fitted_on"] in text
