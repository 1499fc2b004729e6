"""Inputs and targets that come from different orders, listings or encodings."""

import ast
from collections.abc import Iterator

from misrun.tools.code.bodies import HELD_OUT_WORDS, TRAIN_WORDS, Body, bodies, name_words, own_nodes, part_of
from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_rows import (
    picked_alike,
    reordered_too,
    sorted_listing,
    sorted_set,
    transformed_only,
)
from misrun.tools.code.checks.repair_syntax import block_of
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.torch_api import LOSS_OPS
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Site, Value, ancestors
from misrun.tools.code.walking import unparsed, walk

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
        picked_alike(event, inputs, targets, [*one[:1], *other[:1]]),
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
    """Two listings of files that are read side by side, and not both are sorted."""
    for body in bodies(trace):
        listings = [(n, listed) for n in body.assigns if (listed := _listing(n.value)) is not None]
        loose = [n for n, is_sorted in listings if not is_sorted and not _sorted_later(body.node, n)]
        if len(listings) != 2 or not loose:  # a pair; more listings are folders of another kind
            continue
        paired = _side_by_side(body, [unparsed(n.targets[0]) for n, _ in listings])
        if len(loose) == 1 or paired:
            yield Problem(
                Site(body.file, loose[0]),
                "This listing of files is in the order of the file system, which is arbitrary and differs between "
                "folders: file i of one does not belong to file i of the other.",
                "sorted(...) around both.",
                0.8 if paired else 0.45,
                "Print the first ten pairs of file names.",
                tuple(edit for n in loose for edit in sorted_listing(body.file, n.value)),
            )


def find_listings_zipped(trace: Trace) -> Iterator[Problem]:
    """`zip(glob(a), glob(b))` with one of them not sorted."""
    for body in bodies(trace):
        for call in body.calls:
            listed = [is_sorted for a in call.args if (is_sorted := _listing(a)) is not None]
            if last_name(call.func) == "zip" and len(listed) > 1 and not all(listed):
                yield Problem(
                    Site(body.file, call),
                    "Listings of files are paired in the order of the file system, which is arbitrary and differs "
                    "between folders: file i of one does not belong to file i of the other.",
                    "sorted(...) around each.",
                    0.8,
                    "Print the first ten pairs of file names.",
                    tuple(e for a in call.args if _listing(a) is False for e in sorted_listing(body.file, a)),
                )


def find_loose_listings(trace: Trace) -> Iterator[Problem]:
    yield from find_listing_order(trace)
    yield from find_listings_zipped(trace)


def find_reordered_beside(trace: Trace) -> Iterator[Problem]:
    """`x = x[randperm(len(x))]`, and then `x[i:j], y[i:j]` with `y` as it was."""
    for body in bodies(trace):
        for assign in body.assigns:
            name = _reordered(assign)
            for beside in _cut_beside(body, name, assign.lineno) if name else ():
                if not _stored(body, beside):
                    yield Problem(
                        Site(body.file, assign),
                        f"`{name}` is put in a random order here and `{beside}`, which is read beside it, is not: "
                        "sample i meets the target of another sample.",
                        "Draw one order and index both with it.",
                        0.85,
                        "Print ten samples with their targets before and after.",
                        reordered_too(body.file, assign, beside),
                    )
                    break


def _reordered(assign: ast.Assign) -> str:
    """x of `x = x[randperm(n)]`."""
    target, value = assign.targets[0], assign.value
    if not isinstance(target, ast.Name) or not isinstance(value, ast.Subscript) or unparsed(value.value) != target.id:
        return ""
    drawn = any(isinstance(n, ast.Call) and last_name(n.func) in ("randperm", "permutation") for n in walk(value.slice))
    return target.id if drawn else ""


def _cut_beside(body: Body, name: str, after: int) -> Iterator[str]:
    """Names cut by the same slice in one tuple: y of `x[i:j], y[i:j]`."""
    for node in body.nodes:
        if isinstance(node, ast.Tuple) and node.lineno > after:
            cuts = [(unparsed(e.value), unparsed(e.slice)) for e in node.elts if isinstance(e, ast.Subscript)]
            mine = {cut for owner, cut in cuts if owner == name}
            yield from (owner for owner, cut in cuts if owner != name and cut in mine)


def _stored(body: Body, name: str) -> bool:
    return any(name in {unparsed(n) for t in a.targets for n in walk(t)} for a in body.assigns)


def find_cut_by_order(trace: Trace) -> Iterator[Problem]:
    """`idx = order[i:j]` and then `x[idx], y[i:j]` in one statement, with an order that was drawn."""
    for body in bodies(trace):
        drawn = {unparsed(a.targets[0]) for a in body.assigns if _draws_order(a.value)}
        picks = {unparsed(a.targets[0]): a.value for a in body.assigns if _is_cut_of(a.value, drawn)}
        for statement in body.statements if drawn else ():
            cuts = [n for s in _beside(body.file, statement) for n in own_nodes(s) if isinstance(n, ast.Subscript)]
            picked = [(n, by) for n in cuts if (by := _picked_by(n, picks, drawn)) is not None]
            for one, by in picked:
                other = next((n for n in cuts if unparsed(n.slice) == by and unparsed(n.value) not in drawn), None)
                if other is not None and not any(unparsed(n.value) == unparsed(other.value) for n, _ in picked):
                    yield _cut_apart(body, one, other)
                    break


def _beside(file: SourceFile, statement: ast.stmt) -> list[ast.stmt]:
    """The statement and the one before and behind it in its block."""
    block = block_of(file, statement)
    at = next(i for i, other in enumerate(block) if other is statement)
    return block[max(at - 1, 0) : at + 2]


def _draws_order(value: ast.expr) -> bool:
    return any(isinstance(n, ast.Call) and last_name(n.func) in ("randperm", "permutation") for n in walk(value))


def _is_cut_of(value: ast.expr, drawn: set[str]) -> bool:
    is_slice = isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Slice)
    return is_slice and isinstance(value, ast.Subscript) and unparsed(value.value) in drawn


def _picked_by(cut: ast.Subscript, picks: dict[str, ast.expr], drawn: set[str]) -> str | None:
    """The slice of the order that `x[idx]` or `x[order[i:j]]` is picked by, as text."""
    index = picks.get(unparsed(cut.slice), cut.slice)
    return unparsed(index.slice) if isinstance(index, ast.Subscript) and _is_cut_of(index, drawn) else None


def _cut_apart(body: Body, one: ast.Subscript, other: ast.Subscript) -> Problem:
    return Problem(
        Site(body.file, other),
        f"`{unparsed(one)}` is picked by a drawn order and `{unparsed(other)}` beside it is not: sample i meets "
        "the target of another sample.",
        "Index both with the same part of the order.",
        0.85,
        "Print ten samples with their targets before and after.",
        (Edit("replace", body.file, other.slice, unparsed(one.slice)),),
    )


def find_one_sided_orders(trace: Trace) -> Iterator[Problem]:
    yield from find_order_of_one_side(trace)
    yield from find_reordered_beside(trace)
    yield from find_cut_by_order(trace)


def _side_by_side(body: Body, listed: list[str]) -> bool:
    """Whether both are read with one index, or zipped: `self.images[i]` and `self.masks[i]`."""
    indices: dict[str, set[str]] = {name: set() for name in listed}
    for node in walk(body.file.tree):
        if isinstance(node, ast.Subscript) and unparsed(node.value) in indices:
            indices[unparsed(node.value)].add(unparsed(node.slice))
        if (
            isinstance(node, ast.Call)
            and last_name(node.func) == "zip"
            and set(listed) <= set(map(ast.unparse, node.args))
        ):
            return True
    one, other = (indices[name] for name in listed) if len(indices) == 2 else (set(), set())
    return any(not index.lstrip("-").isdigit() and ":" not in index for index in one & other)


def _listing(node: ast.expr) -> bool | None:
    """Whether a listing of files is sorted; None when the expression is none."""
    calls = {last_name(n.func) for n in walk(node) if isinstance(n, ast.Call)}
    return "sorted" in calls or "natsorted" in calls if calls & {"listdir", "glob", "iterdir", "rglob"} else None


def _sorted_later(scope: ast.AST, assign: ast.Assign) -> bool:
    target = unparsed(assign.targets[0])
    return any(
        isinstance(n, ast.Call)
        and (
            unparsed(n.func) == f"{target}.sort"
            or (last_name(n.func) == "sorted" and target in map(ast.unparse, n.args))
        )
        for n in walk(scope)
    )


_ENCODERS = names(
    "LabelEncoder OrdinalEncoder OneHotEncoder LabelBinarizer MultiLabelBinarizer CountVectorizer TfidfVectorizer"
    " Tokenizer"
)


def find_encoder_refitted(trace: Trace) -> Iterator[Problem]:
    yield from _refitted(trace, encoders=True)


def find_scaler_refitted(trace: Trace) -> Iterator[Problem]:
    yield from _refitted(trace, encoders=False)


def _refitted(trace: Trace, *, encoders: bool) -> Iterator[Problem]:
    """`scaler.fit_transform(x_train)` and `scaler.fit_transform(x_test)`, of one object or of two of one class."""
    for root in trace.roots:
        fitted: dict[str, Event] = {}
        for event in root:
            if not event.op.endswith((".fit_transform", ".fit")) or event.receiver is None or not _given(event):
                continue
            name = event.receiver.class_name
            if name and (name in _ENCODERS) != encoders:
                continue
            first = fitted.setdefault(name or str(id(event.receiver)), event)
            if first is not event and _is_held_out(_given(event)) and not _is_held_out(_given(first)):
                yield Problem(
                    event.site,
                    f"{unparsed(event.node.func) if isinstance(event.node, ast.Call) else 'fit'} is fitted again on "
                    f"held-out data (first at {first.site}): the same value is encoded differently from training.",
                    "transform() with what was fitted on the training data.",
                    0.85,
                    "Print the fitted statistics or classes after both calls.",
                    transformed_only(first, event) if _belong(first, event) else (),
                    related=(first.site,),
                )


def _belong(first: Event, again: Event) -> bool:
    """One object, or data of one name apart from the part it speaks of: `x_train` and `x_test`, not `x_train` and
    `y_test`."""
    one, other = (name_words(_given(event)) for event in (first, again))
    parts = TRAIN_WORDS | HELD_OUT_WORDS
    initials = {w[0] for w in one & parts} & {w[0] for w in other & parts} if not one - parts else {""}
    return first.receiver is again.receiver or (one - parts == other - parts and bool(initials))


def _given(event: Event) -> str:
    node = event.node
    return unparsed(node.args[0]) if isinstance(node, ast.Call) and node.args else ""


def _is_held_out(text: str) -> bool:
    return part_of(text) == "held out"


def find_classes_per_split(trace: Trace) -> Iterator[Problem]:
    """A data set that numbers its classes in the order of a set, anew for every split and process."""
    for cls in trace.project.classes.values():
        if "__getitem__" not in cls.methods:
            continue
        for node in walk(cls.node):
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
                    sorted_set(cls.file, node),
                )


def _is_set(node: ast.expr) -> bool:
    while isinstance(node, ast.Call) and last_name(node.func) == "list" and node.args:
        node = node.args[0]
    return isinstance(node, ast.Set | ast.SetComp) or (isinstance(node, ast.Call) and last_name(node.func) == "set")


CHECKS = (
    Check("one-sided-order", "Inputs or targets reordered without the other.",
          "Row i of one no longer belongs to row i of the other.", "Index both with one order.",
          "data_pipeline/label_misalignment", _INDEXING, "warning", "data_flow", find_one_sided_orders),
    Check("one-sided-listing", "One of two listings of files is sorted.",
          "os.listdir and glob give files in arbitrary order.", "Sort both.",
          "data_pipeline/label_misalignment", _LISTDIR, "warning", "data_flow", find_loose_listings),
    Check("fit-on-held-out", "An encoder fitted anew on test or validation data.",
          "The same value then means something else.", "Use transform() only.",
          "data_pipeline/label_misalignment", _TRANSFORM, "warning", "data_flow", find_encoder_refitted),
    Check("scaler-refitted", "A scaler fitted anew on test or validation data.",
          "The model is validated on inputs of another scale.", "Use transform() only.",
          "data_pipeline/input_scaling", _TRANSFORM, "warning", "data_flow", find_scaler_refitted),
    Check("classes-from-set", "A data set that numbers classes in the order of a set.",
          "The order of a set of strings differs from process to process.", "Sort first.",
          "data_pipeline/label_misalignment", "https://docs.python.org/3/reference/datamodel.html#object.__hash__",
          "warning", "data_flow", find_classes_per_split),
)  # fmt: skip
