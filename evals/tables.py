"""The tables of an evaluation as rows of text: the terminal, the Markdown and the HTML report show the same ones."""

import math
from collections.abc import Sequence

from misrun.evals.importance import Importance
from misrun.evals.row import Row
from misrun.evals.statistics import Comparison, Share
from misrun.evals.summary import CHAMPION, Evaluation, MethodSummary

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]
# As many lines as one looks at in a ranking.
_LISTED = 15


def methods_table(summaries: Sequence[MethodSummary]) -> Table:
    """One row per method, the best category share first."""
    head = ("method", "category", "mode", "top-3", "told", "right if told", "false alarms", "unknown", "ECE")
    return head, [
        (
            s.method,
            short(s.category),
            short(s.mode),
            short(s.top3_mode),
            short(s.told),
            short(s.category_when_told),
            short(s.false_alarms),
            short(s.unknown_abstained),
            number(s.calibration_error),
        )
        for s in summaries
    ]


def brief_table(summaries: Sequence[MethodSummary]) -> Table:
    """What fits on a terminal of 80 columns."""
    head = ("method", "category", "top-3 mode", "right if told", "alarms", "ECE")
    return head, [
        (
            s.method,
            short(s.category),
            short(s.top3_mode),
            short(s.category_when_told),
            f"{s.false_alarms.k}/{s.false_alarms.n}",
            number(s.calibration_error),
        )
        for s in summaries
    ]


def splits_table(evaluation: Evaluation, splits: Sequence[str]) -> Table:
    """misrun on every split: a row each."""
    head = ("split", "category", "mode", "top-3 mode", "not looked at", "told", "false alarms", "ECE")
    found = [(split, evaluation.champion(split)) for split in splits]
    return head, [
        (
            split,
            short(s.category),
            short(s.mode),
            short(s.top3_mode),
            short(s.unseen),
            short(s.told),
            short(s.false_alarms),
            number(s.calibration_error),
        )
        for split, s in found
        if s is not None
    ]


def intervals_table(summaries: Sequence[MethodSummary]) -> Table:
    """The shares with their 95 % bootstrap intervals, the cost and the time per diagnosis."""
    head = ("method", "category", "mode", "top-3 mode", "cost per case", "ms per case", "errors")
    return head, [
        (
            s.method,
            _interval(s.category),
            _interval(s.mode),
            _interval(s.top3_mode),
            f"{s.cost:.2f}",
            f"{1000 * s.seconds:.1f}",
            str(s.errors),
        )
        for s in summaries
    ]


def confusion_table(summary: MethodSummary) -> Table:
    """Actual categories as rows, predicted ones as columns."""
    names = list(summary.confusion)
    return ("actual \\ said", *names), [
        (row, *(str(summary.confusion[row][column] or "") for column in names)) for row in names
    ]


def classes_table(summary: MethodSummary) -> Table:
    """Precision, recall and F1 per category with their counts."""
    rows: list[tuple[str, ...]] = [
        (
            c.name,
            f"{c.true_positives}/{c.predicted} {number(c.precision)}",
            f"{c.true_positives}/{c.actual} {number(c.recall)}",
            number(c.f1),
        )
        for c in summary.classes
    ]
    return ("category", "precision", "recall", "F1"), rows


def comparison_table(comparisons: Sequence[Comparison]) -> Table:
    """misrun against each other method: who alone was right, the difference with its interval, and its tests."""
    head = ("against", "only misrun", "only other", "difference", "Cohen's d", "p (t)", "p (exact)", "p (Holm)")
    return head, [
        (
            c.second,
            str(c.only_first),
            str(c.only_second),
            f"{c.difference:+.2f} [{c.low:+.2f}, {c.high:+.2f}]",
            number(c.d),
            number(c.p_t),
            number(c.p_exact),
            number(c.p_holm),
        )
        for c in comparisons
    ]


def reasons_table(summary: MethodSummary) -> Table:
    """Why the method abstained, most frequent first."""
    return ("reason", "cases"), [(reason or "-", str(count)) for reason, count in summary.abstention_reasons.items()]


def architectures_table(evaluation: Evaluation) -> Table:
    """Category share per architecture that training never saw, misrun beside the best other method."""
    methods = [m.method for m in evaluation.of("unseen_architecture")][:4]
    shares = {method: evaluation.by_architecture.get(method, {}) for method in methods}
    names = sorted({name for by_name in shares.values() for name in by_name})
    none = Share(k=0, n=0, low=math.nan, high=math.nan)
    return ("architecture", *methods), [
        (name, *(short(shares[method].get(name, none)) for method in methods)) for name in names
    ]


def importance_table(found: Sequence[Importance]) -> Table:
    """What a method's judgement rests on most."""
    return ("without", "cases lost (net)"), [
        (i.name, f"{i.drop:.1f} of {i.cases}") for i in found[:_LISTED] if i.drop > 0
    ]


def unknown_table(rows: Sequence[Row], split: str = "grouped") -> Table:
    """The anatomy of the undeterminable cases: what was said instead of, or beside, "cannot be told"."""
    head = ("scenario", "said", "why", "asked for", "would settle it")
    return head, [
        (
            row.scenario,
            "abstained" if row.abstained else f"{row.predicted_mode} ({row.probability:.2f})",
            row.reason or "; ".join(row.evidence[:1]),
            row.missing or "-",
            "yes" if row.missing_hit else "no",
        )
        for row in rows
        if row.method == CHAMPION and row.split == split and row.category == "unknown"
    ]


def wrong_table(rows: Sequence[Row], split: str = "grouped") -> Table:
    """Every case that misrun got wrong, with what it said and the strongest reason for it."""
    head = ("scenario", "is", "said", "top three", "because")
    return head, [
        (
            row.scenario,
            row.mode,
            f"abstained: {row.reason}" if row.abstained else f"{row.predicted_mode} ({row.probability or 0:.2f})",
            ", ".join(row.top_modes) or "-",
            row.error or "; ".join(row.evidence[:1]) or "-",
        )
        for row in rows
        if row.method == CHAMPION and row.split == split and not row.hit
    ]


def short(share: Share) -> str:
    """k/n and the share: "57/76 .75"."""
    return f"{share.k}/{share.n} {share.value:.2f}".replace(" 0.", " .") if share.n else "-"


def number(value: float) -> str:
    """Three decimals; a small one in powers of ten; "-" for none."""
    if math.isnan(value):
        return "-"
    return f"{value:.1e}" if 0 < value < 0.001 else f"{value:.3f}"


def _interval(share: Share) -> str:
    return f"{share.k}/{share.n} {share.value:.3f} [{share.low:.3f}, {share.high:.3f}]" if share.n else "-"
