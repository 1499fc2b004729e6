"""Small cases made by hand: what a method sees, with a label beside it."""

from collections.abc import Callable

import pytest

from misrun.evals.cases import EvalCase
from misrun.scenarios.schema import Answer
from misrun.tools.diagnosis.taxonomy import category_of
from misrun.tools.readers.run_record import Ending, Event, RunRecord, Series
from misrun.tools.record import Span

ANSWER = {
    "difficulty": "easy",
    "places": [{"file": "a.py", "first": 1, "last": 1}],
    "mechanism": "",
    "alternatives": [],
    "evidence": [{"file": "train.log", "pattern": "x"}],
    "success": {"bounds": {"x": {"at_least": 0.0}}},
    "cures": [{"why": "", "arguments": ["--x"]}],
    "decoys": [{"why": "", "arguments": ["--y"]}],
}
ONSET = {"step": 60, "tolerance": 0, "file": "train.log", "pattern": "(x)", "match": "first"}


def series(name: str, values: list[float], file: str = "train.log") -> Series:
    steps = tuple(float(i) for i in range(1, len(values) + 1))
    return Series(name=name, raw_name=name, phase="train", file=file, step_kind="step", steps=steps,
                  values=tuple(values), lines=tuple(range(1, len(values) + 1)))  # fmt: skip


def crash(name: str, message: str, line: int) -> Event:
    span = Span(file="train.log", first=line, last=line)
    return Event(name=name, kind="error", message=message, span=span, exception="RuntimeError")


@pytest.fixture
def case() -> Callable[..., EvalCase]:
    def build(
        case_id: str,
        mode: str,
        *,
        values: list[float] | None = None,
        event: Event | None = None,
        optimizer: str = "adam",
        architecture: str = "cnn",
        onset: bool = False,
    ) -> EvalCase:
        plain = (
            {"places": [], "cures": [], "decoys": [], "evidence": []} if mode.startswith(("healthy", "unknown")) else {}
        )
        missing = [{"what": "memory", "pattern": "memory"}] if mode.startswith("unknown") else []
        fields = ANSWER | plain | {"mode": mode, "category": category_of(mode), "missing": missing}
        run = RunRecord(
            root=".",
            series=(series("loss", values),) if values else (),
            events=(event,) if event else (),
            ending=Ending(status="crashed" if event else "finished"),
        )
        answer = Answer.model_validate(fields | {"onset": ONSET if onset else None})
        return EvalCase(case_id, architecture, optimizer, answer, run, ())

    return build
