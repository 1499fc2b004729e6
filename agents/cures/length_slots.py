"""Slots about the length of samples: the limit that the described lengths ask for."""

from misrun.agents.cures.facts import RunFacts, Value, cite
from misrun.agents.cures.quantity import setting_text
from misrun.agents.cures.setting_slots import LENGTH, POSITIONS, changed, edit
from misrun.agents.cures.slots import slot
from misrun.tools.readers.run_record import ConfigValue

# A mark at the beginning and one at the end, which most tokenizers add to the words that were counted.
_MARKS = 2
# Multiples of 8 suit the matrix units (NVIDIA, "Deep Learning Performance Guide: matrix multiplication").
_MULTIPLE = 8
_RULE = "room for the longest sample and two marks, as a multiple of 8"
_CAP_RULE = "room for 99 % of the samples and two marks, as a multiple of 8"


def _room(length: int) -> int:
    return -(-(length + _MARKS) // _MULTIPLE) * _MULTIPLE


def _setting(facts: RunFacts) -> tuple[int | None, ConfigValue] | None:
    """The limit of the length and its present value; None for a limit that is off."""
    found = facts.numeric(*LENGTH)
    if found is not None:
        return int(found[0]), found[1]
    off = facts.run.setting(*LENGTH)
    return (None, off) if off is not None and off.value is None else None


def _value(new: int, setting: ConfigValue, facts: RunFacts, rule: str) -> Value:
    said = facts.lengths
    refs = (cite(setting.span), *((cite(said.span),) if said else ()))
    return Value(setting_text(new), new, refs, derived=True, rule=rule)


@slot("length_longer")
def length_longer(facts: RunFacts) -> Value | None:
    """Room for the longest sample where the limit cuts it, as far as the model has positions for it."""
    found, longest = _setting(facts), facts.lengths.longest if facts.lengths else None
    if found is None or found[0] is None or longest is None or longest <= found[0]:
        return None
    positions = facts.numeric(*POSITIONS)
    new = min(_room(longest), int(positions[0]) if positions else _room(longest))
    return _value(new, found[1], facts, _RULE) if new > found[0] else None


@slot("length_shorter")
def length_shorter(facts: RunFacts) -> Value | None:
    """Room for the longest sample where the limit is more than twice that."""
    found, longest = _setting(facts), facts.lengths.longest if facts.lengths else None
    if found is None or found[0] is None or longest is None or found[0] <= 2 * _room(longest):
        return None
    return _value(_room(longest), found[1], facts, _RULE)


@slot("length_cap")
def length_cap(facts: RunFacts) -> Value | None:
    """Room for 99 % of the samples where the longest is more than twice that and the limit is off or above it."""
    said, found = facts.lengths, _setting(facts)
    if said is None or said.nearly_longest is None or said.longest is None or found is None:
        return None
    new = _room(said.nearly_longest)
    cuts = said.longest > 2 * new and (found[0] is None or found[0] > new)
    return _value(new, found[1], facts, _CAP_RULE) if cuts else None


@slot("sample_longest")
def sample_longest(facts: RunFacts) -> Value | None:
    said = facts.lengths
    return Value(str(said.longest), said.longest, (cite(said.span),)) if said and said.longest else None


@slot("length_setting")
def length_setting(facts: RunFacts) -> Value | None:
    """The name of the limit, as the run has it."""
    found = _setting(facts)
    return Value(found[1].name.rsplit(".", 1)[-1], refs=(cite(found[1].span),)) if found else None


def _edit_slot(name: str) -> None:
    @slot(f"{name}_edit")
    def filled(facts: RunFacts) -> Value | None:
        new = {"length_longer": length_longer, "length_shorter": length_shorter, "length_cap": length_cap}[name](facts)
        found = _setting(facts)
        if new is None or new.number is None or found is None:
            return None
        change = changed(found[1], int(new.number))
        return Value(edit(found[1], new.text), new.number, new.refs, True, new.rule, changes=(change,))


for _name in ("length_longer", "length_shorter", "length_cap"):
    _edit_slot(_name)
