"""Names that a library no longer has, as it calls them now."""

import ast
import re

from misrun.tools.code.cure_edits.scene import Scene, Written
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.values import Site

# Aliases of Python's own types, removed in NumPy 1.24 (numpy.org/devdocs/release/1.20.0-notes.html, "Deprecations").
_BUILTIN = frozenset({"float", "int", "bool", "object", "str", "complex"})
_NUMPY = re.compile(r"module 'numpy' has no attribute '(\w+)'")
_KEYWORD = re.compile(r"(\w+)(?:\.__init__)?\(\) got an unexpected keyword argument '(\w+)'")
# transformers 4.46 (evaluation_strategy), 4.46 (tokenizer of Trainer), huggingface_hub (use_auth_token): their
# deprecation notes name the new word. None: the argument is gone and nothing takes its place (torch 2.7, verbose).
_RENAMED: dict[str, str | None] = {
    "evaluation_strategy": "eval_strategy",
    "use_auth_token": "token",
    "tokenizer": "processing_class",
    "verbose": None,
}


def renamed(scene: Scene) -> Written | None:
    """A NumPy alias becomes Python's own type; a renamed argument gets its new name where the call raised."""
    return _alias(scene) or _argument(scene)


def _alias(scene: Scene) -> Written | None:
    found = _NUMPY.search(scene.message)
    if found is None or found[1] not in _BUILTIN:
        return None
    places = [(file, node) for file in scene.trace.project.files for node in _uses(file, found[1])]
    if not places:
        return None
    edits = tuple(Edit("replace", file, node, found[1]) for file, node in places)
    said = f"Use Python's own {found[1]} in place of NumPy's former alias."
    return Written(said, Site(*places[0]), edits)


def _uses(file: SourceFile, name: str) -> list[ast.Attribute]:
    modules = {
        alias.asname or alias.name
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "numpy"
    }
    return [
        node
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Attribute) and node.attr == name
        and isinstance(node.value, ast.Name) and node.value.id in modules
    ]  # fmt: skip


def _argument(scene: Scene) -> Written | None:
    found, raised = _KEYWORD.search(scene.message), scene.raised()
    if found is None or not raised or found[2] not in _RENAMED:
        return None
    file, frame = raised[-1]
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Call) and node.lineno <= frame.line <= (node.end_lineno or node.lineno):
            given = next((k for k in node.keywords if k.arg == found[2]), None)
            if given is not None:
                return _written(file, node, given, found[2])
    return None


def _written(file: SourceFile, call: ast.Call, given: ast.keyword, old: str) -> Written:
    new = _RENAMED[old]
    if new is None:
        return Written(
            f"Leave out {old}, which is no argument any more.", Site(file, call), (Edit("drop", file, given),)
        )
    text = f"{new}={ast.unparse(given.value)}"
    return Written(
        f"Call the argument {new}, as {old} is called now.", Site(file, call), (Edit("replace", file, given, text),)
    )
