"""Inputs and targets that come from different orders, listings or encodings."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.names import names
from misrun.tools.code.project_model import last_name
from misrun.tools.code.torch_api import LOSS_OPS
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Site, Value, ancestors

_INDEXING = "https://numpy.org/doc/stable/user/basics.indexing.html#integer-array-indexing"
_LISTDIR = "https://docs.python.org/3/library/os.html#os.listdir"
_TRANSFORM = "https://scikit-learn.org/stable/common_pitfalls.html#inconsistent-preprocessing"
_ORDERS = names("randperm permutation argsort")
# Operations that leave row i of the result made from row i of the argument.
_ROWWISE = names(
    "to float double half long int cuda cpu view reshape from_numpy tensor as_tensor FloatTensor LongTensor collated"
    " row astype clone contiguous unsqueeze squeeze"
)

# Where rows come from: drawn, read from a file, or put together from a list.
_SOURCES = names(
    "rand randn randint normal uniform random standard_normal integers multinomial bernoulli poisson zeros ones full"
    " empty linspace arange load loadtxt genfromtxt read_csv read_pickle array asarray stack cat concatenate vstack"
)


def _orders(value: Value) -> tuple[list[Value], Value]:
    """The drawn orders a value's rows were picked by, and what they were picked from."""
    found: list[Value] = []
    for _ in range(30):  # longer chains do not occur in hand-written code
        if value.op == "index" and value.args:
            found += [v for v in _parts(value.args[0]) if _operation(v) in _ORDERS]
        elif _operation(value) not in _ROWWISE and value.op not in ("index", "slice", "element"):
            break
        if not value.inputs:
            break
        value = value.inputs[0]
    return found, value


def _operation(value: Value) -> str:
    """The function or method a value came from, also of a library whose operations are not modelled."""
    called = value.name or value.path if value.op in ("method", "call") else value.op
    return called.rpartition(".")[2]


def _parts(index: Value) -> Iterator[Value]:
    """What an index is computed from: `perm[i:j]`, the elements of `perm.split(n)`."""
    yield from ancestors(index, 15)


def find_order_of_one_side(trace: Trace) -> Iterator[Problem]:
    """`model(x[perm])` against `y`, or `x[perm]` beside `y` in a data set."""
    for root in trace.roots:
        drawn = [e for e in root if e.op.rpartition(".")[2] in _ORDERS]
        if not drawn:
            continue
        for event in root:
            for inputs, targets in _pairs(event):
                problem = _compare(event, inputs, targets)
                if problem is not None:
                    yield problem


def _pairs(event: Event) -> Iterator[tuple[Value, Value]]:
    if event.op == "new" and event.result.class_name == "TensorDataset" and len(event.args) == 2:
        yield event.args[0], event.args[1]
    if event.op in LOSS_OPS and len(event.args) >= 2:
        calls = [v for v in ancestors(event.args[0], 60) if v.op == "linear"]
        source = calls[-1] if calls else None
        if source is not None and source.inputs:
            yield _bottom(source), event.args[1]


def _bottom(value: Value) -> Value:
    """The data at the start of a plain stack of layers."""
    for _ in range(200):  # layers of a hand-written stack
        if value.callee is None or not value.inputs:
            break
        value = value.inputs[0]
    return value


def _compare(event: Event, inputs: Value, targets: Value) -> Problem | None:
    one, x = _orders(inputs)
    other, y = _orders(targets)
    if x is y or not _is_data(x) or not _is_data(y) or (bool(one) == bool(other) and not _differ(one, other)):
        return None
    if _drawn_orders(event.args[0]) & _drawn_orders(targets):
        return None  # both sides are picked by the same order somewhere on the way
    if any(v is x for v in ancestors(y, 60)) and not other:
        return None  # targets computed from what was already reordered
    side = "inputs" if one else "targets"
    what = "are picked by two different orders" if one and other else f"do not match: only the {side} are reordered"
    origin = (one or other)[0].site
    return Problem(
        event.site,
        f"Inputs and targets {what}: sample i meets the target of another sample.",
        "Draw one order and index both with it.",
        0.6,
        "Print ten samples with their targets before and after.",
        related=(origin,) if origin is not None else (),
    )


def _drawn_orders(value: Value) -> set[int]:
    """ids of all drawn orders the value depends on, as its data or as an index somewhere on the way."""
    found: set[int] = set()
    queue, seen = [value], {id(value)}
    while queue and len(seen) < 3000:  # a deep model called in a loop; values of small programs are far fewer
        top = queue.pop()
        if _operation(top) in _ORDERS:
            found.add(id(top))
        for child in (*top.inputs, *top.args, *(top.items or ())):
            if id(child) not in seen:
                seen.add(id(child))
                queue.append(child)
    return found


def _differ(one: list[Value], other: list[Value]) -> bool:
    return bool(one) and bool(other) and not any(a is b for a in one for b in other)


def _is_data(value: Value) -> bool:
    """Loaded or generated rows, not a part of a computation."""
    return value.callee is None and (_operation(value) in _SOURCES or value.kind == "sequence")


def find_listing_order(trace: Trace) -> Iterator[Problem]:
    """In one body, one listing of files is sorted and the other is not."""
    for file in trace.project.files:
        for scope in ast.walk(file.tree):
            if not isinstance(scope, ast.FunctionDef | ast.Module):
                continue
            listings = [(n, listed) for n in _own_assigns(scope) if (listed := _listing(n.value)) is not None]
            unsorted = [n for n, is_sorted in listings if not is_sorted and not _sorted_later(scope, n)]
            if len(listings) == 2 and len(unsorted) == 1:
                yield Problem(
                    Site(file, unsorted[0]),
                    "This listing of files is in the order of the file system, the other one is sorted: file i of "
                    "one does not belong to file i of the other.",
                    "sorted(...) around both.",
                    0.6,
                    "Print the first ten pairs of file names.",
                )


def _own_assigns(scope: ast.FunctionDef | ast.Module) -> list[ast.Assign]:
    return [n for n in scope.body if isinstance(n, ast.Assign)]


def _listing(node: ast.expr) -> bool | None:
    """Whether a listing of files is sorted; None when the expression is none."""
    calls = {last_name(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)}
    return "sorted" in calls or "natsorted" in calls if calls & {"listdir", "glob", "iterdir", "rglob"} else None


def _sorted_later(scope: ast.AST, assign: ast.Assign) -> bool:
    target = ast.unparse(assign.targets[0])
    return any(
        isinstance(n, ast.Call)
        and (
            ast.unparse(n.func) == f"{target}.sort"
            or (last_name(n.func) == "sorted" and target in map(ast.unparse, n.args))
        )
        for n in ast.walk(scope)
    )


def find_fit_on_held_out(trace: Trace) -> Iterator[Problem]:
    """`scaler.fit_transform(x_train)` and `scaler.fit_transform(x_test)`: two encodings under one name."""
    for root in trace.roots:
        fitted: dict[int, Event] = {}
        for event in root:
            if not event.op.endswith((".fit_transform", ".fit")) or event.receiver is None or not _given(event):
                continue
            first = fitted.setdefault(id(event.receiver), event)
            if first is not event and _is_held_out(_given(event)) and not _is_held_out(_given(first)):
                yield Problem(
                    event.site,
                    f"{ast.unparse(event.node.func) if isinstance(event.node, ast.Call) else 'fit'} is fitted again on "
                    f"held-out data (first at {first.site}): the same value is encoded differently from training.",
                    "transform() with what was fitted on the training data.",
                    0.85,
                    "Print the fitted statistics or classes after both calls.",
                    related=(first.site,),
                )


def _given(event: Event) -> str:
    node = event.node
    return ast.unparse(node.args[0]).lower() if isinstance(node, ast.Call) and node.args else ""


def _is_held_out(text: str) -> bool:
    words = text.replace(".", "_").replace("[", "_").replace("'", "_").replace('"', "_").split("_")
    return any(
        w in ("test", "val", "valid", "validation", "xtest", "ytest", "xval", "yval", "te", "va", "dev") for w in words
    )


def find_classes_per_split(trace: Trace) -> Iterator[Problem]:
    """A data set that numbers its classes in the order of a set, anew for every split and process."""
    for cls in trace.project.classes.values():
        if "__getitem__" not in cls.methods:
            continue
        for node in ast.walk(cls.node):
            if (
                isinstance(node, ast.Call)
                and last_name(node.func) == "enumerate"
                and node.args
                and _is_set(node.args[0])
            ):
                yield Problem(
                    Site(cls.file, node),
                    "The classes are numbered in the order of a set, which differs between processes (hashes of "
                    "strings are salted) and between splits: one label means different classes.",
                    "enumerate(sorted(set(...))), built once from the training data and shared by all splits.",
                    0.6,
                    "Print the mapping of every split, in two processes.",
                )


def _is_set(node: ast.expr) -> bool:
    while isinstance(node, ast.Call) and last_name(node.func) == "list" and node.args:
        node = node.args[0]
    return isinstance(node, ast.Set | ast.SetComp) or (isinstance(node, ast.Call) and last_name(node.func) == "set")


CHECKS = (
    Check("one-sided-order", "Inputs or targets reordered without the other.",
          "Row i of one no longer belongs to row i of the other.", "Index both with one order.",
          "data_pipeline/label_misalignment", _INDEXING, "warning", "data_flow", find_order_of_one_side),
    Check("one-sided-listing", "One of two listings of files is sorted.",
          "os.listdir and glob give files in arbitrary order.", "Sort both.",
          "data_pipeline/label_misalignment", _LISTDIR, "warning", "data_flow", find_listing_order),
    Check("fit-on-held-out", "A scaler or encoder fitted anew on test or validation data.",
          "The same value then means something else.", "Use transform() only.",
          "data_pipeline/label_misalignment", _TRANSFORM, "warning", "data_flow", find_fit_on_held_out),
    Check("classes-from-set", "A data set that numbers classes in the order of a set.",
          "The order of a set of strings differs from process to process.", "Sort first.",
          "data_pipeline/label_misalignment", "https://docs.python.org/3/reference/datamodel.html#object.__hash__",
          "warning", "data_flow", find_classes_per_split),
)  # fmt: skip
