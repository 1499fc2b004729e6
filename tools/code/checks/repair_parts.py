"""Patches for the parts of the data: training rows, held-out rows, marked rows."""

import ast

from misrun.tools.code.checks.repair_places import has_import
from misrun.tools.code.checks.repair_syntax import (
    around,
    atom,
    is_in_reach,
    statement_of,
    text_of,
    with_keyword,
)
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event
from misrun.tools.code.walking import unparsed, walk


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def held_out_behind(train: Event, held: Event) -> tuple[Edit, ...]:
    """The held-out slice begins where the training slice ends; what training gets stays as it is."""
    file, one, other = held.file, train.node, held.node
    if not isinstance(one, ast.Subscript) or not isinstance(other, ast.Subscript):
        return ()
    mine, theirs = one.slice, other.slice
    if not isinstance(mine, ast.Slice) or not isinstance(theirs, ast.Slice) or mine.upper is None:
        return ()
    from_start = mine.lower is None or unparsed(mine.lower) == "0"
    if not from_start or mine.step is not None:
        return ()
    end = text_of(file, mine.upper)
    upper = ""
    if theirs.upper is not None:
        if theirs.lower is not None and unparsed(theirs.lower) != "0":
            return ()
        upper = f"{end} + {text_of(file, theirs.upper)}"
    return (Edit("replace", file, theirs, f"{end}:{upper}"),)


def trained_on(file: SourceFile, statement: ast.stmt, whole: str, part: str) -> tuple[Edit, ...]:
    """What a loader or a call is given whole, as the training part."""
    given = [
        a
        for n in walk(statement)
        if isinstance(n, ast.Call)
        for a in (*n.args, *(k.value for k in n.keywords))
        if isinstance(a, ast.Name) and a.id == whole
    ]
    return (Edit("replace", file, given[0], part),) if len(given) == 1 and part != "_" else ()


def kept_apart(file: SourceFile, assign: ast.Assign, joined: list[str], held: list[str]) -> tuple[Edit, ...]:
    """The training data without the held-out part: the statement goes where what is left has the name already."""
    left = [name for name in joined if name not in held]
    if len(left) != 1:
        return ()
    target = text_of(file, assign.targets[0])
    if target == left[0]:
        return (Edit("delete", file, assign),)
    return (Edit("replace", file, assign.value, left[0]),)


def order_fixed(file: SourceFile, call: ast.AST) -> tuple[Edit, ...]:
    """The order of a split from a generator with a fixed seed, the same in every part; 0 stands for any seed. What was
    shuffled in place becomes a shuffled copy: a second part would shuffle the first one's order again."""
    if not isinstance(call, ast.Call) or len(call.args) != 1:
        return ()
    function, given = text_of(file, call.func), text_of(file, call.args[0])
    if function == "torch.randperm":
        made = "generator=torch.Generator().manual_seed(0)"
        return (Edit("replace", file, call.args[0], f"{given}, {made}"),)
    statement = statement_of(file, call)
    numpy = function.partition(".")[0]
    if function.endswith(".permutation"):
        return (Edit("replace", file, call.func, f"{numpy}.random.default_rng(0).permutation"),)
    if not isinstance(statement, ast.Expr) or not isinstance(call.args[0], ast.Name | ast.Attribute):
        return ()
    if function == "random.shuffle":
        return (Edit("replace", file, statement, f"{given} = random.Random(0).sample({given}, len({given}))"),)
    return (Edit("replace", file, statement, f"{given} = {numpy}.random.default_rng(0).permutation({given})"),)


def split_by_time(file: SourceFile, assign: ast.Assign, call: ast.Call) -> tuple[Edit, ...]:
    """`train_test_split(..., shuffle=False)`; of `random_split(x, [n, m])` two subsets of neighbouring rows."""
    if _last(call.func) == "train_test_split":
        stratified = any(k.arg in ("stratify", None) for k in call.keywords)
        seeded = [k for k in call.keywords if k.arg == "random_state"]
        return () if stratified or len(seeded) > 1 else (with_keyword(file, call, "shuffle", "False"),)
    lengths = call.args[1] if len(call.args) > 1 else None
    if not isinstance(lengths, ast.List | ast.Tuple) or len(lengths.elts) != 2:
        return ()
    if any(isinstance(n, ast.Constant) and isinstance(n.value, float) for n in walk(lengths)):
        return ()
    rows, (one, other) = text_of(file, call.args[0]), (text_of(file, e) for e in lengths.elts)
    subset = "Subset" if has_import(file, "Subset") else "torch.utils.data.Subset"
    parts = f"{subset}({rows}, range({one})), {subset}({rows}, range({one}, {one} + {other}))"
    return (Edit("replace", file, assign.value, parts), Edit("import", file, file.tree, "import torch"))


def masked(file: SourceFile, call: ast.Call, mask: str) -> tuple[Edit, ...]:
    """`cross_entropy(out, y)` of the marked nodes: `cross_entropy(out[mask], y[mask])`."""
    written = [n for n in walk(file.tree) if isinstance(n, ast.Name | ast.Attribute) and _last(n) == mask]
    texts = {unparsed(n) for n in written}
    text = mask if mask in texts else texts.pop() if len(texts) == 1 else ""
    if not text or (not is_in_reach(file, text, call) and not _is_of_module(file, text)):
        return ()
    return tuple(Edit("replace", file, a, f"{atom(file, a)}[{text}]") for a in call.args[:2])


def _is_of_module(file: SourceFile, text: str) -> bool:
    root = text.partition(".")[0]
    stored = (n for s in file.tree.body for n in walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    return any(n.id == root and not any(isinstance(a, ast.FunctionDef) for a in around(file, n)) for n in stored)
