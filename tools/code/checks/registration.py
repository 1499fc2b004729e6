"""Tensors that should be trained and are no parameters."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_layers import as_parameter
from misrun.tools.code.project_model import Class
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import OBJECT_KINDS, Value, ancestors, is_constant
from misrun.tools.code.walking import walk

_PARAMETER = "https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html"


def find_raw_tensor(trace: Trace) -> Iterator[Problem]:
    """`self.w = torch.randn(..., requires_grad=True)` in the constructor of a module."""
    for root in trace.roots:
        held = _handed_on(root)
        for event in root:
            value = event.args[0] if event.op.startswith("set.") and event.args else None
            if value is None or not _in_constructor(event) or not _wants_gradient(value) or _place(value) in held:
                continue
            name = f"self.{event.op[4:]}"
            yield Problem(
                event.site,
                f"`{name}` is a plain tensor with requires_grad=True: the module does not register it, so it is not in "
                "parameters(), no optimizer trains it, and to() and state_dict() leave it out.",
                f"{name} = nn.Parameter(...)",
                0.9,
                "Print the names in model.named_parameters().",
                as_parameter(event.site, _assigned_value(event)),
            )


def _assigned_value(event: Event) -> ast.expr | None:
    holder = next((s for s in walk(event.file.tree) if isinstance(s, ast.Assign) and event.node in s.targets), None)
    return holder.value if holder is not None else None


def _in_constructor(event: Event) -> bool:
    owner = event.receiver
    return (
        owner is not None
        and owner.kind == "module"
        and isinstance(owner.definition, Class)
        and any(f.kind == "call" and f.label == "__init__" for f in event.frame.chain())
    )


def _wants_gradient(value: Value) -> bool:
    """Made with requires_grad=True and not wrapped in a Parameter afterwards."""
    if value.kind in OBJECT_KINDS:
        return False
    for part in ancestors(value, 12):
        if part.path.endswith("Parameter"):
            return False
        if is_constant(part.kwargs.get("requires_grad"), True):
            return True
        if part.op == "requires_grad_" and not is_constant(part.argument(1, "requires_grad"), False):
            return True
    return False


def _place(value: Value) -> int:
    """Where it was made: a constructor that is followed twice makes two values at one place."""
    return id(value.site.node) if value.site is not None else id(value)


def _handed_on(root: tuple[Event, ...]) -> set[int]:
    """Places of what gets into an optimizer or a call by its own name, as `Adam([model.w])`."""
    found: set[int] = set()
    for event in root:
        if (event.op == "new" and event.result.kind == "optimizer") or event.op.endswith(
            (".add_param_group", ".register_parameter", ".register_buffer", ".append")
        ):
            for given in (*event.args, *event.kwargs.values()):
                found.update(_place(v) for v in ancestors(given, 60))
    return found


CHECKS = (
    Check("tensor-not-parameter", "A tensor of a module that wants gradients and is no Parameter.",
          "Only attributes of type Parameter are registered.",
          "Wrap it in nn.Parameter.", "model_software/unregistered_parameters",
          _PARAMETER, "error", "silent_bug", find_raw_tensor),
)  # fmt: skip
