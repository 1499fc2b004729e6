"""Edits of calls in JAX code: arguments in their order, results kept, calls on their own line before a loop."""

import ast

from misrun.tools.code.checks.repair_places import free_name
from misrun.tools.code.checks.repair_syntax import atom, is_in_reach, moved, names_in, statement_of, text_of
from misrun.tools.code.jax.bodies import Body
from misrun.tools.code.jax.program import Transform
from misrun.tools.code.jax.repair_keys import library
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.walking import walk

Edits = tuple[Edit, ...]


def swapped(file: SourceFile, one: ast.AST, other: ast.AST) -> Edits:
    """Two nodes in each other's place."""
    return (Edit("replace", file, one, text_of(file, other)), Edit("replace", file, other, text_of(file, one)))


def assigned(body: Body, call: ast.Call, name: ast.expr | None, extra: str = "") -> Edits:
    """`name = call` for a call whose result was thrown away; a variable of another body could not be stored here."""
    plain = isinstance(name, ast.Name) and body.home_of(name.id) in (body, None)
    if name is None or not (plain or isinstance(name, ast.Attribute)):
        return ()
    return (Edit("replace", body.file, call, f"{text_of(body.file, name)}{extra} = {text_of(body.file, call)}"),)


def stopped(body: Body, node: ast.expr) -> Edits:
    lax = library(body, "jax.lax.stop_gradient")
    return (Edit("replace", body.file, node, f"{lax}({text_of(body.file, node)})"),) if lax is not None else ()


def in_numpy_of_jax(body: Body, call: ast.Call) -> Edits:
    """The functions of NumPy in the statement as those of jax.numpy; `float(x)` and `x.item()` as x."""
    file, statement = body.file, statement_of(body.file, call)
    if statement is not None and isinstance(statement, ast.Expr) and statement.value is not call:
        return ()  # shown or logged: a tracer in place of the number would say nothing
    if isinstance(call.func, ast.Name) and len(call.args) == 1:
        return (Edit("replace", file, call, text_of(file, call.args[0])),)
    if isinstance(call.func, ast.Attribute) and call.func.attr in ("item", "tolist"):
        return (Edit("replace", file, call, text_of(file, call.func.value)),) if call.func.attr == "item" else ()
    numpy = library(body, "jax.numpy")
    imports = (
        () if numpy is not None and numpy != "jax.numpy" else (Edit("import", file, call, "import jax.numpy as jnp"),)
    )
    used = [
        n.func.value
        for n in (walk(statement) if statement is not None else ())
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and body.path(n.func.value) == "numpy"
    ]
    name = "jnp" if imports else str(numpy)
    return (*(Edit("replace", file, n, name) for n in used), *imports)


def compiled_before(body: Body, call: ast.Call, loop: ast.For | ast.While) -> Edits:
    """The compiled function made once, above the loop."""
    file, statement = body.file, statement_of(body.file, call)
    given = [a.arg for n in walk(call) if isinstance(n, ast.Lambda) for a in n.args.args]
    if not all(is_in_reach(file, n, loop) or n in body.imports for n in names_in(call) - set(given)):
        return ()
    if isinstance(statement, ast.Assign) and statement.value is call:
        return moved(file, statement, "before", loop)
    name = free_name(file, "compiled")
    return (Edit("before", file, loop, f"{name} = {text_of(file, call)}"), Edit("replace", file, call, name))


def chosen_by_array(test: ast.expr, function: Body) -> Edits:
    """A Python decision on a traced value as jnp.where, or as lax.cond where it decides what is returned."""
    file, holder = function.file, _decision_of(test, function)
    where, cond = library(function, "jax.numpy.where"), library(function, "jax.lax.cond")
    if isinstance(holder, ast.IfExp) and where is not None:
        parts = ", ".join(text_of(file, p) for p in (holder.test, holder.body, holder.orelse))
        return (Edit("replace", file, holder, f"{where}({parts})"),)
    if not isinstance(holder, ast.If) or len(holder.body) != 1 or holder.orelse or holder.test is not test:
        return ()
    only = holder.body[0]
    if isinstance(only, ast.Assign) and isinstance(only.targets[0], ast.Name) and isinstance(only.value, ast.BinOp):
        name, bound = only.targets[0].id, is_in_reach(file, only.targets[0].id, holder)
        text = f"{name} = {where}({text_of(file, test)}, {text_of(file, only.value)}, {name})"
        return (Edit("replace", file, holder, text),) if bound and where is not None else ()
    return _returned_by_cond(only, holder, function, cond)


def _decision_of(test: ast.expr, function: Body) -> ast.If | ast.IfExp | None:
    for node in function.nodes:
        if isinstance(node, ast.If | ast.IfExp) and node.test is test:
            return node
    return None


def _returned_by_cond(only: ast.stmt, holder: ast.If, function: Body, cond: str | None) -> Edits:
    """`if c: return a` followed by `return b`."""
    file = function.file
    block = list(getattr(function.node, "body", []))
    at = next((i for i, s in enumerate(block) if s is holder), None)
    later = block[at + 1] if at is not None and at + 2 == len(block) else None
    if not isinstance(only, ast.Return) or not isinstance(later, ast.Return) or cond is None:
        return ()
    if only.value is None or later.value is None:
        return ()
    ways = ", ".join(f"lambda: {text_of(file, v)}" for v in (only.value, later.value))
    text = f"return {cond}({text_of(file, holder.test)}, {ways})"
    return (Edit("delete", file, later), Edit("replace", file, holder, text))


def updated_items(body: Body, name: str, items: list[tuple[ast.stmt, ast.Subscript]]) -> Edits:
    """`x[i] = v` as `x = x.at[i].set(v)`, for every element of the array that the body assigns."""
    methods: dict[type[ast.operator], str] = {ast.Add: "add", ast.Mult: "multiply", ast.Div: "divide", ast.Pow: "power"}
    edits = []
    for statement, target in items:
        if not isinstance(target.value, ast.Name) or target.value.id != name:
            continue
        index = text_of(body.file, target.slice)
        if isinstance(statement, ast.AugAssign):
            method, value = methods.get(type(statement.op), ""), text_of(body.file, statement.value)
            if isinstance(statement.op, ast.Sub):
                method, value = "add", f"-{atom(body.file, statement.value)}"
            if not method:
                return ()
        elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            method, value = "set", text_of(body.file, statement.value)
        else:
            return ()
        edits.append(Edit("replace", body.file, statement, f"{name} = {name}.at[{index}].{method}({value})"))
    return tuple(edits)


def results_of(transform: Transform) -> list[ast.Assign]:
    """Assignments of what the transformed function gives: called on the spot, or by the name it was given."""
    where, call = transform.where, transform.call
    made = next((n for n in where.nodes if isinstance(n, ast.Assign) and n.value is call), None)
    name = made.targets[0].id if made is not None and isinstance(made.targets[0], ast.Name) else None
    calls = [n for b in where.below() for n in b.nodes if isinstance(n, ast.Assign) and isinstance(n.value, ast.Call)]
    return [n for n in calls if _runs(n.value, call, name)]


def _runs(node: ast.expr, made: ast.Call | None, name: str | None) -> bool:
    function = node.func if isinstance(node, ast.Call) else None
    return function is not None and (function is made or (isinstance(function, ast.Name) and function.id == name))


def without_static(transform: Transform, parameter: str) -> Edits:
    """The parameter taken out of the static arguments, where it is the only one and goes into arithmetic alone."""
    file, call = transform.where.file, transform.call
    uses = [k for k in (call.keywords if call is not None else ()) if k.arg in ("static_argnums", "static_argnames")]
    if (
        len(uses) != 1
        or transform.fixed() != frozenset({parameter}) | transform.bound
        or _shapes(transform.function, parameter)
    ):
        return ()
    return (Edit("drop", file, uses[0]),)


def _shapes(function: Body, parameter: str) -> bool:
    """Whether Python itself needs the value: a branch, a range, a shape."""
    for node in function.nodes:
        decides = isinstance(node, ast.If | ast.IfExp | ast.While) and parameter in names_in(node.test)
        counts = isinstance(node, ast.Call) and parameter in {n for a in node.args for n in names_in(a)}
        if decides or counts or (isinstance(node, ast.Subscript) and parameter in names_in(node.slice)):
            return True
    return False
