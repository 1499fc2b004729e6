"""Training loops in the trace: where gradients are computed, cleared and used, whatever the objects are called."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from misrun.tools.code.project_model import Class
from misrun.tools.code.trace import Event, Frame, Trace
from misrun.tools.code.values import OBJECT_KINDS, Value, alternatives, ancestors, modules_in, same


@dataclass(frozen=True, eq=False, slots=True)
class Step:
    """One optimizer step: the event and the optimizer (an object or, where only its use tells, an unknown value)."""

    event: Event
    optimizer: Value

    @property
    def is_known(self) -> bool:
        return self.optimizer.kind == "optimizer"


@dataclass(frozen=True, eq=False)
class TrainingLoop:
    """A loop whose body computes gradients; `events` is its whole body in order, calls included."""

    loop: Frame
    events: list[Event]
    root: tuple[Event, ...]

    @cached_property
    def backwards(self) -> list[Event]:
        return [e for e in self.events if e.op == "backward"]

    @cached_property
    def steps(self) -> list[Step]:
        return list(steps_in(self.events))

    @cached_property
    def clears(self) -> list[Event]:
        return [e for e in self.events if clears_gradients(e)]

    @cached_property
    def is_managed(self) -> bool:
        """An engine (DeepSpeed, apex, a project's own wrapper) or something unseen does part of the step."""
        return any(
            (e.op == "backward" and e.receiver is not None and e.receiver.kind not in ("accelerator", "scaler"))
            or _may_hide_steps(e)
            for e in self.events
        )


@lru_cache(maxsize=1)  # every check asks for the loops of the same trace
def training_loops(trace: Trace) -> tuple[TrainingLoop, ...]:
    return tuple(_training_loops(trace))


def _training_loops(trace: Trace) -> Iterator[TrainingLoop]:
    """For every backward the innermost loop that also steps an optimizer, else the innermost loop; each loop once."""
    for root in trace.roots:
        seen: set[int] = set()
        steps = list(steps_in(root))
        for event in root:
            loops = event.loops() if event.op == "backward" else []
            if not loops:
                continue
            stepping = [f for f in loops if any(s.event.within(f) for s in steps)]
            loop = stepping[-1] if stepping else loops[-1]
            if id(loop) not in seen:
                seen.add(id(loop))
                yield TrainingLoop(loop, [e for e in root if e.within(loop)], root)


def steps_in(events: Iterable[Event]) -> Iterator[Step]:
    for event in events:
        optimizer = stepped_optimizer(event)
        if optimizer is not None:
            yield Step(event, optimizer)


def stepped_optimizer(event: Event) -> Value | None:
    """The optimizer the event steps, known by construction (`torch.optim.X`) or, failing that, by use and name."""
    if event.op == "optimizer.step":
        return event.receiver
    if event.op in ("scaler.step", "accelerator.step") or event.op.endswith(".optimizer_step"):
        return event.args[0] if event.args else None
    if event.op != "?.step" or event.receiver is None:
        return None
    if _is_scaler(event.receiver) and event.args:
        return event.args[0]
    if len(event.args) > 1 or (event.args and event.args[0].kind != "function"):
        return None
    return event.receiver if looks_like_optimizer(event.receiver) else None


def looks_like_optimizer(value: Value) -> bool:
    if value.kind == "optimizer":
        return True
    last = value.name.lower().rpartition(".")[2]
    return value.kind not in OBJECT_KINDS and "opt" in last and "sched" not in last


def _is_scaler(value: Value) -> bool:
    return value.kind == "scaler" or "scaler" in value.name.lower().rpartition(".")[2]


def clears_gradients(event: Event) -> bool:
    if event.op.endswith(".zero_grad") or event.op == "set.grad":
        return True
    return event.op in ("zero_", "fill_", "mul_", "copy_") and any(
        v.op == "grad" or v.name.endswith(".grad") for v in (event.args[:1])
    )


def clears_for(event: Event, optimizer: Value) -> bool:
    """Whether a clearing event can concern the parameters of the optimizer; unknown receivers can."""
    target = event.receiver
    if not event.op.endswith(".zero_grad") or target is None:
        return True
    if target.kind == "optimizer" and optimizer.kind == "optimizer":
        return same(target, optimizer) or shares_parameters(target, optimizer)
    if target.kind == "module" and optimizer.kind == "optimizer":
        held = parameters_of(optimizer)
        return not held or any(same(target, m) or contains(target, m) or contains(m, target) for m in held)
    return (
        target.kind != "unknown"
        or optimizer.kind != "unknown"
        or same(target, optimizer)
        or target.op == "join"
        or (not looks_like_optimizer(target))
    )


def parameters_of(optimizer: Value) -> list[Value]:
    """The modules whose parameters the optimizer holds; empty when that is not known."""
    found: list[Value] = []
    for leaf in alternatives(optimizer):
        first = leaf.argument(0, "params")
        found += modules_in(first) if first is not None else []
    return found


def shares_parameters(one: Value, other: Value) -> bool:
    mine, theirs = parameters_of(one), parameters_of(other)
    return any(same(a, b) or contains(a, b) or contains(b, a) for a in mine for b in theirs)


def contains(outer: Value, inner: Value) -> bool:
    """Whether `inner` is a part (attribute, transitively) of the module `outer`."""
    stack, seen = [outer], {id(outer)}
    while stack and len(seen) < 200:
        for part in parts_of(stack.pop()):
            if part is inner:
                return True
            if part.kind == "module" and id(part) not in seen:
                seen.add(id(part))
                stack.append(part)
    return False


def parts_of(module: Value) -> Iterator[Value]:
    """Its attributes, and what a container was built of or appended to it."""
    yield from module.attrs.values()
    if module.kind == "module":
        for given in module.args:
            yield given
            yield from given.inputs[:1] if given.op == "comprehension" else given.items or ()
        yield from module.items or ()


def escapes(optimizer: Value, events: Iterable[Event]) -> bool:
    """Whether the optimizer is handed to code that cannot be seen, which may clear or step."""
    return any(
        any(same(a, optimizer) for v in (*e.args, *e.kwargs.values()) for a in ancestors(v, 20))
        for e in events
        if e.op == "call" or ("." in e.op and _is_opaque_library(e.op))
    )


# Libraries whose functions are known not to touch gradients when they are given an optimizer.
_TRANSPARENT = (
    "torch.save",
    "torch.load",
    "torch.optim",
    "builtins.",
    "optimizer.",
    "scaler.",
    "scheduler.",
    "copy.",
    "?.",
    "loader.",
)


def _is_opaque_library(op: str) -> bool:
    return not op.startswith((*_TRANSPARENT, "module.", "object.", "set.", "params."))


def _may_hide_steps(event: Event) -> bool:
    """A call of a method the project does not define on an object whose base class is not in the project."""
    receiver = event.receiver
    return (
        receiver is not None
        and receiver.kind == "object"
        and isinstance(receiver.definition, Class)
        and bool(receiver.definition.node.bases)
        and event.op.startswith("object.")
        and any(part in event.op for part in ("step", "zero", "optim", "backward", "update"))
    )
