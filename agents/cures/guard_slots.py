"""Guards: slots that render to nothing and hold only for runs of one kind, to choose between alternatives."""

from collections.abc import Callable

from misrun.agents.cures.facts import RunFacts, Value
from misrun.agents.cures.slots import SLOTS

_GUARDS: dict[str, Callable[[RunFacts], bool]] = {
    "if_hf": lambda f: f.framework("transformers", "trl"),
    "if_lightning": lambda f: f.framework("lightning", "pytorch_lightning", "pytorch-lightning"),
    "if_jax": lambda f: f.framework("jax", "flax"),
    "if_fp16": lambda f: f.half_precision,
}


def _guard(condition: Callable[[RunFacts], bool]) -> Callable[[RunFacts], Value | None]:
    return lambda facts: Value("") if condition(facts) else None


for _name, _condition in _GUARDS.items():
    SLOTS[_name] = _guard(_condition)
