"""The tables of an evaluation as lists of rows of text: the terminal and the Markdown report print the same ones."""

import math
from collections.abc import Sequence

from misrun.evals.statistics import Comparison, Share
from misrun.evals.summary import MethodSummary

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]

# What each split asks, in one line under its heading.
QUESTIONS = {
    "stratified": "five folds with all categories in each, as in the paper",
    "grouped": "five folds, no failure mode in training and test at once: the honest one",
    "unseen_architecture": "every architecture judged by what was learned on the others",
    "unseen_optimizer": "fitted on Adam and AdamW and judged on SGD, and the other way round",
    "logs_only": "grouped folds; only the console logs are handed over",
    "lead_10": "grouped folds; 10 steps before the failure",
    "lead_50": "grouped folds; 50 steps before the failure",
    "lead_100": "grouped folds; 100 steps before the failure",
    "fresh": "fitted on all scenarios and judged on fresh recordings",
}


def methods_table(summaries: Sequence[MethodSummary]) -> Table:
    """One row per method, the best category share first."""
    head = (
        "method",
        "category",
        "mode",
        "top-3 mode",
        "told",
        "right when told",
        "false alarms",
        "abstained on unknown",
        "ECE",
    )
    ordered = sorted(summaries, key=lambda s: (-s.category.k, s.method))
    return head, [_row(summary) for summary in ordered]


def _row(summary: MethodSummary) -> tuple[str, ...]:
    return (
        summary.method,
        short(summary.category),
        short(summary.mode),
        short(summary.top3_mode),
        short(summary.told),
        short(summary.category_when_told),
        short(summary.false_alarms),
        short(summary.unknown_abstained),
        _number(summary.calibration_error),
    )


def short(share: Share) -> str:
    """k/n and the share: "57/76 .75"."""
    return f"{share.k}/{share.n} {share.value:.2f}".replace(" 0.", " .") if share.n else "-"


def confusion_table(summary: MethodSummary) -> Table:
    """Actual categories as rows, predicted ones as columns."""
    names = list(summary.confusion)
    return ("actual \\ predicted", *names), [
        (row, *(str(summary.confusion[row][column] or "") for column in names)) for row in names
    ]


def classes_table(summary: MethodSummary) -> Table:
    """Precision, recall and F1 per category with their counts."""
    rows: list[tuple[str, ...]] = [
        (
            c.name,
            f"{c.true_positives}/{c.predicted} {_number(c.precision)}",
            f"{c.true_positives}/{c.actual} {_number(c.recall)}",
            _number(c.f1),
        )
        for c in summary.classes
    ]
    return ("category", "precision", "recall", "F1"), rows


def comparison_table(comparisons: Sequence[Comparison]) -> Table:
    """The champion against each other method: who alone was right, the difference with its interval, and its tests."""
    head = ("against", "only misrun", "only other", "difference", "Cohen's d", "p (t)", "p (exact)", "p (Holm)")
    return head, [
        (
            c.second,
            str(c.only_first),
            str(c.only_second),
            f"{c.difference:+.2f} [{c.low:+.2f}, {c.high:+.2f}]",
            _number(c.d),
            _number(c.p_t),
            _number(c.p_exact),
            _number(c.p_holm),
        )
        for c in comparisons
    ]


def reasons_table(summary: MethodSummary) -> Table:
    """Why the method abstained, most frequent first."""
    return ("reason", "cases"), [(reason or "-", str(count)) for reason, count in summary.abstention_reasons.items()]


def _number(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:.1e}" if 0 < value < 0.001 else f"{value:.3f}"


def markdown(table: Table) -> str:
    """The table as a Markdown pipe table."""
    head, rows = table
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines) + "\n"
