"""Samples with any number of labels, trained and evaluated as if they had one."""

import ast
from collections.abc import Iterator

from misrun.tools.repair.repair import Clues, Repair
from misrun.tools.repair.rewrite import called, calls, replaced, text_of


def has_several_labels(clues: Clues) -> bool:
    """Whether a loss was given targets of zeros and ones with other than one 1 per row."""
    return any(_is_multi_hot(call) for call in clues.seen("loss_calls", {}).values())


def _is_multi_hot(call: dict[str, object]) -> bool:
    low_high = call.get("target_rows_sum_to")
    same = call.get("output_shape") == call.get("target_shape")
    return same and bool(call.get("target_is_binary")) and isinstance(low_high, list) and low_high != [1.0, 1.0]


def independent_labels(clues: Clues) -> Repair | None:
    """Replaces cross entropy by the binary cross entropy of each label."""
    if not has_several_labels(clues):
        return None
    for call in calls(clues.tree, "CrossEntropyLoss", "cross_entropy"):
        if call.keywords:
            continue
        name = "BCEWithLogitsLoss" if called(call) == "CrossEntropyLoss" else "binary_cross_entropy_with_logits"
        func = text_of(clues.code, call.func).rpartition(".")[0]
        why = (
            "Cross entropy lets the labels compete for one place, but the targets have several labels per sample "
            "(multi-hot). Binary cross entropy on the logits treats each on its own."
        )
        code = replaced(clues.code, (call.func, f"{func}.{name}" if func else name))
        return Repair("model_software/wrong_loss", _used(clues.tree, call).lineno, why, code)
    return None


def _used(tree: ast.Module, call: ast.Call) -> ast.Call:
    """Where the loss is made, or taken."""
    return next((c for c in calls(tree, "CrossEntropyLoss") if c is call), call)


def every_label_above_threshold(clues: Clues) -> Repair | None:
    """Decides by a threshold per label where the best one alone was taken."""
    if not has_several_labels(clues):
        return None
    for best in calls(clues.tree, "argmax"):
        logits = _source(best)
        found = next(_made_one_hot(clues, best), None)
        if logits is None or found is None:
            continue
        changes, line = found
        decided = f"({text_of(clues.code, logits)} > 0).float()"
        code = replaced(clues.code, *((node, decided if at == 0 else "pass") for at, node in enumerate(changes)))
        why = (
            "argmax picks a single label although samples have several; every label whose sigmoid is above the "
            "threshold 0.5 counts, which is a logit above 0."
        )
        return Repair("model_software/evaluation_error", line, why, code)
    return None


def _source(best: ast.Call) -> ast.expr | None:
    """The logits that argmax looks at, without a softmax or sigmoid before it, which keeps the order."""
    value = best.func.value if isinstance(best.func, ast.Attribute) else None
    if isinstance(value, ast.Name) and value.id == "torch":
        value = best.args[0] if best.args else None
    while (
        isinstance(value, ast.Call)
        and called(value) in {"softmax", "sigmoid", "log_softmax"}
        and isinstance(value.func, ast.Attribute)
    ):
        inner = value.func.value
        value = value.args[0] if isinstance(inner, ast.Name) and inner.id in {"torch", "F"} and value.args else inner
    return value


def _made_one_hot(clues: Clues, best: ast.Call) -> Iterator[tuple[list[ast.expr | ast.stmt], int]]:
    """The nodes that turn the best label into zeros and a one: the first holds the value, the others only fill it."""
    index = _name_of(clues.tree, best)
    for call in calls(clues.tree, "one_hot"):
        if call.args and _is(call.args[0], best, index):
            yield [_with_float(clues.tree, call)], call.lineno
    for call in calls(clues.tree, "scatter_", "scatter"):
        if len(call.args) >= 2 and _is(call.args[1], best, index):
            yield [call], call.lineno
    for node in ast.walk(clues.tree):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Subscript)
            and any(_is(n, best, index) for n in ast.walk(node.targets[0].slice))
        ):
            made = _zeros(clues.tree, node.targets[0].value)
            if made is not None:
                yield [made, node], node.lineno


def _is(node: ast.AST, best: ast.Call, index: str) -> bool:
    return node is best or (isinstance(node, ast.Name) and node.id == index != "")


def _name_of(tree: ast.Module, best: ast.Call) -> str:
    """The name that the best label is assigned to, or ""."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and node.value is best and isinstance(node.targets[0], ast.Name):
            return node.targets[0].id
    return ""


def _with_float(tree: ast.Module, call: ast.Call) -> ast.expr:
    """The conversion to float around a one-hot, which the decision brings itself."""
    return next(
        (c for c in calls(tree, "float", "to") if isinstance(c.func, ast.Attribute) and c.func.value is call), call
    )


def _zeros(tree: ast.Module, name: ast.expr) -> ast.expr | None:
    """The zeros that a name was made of."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and called(node.value) in {"zeros", "zeros_like"}
        ):
            target = node.targets[0]
            if isinstance(target, ast.Name) and isinstance(name, ast.Name) and target.id == name.id:
                return node.value
    return None
