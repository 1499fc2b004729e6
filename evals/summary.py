"""From rows to the numbers that are reported: shares with their counts, calibration, comparisons, abstentions."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from misrun.evals import statistics
from misrun.evals.development import LOOKED_AT
from misrun.evals.importance import Importance
from misrun.evals.row import UNREADABLE, Row
from misrun.evals.statistics import Bin, ClassScore, Comparison, CoveragePoint, Share
from misrun.tools.record import Record

# The method whose numbers are compared with every other's.
CHAMPION = "misrun"
# The splits on which it is compared.
COMPARED = ("grouped", "stratified")
# The paper gives the formula and no amounts; a judgement: a person's diagnosis costs ten automatic ones.
COST_AUTOMATIC, COST_HUMAN = 1.0, 10.0


class MethodSummary(Record):
    """One method on one split. Shares are over all failing cases (unknown ones included) unless they say otherwise.

    `calibration_error` (0..1) is over every answer told, healthy cases included; `unseen` over the failing cases that
    nobody looked at while misrun's rules were written (development.py); `unknown_settled` over the undeterminable
    cases: abstained, and asked for a measurement that would settle it; `seconds` is the mean per diagnosis.
    """

    method: str
    split: str
    category: Share
    mode: Share
    top3_mode: Share
    unseen: Share
    unseen_top3: Share
    told: Share
    category_when_told: Share
    healthy_called: Share
    false_alarms: Share
    unknown_abstained: Share
    unknown_settled: Share
    calibration_error: float
    cost: float
    seconds: float
    abstention_reasons: dict[str, int]
    classes: tuple[ClassScore, ...]
    confusion: dict[str, dict[str, int]]
    bins: tuple[Bin, ...]
    coverage: tuple[CoveragePoint, ...]
    errors: int


class Evaluation(Record):
    """Everything that one evaluation found: `summary.json`."""

    version: str
    cases: str
    """The cases' fingerprint (cases.fingerprint)."""
    methods: tuple[MethodSummary, ...]
    comparisons: dict[str, tuple[Comparison, ...]]
    by_architecture: dict[str, dict[str, Share]]
    importance: tuple[Importance, ...] = ()
    skipped: dict[str, str] = {}
    unreadable: dict[str, str] = {}

    def of(self, split: str) -> list[MethodSummary]:
        """The methods on one split, best category share first."""
        return sorted((m for m in self.methods if m.split == split), key=lambda m: (-m.category.k, m.method))

    def champion(self, split: str) -> MethodSummary | None:
        """misrun on one split, where it was run."""
        return next((m for m in self.methods if m.split == split and m.method == CHAMPION), None)


def summarise_all(
    rows: Sequence[Row],
    version: str,
    cases: str,
    importance: Sequence[Importance] = (),
    skipped: dict[str, str] | None = None,
) -> Evaluation:
    """The whole evaluation from its rows."""
    readable = [row for row in rows if row.split != UNREADABLE]
    found = by_method(readable)
    return Evaluation(
        version=version,
        cases=cases,
        methods=tuple(summarise(group) for group in found.values()),
        comparisons={split: comparisons(readable, split) for split in COMPARED if (split, CHAMPION) in found},
        by_architecture={
            method: _by_fold(group) for (split, method), group in found.items() if split == "unseen_architecture"
        },
        importance=tuple(importance),
        skipped=skipped or {},
        unreadable={row.scenario: row.error or "" for row in rows if row.split == UNREADABLE},
    )


def by_method(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    """Rows by (split, method), in the order of their scenarios, so that paired comparisons line up."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.scenario):
        found[row.split, row.method].append(row)
    return dict(sorted(found.items()))


def summarise(rows: Sequence[Row]) -> MethodSummary:
    """The summary of the rows of one method on one split."""
    failing, healthy = failing_rows(rows), [row for row in rows if row.category == "healthy"]
    unknown = [row for row in failing if row.category == "unknown"]
    unseen = [row for row in failing if base(row.scenario) not in LOOKED_AT]
    told = [row for row in failing if not row.abstained]
    answered = [row for row in rows if not row.abstained and row.probability is not None]
    probabilities, hits = [row.probability or 0.0 for row in answered], [row.hit for row in answered]
    actual, said = [row.category for row in rows], [row.predicted_category for row in rows]
    return MethodSummary(
        method=rows[0].method,
        split=rows[0].split,
        category=statistics.share([row.hit for row in failing]),
        mode=statistics.share([row.mode_hit for row in failing]),
        top3_mode=statistics.share([row.top3_hit for row in failing]),
        unseen=statistics.share([row.hit for row in unseen]),
        unseen_top3=statistics.share([row.top3_hit for row in unseen]),
        told=statistics.share([not row.abstained for row in failing]),
        category_when_told=statistics.share([row.hit for row in told]),
        healthy_called=statistics.share([row.hit for row in healthy]),
        false_alarms=statistics.share([row.predicted_category not in ("healthy", "unknown") for row in healthy]),
        unknown_abstained=statistics.share([row.abstained for row in unknown]),
        unknown_settled=statistics.share([row.abstained and row.missing_hit for row in unknown]),
        calibration_error=statistics.expected_calibration_error(probabilities, hits),
        cost=statistics.cost(COST_AUTOMATIC, COST_HUMAN, sum(not row.abstained for row in rows) / len(rows)),
        seconds=sum(row.seconds for row in rows) / len(rows),
        abstention_reasons=dict(Counter(row.reason for row in rows if row.abstained).most_common()),
        classes=statistics.per_class(actual, said),
        confusion=statistics.confusion(actual, said),
        bins=statistics.reliability(probabilities, hits),
        coverage=statistics.coverage_curve(probabilities, hits),
        errors=sum(row.error is not None for row in rows),
    )


def comparisons(rows: Iterable[Row], split: str) -> tuple[Comparison, ...]:
    """misrun against every other method on the failing cases of one split, corrected for their number."""
    found = {method: failing_rows(group) for (name, method), group in by_method(rows).items() if name == split}
    own = [row.hit for row in found.pop(CHAMPION, [])]
    others = [
        statistics.compare(CHAMPION, own, name, [row.hit for row in group])
        for name, group in sorted(found.items())
        if len(group) == len(own)
    ]
    return statistics.holm(others)


def failing_rows(rows: Iterable[Row]) -> list[Row]:
    """The rows of failing cases, those whose cause cannot be told among them."""
    return [row for row in rows if row.category != "healthy"]


def base(scenario: str) -> str:
    """The scenario that a fresh recording is of: "r012-seed7-wide" is of "r012"."""
    return scenario.split("-", 1)[0]


def _by_fold(rows: Sequence[Row]) -> dict[str, Share]:
    folds: dict[str, list[bool]] = defaultdict(list)
    for row in failing_rows(rows):
        folds[row.fold].append(row.hit)
    return {fold: statistics.share(hits) for fold, hits in sorted(folds.items())}
