"""Initial weights that cannot be trained from, and networks too deep for their activation."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.names import names
from misrun.tools.code.project_model import last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event, Frame, Trace
from misrun.tools.code.training import training_loops
from misrun.tools.code.values import Site, Value, ancestors, number

_GLOROT = "https://proceedings.mlr.press/v9/glorot10a.html"
_HE = "https://arxiv.org/abs/1502.01852"
_PASCANU = "https://arxiv.org/abs/1211.5063"
_WEIGHTED = names("Linear Conv1d Conv2d Conv3d ConvTranspose2d")
# A layer of n inputs needs a standard deviation of about sqrt(2 / n) (He et al. 2015, equation 10): 0.5 fits n = 8.
_HIGHEST_STD = 0.5
# Inputs of unit variance through usual initial weights stay within about 1 of 0; a bias of -1 puts 84 % below 0.
_LOWEST_BIAS = -1.0
# The sigmoid's derivative is at most 1/4: four layers leave 1/256 of the gradient.
_MOST_SIGMOIDS = 4


def find_bad_weights(trace: Trace) -> Iterator[Problem]:
    """For all modules of a kind: `if isinstance(m, nn.Linear): nn.init.zeros_(m.weight)`, and alike."""
    for file in trace.project.files:
        tests = [n for n in ast.walk(file.tree) if isinstance(n, ast.If)]
        texts = [ast.unparse(n.test) for n in tests]
        # Beside convolutions of their own treatment the linear layer is the head, which may well start at 0.
        has_convolutions = any("Conv" in text for text in file.lines)
        for node, text in zip(tests, texts, strict=True):
            name = _tested_module(node.test)
            if name and ("Conv" in text or not has_convolutions):
                for statement in node.body:  # not under a further condition, such as the name of the layer
                    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                        yield from _bad_weight(file, statement.value, name)


def _tested_module(test: ast.expr) -> str:
    """The name m of `isinstance(m, nn.Linear)` when nothing else is asked and all layers named have weights."""
    if not isinstance(test, ast.Call) or last_name(test.func) != "isinstance" or len(test.args) != 2:
        return ""
    kinds = test.args[1].elts if isinstance(test.args[1], ast.Tuple) else [test.args[1]]
    plain = all(last_name(kind) in _WEIGHTED for kind in kinds)
    return test.args[0].id if plain and isinstance(test.args[0], ast.Name) else ""


def _bad_weight(file: SourceFile, call: ast.Call, module: str) -> Iterator[Problem]:
    target = ast.unparse(call.args[0]) if call.args else ""
    held = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    weight = (f"{module}.weight", f"{module}.weight.data")
    if target not in weight and held not in weight:
        return
    name, given = last_name(call.func), call.args if held in weight else call.args[1:]
    if name in ("zeros_", "ones_", "constant_", "fill_", "zero_"):
        message = (
            "All weights of a layer start equal: its units compute the same, get the same gradient, and stay equal."
        )
        yield _weights_problem(file, call, message, 0.6)
        return
    std = _literal(given, call, {"normal_": (1, "std", 1.0), "uniform_": (1, "b", 1.0)}.get(name))
    if std is not None and std / (1 if name == "normal_" else 3**0.5) >= _HIGHEST_STD:
        message = f"{name} with {std:g} gives weights far too large: activations grow from layer to layer."
        yield _weights_problem(file, call, message, 0.6)


def _literal(given: list[ast.expr], call: ast.Call, slot: tuple[int, str, float] | None) -> float | None:
    """The number at a position or under a name of the call, or its default."""
    if slot is None:
        return None
    position, name, default = slot
    nodes = [k.value for k in call.keywords if k.arg == name] or given[position : position + 1]
    if not nodes:
        return default
    value = nodes[0].value if isinstance(nodes[0], ast.Constant) else None
    return float(value) if isinstance(value, int | float) else None


def _weights_problem(file: SourceFile, call: ast.Call, message: str, confidence: float) -> Problem:
    return Problem(
        Site(file, call),
        message,
        "nn.init.kaiming_normal_ (relu) or nn.init.xavier_uniform_ (tanh, sigmoid), or PyTorch's default.",
        confidence,
        "Print the standard deviation of the activations of every layer at step 0.",
    )


def find_negative_bias(trace: Trace) -> Iterator[Problem]:
    """A bias set far below 0 for a layer that a relu follows."""
    for root in trace.roots:
        fills = [(e, b) for e in root if (b := _filled_bias(e)) is not None and b <= _LOWEST_BIAS]
        if not fills:
            continue
        before_relu = {id(v.callee): v.callee for e in root if e.op == "relu" for v in e.args[:1] if v.callee}
        for event, bias in fills:
            base = _owner_of_bias(event)
            if base is not None and any(id(m) in before_relu for m in (base, *base.inputs)):
                yield Problem(
                    event.site,
                    f"A bias of {bias:g} before a relu: the sums stay below 0 for nearly all inputs, the units are off "
                    "and get no gradient.",
                    "A bias of 0 (or slightly above).",
                    0.6,
                    "Print the share of activations that are exactly 0.",
                )


def _filled_bias(event: Event) -> float | None:
    if not event.args or not (event.op.endswith(("constant_", "fill_")) or event.op == "fill_"):
        return None
    return number(event.args[1]) if len(event.args) > 1 and _owner_of_bias(event) is not None else None


def _owner_of_bias(event: Event) -> Value | None:
    """The layer whose bias is filled."""
    value = event.args[0]
    for part in ancestors(value, 4):
        if part.op == "attr" and part.name.rpartition(".")[2] == "bias" and part.inputs:
            return part.inputs[0]
    if value.op == "join" and all(v.op == "attr" and v.name.endswith("bias") for v in value.inputs):
        layers = tuple(v.inputs[0] for v in value.inputs if v.inputs)
        return Value(op="join", inputs=layers)
    return None


def find_deep_sigmoids(trace: Trace) -> Iterator[Problem]:
    """Many linear layers with a sigmoid each, and neither normalisation nor a residual path."""
    for root in trace.roots:
        reported: set[int] = set()
        for event in root:
            if event.op != "sigmoid" or id(event.node) in reported:
                continue
            count, first = _sigmoids_below(event.result)
            if count * _passes(event) >= _MOST_SIGMOIDS and first is not None and id(first) not in reported:
                reported |= {id(event.node), id(first)}
                many = count * _passes(event)
                yield Problem(
                    event.site,
                    f"{many:g} sigmoid layers in a row: each passes on at most a quarter of the gradient, so the first "
                    f"layers get less than {0.25**many:.1g} of it.",
                    "ReLU or GELU in the hidden layers, with normalisation or residual connections.",
                    0.6,
                    "Print the gradient norm of every layer.",
                )
        yield from _appended_sigmoids(root)


def _appended_sigmoids(root: tuple[Event, ...]) -> Iterator[Problem]:
    """`for _ in range(10): layers += [nn.Linear(n, n), nn.Sigmoid()]`."""
    for event in root:
        loop = event.frame
        over = loop.value if event.op == "new" and event.result.path == "torch.nn.Sigmoid" else None
        if over is None or loop.kind != "loop" or over.op != "range" or len(over.inputs) != 1:
            continue
        made = [e.result.class_name for e in root if e.op == "new" and e.within(loop)]
        many = number(over.inputs[0]) or 0
        if many >= _MOST_SIGMOIDS and set(made) <= {"Sigmoid", "Dropout", *_WEIGHTED} and set(made) & _WEIGHTED:
            yield Problem(
                event.site,
                f"{many:g} layers with a sigmoid each are put together here: each passes on at most a quarter of the "
                f"gradient, so the first layers get less than {0.25**many:.1g} of it.",
                "ReLU or GELU in the hidden layers, with normalisation or residual connections.",
                0.6,
                "Print the gradient norm of every layer.",
            )


def _sigmoids_below(value: Value) -> tuple[int, ast.AST | None]:
    """How many sigmoids follow each other with a linear layer between them, and the node of the first."""
    count, first = 0, None
    for _ in range(200):  # layers of a hand-written stack
        if value.op == "sigmoid":
            count, first = count + 1, value.site.node if value.site else None
        elif value.op not in ("linear", "dropout", "flatten", "view", "reshape"):
            break
        if not value.inputs:
            break
        value = value.inputs[0]
    return count, first


def _passes(event: Event) -> float:
    """How often `for layer in layers: x = sigmoid(layer(x))` repeats the event; 1 where the length is not known."""
    loop = next((f for f in event.frame.chain() if f.kind == "loop"), None)
    over = loop.value if loop is not None else None
    if loop is None or over is None or not _inside_forward(event, loop) or not _is_assigned(event, loop):
        return 1
    for part in ancestors(over, 12):
        for made in (*part.args[:1], part):
            if made.op == "comprehension":
                length = next((number(v.inputs[-1]) for v in made.inputs[1:] if v.op == "range" and v.inputs), None)
                return length or 1
    return 1


def _is_assigned(event: Event, loop: Frame) -> bool:
    """The loop does nothing to the values but this."""
    body = loop.node.body if isinstance(loop.node, ast.For) else []
    return len(body) == 1 and isinstance(body[0], ast.Assign) and body[0].value is event.node


def _inside_forward(event: Event, loop: Frame | None) -> bool:
    """The loop is within forward(), not around the call of the model."""
    for frame in event.frame.chain():
        if frame is loop:
            return True
        if frame.kind == "call":
            return False
    return False


def find_unclipped_recurrence(trace: Trace) -> Iterator[Problem]:
    """A plain RNN (no gates) trained without clipping."""
    for training in training_loops(trace):
        clipped = any("clip" in e.op for e in training.events) or training.is_managed
        plain = next((e for e in training.events if e.op == "rnn" or _is_cell(e)), None)
        if plain is None or clipped or not training.steps:
            continue
        yield Problem(
            training.backwards[0].site,
            f"A recurrent network without gates ({plain.site}) is trained without clipping: through many time steps "
            "its gradient grows or shrinks exponentially.",
            "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0) between backward and step.",
            0.45,
            "Log the gradient norm of every step.",
            related=(plain.site,),
        )


def _is_cell(event: Event) -> bool:
    return event.op == "module()" and event.callee is not None and event.callee.class_name == "RNNCell"


CHECKS = (
    Check("initial-weights-off", "All weights set to one number, or drawn far too widely.",
          "Equal units stay equal; large weights saturate or explode.",
          "Use Kaiming or Xavier initialisation.", "optimization/bad_initialization",
          _HE, "warning", "silent_bug", find_bad_weights),
    Check("bias-shuts-units", "A large negative bias before a relu.",
          "A relu of a negative sum has no gradient.", "Start with a bias of 0.",
          "optimization/dead_units", _HE, "warning", "silent_bug", find_negative_bias),
    Check("sigmoid-stack", "Many sigmoid layers without normalisation or residual connections.",
          "The derivative of the sigmoid is at most 1/4.", "Use ReLU or GELU.",
          "optimization/vanishing_gradient", _GLOROT, "warning", "silent_bug", find_deep_sigmoids),
    Check("recurrence-unclipped", "A plain RNN trained without gradient clipping.",
          "Back-propagation through time multiplies one matrix many times.", "Clip the gradient norm.",
          "optimization/gradient_explosion", _PASCANU, "note", "silent_bug", find_unclipped_recurrence),
)  # fmt: skip
