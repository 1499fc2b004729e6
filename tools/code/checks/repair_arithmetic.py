"""Repairs of arithmetic at the edge of its domain: fused functions where the input is at hand, a small floor elsewhere.

The floors are those of the checks' messages: 1e-7 under a logarithm of probabilities (the epsilon of Keras's
cross entropies, https://keras.io/api/losses/probabilistic_losses/; float32 tells 1 - 1e-7 from 1), 1e-12 under a root.
"""

import ast

from misrun.tools.code.checks.repair_calls import (
    argument_node,
    assigned_name,
    floored,
    library_name,
    node_at,
    operand_of,
    reads_of,
    usable_at,
)
from misrun.tools.code.checks.repair_syntax import atom, given_node, parents, statement_of, text_of
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event
from misrun.tools.code.values import Value, unwrap
from misrun.tools.code.walking import unparsed, walk

LOG_FLOOR, ROOT_FLOOR = "1e-7", "1e-12"


def safe_log(event: Event) -> tuple[Edit, ...]:
    """log_softmax(z) for log(softmax(z)), logsigmoid(z) and logsigmoid(-z) for log(p) and log(1 - p); else a floor."""
    operand = operand_of(event.node)
    if operand is None or event.op != "log":
        return (floored(event.file, operand, LOG_FLOOR),) if operand is not None else ()
    return _fused_log(event) or (floored(event.file, operand, LOG_FLOOR),)


def _fused_log(event: Event) -> tuple[Edit, ...]:
    origin, sign = unwrap(event.args[0]), ""
    if origin.op == "sub":
        origin, sign = unwrap(origin.inputs[1]), "-"
    made = node_at(origin.site)
    if origin.callee is not None or not isinstance(made, ast.Call) or origin.site is None:
        return ()
    if origin.site.file is not event.file or not _plainly_from(event, made):
        return ()
    logits = operand_of(made)
    if logits is None or not (_is_inside(event.node, made) or usable_at(event.file, logits, event.node)):
        return ()
    return _written_fused(event, made, logits, sign)


def _written_fused(event: Event, made: ast.Call, logits: ast.expr, sign: str) -> tuple[Edit, ...]:
    functional, needed = library_name(event.file, "torch.nn.functional")
    is_softmax = last_name(made.func) == "softmax"
    dim = given_node(made, 0 if operand_of(made) not in made.args else 1, "dim") if is_softmax else None
    if is_softmax and (sign or dim is None):
        return ()
    inner = f"{sign}{atom(event.file, logits) if sign else text_of(event.file, logits)}"
    text = f"log_softmax({inner}, dim={text_of(event.file, dim)})" if dim is not None else f"logsigmoid({inner})"
    return (Edit("replace", event.file, event.node, f"{functional}.{text}"), *needed)


def _plainly_from(event: Event, made: ast.Call) -> bool:
    """Whether the logarithm is taken of the call itself or of a variable holding just that, not of a reshaped one."""
    operand = operand_of(event.node)
    if isinstance(operand, ast.BinOp):
        operand = operand.right
    if operand is made:
        return True
    name = assigned_name(event.file, made)
    return isinstance(operand, ast.Name) and operand.id == name


def _is_inside(outer: ast.AST, inner: ast.AST) -> bool:
    return any(node is inner for node in walk(outer))


def both_logs(event: Event, other: Event | None) -> tuple[Edit, ...]:
    """The floor under both logarithms of a cross entropy written by hand."""
    operands = [(e.file, operand_of(e.node)) for e in (event, other) if e is not None]
    return tuple(floored(file, node, LOG_FLOOR) for file, node in operands if node is not None)


def safe_root(event: Event) -> tuple[Edit, ...]:
    """The literal 0 of a clamp raised to the floor, or a floor under the operand."""
    origin = unwrap(event.args[0])
    clamp, bound = node_at(origin.site), origin.argument(1, "min")
    written = node_at(bound.site) if bound is not None else None
    if origin.op in ("clamp", "clamp_min") and isinstance(clamp, ast.Call) and origin.site is not None:
        inside = written is not None and _is_inside(clamp, written)
        return (Edit("replace", origin.site.file, written, ROOT_FLOOR),) if inside and written is not None else ()
    operand = operand_of(event.node)
    return (floored(event.file, operand, ROOT_FLOOR),) if operand is not None else ()


def rooted(value: Value) -> tuple[Edit, ...]:
    """A floor under what the root is taken of, wherever the root is written."""
    node = node_at(value.site)
    operand = operand_of(node)
    if value.site is None or operand is None:
        return ()
    return (floored(value.site.file, operand, ROOT_FLOOR),)


def inside_domain(value: Value) -> tuple[Edit, ...]:
    """acos(x.clamp(-1 + 1e-7, 1 - 1e-7)); log(1 - x**2 + 1e-6), as in soft actor-critic's tanh correction; a floor
    under a root."""
    node, operand = node_at(value.site), operand_of(node_at(value.site))
    if value.site is None or operand is None or node is None:
        return ()
    file = value.site.file
    if value.op == "log":
        return (Edit("replace", file, operand, f"{text_of(file, operand)} + 1e-6"),) if _in_call(node, operand) else (
            Edit("replace", file, operand, f"({text_of(file, operand)} + 1e-6)"),)  # fmt: skip
    if value.op in ("sqrt", "pow"):
        return (floored(file, operand, ROOT_FLOOR),)
    return (Edit("replace", file, operand, f"{atom(file, operand)}.clamp(-1 + 1e-7, 1 - 1e-7)"),)


def _in_call(node: ast.AST, operand: ast.expr) -> bool:
    return isinstance(node, ast.Call) and operand in node.args


def fused_exponential(value: Value) -> tuple[Edit, ...]:
    """torch.softmax, torch.logsumexp or F.softplus of what the exponential is taken of."""
    node, site = node_at(value.site), value.site
    if site is None:
        return ()
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return _softmax(site.file, node, value)
    operand = operand_of(node)
    if isinstance(operand, ast.BinOp) and isinstance(operand.op, ast.Add):
        return _softplus(site.file, node, operand)
    return _logsumexp(site.file, node, operand)


def _softmax(file: SourceFile, node: ast.BinOp, value: Value) -> tuple[Edit, ...]:
    """`e = exp(s); e / e.sum(-1, keepdim=True)`; the statement of e goes when nothing else reads it."""
    total, exponent = node.right, node_at(unwrap(value.inputs[0]).site)
    scores = operand_of(exponent)
    dim = _summed_dim(total)
    if scores is None or dim is None or "keepdim" not in unparsed(total) or exponent is None:
        return ()
    inline = _is_inside(node.left, exponent)
    # Without its statement, `a = exp(a)` leaves a as it was.
    same = isinstance(scores, ast.Name) and assigned_name(file, exponent) == scores.id
    if same and not _left_over(file, exponent, node):
        return ()
    if not inline and not same and not usable_at(file, scores, node):
        return ()
    torch, needed = library_name(file, "torch")
    fused = f"{torch}.softmax({text_of(file, scores)}, dim={text_of(file, dim)})"
    return (Edit("replace", file, node, fused), *needed, *_left_over(file, exponent, node))


def _left_over(file: SourceFile, exponent: ast.AST, user: ast.AST) -> tuple[Edit, ...]:
    """The assignment of the exponential, when only the rewritten quotient reads it."""
    name, statement = assigned_name(file, exponent), statement_of(file, exponent)
    if not name or statement is None:
        return ()
    between = range(statement.lineno + 1, getattr(user, "lineno", 0) + 1)
    rebound = statement_of(file, user)
    again = isinstance(rebound, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in rebound.targets)
    others = [
        n
        for n in reads_of(file, user, name)
        if not _is_inside(user, n) and not _is_inside(statement, n) and (n.lineno in between or not again)
    ]
    return () if others else (Edit("delete", file, statement),)


def _summed_dim(total: ast.expr) -> ast.expr | None:
    """The dimension of `e.sum(-1, keepdim=True)` and of `torch.sum(e, dim=-1, keepdim=True)`."""
    if not isinstance(total, ast.Call) or last_name(total.func) != "sum":
        return None
    return given_node(total, 1 if operand_of(total) in total.args else 0, "dim", "axis")


def _softplus(file: SourceFile, node: ast.AST | None, added: ast.BinOp) -> tuple[Edit, ...]:
    exponent = next((side for side in (added.left, added.right) if isinstance(side, ast.Call)), None)
    one = next((side for side in (added.left, added.right) if isinstance(side, ast.Constant)), None)
    scores = operand_of(exponent) if exponent is not None and last_name(exponent.func) == "exp" else None
    if node is None or one is None or scores is None:
        return ()
    functional, needed = library_name(file, "torch.nn.functional")
    return (Edit("replace", file, node, f"{functional}.softplus({text_of(file, scores)})"), *needed)


def _logsumexp(file: SourceFile, node: ast.AST | None, summed: ast.expr | None) -> tuple[Edit, ...]:
    dim = _summed_dim(summed) if summed is not None else None
    exponent = operand_of(summed)
    scores = operand_of(exponent) if isinstance(exponent, ast.Call) and last_name(exponent.func) == "exp" else None
    if node is None or dim is None or scores is None:
        return ()
    kept = ", keepdim=True" if summed is not None and "keepdim=True" in unparsed(summed) else ""
    torch, needed = library_name(file, "torch")
    text = f"{torch}.logsumexp({text_of(file, scores)}, dim={text_of(file, dim)}{kept})"
    return (Edit("replace", file, node, text), *needed)


def with_epsilon(event: Event) -> tuple[Edit, ...]:
    """`x / (s + 1e-8)`, the constant of the usual implementations of advantage normalisation."""
    divisor = event.node.right if isinstance(event.node, ast.BinOp) else argument_node(event, 1, "other")
    if divisor is None:
        return ()
    return (Edit("replace", event.file, divisor, f"({text_of(event.file, divisor)} + 1e-8)"),)


def mean_or_zero(value: Value) -> tuple[Edit, ...]:
    """`x[m].sum() / max(x[m].numel(), 1)` for a mean, and the count of a quotient at least 1."""
    node, site = node_at(value.site), value.site
    if site is None or node is None:
        return ()
    if isinstance(node, ast.BinOp):
        return (floored(site.file, node.right, "1"),)
    chosen = operand_of(node)
    plain = isinstance(node, ast.Call) and isinstance(chosen, ast.Subscript) and not node.keywords
    extra = [a for a in node.args if a is not chosen] if isinstance(node, ast.Call) else []
    if not plain or extra or chosen is None:
        return ()
    text = text_of(site.file, chosen)
    quotient = f"{text}.sum() / max({text}.numel(), 1)"
    alone = isinstance(parents(site.file).get(id(node)), ast.Assign | ast.Return)
    return (Edit("replace", site.file, node, quotient if alone else f"({quotient})"),)
