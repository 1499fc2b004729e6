"""Freezing by name: which parameters the condition really picks."""

import ast
import re
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_masks import opposite
from misrun.tools.code.names import names
from misrun.tools.code.trace import Trace
from misrun.tools.code.values import Site
from misrun.tools.code.walking import walk

_TRANSFER = "https://docs.pytorch.org/tutorials/beginner/transfer_learning_tutorial.html"
_HEADS = names("head fc classifier lm_head cls classification_head out output score predictor")


def find_frozen_head(trace: Trace) -> Iterator[Problem]:
    """`if "head" in name: p.requires_grad = False`: the new head is frozen and the trained body is not."""
    for file in trace.project.files:
        for node in walk(file.tree):
            if not isinstance(node, ast.For):
                continue
            for test in (n for s in node.body for n in walk(s) if isinstance(n, ast.If)):
                picked = _picked(test.test)
                if picked and _freezes(test.body) and not _freezes(test.orelse) and not _freezes_outside(node, test):
                    yield Problem(
                        Site(file, test),
                        f"The condition picks the parameters of the {picked!r}, and these are frozen: what was trained "
                        "before goes on being trained, and the new layer on top of it stays random.",
                        "Freeze where the name is not one of the head.",
                        0.75,
                        "Print the names of the parameters with requires_grad=True.",
                        opposite(file, test.test),
                    )


def _picked(test: ast.expr) -> str:
    """The part of a model a positive condition on the name picks, when it is its head."""
    words = []
    for node in walk(test):
        if isinstance(node, ast.UnaryOp | ast.NotIn | ast.NotEq):
            return ""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words.append(node.value)
    return next((w for w in words if set(re.split(r"[^a-z_]+", w.lower())) & _HEADS), "")


def _freezes(body: list[ast.stmt]) -> bool:
    return any(_sets_false(n) for s in body for n in walk(s))


def _freezes_outside(loop: ast.For, test: ast.If) -> bool:
    """Frozen all the same, whatever the condition says."""
    return any(_sets_false(s) for s in loop.body if s is not test)


def _sets_false(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign):
        target = node.targets[0]
        is_flag = isinstance(target, ast.Attribute) and target.attr == "requires_grad"
        return is_flag and isinstance(node.value, ast.Constant) and node.value.value is False
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "requires_grad_":
        return bool(node.args) and isinstance(node.args[0], ast.Constant) and node.args[0].value is False
    return False


CHECKS = (
    Check("head-frozen", "A loop that freezes the head of a model by name.",
          "In transfer learning the new head is what must be trained.",
          "Turn the condition round.", "model_software/frozen_parameters",
          _TRANSFER, "warning", "silent_bug", find_frozen_head),
)  # fmt: skip
