"""Slots about the batch: how far it has to come down to fit, and the script's own default."""

import math

from misrun.agents.cures.facts import RunFacts, Value, cite
from misrun.agents.cures.quantity import setting_text
from misrun.agents.cures.setting_slots import ACCUMULATION, BATCH, changed, edit
from misrun.agents.cures.slots import slot
from misrun.tools.code.setting_change import SettingChange


def divisor(facts: RunFacts) -> int:
    """A power of 2, at least 2: what was asked for over what there is, and as much again for the rest of the step.

    The request that fails is rarely the last of a step, so that the ratio at that point is a lower bound.
    """
    event = facts.event("cuda_oom", "xla_oom", "host_oom_alloc")
    tried, total = (event.values.get(f"{name}_mib") if event else None for name in ("tried", "total"))
    allocated = event.values.get("allocated_mib") if event else None
    if not isinstance(tried, int | float) or not isinstance(total, int | float) or total <= 0:
        return 2
    held = allocated if isinstance(allocated, int | float) else 0
    return int(max(2, 2 ** math.ceil(math.log2(max(1.0, (tried + held) / total)) + 1)))


@slot("batch_fitting")
def batch_fitting(facts: RunFacts) -> Value | None:
    found = facts.numeric(*BATCH)
    if found is None or found[0] < 2:
        return None
    new = max(1, int(found[0]) // divisor(facts))
    return Value(setting_text(new), new, (cite(found[1].span),), derived=True)


@slot("batch_fitting_edit")
def batch_fitting_edit(facts: RunFacts) -> Value | None:
    """The smaller batch and, where a setting for it exists, as many times the accumulation."""
    found, new = facts.numeric(*BATCH), batch_fitting(facts)
    if found is None or new is None or new.number is None:
        return None
    accumulation = facts.numeric(*ACCUMULATION)
    text, refs = edit(found[1], new.text), new.refs
    changes: tuple[SettingChange, ...] = (changed(found[1], new.number),)
    if accumulation:
        more = accumulation[0] * (found[0] // new.number)
        text = f"{text}\n{edit(accumulation[1], setting_text(more))}"
        changes, refs = (*changes, changed(accumulation[1], more)), (*refs, cite(accumulation[1].span))
    return Value(text, refs=refs, derived=True, changes=changes)


@slot("accumulation_more")
def accumulation_more(facts: RunFacts) -> Value | None:
    """The accumulation that leaves the effective batch where it was."""
    found, new, now = facts.numeric(*BATCH), batch_fitting(facts), facts.numeric(*ACCUMULATION)
    if found is None or new is None or not new.number or now is None:
        return None
    more = now[0] * (found[0] // new.number)
    return Value(setting_text(more), more, (cite(now[1].span),), derived=True)


@slot("batch_default")
def batch_default(facts: RunFacts) -> Value | None:
    """The script's own batch size where the run was started with at least twice that."""
    found = facts.numeric(*BATCH)
    if found is None or found[1].origin == "code":
        return None
    name = found[1].name.rsplit(".", 1)[-1]
    written = [c for c in facts.run.config if c.origin == "code" and c.name.rsplit(".", 1)[-1] == name]
    default = written[0].value if written else None
    if isinstance(default, bool) or not isinstance(default, int) or not 0 < 2 * default <= found[0]:
        return None
    return Value(str(default), default, (cite(written[0].span),))


@slot("batch_default_edit")
def batch_default_edit(facts: RunFacts) -> Value | None:
    found, default = facts.numeric(*BATCH), batch_default(facts)
    if found is None or default is None or default.number is None:
        return None
    refs = (cite(found[1].span), *default.refs)
    change = changed(found[1], int(default.number))
    return Value(edit(found[1], default.text), refs=refs, derived=True, changes=(change,))
