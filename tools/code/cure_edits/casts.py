"""The type that an error asks for, given to the tensor at the line that raised."""

import ast
import re

from misrun.tools.code.checks.repair_calls import argument_node
from misrun.tools.code.checks.repair_syntax import atom, text_of
from misrun.tools.code.cure_edits.scene import Scene, Written
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.torch_api import LOSS_OPS
from misrun.tools.code.trace import Event
from misrun.tools.code.values import Site

# Losses whose targets are class numbers; all others compare values of the model's own type.
_CLASS_LOSSES = frozenset({"cross_entropy", "nll_loss"})
_LAYERS = ("linear", "conv1d", "conv2d", "conv3d", "lstm", "gru", "rnn", "embedding")
# torch: "expected scalar type Long but found Double", "mat1 and mat2 must have the same dtype, but got Double and
# Float", "Found dtype Double but expected Float", "not implemented for 'Int'", "Input type (double) and bias type
# (float) should be the same", "Expected tensor for argument #1 'indices' to have ... Long, Int; but got Float".
_ABOUT_TYPES = re.compile(r"dtype|scalar type|not implemented for '|Input type|argument #1 'indices'", re.I)

_ABOUT_LAYERS = re.compile(r"mat1 and mat2|Input type|argument #1 'indices'|bias type|weight type", re.I)
_HALF = re.compile(r"\bHalf\b|BFloat16|float16", re.I)


def at_the_line(scene: Scene) -> Written | None:
    """Class targets as long, ids of an embedding as long, everything else in single precision."""
    raised = scene.raised()
    if not raised or not _ABOUT_TYPES.search(scene.message):
        return None
    if _HALF.search(scene.message):
        return None  # autocast or half() chose the type, in another place
    cast = _input if _ABOUT_LAYERS.search(scene.message) else _target
    for file, frame in reversed(raised):
        for event in scene.events_at(file, frame.line):
            written = cast(file, event)
            if written is not None:
                return written
    return None


def _target(file: SourceFile, event: Event) -> Written | None:
    """The targets of a loss."""
    if event.op not in LOSS_OPS:
        return None
    cast = ".long()" if event.op in _CLASS_LOSSES else ".float()"
    node = argument_node(event, 1, "target", "labels")
    return _cast(file, node, cast, "the targets") if node is not None else None


def _input(file: SourceFile, event: Event) -> Written | None:
    if event.op not in _LAYERS:
        return None
    node = event.node.args[0] if isinstance(event.node, ast.Call) and event.node.args else None
    cast = ".long()" if event.op == "embedding" else ".float()"
    return _cast(file, node, cast, "the input") if node is not None else None


def _cast(file: SourceFile, node: ast.expr, cast: str, named: str) -> Written | None:
    if text_of(file, node).endswith(cast) or isinstance(node, ast.Starred):
        return None
    said = f"Use {named} as `{atom(file, node)}{cast}`."
    return Written(said, Site(file, node), (Edit("replace", file, node, f"{atom(file, node)}{cast}"),))
