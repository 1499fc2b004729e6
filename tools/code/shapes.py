"""Ranks and sizes of tensors, as far as the code says them. Nothing is guessed: None means not known."""

from misrun.tools.code.image_data import image_shape
from misrun.tools.code.names import names
from misrun.tools.code.values import Value, number

_CREATED = names("zeros ones rand randn empty full")
_SAME_SHAPE = names(
    "to float double half long int cuda cpu clone detach contiguous type relu sigmoid tanh softmax log_softmax "
    "dropout abs"
    " exp log sqrt neg clamp gelu rand_like randn_like zeros_like ones_like requires_grad_ astype from_numpy "
    "as_tensor copy"
    " batch_norm layer_norm identity round pow square normalize tensor FloatTensor array asarray float32 sign"
)
_REDUCTIONS = names("sum mean max min argmax argmin norm std var prod logsumexp amax amin any all")


def shape_of(value: Value, depth: int = 30) -> tuple[float | None, ...] | None:
    """The sizes of a tensor or array; None for an unknown size, None altogether for an unknown rank."""
    if depth == 0:
        return None
    if value.op in _CREATED or value.op in ("uniform", "random", "standard_normal"):
        return _created_shape(value)
    if value.op in ("randint", "normal"):
        return _size_argument(value)
    if value.op in _SAME_SHAPE and value.inputs:
        return shape_of(value.inputs[0], depth - 1)
    if value.op in ("add", "sub", "mul", "div") and len(value.inputs) == 2:
        return _broadcast(value, depth)
    rule = _RULES.get(value.op)
    return rule(value, depth) if rule else None


def _created_shape(value: Value) -> tuple[float | None, ...] | None:
    """`zeros(2, 3)`, `zeros((2, 3))`, `zeros(size=(2, 3))`; numpy's `uniform(size=...)`."""
    if "size" in value.kwargs or "shape" in value.kwargs:
        return _sizes(value.kwargs.get("size") or value.kwargs["shape"])
    if value.op in ("uniform", "standard_normal", "random", "full"):
        return _sizes(value.args[0]) if value.op == "full" and value.args else None
    if len(value.args) == 1 and value.args[0].kind == "sequence":
        return _sizes(value.args[0])
    if any(a.kind not in ("const", "unknown") or a.op in ("starred", "parameter", "attr") for a in value.args):
        return None
    return tuple(number(a) for a in value.args) or None


def _size_argument(value: Value) -> tuple[float | None, ...] | None:
    given = value.kwargs.get("size") or next((a for a in value.args if a.kind == "sequence"), None)
    if given is None and value.path.startswith("numpy") and len(value.args) == 3:
        given = value.args[2]
    return _sizes(given) if given is not None else None


def _sizes(value: Value) -> tuple[float | None, ...] | None:
    if value.kind == "sequence" and value.items is not None:
        return tuple(number(item) for item in value.items)
    return (number(value),) if number(value) is not None else None


def _broadcast(value: Value, depth: int) -> tuple[float | None, ...] | None:
    left, right = value.inputs
    if right.kind == "const":
        return shape_of(left, depth - 1)
    if left.kind == "const":
        return shape_of(right, depth - 1)
    one, other = shape_of(left, depth - 1), shape_of(right, depth - 1)
    return one if one is not None and one == other else None


def _linear(value: Value, depth: int) -> tuple[float | None, ...] | None:
    layer = value.callee
    out = number(layer.argument(1, "out_features")) if layer is not None else None
    before = shape_of(value.inputs[0], depth - 1) if value.inputs else None
    if before is not None and before:
        return (*before[:-1], out)
    return None


def _reduced(value: Value, depth: int) -> tuple[float | None, ...] | None:
    before = shape_of(value.inputs[0], depth - 1) if value.inputs else None
    dim = value.kwargs.get("dim") or value.kwargs.get("axis") or (value.args[1] if len(value.args) > 1 else None)
    if dim is None:
        return () if not value.kwargs else None
    at = number(dim)
    if before is None or at is None or "keepdim" in value.kwargs or "keepdims" in value.kwargs or len(value.args) > 2:
        return None
    if not -len(before) <= at < len(before):
        return None
    sizes = list(before)
    del sizes[int(at)]
    return tuple(sizes)


def _unsqueezed(value: Value, depth: int) -> tuple[float | None, ...] | None:
    before = shape_of(value.inputs[0], depth - 1)
    at = number(value.argument(1, "dim"))
    if before is None or at is None:
        return None
    sizes = list(before)
    sizes.insert(int(at) if at >= 0 else len(before) + 1 + int(at), 1)
    return tuple(sizes)


def _squeezed(value: Value, depth: int) -> tuple[float | None, ...] | None:
    before = shape_of(value.inputs[0], depth - 1)
    at = number(value.argument(1, "dim"))
    if before is None or (at is None and None in before):
        return None
    if at is None:
        return tuple(size for size in before if size != 1)
    if not -len(before) <= at < len(before) or before[int(at)] != 1:
        return None
    sizes = list(before)
    del sizes[int(at)]
    return tuple(sizes)


def _viewed(value: Value, _depth: int) -> tuple[float | None, ...] | None:
    given = value.args[1:] if value.args and value.args[0] is value.inputs[0] else value.args
    if len(given) == 1 and given[0].kind == "sequence":
        return _sizes(given[0])
    if not given or any(v.op in ("starred", "attr", "parameter") for v in given):
        return None
    return tuple(None if number(v) == -1 else number(v) for v in given)


def _permuted(value: Value, depth: int) -> tuple[float | None, ...] | None:
    before = shape_of(value.inputs[0], depth - 1)
    order = [number(v) for v in value.inputs[1:]]
    if before is None or None in order or not all(-len(before) <= (o or 0) < len(before) for o in order):
        return None
    if value.op == "permute":
        return tuple(before[int(o or 0)] for o in order) if len(order) == len(before) else None
    if len(order) != 2:
        return None
    sizes = list(before)
    one, other = int(order[0] or 0), int(order[1] or 0)
    sizes[one], sizes[other] = sizes[other], sizes[one]
    return tuple(sizes)


def _row(value: Value, depth: int) -> tuple[float | None, ...] | None:
    before = shape_of(value.inputs[0], depth - 1)
    return before[1:] if before else None


def _collated(value: Value, depth: int) -> tuple[float | None, ...] | None:
    sample = shape_of(value.inputs[0], depth - 1)
    return None if sample is None else (None, *sample)


def _sliced(value: Value, depth: int) -> tuple[float | None, ...] | None:
    before = shape_of(value.inputs[0], depth - 1)
    if not before or not value.args:
        return None
    index = value.args[0]
    if index.op == "slice_index" or index.op in ("randperm", "permutation", "randint", "compare"):
        return (None, *before[1:])
    return before[1:] if number(index) is not None or index.op == "sample_index" else None


def _joined(value: Value, depth: int) -> tuple[float | None, ...] | None:
    shapes = [shape_of(v, depth - 1) for v in value.inputs]
    return shapes[0] if all(s is not None and s == shapes[0] for s in shapes) else None


def _pair(value: Value | None, default: float | None) -> tuple[float | None, float | None]:
    """A setting of a layer for height and width: one number for both, or a tuple."""
    if value is None:
        return default, default
    if value.items is not None and len(value.items) == 2:
        return number(value.items[0]), number(value.items[1])
    return number(value), number(value)


def _window(
    sizes: tuple[float | None, ...], kernel: Value | None, stride: Value | None, padding: Value | None
) -> tuple[float | None, ...]:
    """Height and width after a window moved over them: floor((n + 2 p - k) / s) + 1 (torch.nn.Conv2d, "Shape")."""
    kernels = _pair(kernel, None)
    strides, paddings = _pair(stride, 1), _pair(padding, 0)
    after: list[float | None] = []
    for size, k, s, p in zip(sizes, kernels, strides, paddings, strict=True):
        known = size is not None and k is not None and s is not None and p is not None and s > 0
        after.append((size + 2 * p - k) // s + 1 if known else None)  # type: ignore[operator]
    return tuple(after)


def _convolved(value: Value, depth: int) -> tuple[float | None, ...] | None:
    layer, before = value.callee, shape_of(value.inputs[0], depth - 1) if value.inputs else None
    if layer is None or before is None or len(before) != 4 or "dilation" in layer.kwargs or len(layer.args) > 5:
        return None
    given = [layer.argument(i, n) for i, n in ((2, "kernel_size"), (3, "stride"), (4, "padding"))]
    return (before[0], number(layer.argument(1, "out_channels")), *_window(before[2:], given[0], given[1], given[2]))


def _pooled(value: Value, depth: int) -> tuple[float | None, ...] | None:
    """nn.MaxPool2d(2) and F.max_pool2d(x, 2): the stride is the kernel unless it is given."""
    before = shape_of(value.inputs[0], depth - 1) if value.inputs else None
    settings = value.callee if value.callee is not None else value
    first = 0 if value.callee is not None else 1
    if before is None or len(before) != 4 or {"ceil_mode", "dilation"} & set(settings.kwargs):
        return None
    kernel = settings.argument(first, "kernel_size")
    stride = settings.argument(first + 1, "stride") or kernel
    return (*before[:2], *_window(before[2:], kernel, stride, settings.argument(first + 2, "padding")))


def _flattened(value: Value, depth: int) -> tuple[float | None, ...] | None:
    """nn.Flatten() and `flatten(1)`: all axes behind the batch become one."""
    before = shape_of(value.inputs[0], depth - 1) if value.inputs else None
    start = value.callee.argument(0, "start_dim") if value.callee is not None else value.argument(1, "start_dim")
    at = number(start) if start is not None else (1 if value.callee is not None else 0)
    if before is None or at != 1 or len(before) < 2 or len(value.args) > 2 or "end_dim" in value.kwargs:
        return None
    product = 1.0
    for size in before[1:]:
        if size is None:
            return before[0], None
        product *= size
    return before[0], product


def _loaded(value: Value, _depth: int) -> tuple[float | None, ...] | None:
    """The image or the label in a batch of a data set of torchvision."""
    batch = value.inputs[0] if value.inputs else None
    loader = batch.inputs[0] if batch is not None and batch.op == "batch" and batch.inputs else None
    dataset = loader.argument(0, "dataset") if loader is not None and "collate_fn" not in loader.kwargs else None
    shape = image_shape(dataset) if dataset is not None else None
    at = number(value.args[0]) if value.args else None
    return None if shape is None else (None, *shape) if at == 0 else (None,) if at == 1 else None


def _embedded(value: Value, depth: int) -> tuple[float | None, ...] | None:
    before = shape_of(value.inputs[0], depth - 1) if value.inputs else None
    width = number(value.callee.argument(1, "embedding_dim")) if value.callee is not None else None
    return None if before is None or value.callee is None else (*before, width)


_RULES = {
    "element": _loaded,
    "embedding": _embedded,
    "conv2d": _convolved,
    "max_pool2d": _pooled,
    "avg_pool2d": _pooled,
    "flatten": _flattened,
    "linear": _linear,
    **dict.fromkeys(_REDUCTIONS, _reduced),
    "unsqueeze": _unsqueezed,
    "squeeze": _squeezed,
    "view": _viewed,
    "reshape": _viewed,
    "permute": _permuted,
    "transpose": _permuted,
    "row": _row,
    "collated": _collated,
    "index": _sliced,
    "join": _joined,
}


def is_column(value: Value) -> bool:
    """Whether the value certainly has a last dimension of size 1 behind at least one other."""
    shape = shape_of(value)
    if shape is not None:
        return len(shape) >= 2 and shape[-1] == 1
    origin = value
    while origin.op in _SAME_SHAPE and origin.inputs:
        origin = origin.inputs[0]
    if origin.op == "join":
        return all(is_column(leaf) for leaf in origin.inputs)
    if origin.op == "linear" and origin.callee is not None:
        # The output of a layer for a batch; a layer that is fed single samples is the rare case.
        return number(origin.callee.argument(1, "out_features")) == 1
    return False


def is_flat(value: Value) -> bool:
    """Whether the value certainly has one dimension."""
    shape = shape_of(value)
    if shape is not None:
        return len(shape) == 1
    return _flattens(value)


def _flattens(value: Value) -> bool:
    origin = value
    while origin.op in _SAME_SHAPE and origin.inputs:
        origin = origin.inputs[0]
    rest = [number(a) for a in origin.args[1:]]
    return origin.op in ("view", "reshape") and rest == [-1]
