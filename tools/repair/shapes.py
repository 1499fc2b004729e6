"""Shapes that do not fit, as PyTorch's errors tell them."""

import ast
import builtins
import re

from misrun.tools.repair.repair import Clues, Failure, Frame, Repair
from misrun.tools.repair.rewrite import called, calls, inserted, on_line, replaced, text_of

# The wordings are those of torch 2.6 to 2.13.
_CHANNELS = re.compile(
    r"weight of size \[\d+, (?P<in>\d+), .*\], expected input\[(?P<shape>[\d, ]+)\] to have \d+ channels?"
)
_PRODUCT = re.compile(
    r"mat1 and mat2 shapes cannot be multiplied \((?P<rows>\d+)x(?P<has>\d+) and (?P<wants>\d+)x\d+\)"
)
_TARGET = re.compile(
    r"0D or 1D target tensor expected, multi-target not supported|"
    r"Expected floating point type for target with class probabilities"
)
_PERMUTE = re.compile(r"input\.dim\(\) = (?P<has>\d+) is not equal to len\(dims\) = (?P<wants>\d+)")
_ONE_HOT = (
    "Cross entropy is given one-hot targets, integers of the shape of the logits; it expects class indices: argmax "
    "over the classes."
)
_VIEW = re.compile(r"view size is not compatible with input tensor's size and stride")


def channels_first(clues: Clues) -> Repair | None:
    """Puts the channels of images first, where the model takes its input."""
    failed = clues.failure
    told = _CHANNELS.search(failed.message) if failed else None
    shape = [int(n) for n in told["shape"].split(",")] if told else []
    if failed is None or told is None or len(shape) != 4 or shape[-1] != int(told["in"]) or shape[1] == shape[-1]:
        return None
    outer = _outer_forward(clues, failed)
    if outer is None or not outer.args.args[1:]:
        return None
    x = outer.args.args[1].arg
    # Contiguous, because a view further down refuses the memory that a permute leaves behind.
    code = inserted(clues.code, _body_start(outer), f"{x} = {x}.permute(0, 3, 1, 2).contiguous()")
    why = (
        f"The images are stored channels last ({', '.join(map(str, shape))}), the convolution expects {told['in']} "
        "channels first: permuted to N, C, H, W."
    )
    return Repair("model_software/axis_order", _caller(failed).line, why, code)


def linear_width(clues: Clues) -> Repair | None:
    """Makes a linear layer as wide as what arrives there; only before any step was taken, so not for a stray sample."""
    failed = clues.failure
    told = _PRODUCT.search(failed.message) if failed else None
    if failed is None or told is None or clues.seen("losses") or not failed.frames:
        return None
    attributes = {n.attr for n in on_line(clues.tree, failed.frames[-1].line) if isinstance(n, ast.Attribute)}
    for node in ast.walk(clues.tree):
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if not (isinstance(target, ast.Attribute) and target.attr in attributes and isinstance(node, ast.Assign)):
            continue
        if isinstance(node.value, ast.Call) and called(node.value) == "Linear" and node.value.args:
            why = f"The linear layer expects {told['wants']} features, {told['has']} arrive for inputs of this size."
            code = replaced(clues.code, (node.value.args[0], told["has"]))
            return Repair("model_software/shape_mismatch", node.lineno, f"{why} in_features is set to that.", code)
    return None


def class_indices(clues: Clues) -> Repair | None:
    """Turns one-hot targets of cross entropy into class indices."""
    failed = clues.failure
    if failed is None or not failed.frames or not _TARGET.search(failed.message):
        return None
    line = failed.frames[-1].line
    for node in on_line(clues.tree, line):
        if isinstance(node, ast.Call) and len(node.args) == 2 and called(node) != "print":
            why = _ONE_HOT
            code = replaced(clues.code, (node.args[1], f"{text_of(clues.code, node.args[1])}.argmax(dim=1)"))
            return Repair("model_software/wrong_loss", line, why, code)
    return None


def batch_of_one(clues: Clues) -> Repair | None:
    """Gives a single sample its batch dimension, where the model is called with it after training worked on batches."""
    failed = clues.failure
    if failed is None or not _lacks_batch(clues, failed):
        return None
    line = _caller(failed).line
    for node in on_line(clues.tree, line):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.args
            and _is_model(clues.tree, node.func.id)
        ):
            why = (
                "A single sample without a batch dimension is given to the model, which expects batches: unsqueeze(0)."
            )
            code = replaced(clues.code, (node.args[0], f"{_bracketed(clues.code, node.args[0])}.unsqueeze(0)"))
            return Repair("model_software/shape_mismatch", line, why, code)
    return None


def _lacks_batch(clues: Clues, failed: Failure) -> bool:
    permuted = _PERMUTE.search(failed.message)
    if permuted is not None:
        return int(permuted["wants"]) == int(permuted["has"]) + 1
    return bool(clues.seen("losses")) and bool(_PRODUCT.search(failed.message) or _CHANNELS.search(failed.message))


def reshaped(clues: Clues) -> Repair | None:
    """Copies where a view cannot be had."""
    failed = clues.failure
    if failed is None or not failed.frames or not _VIEW.search(failed.message):
        return None
    for node in on_line(clues.tree, failed.frames[-1].line):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "view":
            func = text_of(clues.code, node.func)
            why = "view needs contiguous memory, which a permute does not leave behind: reshape copies where it must."
            code = replaced(clues.code, (node.func, func.removesuffix("view") + "reshape"))
            return Repair("model_software/axis_order", failed.frames[-1].line, why, code)
    return None


def _outer_forward(clues: Clues, failed: Failure) -> ast.FunctionDef | None:
    """The forward that the model is called by: the outermost one on the way to the error."""
    line = next((frame.line for frame in failed.frames if frame.function == "forward"), 0)
    inside = [n for n in ast.walk(clues.tree) if isinstance(n, ast.FunctionDef) and n.name == "forward"]
    return next((n for n in inside if n.lineno <= line <= (n.end_lineno or 0)), None)


def _caller(failed: Failure) -> Frame:
    """The line that calls the model: the last one outside of any forward."""
    outside = [frame for frame in failed.frames if frame.function != "forward"]
    return outside[-1] if outside else Frame(1, "<module>")


def _body_start(function: ast.FunctionDef) -> ast.stmt:
    """The first statement after a docstring."""
    body = function.body
    first = body[0]
    is_text = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return body[1] if is_text and len(body) > 1 else first


def _is_model(tree: ast.Module, name: str) -> bool:
    """Whether the name is used as a model somewhere: put into a mode, or asked for its parameters."""
    owned = (
        c.func.value
        for c in calls(tree, "train", "eval", "parameters", "state_dict")
        if isinstance(c.func, ast.Attribute)
    )
    return not hasattr(builtins, name) and any(isinstance(o, ast.Name) and o.id == name for o in owned)


def _bracketed(code: str, node: ast.expr) -> str:
    text = text_of(code, node)
    return text if isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript) else f"({text})"
