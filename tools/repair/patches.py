"""Findings that bring their own patch."""

from misrun.tools.repair.repair import Clues, Repair
from misrun.tools.repair.rewrite import applied, parses

# Below this a check would ask a person, too.
_SURE = 0.5


def patched(clues: Clues) -> Repair | None:
    """Applies the patch of the surest finding that has one."""
    able = [f for f in clues.findings if f.patch and f.confidence >= _SURE and f.severity != "note"]
    for finding in sorted(able, key=lambda f: -f.confidence):
        code = applied(clues.code, finding.patch or "")
        if code is not None and code != clues.code and parses(code):
            return Repair(finding.mode, finding.line, f"{finding.message} {finding.expected}", code)
    return None
