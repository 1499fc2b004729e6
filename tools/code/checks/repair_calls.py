"""Calls rewritten for patches: another function of the same library, another operand, a floor under a value."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.repair_syntax import atom, function_of, names_in, parents, statement_of, text_of
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event
from misrun.tools.code.values import Site, Value
from misrun.tools.code.walking import unparsed, walk

# Module, the import statement that is usual for it, and the name this gives.
_USUAL = {
    "torch": ("import torch", "torch"),
    "torch.nn": ("from torch import nn", "nn"),
    "torch.nn.functional": ("import torch.nn.functional as F", "F"),
}


def library_name(file: SourceFile, module: str) -> tuple[str, tuple[Edit, ...]]:
    """What the file calls a module, and the import that is needed where it does not yet have a name for it."""
    bound = dict(_bound_modules(file))
    parts = module.split(".")
    for size in range(len(parts), 0, -1):
        name = bound.get(".".join(parts[:size]))
        if name is not None:
            return ".".join([name, *parts[size:]]), ()
    statement, name = _USUAL[module]
    return name, (Edit("import", file, file.tree, statement),)


def _bound_modules(file: SourceFile) -> Iterator[tuple[str, str]]:
    """(dotted module, name) of the imports at the top of the file."""
    for node in file.tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                yield (alias.name, alias.asname) if alias.asname else (top, top)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((f"{node.module}.{a.name}", a.asname or a.name) for a in node.names)


def renamed(file: SourceFile, call: ast.AST | None, name: str) -> tuple[Edit, ...]:
    """`F.softmax(x)` as `F.log_softmax(x)`, in the same library; none where the function was imported by its name."""
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return ()
    return (Edit("replace", file, call.func, f"{text_of(file, call.func.value)}.{name}"),)


def floored(file: SourceFile, operand: ast.expr, floor: str) -> Edit:
    """The operand with `.clamp(min=floor)`; of `(1 - p).log()` the whole call is written anew, for its parentheses."""
    text = f"{atom(file, operand)}.clamp(min={floor})"
    member = parents(file).get(id(operand))
    call = parents(file).get(id(member)) if isinstance(member, ast.Attribute) else None
    if isinstance(operand, ast.BinOp) and isinstance(call, ast.Call) and isinstance(member, ast.Attribute):
        arguments = ", ".join(text_of(file, a) for a in (*call.args, *call.keywords))
        return Edit("replace", file, call, f"{text}.{member.attr}({arguments})")
    return Edit("replace", file, operand, text)


def operand_of(call: ast.AST | None) -> ast.expr | None:
    """x of `torch.sqrt(x)`, of `x.sqrt()` and of `x ** 0.5`."""
    if isinstance(call, ast.BinOp):
        return call.left
    if not isinstance(call, ast.Call):
        return None
    if call.args and isinstance(call.func, ast.Attribute) and _is_library(call.func.value):
        return call.args[0]
    if isinstance(call.func, ast.Attribute) and not _is_library(call.func.value):
        return call.func.value
    return call.args[0] if call.args else None


def _is_library(node: ast.expr) -> bool:
    """`torch`, `F`, `nn.functional`, `torch.special`: a module by its usual name."""
    return unparsed(node) in ("torch", "F", "nn.functional", "torch.nn.functional", "torch.special", "jnp", "np")


def node_at(site: Site | None) -> ast.AST | None:
    return site.node if site is not None else None


def argument_node(event: Event, position: int, *names: str) -> ast.expr | None:
    """The expression of a call's argument, as `Event.argument` finds its value."""
    call = event.node
    if not isinstance(call, ast.Call) or any(isinstance(a, ast.Starred) for a in call.args):
        return None
    for keyword in call.keywords:
        if keyword.arg in names:
            return keyword.value
    return call.args[position] if position < len(call.args) else None


def is_written_in(value: Value | None, node: ast.AST | None) -> bool:
    """Whether the literal stands inside this expression, and not in a default or constant elsewhere."""
    inner = node_at(value.site) if value is not None else None
    return inner is not None and node is not None and any(n is inner for n in walk(node))


def still_holds(file: SourceFile, names: set[str], since: ast.AST, until: ast.AST) -> bool:
    """Whether none of the variables is bound anew between two places of one function, as far as the lines tell."""
    scope = function_of(file, since)
    if scope is not function_of(file, until):
        return False
    first, last = int(getattr(since, "lineno", 0)), int(getattr(until, "lineno", 0))
    stored = {
        n.id
        for n in walk(scope)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and first <= n.lineno < last
    }
    return not stored & names


def assigned_name(file: SourceFile, node: ast.AST) -> str:
    """The one variable a statement puts this whole expression into, else ""."""
    statement = statement_of(file, node)
    if not isinstance(statement, ast.Assign) or statement.value is not node or len(statement.targets) != 1:
        return ""
    target = statement.targets[0]
    return target.id if isinstance(target, ast.Name) else ""


def reads_of(file: SourceFile, node: ast.AST, name: str) -> list[ast.Name]:
    """Where the function around a node reads a variable."""
    scope = function_of(file, node)
    return [n for n in walk(scope) if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)]


def usable_at(file: SourceFile, expression: ast.expr, place: ast.AST) -> bool:
    """Whether the expression, evaluated at a later place of the function, gives the same: variables that still hold."""
    plain = all(isinstance(n, ast.Name | ast.Attribute | ast.Load | ast.Constant) for n in walk(expression))
    return plain and still_holds(file, names_in(expression), expression, place)


def means_the_same(expression: ast.expr, file: SourceFile, place: ast.AST, there: SourceFile) -> bool:
    """Whether the expression of one place can be written at another: in the same function, or nothing but a number."""
    if isinstance(expression, ast.Constant):
        return True
    return file is there and function_of(file, expression) is function_of(there, place)
