"""Signs of the terms of a loss: entropy, policy gradient, KL divergence."""

import ast
import re
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Value, is_constant, number, unwrap

_VAE = "https://arxiv.org/abs/1312.6114"
# Operations through which a term keeps its sign.
_KEEPING = ("mean", "sum", "view", "reshape", "squeeze", "unsqueeze", "to", "float", "index", "stack", "cat")


def _terms(value: Value, sign: int, depth: int = 25) -> Iterator[tuple[Value, int]]:
    """Every term of a loss with the sign it enters with."""
    yield value, sign
    if depth == 0:
        return
    first = value.inputs[0] if value.inputs else None
    if value.op in ("add", "sub") and len(value.inputs) == 2:
        yield from _terms(value.inputs[0], sign, depth - 1)
        yield from _terms(value.inputs[1], -sign if value.op == "sub" else sign, depth - 1)
    elif value.op == "neg" and first is not None:
        yield from _terms(first, -sign, depth - 1)
    elif value.op in ("mul", "div") and len(value.inputs) == 2:
        yield from _factors(value, sign, depth)
    elif value.op in _KEEPING and first is not None:
        parts = first.items if value.op in ("stack", "cat") and first.items else [first]
        for part in parts[:4]:
            yield from _terms(part, sign, depth - 1)


def _factors(value: Value, sign: int, depth: int) -> Iterator[tuple[Value, int]]:
    """Through a product with a literal, or with a coefficient (an option or attribute, taken to be positive)."""
    one, other = value.inputs
    for scale, term in ((one, other), (other, one)) if value.op == "mul" else ((other, one),):
        known = number(scale)
        if known is not None and known != 0:
            yield from _terms(term, sign if known > 0 else -sign, depth - 1)
        elif _is_positive(scale):
            yield from _terms(term, sign, depth - 1)


def _is_positive(scale: Value) -> bool:
    """A size, or an option or attribute named as a coefficient."""
    if scale.op in ("size", "len", "numel"):
        return True
    return scale.op in ("attr", "parameter", "element") and ("coef" in scale.name or "beta" in scale.name)


def find_wrong_term(trace: Trace) -> Iterator[Problem]:
    for root in trace.roots:
        for event in root:
            if event.op == "backward" and event.args:
                yield from _wrong_terms(event)


def _wrong_terms(backward: Event) -> Iterator[Problem]:
    for term, sign in _terms(backward.args[0], 1):
        what = _rewarded(term)
        if what and sign > 0 and term.site is not None:
            yield Problem(
                term.site,
                f"{what} enters the loss with a plus sign: minimising the loss ({backward.site}) drives it down.",
                "A minus sign before this term.",
                0.8,
                "Print the term over a hundred steps: it moves the wrong way.",
                related=(backward.site,),
            )


def _rewarded(term: Value) -> str:
    """What the term is, when a loss must contain it with a minus sign."""
    if term.op == "method" and term.name == "entropy":
        return "The entropy of the policy"
    if _is_kl_without_sign(term):
        return "1 + logvar - mu**2 - exp(logvar), the negative of the KL divergence (times 2),"
    if _is_likelihood(term):
        return "The log-likelihood of the targets"
    if term.op == "mul" and any(_is_log_prob(v) for v in term.inputs):
        written = ast.unparse(term.site.node).lower() if term.site is not None else ""
        if any(word in written for word in ("adv", "return", "reward", "delta")):
            return "log-probability times advantage"
    return ""


def _is_likelihood(term: Value) -> bool:
    """log_softmax (logsigmoid) taken at the targets, or weighted with them."""
    logs = ("log_softmax", "logsigmoid")
    if term.op == "gather" and term.inputs:
        return unwrap(term.inputs[0]).op in logs
    if term.op != "mul" or len(term.inputs) != 2:
        return False
    one, other = (unwrap(v) for v in term.inputs)
    weight = other if one.op in logs else one if other.op in logs else None
    return weight is not None and (weight.op == "one_hot" or _is_target(term))


def _is_target(product: Value) -> bool:
    """One factor is named as what should be predicted; a policy's own weights come with their own sign."""
    node = product.site.node if product.site is not None else None
    sides = (node.left, node.right) if isinstance(node, ast.BinOp) else ()
    words = {w for s in sides if isinstance(s, ast.Name) for w in re.split(r"[^a-z]+", s.id.lower())}
    return bool(words & {"target", "targets", "label", "labels", "y", "onehot", "hot"})


def _is_log_prob(value: Value) -> bool:
    value = unwrap(value)
    return value.op == "method" and value.name == "log_prob"


def _is_kl_without_sign(term: Value) -> bool:
    """`1 + lv - mu**2 - exp(lv)`."""
    parts = dict(enumerate(_plain_terms(term, 1)))
    signs = {"one": 0, "exp": 0, "square": 0}
    for value, sign in parts.values():
        kind = "one" if is_constant(value, 1, 1.0) else "exp" if value.op == "exp" else ""
        kind = (
            "square"
            if value.op in ("pow", "square") or (value.op == "mul" and value.inputs[0] is value.inputs[1])
            else kind
        )
        if kind:
            signs[kind] = sign
    return signs == {"one": 1, "exp": -1, "square": -1}


def _plain_terms(value: Value, sign: int, depth: int = 5) -> Iterator[tuple[Value, int]]:
    if depth and value.op in ("add", "sub") and len(value.inputs) == 2:
        yield from _plain_terms(value.inputs[0], sign, depth - 1)
        yield from _plain_terms(value.inputs[1], -sign if value.op == "sub" else sign, depth - 1)
    else:
        yield value, sign


CHECKS = (
    Check("term-sign", "Entropy, policy gradient or the negative KL divergence added to the loss.",
          "The optimizer minimises: what should grow must be subtracted.",
          "Put a minus sign before the term.", "model_software/wrong_loss",
          _VAE, "error", "silent_bug", find_wrong_term),
)  # fmt: skip
