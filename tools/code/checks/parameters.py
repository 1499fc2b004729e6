"""Which parameters the optimizer really trains."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_layers import repeated_in, wrapped_in
from misrun.tools.code.checks.repair_optimizers import all_parameters, built_behind, over_the_trained, trainable_only
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import Class
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.training import TrainingLoop, contains, parameters_of, training_loops
from misrun.tools.code.values import Value, alternatives, ancestors, is_constant, same
from misrun.tools.code.walking import unparsed, walk

_OPTIM = "https://docs.pytorch.org/docs/stable/optim.html#constructing-it"
_TRANSFER = "https://docs.pytorch.org/tutorials/beginner/transfer_learning_tutorial.html"
_LISTS = "https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleList.html"
_WITH_PARAMETERS = names(
    "Linear Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d LSTM GRU RNN LSTMCell GRUCell Embedding Bilinear"
    " MultiheadAttention TransformerEncoderLayer TransformerDecoderLayer BatchNorm1d BatchNorm2d LayerNorm"
)

_REGISTERING = (".add_module", ".register_module", ".extend", ".append", ".update", ".parameters")


def _frozen_by(event: Event) -> Value | None:
    """The module all of whose parameters an event freezes."""
    if event.op == "set.requires_grad" and is_constant(event.args[0], False):
        return _module_of_parameters(event.receiver)
    if event.op.endswith(".requires_grad_") and is_constant(event.argument(0, "requires_grad"), False):
        target = event.receiver
        return target if target is not None and target.kind == "module" else _module_of_parameters(target)
    return None


def _module_of_parameters(value: Value | None) -> Value | None:
    """The module whose `parameters()` the value runs over, unless they are filtered or sliced on the way."""
    if value is None or value.op not in ("element", "each") or not value.inputs:
        return None
    source = value.inputs[0]
    if value.op == "each":
        return source if source.kind == "module" else None
    return source.inputs[0] if source.kind == "params" and source.op == "parameters" else None


def _is_selective(event: Event) -> bool:
    """Freezing under a condition of its own (`if "head" not in name`), or with an unknown value."""
    loops = event.loops()
    return bool(loops) and bool(event.branches_within(loops[-1]))


def _thaws(event: Event) -> bool:
    return (event.op == "set.requires_grad" and not is_constant(event.args[0], False)) or (
        event.op.endswith(".requires_grad_") and not is_constant(event.argument(0, "requires_grad"), False)
    )


def find_nothing_to_train(trace: Trace) -> Iterator[Problem]:
    """Every parameter the optimizer holds is frozen."""
    for root in trace.roots:
        freezes = [(e, m) for e in root if not _is_selective(e) and (m := _frozen_by(e)) is not None]
        for made in root if freezes else ():
            if made.op != "new" or made.result.kind != "optimizer":
                continue
            held = parameters_of(made.result)
            frozen = [e for m in held for e, f in freezes if same(f, m) and e.index < made.index]
            if held and len({id(e) for e in frozen}) >= len(held) and not _changed_after(root, held, frozen[0].index):
                yield Problem(
                    made.site,
                    f"All parameters given to {made.result.class_name} were frozen at {frozen[0].site}: nothing can "
                    "be trained.",
                    "Leave requires_grad=True on what should be trained, for instance a new head.",
                    0.9,
                    "Print sum(p.numel() for p in model.parameters() if p.requires_grad): it is 0.",
                )


def _changed_after(root: tuple[Event, ...], held: list[Value], start: int) -> bool:
    """Whether a part is replaced, thawed or added after the freezing."""
    for event in root:
        if event.index <= start:
            continue
        if _thaws(event):
            return True
        if (
            event.op.startswith("set.")
            and event.op != "set.requires_grad"
            and any(same(event.receiver, m) or contains(m, event.receiver or Value()) for m in held)
        ):
            return True
        if event.op in ("module.add_module", "optimizer.add_param_group", "module.append"):
            return True
    return False


def find_frozen_in_optimizer(trace: Trace) -> Iterator[Problem]:
    """A part is frozen, and all parameters of the whole, frozen ones included, go to the optimizer."""
    for root in trace.roots:
        freezes = [(e, m) for e in root if not _is_selective(e) and (m := _frozen_by(e)) is not None]
        if not freezes or any(_thaws(e) for e in root):
            continue
        for made in root:
            if made.op != "new" or made.result.kind != "optimizer" or _is_filtered(made.result):
                continue
            for event, part in freezes:
                whole = next((m for m in parameters_of(made.result) if contains(m, part)), None)
                if whole is not None and event.index < made.index:
                    yield _frozen_part(made, event)
                    break


def _is_filtered(optimizer: Value) -> bool:
    first = optimizer.argument(0, "params")
    return first is None or any(v.op in ("filtered", "comprehension") for v in ancestors(first, 40))


def _frozen_part(made: Event, freeze: Event) -> Problem:
    return Problem(
        made.site,
        f"{made.result.class_name} gets all parameters, also those frozen at {freeze.site}: they never change; if they "
        "were meant to be trained, the freezing is the error.",
        "Pass only parameters with requires_grad=True, or do not freeze them.",
        0.3,  # harmless where the freezing is meant, which is the usual case
        "Compare the number of parameters in the optimizer with those that have requires_grad.",
        trainable_only(made.site),
    )


def find_model_changed_after_optimizer(trace: Trace) -> Iterator[Problem]:
    """A layer of the model is replaced after the optimizer took the old one's parameters."""
    for root in trace.roots:
        optimizers = [e for e in root if e.op == "new" and e.result.kind == "optimizer"]
        for made in optimizers:
            for event in root:
                if event.index < made.index or not _replaces_layer(event) or event.receiver is None:
                    continue
                if not any(same(event.receiver, m) or contains(m, event.receiver) for m in parameters_of(made.result)):
                    continue
                if _is_rebuilt(root, event, made):
                    continue
                yield Problem(
                    event.site,
                    f"The layer is replaced after {made.result.class_name} ({made.site}) took the old parameters: "
                    "the new layer is never trained.",
                    "Change the model first, then build the optimizer.",
                    0.9,
                    "Compare ids: {id(p) for p in model.parameters()} against those in optimizer.param_groups.",
                    built_behind(made, event),
                )


def find_thawed_outside_optimizer(trace: Trace) -> Iterator[Problem]:
    """The optimizer takes what is trainable while a part is frozen; the part is thawed later and never added."""
    for root in trace.roots:
        freezes = [(e, m) for e in root if not _is_selective(e) and (m := _frozen_by(e)) is not None]
        for made in root if freezes else ():
            if made.op != "new" or made.result.kind != "optimizer" or not _is_filtered(made.result):
                continue
            thaw = next((e for e in root if e.index > made.index and _thaws_any(e, freezes, made)), None)
            if thaw is not None and not _is_rebuilt(root, thaw, made):
                yield Problem(
                    thaw.site,
                    f"These parameters become trainable here, and {made.result.class_name} ({made.site}) took only "
                    "what was trainable before: they get gradients and are never changed.",
                    "optimizer.add_param_group({'params': ...}) after thawing, or a new optimizer.",
                    0.9,
                    "Compare a parameter of this part before and after ten steps: it does not change.",
                    all_parameters(made.result.site),
                    related=(made.site,),
                )


def _thaws_any(event: Event, freezes: list[tuple[Event, Value]], made: Event) -> bool:
    """Sets requires_grad=True on the parameters of a module that was frozen before the optimizer was made."""
    if not _thaws(event) or _is_selective(event):
        return False
    target = event.receiver
    module = target if target is not None and target.kind == "module" else _module_of_parameters(target)
    return module is not None and any(same(module, m) and f.index < made.index for f, m in freezes)


def _replaces_layer(event: Event) -> bool:
    if event.op == "set[]" and len(event.args) == 2:  # model.classifier[6] = nn.Linear(...)
        return event.args[1].kind == "module" and event.receiver is not None and not _builds_itself(event)
    return (
        event.op.startswith("set.")
        and event.args[0].kind == "module"
        and event.receiver is not None
        and event.receiver.kind == "module"
        and not _builds_itself(event)
    )


def _builds_itself(event: Event) -> bool:
    """`self.fc = nn.Linear(...)` in a constructor or forward: a module that puts itself together."""
    within = any(f.kind == "call" and f.label in ("__init__", "forward") for f in event.frame.chain())
    return within and unparsed(event.node).split("[")[0].count(".") < 2


def _is_rebuilt(root: tuple[Event, ...], change: Event, made: Event) -> bool:
    return any(
        e.index > change.index
        and (e.op == "optimizer.add_param_group" or (e.op == "new" and e.result.kind == "optimizer" and e is not made))
        for e in root
    )


def find_optimizer_of_other_model(trace: Trace) -> Iterator[Problem]:
    """What the loop runs and what the optimizer holds have nothing in common."""
    for training in training_loops(trace):
        if training.is_managed or any(_is_other_step(e) for e in training.events):
            continue
        used, layers = _models_run(training), _layers_run(training)
        optimizers = [s.optimizer for s in training.steps]
        if not used or any(o.kind != "optimizer" or len(alternatives(o)) > 1 for o in optimizers):
            continue
        for optimizer in optimizers[:1]:
            held = parameters_of(optimizer)
            if (
                held
                and len(optimizers) == 1
                and _is_plain(optimizer)
                and not any(_related(u, h) for u in (*used, *layers) for h in held)
            ):
                step = training.steps[0].event.site
                yield Problem(
                    optimizer.site or step,
                    f"The loop trains {used[0].name or 'a model'} ({used[0].site}), but the optimizer it steps "
                    f"({step}) holds the parameters of another one ({held[0].site}).",
                    "Build the optimizer from the parameters of the model that is trained.",
                    0.9,
                    "Compare a parameter of the trained model before and after ten steps: it does not change.",
                    over_the_trained(optimizer, used[0])
                    if all(u is used[0] or contains(used[0], u) for u in used)
                    else (),
                )


def _is_other_step(event: Event) -> bool:
    """A step of something that is no known optimizer, scaler or scheduler, and may well hold the model."""
    return event.op in ("object.step", "?.step", "accelerator.step")


def _models_run(training: TrainingLoop) -> list[Value]:
    """The models whose output the loop differentiates; empty when one of them is not known."""
    calls = [e for e in training.events if e.op == "module()" and not e.grad_may_be_off() and e.callee is not None]
    found = [leaf for e in calls for leaf in alternatives(e.callee or Value())]
    return found if all(v.kind == "module" and v.op != "join" for v in found) else []


def _layers_run(training: TrainingLoop) -> list[Value]:
    """Layers of the library called in the loop, in a model or beside it (a head of its own)."""
    calls = [e.callee for e in training.events if e.op != "module()" and e.callee and not e.grad_may_be_off()]
    return [leaf for callee in calls for leaf in alternatives(callee) if leaf.kind == "module"]


def _is_plain(optimizer: Value) -> bool:
    """`X.parameters()` and nothing else, so that nothing held is overlooked."""
    first = optimizer.argument(0, "params")
    return first is not None and first.kind == "params" and first.op == "parameters"


def _related(one: Value, other: Value) -> bool:
    return same(one, other) or contains(one, other) or contains(other, one) or _shares_part(one, other)


def _shares_part(one: Value, other: Value) -> bool:
    mine = {id(v) for v in one.attrs.values() if v.kind == "module"}
    return any(id(v) in mine for v in other.attrs.values()) or other in one.args or one in other.args


def find_unregistered_layers(trace: Trace) -> Iterator[Problem]:
    for root in trace.roots:
        registered = _registered(root)
        for event in root:
            if not event.op.startswith("set.") or not event.args or not _is_own_module(event.receiver):
                continue
            layers = _layers_of(event.args[0]) or _filled_with(event.args[0], root)
            if layers and not any(id(v) in registered for v in (event.args[0], *layers)):
                yield Problem(
                    event.site,
                    f"`self.{event.op[4:]}` keeps {len(layers) if len(layers) > 1 else 'its'} layers in a plain "
                    f"{'dict' if event.args[0].kind == 'mapping' else 'list'}: parameters(), to() and state_dict() "
                    "do not see them.",
                    "Keep them in nn.ModuleList or nn.ModuleDict.",
                    0.9,
                    "Compare sum(p.numel() for p in model.parameters()) with what you expect.",
                    _registered_edit(event),
                )


def _registered_edit(event: Event) -> tuple[Edit, ...]:
    """The value in the container that registers it: all of it parameters, or all modules; keys that are names."""
    value, node = event.args[0], _assigned_value(event)
    items = [value.inputs[0]] if value.op == "comprehension" else list(value.items or _layers_of(value))
    if not items:
        return ()
    if all(item.class_name == "Parameter" for item in items):
        kind = "Parameter"
    elif all(item.kind == "module" for item in items):
        kind = "Module"
    else:
        return ()
    if value.op == "mul":  # [Block()] * n: one layer n times over; the list is to hold n of them
        return repeated_in(event.site, node, f"{kind}List")
    if not _is_dict(value):
        return wrapped_in(event.site, node, f"{kind}List")
    keys = node.keys if isinstance(node, ast.Dict) else []
    named = all(isinstance(k, ast.Constant) and isinstance(k.value, str) and "." not in k.value for k in keys)
    return wrapped_in(event.site, node, f"{kind}Dict") if keys and named else ()


def _assigned_value(event: Event) -> ast.expr | None:
    """What stands right of `self.layers =`."""
    holder = next((s for s in walk(event.file.tree) if isinstance(s, ast.Assign) and event.node in s.targets), None)
    return holder.value if holder is not None and len(holder.targets) == 1 else None


def _filled_with(container: Value, root: tuple[Event, ...]) -> list[Value]:
    """The layers that `self.heads[task] = nn.Linear(...)` puts into an empty dict."""
    if container.kind != "mapping" or container.items:
        return []
    put = [e.args[1] for e in root if e.op == "set[]" and e.receiver is container and len(e.args) == 2]
    return [v for v in put if v.kind == "module" and _has_parameters(v)]


def _is_dict(value: Value) -> bool:
    return value.kind == "mapping" or isinstance(getattr(value.site, "node", None), ast.DictComp)


def _is_own_module(value: Value | None) -> bool:
    return value is not None and value.kind == "module" and isinstance(value.definition, Class)


def _layers_of(value: Value) -> list[Value]:
    """The layers with parameters in a plain list, tuple, dict or list comprehension, built right there."""
    if value.kind == "sequence" or value.kind == "mapping":
        found = list(value.items or ())
    elif value.op == "mul" and value.inputs and value.inputs[0].kind == "sequence":  # [Block()] * n
        found = list(value.inputs[0].items or ())
    elif value.op == "comprehension" and isinstance(getattr(value.site, "node", None), ast.ListComp | ast.DictComp):
        found = [value.inputs[0]]
    else:
        return []
    return [v for v in found if v.class_name == "Parameter" or (v.kind == "module" and _has_parameters(v))]


def _has_parameters(value: Value) -> bool:
    if isinstance(value.definition, Class):
        return any(_has_parameters(v) for v in value.attrs.values() if v.kind == "module")
    if value.class_name == "Sequential":  # of what a star hands on, layers with parameters are the rule
        return any(v.op == "starred" or (v.kind == "module" and _has_parameters(v)) for v in value.args)
    return value.class_name in _WITH_PARAMETERS


def _registered(root: tuple[Event, ...]) -> set[int]:
    """ids of values that get into a container, an attribute of their own, add_module or an optimizer."""
    found: set[int] = set()
    for event in root:
        if _registers(event):
            given = (*event.args, *event.kwargs.values())
            found.update(id(v) for a in given for v in ancestors(a, 60))
    return found


def _registers(event: Event) -> bool:
    if event.op == "new":
        return event.result.kind in ("module", "optimizer")
    if event.op.startswith("set."):
        return event.args[0].kind == "module"
    return event.op in ("call", "builtins.setattr") or event.op.endswith(_REGISTERING)


CHECKS = (
    Check("optimizer-without-trainable-parameters", "An optimizer all of whose parameters are frozen.",
          "Parameters with requires_grad=False get no gradient and never change.",
          "Unfreeze what should be trained or add a new head before building the optimizer.",
          "model_software/frozen_parameters",
          _TRANSFER, "error", "silent_bug", find_nothing_to_train),
    Check("frozen-parameters-in-optimizer", "Frozen parameters handed to the optimizer.",
          "They never change; the code looks as if they did.",
          "Filter by requires_grad.", "model_software/frozen_parameters",
          _TRANSFER, "note", "silent_bug", find_frozen_in_optimizer),
    Check("thawed-outside-optimizer", "Parameters thawed after the optimizer took the trainable ones.",
          "An optimizer never looks at requires_grad again; it changes what it was given.",
          "Add them with add_param_group.", "model_software/frozen_parameters",
          _OPTIM, "error", "silent_bug", find_thawed_outside_optimizer),
    Check("optimizer-before-model-change", "A layer replaced after the optimizer was built.",
          "The optimizer keeps updating the parameters it was given.",
          "Build the optimizer last.", "model_software/stale_optimizer",
          _OPTIM, "error", "silent_bug", find_model_changed_after_optimizer),
    Check("optimizer-wrong-model", "An optimizer over a model that the loop does not run.",
          "The gradients of the model that runs are never used.",
          "Give the optimizer the parameters of the trained model.", "model_software/stale_optimizer",
          _OPTIM, "error", "silent_bug", find_optimizer_of_other_model),
    Check("modules-in-plain-list", "Layers kept in a plain list or dict of a module.",
          "nn.Module registers only attributes that are modules or module containers.",
          "Use nn.ModuleList or nn.ModuleDict.", "model_software/unregistered_parameters",
          _LISTS, "error", "silent_bug", find_unregistered_layers),
)  # fmt: skip
