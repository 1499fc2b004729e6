"""From rows to the numbers that are reported: shares with their counts, calibration, comparisons, abstentions."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from misrun.evals import statistics
from misrun.evals.run import Row
from misrun.evals.statistics import Bin, ClassScore, Comparison, CoveragePoint, Share
from misrun.tools.record import Record

# The paper gives the formula and no amounts; a judgement: a person's diagnosis costs ten automatic ones.
COST_AUTOMATIC, COST_HUMAN = 1.0, 10.0


class MethodSummary(Record):
    """One method on one split. Shares are over all failing cases (unknown ones included) unless they say otherwise."""

    method: str
    split: str
    category: Share
    mode: Share
    top3_mode: Share
    told: Share
    category_when_told: Share
    false_alarms: Share
    unknown_abstained: Share
    calibration_error: float
    cost: float
    abstention_reasons: dict[str, int]
    classes: tuple[ClassScore, ...]
    confusion: dict[str, dict[str, int]]
    bins: tuple[Bin, ...]
    coverage: tuple[CoveragePoint, ...]
    errors: int


def by_method(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    """Rows by (split, method), in the order of their scenarios, so that paired comparisons line up."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.scenario):
        found[row.split, row.method].append(row)
    return dict(found)


def summarise(rows: Sequence[Row]) -> MethodSummary:
    """The summary of the rows of one method on one split."""
    failing = [row for row in rows if row.category != "healthy"]
    healthy = [row for row in rows if row.category == "healthy"]
    told = [row for row in failing if not row.abstained]
    resolved = len([row for row in rows if not row.abstained]) / len(rows)
    probabilities, hits = [row.probability for row in told], [row.hit for row in told]
    actual, said = [row.category for row in rows], [row.predicted_category for row in rows]
    return MethodSummary(
        method=rows[0].method,
        split=rows[0].split,
        category=statistics.share([row.hit for row in failing]),
        mode=statistics.share([row.mode_hit for row in failing]),
        top3_mode=statistics.share([row.top3_hit for row in failing]),
        told=statistics.share([not row.abstained for row in failing]),
        category_when_told=statistics.share(hits),
        false_alarms=statistics.share([row.predicted_category not in ("healthy", "unknown") for row in healthy]),
        unknown_abstained=statistics.share([row.abstained for row in failing if row.category == "unknown"]),
        calibration_error=statistics.expected_calibration_error(probabilities, hits),
        cost=statistics.cost(COST_AUTOMATIC, COST_HUMAN, resolved),
        abstention_reasons=dict(Counter(row.reason for row in rows if row.abstained).most_common()),
        classes=statistics.per_class(actual, said),
        confusion=statistics.confusion(actual, said),
        bins=statistics.reliability(probabilities, hits),
        coverage=statistics.coverage_curve(probabilities, hits),
        errors=sum(row.error is not None for row in rows),
    )


def comparisons(rows: Iterable[Row], split: str, champion: str) -> tuple[Comparison, ...]:
    """`champion` against every other method on the failing cases of one split, corrected for their number."""
    found = {method: group for (name, method), group in by_method(rows).items() if name == split}
    own = _hits(found.pop(champion, []))
    others = [statistics.compare(champion, own, name, _hits(group)) for name, group in sorted(found.items())]
    return statistics.holm(others)


def _hits(rows: Sequence[Row]) -> list[bool]:
    return [row.hit for row in rows if row.category != "healthy"]
