"""Predictions and targets that do not fit together."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_syntax import atom
from misrun.tools.code.checks.repair_targets import (
    independent_labels,
    indices_of,
    shifted_by_one,
    squeezed,
    without_minus,
)
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.shapes import is_column, is_flat, shape_of
from misrun.tools.code.torch_api import KEEPING_OPS
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.training import training_loops
from misrun.tools.code.values import Value, alternatives, always, ancestors, is_constant, number, unwrap

_MSE = "https://docs.pytorch.org/docs/stable/notes/broadcasting.html"
_CE = "https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html"
_ELEMENTWISE = names("mse_loss l1_loss smooth_l1_loss huber_loss")
_CAUSAL = names("tril triu lstm gru rnn generate_square_subsequent_mask")


def find_broadcast(trace: Trace) -> Iterator[Problem]:
    """(B, 1) against (B,): the loss compares every prediction with every target."""
    for event in trace.events(*_ELEMENTWISE):
        one, other = event.argument(0, "input"), event.argument(1, "target")
        if one is None or other is None:
            continue
        if (is_column(one) and is_flat(other)) or (is_flat(one) and is_column(other)):
            yield Problem(
                event.site,
                f"{event.op} compares shapes (B, 1) and (B,): they are broadcast to (B, B), every prediction with "
                "every "
                "target, and the model learns the mean.",
                "Give both the same shape: squeeze(-1) on one, or unsqueeze(-1) on the other.",
                0.9,
                "Print both shapes before the loss.",
                squeezed(event, 0 if is_column(one) else 1),
            )


def find_one_hot(trace: Trace) -> Iterator[Problem]:
    for event in trace.events("cross_entropy"):
        target = event.argument(1, "target")
        origin = always(target, "one_hot") if target is not None else None
        if origin is not None and target is not None and not _is_cast(target):
            yield Problem(
                event.site,
                f"cross_entropy gets integer one-hot targets ({origin.site}); it takes class indices, or float "
                "probabilities.",
                "Pass the class indices, without one_hot.",
                0.9,
                "Print the dtype and shape of the target.",
                indices_of(event, origin),
            )


def _is_cast(value: Value) -> bool:
    return any(v.op in ("float", "to", "type", "type_as", "double", "half") for v in ancestors(value, 12))


def find_multi_label(trace: Trace) -> Iterator[Problem]:
    """cross_entropy on independent 0/1 targets: thresholded arrays, or outputs read through sigmoid > 0.5."""
    thresholded = {id(unwrap(e.args[0])) for e in trace.events("sigmoid") if e.args}
    for event in trace.events("cross_entropy"):
        given, target = event.argument(0, "input"), event.argument(1, "target")
        read_each = given is not None and given.kind != "const" and id(unwrap(given)) in thresholded
        if target is not None and (_is_multi_hot(target) or (read_each and not _is_single_class(target))):
            made = event.callee.site if event.callee is not None else None
            yield Problem(
                made or event.site,
                "cross_entropy gets targets with several independent 0/1 labels per sample: softmax makes the classes "
                "compete where each should be decided alone.",
                "Use BCEWithLogitsLoss, and sigmoid > 0.5 for the prediction.",
                0.85,
                "Print target.sum(dim=1): it is not 1 for every sample.",
                independent_labels(event),
            )


def _is_single_class(target: Value) -> bool:
    """Certainly class indices."""
    return any(v.op in ("argmax", "long", "LongTensor") for v in ancestors(target, 8))


def _is_multi_hot(target: Value) -> bool:
    origin = unwrap(target)
    if origin.op in ("row", "collated"):
        origin = unwrap(origin.inputs[0])
    if origin.op in ("compare", "gt", "ge", "bernoulli"):
        shape = shape_of(origin.inputs[0]) if origin.inputs else None
        return shape is not None and len(shape) == 2 and shape[1] != 1 and _is_cast(target)
    shape = shape_of(origin)
    return (
        origin.op == "randint"
        and shape is not None
        and len(shape) == 2
        and _is_cast(target)
        and any(number(a) == 2 for a in origin.args[:2])
    )


def find_missing_shift(trace: Trace) -> Iterator[Problem]:
    """A causal model scored on the very tokens it was given."""
    for event in trace.events("cross_entropy"):
        prediction, target = event.argument(0, "input"), event.argument(1, "target")
        if prediction is None or target is None or event.grad_is_off():
            continue
        tokens = _unshifted(target)
        if tokens is None or tokens.kind == "const" or _is_shifted(prediction):
            continue
        parts = list(ancestors(prediction, 400))
        embedded = any(v.op == "embedding" and any(_unshifted(i) is tokens for i in v.inputs[:1]) for v in parts)
        causal = any(
            v.op in _CAUSAL
            or v.name.endswith(tuple(_CAUSAL))
            or is_constant(v.kwargs.get("is_causal"), True)
            or any(p.op in ("tril", "triu") for m in _MASKS if m in v.kwargs for p in ancestors(v.kwargs[m], 12))
            for v in parts
        )
        if embedded and causal and not any(e.receiver is tokens for e in trace.events("set[]")):
            yield Problem(
                event.site,
                "Logits are compared with the tokens at the same positions, which the model has just read: it learns "
                "to copy.",
                "Compare logits[:, :-1] with tokens[:, 1:].",
                0.85,
                "The loss falls to nearly 0 within a few steps; print the decoded input, prediction and target.",
                shifted_by_one(event),
            )


_MASKS = ("attn_mask", "mask", "src_mask", "tgt_mask")


def _unshifted(value: Value) -> Value | None:
    """The value below casts and views; None where a slice has moved it. Cutting off the end moves nothing."""
    for _ in range(30):
        if value.op == "index" and any(_starts_later(a) for a in value.args):
            return None
        if value.op in KEEPING_OPS and value.inputs and value.op not in ("cat", "concat", "stack"):
            value = value.inputs[0]
        else:
            return value
    return None


def _moves(index: Value) -> bool:
    return any(v.op == "slice_index" and ("lower" in v.kwargs or "upper" in v.kwargs) for v in ancestors(index, 10))


def _starts_later(index: Value) -> bool:
    return any(v.op == "slice_index" and "lower" in v.kwargs for v in ancestors(index, 10))


def _is_shifted(value: Value) -> bool:
    current = value
    for _ in range(30):
        if current.op == "index" and any(_moves(a) for a in current.args):
            return True
        if current.op in KEEPING_OPS and current.inputs:
            current = current.inputs[0]
        else:
            break
    return current.op == "join"


def find_single_logit(trace: Trace) -> Iterator[Problem]:
    """cross_entropy over one class, softmax over one value."""
    for event in trace.events("cross_entropy", "softmax"):
        value = event.argument(0, "input")
        origin = always(value, "linear") if value is not None else None
        outputs = number(origin.callee.argument(1, "out_features")) if origin is not None and origin.callee else None
        if outputs == 1 and value is not None and not _is_rearranged(value) and _is_over_classes(event):
            result = "the loss is 0 for every sample" if event.op == "cross_entropy" else "the result is always 1"
            yield Problem(
                event.site,
                f"{event.op} over the single output of a layer ({origin.site if origin else ''}): {result}.",
                "Use sigmoid with BCEWithLogitsLoss, or two outputs.",
                0.9,
                "Print the loss of an untrained model: it is exactly 0.",
            )


def _is_rearranged(value: Value) -> bool:
    """Attention scores of size (B, T, 1) are normalised over T after a squeeze or transpose."""
    return value.op != "linear"


def _is_over_classes(event: Event) -> bool:
    if event.op == "cross_entropy":
        return True
    dim = event.callee.argument(0, "dim") if event.callee is not None else event.argument(1, "dim")
    return is_constant(dim, -1)


def find_wrong_sign(trace: Trace) -> Iterator[Problem]:
    """A standard loss multiplied by -1 before backward, as the only thing the loop does."""
    for training in training_loops(trace):
        if len(training.backwards) != 1 or training.is_managed or len(training.steps) != 1:
            continue
        optimizer = training.steps[0].optimizer
        maximized = "maximize" in optimizer.kwargs and not is_constant(optimizer.kwargs["maximize"], False)
        if optimizer.kind != "optimizer" or maximized:
            continue
        loss = training.backwards[0].args[0]
        origin = _negated(loss)
        if origin is not None and len(alternatives(loss)) == 1:
            yield Problem(
                training.backwards[0].site,
                f"The optimizer minimises minus {origin.op} ({origin.site}): it makes the loss as large as it can.",
                "Drop the minus sign.",
                0.8,
                "The loss falls below 0 and the accuracy goes down.",
                without_minus(loss),
            )


def _negated(loss: Value) -> Value | None:
    if loss.op in ("mean", "sum", "div", "scale") and loss.inputs:
        return _negated(loss.inputs[0])
    inner: Value | None = None
    if loss.op == "neg":
        inner = loss.inputs[0]
    elif loss.op == "mul" and any(is_constant(v, -1, -1.0) for v in loss.inputs):
        inner = next(v for v in loss.inputs if v.kind != "const")
    return inner if inner is not None and inner.op in ("cross_entropy", "mse_loss", "nll_loss", "binary_cross_entropy",
                                                       "binary_cross_entropy_with_logits",
                                                       "l1_loss") else None  # fmt: skip


def find_unsummed_mask(trace: Trace) -> Iterator[Problem]:
    """`n += x.ne(pad)`: a tensor of flags is added where their number is meant."""
    for event in trace.events("augadd"):
        old, new = event.args
        counts = number(old) == 0 or any(number(v) == 0 for v in old.inputs if old.op == "changing")
        flags = unwrap(new)
        if counts and flags.op in _COMPARISONS and flags.inputs and any(_is_vector(v) for v in flags.inputs):
            yield Problem(
                event.site,
                f"A tensor of flags ({flags.site}) is added to a count: it stays a tensor, element by element.",
                "Add its .sum().",
                0.85,
                "Print the shape of the count.",
                _summed(event),
            )


def _summed(event: Event) -> tuple[Edit, ...]:
    node = event.node.value if isinstance(event.node, ast.AugAssign) else None
    return (Edit("replace", event.file, node, f"{atom(event.file, node)}.sum()"),) if node is not None else ()


_COMPARISONS = names("ne eq gt lt ge le compare")


def _is_vector(value: Value) -> bool:
    """Certainly not a single number: flattened, or the classes picked for a batch."""
    return value.op in ("view", "reshape", "flatten", "argmax", "data") or (value.op == "max" and len(value.args) > 1)


CHECKS = (
    Check("count-of-flags", "A comparison of tensors added to a count without sum().",
          "The count becomes a tensor; what is divided by it is no mean any more.",
          "Add the sum of the flags.", "model_software/evaluation_error",
          "https://docs.pytorch.org/docs/stable/generated/torch.ne.html", "error", "data_flow", find_unsummed_mask),
    Check("loss-broadcast", "An elementwise loss of shapes (B, 1) and (B,).",
          "Broadcasting compares all pairs; PyTorch only warns.",
          "Make the shapes equal.", "model_software/wrong_loss",
          _MSE, "error", "data_flow", find_broadcast),
    Check("one-hot-cross-entropy", "Integer one-hot targets for cross_entropy.",
          "cross_entropy takes class indices or float probabilities.",
          "Pass indices.", "data_pipeline/label_range",
          _CE, "error", "data_flow", find_one_hot),
    Check("multi-label-cross-entropy", "cross_entropy for several independent labels per sample.",
          "Softmax lets classes compete; with two true labels neither can get near 1.",
          "Use BCEWithLogitsLoss.", "model_software/wrong_loss",
          "https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html", "error", "data_flow",
          find_multi_label),
    Check("target-shift-missing", "A causal language model scored on its own input tokens.",
          "The token to predict is the next one; the current one has been read.",
          "Shift the targets by one.", "data_pipeline/label_misalignment",
          "https://huggingface.co/docs/transformers/tasks/language_modeling", "error", "data_flow", find_missing_shift),
    Check("single-output-softmax", "Softmax or cross_entropy over a single output.",
          "The softmax of one value is 1 whatever it is; its loss is 0 and its gradient too.",
          "Use sigmoid, or one output per class.", "model_software/wrong_loss",
          _CE, "error", "silent_bug", find_single_logit),
    Check("loss-sign", "A standard loss with a minus sign given to a minimiser.",
          "Optimizers minimise.",
          "Drop the minus sign or pass maximize=True.", "model_software/wrong_loss",
          "https://docs.pytorch.org/docs/stable/optim.html", "error", "silent_bug", find_wrong_sign),
)  # fmt: skip
