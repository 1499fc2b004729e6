"""The top of the page: the verdict in one sentence, the first step, and what happened when."""

from collections.abc import Iterator
from dataclasses import dataclass

from misrun.agents.report import Report
from misrun.report import wording
from misrun.report.html.axis import Axis
from misrun.report.html.cited import Citations
from misrun.report.html.markup import Html, element, joined
from misrun.report.html.panels import main_axis, onset_on
from misrun.tools.readers.run_record import Ending, RunRecord
from misrun.tools.record import Span

# Events in the timeline: a run that fails in every rank says the same many times (a judgement).
_MOST_EVENTS = 8


@dataclass(frozen=True)
class Moment:
    """One thing that happened. `at` is its place on the axis, None where that is not known."""

    at: float | None
    text: str
    spans: tuple[Span, ...] = ()
    onset: bool = False


def verdict(report: Report) -> Html:
    """What failed and how sure that is, in one sentence, and what to do first."""
    answer = report.verdict
    mood = "open" if answer.abstained else "healthy" if answer.category == "healthy" else "failed"
    sign = {"open": "?", "healthy": "✓", "failed": "!"}[mood]
    return element(
        "section",
        element("p", element("span", sign, class_="sign", aria_hidden="true"), wording.headline(report), class_="said"),
        None if answer.abstained else meter(answer.mode_likelihood, "Likelihood of the diagnosis"),
        element("p", wording.definition(report)) if wording.definition(report) else None,
        _labelled("What would settle it", answer.missing) if answer.missing else None,
        _first_step(report),
        element("p", "This report is partial.", class_="alert") if not report.complete else None,
        class_=f"verdict {mood}",
        id="verdict",
        aria_label="Verdict",
    )


def meter(share: float, label: str) -> Html:
    """A likelihood as a bar with its number; drawn by attributes, since the page allows no inline styles."""
    width = f"{100 * min(max(share, 0.0), 1.0):.1f}%"
    bar = element(
        "svg",
        element("rect", width="100%", height="100%", class_="track"),
        element("rect", width=width, height="100%", class_="level"),
        class_="meter",
        role="img",
        aria_label=f"{label}: {wording.share(share)}",
    )
    return element("span", bar, element("span", wording.share(share), class_="figure"), class_="metered")


def _labelled(label: str, text: str) -> Html:
    return element("p", element("strong", f"{label}: "), text)


def _first_step(report: Report) -> Html | None:
    if not report.steps:
        return None
    link = element("a", report.steps[0].what, href="#step-1")
    return element("p", element("strong", "Do first: "), link)


def timeline(report: Report, run: RunRecord, citations: Citations) -> Html:
    """What happened when, earliest first."""
    axis = main_axis(run)
    moments = sorted(_moments(report, run, axis), key=lambda m: (m.at is None, m.at or 0.0))
    first = next((at for at, moment in enumerate(moments) if moment.onset), None)
    rows = [_moment(moment, axis, citations, at == first) for at, moment in enumerate(moments)]
    return element("ol", *rows, class_="timeline")


def _moments(report: Report, run: RunRecord, axis: Axis) -> Iterator[Moment]:
    begun = onset_on(report, axis)
    for signal in report.signals:
        at = axis.of_signal(signal)
        if at is not None:
            yield Moment(at, signal.text, signal.spans, at == begun)
    told = [e for e in run.events if e.kind in ("error", "kill") and not e.secondary]
    for event in told[:_MOST_EVENTS]:
        times = f" ({event.count} times)" if event.count > 1 else ""
        yield Moment(axis.of_span(event.span), f"{event.kind.capitalize()}: {event.message}{times}", (event.span,))
    yield _end(run.ending, axis)


def _end(ending: Ending, axis: Axis) -> Moment:
    """How the run ended, or that this is not known."""
    at = ending.last_step if axis.kind == "step" else None
    if ending.status == "unknown":
        return Moment(at, "The last that was read; how the run ended is not told.", ending.spans)
    planned = f" of {ending.planned_steps:g} planned" if ending.planned_steps else ""
    reached = f" at step {ending.last_step:g}{planned}" if ending.last_step is not None else ""
    code = f", exit code {ending.exit_code}" if ending.exit_code is not None else ""
    return Moment(at, f"Run {ending.status}{reached}{code}.", ending.spans)


def _moment(moment: Moment, axis: Axis, citations: Citations, onset: bool) -> Html:
    when = "" if moment.at is None else f"{axis.name} {_count(moment.at)}"
    badge = element("strong", "onset", class_="badge") if onset else None
    where = citations.links(moment.spans, 2)
    text = element("span", badge, moment.text, " ", where)
    return element("li", element("span", when, class_="when"), text, class_="onset" if onset else None)


def _count(at: float) -> str:
    return f"{at:,.0f}" if at.is_integer() else f"{at:.4g}"


def template(report: Report, citations: Citations) -> Html:
    """The five fields with where each comes from."""
    rows = []
    for name, text, _ in wording.template(report.characterization):
        field = getattr(report.characterization, name)
        origin = joined(field.origin, ": " if field.spans else None, citations.links(field.spans))
        cells = (element("td", text, class_="absent" if field.value is None else None), element("td", origin))
        rows.append(element("tr", element("th", name.capitalize(), scope="row"), *cells))
    head = element("tr", *(element("th", title, scope="col") for title in ("Field", "What is known", "From")))
    table = element("table", element("thead", head), element("tbody", *rows), class_="template")
    return element("div", table, class_="wide", tabindex="0", role="group", aria_label="What happened")
