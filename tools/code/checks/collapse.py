"""Objectives that a constant output minimises: views pulled together with nothing that keeps them apart, and a KL term
that outweighs the reconstruction."""

from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_divergence import summed_alike
from misrun.tools.code.gradients import differentiated
from misrun.tools.code.known_numbers import known_number
from misrun.tools.code.torch_api import DETACHING_OPS
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.training import training_loops
from misrun.tools.code.values import Value, alternatives, ancestors, is_constant, number, unwrap

_SIMSIAM = "https://arxiv.org/abs/2011.10566"
_VAE = "https://arxiv.org/abs/1511.06349"
# Operations that a plain distance between two views is made of, besides the distance itself.
_PLAIN = frozenset(("neg", "mean", "sum", "add", "sub", "mul", "div", "scale", "square", "pow", "abs"))
_DISTANCES = ("cosine_similarity", "mse_loss")
# Between 1 and the number of dimensions lies what a mean over them takes from the reconstruction; a weight below a
# hundredth makes up for it.
_MADE_UP = 0.01
_RECONSTRUCTIONS = ("mse_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "l1_loss", "smooth_l1_loss")


def find_views_without_contrast(trace: Trace) -> Iterator[Problem]:
    """The whole loss is a distance between two outputs of one network, with gradients through both."""
    for training in training_loops(trace):
        runs = {id(e.result): e for e in training.events if e.op == "module()"}
        for backward in training.backwards:
            for loss in alternatives(backward.args[0]) if backward.args else ():
                distances = _only_distances(loss)
                pair = next((p for d in distances if (p := _same_network(d, runs))), None) if distances else None
                if pair is not None and distances[0].site is not None:
                    yield Problem(
                        distances[0].site,
                        f"The loss only pulls two outputs of the same network together ({pair.site}), with gradients "
                        "through both and nothing that keeps different samples apart: one constant output is perfect.",
                        "Detach one side behind a predictor (SimSiam, BYOL), or add negatives or a variance term.",
                        0.85,
                        "Print the standard deviation of the normalised outputs over a batch.",
                        related=(pair.site,),
                    )


def _only_distances(loss: Value) -> list[Value]:
    """The distances a loss is put together from by arithmetic alone; empty when anything else is in it."""
    found: list[Value] = []
    stack, seen = [loss], set[int]()
    while stack:
        top = unwrap(stack.pop())
        if id(top) in seen or top.kind == "const" or number(top) is not None:
            continue
        seen.add(id(top))
        products = [v for v in top.inputs[:2] if number(v) is None] if top.op == "mul" else []
        if (top.op in _DISTANCES and len(top.inputs) > 1) or len(products) == 2:
            found.append(top)
        elif top.op == "scale" and top.inputs:
            stack.append(top.inputs[0])
        elif top.op in _PLAIN and top.inputs:
            stack.extend(top.inputs)
        else:
            return []
    return found


def _same_network(distance: Value, runs: dict[int, Event]) -> Event | None:
    """The run behind one side when the other side comes from the same network too, and neither is cut off."""
    sides = [_runs_behind(side, runs) for side in distance.inputs[:2]]
    if len(sides) != 2 or unwrap(distance.inputs[0]) is unwrap(distance.inputs[1]):
        return None
    shared = (a for a in sides[0] for b in sides[1] if a.callee is not None and a.callee is b.callee and a is not b)
    return next(shared, None)


def _runs_behind(value: Value, runs: dict[int, Event]) -> list[Event]:
    """The network runs that a value is an output of, normalised or not, a predictor before its encoder; those behind a
    detach or another layer are left out."""
    found: list[Event] = []
    for _ in range(15):
        run = runs.get(id(value))
        if run is not None:
            if run.grad_is_off():
                return []
            found.append(run)
            if not run.args:
                return found
            value = run.args[0]
            continue
        if value.op in DETACHING_OPS or not value.inputs:
            return found
        if value.op == "div" and len(value.inputs) > 1 and any(v.op == "norm" for v in ancestors(value.inputs[1], 4)):
            value = value.inputs[0]
            continue
        if value.op not in ("normalize", "element", "index", "view", "flatten", "chunk", "reshape", "squeeze"):
            return found
        value = value.inputs[0]
    return found


def find_outweighing_divergence(trace: Trace) -> Iterator[Problem]:
    """`mse_loss(x_hat, x) + kl` with a mean over all pixels on the left and a sum over the latent code on the right."""
    for _, values in differentiated(trace):
        for total in values:
            if total.op != "add" or len(total.inputs) < 2 or total.site is None:
                continue
            left, right = total.inputs[:2]
            for reconstruction, divergence in ((left, right), (right, left)):
                if _is_mean_reconstruction(reconstruction) and _is_summed_divergence(trace, divergence):
                    yield Problem(
                        total.site,
                        "The reconstruction is a mean over all its values, the KL term a sum over the latent code: it "
                        "outweighs the reconstruction by the number of values, and the code is not used.",
                        "Sum the reconstruction over the values of a sample too, or weight the KL term by "
                        "latent size / number of values, raised slowly from 0.",
                        0.6,
                        "Log the KL term on its own: near 0 means that the decoder ignores the code.",
                        summed_alike(trace, reconstruction, divergence),
                    )


def _is_mean_reconstruction(value: Value) -> bool:
    """A loss function with its default reduction, not multiplied by anything."""
    for _ in range(5):
        value = unwrap(value)
        if value.op in ("scale", "mean") and value.inputs:
            value = value.inputs[0]
    if value.op not in _RECONSTRUCTIONS:
        return False
    settings = {**value.kwargs, **(value.callee.kwargs if value.callee is not None else {})}
    given = settings.get("reduction")
    return given is None or is_constant(given, "mean", "none")


def _is_summed_divergence(trace: Trace, value: Value) -> bool:
    """`-0.5 * (1 + log_var - mu ** 2 - log_var.exp()).sum(1).mean()`, times nothing below a hundredth."""
    value = unwrap(value)
    weight = 1.0
    for _ in range(6):
        if value.op in ("mul", "div") and len(value.inputs) == 2:
            numbers = [known_number(trace, v) for v in value.inputs]
            if numbers[0] is None and numbers[1] is None:
                return False  # a weight that is not known may be small
            factor = numbers[1] if numbers[0] is None else numbers[0]
            other = value.inputs[0] if numbers[0] is None else value.inputs[1]
            if value.op == "div":
                return False  # divided by a count: a mean of its own
            weight *= abs(factor or 0.0)
            value = unwrap(other)
        elif value.op in ("mean", "scale", "neg") and value.inputs:
            value = unwrap(value.inputs[0])
    if value.op != "sum" or not value.inputs or weight <= _MADE_UP:
        return False
    below = list(ancestors(value.inputs[0], 12))
    return any(v.op == "exp" for v in below) and any(v.op in ("pow", "square") for v in below)


CHECKS = (
    Check("views-without-contrast", "Two views pulled together with nothing that keeps samples apart.",
          "A constant output has distance 0 between all views.", "A stop-gradient with a predictor, or negatives.",
          "optimization/representation_collapse", _SIMSIAM, "error", "silent_bug", find_views_without_contrast),
    Check("divergence-outweighs", "A summed KL term beside a reconstruction that is a mean.",
          "The code costs more than it can save.", "Sum both, or weight the KL term.",
          "optimization/representation_collapse", _VAE, "warning", "silent_bug", find_outweighing_divergence),
)  # fmt: skip
