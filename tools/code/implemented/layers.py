"""How the code builds layers: activations, the place of norms, attention, encodings of position, initialisation."""

import ast
import re
from collections.abc import Iterator

from misrun.tools.code.implemented.fact import Form
from misrun.tools.code.implemented.syntax import (
    argument,
    assigned,
    calls,
    identifiers,
    keyword,
    name_of,
    number_of,
    scopes,
    span_of,
    text_of,
    walk,
)
from misrun.tools.code.project_model import Project
from misrun.tools.code.source import SourceFile

_ACTIVATIONS = {
    "ReLU": "relu", "relu": "relu", "GELU": "gelu", "gelu": "gelu", "SiLU": "silu", "silu": "silu",
    "swish": "silu", "Swish": "silu",
    "Tanh": "tanh", "tanh": "tanh", "LeakyReLU": "leaky relu", "leaky_relu": "leaky relu", "ELU": "elu", "elu": "elu",
    "SELU": "selu", "selu": "selu", "Mish": "mish", "mish": "mish", "Softplus": "softplus", "softplus": "softplus",
}  # fmt: skip
_OWN = re.compile(r"(?:[a-z]_|New|Quick|Fast|Approximate)(gelu|silu|swish|mish)$", re.IGNORECASE)
_NORM = re.compile(r"(?:.*_)?(?:norm|ln|layer_?norm|rms_?norm)(?:_?\w{0,6})?$|(?:norm|ln)\d", re.IGNORECASE)
_QUERY = re.compile(r"q|queries|query|q_\w+|xq", re.IGNORECASE)
_SCORES = re.compile(r"score|attn|att\b|weights|logits|energy|sim|dots|\bw\b", re.IGNORECASE)


def activations(project: Project) -> Iterator[Form]:
    """Activations that are built or called, and those that torch's own layers are told to use."""
    for file, call in calls(project):
        name = name_of(call.func)
        own = _OWN.search(name)  # NewGELU, quick_gelu: written out by hand
        choice = _ACTIVATIONS.get(name) or (_ACTIVATIONS[own[1].lower()] if own else "")
        if choice:
            yield Form(topic="activation", choice=choice, shown=text_of(call), span=span_of(file, call))
        for word in call.keywords:
            if word.arg in ("activation", "act", "act_layer", "nonlinearity", "hidden_act"):
                said = str(word.value.value) if isinstance(word.value, ast.Constant) else name_of(word.value)
                if said in _ACTIVATIONS or said.lower() in _ACTIVATIONS:
                    choice = _ACTIVATIONS.get(said) or _ACTIVATIONS[said.lower()]
                    yield Form(topic="activation", choice=choice, shown=text_of(call), span=span_of(file, word.value))


def norm_orders(project: Project) -> Iterator[Form]:
    """x + f(norm(x)) is pre-norm, norm(x + f(x)) is post-norm (Xiong et al., arXiv:2002.04745, figure 1)."""
    for file, node in walk(project):
        if isinstance(node, ast.Call) and name_of(node.func) in ("TransformerEncoderLayer", "TransformerDecoderLayer"):
            first = keyword(node, "norm_first")
            choice = "pre" if isinstance(first, ast.Constant) and first.value is True else "post"
            yield Form(topic="norm_order", choice=choice, shown=text_of(node), span=span_of(file, first or node))
        value = node.value if isinstance(node, ast.Assign | ast.Return) else None
        choice = _order_of(value) if value is not None else ""
        if choice:
            yield Form(topic="norm_order", choice=choice, shown=text_of(node), span=span_of(file, node))


def _order_of(value: ast.expr) -> str:
    if _is_norm(value):
        inner = value.args[0] if isinstance(value, ast.Call) and value.args else None
        return "post" if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add) else ""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        branch = [side for side in (value.left, value.right) if not isinstance(side, ast.Name)]
        for side in branch:
            if any(_is_norm(inner) for inner in ast.walk(side) if inner is not side):
                return "pre"
    return ""


def _is_norm(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and bool(_NORM.match(name_of(node.func)))


def attention(project: Project) -> Iterator[Form]:
    """How scores of queries and keys are scaled, and over which axis they are normalised."""
    for file, root, nodes in scopes(project):
        if isinstance(root, ast.Module):
            continue
        known = assigned(nodes)
        for node in nodes:
            if isinstance(node, ast.Call) and name_of(node.func) == "scaled_dot_product_attention":
                scale = keyword(node, "scale")
                yield _scale_form("1/sqrt(d)" if scale is None else "", text_of(node), file, scale or node)
            elif isinstance(node, ast.Call) and name_of(node.func) == "softmax":
                yield from _of_softmax(file, node, known)


def _of_softmax(file: SourceFile, node: ast.Call, known: dict[str, ast.expr]) -> Iterator[Form]:
    scores = (
        node.args[0]
        if name_of(getattr(node.func, "value", None)) in ("torch", "F", "functional", "jnp", "nn", "np") and node.args
        else None
    )
    if scores is None:
        scores = (
            node.func.value
            if isinstance(node.func, ast.Attribute) and not node.args[:1]
            else (node.args[0] if node.args else None)
        )
    expression = known.get(name_of(scores), scores) if isinstance(scores, ast.Name) else scores
    if expression is None or (product := _product(expression)) is None:
        return
    axis = number_of(argument(node, 1, "dim", "axis"))
    if axis is not None:
        choice = "keys" if axis in (-1, 3) else "queries" if axis in (-2, 2) else ""
        yield Form(
            topic="softmax_axis", choice=choice, shown=text_of(node), span=span_of(file, node), sure=bool(choice)
        )
    yield _scale_form(_scaling(expression, product, known), text_of(expression), file, expression)


def _scale_form(choice: str, shown: str, file: SourceFile, node: ast.AST) -> Form:
    return Form(topic="attention_scale", choice=choice, shown=shown, span=span_of(file, node), sure=bool(choice))


def _product(expression: ast.expr) -> ast.AST | None:
    """The product of queries and keys in an expression."""
    for inner in ast.walk(expression):
        is_matmul = isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.MatMult)
        is_call = isinstance(inner, ast.Call) and name_of(inner.func) in ("matmul", "bmm", "einsum")
        if (is_matmul or is_call) and any(_QUERY.fullmatch(word) for word in identifiers(inner)):
            return inner
    return None


def _scaling(expression: ast.expr, product: ast.AST, known: dict[str, ast.expr]) -> str:
    """What the product is divided by: "1/sqrt(d)", "1/d" or "none"; "" where it cannot be told."""
    if expression is product:
        return "" if _scaled_query(product, known) else "none"
    if not isinstance(expression, ast.BinOp) or not isinstance(expression.op, ast.Div | ast.Mult):
        return ""
    factor = expression.right if product in set(ast.walk(expression.left)) else expression.left
    resolved = known.get(name_of(factor), factor)
    root = _is_root(resolved)
    if isinstance(expression.op, ast.Div):
        if root:
            return "1/sqrt(d)"
        return "1/d" if re.search(r"d_?k|dim|head|size|^d$", name_of(resolved), re.IGNORECASE) else ""
    if isinstance(resolved, ast.BinOp) and isinstance(resolved.op, ast.Pow) and number_of(resolved.right) == -0.5:
        return "1/sqrt(d)"
    if isinstance(resolved, ast.BinOp) and isinstance(resolved.op, ast.Div) and _is_root(resolved.right):
        return "1/sqrt(d)"
    return "sqrt(d)" if root else ""


def _scaled_query(product: ast.AST, known: dict[str, ast.expr]) -> bool:
    """Whether a factor of the product was scaled before it."""
    words = {name_of(inner) for inner in ast.walk(product) if isinstance(inner, ast.Name | ast.Attribute)}
    return any(isinstance(known.get(word), ast.BinOp) or "scale" in word.lower() for word in words)


def _is_root(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return name_of(node.func) in ("sqrt", "rsqrt")
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and number_of(node.right) == 0.5


def positional_bases(project: Project) -> Iterator[tuple[float, Form]]:
    """The base of sines and cosines of positions, where they are made in one function."""
    for file, root, nodes in scopes(project):
        used = {name_of(node.func) for node in nodes if isinstance(node, ast.Call)}
        if isinstance(root, ast.Module) or not {"sin", "cos"} <= used:
            continue
        for node in nodes:
            base = None
            if isinstance(node, ast.Call) and name_of(node.func) == "log" and node.args:
                base = number_of(node.args[0])
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
                base = number_of(node.left)
            if base is not None and base >= 10:
                yield (
                    base,
                    Form(topic="positional_base", choice=f"{base:g}", shown=text_of(node), span=span_of(file, node)),
                )


def positions(project: Project) -> Iterator[Form]:
    """Sinusoidal, learned or rotary encodings of position."""
    for _, form in positional_bases(project):
        yield form.model_copy(update={"topic": "positional_encoding", "choice": "sinusoidal"})
    for file, node in walk(project):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            name, made = name_of(node.targets[0]).lower(), name_of(node.value.func)
            if re.search(r"pos", name) and made in ("Parameter", "Embedding", "Embed", "param"):
                yield Form(topic="positional_encoding", choice="learned", shown=text_of(node), span=span_of(file, node))
            elif re.search(r"rope|rotary", name + made.lower()):
                yield Form(topic="positional_encoding", choice="rotary", shown=text_of(node), span=span_of(file, node))


def initializations(project: Project) -> Iterator[Form]:
    """How weights are initialised: the kind, and for uniform and normal weights the number."""
    for file, call in calls(project, "uniform_", "normal_", "trunc_normal_", "xavier_uniform_", "xavier_normal_",
                            "kaiming_normal_", "kaiming_uniform_", "orthogonal_"):  # fmt: skip
        name = name_of(call.func).rstrip("_")
        numbers = [n for a in (*call.args, *(w.value for w in call.keywords)) if (n := number_of(a)) is not None]
        kind = (
            name.split("_")[0] if name.startswith(("xavier", "kaiming", "orthogonal")) else name.replace("trunc_", "")
        )
        width = f" {abs(numbers[-1]):g}" if kind in ("uniform", "normal") and numbers else ""
        yield Form(topic="initialization", choice=kind + width, shown=text_of(call), span=span_of(file, call))
