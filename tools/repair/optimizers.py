"""What an optimizer is given: its learning rate and its parameters."""

import ast

from misrun.tools.repair.repair import Clues, Repair
from misrun.tools.repair.rewrite import calls, replaced, text_of

_KINDS = ("Adam", "AdamW", "SGD", "RMSprop", "Adagrad", "NAdam", "RAdam", "Adamax")
# The default that Bengio 2012 (arXiv:1206.5533, section 3.1) names for standard networks, to start a search from.
_FIRST_RATE = "0.01"


def usual_rate(clues: Clues) -> Repair | None:
    """Sets a learning rate that is off to the first of a search downwards."""
    finding = clues.found("learning-rate-off", "learning-rate-high")
    node = _rate(clues.tree, finding.line) if finding is not None else None
    if finding is None or node is None or text_of(clues.code, node) == _FIRST_RATE:
        return None
    why = f"{finding.message} The learning rate is too high; set to {_FIRST_RATE}."
    return Repair(finding.mode, finding.line, why, replaced(clues.code, (node, _FIRST_RATE)))


def _rate(tree: ast.Module, line: int) -> ast.Constant | None:
    """The number behind `lr=` of the optimizer on a line, looked up where it is a name."""
    call = next((c for c in calls(tree, *_KINDS) if c.lineno <= line <= (c.end_lineno or 0)), None)
    given = next((k.value for k in call.keywords if k.arg == "lr"), None) if call is not None else None
    if isinstance(given, ast.Name):
        given = _assigned(tree, given.id)
    return given if isinstance(given, ast.Constant) else None


def _assigned(tree: ast.Module, name: str) -> ast.expr | None:
    """The only value that is assigned to a name."""
    values = [
        node.value for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)
    ]  # fmt: skip
    return values[0] if len(values) == 1 else None


def only_trainable(clues: Clues) -> Repair | None:
    """Hands the optimizer only the parameters that are to be trained."""
    finding = clues.found("frozen-parameters-in-optimizer")
    frozen = clues.seen("optimizer_frozen_count", 0)
    for call in calls(clues.tree, *_KINDS) if finding is not None or frozen else ():
        given = call.args[0] if call.args else None
        if not (
            isinstance(given, ast.Call) and isinstance(given.func, ast.Attribute) and given.func.attr == "parameters"
        ):
            continue
        model = text_of(clues.code, given.func.value)
        code = replaced(clues.code, (given, f"[p for p in {model}.parameters() if p.requires_grad]"))
        held = f" {frozen} numbers in the optimizer are frozen." if frozen else ""
        why = (
            f"Frozen parameters are handed to the optimizer with all the others.{held} Left out now, by requires_grad."
        )
        return Repair("model_software/frozen_parameters", call.lineno, why, code)
    return None
