"""Drafts that can be carried out: the diff, or the arguments of the command, that do what their text says."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from misrun.agents.cures.cure import sentence
from misrun.agents.cures.draft import Draft
from misrun.agents.cures.facts import RunFacts, cite
from misrun.agents.cures.quantity import numbers_in
from misrun.agents.cures.registry import cures_for
from misrun.agents.cures.worth import REST
from misrun.agents.step import Claim
from misrun.tools.code.cure_edits.registry import written_for
from misrun.tools.code.cure_edits.scene import Scene, Written
from misrun.tools.code.patches import unified_diff
from misrun.tools.code.setting_change import Applied, applied, patched_files
from misrun.tools.readers.run_record import RunRecord
from misrun.tools.record import Span

_NEAR = 5
# A patch invites to be applied, and what does not cure can leave a run worse off: none is written for a cure that is
# less likely to work than these (judgements, as the effort of a step is).
_OF_THE_LEADING = 0.2
_OF_ANOTHER = 0.3


def with_edits(drafts: Sequence[Draft], facts: RunFacts) -> list[Draft]:
    """The drafts, each with its patch and its arguments where the code, the settings and the run determine them."""
    return [_with_edit(draft, facts) for draft in drafts]


def _with_edit(draft: Draft, facts: RunFacts) -> Draft:
    if draft.patch is not None or draft.kind == "measurement":
        return draft
    if draft.kind != "code fix" and draft.likelihood < (_OF_THE_LEADING if _is_of_the_leading(draft) else _OF_ANOTHER):
        return draft
    root = Path(facts.run.root)
    if draft.changes and (done := applied(root, facts.run, draft.changes)) is not None:
        return replace(draft, patch=done.patch, arguments=done.arguments)
    if facts.trace is None:
        return draft
    scene = Scene(facts.trace, facts)
    for cure in _cures_behind(draft):
        written = written_for(cure, scene)
        if written is None or (draft.kind == "code fix" and not _is_at(draft, written)):
            continue
        done = _done(written, root, facts.run)
        if done is not None:
            return _rewritten(draft, written, done)
    return draft


def _is_of_the_leading(draft: Draft) -> bool:
    """Whether the step cures the likeliest of the modes in question."""
    named = {mode: prior for mode, prior in draft.priors.items() if mode != REST}
    return bool(named) and draft.modes.get(max(named, key=lambda mode: named[mode]), 0.0) > 0


def _cures_behind(draft: Draft) -> list[str]:
    """The cure itself; for a place that a check found, the cures that edit such places."""
    if draft.kind != "code fix":
        return [draft.action]
    return [cure.id for cure in cures_for(draft.mode) if cure.in_code]


def _is_at(draft: Draft, written: Written) -> bool:
    """Whether the edit is at the place that the check found, give or take the lines of one statement or header."""
    path, line = written.site.file.path, written.site.file.line(written.site.line)
    spans = [ref.span for claim in draft.claims for ref in claim.refs if ref.kind == "finding" and ref.span]
    return any(s.file == path and s.first - _NEAR <= line <= s.last + _NEAR for s in spans)


def _done(written: Written, root: Path, run: RunRecord) -> Applied | None:
    """The edits of the code and the changed settings together; None where one of the two cannot be made."""
    settings = applied(root, run, written.changes) if written.changes else Applied()
    code = unified_diff(root, written.edits) if written.edits else None
    if settings is None or (written.edits and code is None):
        return None
    if code and settings.patch and set(patched_files(code)) & set(patched_files(settings.patch)):
        return None  # two diffs of one file, each against the file as it is
    return Applied(patch=f"{code or ''}{settings.patch or ''}" or None, arguments=settings.arguments)


def _rewritten(draft: Draft, written: Written, done: Applied) -> Draft:
    """The draft with what the edit really does as its sentence, and with how to carry it out."""
    file, site = written.site.file, written.site
    first, last = file.line(site.line), file.line(site.last_line)
    place = cite(Span(file=file.path, first=first, last=max(first, last)))
    what = Claim(part="what", text=sentence(written.said), refs=(place,), derived=numbers_in(written.said))
    found = tuple(c for c in draft.claims if c.part == "what") if draft.kind == "code fix" else ()
    how = Claim(part="how", text=_how(done), derived=numbers_in(_how(done)))
    rest = tuple(claim for claim in draft.claims if claim.part not in ("what", "how"))
    return replace(
        draft, claims=(*found, what, *rest, how), patch=done.patch, arguments=done.arguments, changes=written.changes
    )


def _how(done: Applied) -> str:
    parts = []
    if done.patch:
        files = ", ".join(patched_files(done.patch))
        parts.append(f"Apply the patch of this step in the run folder (patch -p1); it changes {files}.")
    if done.arguments:
        parts.append(f"Add to the command: {' '.join(done.arguments)}")
    return "\n".join(parts)
