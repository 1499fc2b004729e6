"""Parts of a model that the optimizer holds, or should hold, and that no gradient reaches."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.layers import FOLLOWERS, has_weights, is_finetuned
from misrun.tools.code.checks.repair_graphs import cut_removed
from misrun.tools.code.checks.repair_no_grad import released
from misrun.tools.code.checks.repair_optimizers import with_model
from misrun.tools.code.names import names
from misrun.tools.code.project_model import Class
from misrun.tools.code.torch_api import DETACHING_OPS
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.training import TrainingLoop, contains, parameters_of, training_loops
from misrun.tools.code.values import Value, alternatives, ancestors, same
from misrun.tools.code.walking import unparsed

_AUTOGRAD = "https://docs.pytorch.org/docs/stable/notes/autograd.html#locally-disabling-gradient-computation"
_OPTIM = "https://docs.pytorch.org/docs/stable/optim.html#constructing-it"
# A graph is cut by these on purpose or by mistake; comparisons and argmax cut it in every program.
_CUTS = names("detach detach_ data item numpy tolist tensor as_tensor")
# The bound of gradients.py.
_MOST = 6000


def find_part_without_gradient(trace: Trace) -> Iterator[Problem]:
    """A part of a trained model whose every output is cut from the graph before it gets into the loss."""
    for training in training_loops(trace):
        held = _held(training)
        if not held or training.is_managed or is_finetuned(training.root):
            continue
        flow = _Flow(training)
        for name, part in _parts(held):
            cut = flow.cut_of(part)
            if cut is not None and not _is_meant(name, part):
                yield _without_gradient(name, part, cut, id(cut) in flow.off, training)


class _Flow:
    """What the backwards of a loop reach, and where they stop at a cut."""

    def __init__(self, training: TrainingLoop) -> None:
        self.training = training
        self.off = {id(e.result): e for e in training.events if e.grad_is_off()}
        self.reached: set[int] = set()
        self.modules: list[Value] = []
        self.cuts: list[Value] = []
        self._walk([v for e in training.backwards for v in e.args[:1]])

    def _walk(self, stack: list[Value]) -> None:
        seen = {id(v) for v in stack}
        while stack and len(seen) < _MOST:
            top = stack.pop()
            if id(top) in self.off or top.op in DETACHING_OPS or top.op in ("data", "tensor"):
                self.cuts.append(top)
                continue
            if _is_size(top):
                continue
            self.reached.add(id(top))
            if top.kind == "module" and top.op != "join":
                self.modules.append(top)
            for child in (*top.inputs, *(top.items or ())):
                if id(child) not in seen:
                    seen.add(id(child))
                    stack.append(child)

    def cut_of(self, part: Value) -> Value | None:
        """The value that cuts every output of the part; None where one is reached, or goes where it is not seen."""
        calls = [e for e in self.training.events if e.op != "new" and _runs(e, part)]
        if not calls or any(id(v) in self.reached for e in calls for v in _outputs(e)):
            return None
        if any(m is part or contains(m, part) or contains(part, m) for m in self.modules):
            return None
        outputs = {id(v) for e in calls for v in _outputs(e)}
        for cut in self.cuts:
            meant = cut.site is not None and (cut.op in _CUTS or id(cut) in self.off)
            if meant and any(id(v) in outputs for v in ancestors(cut)):
                return cut
        return None


def _is_size(value: Value) -> bool:
    """A shape or device taken from a tensor: no gradient flows through it."""
    about = names("size shape dim numel len device dtype ndim")
    return value.op in about or (value.op == "attr" and value.name.rpartition(".")[2] in about)


def _outputs(event: Event) -> Iterator[Value]:
    """What a call gives back, and the parts of a tuple or mapping."""
    for leaf in alternatives(event.result):
        yield leaf
        yield from leaf.items or ()


def _runs(event: Event, part: Value) -> bool:
    callee = event.callee
    return callee is not None and any(
        leaf is part or (leaf.kind == "module" and contains(part, leaf)) for leaf in alternatives(callee)
    )


def _held(training: TrainingLoop) -> list[Value]:
    """The models of the loop's optimizers; empty when an optimizer is not seen."""
    if not training.steps or not all(s.is_known for s in training.steps):
        return []
    found = [m for s in training.steps for m in parameters_of(s.optimizer)]
    return [m for m in found if m.op != "join"]


def _parts(held: list[Value]) -> Iterator[tuple[str, Value]]:
    """The direct parts of the project's models, and a model of library layers as a whole."""
    seen: set[int] = set()
    for model in held:
        own = isinstance(model.definition, Class)
        for name, part in model.attrs.items() if own else [(model.name, model)]:
            if part.kind == "module" and part.op != "join" and id(part) not in seen and has_weights(part):
                seen.add(id(part))
                yield name, part


def _is_meant(name: str, part: Value) -> bool:
    """Copies that follow another part, and parts that come trained."""
    return any(word in name.lower() for word in FOLLOWERS) or "pretrained" in part.path


def _without_gradient(name: str, part: Value, cut: Value, is_off: bool, training: TrainingLoop) -> Problem:
    how = "is computed under no_grad" if is_off else f"goes through {cut.op}"
    edits = () if cut.site is None else released(cut.site) if is_off else cut_removed(cut.site)
    return Problem(
        cut.site or training.backwards[0].site,
        f"The output of `{name or part.class_name}` {how} before it gets into the loss "
        f"({training.backwards[0].site}): the optimizer holds its weights, and no gradient ever reaches them.",
        "Keep the graph from this part to the loss; freeze the part openly if it should not be trained.",
        0.92,
        "Print p.grad for the parameters of this part after backward: None.",
        edits,
        related=(training.backwards[0].site,),
    )


def find_model_left_out(trace: Trace) -> Iterator[Problem]:
    """Two models run in one step, the loss depends on both, and the only optimizer holds one of them."""
    for training in training_loops(trace):
        held = _held(training)
        optimizers = [s.optimizer for s in training.steps]
        if not held or training.is_managed or is_finetuned(training.root) or not all(map(_is_seen_whole, optimizers)):
            continue
        known = held + [
            m for e in training.root if e.op == "new" and e.result.kind == "optimizer" for m in parameters_of(e.result)
        ]
        flow = _Flow(training)
        parts = _known_parts(training)
        for call in training.events:
            model = call.callee
            if model is None or model.op == "join" or id(model) in parts or not _is_free(call, model):
                continue
            if not any(id(v) in flow.reached for v in _outputs(call)):
                continue
            if not any(_related(model, m) or _is_twin(model, m) for m in known) and not _is_meant(
                _written(call), model
            ):
                yield _left_out(call, model, optimizers[0])
                break


def _known_parts(training: TrainingLoop) -> set[int]:
    """ids of modules that are an attribute of another one, or a layer of a Sequential that runs."""
    found = {
        id(e.args[0]) for e in training.root if e.op.startswith("set.") and e.receiver and e.receiver.kind == "module"
    }
    for event in training.events:
        if event.op == "module()" and event.callee is not None:
            found.update(id(layer) for layer in event.callee.args if layer.kind == "module")
    return found


def _is_seen_whole(optimizer: Value) -> bool:
    """Every parameter it holds comes from the `parameters()` of a model that is seen."""
    first = optimizer.argument(0, "params")
    if first is None or optimizer.op == "join":
        return False
    return all(
        v.kind in ("params", "module", "sequence", "const", "mapping") or v.op in ("add", "chain", "starred", "list")
        for v in _until_modules(first)
    )


def _until_modules(value: Value) -> Iterator[Value]:
    stack = [value]
    for _ in range(60):  # longer lists of parameters do not occur in hand-written code
        if not stack:
            return
        top = stack.pop()
        yield top
        if top.kind != "module":
            stack.extend((*top.inputs, *(top.items or ())))


def _is_free(call: Event, model: Value) -> bool:
    """A model with weights, called in the loop and not from inside another one."""
    inside = any(f.kind == "call" and f.label in ("forward", "__call__") for f in call.frame.chain())
    return model.kind == "module" and not inside and not call.grad_may_be_off() and has_weights(model)


def _is_twin(one: Value, other: Value) -> bool:
    """Built alike: a lagging copy of the trained network (a target, an average), which no optimizer should hold."""
    if one.path != other.path or one.definition is not other.definition or len(one.args) != len(other.args):
        return False
    return all(a is b or _is_equal(a, b) for a, b in zip(one.args, other.args, strict=True))


def _is_equal(one: Value, other: Value) -> bool:
    if one.kind == other.kind == "const":
        return one.const == other.const
    return one.kind == other.kind == "module" and _is_twin(one, other)


def _written(call: Event) -> str:
    """The name the model is called by, as `target_net` in `target_net(x)`."""
    return unparsed(call.node.func) if isinstance(call.node, ast.Call) else ""


def _related(one: Value, other: Value) -> bool:
    if same(one, other) or contains(one, other) or contains(other, one):
        return True
    mine = {id(v) for v in (*one.attrs.values(), *one.args) if v.kind == "module"}
    return any(id(v) in mine for v in (*other.attrs.values(), *other.args))


def _left_out(call: Event, model: Value, optimizer: Value) -> Problem:
    return Problem(
        optimizer.site or call.site,
        f"The loss depends on {model.name or model.class_name} (run at {call.site}), but its parameters are in no "
        "optimizer: it keeps its first, random weights.",
        "Give the optimizer the parameters of all models that are trained: [*a.parameters(), *b.parameters()].",
        0.88,
        "Compare a parameter of this model before and after ten steps: it does not change.",
        with_model(optimizer.site, _written(call)) if optimizer.site is not None else (),
        related=(call.site,),
    )


CHECKS = (
    Check("part-without-gradient", "A trained part whose output is cut from the graph everywhere.",
          "Gradients stop at detach, .data, numpy and no_grad; the weights before the cut never change.",
          "Remove the cut, or freeze the part openly.", "model_software/detached_graph",
          _AUTOGRAD, "error", "silent_bug", find_part_without_gradient),
    Check("optimizer-leaves-out-model", "One of several models in a training step is in no optimizer.",
          "An optimizer changes only the parameters it was given.",
          "Give it the parameters of all of them.", "model_software/frozen_parameters",
          _OPTIM, "error", "silent_bug", find_model_left_out),
)  # fmt: skip
