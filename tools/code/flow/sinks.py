"""Where data ends: losses, metrics, and libraries that fit on their own."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from misrun.tools.code.flow.record import SinkKind
from misrun.tools.code.torch_api import LOSS_OPS
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Value, ancestors, unwrap

_FITTING = ("sklearn.", "xgboost.", "lightgbm.", "catboost.")
# Objects of scikit-learn that change data instead of learning a target.
_CHANGING = ("preprocessing", "impute", "decomposition", "feature_", "compose", "model_selection", "pipeline")
_METRICS = ("sklearn.metrics.", "torchmetrics.", "evaluate.")


@dataclass(frozen=True, slots=True)
class Sink:
    """`inputs` are (role, value)."""

    kind: SinkKind
    name: str
    event: Event
    inputs: tuple[tuple[str, Value], ...]


def sinks(trace: Trace) -> Iterator[Sink]:
    """Each place once, in the order of the trace."""
    seen: set[tuple[str, int, str]] = set()
    for root in trace.roots:
        for event in root:
            sink = _sink(event)
            key = (event.file.path, event.line, sink.name) if sink is not None else None
            if sink is not None and key is not None and key not in seen and sink.inputs:
                seen.add(key)
                yield sink


def _sink(event: Event) -> Sink | None:
    if event.op in LOSS_OPS:
        pairs = zip(("prediction", "target"), (event.argument(0, "input"), event.argument(1, "target")), strict=True)
        return Sink("loss", event.op, event, tuple((role, v) for role, v in pairs if v is not None))
    if event.op == "backward":
        return _own_loss(event)
    return _fitted(event) or _metric(event)


def _own_loss(event: Event) -> Sink | None:
    """A loss written by hand, or a model's own: nothing that PyTorch calls a loss goes into the backward."""
    loss = event.args[0] if event.args else None
    if loss is None or any(v.op in LOSS_OPS for v in ancestors(loss)):
        return None
    return Sink("loss", "backward", event, (("loss", loss),))


def _fitted(event: Event) -> Sink | None:
    receiver = event.receiver
    path = receiver.path if receiver is not None else ""
    if event.op == "object.fit" and path.startswith(_FITTING) and not any(part in path for part in _CHANGING):
        return Sink(
            "fit", f"{path.rpartition('.')[2]}.fit", event, tuple(zip(("input", "target"), event.args, strict=False))
        )
    if event.op == "new" and event.result.class_name.endswith("Trainer"):
        sets = [(k, v) for k, v in event.result.kwargs.items() if k in ("train_dataset", "eval_dataset")]
        return Sink("fit", event.result.class_name, event, tuple((k.replace("_", " "), v) for k, v in sets))
    return None


def _metric(event: Event) -> Sink | None:
    """A function or object of a metric library, or the mean or sum of a comparison with a prediction."""
    if event.op.startswith(_METRICS) and event.args:
        return Sink(
            "metric", event.op.rpartition(".")[2], event, tuple(zip(("first", "second"), event.args, strict=False))
        )
    holder = event.receiver if event.receiver is not None else event.callee
    measured = holder is not None and holder.path.startswith(_METRICS) and event.op.endswith(("update", "call"))
    if measured and holder is not None and event.args:
        return Sink("metric", holder.class_name, event, tuple(zip(("first", "second"), event.args, strict=False)))
    if event.op not in ("sum", "mean") or not event.args:
        return None
    compared = unwrap(event.args[0])
    if compared.op != "compare" or len(compared.inputs) != 2 or not _is_equality(compared):
        return None
    return Sink("metric", "accuracy", event, tuple(zip(("first", "second"), compared.inputs, strict=True)))


def _is_equality(compared: Value) -> bool:
    node = compared.site.node if compared.site is not None else None
    return isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq)
