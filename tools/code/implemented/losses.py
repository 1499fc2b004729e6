"""The form of losses: divergences, reductions, what is detached, contrast, distillation, focal, diffusion."""

import ast
import re
from collections.abc import Iterator

from misrun.tools.code.implemented.fact import Form
from misrun.tools.code.implemented.syntax import (
    argument,
    assigned,
    calls,
    function_name,
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

# The two sides of a divergence by the words in their names. The first that matches counts.
_SIDES = (
    ("teacher", re.compile(r"teach|tea\b|_t\b|target_dist|p_t\b", re.IGNORECASE)),
    ("student", re.compile(r"stud|p_s\b|_s\b", re.IGNORECASE)),
    ("reference", re.compile(r"ref", re.IGNORECASE)),
    ("old policy", re.compile(r"old|behav", re.IGNORECASE)),
    ("prior", re.compile(r"prior|\bp_?z|standard_normal|\bp\b", re.IGNORECASE)),
    ("posterior", re.compile(r"post|\bq_?z|\bq\b|encoder_dist", re.IGNORECASE)),
    ("policy", re.compile(r"policy|pi\b|actor|new|logp\b|logprobs?\b|theta", re.IGNORECASE)),
)
_TEMPERATURE = re.compile(r"(?:\w*_)?(?:temperature|temp|tau)(?:_\w+)?|T|t", re.IGNORECASE)
_POINTWISE = frozenset(
    ("mse_loss", "l1_loss", "smooth_l1_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "huber_loss")
)


def side_of(text: str) -> str:
    """The role that a name or symbol plays in a divergence, else ""."""
    return next((side for side, pattern in _SIDES if pattern.search(text)), "")


def divergences(project: Project) -> Iterator[Form]:
    """KL(first || second) as "first || second". torch's kl_div(input, target) is KL(target || input), see
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html."""
    for file, _, nodes in scopes(project):
        known = assigned(nodes)
        for node in nodes:
            if isinstance(node, ast.Call) and name_of(node.func) in ("kl_div", "KLDivLoss", "kl_divergence"):
                if len(node.args) < 2:
                    continue
                sides = [_side(argument, known) for argument in node.args[:2]]
                first, second = sides if name_of(node.func) == "kl_divergence" else sides[::-1]
                yield _divergence(file, node, first, second)
            elif isinstance(node, ast.Assign) and re.match(
                r"(?:approx_?|log_)?kls?(?:_|d|$)", name_of(node.targets[0]), re.I
            ):
                yield from _log_ratio(file, node)


def _side(node: ast.expr, known: dict[str, ast.expr]) -> str:
    words = " ".join(sorted(identifiers(node)))
    return side_of(words) or (
        side_of(" ".join(sorted(identifiers(known[name_of(node)])))) if name_of(node) in known else ""
    )


def _log_ratio(file: SourceFile, node: ast.Assign) -> Iterator[Form]:
    """logp_policy - logp_ref is an estimate of KL(policy || reference) on samples of the policy."""
    value = node.value
    while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and not value.args:
        value = value.func.value
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Sub):
        left, right = (side_of(" ".join(sorted(identifiers(side)))) for side in (value.left, value.right))
        if all("log" in " ".join(identifiers(side)) for side in (value.left, value.right)):
            yield _divergence(file, node, left, right)


def _divergence(file: SourceFile, node: ast.AST, first: str, second: str) -> Form:
    sure = bool(first and second and first != second)
    return Form(
        topic="kl_direction", choice=f"{first} || {second}", shown=text_of(node), span=span_of(file, node), sure=sure
    )


def gaussian_divergences(project: Project) -> Iterator[Form]:
    """The sign of the closed form -1/2 sum(1 + log s^2 - m^2 - s^2) (Kingma, Welling, arXiv:1312.6114, appendix B)."""
    for file, node in walk(project):
        if not isinstance(node, ast.Assign | ast.Return) or node.value is None:
            continue
        for inner in ast.walk(node.value):
            if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add | ast.Sub) and _is_gaussian(inner):
                sign = _sign_of_variance(inner) * _sign_of_factor(node.value, inner)
                choice = "positive" if sign < 0 else "negative"
                yield Form(
                    topic="kl_sign", choice=choice, shown=text_of(node), span=span_of(file, node), sure=sign != 0
                )
                break


def _terms(node: ast.expr, sign: int = 1) -> list[tuple[int, ast.expr]]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        return [*_terms(node.left, sign), *_terms(node.right, sign if isinstance(node.op, ast.Add) else -sign)]
    return [(sign, node)]


def _is_gaussian(node: ast.BinOp) -> bool:
    """Four terms: a one, a squared mean, a logarithm of the variance, the variance."""
    terms = _terms(node)
    words = " ".join(identifiers(node))
    return (
        len(terms) >= 4
        and any(number_of(t) == 1 for _, t in terms)
        and bool(re.search(r"log_?(?:var|sigma|std)|logv", words))
    )


def _sign_of_variance(node: ast.BinOp) -> int:
    """The sign of the logarithm of the variance: +1 in 1 + logvar - mu^2 - exp(logvar)."""
    for sign, term in _terms(node):
        base = term.right if isinstance(term, ast.BinOp) and isinstance(term.op, ast.Mult) else term
        if isinstance(base, ast.Name | ast.Attribute) and re.search(r"log", name_of(base), re.IGNORECASE):
            return sign
    return 0


def _sign_of_factor(whole: ast.expr, inner: ast.AST) -> int:
    """The sign that everything around the inner sum gives it."""
    sign = 1
    node: ast.AST = whole
    while node is not inner:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            sign = -sign
        elif isinstance(node, ast.BinOp):
            factor = node.left if inner in set(ast.walk(node.right)) else node.right
            value = number_of(factor)
            scaled = value is not None and value < 0 and isinstance(node.op, ast.Mult | ast.Div)
            if scaled or (isinstance(node.op, ast.Sub) and inner in set(ast.walk(node.right))):
                sign = -sign
        node = next(
            (child for child in ast.iter_child_nodes(node) if child is inner or inner in set(ast.walk(child))), inner
        )
    return sign


def reductions(project: Project) -> Iterator[Form]:
    """How a loss per element is reduced: "mean", or "sum" over the elements of an example."""
    for file, call in calls(project, *_POINTWISE):
        if call.keywords and any(word.arg is None for word in call.keywords):
            continue
        given = keyword(call, "reduction")
        choice = str(given.value) if isinstance(given, ast.Constant) else "mean" if given is None else ""
        if choice in ("mean", "sum"):
            yield Form(topic="reduction", choice=choice, shown=text_of(call), span=span_of(file, call))


def _is_detached(node: ast.expr) -> bool:
    return any(
        isinstance(inner, ast.Call) and name_of(inner.func) in ("detach", "stop_gradient") for inner in ast.walk(node)
    )


def quantizer_losses(project: Project) -> Iterator[Form]:
    """The two losses of a quantizer (van den Oord et al., arXiv:1711.00937, equation 3) by what is detached: "codebook"
    where the encoder's output is, "commitment" where the code is, "both ways" where nothing is."""
    for file, _, nodes in scopes(project):
        for node in nodes:
            if not isinstance(node, ast.Assign) or not re.search(
                r"commit|codebook|embed\w*_loss|vq_loss|e_latent|q_latent", name_of(node.targets[0]), re.I
            ):
                continue
            difference = next(
                (
                    n
                    for n in ast.walk(node.value)
                    if isinstance(n, ast.Call) and name_of(n.func) in ("mse_loss", "MSELoss") and len(n.args) > 1
                ),
                None,
            )
            pair = difference.args[:2] if difference else _squared(node.value)
            if pair:
                named = "commitment" if re.search("commit|e_latent", name_of(node.targets[0]), re.I) else "codebook"
                detached = [_is_detached(side) for side in pair]
                encoder = [
                    bool(re.search(r"z_?e|enc|inputs?|^z$|^x$|flat", " ".join(identifiers(side)), re.I))
                    for side in pair
                ]
                yield _quantizer(file, node, named, detached, encoder)


def _squared(node: ast.expr) -> list[ast.expr]:
    """Both sides of the difference in (a - b) ** 2 or (a - b).pow(2)."""
    for inner in ast.walk(node):
        base = inner.left if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Pow) else None
        if isinstance(inner, ast.Call) and name_of(inner.func) == "pow" and isinstance(inner.func, ast.Attribute):
            base = inner.func.value
        if isinstance(base, ast.BinOp) and isinstance(base.op, ast.Sub):
            return [base.left, base.right]
    return []


def _quantizer(file: SourceFile, node: ast.Assign, named: str, detached: list[bool], encoder: list[bool]) -> Form:
    held = [enc for enc, off in zip(encoder, detached, strict=True) if off]
    kind = "both ways" if not held else "codebook" if held[0] else "commitment"
    choice = (
        "as named"
        if kind == named
        else f"{named} loss {'detaches nothing' if kind == 'both ways' else 'detaches the other side'}"
    )
    return Form(topic="quantizer_gradient", choice=choice, shown=text_of(node), span=span_of(file, node),
                sure=encoder[0] != encoder[1] or kind == "both ways")  # fmt: skip


def target_gradients(project: Project) -> Iterator[Form]:
    """Whether values of a target, teacher or reference network are computed without gradient."""
    guarded = {
        id(n) for _, node in walk(project) if isinstance(node, ast.With) and _is_no_grad(node) for n in ast.walk(node)
    }
    for _, node in walk(project):
        if isinstance(node, ast.FunctionDef) and any(
            name_of(d) in ("no_grad", "inference_mode") for d in node.decorator_list
        ):
            guarded |= {id(n) for n in ast.walk(node)}
    for file, root, nodes in scopes(project):
        detached = {
            id(n)
            for node in nodes
            if isinstance(node, ast.Call) and name_of(node.func) in ("detach", "stop_gradient")
            for n in ast.walk(node)
        }
        later = {
            name_of(n.func.value)
            for n in nodes
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == "detach"
        }
        for node in nodes:
            if not isinstance(node, ast.Call) or function_name(root).startswith("make"):
                continue
            called = name_of(node.func)
            if not re.fullmatch(
                r"(?:target|teacher|ref(?:erence)?)(?:_?(?:net\w*|model|q|critic|policy|encoder|actor))?|(?:q|critic|actor|policy)_?target|ref_?model",
                called,
                re.I,
            ):
                continue
            free = id(node) in guarded or id(node) in detached or _assigned_to(nodes, node) & later
            choice = "without gradient" if free else "with gradient"
            yield Form(topic="target_gradient", choice=choice, shown=text_of(node), span=span_of(file, node))


def _assigned_to(nodes: list[ast.AST], call: ast.Call) -> set[str]:
    """The names that are made of a call's result in the same scope."""
    found = {
        name_of(t) for n in nodes if isinstance(n, ast.Assign) and call in set(ast.walk(n.value)) for t in n.targets
    }
    for node in nodes:
        if isinstance(node, ast.Assign) and found & {name_of(i) for i in ast.walk(node.value)}:
            found |= {name_of(t) for t in node.targets}
    return found - {""}


def _is_no_grad(node: ast.With) -> bool:
    return any(name_of(item.context_expr) in ("no_grad", "inference_mode") for item in node.items)


def temperatures(project: Project) -> Iterator[Form]:
    """Whether similarities or logits are divided by the temperature or multiplied with it."""
    for file, node in walk(project):
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Div | ast.Mult):
            continue
        name = name_of(node.right) if isinstance(node.right, ast.Name | ast.Attribute | ast.Subscript) else ""
        if len(name) < 3 or not _TEMPERATURE.fullmatch(name) or number_of(node.left) is not None:
            continue
        left = identifiers(node.left)
        scaled = isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.MatMult)
        if scaled or any(re.search(r"logit|sim|score|cos|matmul|mm|einsum|dot", word) for word in left):
            choice = "divided" if isinstance(node.op, ast.Div) else "multiplied"
            yield Form(topic="temperature_use", choice=choice, shown=text_of(node), span=span_of(file, node))


def similarities(project: Project) -> Iterator[Form]:
    """Whether features are brought to length one before they are compared ("cosine") or not ("dot product")."""
    for file, root, nodes in scopes(project):
        if isinstance(root, ast.Module):
            continue
        words = {name_of(n.func) for n in nodes if isinstance(n, ast.Call)}
        products = [n for n in nodes if isinstance(n, ast.BinOp) and isinstance(n.op, ast.MatMult)]
        if "cross_entropy" not in words or not products:
            continue
        normed = bool(words & {"normalize", "cosine_similarity", "norm"})
        yield Form(topic="similarity", choice="cosine" if normed else "dot product", shown=text_of(products[0]),
                   span=span_of(file, products[0]), sure=normed or function_name(root) != "")  # fmt: skip


def symmetric_losses(project: Project) -> Iterator[Form]:
    """Whether a contrastive loss is taken over rows and columns of the similarities, or over rows alone."""
    for file, root, nodes in scopes(project):
        losses = [n for n in nodes if isinstance(n, ast.Call) and name_of(n.func) == "cross_entropy" and n.args]
        products = any(isinstance(n, ast.BinOp) and isinstance(n.op, ast.MatMult) for n in nodes)
        if isinstance(root, ast.Module) or not losses or not products:
            continue
        turned = any(
            {"t", "transpose", "mT"} & {name_of(i).replace("T", "t") for i in ast.walk(loss.args[0])} for loss in losses
        )
        choice = "both directions" if turned or len(losses) > 1 else "one direction"
        place = next((n for n in nodes if isinstance(n, ast.Return)), losses[0])
        yield Form(topic="symmetric_loss", choice=choice, shown=text_of(place), span=span_of(file, place))


def distillation_scales(project: Project) -> Iterator[Form]:
    """Whether a softened divergence is multiplied with the squared temperature (Hinton et al., arXiv:1503.02531)."""
    for file, _, nodes in scopes(project):
        for node in nodes:
            value = node.value if isinstance(node, ast.Assign | ast.Return) else None
            if value is None or not any(
                isinstance(n, ast.Call) and name_of(n.func) in ("kl_div", "KLDivLoss") for n in ast.walk(value)
            ):
                continue
            softened = any(
                isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div) and _TEMPERATURE.fullmatch(name_of(n.right))
                for n in ast.walk(value)
            )
            if softened:
                squares = _temperature_factors(value)
                choice = "times T^2" if squares == 2 else "not scaled" if squares == 0 else "times T"
                yield Form(topic="distillation_scale", choice=choice, shown=text_of(node), span=span_of(file, node))


def _temperature_factors(value: ast.expr) -> int:
    """How often the temperature multiplies the whole expression."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult):
        return _temperature_factors(value.left) + _temperature_factors(value.right)
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Pow) and _TEMPERATURE.fullmatch(name_of(value.left)):
        return int(number_of(value.right) or 0)
    return int(isinstance(value, ast.Name | ast.Attribute) and bool(_TEMPERATURE.fullmatch(name_of(value))))


def focal_forms(project: Project) -> Iterator[Form]:
    """(1 - p_t)^gamma (Lin et al., arXiv:1708.02002, equation 4) or its mistaken p_t^gamma."""
    for file, node in walk(project):
        base, exponent = None, None
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            base, exponent = node.left, node.right
        if isinstance(node, ast.Call) and name_of(node.func) == "pow" and node.args:
            base = node.func.value if isinstance(node.func, ast.Attribute) and len(node.args) == 1 else node.args[0]
            exponent = node.args[-1]
        if base is None or exponent is None or not re.fullmatch(r"(?:focal_?)?gamma", name_of(exponent)):
            continue
        turned = isinstance(base, ast.BinOp) and isinstance(base.op, ast.Sub) and number_of(base.left) == 1
        if turned or re.search(r"p_?t|prob|^p$", name_of(base), re.IGNORECASE):
            yield Form(
                topic="focal_form",
                choice="(1 - p)^gamma" if turned else "p^gamma",
                shown=text_of(node),
                span=span_of(file, node),
            )


def prediction_targets(project: Project) -> Iterator[Form]:
    """What a diffusion model learns to predict: "noise", "velocity" or "data", by the second argument of its loss."""
    for file, _, nodes in scopes(project):
        words = set().union(*(identifiers(n) for n in nodes if isinstance(n, ast.Assign)), set())
        if not words & {"noise", "eps", "epsilon", "randn_like"}:
            continue
        for node in nodes:
            if (
                isinstance(node, ast.Call)
                and name_of(node.func) in ("mse_loss", "l1_loss", "smooth_l1_loss")
                and len(node.args) > 1
            ):
                target = name_of(argument(node, 1, "target")).lower()
                choice = next((c for c, p in _TARGETS if re.fullmatch(p, target)), "")
                yield Form(
                    topic="prediction_target",
                    choice=choice,
                    shown=text_of(node),
                    span=span_of(file, node),
                    sure=bool(choice),
                )


_TARGETS = (
    ("noise", r"noise|eps|epsilon|true_noise|e"),
    ("velocity", r"v|velocity|v_target|target_v"),
    ("data", r"x_?0|x_?start|x|clean|images?|data|latents?"),
)
