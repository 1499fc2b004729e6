"""The last, smaller batch left out, and samples of unequal length padded to one."""

import ast

from misrun.tools.code.checks.repair_places import free_name, top_level
from misrun.tools.code.checks.repair_syntax import given_node, with_keyword
from misrun.tools.code.cure_edits.scene import Scene, Written
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Event
from misrun.tools.code.values import Site, is_constant

_COLLATE = '''def {name}(samples):
    """Tensors and arrays with axes are padded with 0 to the longest of the batch; all else is stacked as it is."""
    columns = []
    for column in zip(*samples):
        parts = [torch.as_tensor(part) for part in column]
        same = len({{part.shape for part in parts}}) == 1
        columns.append(torch.stack(parts) if same else torch.nn.utils.rnn.pad_sequence(parts, batch_first=True))
    return tuple(columns)

'''


def last_dropped(scene: Scene) -> Written | None:
    """`drop_last=True` on the training loader, where batch norm was given a batch of one sample."""
    if "Expected more than 1 value per channel" not in scene.message:
        return None
    for loader in _loaders(scene):
        shuffled = is_constant(loader.argument(2, "shuffle"), True)
        if shuffled and given_node(loader.node, 8, "drop_last") is None and isinstance(loader.node, ast.Call):
            said = "Drop the last batch of an epoch, which can be too small for batch norm (drop_last=True)."
            edit = with_keyword(loader.file, loader.node, "drop_last", "True")
            return Written(said, Site(loader.file, loader.node), (edit,))
    return None


def padded(scene: Scene) -> Written | None:
    """A collate_fn that pads, for every loader without one, where stacking failed over unequal sizes."""
    if "stack expects each tensor to be equal size" not in scene.message or not _gives_tuples(scene):
        return None
    bare = [e for e in _loaders(scene) if given_node(e.node, 6, "collate_fn") is None]
    nodes = {id(e.node): e for e in bare if isinstance(e.node, ast.Call)}
    first = next(iter(nodes.values()), None)
    place = top_level(first.file, first.node) if first is not None else None
    if first is None or place is None or any(e.file is not first.file for e in nodes.values()):
        return None
    file, name = first.file, free_name(first.file, "pad_batch")
    above = _outermost(file.tree, place)
    edits = [Edit("before", file, above, _COLLATE.format(name=name)), Edit("import", file, file.tree, "import torch")]
    edits += [with_keyword(file, e.node, "collate_fn", name) for e in nodes.values() if isinstance(e.node, ast.Call)]
    said = "Pad the samples of a batch to the longest of them in a collate_fn."
    return Written(said, Site(file, first.node), tuple(edits))


def _gives_tuples(scene: Scene) -> bool:
    """Whether every data set of the program gives its samples as tuples."""
    given = [
        inner.value
        for file in scene.trace.project.files
        for node in ast.walk(file.tree)
        if isinstance(node, ast.FunctionDef) and node.name == "__getitem__"
        for inner in ast.walk(node)
        if isinstance(inner, ast.Return)
    ]
    return bool(given) and all(isinstance(value, ast.Tuple) for value in given)


def _loaders(scene: Scene) -> list[Event]:
    return [e for e in scene.trace.events("new") if e.result.kind == "loader"]


def _outermost(tree: ast.Module, statement: ast.stmt) -> ast.stmt:
    """The first class or function of the module, so that all of them know the new one; else the statement."""
    defined = (s for s in tree.body if isinstance(s, ast.FunctionDef | ast.ClassDef))
    return next(defined, statement)
