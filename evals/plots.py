"""The plots of an evaluation as SVG text, drawn with matplotlib: one function per plot."""

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from misrun.evals.statistics import Share
from misrun.evals.summary import CHAMPION, Evaluation, MethodSummary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe & Ito's colours (2008), told apart by colour-blind readers too; the champion's is the blue.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#F0E442", "#999999")
_SHOWN = 5


def plots(evaluation: Evaluation) -> dict[str, str]:
    """Every plot there is data for, by its title."""
    drawn = {
        "Category shares on grouped folds, with 95 % bootstrap intervals": _bars(evaluation.of("grouped")),
        "Reliability: how often answers of a probability are right (grouped folds)": _reliability(evaluation),
        "Accuracy against coverage (grouped folds)": _coverage(evaluation),
        "How misrun's category share changes by split": _splits(evaluation),
        "Confusion of misrun on grouped folds": _confusion(evaluation),
    }
    return {title: svg for title, svg in drawn.items() if svg}


def _figure(width: float, height: float, draw: "Callable[[Axes], None]") -> str:
    """Draws on one pair of axes and returns the SVG element. Nothing of the machine's display is used."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    # A fixed salt makes element ids, and so the whole file, the same for the same numbers.
    with mpl.rc_context({"svg.hashsalt": "misrun", "svg.fonttype": "none", "font.size": 9.0}):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure.subplots())
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def _bars(summaries: Sequence[MethodSummary]) -> str:
    if not summaries:
        return ""

    def draw(axes: "Axes") -> None:
        ordered = summaries[::-1]
        shares = [s.category for s in ordered]
        colours = [_COLOURS[0] if s.method == CHAMPION else "#9aa5b1" for s in ordered]
        axes.barh([s.method for s in ordered], [s.value for s in shares], xerr=_errors(shares), color=colours)
        axes.set_xlim(0, 1)
        axes.set_xlabel("share of failing cases with the right category")

    return _figure(7, 0.8 + 0.28 * len(summaries), draw)


def _errors(shares: Sequence[Share]) -> Any:
    return [[s.value - s.low for s in shares], [s.high - s.value for s in shares]]


def _leading(evaluation: Evaluation) -> list[MethodSummary]:
    """misrun and the best others that give probabilities of their own."""
    found = [m for m in evaluation.of("grouped") if m.coverage]
    return sorted(found, key=lambda m: m.method != CHAMPION)[:_SHOWN]


def _reliability(evaluation: Evaluation) -> str:
    found = _leading(evaluation)
    if not found:
        return ""

    def draw(axes: "Axes") -> None:
        axes.plot([0, 1], [0, 1], color="#999999", linestyle="--", linewidth=1, label="perfect")
        for summary, colour in zip(found, _COLOURS, strict=False):
            xs, ys = [b.confidence for b in summary.bins], [b.accuracy for b in summary.bins]
            label = f"{summary.method} (ECE {summary.calibration_error:.3f})"
            axes.plot(xs, ys, color=colour, label=label, linewidth=1)
            axes.scatter(xs, ys, s=[4 + 3 * b.n for b in summary.bins], color=colour)
        axes.set_xlabel("probability told")
        axes.set_ylabel("share that is right (size: cases)")
        axes.legend(fontsize=7, frameon=False)

    return _figure(5.2, 4.2, draw)


def _coverage(evaluation: Evaluation) -> str:
    found = _leading(evaluation)
    if not found:
        return ""

    def draw(axes: "Axes") -> None:
        for summary, colour in zip(found, _COLOURS, strict=False):
            xs = [p.covered for p in summary.coverage]
            axes.plot(xs, [p.accuracy for p in summary.coverage], color=colour, label=summary.method, marker=".")
        axes.set_xlabel("cases answered, the most certain first")
        axes.set_ylabel("share of them that is right")
        axes.set_ylim(0, 1.03)
        axes.legend(fontsize=7, frameon=False)

    return _figure(5.2, 3.6, draw)


def _splits(evaluation: Evaluation) -> str:
    found = [m for m in evaluation.methods if m.method == CHAMPION and m.category.n]
    if not found:
        return ""

    def draw(axes: "Axes") -> None:
        ordered = sorted(found, key=lambda m: m.category.value)
        labels = [f"{m.split} ({m.category.k}/{m.category.n})" for m in ordered]
        axes.barh(
            labels, [m.category.value for m in ordered], xerr=_errors([m.category for m in ordered]), color=_COLOURS[0]
        )
        axes.set_xlim(0, 1)

    return _figure(7, 0.8 + 0.28 * len(found), draw)


def _confusion(evaluation: Evaluation) -> str:
    summary = evaluation.champion("grouped")
    if summary is None:
        return ""

    def draw(axes: "Axes") -> None:
        names = list(summary.confusion)
        counts = [[summary.confusion[row][column] for column in names] for row in names]
        # Drawn as shapes: an image would need more than the page's content policy allows.
        axes.pcolormesh(counts, cmap="Blues")
        axes.invert_yaxis()
        most = max(map(max, counts))
        for y, row in enumerate(counts):
            for x, count in enumerate(row):
                axes.text(
                    x + 0.5,
                    y + 0.5,
                    str(count or ""),
                    ha="center",
                    va="center",
                    color="white" if count > most / 2 else "black",
                )
        axes.set_xticks([x + 0.5 for x in range(len(names))], names, rotation=35, ha="right")
        axes.set_yticks([y + 0.5 for y in range(len(names))], names)
        axes.set_xlabel("said")
        axes.set_ylabel("is")

    return _figure(5.2, 4.6, draw)
