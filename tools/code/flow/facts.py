"""What is known of the numbers at a stage, and how each operation changes it. Nothing is guessed."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from misrun.tools.code.image_data import IMAGES, RESIZING, SAME_FORM, resized_to
from misrun.tools.code.names import names
from misrun.tools.code.shapes import shape_of
from misrun.tools.code.torch_api import KEEPING_OPS
from misrun.tools.code.values import Value, number

# Axes behind the batch that an operation's result has, whatever came in.
_FIXED_AXES = {
    "conv1d": ("channel", "time"), "conv2d": ("channel", "height", "width"),
    "max_pool2d": ("channel", "height", "width"),
    "avg_pool2d": ("channel", "height", "width"), "adaptive_avg_pool2d": ("channel", "height", "width"),
    "conv3d": ("channel", "depth", "height", "width"), "conv_transpose2d": ("channel", "height", "width"),
}  # fmt: skip
_DTYPES = {"float": "float32", "double": "float64", "half": "float16", "bfloat16": "bfloat16", "long": "int64",
           "int": "int32", "bool": "bool", "argmax": "int64", "argmin": "int64", "randint": "int64", "arange": "int64",
           "compare": "bool", "one_hot": "int64", "rand": "float32", "randn": "float32", "embedding": "float32",
           "FloatTensor": "float32", "LongTensor": "int64", "random": "float64", "standard_normal": "float64",
           "normal": "float64", "uniform": "float64"}  # fmt: skip
_UNBOUNDED = names(
    "linear conv1d conv2d conv3d conv_transpose2d lstm gru rnn attention transformer embedding layer_norm batch_norm"
    " group_norm matmul bmm mm einsum gelu silu elu"
)
_LOWEST = -float("inf")


@dataclass(frozen=True, slots=True)
class Facts:
    """`low` and `high` bound the values where both are known; `meaning` says what they are."""

    sizes: tuple[str, ...] | None = None
    axes: tuple[str, ...] | None = None
    dtype: str = ""
    low: float | None = None
    high: float | None = None
    meaning: str = ""
    device: str = ""

    def range_text(self) -> str:
        if self.low is None or self.high is None:
            return self.meaning
        ends = [("-inf" if e == _LOWEST else "inf" if e == -_LOWEST else f"{e:.4g}") for e in (self.low, self.high)]
        return f"{ends[0]} .. {ends[1]}" + (f" ({self.meaning})" if self.meaning else "")


UNKNOWN = Facts()


def after(value: Value, before: Facts) -> Facts:
    """The facts behind the operation that computed `value`, from those of its main input."""
    facts = _ranged(value, _typed(value, before))
    facts = replace(facts, axes=_axes(value, before))
    return _sized(value, before, facts)


def _typed(value: Value, before: Facts) -> Facts:
    if value.op in _ASKING or value.name == "astype":
        asked = _asked_type(value)
        return replace(before, dtype=asked or before.dtype)
    if value.op in _DTYPES:
        return replace(before, dtype=_DTYPES[value.op])
    if value.op in _UNBOUNDED and not before.dtype.startswith(("float", "bfloat")):
        return replace(before, dtype="float32")
    return before


_ASKING = names("to type type_as astype tensor as_tensor array asarray zeros ones full")
_OTHER_NAMES = {"long": "int64", "float": "float32", "half": "float16", "double": "float64", "int": "int32"}


def _asked_type(value: Value) -> str:
    """The type that an argument names (`torch.float16`, `np.uint8`); "" when there is none."""
    given = (*value.args, *value.inputs, *value.kwargs.values())
    asked = [v.path.rpartition(".")[2] for v in given if v.kind == "lib"]
    known = [
        d for d in asked if d in _OTHER_NAMES or d.rstrip("0123456789") in ("float", "int", "uint", "bfloat", "bool")
    ]
    return _OTHER_NAMES.get(known[0], known[0]) if known else ""


def _ranged(value: Value, before: Facts) -> Facts:
    op = value.op
    if op in _RANGES:
        low, high, meaning = _RANGES[op]
        return replace(before, low=low, high=high, meaning=meaning)
    if op in _RULES:
        return _RULES[op](value, before)
    keeps = op in KEEPING_OPS or op in _SAME_RANGE or value.name == "astype"
    return before if keeps else replace(before, low=None, high=None, meaning="")


# Operations whose results lie within the range of what goes in.
_SAME_RANGE = names(
    "dropout batch from_numpy tensor as_tensor detach numpy max min max_pool2d avg_pool2d adaptive_avg_pool2d"
)
_INF = -_LOWEST
_RANGES: dict[str, tuple[float | None, float | None, str]] = {
    "rand": (0.0, 1.0, ""), "random": (0.0, 1.0, ""), "sigmoid": (0.0, 1.0, "probabilities"),
    "softmax": (0.0, 1.0, "probabilities, sum 1"), "log_softmax": (_LOWEST, 0.0, "log-probabilities"),
    "logsigmoid": (_LOWEST, 0.0, "log-probabilities"), "tanh": (-1.0, 1.0, ""), "one_hot": (0.0, 1.0, "one-hot"),
    "exp": (0.0, _INF, ""), "abs": (0.0, _INF, ""),
    "softplus": (0.0, _INF, ""), "square": (0.0, _INF, ""), "compare": (0.0, 1.0, "flags"),
    "randn": (None, None, "standard normal"), "standard_normal": (None, None, "standard normal"),
    "zeros": (0.0, 0.0, ""), "ones": (1.0, 1.0, ""),
}  # fmt: skip


def _drawn(value: Value, before: Facts) -> Facts:
    """`randint(high)` and `randint(low, high)`, the upper end left out."""
    ends = [number(v) for v in value.args[:2]]
    two = len(ends) == 2 and ends[1] is not None
    low, high = (ends[0], ends[1]) if two else (0.0, ends[0] if ends else None)
    return replace(before, low=low, high=high - 1 if high is not None else None, meaning="")


def _shifted(value: Value, before: Facts) -> Facts:
    """The range after `x / 255`, `x - 0.5` or `2 * x`; unknown when the other side is no number."""
    sides = [number(v) for v in value.inputs] if len(value.inputs) == 2 else [None, None]
    by = sides[1] if sides[1] is not None or value.op not in ("add", "mul") else sides[0]
    if by is None or before.low is None or before.high is None or (value.op == "div" and by == 0):
        return replace(before, low=None, high=None, meaning="")
    change: Callable[[float], float] = {
        "add": lambda x: x + by, "sub": lambda x: x - by, "mul": lambda x: x * by, "div": lambda x: x / by,
    }[value.op]  # fmt: skip
    ends = sorted((change(before.low), change(before.high)))
    whole = before.dtype.startswith(("int", "uint"))
    return replace(before, low=ends[0], high=ends[1], dtype="float32" if whole and value.op == "div" else before.dtype)


def _clamped(value: Value, before: Facts) -> Facts:
    low, high = number(value.argument(1, "min")), number(value.argument(2, "max"))
    return replace(before, low=before.low if low is None else low, high=before.high if high is None else high)


def _rectified(_value: Value, before: Facts) -> Facts:
    low = max(0.0, before.low if before.low is not None else 0.0)
    return replace(before, low=low, high=_INF if before.high is None else before.high, meaning="")


def _chosen(value: Value, before: Facts) -> Facts:
    return replace(before, low=0.0, high=_classes(value, before), meaning="class index")


_RULES: dict[str, Callable[[Value, Facts], Facts]] = {
    "randint": _drawn, "add": _shifted, "sub": _shifted, "mul": _shifted, "div": _shifted, "clamp": _clamped,
    "clip": _clamped, "relu": _rectified, "argmax": _chosen, "argmin": _chosen,
}  # fmt: skip


def _classes(value: Value, before: Facts) -> float | None:
    """The largest index along the axis that argmax takes away."""
    axis = number(value.argument(1, "dim", "axis"))
    if axis is None or before.sizes is None or not -len(before.sizes) <= axis < len(before.sizes):
        return None
    size = before.sizes[int(axis)]
    return float(size) - 1 if size.isdigit() else None


def _axes(value: Value, before: Facts) -> tuple[str, ...] | None:
    op, axes = value.op, before.axes
    if op in _FIXED_AXES:
        return ("batch", *_FIXED_AXES[op])
    if op in ("linear", "lstm", "gru", "rnn") and axes:
        return (*axes[:-1], "feature")
    if op == "index":
        return _indexed(value, axes) if axes is not None else None
    if op == "embedding" and axes:
        return (*axes, "feature")
    if op == "flatten" and axes and axes[0] == "batch":
        return ("batch", "feature")
    if axes is None or op in ("view", "reshape", "matmul", "bmm", "einsum", "stack"):
        return None
    return _moved(value, axes)


def _indexed(value: Value, axes: tuple[str, ...]) -> tuple[str, ...] | None:
    """Slices keep an axis, numbers take it away."""
    index = value.args[0] if value.args else None
    parts = index.items if index is not None and index.items is not None else [index]
    if len(parts) > len(axes) or not all(
        p is not None and (p.op == "slice_index" or number(p) is not None) for p in parts
    ):
        return None
    kept = [a for a, p in zip(axes, parts, strict=False) if p is not None and p.op == "slice_index"]
    return (*kept, *axes[len(parts) :])


def _moved(value: Value, axes: tuple[str, ...]) -> tuple[str, ...] | None:
    """The axes after permute, transpose, unsqueeze, squeeze or a reduction along a written axis."""
    given = [number(v) for v in value.inputs[1:]]
    places = [int(g) for g in given if g is not None and -len(axes) - 1 <= g <= len(axes)]
    if value.op == "permute":
        return tuple(axes[p] for p in places) if sorted(places) == list(range(len(axes))) else None
    if value.op == "transpose":
        if len(places) != 2 or not all(-len(axes) <= p < len(axes) for p in places):
            return None
        order = list(axes)
        order[places[0]], order[places[1]] = order[places[1]], order[places[0]]
        return tuple(order)
    if value.op == "unsqueeze" and places:
        at = places[0] if places[0] >= 0 else len(axes) + 1 + places[0]
        return (*axes[:at], "new", *axes[at:])
    if value.op in _REDUCING:
        axis = number(value.argument(1, "dim", "axis"))
        if axis is None or not -len(axes) <= axis < len(axes) or {"keepdim", "keepdims"} & set(value.kwargs):
            return None
        return tuple(a for i, a in enumerate(axes) if i != int(axis) % len(axes))
    return None if value.op in ("squeeze", "expand", "repeat", "cat") else axes


_REDUCING = names("sum mean argmax argmin max min amax amin prod std var logsumexp norm")


def _sized(value: Value, before: Facts, facts: Facts) -> Facts:
    """Sizes from the shape rules, else from the sizes before where the operation keeps or moves them."""
    shape = shape_of(value)
    if shape is not None:
        batched = before.sizes is not None and before.sizes[:1] == ("B",)
        sizes = tuple("?" if s is None else f"{s:g}" for s in shape)
        if sizes[:1] == ("?",) and (batched or value.op == "collated"):
            sizes = ("B", *sizes[1:])
        fits = facts.axes is not None and len(facts.axes) == len(sizes)
        return replace(facts, sizes=sizes, axes=facts.axes if fits else None)
    return replace(facts, sizes=_resized(value, before, facts))


def _resized(value: Value, before: Facts, facts: Facts) -> tuple[str, ...] | None:
    sizes, axes = before.sizes, before.axes
    if sizes is None:
        return None
    if value.op in ("linear", "embedding") and value.callee is not None:
        out = number(value.callee.argument(1, "out_features", "embedding_dim"))
        kept = sizes[:-1] if value.op == "linear" else sizes
        return (*kept, f"{out:g}" if out is not None else "?")
    if value.op in ("lstm", "gru", "rnn") and value.callee is not None:
        hidden = number(value.callee.argument(1, "hidden_size"))
        return (
            *sizes[:-1],
            f"{hidden:g}" if hidden is not None and "bidirectional" not in value.callee.kwargs else "?",
        )
    if value.op in _FIXED_AXES or axes is None or facts.axes is None:
        return None
    return _reordered(value, sizes, axes, facts.axes)


def _reordered(
    value: Value, sizes: tuple[str, ...], old: tuple[str, ...], new: tuple[str, ...]
) -> tuple[str, ...] | None:
    if old == new:
        return sizes
    if sorted(old) == sorted(new) and len(set(old)) == len(old):
        return tuple(sizes[old.index(axis)] for axis in new)
    if value.op in _REDUCING and len(new) == len(old) - 1:
        axis = int(number(value.argument(1, "dim", "axis")) or 0) % len(old)
        return tuple(s for i, s in enumerate(sizes) if i != axis)
    return None


def image_source(name: str) -> Facts:
    """A PIL image of a data set of torchvision, before any transform."""
    if name not in IMAGES:
        return Facts(axes=("height", "width", "channel"), dtype="uint8", low=0.0, high=255.0, meaning="image")
    channels, height, width, _ = IMAGES[name]
    sizes = (f"{height}", f"{width}", f"{channels}")
    return Facts(sizes, ("height", "width", "channel"), "uint8", 0.0, 255.0, "image", "host")


def label_source(name: str) -> Facts:
    classes = IMAGES[name][3] if name in IMAGES else None
    return Facts((), (), "int64", 0.0 if classes else None, classes - 1.0 if classes else None, "class index", "host")


def transformed(transform: Value, before: Facts) -> Facts | None:
    """The facts behind a transform of torchvision; None when what it does is not known."""
    name = transform.class_name
    if name in ("ToTensor", "PILToTensor"):
        sizes = (before.sizes[2], *before.sizes[:2]) if before.sizes is not None and len(before.sizes) == 3 else None
        scaled = replace(before, sizes=sizes, axes=("channel", "height", "width"))
        return scaled if name == "PILToTensor" else replace(scaled, dtype="float32", low=0.0, high=1.0)
    if name == "Normalize":
        return _normalized(transform, before)
    if name in RESIZING:
        return replace(before, sizes=_cropped(transform, before))
    if name in ("ConvertImageDtype", "ToDtype"):
        return replace(before, dtype="float32", low=0.0, high=1.0)
    return before if name in SAME_FORM or name == "ToPILImage" else None


def _cropped(transform: Value, before: Facts) -> tuple[str, ...] | None:
    if before.sizes is None or before.axes is None or "height" not in before.axes:
        return None
    size, sizes = resized_to(transform), list(before.sizes)
    for place, axis in enumerate(("height", "width")):
        sizes[before.axes.index(axis)] = f"{size[place]:g}" if size is not None else "?"
    return tuple(sizes)


def _normalized(transform: Value, before: Facts) -> Facts:
    means, spreads = (transform.argument(i, n) for i, n in ((0, "mean"), (1, "std")))
    pairs = [
        (number(m), number(s))
        for m, s in zip((means.items or ()) if means else (), (spreads.items or ()) if spreads else (), strict=False)
    ]
    known = [(m, s) for m, s in pairs if m is not None and s]
    if before.low is None or before.high is None or not known or len(known) != len(pairs):
        return replace(before, low=None, high=None, meaning="normalised")
    low, high = min((before.low - m) / s for m, s in known), max((before.high - m) / s for m, s in known)
    return replace(before, low=low, high=high, meaning="normalised")


def collated(before: Facts) -> Facts:
    """One more axis in front: the batch."""
    sizes = ("B", *before.sizes) if before.sizes is not None else None
    return replace(before, sizes=sizes, axes=("batch", *before.axes) if before.axes is not None else None)
