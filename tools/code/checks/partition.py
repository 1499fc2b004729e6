"""Parts of the data that were meant to be kept apart and are not."""

import ast
from collections.abc import Iterator

from misrun.tools.code.bodies import Body, bodies, name_words, part_of
from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_parts import kept_apart, masked, order_fixed, split_by_time, trained_on
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import Class, FunctionNode, last_name
from misrun.tools.code.trace import Trace
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk

_SPLIT = "https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.random_split"
_ROLLING = "https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.rolling.html"
_LEAKAGE = "https://scikit-learn.org/stable/common_pitfalls.html#data-leakage"
_GROUPS = "https://scikit-learn.org/stable/modules/cross_validation.html#cross-validation-iterators-for-grouped-data"
_SERIES = "https://scikit-learn.org/stable/modules/cross_validation.html#time-series-split"
_NODES = "https://pytorch-geometric.readthedocs.io/en/latest/get_started/introduction.html#learning-methods-on-graphs"
_LOSS_WORDS = ("cross_entropy", "nll_loss", "criterion", "loss_fn")
_TRAINING_NODES = names("train_mask idx_train train_idx train_nodes")
_SPLITTERS = names("random_split train_test_split")
_GROUP_WORDS = names("patient subject speaker user group session scene video recording customer author donor site")
_JOINS = names("concat concatenate cat vstack hstack ConcatDataset concatenate_datasets")


def _splits(body: Body) -> Iterator[tuple[ast.Assign, ast.Call, list[str]]]:
    """`a, b = random_split(data, ...)` and `a, b, c, d = train_test_split(x, y)`, with the names of the parts."""
    for assign in body.assigns:
        call, target = assign.value, assign.targets[0]
        if isinstance(call, ast.Call) and last_name(call.func) in _SPLITTERS and isinstance(target, ast.Tuple):
            yield assign, call, [unparsed(t) for t in target.elts]


def find_training_on_all(trace: Trace) -> Iterator[Problem]:
    """The training part of a split is never read, and what was split is what training gets."""
    for body in bodies(trace):
        for assign, call, parts in _splits(body):
            whole = call.args[0] if call.args else None
            training = [p for p in parts if part_of(p) == "train" or p == "_"]
            if not isinstance(whole, ast.Name) or not training or any(_reads(body, p) for p in training):
                continue
            if not any(_reads(body, p) for p in parts if p not in training):
                continue
            use = next((s for s in body.statements if s.lineno > assign.lineno and _feeds(s, whole.id)), None)
            if use is not None:
                yield Problem(
                    Site(body.file, use),
                    f"`{whole.id}` goes into training whole; the part split off for training at line {assign.lineno} "
                    "is never used. The held-out part is trained on too.",
                    f"Train on `{training[0]}`.",
                    0.85,
                    "Count the held-out samples that also occur in training: it is all of them.",
                    trained_on(body.file, use, whole.id, training[0]),
                    related=(Site(body.file, assign),),
                )


def _reads(body: Body, name: str) -> bool:
    if name.startswith("self."):
        return any(isinstance(n, ast.Attribute) and unparsed(n) == name and isinstance(n.ctx, ast.Load)
                   for n in walk(body.file.tree))  # fmt: skip
    return any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load) for n in walk(body.node))


def _feeds(statement: ast.stmt, name: str) -> bool:
    """A loader, data set or training call that is given the name itself."""
    for node in walk(statement):
        if not isinstance(node, ast.Call) or last_name(node.func) in ("len", "print", "info", *_SPLITTERS):
            continue
        given = [*node.args, *(k.value for k in node.keywords)]
        if any(isinstance(a, ast.Name) and a.id == name for a in given) and part_of(_target(statement)) != "held out":
            return True
    return False


def _target(statement: ast.stmt) -> str:
    return unparsed(statement.targets[0]) if isinstance(statement, ast.Assign) else ""


def find_held_out_joined(trace: Trace) -> Iterator[Problem]:
    """`train = concat([train, val])`, and `val` goes on to be what is validated on."""
    for body in bodies(trace):
        for assign in body.assigns:
            joined = _joined_names(assign.value)
            held = [n for n in joined if part_of(n) == "held out"]
            training = any(part_of(n) == "train" for n in joined) and part_of(unparsed(assign.targets[0])) == "train"
            if training and held and _is_evaluated(body, held[0], assign):
                yield Problem(
                    Site(body.file, assign),
                    f"`{held[0]}` is joined to the training data here and validated on afterwards: the score is that "
                    "of samples the model was trained on.",
                    f"Keep `{held[0]}` out of training.",
                    0.85,
                    "Count the samples that are in both parts.",
                    kept_apart(body.file, assign, joined, held),
                )


def _joined_names(value: ast.expr) -> list[str]:
    """What is joined by `concat([a, b])`, `ConcatDataset([a, b])`, `cat((a, b))`, `a + b`."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        return [unparsed(n) for n in (value.left, value.right) if isinstance(n, ast.Name | ast.Attribute)]
    joins = isinstance(value, ast.Call) and last_name(value.func) in _JOINS and bool(value.args)
    first = value.args[0] if joins and isinstance(value, ast.Call) else None
    return [unparsed(e) for e in first.elts] if isinstance(first, ast.List | ast.Tuple) else []


def _is_evaluated(body: Body, name: str, after: ast.stmt) -> bool:
    """Whether the held-out data is used again as such: given to something that gets a held-out name, or iterated."""
    later = [s for s in body.statements if s.lineno > after.lineno]
    for statement in later:
        reads = any(isinstance(n, ast.Name | ast.Attribute) and unparsed(n) == name for n in walk(statement))
        if reads and (
            part_of(_target(statement)) == "held out" or isinstance(statement, ast.For | ast.With | ast.Expr)
        ):
            return True
    return False


def find_split_per_part(trace: Trace) -> Iterator[Problem]:
    """A data set that draws its own split, unseeded, and is built once for training and once for validation."""
    for cls in trace.project.classes.values():
        start = cls.methods.get("__init__")
        if start is None or "__getitem__" not in cls.methods or not _chooses_part(start.node):
            continue
        draws = [n for n in walk(start.node) if _draws_unseeded(n)]
        if draws and not _is_seeded(start.node) and _times_built(trace, cls) >= 2:
            yield Problem(
                Site(cls.file, draws[0]),
                f"Every {cls.name} draws its own random order before it takes its part: the training and the held-out "
                "part come from different orders and overlap.",
                "Draw the order once (or from a generator with a fixed seed made here) and share it.",
                0.85,
                "Count the samples that are in both parts.",
                order_fixed(cls.file, draws[0]) if len(draws) == 1 else (),
            )


def _draws_unseeded(node: ast.AST) -> bool:
    """`np.random.permutation(n)`, `random.shuffle(x)`; not `RandomState(0).permutation`, which repeats."""
    if not isinstance(node, ast.Call) or last_name(node.func) not in ("permutation", "randperm", "shuffle"):
        return False
    seeded = any(k.arg in ("generator", "random_state") for k in node.keywords)
    function = unparsed(node.func)
    return not seeded and function in ("np.random.permutation", "numpy.random.permutation", "torch.randperm",
                                       "random.shuffle", "np.random.shuffle", "numpy.random.shuffle")  # fmt: skip


def _is_seeded(function: ast.AST) -> bool:
    return any(isinstance(n, ast.Call) and last_name(n.func) in ("seed", "manual_seed") for n in walk(function))


def _chooses_part(function: FunctionNode) -> bool:
    """A parameter that says which part to take, and a choice of rows by it."""
    told = {a.arg for a in function.args.args} & names(
        "train split is_train mode part subset partition phase training fold"
    )
    slices = any(isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Slice) for n in walk(function))
    return bool(told) and slices


def _times_built(trace: Trace, cls: Class) -> int:
    return sum(
        isinstance(n, ast.Call) and last_name(n.func) == cls.name
        for file in trace.project.files
        for n in walk(file.tree)
    )


def find_shuffled_windows(trace: Trace) -> Iterator[Problem]:
    """Overlapping windows of one series put into training and held-out parts at random."""
    makers = _window_makers(trace)
    for body in bodies(trace) if makers else ():
        held = {n for a in body.assigns if _calls_any(a.value, makers) for n in _names_bound(a)}
        for assign, call, _ in _splits(body):
            given = {n.id for a in call.args for n in walk(a) if isinstance(n, ast.Name)}
            ordered = any(k.arg in ("shuffle", "groups", "stratify_groups") and unparsed(k.value) == "False"
                          for k in call.keywords)  # fmt: skip
            if not ordered and (given & held or any(_calls_any(a, makers) for a in call.args)):
                yield Problem(
                    Site(body.file, assign),
                    "Windows that overlap are split at random: nearly every held-out window has neighbours in training "
                    "that share all but a few of its values.",
                    "Split the series by time first, then cut each part into windows.",
                    0.75,
                    "Split by time and compare the scores.",
                    split_by_time(body.file, assign, call),
                )


def _calls_any(value: ast.expr, makers: set[str]) -> bool:
    return any(isinstance(n, ast.Call) and last_name(n.func) in makers for n in walk(value))


def _names_bound(assign: ast.Assign) -> set[str]:
    return {n.id for t in assign.targets for n in walk(t) if isinstance(n, ast.Name)}


def _window_makers(trace: Trace) -> set[str]:
    """Functions that collect `s[i:i + n]` for every i, and data sets whose item i is `s[i:i + n]`."""
    found = set()
    for function in trace.project.functions.values():
        if function.owner and function.name == "__getitem__" and _window_at_index(function.node):
            found.add(function.owner.name)
        elif not function.owner and any(_collects_windows(n) for n in walk(function.node)):
            found.add(function.name)
    return found


def _window_at_index(node: ast.AST) -> bool:
    arguments = getattr(node, "args", None)
    index = arguments.args[1].arg if arguments is not None and len(arguments.args) > 1 else ""
    return any(_is_window(n, index) for n in walk(node))


def _collects_windows(node: ast.AST) -> bool:
    """A loop over every position (no stride) that appends or makes windows at it."""
    if isinstance(node, ast.For) and isinstance(node.target, ast.Name) and _steps_by_one(node.iter):
        return any(
            isinstance(n, ast.Call)
            and last_name(n.func) == "append"
            and any(_is_window(m, node.target.id) for m in walk(n))
            for n in walk(node)
        )
    if isinstance(node, ast.ListComp) and isinstance(node.generators[0].target, ast.Name):
        generator = node.generators[0]
        name = generator.target.id  # type: ignore[attr-defined]
        return _steps_by_one(generator.iter) and any(_is_window(m, name) for m in walk(node.elt))
    return False


def _steps_by_one(iterated: ast.expr) -> bool:
    return isinstance(iterated, ast.Call) and last_name(iterated.func) == "range" and len(iterated.args) < 3


def _is_window(node: ast.AST, index: str) -> bool:
    """`s[i:i + n]` with i the index itself."""
    cut = node.slice if isinstance(node, ast.Subscript) else None
    if not isinstance(cut, ast.Slice) or cut.lower is None or not isinstance(cut.upper, ast.BinOp):
        return False
    return unparsed(cut.lower) == index and index in {n.id for n in walk(cut.upper) if isinstance(n, ast.Name)}


def find_groups_split(trace: Trace) -> Iterator[Problem]:
    """Rows that carry a patient, speaker or user are split at random, row by row."""
    text = " ".join(line for file in trace.project.files for line in file.lines)
    if any(word in text for word in ("GroupKFold(", "GroupShuffleSplit(", "StratifiedGroupKFold(", "groups=")):
        return
    for body in bodies(trace):
        groups = _group_names(body)
        for assign, call, _ in _splits(body) if groups else ():
            given = " ".join(unparsed(a) for a in call.args)
            if not any(group in given for group in groups) and not _splits_groups(call):
                yield Problem(
                    Site(body.file, assign),
                    f"Rows are split at random although several belong to one `{min(groups)}`: rows of the same one "
                    "are in training and in the held-out part.",
                    f"Split the values of `{min(groups)}` (GroupShuffleSplit), then take their rows.",
                    0.65,
                    f"Count the values of `{min(groups)}` that occur in both parts.",
                )


def _group_names(body: Body) -> set[str]:
    """Names that are assigned one group per row: `patient_ids = np.repeat(...)`, `df["subject_id"]`."""
    found: set[str] = set()
    for assign in body.assigns:
        text = unparsed(assign.targets[0])
        repeats = any(isinstance(n, ast.Call) and last_name(n.func) in ("repeat", "randint", "integers", "choice")
                      for n in walk(assign.value))  # fmt: skip
        if name_words(text) & _GROUP_WORDS and (repeats or "_id" in unparsed(assign.value)):
            found.add(text)
    return found


def _splits_groups(call: ast.Call) -> bool:
    """What is split is itself a list of different groups."""
    return any(word in unparsed(call) for word in ("unique", "set(", "groups", "ids"))


def find_unmasked_nodes(trace: Trace) -> Iterator[Problem]:
    """A loss over all nodes of a graph in a program that has a mask of the training nodes."""
    for body in bodies(trace):
        losses = [c for c in body.calls if any(word in last_name(c.func) for word in _LOSS_WORDS)]
        masks = _training_masks(trace, body) if losses and _is_trained(body) else set()
        for node in losses if masks and not _uses(body, masks) else ():
            parts = [n for a in node.args[:2] for n in walk(a)]
            if len(node.args) >= 2 and not any(isinstance(n, ast.Subscript) for n in parts):  # prediction and target
                yield Problem(
                    Site(body.file, node),
                    f"The loss is over all nodes; `{min(masks)}` marks those for training and is not used in this "
                    "step: the labels of the held-out nodes are trained on.",
                    f"Index output and labels with `{min(masks)}`.",
                    0.8,
                    "Count the nodes that enter the loss.",
                    masked(body.file, node, min(masks)),
                )


def find_centred_window(trace: Trace) -> Iterator[Problem]:
    """`series.rolling(5, center=True)`: half of the window lies in the future."""
    for body in bodies(trace):
        for call in body.calls:
            centred = any(k.arg == "center" and unparsed(k.value) == "True" for k in call.keywords)
            if last_name(call.func) == "rolling" and centred and _feeds_a_model(trace):
                yield Problem(
                    Site(body.file, call),
                    "A centred window holds values that come after its row: as an input it tells the future.",
                    "center=False, shifted so that the window ends before what is predicted.",
                    0.8,
                    "Compare the score with the window moved back by its length.",
                    tuple(Edit("replace", body.file, k.value, "False") for k in call.keywords if k.arg == "center"),
                )


def _feeds_a_model(trace: Trace) -> bool:
    return any(last_name(c.func) == "backward" or last_name(c.func) == "fit" for b in bodies(trace) for c in b.calls)


def _training_masks(trace: Trace, body: Body) -> set[str]:
    """Names of the training nodes in the files beside this one."""
    folder = body.file.path.rpartition("/")[0]
    return {
        name
        for file in trace.project.files
        if file.path.rpartition("/")[0] == folder
        for n in walk(file.tree)
        if isinstance(n, ast.Name | ast.Attribute)
        and (name := n.id if isinstance(n, ast.Name) else n.attr) in _TRAINING_NODES
    }


def _is_trained(body: Body) -> bool:
    """A step over the whole graph: backward, and no loop over batches."""
    calls = {last_name(c.func) for c in body.calls}
    graph = any(w in "\n".join(body.file.lines) for w in ("edge_index", "adj", "GCN", "GAT", "dgl", "laplacian"))
    return "backward" in calls and graph


def _uses(body: Body, masks: set[str]) -> bool:
    """Whether the function that trains reads a mask before the loss: the evaluation in a module body may too."""
    return any(
        isinstance(n, ast.Subscript) and any(mask in unparsed(n.slice) for mask in masks)
        for s in body.statements
        if not _only_prints(s)
        for n in walk(s)
    )


def _only_prints(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and last_name(call.func) in ("print", "info", "append")


CHECKS = (
    Check("training-on-all-rows", "A split whose training part is never used: training gets the whole.",
          "The held-out rows are trained on.", "Train on the training part.",
          "data_pipeline/leakage", _SPLIT, "error", "data_flow", find_training_on_all),
    Check("held-out-joined-to-training", "Held-out data joined to the training data and validated on.",
          "The score is a training score.", "Keep it out.",
          "data_pipeline/leakage", _LEAKAGE, "error", "data_flow", find_held_out_joined),
    Check("split-drawn-per-part", "A data set that draws a fresh random split for every part.",
          "Two random orders put some rows into both parts.", "Draw it once.",
          "data_pipeline/leakage", _SPLIT, "error", "data_flow", find_split_per_part),
    Check("shuffled-windows", "Overlapping windows of a series split at random.",
          "Neighbours share nearly all values.", "Split by time first.",
          "data_pipeline/leakage", _SERIES, "warning", "data_flow", find_shuffled_windows),
    Check("centred-window", "A rolling window centred on the row it describes.",
          "Half of it is not known yet when the row is predicted.", "Let it end before the row.",
          "data_pipeline/leakage", _ROLLING, "warning",
          "data_flow", find_centred_window),
    Check("groups-split-by-row", "Rows of one patient, speaker or user on both sides of a split.",
          "The model recognises the group.", "Split by group.",
          "data_pipeline/leakage", _GROUPS, "warning", "data_flow", find_groups_split),
    Check("training-mask-unused", "A loss over all nodes although a mask of the training nodes exists.",
          "The labels of the held-out nodes are trained on.", "Index with the mask.",
          "data_pipeline/leakage", _NODES, "error", "data_flow", find_unmasked_nodes),
)  # fmt: skip
