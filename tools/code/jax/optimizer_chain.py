"""optax.chain: transformations in an order, or with a sign, that does something else than was meant."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_syntax import text_of
from misrun.tools.code.jax.bodies import Body
from misrun.tools.code.jax.program import jax_program
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Trace

_CHAIN = "https://optax.readthedocs.io/en/latest/api/combining_optimizers.html"
_SCALING = "https://optax.readthedocs.io/en/latest/api/transformations.html"
# Optimizers that end with the learning rate and the sign: what comes after them works on finished steps.
_FINISHED = names("adam adamw sgd rmsprop adagrad lion lamb lars adafactor nadam radam adabelief yogi novograd adamax")
_CLIPPING = names("clip_by_global_norm clip adaptive_grad_clip clip_by_block_rms")
_PRECONDITIONED = names(
    "scale_by_adam scale_by_rms scale_by_lion trace scale_by_adamax scale_by_amsgrad scale_by_radam"
)
_SIGNED = names("scale_by_learning_rate scale_by_schedule inject_hyperparams")


def find_late_transform(trace: Trace) -> Iterator[Problem]:
    """`chain(adam(lr), clip_by_global_norm(1.0))`: clips the step, not the gradient."""
    for body, parts in _chains(trace):
        finished = next((i for i, (name, _) in enumerate(parts) if name in _FINISHED), None)
        if finished is None:
            continue
        optimizer = parts[finished]
        for name, node in parts[finished + 1 :]:
            behind = f"{name} stands behind {optimizer[0]}"
            if name in _CLIPPING:
                message = f"{behind}: it clips the finished step, not the gradient, which still reaches the moments."
                yield _late(body, node, optimizer, message, 0.85)
            elif name == "add_decayed_weights":
                message = (
                    f"{behind}, whose step already has its sign and learning rate: the weights are added and grow."
                )
                yield _late(body, node, optimizer, message, 0.9)


def _late(body: Body, node: ast.Call, optimizer: tuple[str, ast.Call], message: str, confidence: float) -> Problem:
    file = body.file
    before = f"{text_of(file, node)}, {text_of(file, optimizer[1])}"

    return Problem(
        body.site(node),
        message,
        "Put it before the optimizer in the chain.",
        confidence,
        "Print the norm of the updates for a gradient of norm 100, and for a gradient of 0.",
        (Edit("replace", file, optimizer[1], before), Edit("drop", file, node)),
    )


def find_missing_sign(trace: Trace) -> Iterator[Problem]:
    """`chain(scale_by_adam(), scale(lr))`: updates are added, so the loss is climbed."""
    for body, parts in _chains(trace):
        kinds = [name for name, _ in parts]
        scales = [node for name, node in parts if name == "scale"]
        if not set(kinds) & _PRECONDITIONED or set(kinds) & (_SIGNED | _FINISHED) or "" in kinds or len(scales) != 1:
            continue
        if _is_positive(scales[0]):
            yield Problem(
                body.site(scales[0]),
                "The scale is positive and nothing else in the chain turns the sign: the updates go up the gradient.",
                "optax.scale(-learning_rate), or scale_by_learning_rate.",
                0.85,
                "The loss after one step on the same batch must be lower.",
                _negated(body, scales[0]),
            )


def _negated(body: Body, scale: ast.Call) -> tuple[Edit, ...]:
    given = scale.args[0] if scale.args else scale.keywords[0].value
    return (Edit("replace", body.file, given, f"-{text_of(body.file, given)}"),)


def _is_positive(call: ast.Call) -> bool:
    """A plain name or number without a minus sign: a schedule or factor made elsewhere may hold its own."""
    given = call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == "step_size"), None)
    if isinstance(given, ast.Constant):
        return isinstance(given.value, int | float) and given.value > 0
    name = given.id if isinstance(given, ast.Name) else given.attr if isinstance(given, ast.Attribute) else ""
    return name.lower() in ("lr", "learning_rate", "step_size", "alpha", "eta")


def _chains(trace: Trace) -> Iterator[tuple[Body, list[tuple[str, ast.Call]]]]:
    """The calls of a chain with the last part of their names; "" for what is no call of optax."""
    for body in jax_program(trace).bodies:
        for call in body.calls:
            if body.path(call.func) == "optax.chain":
                parts = [(_name(a, body), a) for a in call.args]
                yield body, [(name, a) for name, a in parts if isinstance(a, ast.Call)]


def _name(node: ast.expr, body: Body) -> str:
    path = body.path(node.func) if isinstance(node, ast.Call) else ""
    return path.rpartition(".")[2] if path.startswith("optax.") else ""


CHECKS = (
    Check("chain-order", "Clipping or weight decay behind the optimizer in optax.chain.",
          "Behind the optimizer stand finished steps.", "Put it first.",
          "optimization/gradient_explosion", _CHAIN, "warning", "jax_logic", find_late_transform),
    Check("chain-sign", "A chain that scales by a positive learning rate.",
          "apply_updates adds what the chain gives.", "Scale by the negative.",
          "model_software/wrong_loss", _SCALING, "error", "jax_logic", find_missing_sign),
)  # fmt: skip
