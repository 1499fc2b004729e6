"""A layer with the size that the error message states."""

import ast
import re

from misrun.tools.code.checks.repair_syntax import given_node
from misrun.tools.code.cure_edits.scene import Scene, Written
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Event
from misrun.tools.code.values import Site, number

# torch: "mat1 and mat2 shapes cannot be multiplied (32x480 and 1920x40)": rows x features given, features x outputs.
_PRODUCT = re.compile(r"\((\d+)x(\d+) and (\d+)x(\d+)\)")


def input_features(scene: Scene) -> Written | None:
    """The one linear layer with the outputs of the message's second factor takes as many inputs as it is given."""
    found = _PRODUCT.search(scene.message)
    if found is None:
        return None
    given, expected, outputs = int(found[2]), int(found[3]), int(found[4])
    layers = [e for e in scene.trace.events("new") if e.result.path.endswith(".Linear") and _fits(e, expected, outputs)]
    places = {id(e.node): e for e in layers}
    if len(places) != 1:
        return None
    layer = next(iter(places.values()))
    node = given_node(layer.node, 0, "in_features")
    if not isinstance(node, ast.expr):
        return None
    said = f"Give the linear layer the {given} input features that it receives, instead of {expected}."
    return Written(said, Site(layer.file, node), (Edit("replace", layer.file, node, str(given)),))


def _fits(layer: Event, inputs: int, outputs: int) -> bool:
    """Whether the known sizes are those of the message; a size that is not known agrees with any, but not both."""
    sizes = (number(layer.argument(0, "in_features")), number(layer.argument(1, "out_features")))
    agrees = all(known is None or known == wanted for known, wanted in zip(sizes, (inputs, outputs), strict=True))
    return agrees and any(known is not None for known in sizes)
