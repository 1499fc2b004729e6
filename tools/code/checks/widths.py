"""Sizes that must agree: layer to layer, classes to outputs, ids to tables."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_syntax import given_node
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.shapes import shape_of
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Value, number

_LINEAR = "https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html"
_CROSS_ENTROPY = "https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html"
_EMBEDDING = "https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html"
# Operations after which the features (last axis of a linear, channels of a convolution) are as many as before.
_SAME_FEATURES = names(
    "relu gelu silu elu selu leaky_relu tanh sigmoid softplus dropout identity layer_norm batch_norm"
)
_SAME_CHANNELS = _SAME_FEATURES | names("max_pool2d avg_pool2d adaptive_avg_pool2d")
# Axes of the input stay where they are: what arrives is the last axis (linear) or the second (convolution).
_CONVOLUTIONS = names("conv1d conv2d conv3d")
_KEEPS_IDS = names("to cuda cpu long int collated row index slice clone contiguous detach identity element")


def _widths(layer: Value | None, op: str) -> tuple[float | None, float | None]:
    """Literal number of features or channels in and out."""
    if layer is None or "groups" in layer.kwargs:
        return None, None
    kind = ("in_features", "out_features") if op == "linear" else ("in_channels", "out_channels")
    return number(layer.argument(0, kind[0])), number(layer.argument(1, kind[1]))


def _feeder(event: Event) -> Value | None:
    """The layer's value that arrives unchanged in width."""
    passing = _SAME_FEATURES if event.op == "linear" else _SAME_CHANNELS
    value = event.args[0] if event.args else None
    for _ in range(20):  # longer chains do not occur in hand-written code
        if value is None or value.op not in passing or not value.inputs:
            return value
        value = value.inputs[0]
    return None


def find_width_mismatch(trace: Trace) -> Iterator[Problem]:
    for event in trace.events("linear", *_CONVOLUTIONS):
        wanted, before = _widths(event.callee, event.op)[0], _feeder(event)
        if wanted is not None and event.op == "linear" and (before is None or before.op != "linear"):
            yield from _against_shape(event, wanted)
        if wanted is None or before is None or before.op != event.op or before.callee is None:
            continue
        given = _widths(before.callee, event.op)[1]
        layer = event.callee
        if given is not None and given != wanted and layer is not None and layer.site is not None:
            yield Problem(
                layer.site,
                f"{layer.class_name} expects {wanted:g} inputs and is given the {given:g} outputs of "
                f"{before.callee.class_name} ({before.callee.site}).",
                f"{wanted:g} and {given:g} must be the same number.",
                0.95,
                "Print the shape before the layer.",
                _sized(layer, 0, ("in_features", "in_channels"), given),
                related=(before.callee.site,) if before.callee.site else (),
            )


def _against_shape(event: Event, wanted: float) -> Iterator[Problem]:
    """The last axis of what arrives, where the code says all sizes up to the data."""
    shape, layer = shape_of(event.args[0]) if event.args else None, event.callee
    given = shape[-1] if shape else None
    if given is not None and given != wanted and layer is not None and layer.site is not None:
        yield Problem(
            layer.site,
            f"{layer.class_name} expects {wanted:g} inputs; what arrives here has a last axis of {given:g}.",
            f"{given:g} inputs.",
            0.85,
            "Print the shape before the layer.",
            _sized(layer, 0, ("in_features",), given),
            related=(event.site,),
        )


def _sized(layer: Value, position: int, names_: tuple[str, ...], size: float) -> tuple[Edit, ...]:
    """The number written in the layer's construction as the one that arrives there."""
    node = given_node(layer.site.node, position, *names_) if layer.site is not None else None
    literal = isinstance(node, ast.Constant) and layer.site is not None
    return (Edit("replace", layer.site.file, node, f"{size:g}"),) if literal and layer.site and node else ()


def _drawn_below(value: Value) -> float | None:
    """The literal end of the range that ids or labels were drawn from: `randint(0, 10, ...)` gives 10."""
    for _ in range(30):  # longer chains do not occur in hand-written code
        if value.op == "randint":
            bounds = [n for a in value.args[:2] if (n := number(a)) is not None]
            high = number(value.kwargs.get("high"))
            return high if high is not None else (bounds[-1] if bounds else None)
        if value.op not in _KEEPS_IDS or not value.inputs:
            return None
        value = value.inputs[0]
    return None


def find_too_few_outputs(trace: Trace) -> Iterator[Problem]:
    """Labels drawn from more classes than the last layer has outputs."""
    for event in trace.events("cross_entropy", "nll_loss"):
        if len(event.args) < 2:
            continue
        logits = event.args[0]
        while logits.op in ("log_softmax", "dropout", "identity") and logits.inputs:
            logits = logits.inputs[0]
        outputs = _widths(logits.callee, "linear")[1] if logits.op == "linear" else None
        classes = _drawn_below(event.args[1])
        layer = logits.callee
        if outputs is not None and classes is not None and classes > outputs and layer is not None and layer.site:
            yield Problem(
                layer.site,
                f"The labels go from 0 to {classes - 1:g}, the last layer has {outputs:g} outputs: a label of "
                f"{outputs:g} or more is out of range.",
                f"{classes:g} outputs, or labels below {outputs:g}.",
                0.9,
                "Print the smallest and largest label and the shape of the logits.",
                _sized(layer, 1, ("out_features",), classes),
                related=(event.site,),
            )


def find_small_table(trace: Trace) -> Iterator[Problem]:
    for event in trace.events("embedding"):
        layer = event.callee
        if layer is None or not event.args or layer.site is None:
            continue
        size, ids = number(layer.argument(0, "num_embeddings")), _drawn_below(event.args[0])
        if size is not None and ids is not None and ids > size:
            yield Problem(
                layer.site,
                f"The ids go up to {ids - 1:g}, the table has {size:g} rows.",
                f"At least {ids:g} rows.",
                0.9,
                "Print the largest id of a batch.",
                _sized(layer, 0, ("num_embeddings",), ids),
                related=(event.site,),
            )


CHECKS = (
    Check("width-mismatch", "A layer whose input size is not the output size of the layer before.",
          "The product of the matrices is not defined.", "Make the two numbers equal.",
          "model_software/shape_mismatch", _LINEAR, "error", "data_flow", find_width_mismatch),
    Check("too-few-outputs", "More classes in the labels than outputs of the model.",
          "The loss picks the output of each label's index.", "One output per class.",
          "data_pipeline/label_range", _CROSS_ENTROPY, "error", "data_flow", find_too_few_outputs),
    Check("embedding-too-small", "Ids beyond the last row of an embedding.",
          "The table is indexed by the id.", "As many rows as ids.",
          "data_pipeline/vocabulary_mismatch", _EMBEDDING, "error", "data_flow", find_small_table),
)  # fmt: skip
