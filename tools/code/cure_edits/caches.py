"""A store that grows with every new key, bounded: the oldest entry goes when a new one comes."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.repair_syntax import class_of, function_of, statement_of, text_of
from misrun.tools.code.cure_edits.scene import Scene, Written
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.values import Site

# Entries of a store whose sizes the code does not tell: some batches' worth of samples (a judgement).
_ENTRIES = 512
# What is called for every sample or every step.
_CALLED_OFTEN = names("__getitem__ __iter__ __call__ forward training_step")


def bounded(scene: Scene) -> Written | None:
    """`self.store[key] = value` where the store began as an empty dict, is asked `key not in self.store` first, and
    never gives anything back: before it, the oldest entry is taken out once there are enough."""
    for file in scene.trace.project.files:
        for statement, store in _stores(file):
            text = f"if len({store}) >= {_ENTRIES}:\n    {store}.pop(next(iter({store})))"
            said = f"Bound `{store}` to {_ENTRIES} entries; the oldest goes when a new one comes."
            return Written(said, Site(file, statement), (Edit("before", file, statement, text),))
    return None


def _stores(file: SourceFile) -> Iterator[tuple[ast.Assign, str]]:
    for node in ast.walk(file.tree):
        target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
        if not isinstance(target, ast.Subscript) or not isinstance(target.value, ast.Name | ast.Attribute):
            continue
        store = text_of(file, target.value)
        grows = not isinstance(target.slice, ast.Constant)
        if isinstance(node, ast.Assign) and grows and _is_kept(file, node, store) and _remembers(file, node, store):
            yield node, store


def _is_kept(file: SourceFile, node: ast.Assign, store: str) -> bool:
    """An attribute that __init__ sets to an empty dict, in a class whose samples are asked for one by one; nothing in
    the class takes entries out."""
    owner = class_of(file, node)
    if owner is None or not store.startswith("self."):
        return False
    methods = {m.name for m in owner.body if isinstance(m, ast.FunctionDef)}
    begins = [
        n for n in ast.walk(owner)
        if isinstance(n, ast.Assign) and any(text_of(file, t) == store for t in n.targets) and _is_empty(n.value)
    ]  # fmt: skip
    taken = [
        n for n in ast.walk(owner)
        if isinstance(n, ast.Attribute) and n.attr in ("pop", "clear", "popitem") and text_of(file, n.value) == store
    ]  # fmt: skip
    return bool(methods & _CALLED_OFTEN) and len(begins) == 1 and not taken


def _is_empty(value: ast.expr) -> bool:
    if isinstance(value, ast.Dict):
        return not value.keys
    return isinstance(value, ast.Call) and ast.unparse(value) in ("dict()", "OrderedDict()")


def _remembers(file: SourceFile, node: ast.Assign, store: str) -> bool:
    """The function asks whether the key is there, so that a lost entry is only made again."""
    asked = (n for n in ast.walk(function_of(file, node)) if isinstance(n, ast.Compare))
    return statement_of(file, node) is node and any(
        isinstance(n.ops[0], ast.In | ast.NotIn) and text_of(file, n.comparators[0]) == store for n in asked
    )
