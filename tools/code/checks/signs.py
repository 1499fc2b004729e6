"""Signs of the terms of a loss: entropy, policy gradient, KL divergence."""

import ast
import re
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_syntax import atom, text_of
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Site, Value, alternatives, is_constant, number, unwrap
from misrun.tools.code.walking import unparsed, walk

_VAE = "https://arxiv.org/abs/1312.6114"
# Operations through which a term keeps its sign.
_KEEPING = ("mean", "sum", "view", "reshape", "squeeze", "unsqueeze", "to", "float", "index", "stack", "cat")


Way = tuple[Value, ...]


def _terms(value: Value, sign: int, way: Way = ()) -> Iterator[tuple[Value, int, Way]]:
    """Every term of a loss with the sign it enters with, and the values around it, the loss first."""
    yield value, sign, way
    if len(way) == 25:  # no hand-written loss is nested deeper
        return
    first, inside = value.inputs[0] if value.inputs else None, (*way, value)
    if value.op in ("add", "sub") and len(value.inputs) == 2:
        yield from _terms(value.inputs[0], sign, inside)
        yield from _terms(value.inputs[1], -sign if value.op == "sub" else sign, inside)
    elif value.op == "neg" and first is not None:
        yield from _terms(first, -sign, inside)
    elif value.op in ("mul", "div") and len(value.inputs) == 2:
        yield from _factors(value, sign, inside)
    elif value.op in _KEEPING and first is not None:
        parts = first.items if value.op in ("stack", "cat") and first.items else [first]
        for part in parts[:4]:
            yield from _terms(part, sign, inside)


def _factors(value: Value, sign: int, way: Way) -> Iterator[tuple[Value, int, Way]]:
    """Through a product with a literal, or with a coefficient (an option or attribute, taken to be positive)."""
    one, other = value.inputs
    for scale, term in ((one, other), (other, one)) if value.op == "mul" else ((other, one),):
        known = number(scale)
        if known is not None and known != 0:
            yield from _terms(term, sign if known > 0 else -sign, way)
        elif _is_positive(scale):
            yield from _terms(term, sign, way)


def _is_positive(scale: Value) -> bool:
    """A size, or an option or attribute named as a coefficient."""
    if scale.op in ("size", "len", "numel"):
        return True
    named = any(word in scale.name.lower() for word in ("coef", "beta", "weight", "lambda", "alpha", "scale"))
    return scale.op in ("attr", "parameter", "element") and named


def find_wrong_term(trace: Trace) -> Iterator[Problem]:
    for root in trace.roots:
        backwards = [event for event in root if event.op == "backward" and event.args]
        for event in backwards or (e for e in root if _gives_a_loss(e)):
            yield from _wrong_terms(event, 0.8 if event.op == "backward" else 0.7)


def _gives_a_loss(event: Event) -> bool:
    """A return of a function that says so by its name, where nothing in the project calls it."""
    name = getattr(event.node, "name", "").lower()
    return event.op == "return" and any(word in name for word in ("loss", "training_step", "criterion"))


def _wrong_terms(minimised: Event, confidence: float) -> Iterator[Problem]:
    for term, sign, way in (t for given in alternatives(minimised.args[0]) for t in _terms(given, 1)):
        what = _rewarded(term)
        site = _entry(term, way)
        if what and sign > 0 and site is not None:
            yield Problem(
                site,
                f"{what} enters the loss with a plus sign: minimising the loss ({minimised.site}) drives it down.",
                "A minus sign before this term.",
                confidence,
                "Print the term over a hundred steps: it moves the wrong way.",
                _turned(term, way),
                related=(minimised.site,),
            )


def _entry(term: Value, way: Way) -> Site | None:
    """The sum in which the term enters the loss, where its sign is given by no factor of its own; else the term."""
    for holder in reversed(way):
        node = holder.site.node if holder.site is not None else None
        sides = (node.left, node.right) if holder.op == "mul" and isinstance(node, ast.BinOp) else ()
        if any(isinstance(s, ast.Constant) for s in sides):
            return holder.site
        if holder.op in ("add", "sub"):
            return holder.site
    return term.site


def _turned(term: Value, way: Way) -> tuple[Edit, ...]:
    """The other sign: in the sum it is written in, of the literal it is multiplied with, in the sum it enters, or of
    the term itself."""
    parts = (*way[1:], term)
    sums = [(h, p) for h, p in zip(way, parts, strict=True) if h.op in ("add", "sub")]
    if sums and _is_written_in(term, sums[-1][0]):
        return _turned_in_sum(*sums[-1])
    for holder, part in reversed(list(zip(way, parts, strict=True))):
        node = holder.site.node if holder.site is not None else None
        if holder.op == "mul" and isinstance(node, ast.BinOp):
            literal = next((s for s in (node.left, node.right) if isinstance(s, ast.Constant)), None)
            if literal is not None and holder.site is not None:
                return (Edit("replace", holder.site.file, literal, f"-{text_of(holder.site.file, literal)}"),)
        if holder.op in ("add", "sub"):
            return _turned_in_sum(holder, part)
    site = term.site
    if site is None or not isinstance(site.node, ast.expr):
        return ()
    text = text_of(site.file, site.node)
    plain = isinstance(site.node, ast.Call) or (isinstance(site.node, ast.BinOp) and isinstance(site.node.op, ast.Mult))
    return (Edit("replace", site.file, site.node, f"-{text}" if plain else f"-({text})"),)


def _turned_in_sum(holder: Value, part: Value) -> tuple[Edit, ...]:
    """`a + b` as `a - b`, `loss += b` as `loss -= b`; a first summand gets a minus sign of its own."""
    node, site = (holder.site.node, holder.site) if holder.site is not None else (None, None)
    if site is None or not isinstance(node, ast.BinOp | ast.AugAssign):
        return ()
    left, right = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.target, node.value)
    second, plus, file = holder.inputs[1] is part, isinstance(node.op, ast.Add), site.file
    if not second:
        return (Edit("replace", file, left, f"-{_operand(file, left)}"),) if isinstance(node, ast.BinOp) else ()
    one = text_of(file, left) if _is_sum(left) else _operand(file, left)
    assign = "=" if isinstance(node, ast.AugAssign) else ""
    return (Edit("replace", file, node, f"{one} {'-' if plus else '+'}{assign} {_operand(file, right)}"),)


def _operand(file: SourceFile, node: ast.expr) -> str:
    """An operand of a sum: in parentheses where its own operation binds no tighter."""
    tight = isinstance(node, ast.BinOp | ast.UnaryOp) and not _is_sum(node)
    return text_of(file, node) if tight else atom(file, node)


def _is_written_in(term: Value, holder: Value) -> bool:
    inner, outer = term.site, holder.site
    return inner is not None and outer is not None and any(n is inner.node for n in walk(outer.node))


def _is_sum(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)


def _rewarded(term: Value) -> str:
    """What the term is, when a loss must contain it with a minus sign."""
    if term.op == "method" and term.name == "entropy":
        return "The entropy of the policy"
    if _is_kl_without_sign(term):
        return "1 + logvar - mu**2 - exp(logvar), the negative of the KL divergence (times 2),"
    if _is_likelihood(term):
        return "The log-likelihood of the targets"
    written = unparsed(term.site.node).lower() if term.site is not None and term.op == "mul" else ""
    known = term.op == "mul" and any(_is_log_prob(v) for v in term.inputs)
    if known and any(word in written for word in ("adv", "return", "reward", "delta")):
        return "log-probability times advantage"
    if _is_named_log_prob(term) and any(word in written for word in ("adv", "return", "reward")):
        return "log-probability times advantage"
    return ""


def _is_named_log_prob(term: Value) -> bool:
    """`log_prob * advantage` of numbers kept from earlier steps: only their names tell."""
    node = term.site.node if term.site is not None else None
    sides = (node.left, node.right) if term.op == "mul" and isinstance(node, ast.BinOp) else ()
    names = [s.id.lower() for s in sides if isinstance(s, ast.Name)]
    return any(name.startswith(("log_prob", "logprob", "logp", "log_pi")) for name in names)


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
