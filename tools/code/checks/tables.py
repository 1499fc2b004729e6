"""Tables whose rows or columns get out of step: labels taken before rows change, a target left among the features."""

import ast
from collections.abc import Iterator

from misrun.tools.code.bodies import Body, bodies, is_target_name
from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_syntax import block_of, moved, names_in, statement_of, text_of
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Trace
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk

_ALIGNMENT = "https://pandas.pydata.org/docs/user_guide/basics.html#aligning-objects-with-each-other-with-align"
_MERGING = "https://pandas.pydata.org/docs/user_guide/merging.html"
_LEAKAGE = "https://scikit-learn.org/stable/common_pitfalls.html#data-leakage"
_COERCE = "https://pandas.pydata.org/docs/reference/api/pandas.to_numeric.html"
_ROW_CHANGES = names("dropna drop_duplicates sort_values sample query shuffle sort_index nlargest nsmallest")
_PLAIN_ARRAY = (".values", ".to_numpy()", ".tolist()")
_COUNTS_MISSING = ("dropna", "fillna", "isna", "isnull", "notna", "notnull", "isnan", "nan_to_num", "interpolate",
                   "ffill", "bfill", "Imputer", "isfinite", "na_filter")  # fmt: skip


def find_labels_before_rows_change(trace: Trace) -> Iterator[Problem]:
    """`y = df["y"].values`, then `df = df.dropna()`, then features from `df`: as many rows or not, other rows."""
    for body in bodies(trace):
        for index, statement in enumerate(body.statements):
            table = _rows_changed(statement)
            if not table:
                continue
            before = _arrays_of(body.statements[:index], table)
            after = _arrays_of(body.statements[index + 1 :], table)
            stale = [(n, a) for n, a in before.items() if n not in after and not _follows(body, index, n, table)]
            for name, assign in stale:
                if any(is_target_name(name) != is_target_name(o) for o in after):
                    changes = [s for s in body.statements[index:] if _rows_changed(s) == table]
                    yield _stale(body, assign, changes, name, table)


def _stale(body: Body, assign: ast.Assign, changes: list[ast.stmt], name: str, table: str) -> Problem:
    change = changes[0]

    return Problem(
        Site(body.file, assign),
        f"`{name}` is taken from `{table}` here, and the rows of `{table}` change at line {change.lineno}: row i of "
        f"`{name}` is no longer row i of what is taken from `{table}` after that.",
        "Take both after the rows have their final order and number.",
        0.8,
        "Print ten samples with their labels, and the length of both before any cutting.",
        _taken_later(body, assign, changes, name),
        related=(Site(body.file, change),),
    )


def _taken_later(body: Body, assign: ast.Assign, changes: list[ast.stmt], name: str) -> tuple[Edit, ...]:
    """The labels taken below the last change of the rows, where nothing has used them or replaced a part of them."""
    first, last = assign.lineno, changes[-1].end_lineno or changes[-1].lineno
    between = [s for s in body.statements if first < s.lineno <= last]
    used = any(isinstance(n, ast.Name) and n.id == name for s in between for n in walk(s))
    needs = names_in(assign.value) - {_rows_changed(c) for c in changes}
    rebound = any(
        isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.id in needs for s in between for n in walk(s)
    )
    beside = block_of(body.file, assign) is block_of(body.file, changes[-1])
    dropped = any(isinstance(n, ast.Call) and last_name(n.func) in ("drop", "pop") for s in between for n in walk(s))
    return moved(body.file, assign, "after", changes[-1]) if beside and not (used or rebound or dropped) else ()


def _rows_changed(statement: ast.stmt) -> str:
    """x of `x = x.dropna()`, `x = x[x.a > 0]`, `x.sort_values(..., inplace=True)`."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        call = statement.value
        inplace = any(k.arg == "inplace" and unparsed(k.value) == "True" for k in call.keywords)
        changes = inplace and last_name(call.func) in _ROW_CHANGES and isinstance(call.func, ast.Attribute)
        return _root(call.func) if changes else ""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
        return ""
    name, value = statement.targets[0].id, statement.value
    calls = {last_name(n.func) for n in walk(value) if isinstance(n, ast.Call)}
    filtered = isinstance(value, ast.Subscript) and any(isinstance(n, ast.Compare) for n in walk(value.slice))
    return name if _root(value) == name and (calls & _ROW_CHANGES or filtered) else ""


def _root(node: ast.expr) -> str:
    """The variable at the start of a chain of attributes, calls and subscripts."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _arrays_of(statements: tuple[ast.stmt, ...], table: str) -> dict[str, ast.Assign]:
    """Names that get a plain array out of the table: its index, by which pandas would align, is gone."""
    found: dict[str, ast.Assign] = {}
    for statement in statements:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            text = unparsed(statement.value)
            takes = any(isinstance(n, ast.Name) and n.id == table for n in walk(statement.value))
            plain = any(word in text for word in _PLAIN_ARRAY) or "tensor(" in text or "array(" in text
            if takes and plain and statement.targets[0].id != table and "[" in text + "drop(":
                found.setdefault(statement.targets[0].id, statement)
    return found


def _follows(body: Body, index: int, name: str, table: str) -> bool:
    """Whether the name is chosen anew by something after the change, or never used after it."""
    used = False
    for statement in body.statements[index + 1 :]:
        text = unparsed(statement)
        if isinstance(statement, ast.Assign) and name in {unparsed(t) for t in statement.targets}:
            return f"{table}.index" in text or "mask" in text or "keep" in text
        used = used or any(isinstance(n, ast.Name) and n.id == name for n in walk(statement))
    return not used


def find_joined_by_position(trace: Trace) -> Iterator[Problem]:
    """`pd.concat([features, targets], axis=1)` of two files that share a key."""
    for body in bodies(trace):
        joins = [(c, roots) for c in body.calls if len(roots := _side_by_side(c)) > 1]
        read = {n for a in body.assigns for n, v in _bound(a) if _reads_table(v)} if joins else set()
        for call, roots in joins:
            if len(roots & read) > 1 and _drops_key(body, roots & read) and not _is_indexed(body):
                yield Problem(
                    Site(body.file, call),
                    "Two tables read from different files are put side by side by position; a column that identifies "
                    "the rows is left out. Where the orders differ, inputs meet the targets of other rows.",
                    "merge(on=...) by the column that identifies the rows.",
                    0.7,
                    "Compare the identifying column of both tables row by row.",
                )


def _side_by_side(call: ast.Call) -> set[str]:
    """The tables of `concat([a, b], axis=1)`."""
    sideways = any(k.arg == "axis" and unparsed(k.value) in ("1", "'columns'") for k in call.keywords)
    given = call.args[0] if call.args and sideways and last_name(call.func) == "concat" else None
    return {_root(p) for p in given.elts} if isinstance(given, ast.List | ast.Tuple) else set()


def _is_indexed(body: Body) -> bool:
    return any(last_name(c.func) in ("set_index", "reindex", "reset_index") for c in body.calls) or any(
        k.arg == "index_col" for c in body.calls for k in c.keywords
    )


def _bound(assign: ast.Assign) -> Iterator[tuple[str, ast.expr]]:
    """(name, value), also of `a, b = read(x), read(y)`."""
    target, value = assign.targets[0], assign.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        yield from ((unparsed(t), v) for t, v in zip(target.elts, value.elts, strict=False))
    else:
        yield unparsed(target), value


def _reads_table(value: ast.expr) -> bool:
    return any(isinstance(n, ast.Call) and last_name(n.func).startswith("read_") for n in walk(value))


def _drops_key(body: Body, tables: set[str]) -> bool:
    """Whether a column is dropped from one of the tables: a key that was not used to join them."""
    return any(last_name(c.func) == "drop" and _root(c.func) in tables and (c.args or c.keywords) for c in body.calls)


def find_target_left_in(trace: Trace) -> Iterator[Problem]:
    """`y = df[T]` and `x = df[columns]` with all columns, or `x = df.values`, without taking T out."""
    constants = _constants(trace)
    for body in bodies(trace):
        everything = _all_columns(body)
        for assign in body.assigns:
            for table, target in _targets_taken(assign):
                told = constants.get(target, target)
                if _is_removed(body, target) or _is_removed(body, told):
                    continue
                wide = next((a for a in body.assigns if _takes_all(a, table, everything)), None)
                if wide is not None and wide is not assign:
                    yield _left_in(body, wide, table, told, _without_target(body, wide, table, target))


def _without_target(body: Body, wide: ast.Assign, table: str, target: str) -> tuple[Edit, ...]:
    """The list of columns, or the table as it is taken, without the target; none where a width is a number."""
    file = body.file
    if _has_fixed_width(file.tree):
        return ()
    listed = [a for a in body.assigns if unparsed(a.targets[0]) in _all_columns(body)]
    used = [a for a in listed if f"{table}[{unparsed(a.targets[0])}]" in unparsed(wide.value)]
    if used:
        text = f"[c for c in {table}.columns if c != {target}]"
        return (Edit("replace", file, used[-1].value, text),)
    taken = [n for n in walk(wide.value) if isinstance(n, ast.Name) and n.id == table]
    dropped = f"{table}.drop(columns=[{target}])"
    return (Edit("replace", file, taken[0], dropped),) if len(taken) == 1 else ()


def _has_fixed_width(tree: ast.AST) -> bool:
    """A first layer whose inputs are counted by hand would no longer fit."""
    layers = (n for n in walk(tree) if isinstance(n, ast.Call) and last_name(n.func) == "Linear" and n.args)
    return any(isinstance(n.args[0], ast.Constant) for n in layers)


def _left_in(body: Body, wide: ast.Assign, table: str, target: str, edits: tuple[Edit, ...]) -> Problem:
    return Problem(
        Site(body.file, wide),
        f"All columns of `{table}` become inputs, the target {target} among them: the model reads the answer.",
        f"Leave the target out: {table}.drop(columns=[{target}]).",
        0.85,
        "Print the names of the input columns.",
        edits,
    )


def _constants(trace: Trace) -> dict[str, str]:
    """Names of strings written once: TARGET = "churned"."""
    return {
        unparsed(n.targets[0]): unparsed(n.value)
        for file in trace.project.files
        for n in file.tree.body
        if isinstance(n, ast.Assign) and isinstance(n.value, ast.Constant) and isinstance(n.value.value, str)
    }


def _all_columns(body: Body) -> set[str]:
    """Names of lists of every column: `list(df.columns)`, `[c for c in df.columns]`."""
    found = set()
    for assign in body.assigns:
        value = assign.value
        inner = (
            value.args[0] if isinstance(value, ast.Call) and last_name(value.func) == "list" and value.args else value
        )
        if isinstance(inner, ast.ListComp) and not inner.generators[0].ifs and isinstance(inner.elt, ast.Name):
            inner = inner.generators[0].iter
        text = unparsed(inner)
        if text.endswith((".columns", ".columns.tolist()", ".columns.values")):
            found.add(unparsed(assign.targets[0]))
    return found


def _targets_taken(assign: ast.Assign) -> Iterator[tuple[str, str]]:
    """(table, target) of `y = torch.tensor(df["churned"].values)`, where y is called a target."""
    if not isinstance(assign.targets[0], ast.Name) or not is_target_name(assign.targets[0].id):
        return
    for node in walk(assign.value):
        if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name):
            continue
        key = node.slice
        is_text = isinstance(key, ast.Constant) and isinstance(key.value, str)
        if is_text or isinstance(key, ast.Name | ast.Attribute):
            yield node.value.id, unparsed(key)


def _is_removed(body: Body, target: str) -> bool:
    """Whether anything takes the column out: drop, pop, del, a comparison, a difference of columns, remove."""
    for node in body.nodes:
        text = unparsed(node) if isinstance(node, ast.Call | ast.Compare | ast.Delete) else ""
        removing = isinstance(node, ast.Call) and last_name(node.func) in ("drop", "pop", "remove", "difference")
        if target in text and (removing or isinstance(node, ast.Compare | ast.Delete)):
            return True
    return False


def _takes_all(assign: ast.Assign, table: str, everything: set[str]) -> bool:
    """`x = df[features]` with every column, `x = df.values`; not what is called a target or the table itself."""
    target = assign.targets[0]
    if not isinstance(target, ast.Name) or is_target_name(target.id) or target.id == table:
        return False
    text = unparsed(assign.value)
    chosen = any(f"{table}[{name}]" in text for name in everything)
    whole = any(isinstance(n, ast.Attribute | ast.Call) and unparsed(n) in (f"{table}.values", f"{table}.to_numpy()")
                for n in walk(assign.value))  # fmt: skip
    sliced = isinstance(assign.value, ast.Subscript) and f"{table}.values[" in text
    return chosen or (whole and not sliced)


def find_coerced(trace: Trace) -> Iterator[Problem]:
    """`pd.to_numeric(..., errors="coerce")` makes NaN of what is no number, and nothing looks for NaN after it."""
    for file in trace.project.files:
        text = "\n".join(file.lines)
        if any(word in text for word in _COUNTS_MISSING):
            continue
        for node in walk(file.tree):
            if isinstance(node, ast.Call) and any(
                k.arg == "errors" and isinstance(k.value, ast.Constant) and k.value.value == "coerce"
                for k in node.keywords
            ):
                yield Problem(
                    Site(file, node),
                    "errors='coerce' turns every entry that cannot be read into NaN, and nothing drops or fills them: "
                    "one such row makes the loss, and then every weight, NaN.",
                    "Count and drop (or fill) the missing values before training.",
                    0.8,
                    "Print x.isna().sum() of the table as it goes into training.",
                    _rows_dropped(file, node),
                )


def _rows_dropped(file: SourceFile, call: ast.Call) -> tuple[Edit, ...]:
    """`t = t.dropna()` below the conversion, the plainest of the cures, where it is an assignment to the table."""
    statement = statement_of(file, call)
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return ()
    target = statement.targets[0]
    if isinstance(target, ast.Name):
        text = f"{target.id} = {target.id}.dropna()"
    elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
        column = text_of(file, target.slice)
        columns = column if column.startswith("[") or isinstance(target.slice, ast.Name) else f"[{column}]"
        text = f"{target.value.id} = {target.value.id}.dropna(subset={columns})"
    else:
        return ()
    return (Edit("after", file, statement, text),)


CHECKS = (
    Check("labels-before-rows-change", "Labels taken from a table whose rows change before the features are.",
          "A plain array does not follow when rows are dropped, sorted or sampled.", "Take both at the same time.",
          "data_pipeline/label_misalignment", _ALIGNMENT, "error", "data_flow", find_labels_before_rows_change),
    Check("tables-joined-by-position", "Two files put side by side without their key.",
          "Nothing says that both are in the same order.", "Merge on the key.",
          "data_pipeline/label_misalignment", _MERGING, "warning", "data_flow",
          find_joined_by_position),
    Check("target-left-in-features", "A table given to the model with its target column.",
          "The answer is among the inputs; nothing of it is there when the model is used.",
          "Leave the target out.", "data_pipeline/leakage", _LEAKAGE, "error", "data_flow", find_target_left_in),
    Check("coerced-to-nan", "Unreadable entries turned into NaN and kept.",
          "NaN in a batch makes the loss and all gradients NaN.", "Drop or fill them.",
          "data_pipeline/corrupt_records", _COERCE, "warning", "data_flow", find_coerced),
)  # fmt: skip
