"""The paper's baseline: 23 ordered rules, first match, default optimization."""

import pytest

from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.methods.simple_rules import RULES, first_match
from misrun.tools.diagnosis.taxonomy import MODES
from misrun.tools.readers.run_record import Event, RunRecord, Series
from misrun.tools.record import Span

HERE = Span(file="log", first=1, last=1)


def said(message: str) -> Facts:
    return Facts(RunRecord(root=".", events=(Event(name="traceback", kind="error", message=message, span=HERE),)), [])


def measured(name: str, *values: float) -> Facts:
    steps = tuple(float(i) for i in range(len(values)))
    series = Series(name=name, raw_name=name, phase="train", file="log", step_kind="step", steps=steps, values=values,
                    lines=tuple(1 for _ in values))  # fmt: skip
    return Facts(RunRecord(root=".", series=(series,)), [])


def test_there_are_23_rules_and_each_names_a_mode() -> None:
    assert len(RULES) == 23
    assert {mode for _, _, mode in RULES} <= set(MODES)


@pytest.mark.parametrize(
    ("message", "number", "category"),
    [
        ("CUDA out of memory. Tried to allocate 2.00 GiB", 1, "memory_hardware"),
        ("size mismatch for fc.weight: copying a param with shape torch.Size([3, 8])", 11, "model_software"),
        ("mat1 and mat2 shapes cannot be multiplied (4x8 and 7x3)", 12, "model_software"),
        ("Target 3 is out of bounds.", 8, "data_pipeline"),
    ],
)
def test_error_words_decide(message: str, number: int, category: str) -> None:
    match = first_match(said(message))
    assert (match.number, match.category) == (number, category)


def test_the_papers_thresholds() -> None:
    assert first_match(measured("grad_norm", 1.0, 1001.0)).mode == "optimization/gradient_explosion"
    assert first_match(measured("grad_norm", 1.0, 999.0)).number == 0
    assert first_match(measured("perplexity", 10_001.0)).category == "data_pipeline"


def test_the_default_is_optimization() -> None:
    match = first_match(Facts(RunRecord(root="."), []))
    assert (match.number, match.category) == (0, "optimization")


def test_the_first_match_wins() -> None:
    assert first_match(said("CUDA out of memory while loading: size mismatch")).number == 1
