"""Patches for settings: options that read words, keys of the file, numbers with a well-founded default."""

import ast

from misrun.tools.code.checks.repair_places import belongs
from misrun.tools.code.checks.repair_syntax import given_node, parents, text_of
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk

_READS_WORD = 'lambda word: word.lower() in ("true", "yes", "1")'


def word_read(file: SourceFile, call: ast.Call) -> tuple[Edit, ...]:
    """`type=bool` reads the word: `--flag False` and `--flag True` mean what they say, and old calls still work."""
    kind = next((k.value for k in call.keywords if k.arg == "type"), None)
    return (Edit("replace", file, kind, _READS_WORD),) if kind is not None else ()


def key_of_file(file: SourceFile, call: ast.Call, key: str, like: str, level: dict[str, object]) -> tuple[Edit, ...]:
    """`config.get("lr", x)` reads the key that the file has, where the other keys read from `config` are beside it."""
    owner = unparsed(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    read = [
        node.slice.value
        for node in walk(file.tree)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and unparsed(node.value) == owner
    ]
    constants = [a for a in call.args if isinstance(a, ast.Constant) and a.value == key]
    if like not in level or not constants or any(name not in level for name in read):
        return ()
    return (Edit("replace", file, constants[0], repr(like).replace("'", '"')),)


def number_replaced(site: Site, position: int, name: str, value: str) -> tuple[Edit, ...]:
    """A number written in a call: there as it stands, or where the file gives it its only name."""
    node = given_node(site.node, position, name)
    if node is None or not belongs(site.file, node):
        return ()
    if isinstance(node, ast.Constant | ast.UnaryOp):
        return (Edit("replace", site.file, node, value),)
    if isinstance(node, ast.Name):
        made = [
            s
            for s in walk(site.file.tree)
            if isinstance(s, ast.Assign) and [unparsed(t) for t in s.targets] == [node.id]
        ]
        if len(made) == 1 and isinstance(made[0].value, ast.Constant):
            return (Edit("replace", site.file, made[0].value, value),)
    return ()


def exchanged(event: Event, one: tuple[int, str], other: tuple[int, str]) -> tuple[Edit, ...]:
    """Two arguments of a call in each other's place."""
    a, b = given_node(event.node, *one), given_node(event.node, *other)
    if a is None or b is None or not belongs(event.file, a):
        return ()
    file = event.file
    return (Edit("replace", file, a, text_of(file, b)), Edit("replace", file, b, text_of(file, a)))


def read_strictly(file: SourceFile, call: ast.Call) -> tuple[Edit, ...]:
    """ASCII with hidden errors as strict UTF-8: it reads all ASCII, and is what nearly all text is written in
    (PEP 686)."""
    edits = []
    for node in (*call.args, *(k.value for k in call.keywords if k.arg in ("encoding", "errors"))):
        if isinstance(node, ast.Constant) and str(node.value).lower().replace("-", "") in ("ascii", "usascii"):
            edits.append(Edit("replace", file, node, '"utf-8"'))
        elif isinstance(node, ast.Constant) and node.value in ("ignore", "replace"):
            edits.append(Edit("replace", file, node, '"strict"'))
    return tuple(edits) if len(edits) == 2 else ()


def without_activation(site: Site) -> tuple[Edit, ...]:
    """`relu(x)` and `x.relu()` as x; the last layer of a Sequential dropped."""
    file, call = site.file, site.node
    if not isinstance(call, ast.Call):
        return ()
    holder = parents(file).get(id(call))
    layers = isinstance(holder, ast.Call) and unparsed(holder.func).endswith("Sequential")
    if layers and isinstance(holder, ast.Call) and holder.args[-1] is call and len(holder.args) > 1:
        return (Edit("drop", file, call),)
    if isinstance(call.func, ast.Attribute) and call.func.attr == "relu" and not call.args:
        return (Edit("replace", file, call, text_of(file, call.func.value)),)
    built = unparsed(call.func).endswith(("ReLU", "Sequential"))
    return (Edit("replace", file, call, text_of(file, call.args[0])),) if len(call.args) == 1 and not built else ()
