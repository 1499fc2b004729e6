"""Initial weights that cannot be trained from, and networks too deep for their activation."""

import ast
import re
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_clipping import clipped_before_step
from misrun.tools.code.checks.repair_initialization import drawn_to_fit, gated, number_filled, zero_bias
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event, Frame, Trace
from misrun.tools.code.training import TrainingLoop, training_loops
from misrun.tools.code.values import Site, Value, ancestors, number, unwrap
from misrun.tools.code.walking import unparsed, walk

_GLOROT = "https://proceedings.mlr.press/v9/glorot10a.html"
_HE = "https://arxiv.org/abs/1502.01852"
_PASCANU = "https://arxiv.org/abs/1211.5063"
_WEIGHTED = names("Linear Conv1d Conv2d Conv3d ConvTranspose2d")
# A layer of n inputs needs a standard deviation of about sqrt(2 / n) (He et al. 2015, equation 10): 0.5 fits n = 8.
_HIGHEST_STD = 0.5
# 1e-4 after a layer of 100 inputs leaves a thousandth of the signal.
_LOWEST_STD = 1e-4
# Where the width of a distribution stands in a call of torch.nn.init or of a tensor's method, and its default. A gain
# multiplies a width that fits: 5 is 3.5 times what relu needs.
_WIDTHS = {
    "normal_": (1, "std", 1.0),
    "trunc_normal_": (1, "std", 1.0),
    "uniform_": (1, "b", 1.0),
    "xavier_uniform_": (0, "gain", 1.0),
    "xavier_normal_": (0, "gain", 1.0),
    "orthogonal_": (0, "gain", 1.0),
}
# A uniform distribution on (-b, b) has standard deviation b / sqrt(3); gains are compared with 5.
_TO_STD = {"uniform_": 3**0.5, "xavier_uniform_": 10.0, "xavier_normal_": 10.0, "orthogonal_": 10.0}
# Tables of embeddings start with deviation 1 in PyTorch, norms at 1; a head or a residual branch may start at 0.
_CLASS_NAMED = re.compile(r"""['"](?:Linear|Conv\w*)['"]""")
_NOT_HIDDEN = re.compile(r"emb|tok|pos|norm|ln|bn|head|out|proj|last|final|gate|router|lora|adapter|modulation|film")
# Inputs of unit variance through usual initial weights stay within about 1 of 0; a bias of -1 puts 84 % below 0.
_LOWEST_BIAS = -1.0
# The sigmoid's derivative is at most 1/4: four layers leave 1/256 of the gradient.
_MOST_SIGMOIDS = 4
# PyTorch draws a linear layer's weights with variance 1 / (3 n): tanh passes on 0.58 of the gradient, relu 0.41 (half
# of the units are off); a thousandth is left after 12 and 8 layers. Twice that depth is beyond luck.
_DEEPEST = {"Sigmoid": 4, "Tanh": 14, "ReLU": 16}
_BETWEEN = names("linear conv1d conv2d avg_pool2d max_pool2d adaptive_avg_pool2d dropout flatten view reshape")
_KINDS = {"sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "ReLU"}


def find_bad_weights(trace: Trace) -> Iterator[Problem]:
    """For all layers of a kind or all weights at once: `if isinstance(m, nn.Linear): nn.init.zeros_(m.weight)`,
    `for p in self.parameters(): nn.init.normal_(p)`, and several layers one by one."""
    for file in trace.project.files:
        for call, target in _fills_of_all(file):
            yield from _bad_weight(file, call, target)
        yield from _one_by_one(file)


def _fills_of_all(file: SourceFile) -> Iterator[tuple[ast.Call, str]]:
    """Calls that fill the weights of many layers, with the text of the weight."""
    # Beside convolutions of their own treatment the linear layer is the head, which may well start at 0.
    has_convolutions = any("Conv" in text for text in file.lines)
    for node in walk(file.tree):
        if isinstance(node, ast.If):
            name = _tested_module(node.test)
            if name and ("Conv" in unparsed(node.test) or not has_convolutions):
                yield from ((call, f"{name}.weight") for call in _calls(node.body))
        elif isinstance(node, ast.For):
            yield from _looped(node)
        elif isinstance(node, ast.FunctionDef) and node.args.args:
            yield from _by_class_name(node)


def _by_class_name(function: ast.FunctionDef) -> Iterator[tuple[ast.Call, str]]:
    """`def init(m): name = m.__class__.__name__; if name.find("Linear") != -1: m.weight.data.normal_(0, 1)`."""
    if "__class__.__name__" not in unparsed(function) and "type(" not in unparsed(function):
        return
    name = function.args.args[0].arg
    for node in walk(function):
        text = unparsed(node.test) if isinstance(node, ast.If) else ""
        if isinstance(node, ast.If) and _CLASS_NAMED.search(text) and "Norm" not in text:
            yield from ((call, f"{name}.weight") for call in _calls(node.body))


def _calls(body: list[ast.stmt]) -> Iterator[ast.Call]:
    """Calls that are statements of their own, not under a further condition such as the name of the layer."""
    for statement in body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            yield statement.value


def _looped(loop: ast.For) -> Iterator[tuple[ast.Call, str]]:
    """`for p in net.parameters()` (with or without a test of p.dim()), `for layer in (self.a, self.b)`."""
    over, target = unparsed(loop.iter), loop.target
    if isinstance(target, ast.Tuple) and "named_parameters" in over and isinstance(target.elts[-1], ast.Name):
        target = target.elts[-1]
    if not isinstance(target, ast.Name):
        return
    is_parameter = over.endswith("parameters()")
    several = isinstance(loop.iter, ast.Tuple | ast.List) and len(loop.iter.elts) > 1
    body = list(loop.body)
    for statement in loop.body:
        if isinstance(statement, ast.If) and _asks_only_for_weights(statement.test, target.id):
            body += statement.body
    if is_parameter or several:
        yield from ((call, target.id if is_parameter else f"{target.id}.weight") for call in _calls(body))


def _asks_only_for_weights(test: ast.expr, name: str) -> bool:
    """`p.dim() > 1`, `len(p.shape) > 1`, `'weight' in n`: what tells weights from biases."""
    text = unparsed(test)
    of_shape = name in {n.id for n in walk(test) if isinstance(n, ast.Name)} and ("dim" in text or "shape" in text)
    return of_shape or text.replace('"', "'").startswith("'weight' in ")


def _one_by_one(file: SourceFile) -> Iterator[Problem]:
    """`nn.init.zeros_(self.fc1.weight)` and the same for further layers: at least two are no zero start of the head."""
    for scope in walk(file.tree):
        if not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        found: list[tuple[str, Problem]] = []
        for call in _calls(scope.body):
            target = _weight_of_one(call)
            if target and not _NOT_HIDDEN.search(target.lower()) and _is_weighted(file, target):
                found += [(target, problem) for problem in _bad_weight(file, call, target)]
        if len({target for target, _ in found}) > 1:
            yield from (problem for _, problem in found)


def _is_weighted(file: SourceFile, target: str) -> bool:
    """Whether `self.fc1.weight` is that of a layer that multiplies; a layer made out of sight may be one."""
    owner = target.removesuffix(".weight")
    made = [last_name(value) for place, value in _assignments(file) if unparsed(place) == owner]
    return all(name in _WEIGHTED for name in made)


def _assignments(file: SourceFile) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Every target with its value, those of `a, b = x, y` one by one."""
    for node in walk(file.tree):
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                yield from zip(target.elts, value.elts, strict=False)
            else:
                yield target, value


def _weight_of_one(call: ast.Call) -> str:
    """ "self.fc1.weight" of a call that fills it, else ""."""
    text = unparsed(call.args[0]) if call.args else ""
    held = unparsed(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    for given in (text, held):
        plain = given.removesuffix(".data")
        if plain.endswith(".weight"):
            return plain
    return ""


def _tested_module(test: ast.expr) -> str:
    """The name m of `isinstance(m, nn.Linear)` when nothing else is asked and all layers named have weights."""
    if not isinstance(test, ast.Call) or last_name(test.func) != "isinstance" or len(test.args) != 2:
        return ""
    kinds = test.args[1].elts if isinstance(test.args[1], ast.Tuple) else [test.args[1]]
    classes = {last_name(kind) for kind in kinds}
    # Tables of embeddings are often drawn in the same line.
    plain = bool(classes & _WEIGHTED) and classes <= _WEIGHTED | {"Embedding"}
    return test.args[0].id if plain and isinstance(test.args[0], ast.Name) else ""


def _bad_weight(file: SourceFile, call: ast.Call, weight: str) -> Iterator[Problem]:
    """A problem if the call fills `weight` (or its `.data`) with what cannot be trained from."""
    target = unparsed(call.args[0]) if call.args else ""
    held = unparsed(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    if not {target, held} & {weight, f"{weight}.data"}:
        return
    name, given = last_name(call.func), call.args if target not in (weight, f"{weight}.data") else call.args[1:]
    if name in ("zeros_", "ones_", "constant_", "fill_", "zero_"):
        message = (
            "All weights of a layer start equal: its units compute the same, get the same gradient, and stay equal."
        )
        yield _weights_problem(file, call, message, 0.9, weight)
        return
    number = _literal(file, given, call, _WIDTHS.get(name))
    std = None if number is None else abs(number) / _TO_STD.get(name, 1.0)
    if std is not None and std >= _HIGHEST_STD:
        message = f"{name} with {number:g} gives weights far too large: activations grow from layer to layer."
        yield _weights_problem(file, call, message, 0.8, weight)
    elif std is not None and name in ("normal_", "uniform_", "trunc_normal_") and 0 < std <= _LOWEST_STD:
        message = f"{name} with {number:g} gives weights of next to nothing: no signal and no gradient gets through."
        yield _weights_problem(file, call, message, 0.7, weight)


def _literal(
    file: SourceFile, given: list[ast.expr], call: ast.Call, slot: tuple[int, str, float] | None
) -> float | None:
    """The number at a position or under a name of the call, or its default; a constant of the module or a default of
    the function around it stands for its number."""
    if slot is None:
        return None
    position, name, default = slot
    nodes = [k.value for k in call.keywords if k.arg == name] or given[position : position + 1]
    if not nodes:
        return default
    node = nodes[0]
    value: object = node.value if isinstance(node, ast.Constant) else None
    if isinstance(node, ast.Name):
        value = _named_number(file, node.id, call)
    elif isinstance(node, ast.Attribute) and unparsed(node.value) == "self":
        value = _attribute_number(file, node.attr, call)
    return float(value) if isinstance(value, int | float) else None


def _named_number(file: SourceFile, name: str, call: ast.Call) -> object:
    for scope in walk(file.tree):
        if isinstance(scope, ast.FunctionDef) and any(node is call for node in walk(scope)):
            arguments = scope.args.args
            defaults = dict(zip([a.arg for a in arguments[::-1]], scope.args.defaults[::-1], strict=False))
            if name in {a.arg for a in arguments}:
                default = defaults.get(name)
                return default.value if isinstance(default, ast.Constant) else None
    for statement in file.tree.body:
        if isinstance(statement, ast.Assign) and unparsed(statement.targets[0]) == name:
            return statement.value.value if isinstance(statement.value, ast.Constant) else None
    return None


def _attribute_number(file: SourceFile, name: str, call: ast.Call) -> object:
    """What `self.name` is set to in the class around the call: a number or a default of __init__."""
    for scope in walk(file.tree):
        if isinstance(scope, ast.ClassDef) and any(node is call for node in walk(scope)):
            for node in walk(scope):
                if isinstance(node, ast.Assign) and unparsed(node.targets[0]) == f"self.{name}":
                    given = node.value
                    if isinstance(given, ast.Name):
                        return _default_of(scope, given.id)
                    return given.value if isinstance(given, ast.Constant) else None
    return None


def _default_of(scope: ast.ClassDef, name: str) -> object:
    """The default of an argument of the class's __init__."""
    for node in scope.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            arguments = [*node.args.args[::-1]]
            defaults = dict(zip([a.arg for a in arguments], node.args.defaults[::-1], strict=False))
            defaults |= {a.arg: d for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d}
            default = defaults.get(name)
            return default.value if isinstance(default, ast.Constant) else None
    return None


def _weights_problem(file: SourceFile, call: ast.Call, message: str, confidence: float, weight: str) -> Problem:
    return Problem(
        Site(file, call),
        message,
        "nn.init.kaiming_normal_ (relu) or nn.init.xavier_uniform_ (tanh, sigmoid), or PyTorch's default.",
        confidence,
        "Print the standard deviation of the activations of every layer at step 0.",
        drawn_to_fit(file, call, weight),
    )


def find_negative_bias(trace: Trace) -> Iterator[Problem]:
    """A bias set far below 0 for a layer that a relu follows, or for all layers of a network of relus."""
    for file in trace.project.files:
        if any("relu" in text.lower() for text in file.lines):
            for call, weight in _fills_of_all(file):
                yield from _bias_of_all(file, call, weight.removesuffix(".weight") + ".bias")
    relus = (v.callee for e in trace.events("relu") for v in e.args[:1])
    before_relu = {id(m.site.node) for m in relus if m is not None and m.site is not None}
    for root in trace.roots:
        fills = [(e, b) for e in root if (b := _filled_bias(e)) is not None and b <= _LOWEST_BIAS]
        if not fills:
            continue
        for event, bias in fills:
            base = _owner_of_bias(event)
            layers = (base, *base.inputs) if base is not None else ()
            if any(m.site is not None and id(m.site.node) in before_relu for m in layers):
                yield _bias_problem(event.site, bias, 0.6)


def _bias_of_all(file: SourceFile, call: ast.Call, bias: str) -> Iterator[Problem]:
    """A bias of every layer filled with one negative number."""
    target = unparsed(call.args[0]) if call.args else ""
    held = unparsed(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    given = call.args[1:] if target in (bias, f"{bias}.data") else call.args
    if not {target, held} & {bias, f"{bias}.data"} or last_name(call.func) not in ("constant_", "fill_"):
        return
    nodes = [k.value for k in call.keywords if k.arg == "val"] or given[:1]
    value = _evaluated(nodes[0]) if nodes else None
    if value is not None and value <= _LOWEST_BIAS:
        yield _bias_problem(Site(file, call), value, 0.75)


def _evaluated(node: ast.expr) -> float | None:
    """A number written out, with its sign."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _evaluated(node.operand)
        return None if inner is None else -inner
    value = node.value if isinstance(node, ast.Constant) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _bias_problem(site: Site, bias: float, confidence: float) -> Problem:
    return Problem(
        site,
        f"A bias of {bias:g} before a relu: the sums stay below 0 for nearly all inputs, the units are off "
        "and get no gradient.",
        "A bias of 0 (or slightly above).",
        confidence,
        "Print the share of activations that are exactly 0.",
        zero_bias(site.file, number_filled(site.node)),
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
    yield from _looped_stacks(trace)


def _appended_sigmoids(root: tuple[Event, ...]) -> Iterator[Problem]:
    """`for _ in range(10): layers += [nn.Linear(n, n), nn.Sigmoid()]`."""
    for event in root:
        loop = event.frame
        kind = event.result.class_name if event.op == "new" and event.result.path.startswith("torch.nn.") else ""
        over = loop.value if kind in _DEEPEST else None
        if over is None or loop.kind != "loop" or over.op != "range" or len(over.inputs) != 1:
            continue
        made = [e.result.class_name for e in root if e.op == "new" and e.within(loop)]
        many = number(over.inputs[0]) or 0
        if many >= _DEEPEST[kind] and set(made) <= {kind, "Dropout", *_WEIGHTED} and set(made) & _WEIGHTED:
            yield _deep_problem(event.site, many, kind)


def _deep_problem(site: Site, many: float, kind: str) -> Problem:
    loss = "at most a quarter" if kind == "Sigmoid" else "about 0.6" if kind == "Tanh" else "about 0.4"
    factor = {"Sigmoid": 0.25, "Tanh": 0.58}.get(kind, 0.41)
    return Problem(
        site,
        f"{many:g} layers with a {kind} each and nothing between them: with PyTorch's initial weights each passes on "
        f"{loss} of the gradient, so the first layers get about {factor**many:.1g} of it.",
        "ReLU or GELU in the hidden layers, with normalisation or residual connections.",
        0.6 if kind == "Sigmoid" else 0.65,
        "Print the gradient norm of every layer.",
    )


def _looped_stacks(trace: Trace) -> Iterator[Problem]:
    """`for layer in self.layers: x = act(layer(x))` over a list of so many linear layers, without a custom start."""
    if any("init." in line for file in trace.project.files for line in file.lines):
        return
    for root in trace.roots:
        for event in root:
            kind = _KINDS.get(event.op, "")
            if not kind or kind == "Sigmoid":  # sigmoids are found by what they are computed from
                continue
            many = _passes(event)
            if many >= _DEEPEST[kind] and event.args and unwrap(event.args[0]).op == "linear":
                yield _deep_problem(event.site, many, kind)


def _sigmoids_below(value: Value) -> tuple[int, ast.AST | None]:
    """How many sigmoids follow each other with a linear layer between them, and the node of the first."""
    count, first = 0, None
    for _ in range(200):  # layers of a hand-written stack
        if value.op == "sigmoid":
            count, first = count + 1, value.site.node if value.site else None
        elif value.op not in _BETWEEN:
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
            clipped_before_step(training),
            (plain.site,),
        )


def find_long_recurrence(trace: Trace) -> Iterator[Problem]:
    """A plain RNN of which only the last output is read: what came first must pass every step."""
    for training in training_loops(trace):
        runs = {id(e.result) for e in training.events if e.op == "rnn" and not e.grad_may_be_off()}
        for event in training.events if runs else ():
            if event.op != "linear" or not event.args:
                continue
            read = event.args[0]
            layer = next((v for v in ancestors(read, 8) if v.op in ("rnn", "lstm", "gru", "linear", "attention")), None)
            if layer is None or id(layer) not in runs or layer.site is None or not _takes_last(read):
                continue
            yield Problem(
                layer.site,
                "Only the last output of a recurrent network without gates is read: the gradient to early inputs is "
                "multiplied by the recurrent matrix at every step and vanishes within some tens of steps.",
                "nn.LSTM or nn.GRU, or a mean (attention) over all outputs.",
                0.5,
                "Print the gradient with respect to the first input.",
                _with_gates(training, layer),
            )
            break


def _with_gates(training: TrainingLoop, run: Value) -> tuple[Edit, ...]:
    """The making of the layer whose run this is."""
    layer = next((e.callee for e in training.events if e.result is run), None)
    return gated(layer.site.file, layer.site.node) if layer is not None and layer.site is not None else ()


def _takes_last(value: Value) -> bool:
    """`out[:, -1]` or `out[-1]`, or the final state."""
    for _ in range(6):
        if value.op in ("index", "slice", "element") and value.site is not None:
            text = unparsed(value.site.node)
            unpacked = number(value.args[0]) if value.op == "element" and value.args else 1
            if "-1" in text or text.endswith("[1]") or (value.op == "element" and unpacked == 1):
                return True
        if not value.inputs or value.op == "rnn":
            return False
        value = value.inputs[0]
    return False


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
    Check("recurrence-last-output", "Only the last output of a plain RNN is used.",
          "The gradient shrinks at every time step.", "Use gates, or all outputs.",
          "optimization/vanishing_gradient", _PASCANU, "note", "silent_bug", find_long_recurrence),
    Check("recurrence-unclipped", "A plain RNN trained without gradient clipping.",
          "Back-propagation through time multiplies one matrix many times.", "Clip the gradient norm.",
          "optimization/gradient_explosion", _PASCANU, "note", "silent_bug", find_unclipped_recurrence),
)  # fmt: skip
