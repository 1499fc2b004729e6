"""Repairs of resuming: the state that is left out saved beside the model's, and loaded with it."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.repair_syntax import given_node, is_in_reach, statement_of, text_of
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Value
from misrun.tools.code.walking import unparsed, walk


def optimizer_restored(trace: Trace, load: Event, optimizer: Value) -> tuple[Edit, ...]:
    """`optimizer.load_state_dict(checkpoint["optimizer"])` after the model's, where the program writes such a file."""
    given = given_node(load.node, 0, "state_dict")
    name, place = _target(optimizer), statement_of(load.file, load.node)
    if not isinstance(given, ast.Subscript) or not isinstance(given.value, ast.Name) or place is None:
        return ()
    if not name or not is_in_reach(load.file, name, load.node) or not isinstance(given.slice, ast.Constant):
        return ()
    return _restored(trace, load.file, place, given.value.id, str(given.slice.value), name, "optimizer")


def scheduler_restored(trace: Trace, file: SourceFile, branch: ast.If, made: ast.Assign) -> tuple[Edit, ...]:
    """The scheduler built at the end of the resuming branch too, and given its state."""
    loaded = [s for s in branch.body if isinstance(s, ast.Assign) and _is_read(s.value)]
    checkpoint = loaded[0].targets[0] if loaded else None
    keys = [
        n.slice.value
        for s in branch.body
        for n in walk(s)
        if isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Constant) and isinstance(checkpoint, ast.Name)
        and isinstance(n.value, ast.Name) and n.value.id == checkpoint.id and isinstance(n.slice.value, str)
    ]  # fmt: skip
    if not isinstance(checkpoint, ast.Name) or not keys or not isinstance(made.targets[0], ast.Name | ast.Attribute):
        return ()
    name = unparsed(made.targets[0])
    edits = _restored(trace, file, branch.body[-1], checkpoint.id, keys[0], name, "scheduler")
    first = edits[0] if edits else None
    if first is None:
        return ()
    return (Edit("after", file, branch.body[-1], f"{text_of(file, made)}\n{first.text}"), *edits[1:])


def _is_read(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and unparsed(value.func) == "torch.load"


def _restored(
    trace: Trace, file: SourceFile, place: ast.stmt, checkpoint: str, key: str, name: str, word: str
) -> tuple[Edit, ...]:
    """First the loading; then, where the file does not hold the state yet, the saving."""
    for home, saved in _saved_with(trace, key):
        kept = _kept_state(saved, name)
        if kept:
            return (Edit("after", file, place, f'{name}.load_state_dict({checkpoint}["{kept}"])'),)
        if is_in_reach(home, name, saved):
            # Files written before the change hold no such entry.
            text = f'if "{word}" in {checkpoint}:\n    {name}.load_state_dict({checkpoint}["{word}"])'
            last = saved.values[-1]
            entry = f'{text_of(home, last)}, "{word}": {name}.state_dict()'
            return (Edit("after", file, place, text), Edit("replace", home, last, entry))
    return ()


def _saved_with(trace: Trace, key: str) -> Iterator[tuple[SourceFile, ast.Dict]]:
    """Dictionaries given to torch.save that hold the model under the key it is loaded from."""
    for file in trace.project.files:
        for node in walk(file.tree):
            is_save = isinstance(node, ast.Call) and last_name(node.func) == "save"
            given = given_node(node, 0, "obj") if is_save else None
            if isinstance(given, ast.Dict) and key in {k.value for k in given.keys if isinstance(k, ast.Constant)}:
                yield file, given


def _kept_state(saved: ast.Dict, name: str) -> str:
    """The key under which `name.state_dict()` is saved; "" where it is not."""
    for key, value in zip(saved.keys, saved.values, strict=True):
        if isinstance(key, ast.Constant) and unparsed(value) == f"{name}.state_dict()":
            return str(key.value)
    return ""


def _target(made: Value) -> str:
    """The variable or attribute that an object is put into where it is made."""
    site = made.site
    statement = statement_of(site.file, site.node) if site is not None else None
    if not isinstance(statement, ast.Assign) or site is None or statement.value is not site.node:
        return ""
    target = statement.targets[0]
    return unparsed(target) if isinstance(target, ast.Name | ast.Attribute) else ""
