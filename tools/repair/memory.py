"""Losses that are kept with their autograd graph."""

import ast

from misrun.tools.repair.repair import Clues, Repair
from misrun.tools.repair.rewrite import calls, on_line, replaced

_CHECKS = ("average-with-graph", "loss-accumulated-with-graph")


def detached_sum(clues: Clues) -> Repair | None:
    """Detaches the loss where it is summed, averaged or kept."""
    finding = clues.found(*_CHECKS)
    if finding is None:
        return None
    losses = {
        c.func.value.id
        for c in calls(clues.tree, "backward")
        if isinstance(c.func, ast.Attribute) and isinstance(c.func.value, ast.Name)
    }
    read = [
        node for node in on_line(clues.tree, finding.line)
        if isinstance(node, ast.Name) and node.id in losses and isinstance(node.ctx, ast.Load)
    ]  # fmt: skip
    if not read:
        return None
    code = replaced(clues.code, *((node, f"{node.id}.detach()") for node in read))
    return Repair(finding.mode, finding.line, f"{finding.message} Detached from its graph.", code)
