"""Repairs of random geometry: the same move for the target, the same draw for both calls."""

import ast

from misrun.tools.code.bodies import Body, name_words
from misrun.tools.code.checks.repair_syntax import statement_of, text_of
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.walking import unparsed, walk

# Targets with one value per pixel move like the image; boxes and points need their coordinates computed anew.
_PER_PIXEL = names("mask masks msk seg segmentation depth")
# Moves without interpolation, which would mix the classes of a mask.
_DRAWS = names("random rand uniform randint choice randn normal sample")
_EXACT = names("flip fliplr flipud hflip vflip rot90 crop")


def moved_alike(body: Body, assign: ast.Assign, image: str, targets: list[str]) -> tuple[Edit, ...]:
    """`mask = mask.flip(-1)` after `image = image.flip(-1)`, for every target of the sample."""
    if not _is_exact(assign.value) or any(not name_words(t) & _PER_PIXEL for t in targets):
        return ()
    lines = [_renamed(assign, image, target) for target in dict.fromkeys(targets)]
    return (Edit("after", body.file, assign, "\n".join(lines)),)


def _is_exact(value: ast.expr) -> bool:
    """A move by axes counted from the end, which a mask has too, or of the rows and columns of an array."""
    for node in walk(value):
        if isinstance(node, ast.Call) and last_name(node.func) not in _EXACT | {"copy", "contiguous", "clone"}:
            return False
        if isinstance(node, ast.Call) and last_name(node.func) in ("flip", "rot90") and not _from_the_end(node):
            return False
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple) and len(node.slice.elts) > 2:
            return False
    return True


def _from_the_end(call: ast.Call) -> bool:
    """All numbers it is given are negative."""
    given = [*call.args, *(k.value for k in call.keywords)]
    signs = [isinstance(n, ast.UnaryOp) for a in given for n in walk(a) if isinstance(n, ast.UnaryOp)]
    numbers = [n for a in given for n in walk(a) if isinstance(n, ast.Constant) and isinstance(n.value, int)]
    return bool(numbers) and len(signs) == len(numbers)


def _renamed(assign: ast.Assign, old: str, new: str) -> str:
    class Rename(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.Name:
            return ast.Name(new, node.ctx) if node.id == old else node

    return unparsed(Rename().visit(ast.parse(unparsed(assign))))


def one_draw(file: SourceFile, first: ast.Assign, second: ast.Assign, own: str) -> tuple[Edit, ...]:
    """The state of the generator kept before the first call and set back before the second.

    `own` is the module whose generator the transform draws from: torch for torchvision's, or that of the project's own.
    """
    keep, back, statement = {
        "torch": ("torch.get_rng_state()", "torch.set_rng_state(state)", "import torch"),
        "random": ("random.getstate()", "random.setstate(state)", "import random"),
        "np.random": ("np.random.get_state()", "np.random.set_state(state)", "import numpy as np"),
    }.get(own, ("", "", ""))
    taken = any(isinstance(n, ast.Name) and n.id == "state" for n in walk(file.tree))
    if not keep or taken or statement_of(file, first) is not first:
        return ()
    return (
        Edit("before", file, first, f"state = {keep}"),
        Edit("before", file, second, f"{back}  # the same draw for both"),
        Edit("import", file, file.tree, statement),
    )


def drawn_from(node: ast.AST, file: SourceFile) -> str:
    """The module whose generator a function draws from; "" where there are several, or none that is known."""
    draws = [n for n in walk(node) if isinstance(n, ast.Call) and last_name(n.func) in _DRAWS]
    calls = {text_of(file, n.func).rpartition(".")[0] for n in draws}
    found = calls & {"random", "np.random", "torch", "numpy.random"}
    return found.pop() if len(found) == 1 else ""
