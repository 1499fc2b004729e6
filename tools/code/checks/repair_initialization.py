"""Repairs of initial weights: drawn for the layer's size, biases of 0, gates in a recurrence."""

import ast

from misrun.tools.code.checks.repair_calls import library_name
from misrun.tools.code.checks.repair_syntax import given_node, parents, statement_of, text_of
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.walking import unparsed


def drawn_to_fit(file: SourceFile, call: ast.Call, weight: str) -> tuple[Edit, ...]:
    """Kaiming's draw in a program of relus, Xavier's in one of tanh and sigmoid; for tables of embeddings drawn in the
    same line the 0.02 of GPT-2 and BERT. Parameters of one dimension, for which neither is defined, keep their start.
    """
    statement = statement_of(file, call)
    if not isinstance(statement, ast.Expr) or statement.value is not call:
        return ()
    target = _filled(file, call, weight)
    prefix, needed = _init_prefix(file, call)
    fill = _fitting(file, call, prefix, target)
    if _may_be_vectors(file, call, weight):
        return (Edit("replace", file, statement, f"if {target}.dim() > 1:\n    {fill}"), *needed)
    return (Edit("replace", file, call, fill), *needed)


def _filled(file: SourceFile, call: ast.Call, weight: str) -> str:
    """The weight as the call names it."""
    first = text_of(file, call.args[0]) if call.args else ""
    return first if first in (weight, f"{weight}.data") else weight


def _init_prefix(file: SourceFile, call: ast.Call) -> tuple[str, tuple[Edit, ...]]:
    """`nn.init` as the call itself writes it, or as the file can."""
    if isinstance(call.func, ast.Attribute) and last_name(call.func.value) == "init":
        return text_of(file, call.func.value), ()
    nn, needed = library_name(file, "torch.nn")
    return f"{nn}.init", needed


def _fitting(file: SourceFile, call: ast.Call, prefix: str, target: str) -> str:
    if "Embedding" in _test_around(file, call):
        return f"{prefix}.normal_({target}, mean=0.0, std=0.02)"
    text = "\n".join(file.lines).lower()
    if "relu" in text and "tanh" not in text and "sigmoid" not in text:
        return f'{prefix}.kaiming_normal_({target}, nonlinearity="relu")'
    return f"{prefix}.xavier_uniform_({target})"


def _test_around(file: SourceFile, call: ast.Call) -> str:
    node: ast.AST | None = call
    while node is not None and not isinstance(node, ast.If | ast.FunctionDef):
        node = parents(file).get(id(node))
    return unparsed(node.test) if isinstance(node, ast.If) else ""


def _may_be_vectors(file: SourceFile, call: ast.Call, weight: str) -> bool:
    """A loop over all parameters that asks neither for their name nor for their shape."""
    if weight.endswith(".weight"):
        return False
    test = _test_around(file, call)
    return not ("dim" in test or "shape" in test)


def zero_bias(file: SourceFile, number: ast.expr | None) -> tuple[Edit, ...]:
    return (Edit("replace", file, number, "0.0"),) if number is not None else ()


def number_filled(call: ast.AST | None) -> ast.expr | None:
    """-4 of `nn.init.constant_(m.bias, -4)`, of `m.bias.data.fill_(-4)` and of `constant_(m.bias, val=-4)`."""
    if not isinstance(call, ast.Call):
        return None
    position = 0 if isinstance(call.func, ast.Attribute) and call.func.attr == "fill_" and len(call.args) == 1 else 1
    return given_node(call, position, "val", "value")


def gated(file: SourceFile, call: ast.AST) -> tuple[Edit, ...]:
    """nn.GRU in place of nn.RNN, which it takes the same arguments as and gives the same outputs."""
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or call.func.attr != "RNN":
        return ()
    if len(call.args) > 3 or any(k.arg in (None, "nonlinearity") for k in call.keywords):
        return ()
    return (Edit("replace", file, call.func, f"{text_of(file, call.func.value)}.GRU"),)
