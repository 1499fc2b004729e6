"""Repairs of targets that are padded: padded with the index the loss ignores, or that index named."""

import ast

from misrun.tools.code.checks.repair_syntax import function_of, is_in_reach, text_of, with_keyword
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Value, ancestors
from misrun.tools.code.walking import unparsed, walk


def padding_ignored(trace: Trace, event: Event, padded: Value) -> tuple[Edit, ...]:
    """Targets that only the loss reads are padded with -100, which it ignores by default. Where the same table is read
    by the model too, its padding value is an id of its own, and ignore_index names it."""
    node, site = (padded.site.node, padded.site) if padded.site is not None else (None, None)
    if site is None or node is None:
        return ()
    if not _is_read_by_model(trace, node):
        fill = _fill(node)
        if fill is not None:
            return (Edit("replace", site.file, fill, "-100"),)
        return (with_keyword(site.file, node, "padding_value", "-100"),) if isinstance(node, ast.Call) else ()
    return _ignored(trace, event, _fill_text(site.file, node))


def _is_read_by_model(trace: Trace, node: ast.AST) -> bool:
    """Whether what was padded there is looked up in an embedding or given to a model."""
    return any(
        v.site is not None and v.site.node is node
        for e in trace.events("embedding", "module()")
        for a in e.args
        for v in ancestors(a, 60)
    )


def _fill(node: ast.AST) -> ast.expr | None:
    """The padding value written in `pad_sequence(...)` or in `tags + [0] * (n - len(tags))`."""
    if isinstance(node, ast.Call):
        named = next((k.value for k in node.keywords if k.arg == "padding_value"), None)
        return named or (node.args[2] if len(node.args) > 2 else None)
    if isinstance(node, ast.BinOp) and isinstance(node.right, ast.BinOp) and isinstance(node.right.left, ast.List):
        return node.right.left.elts[0]
    return None


def _fill_text(file: SourceFile, node: ast.AST) -> str:
    """The padding value, as far as it means the same elsewhere: a number, or a constant's name in capitals."""
    fill = _fill(node)
    if fill is None:
        return "0" if isinstance(node, ast.Call) else ""
    text = text_of(file, fill)
    return text if isinstance(fill, ast.Constant) or (isinstance(fill, ast.Name) and fill.id.isupper()) else ""


def _ignored(trace: Trace, event: Event, fill: str) -> tuple[Edit, ...]:
    """ignore_index in the call or in the making of the loss object."""
    made = event.callee.site if event.callee is not None else event.site
    shared = event.callee is not None and sum(e.callee is event.callee for e in trace.events(event.op)) > 1
    if made is None or not isinstance(made.node, ast.Call) or not fill or shared:
        return ()
    if not fill.isnumeric() and made.file is not event.file:
        return ()
    return (with_keyword(made.file, made.node, "ignore_index", fill),)


def labels_ignored(file: SourceFile, assign: ast.Assign) -> tuple[Edit, ...]:
    """-100 where the attention mask is 0, in the form the ids have: a tensor, or the list of one sample."""
    ids = _ids(assign.value)
    if ids is None:
        return _named_labels_ignored(file, assign)
    mask = _beside(file, ids, "attention_mask")
    text, whole = text_of(file, ids), text_of(file, assign.value)
    if whole.endswith(".clone()") or _makes_tensors(file, assign):
        return (Edit("replace", file, assign.value, f"{text}.masked_fill({mask} == 0, -100)"),)
    is_single = whole.endswith((".copy()", "[:]")) and _takes_one(file, assign)
    if not is_single:
        return ()
    return (Edit("replace", file, assign.value, f"[t if m else -100 for t, m in zip({text}, {mask})]"),)


def _named_labels_ignored(file: SourceFile, assign: ast.Assign) -> tuple[Edit, ...]:
    """`labels = input_ids.clone()` beside a variable attention_mask."""
    base = assign.value.func.value if isinstance(assign.value, ast.Call) and isinstance(
        assign.value.func, ast.Attribute) else None  # fmt: skip
    is_tensor = text_of(file, assign.value).endswith(".clone()")
    if not isinstance(base, ast.Name) or not is_tensor or not is_in_reach(file, "attention_mask", assign):
        return ()
    return (Edit("replace", file, assign.value, f"{base.id}.masked_fill(attention_mask == 0, -100)"),)


def _ids(value: ast.expr) -> ast.Subscript | ast.Attribute | None:
    """x["input_ids"] of `x["input_ids"].clone()`."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        value = value.func.value
    if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Slice):
        value = value.value
    is_ids = isinstance(value, ast.Subscript | ast.Attribute) and "input_ids" in unparsed(value)
    return value if is_ids and isinstance(value, ast.Subscript | ast.Attribute) else None


def _beside(file: SourceFile, ids: ast.Subscript | ast.Attribute, key: str) -> str:
    base = text_of(file, ids.value)
    return f"{base}.{key}" if isinstance(ids, ast.Attribute) else f'{base}["{key}"]'


def _makes_tensors(file: SourceFile, assign: ast.Assign) -> bool:
    """The tokenizer of the same function is told return_tensors."""
    return any(
        isinstance(n, ast.Call) and any(k.arg == "return_tensors" for k in n.keywords)
        for n in walk(function_of(file, assign))
    )


def _takes_one(file: SourceFile, assign: ast.Assign) -> bool:
    """The function is given one sample: the file maps nothing in batches, and the parameter has a singular name."""
    function = function_of(file, assign)
    batched = any("batched=True" in line for line in file.lines)
    given = function.args.args if not isinstance(function, ast.Module) else []
    singular = any(a.arg in ("example", "sample", "row", "item", "record", "ex") for a in given)
    return singular and not batched


def mean_over_mask(body_nodes: tuple[ast.AST, ...], file: SourceFile, mask: ast.Assign) -> tuple[Edit, ...]:
    """`(losses * mask).sum() / mask.sum()` for the `losses.mean()` of losses per position of the same tensor."""
    name, target = unparsed(mask.targets[0]), _compared(mask.value)
    losses = [
        n for n in body_nodes
        if isinstance(n, ast.Assign) and isinstance(n.value, ast.Call) and _is_per_position(file, n.value, target)
        and isinstance(n.targets[0], ast.Name)
    ]  # fmt: skip
    means = [
        n for n in body_nodes
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == "mean" and not n.args
        and not n.keywords
    ]  # fmt: skip
    for mean in means:
        base = mean.func.value if isinstance(mean.func, ast.Attribute) else None
        named = isinstance(base, ast.Name) and base.id in {unparsed(a.targets[0]) for a in losses}
        inline = isinstance(base, ast.Call) and _is_per_position(file, base, target)
        if (named or inline) and base is not None and mean.lineno > mask.lineno:
            return (Edit("replace", file, mean, f"({text_of(file, base)} * {name}).sum() / {name}.sum()"),)
    return ()


def _compared(value: ast.expr) -> str:
    """y of `(y != PAD).float()` and of `y.ne(PAD)`."""
    for node in walk(value):
        if isinstance(node, ast.Compare):
            return unparsed(node.left)
        if isinstance(node, ast.Call) and last_name(node.func) in ("ne", "not_equal"):
            is_method = isinstance(node.func, ast.Attribute) and unparsed(node.func.value) != "torch"
            return unparsed(node.func.value if is_method else node.args[0])  # type: ignore[attr-defined]
    return ""


def _is_per_position(file: SourceFile, call: ast.Call, target: str) -> bool:
    """A loss with reduction="none", in the call or in its object, of this very tensor."""
    given = [unparsed(a) for a in call.args]
    none = 'reduction="none"' in text_of(file, call).replace("'", '"').replace(" ", "")
    made = unparsed(call.func)
    for node in walk(file.tree):
        if isinstance(node, ast.Assign) and made in _targets(node):
            none = none or "reduction='none'" in unparsed(node.value)
    return none and len(given) > 1 and given[1] == target


def _targets(node: ast.Assign) -> list[str]:
    return [
        unparsed(t) for target in node.targets for t in (target.elts if isinstance(target, ast.Tuple) else [target])
    ]
