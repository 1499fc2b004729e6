"""The next steps with rank, reason, how to do them, and what the validator says."""

import shlex
from collections.abc import Iterable

from misrun.agents.report import Report
from misrun.agents.step import NextStep, Reference
from misrun.report import wording
from misrun.report.html.cited import Citations
from misrun.report.html.copying import copyable
from misrun.report.html.markup import Html, element, joined
from misrun.report.html.source_code import diff


def steps(report: Report, citations: Citations) -> Html:
    """All steps, best first."""
    numbers = {entry.id: number for number, entry in enumerate(report.evidence, start=1)}
    shown = [_step(rank, step, numbers, citations) for rank, step in enumerate(report.steps, start=1)]
    rows = element("ol", *shown, class_="plain") if shown else element("p", "There is nothing to do.")
    return joined(rows, element("p", report.last_resort) if report.last_resort else None)


def _step(rank: int, step: NextStep, numbers: dict[str, int], citations: Citations) -> Html:
    return element(
        "li",
        element("h3", element("span", f"{rank}", class_="rank"), step.what),
        element("p", _badges(step)),
        _why(step, citations),
        _how(step),
        _change(step),
        _paragraph("Verify", step.verify),
        _paragraph("Instead of", step.displaced),
        *(element("p", element("strong", "Contradicts: "), other, class_="alert") for other in step.contradicts),
        _sources(step.refs, numbers, citations),
        element("p", wording.verdict_text(step), class_="dim") if step.verdict else None,
        class_="card",
        id=f"step-{rank}",
    )


def _badges(step: NextStep) -> Html:
    run = step.verdict.executed if step.verdict else "not run"
    texts = (
        step.kind,
        None if step.kind == "measurement" else f"likelihood {step.likelihood:.2f}",
        f"effort: {step.effort}",
        f"diagnostic value {step.diagnostic_value:.2f}",
    )
    badges = (joined(element("span", text, class_="badge"), " ") for text in texts if text)
    return joined(*badges, element("span", run, class_=f"badge run {run.replace(' ', '-')}"))


def _paragraph(label: str, text: str) -> Html | None:
    return element("p", element("strong", f"{label}: "), text) if text else None


def _why(step: NextStep, citations: Citations) -> Html | None:
    """The reasons one by one, each with the places in the run that it rests on."""
    reasons = [claim for claim in step.claims if claim.part == "why"]
    if len(reasons) < 2:
        return _paragraph("Why", step.why)
    places = ([ref.span for ref in claim.refs if ref.span] for claim in reasons)
    rows = (element("li", c.text, " ", citations.links(spans)) for c, spans in zip(reasons, places, strict=True))
    return joined(element("p", element("strong", "Why:")), element("ul", *rows, class_="reasons"))


def _how(step: NextStep) -> Html | None:
    sentence, block = wording.sentence_and_code(step.how)
    if not block:
        return _paragraph("How", sentence)
    shown = element("pre", block, class_="source", tabindex="0", role="group", aria_label="How")
    said = _paragraph("How", sentence) or element("p", element("strong", "How:"))
    return joined(said, copyable(shown, block, "Copy"))


def _change(step: NextStep) -> Html | None:
    """The patch and the arguments that carry the step out, ready to copy."""
    parts = []
    if step.patch:
        parts.append(element("p", "Patch, for ", element("code", "patch -p1"), " in the run's folder:"))
        parts.append(copyable(diff(step.patch), step.patch, "Copy patch"))
    if step.arguments:
        command = shlex.join(step.arguments)
        shown = element("pre", command, class_="source", tabindex="0", role="group", aria_label="Arguments")
        parts += [element("p", "Add to the command:"), copyable(shown, command, "Copy arguments")]
    return joined(*parts) if parts else None


def _sources(refs: Iterable[Reference], numbers: dict[str, int], citations: Citations) -> Html | None:
    links = list(dict.fromkeys(_source(ref, numbers, citations) for ref in refs))
    if not links:
        return None
    separated = (joined(", " if at else None, link) for at, link in enumerate(links))
    return element("p", element("strong", "Rests on: "), *separated)


def _source(ref: Reference, numbers: dict[str, int], citations: Citations) -> Html:
    if ref.evidence in numbers:
        number = numbers[ref.evidence]
        return element("a", f"[{number}]", href=f"#source-{number}", title=ref.label)
    return citations.link(ref.span) if ref.span else joined(ref.label)
