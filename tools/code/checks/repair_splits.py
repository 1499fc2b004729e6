"""Edits that take statistics from the training part alone, and give the held-out part its own data."""

import ast
from collections.abc import Iterator

from misrun.tools.code.bodies import part_of
from misrun.tools.code.checks.repair_places import assigned_at, belongs
from misrun.tools.code.checks.repair_syntax import (
    class_of,
    function_of,
    given_node,
    is_in_reach,
    names_in,
    statement_of,
    text_of,
)
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event
from misrun.tools.code.values import Value
from misrun.tools.code.walking import unparsed, walk

Edits = tuple[Edit, ...]


def fitted_on_training_part(fit: Event, split: Event) -> Edits:
    """`X = scaler.fit_transform(X)` split afterwards: fitted on what the split calls training."""
    file, call = fit.file, fit.node
    statement = statement_of(file, call)
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or not call.args:
        return ()
    if not belongs(file, split.node) or function_of(file, call) is not function_of(file, split.node):
        return ()
    if call.func.attr != "fit_transform" or len(call.args) != 1 or not isinstance(statement, ast.Assign):
        return ()
    if statement.value is not call or not isinstance(statement.targets[0], ast.Name):
        return ()
    if split.op.endswith("train_test_split"):
        return _after_function_split(file, statement, call, split)
    return _after_slices(file, statement, call, split)


def _after_function_split(file: SourceFile, statement: ast.Assign, fit: ast.Call, split: Event) -> Edits:
    """The raw data split, then `a = scaler.fit_transform(a)` and `b = scaler.transform(b)`."""
    assign, call = statement_of(file, split.node), split.node
    target = assign.targets[0] if isinstance(assign, ast.Assign) and assign.value is call else None
    name = statement.targets[0].id if isinstance(statement.targets[0], ast.Name) else ""
    if not isinstance(call, ast.Call) or not isinstance(target, ast.Tuple) or not isinstance(fit.func, ast.Attribute):
        return ()
    at = next((i for i, a in enumerate(call.args) if isinstance(a, ast.Name) and a.id == name), None)
    if at is None or len(target.elts) != 2 * len(call.args) or _is_used_between(file, name, statement, assign):
        return ()
    one, other = (text_of(file, target.elts[i]) for i in (2 * at, 2 * at + 1))
    raw = text_of(file, fit.args[0])
    made = fit.func.value
    lines = [] if isinstance(made, ast.Name | ast.Attribute) else [f"scaler = {text_of(file, made)}"]
    scaler = text_of(file, made) if not lines else "scaler"
    lines += [f"{one} = {scaler}.fit_transform({one})", f"{other} = {scaler}.transform({other})"]
    edits = [Edit("delete", file, statement), Edit("after", file, assign, "\n".join(lines))]  # type: ignore[arg-type]
    if raw != name:
        edits.append(Edit("replace", file, call.args[at], raw))
    return tuple(edits)


def _is_used_between(file: SourceFile, name: str, first: ast.stmt, last: ast.stmt | None) -> bool:
    scope = function_of(file, first)
    return any(
        isinstance(n, ast.Name)
        and n.id == name
        and last is not None
        and (first.end_lineno or 0) < n.lineno < last.lineno
        for n in walk(scope)
    )


def _after_slices(file: SourceFile, statement: ast.Assign, fit: ast.Call, split: Event) -> Edits:
    """`X = scaler.fit(X[:n]).transform(X)`, below the line that gives n its value."""
    cut = _end_of_training(file, split)
    if cut is None or not isinstance(fit.func, ast.Attribute):
        return ()
    name, raw = text_of(file, statement.targets[0]), text_of(file, fit.args[0])
    text = f"{name} = {text_of(file, fit.func.value)}.fit({raw}[:{cut}]).transform({raw})"
    return _placed(file, statement, text, cut, raw)


def _placed(file: SourceFile, statement: ast.Assign, text: str, cut: str, raw: str) -> Edits:
    """In place of the statement, or below the assignment of the cut where that comes later."""
    name = text_of(file, statement.targets[0])
    if all(is_in_reach(file, n, statement) for n in names_in(ast.parse(cut))):
        return (Edit("replace", file, statement, text),)
    scope = function_of(file, statement)
    made = [n for n in walk(scope) if isinstance(n, ast.Assign) and unparsed(n.targets[0]) == cut]
    if len(made) != 1 or made[0].lineno < statement.lineno:
        return ()
    edits = [Edit("delete", file, statement), Edit("after", file, made[0], text)]
    uses = [n for n in walk(made[0].value) if isinstance(n, ast.Name) and n.id == name]
    if _is_used_between(file, name, statement, made[0]):
        return ()
    if name != raw:  # the name has no value yet where its length was taken
        edits += [Edit("replace", file, n, raw) for n in uses]
    return tuple(edits)


def _end_of_training(file: SourceFile, split: Event) -> str | None:
    """n of `train = X[:n]`, where the part before n is the one for training."""
    base, scope = unparsed(split.node.value) if isinstance(split.node, ast.Subscript) else "", None
    scope = function_of(file, split.node)
    for node in walk(scope):
        if not isinstance(node, ast.Assign):
            continue
        for target, value in _pairs(node):
            if isinstance(value, ast.Subscript) and unparsed(value.value) == base and part_of(target) == "train":
                cut = value.slice
                plain = isinstance(cut, ast.Slice) and cut.lower is None and cut.step is None
                if plain and isinstance(cut, ast.Slice) and isinstance(cut.upper, ast.Name | ast.Constant):
                    return text_of(file, cut.upper)
    return None


def _pairs(node: ast.Assign) -> Iterator[tuple[str, ast.expr]]:
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        yield from ((unparsed(t), v) for t, v in zip(target.elts, value.elts, strict=False))
    else:
        yield unparsed(target), value


def standardised_by_training_part(found: Value, split: Event) -> Edits:
    """`X.mean(0)` and `X.std(0)` as `X[:n].mean(0)`, where n is known there or the lines can wait for it."""
    site = found.site
    if site is None or not belongs(site.file, split.node):
        return ()
    file, statement, cut = site.file, statement_of(site.file, site.node), _end_of_training(site.file, split)
    if cut is None or not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
        return ()
    data = statement.targets[0].id
    scope = function_of(file, statement)
    takes = [
        n
        for n in walk(scope)
        if isinstance(n, ast.Call) and last_name(n.func) in ("mean", "std") and isinstance(n.func, ast.Attribute)
        and unparsed(n.func.value) == data and n.lineno <= statement.lineno
    ]  # fmt: skip
    before = all(is_in_reach(file, n, takes[0]) for n in names_in(ast.parse(cut))) if takes else False
    if len(takes) < 2 or not before:
        return _waiting(file, statement, takes, cut, data)
    return tuple(Edit("replace", file, n.func.value, f"{data}[:{cut}]") for n in takes)  # type: ignore[attr-defined]


def _waiting(file: SourceFile, statement: ast.Assign, takes: list[ast.Call], cut: str, data: str) -> Edits:
    """All statements of the standardisation below the line that computes n."""
    scope = function_of(file, statement)
    made = [n for n in walk(scope) if isinstance(n, ast.Assign) and unparsed(n.targets[0]) == cut]
    held = {id(s): s for t in takes if (s := statement_of(file, t)) is not None}
    moving = sorted({**held, id(statement): statement}.values(), key=lambda s: s.lineno)
    if len(takes) < 2 or len(made) != 1 or made[0].lineno < moving[-1].lineno:
        return ()
    if _is_used_between(file, data, moving[-1], made[0]):
        return ()
    text = "\n".join(text_of(file, s).replace(f"{data}.mean(", f"{data}[:{cut}].mean(").replace(
        f"{data}.std(", f"{data}[:{cut}].std(") for s in moving)  # fmt: skip
    return (*(Edit("delete", file, s) for s in moving), Edit("after", file, made[0], text))


def own_data(event: Event) -> Edits:
    """The held-out data set that is made, and that no loader reads, in place of the training data."""
    file, given = event.file, given_node(event.node, 0, "dataset")
    scope = function_of(file, event.node)
    if not isinstance(given, ast.Name | ast.Attribute):
        return ()
    places: list[ast.AST | None] = [scope, class_of(file, event.node)]
    made = {
        t
        for place in places
        for n in (walk(place) if place is not None else ())
        if isinstance(n, ast.Assign)
        for t in _names_bound(n)
        if part_of(t) == "held out"
    }
    loaders = [n for n in walk(file.tree) if isinstance(n, ast.Call) and last_name(n.func) == "DataLoader"]
    read = {unparsed(g) for n in loaders if (g := given_node(n, 0, "dataset")) is not None}
    named = assigned_at(file, event.node)
    free = [
        n
        for n in sorted(made - read)
        if is_in_reach(file, n, event.node) and (named is None or n != named[1]) and _is_data(n)
    ]
    return (Edit("replace", file, given, free[0]),) if len(free) == 1 else ()


def _names_bound(node: ast.Assign) -> Iterator[str]:
    for target in node.targets:
        yield from (unparsed(t) for t in (target.elts if isinstance(target, ast.Tuple) else [target]))


def _is_data(name: str) -> bool:
    return any(word in name.lower() for word in ("set", "data", "ds", "subset", "split"))


def other_part(data: Value | None) -> Edits:
    """`train=True` of the held-out data set as `train=False`."""
    site = data.site if data is not None else None
    given = given_node(site.node, 1, "train") if site is not None else None
    return (Edit("replace", site.file, given, "False"),) if site is not None and given is not None else ()
