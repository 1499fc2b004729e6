"""The stages that one value on a way stands for, each with the facts behind it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from misrun.tools.code.flow.facts import UNKNOWN, Facts, after, collated, image_source, label_source, transformed
from misrun.tools.code.flow.path import Step, cut, is_silent, key_of, written
from misrun.tools.code.flow.record import Boundary, Stage
from misrun.tools.code.image_data import composed
from misrun.tools.code.names import names
from misrun.tools.code.trace import Event
from misrun.tools.code.values import Site, Value, ancestors, number

# What reads from disk or the network, by the last part of its name.
_READERS = names(
    "read_csv read_parquet read_json read_table read_excel read_feather read_pickle load loadtxt genfromtxt memmap"
    " imread open load_dataset load_from_disk File fromfile fetch_openml load_iris load_digits read_image load_wine"
    " load_breast_cancer load_diabetes fetch_california_housing fetch_20newsgroups safe_open open_dataset read_bytes"
    " read_text read decode_image"
)
# Functions and methods of torch, numpy and random that draw or fill new numbers: data begins there.
_MAKERS = names(
    "randn rand randint randperm zeros ones full arange linspace eye empty normal integers standard_normal uniform"
    " random gamma poisson beta exponential binomial multinomial choice permutation make_classification make_regression"
    " make_blobs make_moons random_sample lognormal laplace multivariate_normal"
)
_IMAGE_READERS = names("cv2.imread imageio.imread skimage.io.imread imageio.v2.imread matplotlib.pyplot.imread")
_FRAMEWORK = names("from_numpy numpy tensor as_tensor tolist item asarray array FloatTensor LongTensor")
_DEVICE = names("to cuda cpu device_put xpu")
# Methods and calls that give rows, columns or copies of a table or array, or that a library documents.
_KNOWN = names(
    "values to_numpy iloc loc drop dropna fillna reset_index sort_values sample copy astype get items head tail map"
    " fit_transform transform inverse_transform predict predict_proba reshape resize select rename_columns"
    " remove_columns set_format with_format shuffle filter train_test_split groupby join merge strip split tokenize"
    " encode batch_encode_plus encode_plus decode pop keys flip rstrip lstrip lower upper replace findall most_common"
    " format readlines splitlines roll repeat take swapaxes moveaxis ravel squeeze cumsum round clip argsort tobytes"
)
_KNOWN_LIBRARIES = (
    "cv2.", "numpy.", "PIL.", "skimage.", "torchvision.", "einops.", "sklearn.", "pandas.", "scipy.", "albumentations.",
    "torchaudio.", "librosa.", "torch.", "builtins.", "datasets.", "json.", "pickle.", "pathlib.", "os.",
)  # fmt: skip
# Calls that keep shape, type and range of an image.
_KEEPING_CALLS = names(
    "cv2.cvtColor cv2.flip cv2.GaussianBlur numpy.ascontiguousarray numpy.flip numpy.copy numpy.fliplr"
)
# Fields of what a tokenizer returns (https://huggingface.co/docs/transformers/main_classes/tokenizer).
_TOKENS = names("input_ids labels attention_mask token_type_ids")
_STEPS = names("training_step validation_step test_step predict_step compute_loss")

Moves = dict[int, list[Event]]


@dataclass(frozen=True, slots=True)
class _Operation:
    """`facts` are those behind it."""

    name: str
    site: Site | None
    facts: Facts
    boundary: Boundary = ""
    resolved: bool = True


def stages_of(steps: list[Step], moves: Moves) -> Iterator[Stage]:
    """The stages of a way, source first."""
    label = any(_takes_label(step.value) for step in steps)
    facts = UNKNOWN
    for step in steps[_start(steps) :]:
        for operation in _operations(step.value, facts, label=label):
            facts = operation.facts
            if operation.name:
                yield _stage(operation, step.merges, _notes(step, steps, moves))
        for event in moves.get(id(step.value), ()):
            if event.op.startswith("?."):
                facts = replace(facts, device=_device(event))
                yield _stage(_Operation(event.op[2:], event.site, facts, "device"), (), ())


def _start(steps: list[Step]) -> int:
    """The last source: what stands before a reader says which file is read, before a generator how many rows."""
    sources = [i for i, step in enumerate(steps) if _reads(step.value) or _makes(step.value)]
    return sources[-1] if sources else 0


def _makes(value: Value) -> bool:
    """Whether it draws or fills new numbers; a method of a tensor that is given one does not (`x.repeat`)."""
    if value.op in ("call", "method"):
        return _last(value) in _MAKERS
    return value.op in _MAKERS and value.callee is None


def _reads(value: Value) -> bool:
    return value.op in ("call", "method", *_READERS) and _last(value) in _READERS


def _last(value: Value) -> str:
    return (value.path or value.name).rpartition(".")[2]


def _takes_label(value: Value) -> bool:
    """The second element of a batch of torchvision's (image, class) data sets."""
    if value.op != "element" or not value.args or number(value.args[0]) != 1:
        return False
    return any(v.kind == "dataset" and v.path.startswith("torchvision.datasets") for v in ancestors(value, 12))


def _notes(step: Step, steps: list[Step], moves: Moves) -> tuple[str, ...]:
    notes = [f"one of {step.others + 1} ways"] if step.others else []
    start = _start(steps)
    if start and step is steps[start] and _reads(step.value):
        notes.append(f"file named by {steps[0].value.site}")
    for event in moves.get(id(step.value), ()):
        if event.op == "set[]":
            notes.append(f"parts overwritten in place at {event.site}")
        elif not event.op.startswith("?."):
            notes.append(f"changed in place at {event.site}")
    return tuple(dict.fromkeys(notes))


def _stage(operation: _Operation, merges: tuple[str, ...], notes: tuple[str, ...]) -> Stage:
    site, facts = operation.site, operation.facts
    return Stage(
        operation=operation.name,
        file=site.file.path if site is not None else "",
        line=site.file.line(site.line) if site is not None else 0,
        sizes=facts.sizes or (),
        axes=facts.axes or (),
        dtype=facts.dtype,
        values=facts.range_text(),
        device=facts.device,
        boundary=operation.boundary,
        merges=merges,
        notes=notes,
        resolved=operation.resolved,
    )


def _operations(value: Value, before: Facts, *, label: bool) -> Iterator[_Operation]:
    """The operations a value stands for; a data set's transforms are several."""
    if value.kind == "dataset" and value.op != "join":
        yield from _dataset(value, label=label)
    elif value.kind == "loader":
        yield _Operation("", value.site, before)
    elif value.op in ("batch", "collated"):
        loader = value if value.op == "batch" else value.inputs[-1]
        yield _Operation("batch", loader.site, collated(before), _loading(loader))
    elif key_of(value):
        yield _Operation(key_of(value), value.site, _picked(value, before))
    elif is_silent(value):
        yield _Operation("", value.site, _picked(value, before))
    else:
        yield _computed(value, before)


def _dataset(value: Value, *, label: bool) -> Iterator[_Operation]:
    known = value.path.startswith("torchvision")
    name = value.class_name or value.name
    if known and label:
        yield _Operation(name, value.site, label_source(name), "disk")
        return
    facts = image_source(name) if known else UNKNOWN
    yield _Operation(name, value.site, facts, "disk" if known else "")
    given = value.kwargs.get("transform") if known else None
    for transform in composed(given) if given is not None else ():
        new = transformed(transform, facts)
        facts = new if new is not None else UNKNOWN
        yield _Operation(transform.class_name or transform.name, transform.site, facts, "", new is not None)


def _loading(batch: Value) -> Boundary:
    made = batch.inputs[0] if batch.inputs else batch
    return "process" if number(made.argument(5, "num_workers")) else ""


def _picked(value: Value, before: Facts) -> Facts:
    """What an index or a key takes out."""
    if value.op == "index":
        return after(value, before)
    if value.op == "row":
        return replace(before, sizes=before.sizes[1:] if before.sizes else None, axes=None)
    key = value.name.rpartition("[")[2].strip("]'\"") if value.op == "element" else value.name.rpartition(".")[2]
    if key in _TOKENS:
        meaning = "flags" if key == "attention_mask" else "token ids"
        return Facts(axes=("batch", "time"), dtype="int64", meaning=meaning, device=before.device)
    return before


def _computed(value: Value, before: Facts) -> _Operation:
    name = value.path or value.name
    if value.op == "parameter":
        given = getattr(value.site.node, "name", "") if value.site is not None else ""
        return _Operation(f"{value.name} (argument of {given})", value.site, UNKNOWN, "", given in _STEPS)
    if _reads(value):
        facts = image_source("") if name in _IMAGE_READERS else Facts(device="host")
        return _Operation(name, value.site, facts, "disk")
    if value.op == "module()":
        shown = value.callee.name if value.callee is not None and value.callee.name else name
        return _Operation(f"{shown} (model)", value.site, Facts(dtype="float32", device=before.device))
    if value.op in ("call", "method"):
        return _called(value, before, name)
    shown = cut(value) if value.op == "index" else value.op
    return _Operation(shown, value.site, _placed(value, after(value, before)), _crossed(value))


def _called(value: Value, before: Facts, name: str) -> _Operation:
    """A call into a library: known by name, or a stage that is not resolved."""
    callee = value.inputs[0] if value.inputs else None
    last = name.rpartition(".")[2]
    if _makes(value):
        return _Operation(name, value.site, _drawn(value, last))
    if callee is not None and callee.path.startswith("torchvision.transforms"):
        return _transformed_by(callee, value, before)
    if name in _KEEPING_CALLS:
        return _Operation(name, value.site, before)
    facts = after(value, before) if last in ("astype", "reshape") else Facts()
    shown = f"{callee.class_name}.{last}" if callee is not None and callee.kind == "object" else name or written(value)
    seen = callee is not None and callee.definition is not None
    known = seen or last in _KNOWN or name.startswith(_KNOWN_LIBRARIES)
    return _Operation(shown, value.site, facts, _crossed(value), known)


def _drawn(value: Value, last: str) -> Facts:
    """Numbers of a NumPy generator: `rng.integers(0, 10, n)` gives 0 to 9."""
    ends = [number(v) for v in value.inputs[1:3]]
    if last == "integers" and ends and ends[0] is not None:
        low, high = (0.0, ends[0]) if len(ends) < 2 or ends[1] is None else (ends[0], ends[1])
        return Facts(dtype="int64", low=low, high=high - 1, device="host")
    meaning = "standard normal" if last == "standard_normal" else ""
    return Facts(dtype="" if last in ("choice", "permutation") else "float64", meaning=meaning, device="host")


def _transformed_by(callee: Value, value: Value, before: Facts) -> _Operation:
    """`self.transform(image)`: one stage for the whole of a Compose."""
    facts: Facts | None = before if before.axes else image_source("")
    for transform in composed(callee):
        facts = transformed(transform, facts) if facts is not None else None
    names_ = ", ".join(t.class_name for t in composed(callee))
    return _Operation(names_, value.site, facts or UNKNOWN, "", facts is not None)


def _crossed(value: Value) -> Boundary:
    last = (value.op if value.op not in ("call", "method") else value.name).rpartition(".")[2]
    if last in _DEVICE and (value.op in ("cuda", "cpu") or any(v.kind != "lib" for v in value.args[1:])):
        return "device"
    return "framework" if last in _FRAMEWORK else ""


def _placed(value: Value, facts: Facts) -> Facts:
    if value.op in ("cuda", "cpu"):
        return replace(facts, device=value.op)
    if value.op == "to" and _crossed(value) == "device":
        named = next((v.const for v in value.args[1:] if isinstance(v.const, str)), "device")
        return replace(facts, device=named)
    return replace(facts, device="host") if value.op in ("numpy", "tolist", "item") else facts


def _device(event: Event) -> str:
    if event.op != "?.to":
        return event.op.rpartition(".")[2]
    given = event.args[0] if event.args else None
    return given.const if given is not None and isinstance(given.const, str) else "device"
