"""The batch axis mistaken for another: recurrent layers, argmax over samples, the target among the inputs."""

import ast
import re
from collections.abc import Iterator

from misrun.tools.code.batched import is_batched
from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_activations import on_last_axis
from misrun.tools.code.checks.repair_syntax import with_keyword
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Value, ancestors, is_constant, number, unwrap
from misrun.tools.code.walking import unparsed

_LSTM = "https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html"
_ARGMAX = "https://docs.pytorch.org/docs/stable/generated/torch.argmax.html"
_LEAKAGE = "https://scikit-learn.org/stable/common_pitfalls.html#data-leakage"
_RECURRENT = names("lstm gru rnn")


def find_missing_batch_first(trace: Trace) -> Iterator[Problem]:
    """`nn.LSTM(8, 32)` without batch_first, whose output is read at `[:, -1]`."""
    for root in trace.roots:
        layers = {id(e.result): e for e in root if e.op in _RECURRENT and e.callee is not None}
        seen: set[int] = set()
        for event in root if layers else ():
            for value in (v for a in event.args for v in ancestors(a, 8)):
                run = _run_read_at_last_step(value, layers) if id(value) not in seen else None
                seen.add(id(value))
                layer = run.callee if run is not None else None
                if run is None or layer is None or layer.site is None or not _is_sequence_first(layer):
                    continue
                yield Problem(
                    layer.site,
                    f"{layer.class_name} without batch_first takes (time, batch, features), but its output is read as "
                    "(batch, time, features): [:, -1] is the last sample, not the last time step.",
                    "batch_first=True.",
                    0.9,
                    "Change one sample of a batch: the outputs of the others must stay the same.",
                    _batch_first(layer),
                    (value.site,) if value.site is not None else (),
                )
        yield from _viewed_by_batch(root, layers)


# What keeps the axes in their places between a recurrent layer and the view, and before the layer.
_IN_PLACE = names("view reshape contiguous linear dropout relu sigmoid softmax tanh layer_norm embedding float long")


def _viewed_by_batch(root: tuple[Event, ...], layers: dict[int, Event]) -> Iterator[Problem]:
    """`out, h = lstm(embed(x)); fc(out).view(x.size(0), -1)`: the batch is taken for the first axis of both."""
    for event in root if layers else ():
        size = event.args[1] if event.op in ("view", "reshape") and len(event.args) > 1 else None
        if size is None or size.op != "size" or len(size.inputs) < 2 or not is_constant(size.inputs[1], 0):
            continue
        output = _below_in_place(event.args[0])
        run = layers.get(id(output.inputs[0])) if output.op == "element" and output.inputs else None
        layer = run.callee if run is not None else None
        if run is None or layer is None or layer.site is None or not _is_sequence_first(layer) or not run.args:
            continue
        if number(output.args[0]) == 0 and _below_in_place(run.args[0]) is size.inputs[0]:
            yield Problem(
                layer.site,
                f"{layer.class_name} without batch_first takes (time, batch, features), but the size of axis 0 is "
                f"taken for the batch ({event.site}): the sequence runs over the samples.",
                "batch_first=True.",
                0.8,
                "Change one sample of a batch: the outputs of the others must stay the same.",
                _batch_first(layer),
                (event.site,),
            )


def _below_in_place(value: Value) -> Value:
    while value.op in _IN_PLACE and value.inputs:
        value = value.inputs[0]
    return value


def _batch_first(layer: Value) -> tuple[Edit, ...]:
    made = layer.site
    if made is None or not isinstance(made.node, ast.Call):
        return ()
    return (with_keyword(made.file, made.node, "batch_first", "True"),)


def _run_read_at_last_step(value: Value, layers: dict[int, Event]) -> Event | None:
    """The recurrent layer whose output sequence is indexed `[:, -1]` or `[:, -1, :]`."""
    if value.op != "index" or not value.args or not value.inputs or not value.args[0].items:
        return None
    parts = value.args[0].items
    whole = parts[0].op == "slice_index" and not parts[0].kwargs
    if not whole or len(parts) < 2 or number(parts[1]) != -1:
        return None
    source = value.inputs[0]
    while source.inputs and (
        source.op in ("element", "dropout", "layer_norm") or (source.op == "index" and is_constant(source.args[0], 0))
    ):
        source = source.inputs[0]
    return layers.get(id(source))


def _is_sequence_first(layer: Value) -> bool:
    """batch_first is not given, and not hidden in positional or unpacked arguments."""
    given = layer.kwargs.get("batch_first")
    hidden = "**" in layer.kwargs or len(layer.args) > 4
    return not hidden and (given is None or is_constant(given, False)) and bool(layer.path.startswith("torch.nn"))


_SCORES = names("logits logit scores probs outputs predictions preds")
_METRICS = names("accuracy acc metric metrics score f1 evaluate predict")


def find_argmax_over_batch(trace: Trace) -> Iterator[Problem]:
    """`model(x).argmax(0)` of the (batch, classes) output of a linear layer in a loop over batches."""
    for event in trace.events("argmax", "max"):
        source = unwrap(event.args[0]) if event.args else None
        while source is not None and source.op in ("softmax", "log_softmax", "sigmoid") and source.inputs:
            source = unwrap(source.inputs[0])
        if source is None or source.op != "linear" or not is_constant(event.argument(1, "dim", "axis"), 0):
            continue
        given = event.args[0]
        if given.op not in ("linear", "softmax", "log_softmax") or not is_batched(source):
            continue
        yield Problem(
            event.site,
            "The maximum is taken over axis 0, the samples of the batch: the result has one entry per class, not one "
            "per sample.",
            "argmax(dim=-1).",
            0.8,
            "Print the shape of the prediction: it must be (batch,).",
            on_last_axis(event.argument(1, "dim", "axis"), event.site),
        )


def find_scores_over_samples(trace: Trace) -> Iterator[Problem]:
    """`np.argmax(logits, axis=0)` in a metric: the best sample of each class instead of the best class."""
    for event in trace.events("argmax", "numpy.argmax"):
        if not isinstance(event.node, ast.Call) or not is_constant(event.argument(1, "axis", "dim"), 0):
            continue
        words = set(re.split(r"[^a-z]+", unparsed(_reduced(event.node)).lower()))
        called = any(
            f.kind == "call" and set(re.split(r"[^a-z]+", f.label.lower())) & _METRICS for f in event.frame.chain()
        )
        if words & _SCORES and called:
            yield Problem(
                event.site,
                "The maximum of the scores is taken over axis 0, the samples: the result has one entry per class.",
                "argmax over the last axis.",
                0.8,
                "Print the shape of the prediction: it must be (samples,).",
                on_last_axis(event.argument(1, "axis", "dim"), event.site),
            )


def _reduced(node: ast.Call) -> ast.expr:
    """What is reduced: `x` in `np.argmax(x, 0)` and in `x.argmax(0)`."""
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    is_method = owner is not None and unparsed(owner) not in ("np", "numpy", "torch", "jnp")
    return owner if is_method and owner is not None else (node.args[0] if node.args else node)


def find_target_among_inputs(trace: Trace) -> Iterator[Problem]:
    """`TensorDataset(table, table[:, -1])`: the target is a column of the inputs."""
    for event in trace.events("new"):
        if event.result.class_name != "TensorDataset" or len(event.args) != 2:
            continue
        inputs, target = (_below_casts(v) for v in event.args)
        column = target.args[0].items if target.op == "index" and target.args else None
        is_column = column is not None and len(column) == 2 and number(column[1]) is not None
        if is_column and target.inputs and _below_casts(target.inputs[0]) is inputs:
            yield Problem(
                event.site,
                "The target is one of the columns of the inputs: the model only has to copy it.",
                "Leave the column of the target out of the inputs.",
                0.6,
                "Train a linear model: its error is 0.",
            )


def _below_casts(value: Value) -> Value:
    while value.op in ("float", "long", "tensor", "from_numpy", "as_tensor", "to", "FloatTensor") and value.inputs:
        value = value.inputs[0]
    return value


CHECKS = (
    Check("batch-first-missing", "A recurrent layer fed or read with the batch first, but not built so.",
          "The default order is (time, batch, features).", "Pass batch_first=True.",
          "model_software/axis_order", _LSTM, "error", "data_flow", find_missing_batch_first),
    Check("scores-over-samples", "A metric that takes the best sample of each class.",
          "argmax over axis 0 of (samples, classes) compares the samples with each other.",
          "axis=-1.", "model_software/evaluation_error",
          "https://numpy.org/doc/stable/reference/generated/numpy.argmax.html", "error", "silent_bug",
          find_scores_over_samples),
    Check("argmax-over-batch", "The predicted class taken over the samples of a batch.",
          "Axis 0 is the batch.", "argmax(dim=-1).", "model_software/evaluation_error",
          _ARGMAX, "error", "data_flow", find_argmax_over_batch),
    Check("target-among-inputs", "A data set whose target is a column of its inputs.",
          "The answer is given with the question.", "Drop the column from the inputs.", "data_pipeline/leakage",
          _LEAKAGE, "warning", "data_flow", find_target_among_inputs),
)  # fmt: skip
