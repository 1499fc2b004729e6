"""Patches for random generators and orders that come out the same each time."""

import ast

from misrun.tools.code.checks.repair_loops import hoisted
from misrun.tools.code.checks.repair_places import assigned_at, belongs
from misrun.tools.code.checks.repair_syntax import (
    class_of,
    moved,
    names_in,
    statement_of,
    text_of,
)
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk


def order_drawn_anew(
    owner: ast.ClassDef, name: str, drawn: ast.AST, pass_: ast.AST, file: SourceFile
) -> tuple[Edit, ...]:
    """A sampler's order drawn at the start of __iter__: `random.shuffle(self.x)` moves there, of
    `self.x = np.random.permutation(n)` a permutation of what is there already is drawn again."""
    statement = statement_of(file, drawn)
    if not isinstance(pass_, ast.FunctionDef) or statement is None or class_of(file, drawn) is not owner:
        return ()
    first = pass_.body[0]
    if isinstance(statement, ast.Expr) and names_in(statement) <= {"self", "random", "np", "numpy", "torch"}:
        return moved(file, statement, "before", first)
    calls = [n for n in walk(statement) if isinstance(n, ast.Call) and len(n.args) == 1 and not n.keywords]
    made = [c for c in calls if unparsed(c.func).rpartition(".")[2] in ("permutation", "randperm")]
    if not isinstance(statement, ast.Assign) or len(made) != 1:
        return ()
    call, text = made[0], text_of(file, statement)
    again = name if unparsed(call.func).endswith("permutation") else f"len({name})"
    anew = text.replace(text_of(file, call), f"{text_of(file, call.func)}({again})")
    return (Edit("before", file, first, anew),)


def seeded_in_constructor(site: Site) -> tuple[Edit, ...]:
    """A fixed seed of the global generator inside a sample is taken out; a generator made there is made in __init__."""
    file = site.file
    statement, owner = statement_of(file, site.node), class_of(file, site.node)
    if isinstance(statement, ast.Expr) and statement.value is site.node:
        return (Edit("delete", file, statement),)
    start = (
        next((m for m in owner.body if isinstance(m, ast.FunctionDef) and m.name == "__init__"), None)
        if owner
        else None
    )
    made = assigned_at(file, site.node)
    if start is None or made is None or "." in made[1] or isinstance(start.body[-1], ast.Return | ast.Raise):
        return ()
    taken = {n.attr for n in walk(owner) if isinstance(n, ast.Attribute)} if owner else set()
    if made[1] in taken or not names_in(site.node) <= {"self", "np", "numpy", "random", "torch"}:
        return ()
    attribute = f"self.{made[1]}"
    return (
        Edit("replace", file, site.node, attribute),
        Edit("after", file, start.body[-1], f"{attribute} = {text_of(file, site.node)}"),
    )


def generator_seeded_once(event: Event) -> tuple[Edit, ...]:
    """`generator.manual_seed(7)` in a step moves to where the generator is made; a generator made in a step is made
    before the loop."""
    file = event.file
    if not belongs(file, event.node):
        return ()
    receiver = event.receiver
    made = receiver.site if receiver is not None and not event.op.startswith("set.") else None
    statement = statement_of(file, event.node)
    if made is None or made.file is not file or not isinstance(statement, ast.Expr) or not belongs(file, made.node):
        return hoisted(event.site)
    holder = assigned_at(file, made.node)
    call = event.node
    if (
        holder is None
        or not isinstance(call, ast.Call)
        or names_in(statement) - {text_of(file, call.func).partition(".")[0]}
    ):
        return hoisted(event.site)
    return (
        moved(file, statement, "after", holder[0]) if holder[1] == text_of(file, call.func).rpartition(".")[0] else ()
    )
