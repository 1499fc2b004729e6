"""The training plot as a picture, drawn with matplotlib (it comes with misrun[eval])."""

from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from misrun.agents.report import Report
from misrun.report import wording
from misrun.report.html.cited import RunFiles
from misrun.report.html.panels import Panel, Plot, training_plot
from misrun.tools.visible_text import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES = (".svg", ".png")
# Okabe & Ito's colours (2008), told apart by colour-blind readers too; dashes tell evaluation from training besides.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")


class NoPicture(Exception):
    """The plot cannot be drawn; the message says what to do."""


def check(file: Path) -> None:
    """NoPicture when a picture of that name cannot be written: asked before an investigation, not after it."""
    if file.suffix.lower() not in SUFFIXES:
        raise NoPicture(f"{file.name}: a plot is written as {' or '.join(SUFFIXES)}.")
    try:
        import matplotlib  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise NoPicture("--plot needs matplotlib: pip install 'misrun[eval]'. --html works without.") from error


def write_figure(report: Report, file: Path) -> None:
    """The six panels with onset, numbered marks and their sentences, in the format of the suffix."""
    check(file)
    files = RunFiles.of(report)
    if files is None:
        raise NoPicture(f"The run is no longer at {report.path}, so that its curves cannot be drawn.")
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    plot = training_plot(report, files.run)
    # A fixed salt makes element ids, and so the whole file, the same for the same run; "$" in a log is no formula.
    with mpl.rc_context({"svg.hashsalt": "misrun", "font.size": 8.5, "text.parse_math": False}):
        figure = Figure(figsize=(11, 9.5), layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(f"{visible(Path(report.path).name)}: {wording.headline(report)}", wrap=True)
        for axes, panel in zip(figure.subplots(3, 2).flat, plot.panels, strict=True):
            _draw(axes, panel, plot)
        figure.savefig(file, dpi=150, metadata={"Date": None} if file.suffix.lower() == ".svg" else None)


def _draw(axes: "Axes", panel: Panel, plot: Plot) -> None:
    axes.set_title(panel.title, loc="left", fontweight="bold", pad=14)
    if not panel.lines:
        axes.set_axis_off()
        words = " ".join(panel.notes) or f"Not logged. {panel.missing}"
        axes.text(0.5, 0.5, words, ha="center", va="center", wrap=True, color="#55616e", transform=axes.transAxes)
        return
    for colour, line in zip(_COLOURS, panel.lines, strict=False):
        values = [float("nan") if y is None else y for y in line.y]
        style = "--" if line.dashed else "-"
        axes.plot(line.x, values, style, color=colour, linewidth=1.3, label=visible(line.label))
    for low, high in panel.gaps:
        axes.axvspan(low, high, color="#b3261e", alpha=0.12, linewidth=0)
    _mark(axes, panel, plot.onset)
    axes.set_xlabel(plot.axis)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, loc="best")


def _mark(axes: "Axes", panel: Panel, onset: float | None) -> None:
    """The onset on every panel, and the panel's own marks by numbers above it."""
    if onset is not None:
        axes.axvline(onset, color="#b3261e", linestyle=":", linewidth=1.3)
        axes.text(onset, 0.02, " onset", color="#b3261e", fontsize=7.5, transform=axes.get_xaxis_transform())
    numbers: dict[float, list[str]] = {}
    for number, mark in enumerate(panel.marks, start=1):
        numbers.setdefault(mark.x, []).append(str(number))
    for x, found in numbers.items():
        place = ("data", "axes fraction")
        axes.annotate(
            ", ".join(found), (x, 1.01), xycoords=place, ha="center", va="bottom", color="#7a3e00", fontsize=8
        )
    if panel.marks:
        told = (f"{at} {visible(mark.text)}" for at, mark in enumerate(panel.marks, start=1))
        text = "\n".join(fill(sentence, 105) for sentence in told)
        axes.text(0, -0.24, text, transform=axes.transAxes, va="top", fontsize=6.5, color="#55616e")
