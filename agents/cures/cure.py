"""The form every cure has, and how its templates become cited claims.

A template is a sentence with slots: "Lower the learning rate from {lr} to {lr_lower}." Slots are looked up in
`slots.SLOTS`; a template with a slot that this run does not fill is not used, and the next alternative is. Guards such
as {if_hf} are slots that render to nothing and hold where their condition does.
"""

import string
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from misrun.agents.cures.facts import RunFacts, Value
from misrun.agents.cures.quantity import numbers_in
from misrun.agents.cures.slots import slot_value
from misrun.agents.step import Claim, Effort, Part, StepKind
from misrun.tools.code.setting_change import SettingChange

# Probability that a cure works if its mode is the cause. Three grades by judgement, until executed cures of the
# benchmark replace them: it removes the cause itself, it usually suffices, it sometimes suffices.
DIRECT, USUAL, SOMETIMES = 0.8, 0.5, 0.3

Templates = tuple[str, ...]


def always(_: RunFacts) -> bool:
    return True


@dataclass(frozen=True)
class Cure:
    """One thing to do about one or several failure modes.

    `modes`: mode id -> probability that it cures if that mode is the cause. `what`, `how`, `verify`: alternatives, the
    first that this run fills is used; the last has no slots and names what to look up. `why`: sentences, each kept
    where the run fills it; a tuple holds alternatives of one sentence. `when`: whether it applies at all.
    `supported_by`: pattern that the fix of a piece of evidence must match to support this cure. `tried`: pattern of a
    reported attempt that equals this cure, and `told` what its failure tells. `moves`: quantities it raises or lowers
    ("learning rate-"), to tell contradictions. `hides`: modes whose symptom it removes without removing the cause;
    `displaced` says so for every run. `in_code`: the edit is at a place in the user's code, so that a finding with a
    patch there takes its place.
    """

    id: str
    modes: dict[str, float]
    what: Templates
    why: tuple[str | Templates, ...]
    how: Templates
    verify: Templates
    effort: Effort
    when: Callable[[RunFacts], bool] = always
    kind: StepKind = "cure"
    supported_by: str = ""
    tried: str = ""
    told: str = ""
    moves: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    displaced: str = ""
    in_code: bool = False


def measurement(
    mode: str,
    what: str | Templates,
    how: str | Templates,
    verify: str,
    effort: Effort = "one line",
    *,
    unless_logged: str = "",
) -> Cure:
    """The measurement that confirms or rules out `mode`: `how` is the code to add, `verify` how to read the result.

    It does not apply where the series `unless_logged` stands in the log already.
    """
    return Cure(
        id=f"measure_{mode.partition('/')[2]}",
        modes={mode: 0.0},
        what=_alternatives(what),
        why=(),
        how=_alternatives(how),
        verify=(verify,),
        effort=effort,
        when=lambda facts: not unless_logged or not facts.measured(unless_logged),
        kind="measurement",
    )


def _alternatives(template: str | Templates) -> Templates:
    return (template,) if isinstance(template, str) else template


@cache
def _pieces(template: str) -> tuple[tuple[str, str | None], ...]:
    return tuple((literal, field) for literal, field, _, _ in string.Formatter().parse(template))


def slots_of(template: str) -> tuple[str, ...]:
    """The names of the slots in a template."""
    return tuple(field for _, field in _pieces(template) if field is not None)


def fill(template: str, part: Part, facts: RunFacts) -> tuple[Claim, tuple[str, ...]] | None:
    """The template as a cited claim, with the rules of thumb behind its values; None where a slot stays empty."""
    values: list[Value] = []
    for name in slots_of(template):
        value = slot_value(name, facts)
        if value is None:
            return None
        values.append(value)
    return _claim(template, part, values), tuple(dict.fromkeys(value.rule for value in values if value.rule))


def _claim(template: str, part: Part, values: list[Value]) -> Claim:
    remaining = iter(values)
    text = "".join(literal + ("" if field is None else next(remaining).text) for literal, field in _pieces(template))
    quoted = {n for value in values if not value.derived for n in numbers_in(value.text) if n not in value.computed}
    derived = tuple(dict.fromkeys(number for number in numbers_in(text) if number not in quoted))
    refs = tuple(dict.fromkeys(reference for value in values for reference in value.refs))
    return Claim(part=part, text=text if part == "how" else sentence(text), refs=refs, derived=derived)


def sentence(text: str) -> str:
    """`text` closed with a full stop where it has no closing mark."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def first_filled(templates: Templates, part: Part, facts: RunFacts) -> tuple[Claim, tuple[str, ...]] | None:
    """The first alternative that this run fills."""
    return next((filled for template in templates if (filled := fill(template, part, facts))), None)


def proposed(cure: Cure, facts: RunFacts) -> float | None:
    """The new value that the cure's sentence proposes, or None where it proposes no number."""
    template = next((template for template in cure.what if fill(template, "what", facts)), "")
    values = [slot_value(name, facts) for name in slots_of(template)]
    return next((v.number for v in values if v is not None and v.derived and v.number is not None), None)


def changes_of(cure: Cure, facts: RunFacts) -> tuple[SettingChange, ...]:
    """The settings that the cure's edit changes in this run; empty where it asks for more than that."""
    template = next((template for template in cure.how if fill(template, "how", facts)), "")
    # Words or code around the slot ask for something beside the settings.
    if any(literal.strip() for literal, _ in _pieces(template)):
        return ()
    values = (slot_value(name, facts) for name in slots_of(template))
    return tuple(change for value in values if value is not None for change in value.changes)


def claims_of(cure: Cure, facts: RunFacts) -> tuple[Claim, ...]:
    """All claims of a cure for this run, the rules of thumb behind its values last among its reasons."""
    what, how = first_filled(cure.what, "what", facts), first_filled(cure.how, "how", facts)
    verify = first_filled(cure.verify, "verify", facts)
    reasons = [filled for why in cure.why if (filled := first_filled(_alternatives(why), "why", facts))]
    chosen = [filled for filled in (what, how, verify, *reasons) if filled]
    rules = dict.fromkeys(rule for _, behind in chosen for rule in behind)
    why = [claim for claim, _ in reasons] + [rule_of_thumb(rule) for rule in rules]
    return tuple(claim for claim in (what and what[0], *why, how and how[0], verify and verify[0]) if claim)


def rule_of_thumb(rule: str) -> Claim:
    """A rule that no source of this investigation backs, told as such."""
    text = f"Rule of thumb, not measured on this run: {rule}."
    return Claim(part="why", text=text, derived=numbers_in(text))
