"""Repairs of passes that run in the wrong mode: eval() before an evaluation and train() after it."""

import ast

from misrun.tools.code.checks.repair_syntax import (
    FunctionNode,
    block_of,
    function_of,
    given_node,
    statement_of,
    text_of,
)
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import last_name
from misrun.tools.code.trace import Event, Frame
from misrun.tools.code.walking import unparsed, walk


def switched(call: Event, root: tuple[Event, ...], own: Frame | None, shared: bool) -> tuple[Edit, ...]:
    """`model.train(flag)` before a loop whose flag selects training; eval() and train() around any other pass.

    `shared` says that the line of the call serves training too.
    """
    model, loop = _called(call), _outermost_loop(call)
    if model is None:
        return ()
    if shared:
        trained = [e for e in root if e.op == "backward" and any(f.node is loop for f in e.frame.chain())]
        if loop is None or not trained:
            return ()
        flag = _flag_around(call, loop, trained[0])
        return (Edit("before", call.file, loop, f"{model}.train({_as_bool(call, flag)})"),) if flag is not None else ()
    place = own.node if own is not None and _is_beside(call, own.node) else _outermost_with(call)
    statement = statement_of(call.file, place) if place is not None else None
    if statement is None or not _is_beside(call, statement):
        return ()
    return (
        Edit("before", call.file, statement, f"{model}.eval()"),
        Edit("after", call.file, statement, f"{model}.train()"),
    )


def _called(call: Event) -> str | None:
    """The text of the model at the call: a name or an attribute."""
    func = call.node.func if isinstance(call.node, ast.Call) else None
    return text_of(call.file, func) if isinstance(func, ast.Name | ast.Attribute) else None


def _flag_around(call: Event, loop: ast.stmt, backward: Event) -> ast.expr | None:
    """The condition of an `if` in the loop that holds the backward, or the call that leads to it, and not the call of
    the model."""
    nodes = {id(backward.node), *(id(f.node) for f in backward.frame.chain() if f.kind == "call")}
    for node in walk(loop):
        held = {id(n) for s in node.body for n in walk(s)} if isinstance(node, ast.If) else set()
        if isinstance(node, ast.If) and held & nodes and id(call.node) not in held and _is_flag(call, node.test):
            return node.test
    return None


def _is_flag(call: Event, test: ast.expr) -> bool:
    """A parameter of the function, compared or not, that holds for the whole pass."""
    function = function_of(call.file, call.node)
    if isinstance(function, ast.Module):
        return False
    parameters = {a.arg for a in (*function.args.args, *function.args.kwonlyargs)}
    names = {n.id for n in walk(test) if isinstance(n, ast.Name)}
    return bool(names) and names <= parameters


def _as_bool(call: Event, flag: ast.expr) -> str:
    """train() takes nothing but a bool."""
    text = text_of(call.file, flag)
    function = function_of(call.file, call.node)
    if isinstance(flag, ast.Compare) or (isinstance(flag, ast.UnaryOp) and isinstance(flag.op, ast.Not)):
        return text
    known = not isinstance(function, ast.Module) and isinstance(flag, ast.Name) and _is_bool(call, function, flag.id)
    return text if known else f"bool({text})"


def _is_bool(call: Event, function: FunctionNode, name: str) -> bool:
    """Whether a parameter is declared or called as True or False."""
    spec = function.args
    defaults: dict[str, ast.expr] = dict(zip([a.arg for a in spec.args[::-1]], spec.defaults[::-1], strict=False))
    hint = next((a.annotation for a in (*spec.args, *spec.kwonlyargs) if a.arg == name), None)
    if hint is not None:
        return unparsed(hint) == "bool"
    order = [a.arg for a in spec.args if a.arg != "self"]
    calls = (n for n in walk(call.file.tree) if isinstance(n, ast.Call) and last_name(n.func) == function.name)
    given = [given_node(n, order.index(name) if name in order else len(order), name) for n in calls]
    values = [v for v in (defaults.get(name), *given) if v is not None]
    return bool(values) and all(isinstance(v, ast.Constant) and isinstance(v.value, bool) for v in values)


def _outermost_loop(call: Event) -> ast.stmt | None:
    """The outermost loop around the call in its own function."""
    found: ast.stmt | None = None
    for frame in call.frame.chain():
        if frame.kind in ("call", "root"):
            break
        if frame.kind == "loop" and isinstance(frame.node, ast.stmt):
            found = frame.node
    return found


def _outermost_with(call: Event) -> ast.AST | None:
    """The no_grad block around the call, below any loop; the call's own statement where there is none."""
    for frame in call.frame.chain():
        if frame.kind == "with" and isinstance(frame.node, ast.With):
            return frame.node
        if frame.kind in ("call", "root", "loop"):
            break
    return statement_of(call.file, call.node)


def _is_beside(call: Event, place: ast.AST) -> bool:
    """Whether the place is a whole statement of the call's function, not a comprehension or a return."""
    is_block = isinstance(place, ast.stmt) and not isinstance(place, ast.Return)
    same = function_of(call.file, place) is function_of(call.file, call.node)
    return is_block and same and isinstance(place, ast.stmt) and place in block_of(call.file, place)
