"""Targets of a binary cross entropy that are not 0 and 1."""

from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_calls import argument_node
from misrun.tools.code.checks.repair_syntax import atom
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Value, number, unwrap

_BCE = "https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html"
_ROWWISE = frozenset({"row", "collated", "astype", "index", "attr", "slice"})


def find_signed_targets(trace: Trace) -> Iterator[Problem]:
    """`y = np.where(cond, 1, -1)` or `y = sign(z)`, scored by binary_cross_entropy."""
    for event in trace.events("binary_cross_entropy_with_logits", "binary_cross_entropy"):
        target = event.argument(1, "target")
        origin = _signed(target) if target is not None else None
        if origin is not None and origin.site is not None:
            yield Problem(
                origin.site,
                f"The targets are -1 and 1; {event.op} ({event.site}) takes 0 and 1. With -1 the loss has no lower "
                "bound: it goes below 0 and the outputs grow without end.",
                "Give it 0 and 1: (y + 1) / 2.",
                0.9,
                "Print the smallest and largest target; the loss goes below 0.",
                _mapped(event),
                (event.site,),
            )


def _mapped(event: Event) -> tuple[Edit, ...]:
    """`(y + 1) / 2` in the loss alone: what else reads the signs goes on doing so."""
    node = argument_node(event, 1, "target")
    return (Edit("replace", event.file, node, f"({atom(event.file, node)} + 1) / 2"),) if node is not None else ()


def _signed(target: Value) -> Value | None:
    """Where the target became -1 and 1; None when something has mapped it since."""
    value = unwrap(target)
    for _ in range(20):  # casts, copies, rows and batches between the table and the loss
        value = unwrap(value)
        operation = (value.name or value.op).rpartition(".")[2] if value.op in ("call", "method") else value.op
        if operation == "where" and len(value.inputs) > 2:
            sides = {number(v) for v in value.inputs[1:3]}
            return value if sides == {1.0, -1.0} else None
        if operation == "sign":
            return value
        keeps = value.op in _ROWWISE or operation in ("astype", "array", "asarray", "from_numpy", "tensor", "as_tensor")
        if not keeps or not value.inputs:
            return None
        value = value.inputs[0]
    return None


CHECKS = (
    Check("signed-targets", "Targets of -1 and 1 in a binary cross entropy.",
          "Its formula is for 0 and 1; with -1 the loss is unbounded below.", "Map them to 0 and 1.",
          "data_pipeline/label_range", _BCE, "error", "data_flow", find_signed_targets),
)  # fmt: skip
