"""Edits that give every use of random numbers a key of its own."""

import ast

from misrun.tools.code.checks.repair_places import free_name
from misrun.tools.code.checks.repair_syntax import block_of, statement_of, text_of
from misrun.tools.code.jax.bodies import Body
from misrun.tools.code.jax.key_flow import Reuse
from misrun.tools.code.jax.program import JaxProgram, Transform
from misrun.tools.code.patches import Edit
from misrun.tools.code.walking import children, unparsed, walk

Edits = tuple[Edit, ...]


def library(body: Body, path: str) -> str | None:
    """How the file writes a module or function: "random" after `from jax import random`; None without an import."""
    named = next((name for name, given in body.imports.items() if given == path), None)
    if named is not None:
        return named
    head, _, tail = path.rpartition(".")
    above = library(body, head) if head else None
    return f"{above}.{tail}" if above is not None else None


def split_before_first(reuse: Reuse, body: Body, program: JaxProgram) -> Edits:
    """`key, subkey = split(key)` before the first of the two uses, which then takes the subkey."""
    first, second = (statement_of(body.file, use.node) for use in (reuse.first, reuse.second))
    if first is None or second is None or not _is_beside(body, first, second):
        return ()
    if first is second and not reuse.in_loop:
        return ()
    return split_before(reuse.first.node, reuse.second.key, body, program)


def split_before(use: ast.Call, key: str, body: Body, program: JaxProgram) -> Edits:
    """The key split above the statement of a use, and the use given the new part."""
    random, statement = library(body, "jax.random"), statement_of(body.file, use)
    names = [n for n in _arguments_of(use) if unparsed(n) == key]
    if random is None or statement is None or len(names) != 1 or hasattr(statement, "body"):
        return ()
    if not _can_be_stored(key, body, program) or _is_inside_comprehension(use, statement):
        return ()
    part = free_name(body.file, "subkey")
    return (
        Edit("before", body.file, statement, f"{key}, {part} = {random}.split({key})"),
        Edit("replace", body.file, names[0], part),
    )


def _arguments_of(use: ast.Call) -> list[ast.expr]:
    """Expressions in the arguments of a call, those of other calls inside it left out."""
    stack: list[ast.AST] = [*use.args, *(k.value for k in use.keywords)]
    found: list[ast.expr] = []
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name | ast.Attribute):
            found.append(node)
        elif not isinstance(node, ast.Call | ast.Lambda):
            stack.extend(children(node))
    return found


def _can_be_stored(key: str, body: Body, program: JaxProgram) -> bool:
    """A variable of this very body; an attribute only where nothing traces the method."""
    if key.startswith("self."):
        return id(body) not in program.compiled
    return key.isidentifier() and body.home_of(key) is body and not isinstance(body.node, ast.Lambda)


def _is_beside(body: Body, first: ast.stmt, second: ast.stmt) -> bool:
    """Whether the second use is in the block of the first one, or in one inside it: the first comes before it."""
    return any(n is second for s in block_of(body.file, first) for n in walk(s))


def _is_inside_comprehension(use: ast.Call, statement: ast.stmt) -> bool:
    inner = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)
    return any(isinstance(n, inner) and any(m is use for m in walk(n)) for n in walk(statement))


def folded_in(key: ast.expr, counter: str, body: Body) -> Edits:
    """`fold_in(key, i)` in place of the key, in what knows which round it is."""
    random = library(body, "jax.random")
    if random is None:
        return ()
    return (Edit("replace", body.file, key, f"{random}.fold_in({text_of(body.file, key)}, {counter})"),)


def counter_of(transform: Transform) -> str:
    """The parameter that counts the rounds of a loop: always of fori_loop, of a scan over arange."""
    given = transform.function.parameters
    if transform.kind == "fori_loop" and given:
        return given[0]
    over = transform.call.args[2] if transform.call is not None and len(transform.call.args) > 2 else None
    over = over if over is not None else transform.setting("xs")
    counts = isinstance(over, ast.Call) and unparsed(over.func).endswith("arange")
    return given[1] if transform.kind == "scan" and counts and len(given) > 1 else ""


def carried_on(draw: ast.Call, key: str, function: Body, program: JaxProgram) -> Edits:
    """The key in the carry split before the draw; where it is split already, the other half kept."""
    statement = statement_of(function.file, draw)
    half = statement.value if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
    if isinstance(half, ast.Subscript) and half.value is draw and isinstance(statement, ast.Assign):
        target = statement.targets[0]
        text = f"{key}, {text_of(function.file, target)} = {text_of(function.file, draw)}"
        return (Edit("replace", function.file, statement, text),) if len(draw.args) == 1 else ()
    if function.path(draw.func) == "jax.random.split":
        return ()
    return split_before(draw, key, function, program)


def keys_per_row(call: ast.Call, mapped: ast.Call, key: ast.expr, body: Body) -> Edits:
    """As many keys as rows, mapped over like the rows of the first argument that is."""
    axes = next((k.value for k in mapped.keywords if k.arg == "in_axes"), None)
    axes = axes if axes is not None else mapped.args[1] if len(mapped.args) > 1 else None
    if not isinstance(axes, ast.Tuple) or body.imports.get("jax") != "jax":
        return ()
    pairs = list(zip(call.args, axes.elts, strict=True))
    rows = next((text_of(body.file, a) for a, x in pairs if isinstance(x, ast.Constant) and x.value == 0), None)
    axis = next((x for a, x in pairs if a is key), None)
    random = library(body, "jax.random")
    if rows is None or axis is None or random is None:
        return ()
    count = f"jax.tree_util.tree_leaves({rows})[0].shape[0]"
    return (
        Edit("replace", body.file, axis, "0"),
        Edit("replace", body.file, key, f"{random}.split({text_of(body.file, key)}, {count})"),
    )
