"""Losses of JAX code: probabilities given as logits, targets that follow the network, types that are not there."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_syntax import text_of
from misrun.tools.code.jax.bodies import Body
from misrun.tools.code.jax.program import JaxProgram, jax_program
from misrun.tools.code.jax.repair_calls import stopped, swapped
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Trace
from misrun.tools.code.walking import children, unparsed, walk

_ENTROPY = "https://optax.readthedocs.io/en/latest/api/losses.html"
_STOP = "https://docs.jax.dev/en/latest/advanced-autodiff.html#stopping-gradients"
_X64 = "https://docs.jax.dev/en/latest/default_dtypes.html"
_WITH_LOGITS = {
    "softmax_cross_entropy": "softmax", "softmax_cross_entropy_with_integer_labels": "softmax",
    "sigmoid_binary_cross_entropy": "sigmoid", "sigmoid_focal_loss": "sigmoid",
}  # fmt: skip
_DISCOUNTS = names("gamma discount discount_factor discounts")


def find_probabilities_as_logits(trace: Trace) -> Iterator[Problem]:
    """`optax.softmax_cross_entropy(jax.nn.softmax(x), y)`, also where the model's call ends with it."""
    program = jax_program(trace)
    for body in program.bodies:
        for call in body.calls:
            head, _, name = body.path(call.func).rpartition(".")
            if not head.startswith("optax") or name not in _WITH_LOGITS:
                continue
            given = call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == "logits"), None)
            origin = _activation(given, _WITH_LOGITS[name], body, program) if given is not None else None
            if origin is not None:
                yield Problem(
                    body.site(call),
                    f"{name} takes logits, but gets the output of {_WITH_LOGITS[name]} "
                    f"({origin[0].site(origin[1])}): it is applied twice, which flattens the gradient.",
                    f"Give the values before {_WITH_LOGITS[name]}.",
                    0.9,
                    "Print the range of what the loss gets: all values lie between 0 and 1.",
                    _logits(given, *origin) if given is not None else (),
                    related=(origin[0].site(origin[1]),),
                )


def _logits(given: ast.expr, home: Body, activation: ast.expr) -> tuple[Edit, ...]:
    """The activation's argument: in its place where only losses read the result, else in the loss."""
    if not isinstance(activation, ast.Call) or len(activation.args) != 1 or activation.keywords:
        return ()
    text = text_of(home.file, activation.args[0])
    if isinstance(given, ast.Name):
        reads = [n for n in walk(home.file.tree) if isinstance(n, ast.Name) and n.id == given.id]
        if sum(isinstance(n.ctx, ast.Load) for n in reads) > 1:
            plain = isinstance(activation.args[0], ast.Name)
            return (Edit("replace", home.file, given, text),) if plain else ()
    return (Edit("replace", home.file, activation, text),)


def _activation(node: ast.expr, name: str, body: Body, program: JaxProgram) -> tuple[Body, ast.expr] | None:
    """The call of softmax or sigmoid that the expression certainly is the output of."""
    if isinstance(node, ast.Name):
        home = body.home_of(node.id)
        values = home.assigned.get(node.id, []) if home is not None else []
        return _activation(values[-1], name, home or body, program) if values and _is_last(values, node) else None
    if not isinstance(node, ast.Call):
        return None
    if body.path(node.func) in (
        f"jax.nn.{name}",
        f"flax.linen.{name}",
        f"flax.nnx.{name}",
        f"jax.nn.activation.{name}",
    ):
        return body, node
    return _model_output(node, name, body, program)


def _is_last(values: list[ast.expr], node: ast.Name) -> bool:
    """The last assignment is the one before the use."""
    return values[-1].lineno < node.lineno and all(v.lineno <= values[-1].lineno for v in values)


def _model_output(call: ast.Call, name: str, body: Body, program: JaxProgram) -> tuple[Body, ast.expr] | None:
    """`Net().apply(...)` or `model.apply(...)` of a module of the project whose call ends with the activation."""
    method = call.func
    if (
        not isinstance(method, ast.Attribute)
        or method.attr != "apply"
        or any(k.arg in ("method", "mutable") for k in call.keywords)
    ):
        return None
    made = method.value
    if isinstance(made, ast.Name):
        home = body.home_of(made.id)
        values = home.assigned.get(made.id, []) if home is not None else []
        made = values[0] if len(values) == 1 else made
    if not isinstance(made, ast.Call) or not isinstance(made.func, ast.Name):
        return None
    wanted = made.func.id
    calls = [
        m for (_, n), m in program.methods.items() if n == "__call__" and m.owner is not None and m.owner.name == wanted
    ]
    if len(calls) != 1 or not calls[0].returned:
        return None
    ends = [_activation(v, name, calls[0], program) for v in calls[0].returned]
    return ends[0] if all(e is not None for e in ends) else None


def find_swapped_arguments(trace: Trace) -> Iterator[Problem]:
    """`optax.softmax_cross_entropy(labels, logits)`: the logits come first."""
    for body in jax_program(trace).bodies:
        for call in body.calls:
            head, _, name = body.path(call.func).rpartition(".")
            if head.startswith("optax") and name in _WITH_LOGITS and len(call.args) == 2:
                first, second = (unparsed(a).lower() for a in call.args)
                if _is_labels(first) and "logit" in second and "logit" not in first:
                    yield Problem(
                        body.site(call),
                        f"{name} takes (logits, labels), but `{unparsed(call.args[0])}` comes first.",
                        f"{name}({unparsed(call.args[1])}, {unparsed(call.args[0])})",
                        0.9,
                        "The loss of a perfect prediction must be near 0.",
                        swapped(body.file, call.args[0], call.args[1]),
                    )


def _is_labels(text: str) -> bool:
    return any(word in text for word in ("label", "target", "onehot", "one_hot"))


def find_attached_target(trace: Trace) -> Iterator[Problem]:
    """In a differentiated loss: `r + gamma * apply(params, next_obs)` with the parameters that are trained."""
    program = jax_program(trace)
    for transform in program.transforms:
        function = transform.function
        if transform.kind not in ("grad", "value_and_grad") or transform.setting("argnums") or not function.parameters:
            continue
        trained = function.parameters[0]
        for node in (n for n in function.nodes if isinstance(n, ast.BinOp)):
            run = _bootstrap(node, trained, function)
            if run is not None and not _is_stopped(node, function) and _predicts(run, trained, function):
                yield Problem(
                    function.site(node),
                    f"The target contains {unparsed(run.func)}(`{trained}`, ...), which is differentiated too: the "
                    "values chase themselves.",
                    "jax.lax.stop_gradient(target), or the parameters of a target network.",
                    0.75,
                    "Compare the gradient with and without stop_gradient on the target.",
                    stopped(function, node),
                    related=(function.site(run),),
                )


def _bootstrap(node: ast.BinOp, trained: str, function: Body) -> ast.Call | None:
    """The call of the network in `reward + gamma * ... * value`."""
    if not isinstance(node.op, ast.Add):
        return None
    for side in (node.left, node.right):
        words = {n.id.lower() for n in walk(side) if isinstance(n, ast.Name)}
        words |= {n.attr.lower() for n in walk(side) if isinstance(n, ast.Attribute)}
        if isinstance(side, ast.BinOp) and isinstance(side.op, ast.Mult) and words & _DISCOUNTS:
            return _network_run(side, trained, function)
    return None


def _network_run(node: ast.expr, trained: str, function: Body, depth: int = 4) -> ast.Call | None:
    """A call that gets the trained parameters, on the way to which nothing stops the gradient."""
    if depth == 0 or (isinstance(node, ast.Call) and "stop_gradient" in unparsed(node.func)):
        return None
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Name) and node.args[0].id == trained:
        return node
    if isinstance(node, ast.Name):
        values = function.assigned.get(node.id, [])
        return _network_run(values[0], trained, function, depth - 1) if len(values) == 1 else None
    parts = (child for child in children(node) if isinstance(child, ast.expr))
    return next((found for p in parts if (found := _network_run(p, trained, function, depth)) is not None), None)


def _is_stopped(node: ast.BinOp, function: Body) -> bool:
    """stop_gradient around the sum itself, or around the name it is given."""
    stops = [c for c in function.calls if "stop_gradient" in unparsed(c.func)]
    stopped = {n.id for c in stops for n in walk(c) if isinstance(n, ast.Name)}
    if any(n is node for c in stops for n in walk(c)):
        return True
    given = [t.id for n in function.nodes if isinstance(n, ast.Assign) and any(p is node for p in walk(n.value))
             for t in n.targets if isinstance(t, ast.Name)]  # fmt: skip
    return any(name in stopped for name in given)


def _predicts(target: ast.Call, trained: str, function: Body) -> bool:
    """Another call of the network with the same parameters makes the prediction."""
    return any(
        c is not target and c.args and isinstance(c.args[0], ast.Name) and c.args[0].id == trained
        and unparsed(c.func) == unparsed(target.func)
        for c in function.calls
    )  # fmt: skip


def find_double_precision(trace: Trace) -> Iterator[Problem]:
    """float64 asked for while 64-bit types are switched off."""
    program = jax_program(trace)
    if any(
        "enable_x64" in line.lower() or "use_64bit" in line.lower() for f in trace.project.files for line in f.lines
    ):
        return
    for body in program.bodies:
        for call in body.calls:
            asked = _double_type(call, body)
            if asked is not None:
                yield Problem(
                    body.site(call),
                    f"{unparsed(asked)} is asked for, but 64-bit types are off: JAX gives 32 bits, with a warning "
                    "at most.",
                    'jax.config.update("jax_enable_x64", True) at the start, or ask for float32.',
                    0.6,  # a caller may switch them on
                    "Print the dtype of the result.",
                )


def _double_type(call: ast.Call, body: Body) -> ast.expr | None:
    """jnp.float64 given to a function of JAX or to astype."""
    if not body.path(call.func).startswith("jax.") and not unparsed(call.func).endswith(".astype"):
        return None
    given = (*call.args, *(k.value for k in call.keywords if k.arg == "dtype"))
    return next((v for v in given if body.path(v) in ("jax.numpy.float64", "jax.numpy.complex128")), None)


CHECKS = (
    Check("probabilities-as-logits", "A cross entropy on logits that gets probabilities.",
          "softmax or sigmoid is applied twice; the loss cannot reach 0.", "Give logits.",
          "model_software/double_activation", _ENTROPY, "error", "jax_logic", find_probabilities_as_logits),
    Check("loss-arguments-swapped", "Labels given where optax expects logits.",
          "The softmax is taken of the labels.", "Logits first.",
          "model_software/wrong_loss", _ENTROPY, "error", "jax_logic", find_swapped_arguments),
    Check("target-not-stopped", "A bootstrap target inside a differentiated loss without stop_gradient.",
          "The regression target moves with every step it causes.", "Stop the gradient.",
          "model_software/wrong_loss", _STOP, "warning", "jax_logic", find_attached_target),
    Check("float64-without-x64", "float64 in a program that has not enabled it.",
          "JAX truncates 64-bit types unless jax_enable_x64 is set.", "Enable it, or use float32.",
          "model_software/dtype_mismatch", _X64, "warning", "jax_logic", find_double_precision),
)  # fmt: skip
