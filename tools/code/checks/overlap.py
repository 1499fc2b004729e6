"""Training and held-out rows that are partly the same."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_parts import held_out_behind
from misrun.tools.code.checks.repair_syntax import statement_of
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Value, number
from misrun.tools.code.walking import unparsed

_LEAKAGE = "https://scikit-learn.org/stable/common_pitfalls.html#data-leakage"
_TRAIN = ("train", "trn", "tr", "xtr", "ytr", "xtrain", "ytrain")
_HELD_OUT = ("val", "valid", "validation", "test", "te", "va", "dev", "xval", "xva", "xte", "xtest", "eval", "holdout")


def find_overlapping_slices(trace: Trace) -> Iterator[Problem]:
    """`train = data[:900]` and `val = data[800:]`."""
    for root in trace.roots:
        named = [(e, role) for e in root if e.op == "slice" and e.args and (role := _role(e))]
        for held, role in named:
            if role != "held out":
                continue
            for event, other in named:
                if (
                    other == "train"
                    and event.args[0] is held.args[0]
                    and event.file is held.file
                    and _overlap(event, held)
                ):
                    yield Problem(
                        held.site,
                        f"These held-out rows are partly those of training ({event.site}): the score is that of rows "
                        "the model has seen.",
                        "Slices that do not overlap: [:n] and [n:].",
                        0.9,
                        "Count the rows that are in both.",
                        held_out_behind(event, held),
                        related=(event.site,),
                    )
                    break


def _role(event: Event) -> str:
    """What the name a slice is assigned to says it is for."""
    name = _assigned_name(event)
    words = {w for w in name.lower().replace(".", "_").split("_") if w}
    if words & set(_HELD_OUT):
        return "held out"
    return "train" if words & set(_TRAIN) else ""


def _assigned_name(event: Event) -> str:
    statement = statement_of(event.file, event.node)
    return next(_names(statement, event.node), "") if isinstance(statement, ast.Assign) else ""


def _names(assign: ast.Assign, value: ast.AST) -> Iterator[str]:
    """The target that gets exactly this value, also in `a, b = x[:n], x[n:]`."""
    for target in assign.targets:
        if assign.value is value:
            yield unparsed(target)
        if isinstance(target, ast.Tuple) and isinstance(assign.value, ast.Tuple):
            yield from (unparsed(t) for t, v in zip(target.elts, assign.value.elts, strict=False) if v is value)


def _bounds(event: Event) -> tuple[Value | None, Value | None] | None:
    """Lower and upper bound; None when there is a step."""
    given = event.args[1].kwargs
    return None if "step" in given else (given.get("lower"), given.get("upper"))


def _overlap(train: Event, held: Event) -> bool:
    """Whether both certainly hold a common row, in data of any length that has all the rows named."""
    mine, theirs = _bounds(train), _bounds(held)
    if mine is None or theirs is None:
        return False
    if _starts(mine[0]) and _starts(theirs[0]):
        return _is_some(mine[1]) and _is_some(theirs[1])
    if mine[1] is None and theirs[1] is None:
        return True
    first, second = (mine, theirs) if _starts(mine[0]) else (theirs, mine)
    end, start = number(first[1]), number(second[0])
    parts = _share(first[1]), _share(second[0])
    if parts[0] is not None and parts[1] is not None and parts[0][0] == parts[1][0]:
        return _starts(first[0]) and 0 < parts[1][1] < parts[0][1] <= 1
    return _starts(first[0]) and end is not None and start is not None and (end > 0) == (start > 0) and start < end


def _share(bound: Value | None) -> tuple[str, float] | None:
    """`int(0.8 * n)` as ("n", 0.8)."""
    node = bound.site.node if bound is not None and bound.site is not None else None
    while isinstance(node, ast.Call) and len(node.args) == 1 and unparsed(node.func) in ("int", "round"):
        node = node.args[0]
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult):
        return None
    for share, whole in ((node.left, node.right), (node.right, node.left)):
        if isinstance(share, ast.Constant) and isinstance(share.value, float):
            return unparsed(whole), share.value
    return None


def _starts(lower: Value | None) -> bool:
    return lower is None or number(lower) == 0


def _is_some(upper: Value | None) -> bool:
    """An upper bound that leaves a first row."""
    return upper is None or number(upper) != 0


CHECKS = (
    Check("overlapping-split", "Slices for training and validation that overlap.",
          "The held-out score is partly a training score.", "Slices that do not overlap.",
          "data_pipeline/leakage", _LEAKAGE, "error", "data_flow", find_overlapping_slices),
)  # fmt: skip
