"""The terms of a sum of losses: what each is, its sign and its coefficient."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from misrun.tools.code.implemented.syntax import assigned, identifiers, name_of, number_of, scopes, span_of
from misrun.tools.code.project_model import Project
from misrun.tools.code.source import SourceFile
from misrun.tools.record import Span

# Words of papers and code for one kind of term; the first kind that has a word of the term counts.
_KINDS = (
    ("gradient penalty", r"gp|penalty"), ("commitment", r"commit\w*|e_latent\w*"), ("codebook", r"codebook|q_latent\w*|vq|dictionary|quant\w*"),
    ("entropy", r"ent|entropy|entropies|s|h"), ("kl", r"kl|kld|kls|divergence"), ("perceptual", r"perc\w*|lpips|vgg|percep\w*"),
    ("adversarial", r"adv|adversarial|gan"), ("cycle", r"cyc|cycle"), ("identity", r"idt|identity|id"),
    ("distillation", r"kd|distill\w*|soft|softened"), ("value", r"vf|value|v|critic"),
    ("policy", r"pg|pi|policy|clip|surr\w*|ppo|actor|reinforce"), ("contrastive", r"nce|infonce|contrast\w*|ntxent|clr"),
    ("dice", r"dice"), ("edge", r"edge\w*|boundary"), ("box", r"box|bbox|giou|iou"), ("mask", r"mask"), ("triplet", r"triplet"),
    ("total variation", r"tv"), ("style", r"style"), ("content", r"content"), ("auxiliary", r"aux\w*"), ("smoothness", r"smooth\w*"),
    ("consistency", r"consist\w*"), ("feature matching", r"fm|feat\w*"), ("l1", r"l1"), ("reward", r"r|rew\w*|score|scores|return"),
    ("reconstruction", r"rec\w*|recon\w*|nll|likelihood|mse|bce|l2|pixel"),
    ("cross entropy", r"ce|xent|cls|class\w*|hard|task|sup\w*|seg\w*"), ("regularization", r"reg\w*|orth\w*"), ("temporal", r"temp\w*"),
)  # fmt: skip
_PATTERNS = tuple((kind, re.compile(rf"(?:{words})", re.IGNORECASE)) for kind, words in _KINDS)
_TOTAL = re.compile(
    r"(?:total_?|final_?|combined_?|full_?)?(?:loss|objective|elbo|obj|cost)(?:_?(?:total|g|d|all|gen|sum))?|[gd]_loss|(?:loss|l)_[gd]",
    re.IGNORECASE,
)
# Sums that are objectives, and not what is kept of them to be shown.
_NAMED = re.compile(r"^(?!.*(?:running|avg|average|mean|ema|ep_|smooth|log|history)).*(?:loss|reward)", re.IGNORECASE)
_LOSSLIKE = re.compile(
    r"loss|kl|entropy|ent$|nll|recon|penalty|ce$|mse|reward|score|objective|soft$|hard$", re.IGNORECASE
)
_WEIGHT = re.compile(r"coef\w*|weight|lambda\w*|lam\w*|alpha|beta|gamma|w|scale|eta|mu|cost", re.IGNORECASE)
_REACH = 4


@dataclass(frozen=True)
class Term:
    """`kind` from the table, or the first own word of the name; `coefficient` is a number, or `symbol` its name."""

    kind: str
    sign: int
    shown: str
    span: Span
    coefficient: float | None = None
    symbol: str = ""


@dataclass(frozen=True)
class LossSum:
    """One sum of losses as it ends up, the name it is given (if any), and where it is written."""

    name: str
    terms: tuple[Term, ...]
    span: Span
    shown: str


def kind_of(words: str) -> str:
    """The kind of a term by the words of its name ("vf_loss", "L^VF", "D_KL(q || p)")."""
    parts = [part for part in re.split(r"[^A-Za-z0-9]+|_", words) if part]
    parts += re.split(r"\W+", words)
    parts += [piece for part in parts for piece in re.findall(r"[A-Z]?[a-z]+|[A-Z]{2,}", part) if piece != part]
    for kind, pattern in _PATTERNS:
        if any(pattern.fullmatch(part) for part in parts):
            return kind
    return next((part.lower() for part in parts if part.lower() not in ("loss", "l", "mean", "sum")), "")


def loss_sums(project: Project) -> tuple[LossSum, ...]:
    """Every sum of at least two terms that is a loss or an objective, with the sums in it written out."""
    found = tuple(_sums(project))
    named: dict[str, list[LossSum]] = {}
    for one in found:
        named.setdefault(one.name, []).append(one)
    return tuple(
        _joined(one, {name: sums[0] for name, sums in named.items() if name and len(sums) == 1}) for one in found
    )


def _joined(one: LossSum, named: Mapping[str, LossSum]) -> LossSum:
    """The sum with those terms written out that are the name of another sum, made in another function."""
    terms: list[Term] = []
    for term in one.terms:
        inner = named.get(term.shown)
        plain = inner is not None and inner is not one and term.coefficient == 1.0
        terms += [replace(t, sign=t.sign * term.sign) for t in inner.terms] if inner is not None and plain else [term]
    return replace(one, terms=tuple(terms))


def _sums(project: Project) -> Iterator[LossSum]:
    for file, _, nodes in scopes(project):
        known = assigned(nodes)
        for node in sorted(nodes, key=lambda n: int(getattr(n, "lineno", 0))):
            value = _total(node)
            if value is None:
                continue
            terms = tuple(_terms(file, value, known, 1, _REACH))
            if len(terms) > 1:
                name = name_of(node.targets[0]) if isinstance(node, ast.Assign) else ""
                yield LossSum(name, terms, span_of(file, node), " ".join(ast.unparse(value).split()))


def _total(node: ast.AST) -> ast.expr | None:
    """The value that is assigned to a total, or returned by a function that makes a loss or a reward."""
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp):
        names = [name_of(target) for target in node.targets]
        if any(_TOTAL.fullmatch(name) or _NAMED.search(name) for name in names):
            return node.value
    if isinstance(node, ast.Return) and isinstance(node.value, ast.BinOp):
        losslike = any(_LOSSLIKE.search(word) for word in identifiers(node.value))
        if losslike and isinstance(node.value.op, ast.Add | ast.Sub):
            return node.value
    return None


def _terms(file: SourceFile, node: ast.expr, known: Mapping[str, ast.expr], sign: int, reach: int) -> Iterator[Term]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        yield from _terms(file, node.left, known, sign, reach)
        yield from _terms(file, node.right, known, sign if isinstance(node.op, ast.Add) else -sign, reach)
        return
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield from _terms(file, node.operand, known, -sign, reach)
        return
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and isinstance(node.left, ast.BinOp):
        yield from _terms(file, node.left, known, sign, reach)
        return
    inner = known.get(name_of(node)) if isinstance(node, ast.Name) else None
    if reach and isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add | ast.Sub) and _of_losses(inner):
        yield from _terms(file, inner, known, sign, reach - 1)
        return
    yield _term(file, node, known, sign)


def _of_losses(node: ast.BinOp) -> bool:
    """Whether both sides of a sum are losses by their names, and not what one loss is made of."""
    return all(any(_LOSSLIKE.search(name_of(f)) for f in _factors(side)) for side in (node.left, node.right))


def _term(file: SourceFile, node: ast.expr, known: Mapping[str, ast.expr], sign: int) -> Term:
    factors = _factors(node)
    weights = [f for f in factors if number_of(f) is not None or (len(factors) > 1 and _is_weight(f))]
    rest = [f for f in factors if f not in weights] or factors
    name = " ".join(_name(f) for f in rest)
    number = next((value for f in weights if (value := number_of(f)) is not None), None)
    symbol = next((name_of(f) for f in weights if number_of(f) is None and name_of(f)), "")
    kind = kind_of(name)
    if kind == "entropy" and _is_negated(rest[-1], known):
        sign = -sign
    if number is None and not weights:
        number = 1.0
    if len(rest) > 1 or any(not name_of(f) and number_of(f) is None for f in weights):
        number = None  # a factor whose part in it is not known
    return Term(kind, sign, " ".join(ast.unparse(node).split())[:80], span_of(file, node), number, symbol)


def _is_weight(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):  # 1 - alpha
        return any(_WEIGHT.fullmatch(part) for word in identifiers(node) for part in word.split("_")) and not any(
            "loss" in word for word in identifiers(node)
        )
    name = name_of(node)
    if isinstance(node, ast.Call) or not name or re.search(r"loss|entropy$|kl$|kld$|nll", name, re.IGNORECASE):
        return False
    return any(_WEIGHT.fullmatch(part) for part in re.split(r"_", name))


def _name(node: ast.expr) -> str:
    """ "entropy" for entropy.mean(), "l1_loss" for F.l1_loss(x, y)."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("mean", "sum"):
        return _name(node.func.value)
    return name_of(node)


def _factors(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*_factors(node.left), *_factors(node.right)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return _factors(node.left)
    return [node]


def _is_negated(node: ast.expr, known: Mapping[str, ast.expr]) -> bool:
    """entropy_loss = -entropy.mean(): the name stands for the negative."""
    value = known.get(name_of(node)) if isinstance(node, ast.Name) else None
    return isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub)
