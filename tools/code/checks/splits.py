"""Training, validation and test data kept apart."""

import ast
from collections.abc import Iterator

from misrun.tools.code.bodies import is_target_name
from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_splits import (
    fitted_on_training_part,
    other_part,
    own_data,
    standardised_by_training_part,
)
from misrun.tools.code.checks.repair_syntax import function_of, statement_of
from misrun.tools.code.names import names
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Value, ancestors, is_constant, same
from misrun.tools.code.walking import unparsed, walk

_LEAKAGE = "https://scikit-learn.org/stable/common_pitfalls.html#data-leakage"
_SPLIT = "https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.random_split"
_FITTED = (
    "sklearn.preprocessing", "sklearn.decomposition", "sklearn.feature_extraction", "sklearn.feature_selection",
    "sklearn.impute", "category_encoders",
)  # fmt: skip
# They only rename categories; nothing about the distribution of the test data gets through.
_HARMLESS = names("LabelEncoder OneHotEncoder OrdinalEncoder LabelBinarizer MultiLabelBinarizer Normalizer Binarizer")
_RESAMPLING = names("fit_resample fit_sample")
# Draws in which a row can come up more than once.
_REPLACING = names("randint integers multinomial choice choices")
_JOINING = names("concatenate concat cat vstack hstack append ConcatDataset")
_HELD_OUT = ("val", "valid", "test", "dev", "eval", "holdout")


def _split_inputs(root: tuple[Event, ...]) -> Iterator[tuple[Event, list[Value]]]:
    """Every place where data is split, with what is split: library functions and complementary slices."""
    slices: dict[tuple[int, str], Event] = {}
    for event in root:
        if event.op.endswith((".train_test_split", ".random_split", ".split")) and "." in event.op and event.args:
            if event.op.endswith(("train_test_split", "random_split")):
                yield event, [a for a in event.args if a.kind != "const"]
        elif event.op == "slice" and len(event.args) == 2:  # a call of the builtin has other numbers of them
            base, index = event.args
            for side, other in (("lower", "upper"), ("upper", "lower")):
                if side in index.kwargs and other not in index.kwargs:
                    key = (id(base), f"{other} {_text(index.kwargs[side])}")
                    if key in slices and slices[key].frame is event.frame:
                        yield event, [base]
                    slices[(id(base), f"{side} {_text(index.kwargs[side])}")] = event


def _text(value: Value) -> str:
    node = value.site.node if value.site else None
    return (
        f"{value.const}"
        if value.kind == "const"
        else f"{id(value)} {ast.dump(node) if isinstance(node, ast.expr) else ''}"
    )


def find_fit_before_split(trace: Trace) -> Iterator[Problem]:
    for root in trace.roots:
        fitted: dict[int, Event] = {}
        for event in root:
            path = event.receiver.path if event.receiver is not None else ""
            fits = event.op in ("object.fit", "object.fit_transform") and path.startswith(_FITTED)
            if fits and path.rpartition(".")[2] not in _HARMLESS and event.args and not _is_part(event.args[0]):
                fitted[id(event.args[0])] = event
                fitted[id(event.result)] = event
        for split, inputs in _split_inputs(root) if fitted else ():
            for value in inputs:
                yield from _fitted_problem(value, split, fitted)


def _is_part(value: Value) -> bool:
    """Rows cut out of the whole: `X[:n]`."""
    return any(a.op == "slice_index" for a in value.args)


def _standardised(value: Value) -> Value | None:
    """Where data is standardised by its own mean and standard deviation: `(x - x.mean(0)) / x.std(0)`."""
    for node in ancestors(value, 20):
        top = node.inputs[0] if node.op == "div" and node.inputs else None
        if top is not None and top.op == "sub" and len(top.inputs) == 2:
            data, mean = top.inputs
            spread = [v for v in ancestors(node.inputs[1], 8) if v.op == "std"]
            if mean.op == "mean" and mean.inputs[:1] == (data,) and any(v.inputs[:1] == (data,) for v in spread):
                return node
    return None


def find_standardised_before_split(trace: Trace) -> Iterator[Problem]:
    for root in trace.roots:
        for split, inputs in _split_inputs(root):
            found = next((s for value in inputs for s in [_standardised(value)] if s is not None), None)
            if found is not None and found.site is not None and not _is_target(split):
                yield Problem(
                    found.site,
                    f"All data is standardised by its own mean and deviation before the split at {split.site}: "
                    "statistics of the held-out data leak into training.",
                    "Split first; use the mean and deviation of the training part for all parts.",
                    0.75,
                    "Compare the statistics with those of the training part alone.",
                    standardised_by_training_part(found, split),
                )


def _is_target(split: Event) -> bool:
    """A slice of the targets: one mean and one deviation for all of them only change the unit of the loss."""
    node = split.node
    return isinstance(node, ast.Subscript) and is_target_name(unparsed(node.value))


def find_fitted_before_split(trace: Trace) -> Iterator[Problem]:
    yield from find_fit_before_split(trace)
    yield from find_standardised_before_split(trace)


def _fitted_problem(value: Value, split: Event, fitted: dict[int, Event]) -> Iterator[Problem]:
    for node in ancestors(value, 40):
        event = fitted.get(id(node))
        # Data that was only fitted on, not transformed, must be transformed by the same object to leak.
        if event is None or event.index > split.index or (node is not event.result and not _transformed(value, event)):
            continue
        name = event.receiver.class_name if event.receiver is not None else "the transform"
        yield Problem(
            event.site,
            f"{name} is fitted on all data before the split at {split.site}: statistics of the test data leak into "
            "training.",
            "Split first, fit on the training part, transform the others.",
            0.9,
            "Compare the fitted statistics with those of the training part alone.",
            fitted_on_training_part(event, split),
        )
        return


def _transformed(value: Value, fit: Event) -> bool:
    return any(
        v.op == "method" and v.name == "transform" and same(v.inputs[0], fit.receiver) for v in ancestors(value, 40)
    )


def find_split_after_augmentation(trace: Trace) -> Iterator[Problem]:
    for root in trace.roots:
        for split, inputs in _split_inputs(root):
            origin = next((o for value in inputs for o in [_multiplied(value)] if o is not None), None)
            if origin is not None:
                yield Problem(
                    origin.site or split.site,
                    f"Samples are multiplied here (augmented or resampled) and split only at {split.site}: copies of "
                    "one "
                    "sample end up in both parts.",
                    "Split first, then augment the training part only.",
                    0.9,
                    "Count validation samples whose original is in the training part.",
                )


def _multiplied(value: Value) -> Value | None:
    """Where data is joined with data derived from itself, or resampled."""
    for node in ancestors(value, 60):
        if node.op == "method" and node.name in _RESAMPLING:
            return node
        if node.op == "index" and any(_resampled(v) for a in node.args for v in ancestors(a, 20)):
            return node
        parts = _joined_parts(node)
        if any(_derives(b, a) for a in parts for b in parts if a is not b):
            return node
    return None


def _resampled(value: Value) -> bool:
    """sklearn's `resample`, which draws with replacement unless told otherwise."""
    return value.op == "resample" and not is_constant(value.kwargs.get("replace"), False)


def _joined_parts(node: Value) -> list[Value]:
    if node.op in _JOINING or node.class_name == "ConcatDataset":
        first = node.inputs[0] if node.inputs else None
        if first is not None and first.kind == "sequence":
            return list(first.items or ())
        if first is not None and first.op == "add":
            return _listed(first)
        return [v for v in node.inputs if v.kind != "const"]
    if node.op == "add" and any(v.op in ("comprehension", "grown") for v in node.inputs):
        return list(node.inputs)
    return list(node.items or ()) if node.op == "grown" else []


def _listed(value: Value) -> list[Value]:
    """The parts of lists that are put one after the other: `[x] + [f(x) for _ in range(n)]`."""
    if value.kind == "sequence":
        return list(value.items or ())
    return [part for v in value.inputs for part in _listed(v)] if value.op == "add" else [value]


def _derives(value: Value, original: Value) -> bool:
    """Whether it is computed from the original by something that changes it (noise, flips), not a plain part of it."""
    if original.kind == "const" or value.kind == "const" or original.op in ("grown", "sample_index", "counter"):
        return False
    if value.op == "index":
        return _draws_again(value, original)
    if value.op in ("element", "attr"):
        return False
    return any(v is original for v in ancestors(value, 30)) and value.op not in _JOINING


def _draws_again(rows: Value, original: Value) -> bool:
    """Rows picked from the original with replacement: `x[torch.randint(len(x), (n,))]`, to join them to it."""
    index = rows.args[0] if rows.args else None
    queue = [index] if index is not None and rows.inputs and rows.inputs[0] is original else []
    for _ in range(40):  # an index is computed in a few operations
        if not queue:
            break
        top = queue.pop(0)
        if (top.name if top.op in ("method", "call") else top.op).rpartition(".")[2] in _REPLACING:
            return True
        queue += [v for v in (*top.inputs, *top.args) if v.op != "len" and v is not original]
    return False


def find_same_data_for_validation(trace: Trace) -> Iterator[Problem]:
    made = [e for e in trace.events("new") if e.result.kind == "loader" and e.result.argument(0, "dataset")]
    roots = {id(e): number for number, root in enumerate(trace.roots) for e in root}
    for event in made:
        name = _assigned_name(event)
        if _is_held_out(name) and not _selects(event.result):
            data = event.result.argument(0, "dataset")
            beside = [o for o in made if roots[id(o)] == roots[id(event)] or _is_given(o) or _is_given(event)]
            twin = next((o for o in beside if o is not event and _trains_on(o, data)), None)
            if twin is not None:
                yield Problem(
                    event.site,
                    f"`{name}` reads the same data as `{_assigned_name(twin)}` ({twin.site}): the validation measures "
                    "what was trained on.",
                    "Give it the held-out part.",
                    0.9,
                    "Count samples that occur in both: it is all of them.",
                    own_data(event) if data is twin.result.argument(0, "dataset") else other_part(data),
                )


def _trains_on(event: Event, data: Value | None) -> bool:
    loader = event.result
    named = _is_training(_assigned_name(event)) and not _selects(loader)
    return named and _same_data(loader.argument(0, "dataset"), data)


def _same_data(one: Value | None, other: Value | None) -> bool:
    if one is None or other is None or one.kind == "const":
        return False
    if one is other:
        return True
    both_train = all(
        d.path.startswith("torchvision.datasets") and is_constant(d.kwargs.get("train"), True) for d in (one, other)
    )
    return both_train and one.path == other.path


def _selects(loader: Value) -> bool:
    return any(k in loader.kwargs for k in ("sampler", "batch_sampler", "**"))


def _assigned_name(event: Event) -> str:
    """The name the constructed object is assigned to, or that of the function that gives it back, in lower case."""
    for node in walk(event.file.tree) if not event.file.path.startswith("<") else ():
        if isinstance(node, ast.Assign) and node.value is event.node:
            target = node.targets[0]
            return (target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")).lower()
    function = function_of(event.file, event.node)
    return function.name.lower() if _is_given(event) and not isinstance(function, ast.Module) else ""


def _is_given(event: Event) -> bool:
    """The object is given back by a function: `return DataLoader(...)`, as methods of a LightningDataModule do."""
    return isinstance(statement_of(event.file, event.node), ast.Return)


def _is_held_out(name: str) -> bool:
    parts = name.split("_")
    return any(p.startswith(_HELD_OUT) for p in parts) and not _is_training(name)


def _is_training(name: str) -> bool:
    return any(part.startswith("train") for part in name.split("_"))


CHECKS = (
    Check("fit-on-all-data", "A scaler, PCA or vocabulary fitted before the split.",
          "Statistics of the test data get into training; the result looks better than it is.",
          "Fit on the training part only.", "data_pipeline/leakage",
          _LEAKAGE, "error", "data_flow", find_fitted_before_split),
    Check("split-after-augmentation", "Augmented or resampled copies made before the split.",
          "Copies of one sample are in both parts.",
          "Split first.", "data_pipeline/leakage",
          _LEAKAGE, "error", "data_flow", find_split_after_augmentation),
    Check("validation-on-training-data", "A validation loader over the training data.",
          "The metric measures memorisation.",
          "Use the held-out part.", "data_pipeline/leakage",
          _SPLIT, "error", "data_flow", find_same_data_for_validation),
)  # fmt: skip
