"""What came of each kind of step in the runs of the benchmark, and which of these runs are like the one at hand.

The table is produced by carrying the steps out (`python -m misrun.evals.cure_table`). A run is never supported by
itself: cases with the same records or the same code as the run at hand are left out.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from misrun.tools.diagnosis.facts import Facts
from misrun.tools.readers.run_record import RunRecord
from misrun.tools.record import Record

# How many cases are named for a step: a line of a terminal.
MOST_CASES = 5
# Cases of other modes count only among so many of the table's nearest: beyond them nothing is alike but the step.
NEAR = 10
# A feature differs by at most this many of the table's spreads, so that no single one decides (a judgement).
_FARTHEST = 3.0


class Case(Record):
    """One run of the benchmark: its labelled mode, its features (those that it tells), and what came of each kind of
    step that was carried out on it. `digest` is of its records, `code` of its code ("" without any)."""

    id: str
    mode: str
    digest: str
    code: str
    features: dict[str, float]
    outcomes: dict[str, Literal["worked", "failed"]]


class Support(Record):
    """Cases like this run in which that kind of step worked, and in which it did not, the nearest first."""

    worked: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()

    @property
    def of(self) -> int:
        return len(self.worked) + len(self.failed)


@lru_cache(maxsize=1)
def recorded_cases() -> tuple[Case, ...]:
    """The shipped table; empty where none was produced."""
    table = files("misrun.agents.cures").joinpath("outcomes.jsonl")
    lines = table.read_text("utf-8").splitlines() if table.is_file() else []
    return tuple(Case.model_validate_json(line) for line in lines)


def run_digest(run: RunRecord) -> str:
    """Of everything that was measured and said; the same wherever the run's folder lies and whatever it is called."""
    series = sorted((s.name, s.phase, repr(s.steps), repr(s.values)) for s in run.series)
    events = [(e.name, e.message) for e in run.events]
    return _sha([series, events, code_digest(run)])


def code_digest(run: RunRecord) -> str:
    """Of the contents of the code, "" for a run without any."""
    return _sha(sorted(file.sha256 for file in run.code)) if run.code else ""


def _sha(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]


def features_of(facts: Facts) -> dict[str, float]:
    """The scale-free features that the run tells, by name; rounded, as they are stored."""
    from misrun.tools.diagnosis.features.scale_free import SCALE_FREE_FEATURES

    measured = ((feature.name, feature.measure(facts)) for feature in SCALE_FREE_FEATURES)
    return {name: round(float(value), 4) for name, value in measured if value is not None and abs(value) < 1e9}


def others(cases: Iterable[Case], run: RunRecord) -> tuple[Case, ...]:
    """The cases that are not this run, nor another run of the same code."""
    digest, code = run_digest(run), code_digest(run)
    return tuple(case for case in cases if case.digest != digest and not (code and case.code == code))


def by_nearness(cases: Sequence[Case], features: Mapping[str, float]) -> list[Case]:
    """The cases by the distance of their features from these, the nearest first."""
    spreads = _spreads(cases)
    return sorted(cases, key=lambda case: (_distance(features, case.features, spreads), case.id))


def support_for(action: str, mode: str, nearest: Sequence[Case]) -> Support:
    """The cases in which this kind of step was carried out: those of the mode first, then others that are near."""
    tried = [case for case in nearest if action in case.outcomes]
    same = [case for case in tried if case.mode == mode]
    near = [case for case in nearest[:NEAR] if case in tried and case.mode != mode]
    chosen = [*same, *near][:MOST_CASES]
    return Support(
        worked=tuple(case.id for case in chosen if case.outcomes[action] == "worked"),
        failed=tuple(case.id for case in chosen if case.outcomes[action] == "failed"),
    )


def _spreads(cases: Sequence[Case]) -> dict[str, float]:
    """Half the range between the quartiles of each feature over the cases; 1 where they do not differ."""
    spreads = {}
    for name in {name for case in cases for name in case.features}:
        values = sorted(case.features[name] for case in cases if name in case.features)
        spreads[name] = (values[3 * len(values) // 4] - values[len(values) // 4]) / 2 or 1.0
    return spreads


def _distance(one: Mapping[str, float], other: Mapping[str, float], spreads: Mapping[str, float]) -> float:
    """Mean difference in spreads over the features that either tells; one that only one of them tells counts full."""
    names = one.keys() | other.keys()
    if not names:
        return _FARTHEST
    parts = [
        min(_FARTHEST, abs(one[name] - other[name]) / spreads.get(name, 1.0)) if name in one and name in other
        else _FARTHEST
        for name in names
    ]  # fmt: skip
    return sum(parts) / len(parts)
