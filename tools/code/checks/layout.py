"""Axes: reshaped where they should be permuted, or in the wrong place."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_axes import (
    axis_moved,
    channels_first,
    image_permuted,
    permuted,
    permuted_and_merged,
)
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.shapes import shape_of
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Value, number
from misrun.tools.code.walking import walk

_VIEW = "https://docs.pytorch.org/docs/stable/generated/torch.Tensor.view.html"
_CONV = "https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html"
# Reading functions that give height, width, channels; and what puts the channels first.
_CHANNELS_LAST = ("cv2.imread", "imageio.imread", "skimage.io.imread", "matplotlib.pyplot.imread", "PIL.Image.open")
# Longer ways from a file to a layer do not occur in hand-written code.
_LONGEST = 60
_CHANNELS_FIRST = names(
    "permute transpose moveaxis movedim swapaxes rollaxis rearrange to_tensor ToTensor pil_to_tensor einsum"
)


def find_swapping_view(trace: Trace) -> Iterator[Problem]:
    for event in trace.events("view", "reshape"):
        source = event.argument(0, "input")
        if source is None:
            continue
        given = list(event.args[1:])
        if len(given) == 1 and given[0].kind == "sequence":
            given = list(given[0].items or ())
        if (
            _merges_swapped(source, given)
            or _swaps_named_axes(source, given)
            or _swaps_known_sizes(source, given)
            or _moves_axis(source, given)
        ):
            yield Problem(
                event.site,
                f"{event.op} is given the tensor's own sizes in another order: that does not swap axes, it mixes their "
                "elements.",
                "Use permute or transpose.",
                0.9,
                "Apply it to torch.arange(n).view(...) with small sizes and look at the result.",
                _reordered(event, source, given),
            )


def _reordered(event: Event, source: Value, given: list[Value]) -> tuple[Edit, ...]:
    """The permutation that was meant, where the sizes tell: named axes, or one axis moved past equal ones."""
    axes = [_axis_of(value, source) for value in given]
    if axes and all(axis is not None for axis in axes):
        return permuted(event, [axis for axis in axes if axis is not None])
    merged = _merges_swapped(source, given)
    if merged:
        return permuted_and_merged(event, merged)
    if _swaps_known_sizes(source, given):
        size, after = len(given), [number(v) for v in given]
        before = shape_of(source) or ()
        for order in ([0, size - 1, *range(1, size - 1)], [0, *range(2, size), 1]):
            if [before[i] for i in order[1:]] == after[1:]:
                return permuted(event, order)
        return ()
    return axis_moved(event, [0, 2, 1, 3]) if _moves_axis(source, given) else ()


def _swaps_named_axes(source: Value, given: list[Value]) -> bool:
    """`B, T, C = x.shape; x.view(B, C, T)`."""
    axes = [_axis_of(value, source) for value in given]
    known = [a for a in axes if a is not None]
    return (
        len(known) == len(axes) >= 2
        and len(set(known)) == len(known)
        and sorted(known) == list(range(len(known)))
        and (known != sorted(known))
    )


def _merges_swapped(source: Value, given: list[Value]) -> list[int]:
    """The axes of `b, c, f, t = x.shape; x.view(b, t, c * f)` in the order given, each of them once; [] where they are
    in their own order or not all of them are seen."""
    axes: list[int | None] = []
    for value in given:
        parts = value.inputs if value.op == "mul" and _axis_of(value, source) is None else (value,)
        axes += [_axis_of(part, source) for part in parts]
    known = [axis for axis in axes if axis is not None]
    merges = any(value.op == "mul" for value in given)
    whole = (
        len(known) == len(axes) >= 3 and sorted(known) == list(range(len(known))) and _rank(source, given) == len(known)
    )
    return known if merges and whole and known != sorted(known) else []


def _rank(source: Value, given: list[Value]) -> int:
    """How many sizes the shape was unpacked into, where that is written."""
    for value in (part for v in given for part in (v, *v.inputs)):
        node = value.site.node if value.op == "element" and value.site is not None else None
        if isinstance(node, ast.Name) and value.site is not None and value.inputs[0].inputs[:1] == (source,):
            holders = (n for n in walk(value.site.file.tree) if isinstance(n, ast.Tuple) and node in n.elts)
            return max((len(n.elts) for n in holders), default=0)
    return 0


def _moves_axis(source: Value, given: list[Value]) -> bool:
    """`B, T, C = x.shape; f(x).view(B, heads, T, C // heads)`: T no longer follows B alone.

    An axis keeps its elements together only where the product of the sizes before it stays what it was.
    """
    shape = _unpacked_shape(source, given)
    if shape is None:
        return False
    before = [next((i for i, size in enumerate(shape) if size is value), None) for value in given]
    # The first axis keeps its place, a later whole axis stands behind a new one, and the new one is split off the last.
    if len(given) <= len(shape) or before[0] != 0:
        return False
    middle = [at for at, axis in enumerate(before) if axis is not None and 0 < axis < len(shape) - 1]
    return any(at != before[at] and _splits_last(given, shape) for at in middle)


def _splits_last(given: list[Value], shape: list[Value]) -> bool:
    """One of the sizes is the last axis divided by something that is a size of its own."""
    for value in given:
        if value.op in ("floordiv", "binary", "div") and value.inputs and value.inputs[0] is shape[-1]:
            return any(v is not value and (v is value.inputs[1] or _same_number(v, value.inputs[1])) for v in given)
    return False


def _same_number(one: Value, other: Value) -> bool:
    return number(one) is not None and number(one) == number(other)


def _unpacked_shape(source: Value, given: list[Value]) -> list[Value] | None:
    """The sizes that were unpacked from the shape of what `source` is computed from, in order."""
    shapes = [
        v.inputs[0] for v in given if v.op == "element" and v.inputs and v.inputs[0].op in ("attr", "shape", "size")
    ]
    if not shapes or any(s is not shapes[0] for s in shapes) or not shapes[0].inputs:
        return None
    owner = shapes[0].inputs[0]
    if not _keeps_leading_axes(source, owner):
        return None
    items = [v for v in given if v.op == "element" and v.args and v.inputs[0] is shapes[0]]
    every = {int(number(v.args[0]) or 0): v for v in items}
    for value in given:  # the last axis may only occur in a quotient
        for part in value.inputs:
            if part.op == "element" and part.args and part.inputs and part.inputs[0] is shapes[0]:
                every[int(number(part.args[0]) or 0)] = part
    size = max(every, default=-1) + 1
    return [every[i] for i in range(size)] if len(every) == size >= 3 else None


def _keeps_leading_axes(source: Value, owner: Value) -> bool:
    """A linear layer (and a split along its last axis) keeps all axes but the last."""
    for _ in range(8):  # projection, bias, split and casts are fewer
        if source is owner:
            return True
        if (
            source.op in ("linear", "element", "index", "chunk", "split", "layer_norm", "dropout", "contiguous")
            and source.inputs
        ):
            source = source.inputs[0]
        else:
            return False
    return False


def _axis_of(value: Value, source: Value) -> int | None:
    """Which axis of `source` a size is: an unpacked or indexed `shape`, or `size(i)`."""
    if value.op == "size" and len(value.args) == 2 and value.args[0] is source:
        at = number(value.args[1])
        return int(at) if at is not None and at >= 0 else None
    if value.op == "element" and value.inputs and value.inputs[0].op in ("attr", "shape", "size"):
        shape = value.inputs[0]
        at = number(value.args[0]) if value.args else _bracket(value.name)
        if shape.inputs and shape.inputs[0] is source and at is not None and at >= 0:
            return int(at)
    return None


def _bracket(name: str) -> float | None:
    text = name.rpartition("[")[2].rstrip("]")
    return float(text) if text.isdigit() else None


def _swaps_known_sizes(source: Value, given: list[Value]) -> bool:
    """All sizes are literal: (100, 32, 32, 3) viewed as (-1, 3, 32, 32)."""
    before = shape_of(source)
    after = [number(v) for v in given]
    if before is None or len(before) != len(after) or len(before) < 3 or None in after:
        return False
    rest_before, rest_after = list(before[1:]), after[1:]
    return (
        None not in rest_before
        and rest_before != rest_after
        and sorted(map(str, rest_before)) == sorted(map(str, rest_after))
    )


def find_channels_last_input(trace: Trace) -> Iterator[Problem]:
    for events in trace.roots:
        for event in events:
            if event.op == "conv2d":
                yield from _channels_last(event, events)


def _channels_last(event: Event, events: tuple[Event, ...]) -> Iterator[Problem]:
    channels = number(event.callee.argument(0, "in_channels")) if event.callee is not None else None
    source = event.argument(0, "input")
    if source is None or channels not in (1.0, 3.0, 4.0):
        return
    shape = shape_of(source)
    by_size = shape is not None and len(shape) == 4 and shape[3] == channels and shape[1] not in (None, channels)
    image = None if by_size else _raw_image(source)
    if by_size or image is not None:
        origin = f" (read at {image.site})" if image is not None else ""
        made = _made_tensor(source) if image is not None else None
        yield Problem(
            event.site if made is None or made.site is None else made.site,
            f"conv2d with {channels:g} input channels ({event.site}) gets images with the channels last{origin}.",
            "permute(0, 3, 1, 2) for a batch, permute(2, 0, 1) for one image.",
            0.9 if by_size else 0.8,
            "Print the shape of the batch: it is (B, H, W, C).",
            channels_first(event, events) if made is None else image_permuted(made, source),
        )


def _raw_image(value: Value) -> Value | None:
    """An image read channels last that nothing on the way has permuted."""
    found, seen = None, list(_down_to_image(value))
    if len(seen) >= _LONGEST:
        return None
    for node in seen:
        if _may_permute(node):
            return None
        if node.path in _CHANNELS_LAST:
            found = node
    return found if any(v.op in ("from_numpy", "tensor", "as_tensor") for v in seen) else None


def _made_tensor(value: Value) -> Value | None:
    """Where the image that was read becomes a tensor."""
    return next((v for v in _down_to_image(value) if v.op in ("from_numpy", "tensor", "as_tensor")), None)


def _down_to_image(value: Value) -> Iterator[Value]:
    """The value and what it is computed from, down to where an image is read."""
    stack, seen = [value], {id(value)}
    while stack and len(seen) <= _LONGEST:
        top = stack.pop()
        yield top
        if top.path in _CHANNELS_LAST:
            continue
        below = top.inputs[:1] if top.op in ("collated", "index") else (*top.inputs, *(top.items or ()))
        for child in below:
            if id(child) not in seen and child.op != "sample_index":
                seen.add(id(child))
                stack.append(child)


def _may_permute(node: Value) -> bool:
    if node.op in _CHANNELS_FIRST or node.name.rpartition(".")[2] in _CHANNELS_FIRST:
        return True
    hidden = node.op in ("call", "join", "parameter", "method") and node.path not in _CHANNELS_LAST
    return hidden and not node.name.endswith(("convert", "resize"))


CHECKS = (
    Check("view-after-permute", "view or reshape used to swap axes.",
          "view keeps the order of elements in memory and only cuts it anew; elements of different samples or axes "
          "mix.",
          "Use permute or transpose.", "model_software/axis_order",
          _VIEW, "error", "data_flow", find_swapping_view),
    Check("channels-last-input", "Images with channels last given to conv2d.",
          "conv2d reads (B, C, H, W).",
          "Permute the axes.", "model_software/axis_order",
          _CONV, "error", "data_flow", find_channels_last_input),
)  # fmt: skip
