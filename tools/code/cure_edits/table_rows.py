"""One more row where an id lies just outside a table: of an embedding, or of the model's outputs."""

import ast
import re

from misrun.tools.code.checks.repair_syntax import given_node, text_of
from misrun.tools.code.cure_edits.numerals import set_number
from misrun.tools.code.cure_edits.scene import Scene, Written
from misrun.tools.code.patches import Edit
from misrun.tools.code.values import Site, number

_TARGET = re.compile(r"[Tt]arget (\d+) is out of bounds")


def embedding_row(scene: Scene) -> Written | None:
    """An embedding with `len(words)` rows to which an id outside of them came gets the row for the id that stands in no
    list (unknown, padding): `len(words) + 1`, where the size is handed over."""
    if "index out of range in self" not in scene.message:
        return None
    made = {}
    for event in scene.trace.events("new"):
        size = event.argument(0, "num_embeddings") if event.result.class_name == "Embedding" else None
        node = size.site.node if size is not None and size.site is not None else None
        if size is not None and size.site is not None and _is_length(node):
            made[id(node)] = size.site
    if len(made) != 1:
        return None
    site = next(iter(made.values()))
    text = text_of(site.file, site.node)
    said = f"Give the embedding one row more than {text}, for the id that stands in no list."
    return Written(said, Site(site.file, site.node), (Edit("replace", site.file, site.node, f"{text} + 1"),))


def _is_length(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len"


def output_row(scene: Scene) -> Written | None:
    """The one linear layer with as many outputs as the label that lies outside gets one more."""
    found = _TARGET.search(scene.message)
    if found is None:
        return None
    label = int(found[1])
    made = {
        id(e.node): e
        for e in scene.trace.events("new")
        if e.result.class_name == "Linear" and number(e.argument(1, "out_features")) == label
    }
    if len(made) != 1:
        return None
    layer = next(iter(made.values()))
    said = f"Give the model {label + 1} outputs: label {label} occurs."
    return set_number(
        scene, layer.argument(1, "out_features"), given_node(layer.node, 1, "out_features"), label + 1, said
    )
