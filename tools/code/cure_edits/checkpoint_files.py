"""Only the newest checkpoints stay on the disk."""

import ast

from misrun.tools.code.checks.repair_places import free_name
from misrun.tools.code.checks.repair_syntax import block_of, function_of, parents, statement_of, text_of
from misrun.tools.code.cure_edits.scene import Scene, Written
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event
from misrun.tools.code.values import Site

# The last one and the one before, in case the last is cut short when the disk fills or the run is killed.
_KEPT = 2


def two_newest(scene: Scene) -> Written | None:
    """Behind the statement that writes a numbered checkpoint, the older files of that pattern are deleted.

    The file's name has to be an f-string with one varying part in a name that is otherwise fixed; it is looked up
    behind a variable of the same function. Only files of this very pattern are touched.
    """
    for save in scene.trace.events("torch.save"):
        if save.loops():
            written = _pruned(save)
            if written is not None:
                return written
    return None


def _pruned(save: Event) -> Written | None:
    file, node = save.file, save.node
    if not isinstance(node, ast.Call):
        return None
    function = function_of(file, node)
    target = _path_written(node, function)
    name = _numbered(target, function)
    statement = _last_use(file, target, node)
    if name is None or statement is None:
        return None
    folder, pattern = name
    saved, older = free_name(file, "saved"), free_name(file, "older")
    text = (
        f'{saved} = sorted({folder}.glob("{pattern}"), key=lambda p: p.stat().st_mtime)\n'
        f"for {older} in {saved}[:-{_KEPT}]:\n"
        f"    {older}.unlink()"
    )
    edits = [Edit("after", file, statement, text)]
    if folder.startswith("Path("):
        edits.append(Edit("import", file, file.tree, "from pathlib import Path"))
    said = f"Keep the {_KEPT} newest checkpoints ({pattern}) and delete the older ones after each save."
    return Written(said, Site(file, statement), tuple(edits))


def _path_written(call: ast.Call, function: ast.AST) -> ast.expr | None:
    """The expression of the path that torch.save writes to, also through `with open(path, "wb") as stream`."""
    given = call.args[1] if len(call.args) > 1 else next((k.value for k in call.keywords if k.arg == "f"), None)
    if isinstance(given, ast.Name):
        opened = [
            item.context_expr
            for n in ast.walk(function)
            if isinstance(n, ast.With)
            for item in n.items
            if isinstance(item.optional_vars, ast.Name) and item.optional_vars.id == given.id
        ]
        if opened and isinstance(opened[0], ast.Call):
            source = opened[0].args[0] if opened[0].args else None
            if source is None and isinstance(opened[0].func, ast.Attribute):
                source = opened[0].func.value
            return _beside(source)
    return given


def _beside(node: ast.expr | None) -> ast.expr | None:
    """The path itself of `path.with_suffix(".tmp")`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr.startswith("with_"):
        return node.func.value
    return node


def _numbered(path: ast.expr | None, function: ast.AST) -> tuple[str, str] | None:
    """(folder as an expression with glob, pattern of the file's name) of a path whose name varies; None for others."""
    if isinstance(path, ast.Name):
        assigned = [
            n.value
            for n in ast.walk(function)
            if isinstance(n, ast.Assign) and any(isinstance(t, ast.Name) and t.id == path.id for t in n.targets)
        ]
        return _numbered(assigned[0], function) if len(assigned) == 1 else None
    if isinstance(path, ast.BinOp) and isinstance(path.op, ast.Div):
        pattern = _pattern(path.right)
        return (
            (f"({ast.unparse(path.left)})" if isinstance(path.left, ast.BinOp) else ast.unparse(path.left), pattern)
            if pattern
            else None
        )
    if isinstance(path, ast.Call) and ast.unparse(path.func) in ("os.path.join", "path.join", "osp.join"):
        pattern = _pattern(path.args[-1]) if path.args else None
        folder = ", ".join(ast.unparse(a) for a in path.args[:-1])
        return (f"Path({folder})", pattern) if pattern and folder else None
    if isinstance(path, ast.JoinedStr):
        return _folder_in_text(path)
    return None


def _pattern(name: ast.expr) -> str | None:
    """`epoch-*.pt` for f"epoch-{epoch:03d}.pt"; None without a varying part or with a folder in it."""
    if not isinstance(name, ast.JoinedStr):
        return None
    parts = [str(p.value) if isinstance(p, ast.Constant) else "*" for p in name.values]
    text = "".join(parts)
    plain = text.replace("*", "")
    return text if "*" in text and "/" not in text and len(plain) > 1 and '"' not in text and "[" not in text else None


def _folder_in_text(name: ast.JoinedStr) -> tuple[str, str] | None:
    """f"{out}/epoch-{n}.pt" split at its last slash."""
    values = name.values
    for i in range(len(values) - 1, -1, -1):
        part = values[i]
        if not isinstance(part, ast.Constant) or "/" not in str(part.value):
            continue
        head, _, tail = str(part.value).rpartition("/")
        left = ast.JoinedStr([*values[:i], ast.Constant(head)])
        pattern = _pattern(ast.JoinedStr([ast.Constant(tail), *values[i + 1 :]]))
        return (f"Path({ast.unparse(left)})", pattern) if pattern else None
    return None


def _last_use(file: SourceFile, path: ast.expr | None, call: ast.Call) -> ast.stmt | None:
    """The last statement that names the path's variable in the block of the save (a rename after it), else the save."""
    own = statement_of(file, call)
    while own is not None and isinstance(holder := parents(file).get(id(own)), ast.With):
        own = holder
    if own is None or not isinstance(path, ast.Name):
        return own
    block = block_of(file, own)
    renames = [s for s in block[block.index(own) :] if isinstance(s, ast.Expr) and "replace" in text_of(file, s)]
    return renames[0] if renames else own
