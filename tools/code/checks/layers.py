"""Layers and parameters that are made anew, left out, or always active."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_layers import built_in_constructor, parameter_outside, whole_model
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import Class, last_name
from misrun.tools.code.trace import Event, Frame, Trace
from misrun.tools.code.training import contains, parameters_of, parts_of, training_loops
from misrun.tools.code.values import Site, Value, is_constant, number, same
from misrun.tools.code.walking import unparsed, walk

_MODULE = "https://docs.pytorch.org/docs/stable/notes/modules.html"
_DROPOUT = "https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html"
_PARAMETER = "https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html"
_LEAF = "https://docs.pytorch.org/docs/stable/generated/torch.Tensor.is_leaf.html"
_WITH_WEIGHTS = names(
    "Linear Bilinear Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d Embedding EmbeddingBag BatchNorm1d"
    " BatchNorm2d BatchNorm3d LSTM GRU RNN LSTMCell GRUCell MultiheadAttention TransformerEncoderLayer"
    " TransformerEncoder TransformerDecoderLayer TransformerDecoder Transformer Parameter"
)
_DROPOUTS = names("Dropout Dropout1d Dropout2d Dropout3d AlphaDropout")
# Parts that are copied from, or driven by, another part and not trained on their own.
FOLLOWERS = ("ema", "target", "teacher", "momentum", "frozen", "ref", "key_enc", "shadow", "vgg", "lpips", "percept")


def _forward_frame(event: Event) -> Frame | None:
    """The innermost call around the event when it is a forward()."""
    frame = next((f for f in event.frame.chain() if f.kind == "call"), None)
    return frame if frame is not None and frame.label in ("forward", "__call__") else None


def find_layer_in_forward(trace: Trace) -> Iterator[Problem]:
    for event in trace.events("new"):
        frame = _forward_frame(event)
        layer = event.result
        if frame is None or not layer.path.startswith("torch.nn.") or event.branches_within(frame):
            continue
        if layer.class_name in _WITH_WEIGHTS and not event.grad_is_off():
            yield Problem(
                event.site,
                f"{layer.class_name} is built inside forward(): every call starts with new random weights, and the "
                "optimizer never sees them.",
                "Build it in __init__ as an attribute.",
                0.9,
                "Run the model twice on one input in eval mode: the outputs differ.",
                built_in_constructor(event.site),
            )
        elif layer.class_name in _DROPOUTS and not is_constant(layer.argument(0, "p"), 0, 0.0):
            yield Problem(
                event.site,
                "A dropout layer built inside forward() is in train mode always: model.eval() does not reach it.",
                "Build it in __init__, or use F.dropout(x, p, training=self.training).",
                0.9,
                "Run the model twice on one input in eval mode: the outputs differ.",
                built_in_constructor(event.site),
            )


def find_dropout_always_on(trace: Trace) -> Iterator[Problem]:
    """`F.dropout(x, p)` in a module: `training` is True by default."""
    switched = any(e.op.endswith((".eval", ".train")) for e in trace.events())
    for event in trace.events("dropout"):
        if event.callee is not None or not isinstance(event.node, ast.Call):
            continue
        given = event.argument(2, "training")
        owner = next((f for f in event.frame.chain() if f.kind == "call"), None)
        if (given is None or is_constant(given, True)) and "**" not in event.kwargs and owner is not None:
            p = number(event.argument(1, "p"))
            if any(
                isinstance(b.node, ast.If) and "training" in unparsed(b.node.test) for b in event.branches_within(owner)
            ):
                continue
            if p == 0 or not _in_module(event) or (is_constant(given, True) and not switched):
                continue
            sure = 0.85 if given is None else 0.5  # an explicit True can be meant (Monte-Carlo dropout)
            yield Problem(
                event.site,
                "F.dropout without training=self.training drops units in evaluation too: its default is True.",
                "F.dropout(x, p, training=self.training), or an nn.Dropout layer.",
                sure,
                "Run the model twice on one input in eval mode: the outputs differ.",
                _with_training(event) if given is None else (),
            )


def _in_module(event: Event) -> bool:
    """Written in a method of a class that has a forward()."""
    return any(f.kind == "call" for f in event.frame.chain()) and _method_owner(event) is not None


def _method_owner(event: Event) -> ast.ClassDef | None:
    line = event.site.line
    for node in walk(event.file.tree):
        around = isinstance(node, ast.ClassDef) and node.lineno <= line <= (node.end_lineno or line)
        if isinstance(node, ast.ClassDef) and around and _has_forward(node):
            return node
    return None


def _has_forward(node: ast.ClassDef) -> bool:
    return any(isinstance(m, ast.FunctionDef) and m.name == "forward" for m in node.body)


def _with_training(event: Event) -> tuple[Edit, ...]:
    node = event.node
    if not isinstance(node, ast.Call) or not node.args:
        return ()
    parts = [*node.args, *(k.value for k in node.keywords)]
    last = max(parts, key=lambda n: (n.end_lineno or 0, n.end_col_offset or 0))
    return (Edit("replace", event.file, last, f"{unparsed(last)}, training=self.training"),)


def find_parameter_not_leaf(trace: Trace) -> Iterator[Problem]:
    """`nn.Parameter(...).to(device)`: the attribute is a copy that is no parameter."""
    for file in trace.project.files:
        for node in walk(file.tree):
            moved = _moved_parameter(node)
            if moved is not None:
                yield Problem(
                    Site(file, node),
                    f"`.{moved}()` of a Parameter gives a plain tensor computed from it: it is not registered with the "
                    "module, not in parameters(), and never trained.",
                    "Move the data first: nn.Parameter(torch.zeros(...).to(device)), or move the whole module.",
                    0.9,
                    "Print the names in model.named_parameters().",
                    parameter_outside(Site(file, node)),
                )


def _moved_parameter(node: ast.AST) -> str | None:
    """The method of `self.w = nn.Parameter(...).to(device)`."""
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Attribute):
        return None
    call = node.value
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    inner = call.func.value
    made = isinstance(inner, ast.Call) and last_name(inner.func) == "Parameter"
    return call.func.attr if made and call.func.attr in ("to", "cuda", "float", "double", "half") else None


def find_part_left_out(trace: Trace) -> Iterator[Problem]:
    """The optimizer holds some parts of a model built from scratch; others, never frozen, are in no optimizer."""
    for training in training_loops(trace):
        optimizers = [s.optimizer for s in training.steps if s.is_known]
        if (
            len(optimizers) != len(training.steps)
            or not optimizers
            or training.is_managed
            or is_finetuned(training.root)
        ):
            continue
        held = [m for o in optimizers for m in parameters_of(o)]
        for call in training.events:
            model = call.callee
            if call.op != "module()" or model is None or model.op == "join" or not isinstance(model.definition, Class):
                continue
            left = _left_out(model, held)
            if left and held:
                made = optimizers[0].site
                yield Problem(
                    made if made is not None else call.site,
                    f"The optimizer is given only a part of {model.class_name}: {', '.join(left)} "
                    f"{'is' if len(left) == 1 else 'are'} in no optimizer and never trained.",
                    "Give it all parameters: model.parameters().",
                    0.6,  # a part can be left at its random weights on purpose
                    "Compare the weights of every part before and after ten steps.",
                    whole_model(made) if made is not None else (),
                )
                break


def _left_out(model: Value, held: list[Value]) -> list[str]:
    parts = {n: p for n, p in model.attrs.items() if p.kind == "module" and p.op != "join" and has_weights(p)}
    if any(same(model, m) or contains(m, model) for m in held):
        return []
    mine = [n for n, p in parts.items() if any(same(p, m) or contains(m, p) or contains(p, m) for m in held)]
    followers = [n for n in parts if any(word in n.lower() for word in FOLLOWERS)]
    return [n for n in parts if n not in mine] if mine and not followers else []


def has_weights(value: Value) -> bool:
    stack, seen = [value], {id(value)}
    while stack and len(seen) < 200:
        top = stack.pop()
        if top.path.startswith("torch.nn.") and top.class_name in _WITH_WEIGHTS:
            return True
        for child in parts_of(top):
            if child.class_name == "Parameter":
                return True
            if child.kind == "module" and id(child) not in seen:
                seen.add(id(child))
                stack.append(child)
    return False


def is_finetuned(root: tuple[Event, ...]) -> bool:
    """Weights are loaded, frozen or copied somewhere: leaving parts out can be meant."""
    return any(
        (
            e.op.endswith((".load_state_dict", ".requires_grad_", ".eval"))
            and (
                e.op.split(".")[-1] != "eval"
                or any(f.kind == "call" and f.label == "__init__" for f in e.frame.chain())
            )
        )
        or e.op in ("set.requires_grad", "copy_")
        or "pretrained" in e.op
        for e in root
    )


CHECKS = (
    Check("layer-built-in-forward", "A layer or parameter constructed inside forward().",
          "It is new in every call, not registered, and not in the optimizer.",
          "Construct it in __init__.", "model_software/unregistered_parameters",
          _MODULE, "error", "silent_bug", find_layer_in_forward),
    Check("dropout-always-on", "F.dropout that does not know the mode of the module.",
          "Its argument `training` is True by default.", "Pass training=self.training.",
          "model_software/train_eval_mode", _DROPOUT, "warning", "silent_bug", find_dropout_always_on),
    Check("parameter-not-leaf", "A Parameter moved or cast in the expression that makes it.",
          "The result is a tensor computed from the parameter, not the parameter.",
          "Make the Parameter from data already in place.", "model_software/unregistered_parameters",
          _LEAF, "error", "silent_bug", find_parameter_not_leaf),
    Check("optimizer-leaves-out-part", "An optimizer over a part of a model that is trained from scratch.",
          "The other parts keep their random weights.", "Give all parameters to the optimizer.",
          "model_software/frozen_parameters", _PARAMETER, "warning", "silent_bug", find_part_left_out),
)  # fmt: skip
