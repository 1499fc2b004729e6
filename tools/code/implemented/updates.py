"""How the code updates: targets of temporal differences, advantages, moving averages, normalised advantages."""

import ast
import re
from collections.abc import Iterator

from misrun.tools.code.implemented.fact import Form
from misrun.tools.code.implemented.syntax import (
    argument,
    assigned,
    bare,
    identifiers,
    name_of,
    number_of,
    scopes,
    span_of,
    text_of,
)
from misrun.tools.code.project_model import Project
from misrun.tools.code.source import SourceFile

_REWARD = re.compile(r"r|rew|rewards?|rwd|reward_\w+|\w+_rewards?|\w+_r", re.IGNORECASE)
_DISCOUNT = re.compile(r"gamma|discount\w*|\w*_gamma", re.IGNORECASE)
_DONE = re.compile(
    r"d|done|dones|not_?dones?|terminals?|terminated|mask|masks|nonterminal|\w*_done|non_?final\w*|not_done\w*|d\d?",
    re.IGNORECASE,
)
_LAMBDA = re.compile(r"\w*lambda\w*|lam|lmbda|gae", re.IGNORECASE)
_SLOW = re.compile(
    r"ema|target|tgt|avg|average|shadow|slow|teacher|xi|averaged|tp|t|e|target_\w+|\w+_target|ema_\w+|\w+_ema|momentum_\w+|param_k|k",
    re.IGNORECASE,
)
_RATE = re.compile(
    r"tau|polyak|alpha|decay|momentum|m|beta|rate|mu|\w*_(?:tau|decay|momentum|rate)|(?:ema|tau|decay)_\w+",
    re.IGNORECASE,
)
_COMPLEMENT = "1-"


def td_targets(project: Project) -> Iterator[Form]:
    """reward + gamma * (1 - done) * next value, as a set of the factors that the next value has."""
    for file, _, nodes in scopes(project):
        for node in nodes:
            if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)):
                continue
            reward, rest = bare(node.left), bare(node.right)
            if not _REWARD.fullmatch(name_of(reward)):
                continue
            if (isinstance(rest, ast.BinOp) and isinstance(rest.op, ast.Mult)) or isinstance(rest, ast.Name | ast.Call):
                yield from _target(file, node, rest)


def _target(file: SourceFile, node: ast.BinOp, rest: ast.expr) -> Iterator[Form]:
    factors = _factors(rest)
    discounted = any(_DISCOUNT.fullmatch(name_of(f)) for f in factors)
    masked = any(_DONE.fullmatch(word) for f in factors for word in _own_words(f))
    follows = any(
        re.search(r"next|best|target|q|v|value|nv|min|max", word, re.I) for f in factors for word in identifiers(f)
    )
    if not discounted and not (follows and masked):
        return
    choice = "+".join(part for part, there in (("discount", discounted), ("done", masked)) if there)
    yield Form(topic="td_target", choice=choice or "plain", shown=text_of(node), span=span_of(file, node))


def _own_words(node: ast.expr) -> set[str]:
    """The names of a factor that is no call: "1 - done", "not_done", "mask[t]"."""
    node = bare(node)
    if isinstance(node, ast.Call):
        return set()
    return {name_of(inner) for inner in ast.walk(node) if isinstance(inner, ast.Name | ast.Attribute)}


def _factors(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*_factors(node.left), *_factors(node.right)]
    return [node]


def advantages(project: Project) -> Iterator[Form]:
    """The recursion of generalised advantage estimation (arXiv:1506.02438, equation 16): which of discount, lambda and
    done stand in the residual and in the recursion."""
    for file, root, nodes in scopes(project):
        if isinstance(root, ast.Module) and not any(isinstance(n, ast.For) for n in nodes):
            continue
        for node in nodes:
            if isinstance(node, ast.Assign) and "delta" in {name_of(target) for target in node.targets}:
                yield from _residual(file, node)
            elif isinstance(node, ast.Assign) and "delta" in identifiers(node.value):
                yield from _recursion(file, node)


def _residual(file: SourceFile, node: ast.Assign) -> Iterator[Form]:
    value = node.value
    if not any(_REWARD.fullmatch(word) for word in identifiers(value)):
        return
    parts = _signed(value)
    minus = any(sign < 0 for sign, _ in parts)
    followed = [part for sign, part in parts if sign > 0 and len(_factors(part)) > 1]
    discounted = any(_DISCOUNT.fullmatch(name_of(f)) for part in followed for f in _factors(part))
    choice = f"r {'+ gamma V' if discounted else '+ V'} {'- V' if minus else '+ V'}"
    yield Form(topic="advantage", choice=choice, shown=text_of(node), span=span_of(file, node))


def _recursion(file: SourceFile, node: ast.Assign) -> Iterator[Form]:
    factors = [f for _, part in _signed(node.value) for f in _factors(part)]
    discounted = any(_DISCOUNT.fullmatch(name_of(f)) for f in factors)
    traced = any(_LAMBDA.fullmatch(name_of(f)) for f in factors)
    if len(factors) > 2:
        choice = " ".join(p for p, there in (("gamma", discounted), ("lambda", traced)) if there) or "none"
        yield Form(topic="advantage_recursion", choice=choice, shown=text_of(node), span=span_of(file, node))


def _signed(node: ast.expr, sign: int = 1) -> list[tuple[int, ast.expr]]:
    """The terms of a sum with their signs."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        right = sign if isinstance(node.op, ast.Add) else -sign
        return [*_signed(node.left, sign), *_signed(node.right, right)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _signed(node.operand, -sign)
    return [(sign, node)]


def moving_averages(project: Project) -> Iterator[Form]:
    """Which weights keep the rate and which its complement: "slow" where the rate multiplies the averaged weights."""
    for file, _, nodes in scopes(project):
        for node in nodes:
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
                yield from _written_out(file, node)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield from _in_place(file, node)


def _written_out(file: SourceFile, node: ast.BinOp) -> Iterator[Form]:
    """rate * slow + (1 - rate) * fast, in either order."""
    kept: dict[str, str] = {}
    rate = ""
    for side in (node.left, node.right):
        factors = _factors(side)
        if len(factors) != 2:
            return
        weight = next((w for f in factors if (w := _weight(f))), "")
        tensor = next((f for f in factors if not _weight(f)), None)
        if not weight or tensor is None:
            return
        rate = rate or weight.removeprefix(_COMPLEMENT)
        kept["slow" if _is_slow(tensor) else "fast"] = weight
    if set(kept) == {"slow", "fast"} and {w.startswith(_COMPLEMENT) for w in kept.values()} == {True, False}:
        yield _average(file, node, rate, kept["slow"].startswith(_COMPLEMENT))


def _weight(node: ast.expr) -> str:
    """ "tau" for a rate, "1-tau" for its complement, "" for a tensor."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and number_of(node.left) == 1:
        return _COMPLEMENT + name_of(node.right)
    value = number_of(node)
    if value is not None and 0 < value < 1:
        return f"{_COMPLEMENT}{1 - value:g}" if value < 0.5 else f"{value:g}"
    return name_of(node) if isinstance(node, ast.Name | ast.Attribute) and _RATE.fullmatch(name_of(node)) else ""


def _is_slow(node: ast.expr) -> bool:
    words = [name_of(inner) for inner in ast.walk(node) if isinstance(inner, ast.Name | ast.Attribute)]
    return any(_SLOW.fullmatch(word) for word in words)


def _in_place(file: SourceFile, node: ast.Call) -> Iterator[Form]:
    """slow.mul_(rate).add_(fast, alpha=1 - rate) and slow.lerp_(fast, 1 - rate)."""
    method = name_of(node.func)
    receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
    if receiver is None or method not in ("mul_", "lerp_") or not _is_slow(receiver) or not node.args:
        return
    given = node.args[0] if method == "mul_" else argument(node, 1, "weight")
    weight = _weight(given) if given is not None else ""
    if weight:
        complemented = weight.startswith(_COMPLEMENT)
        yield _average(file, node, weight.removeprefix(_COMPLEMENT), complemented == (method == "mul_"))


def _average(file: SourceFile, node: ast.AST, rate: str, slow_has_complement: bool) -> Form:
    choice = "rate on the new weights" if slow_has_complement else "rate on the old weights"
    return Form(topic="moving_average", choice=choice, shown=f"{rate}: {text_of(node)}", span=span_of(file, node))


def twin_minima(project: Project) -> Iterator[Form]:
    """Whether two estimates of the value are combined by their minimum or maximum."""
    for file, _, nodes in scopes(project):
        for node in nodes:
            if (
                isinstance(node, ast.Call)
                and name_of(node.func) in ("min", "minimum", "max", "maximum")
                and len(node.args) == 2
            ):
                named = [name_of(a).lower() for a in node.args]
                if all(re.fullmatch(r"\w*(?:q|v|value)\w*_?\w*\d\w*|\w*q(?:a|b|1|2)\w*", name) for name in named):
                    yield Form(
                        topic="twin_minimum",
                        choice=name_of(node.func)[:3],
                        shown=text_of(node),
                        span=span_of(file, node),
                    )


def normalized_advantages(project: Project) -> Iterator[Form]:
    """Advantages whose mean is subtracted and that are divided by their deviation, or taken as they are."""
    for file, _, nodes in scopes(project):
        known = assigned(nodes)
        for name, value in known.items():
            if not re.search(r"adv", name, re.IGNORECASE):
                continue
            used = identifiers(value)
            choice = "normalized" if "mean" in used and "std" in used else "plain"
            if choice == "normalized" or isinstance(value, ast.Attribute | ast.Subscript):
                yield Form(
                    topic="advantage_normalization", choice=choice, shown=text_of(value), span=span_of(file, value)
                )
