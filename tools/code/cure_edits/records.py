"""Records that cannot be read or hold no numbers: the encoding stated, the batch left out, the array mapped."""

import ast

from misrun.tools.code.checks.repair_calls import library_name
from misrun.tools.code.checks.repair_syntax import text_of, with_keyword
from misrun.tools.code.cure_edits.scene import Scene, Written, function_at
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.training import training_loops
from misrun.tools.code.values import Site


def encoding_stated(scene: Scene) -> Written | None:
    """`open(...)` in the function that raised a UnicodeDecodeError reads UTF-8 and marks what does not decode."""
    root, raised = scene.facts.root, scene.raised()
    if root is None or root.exception != "UnicodeDecodeError" or not raised:
        return None
    for file, frame in reversed(raised):
        function = function_at(file, frame.line) or file.tree
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and _opens_text(file, call):
                edit = with_keyword(file, call, "encoding", '"utf-8", errors="replace"')
                said = "Read the text as UTF-8 and mark what does not decode."
                return Written(said, Site(file, call), (edit,))
    return None


def _opens_text(file: SourceFile, call: ast.Call) -> bool:
    named = {k.arg for k in call.keywords}
    modes = [a.value for a in call.args[1:2] if isinstance(a, ast.Constant)]
    plain = not any("b" in str(mode) or "w" in str(mode) for mode in modes)
    return text_of(file, call.func) == "open" and plain and not named & {"encoding", "errors", None, "mode"}


def odd_batches_skipped(scene: Scene) -> Written | None:
    """A training loop over `for x, y in loader` goes on with the next batch where x holds a value that is not finite.

    Only where the program is known to have ended in such values, and the first of the pair is what the model is given.
    """
    if not scene.facts.has("loss_nonfinite", "loss_hidden_nan", "grad_nonfinite"):
        return None
    for training in training_loops(scene.trace):
        loop = training.loop.node
        file = next((e.file for e in training.events if e.op == "module()"), None)
        inputs = _inputs(loop)
        given = [e for e in training.events if e.op == "module()" and e.file is file and _is_given(e.node, inputs)]
        if file is None or not isinstance(loop, ast.For) or not inputs or not given:
            continue
        torch, needed = library_name(file, "torch")
        text = f"if not {torch}.isfinite({inputs}).all():\n    continue"
        said = f"Leave out every batch whose `{inputs}` holds a value that is not finite, and look its records up."
        return Written(said, Site(file, loop), (Edit("before", file, loop.body[0], text), *needed))
    return None


def _inputs(loop: ast.AST) -> str:
    """x of `for x, y in ...` and of `for i, (x, y) in enumerate(...)`."""
    target = loop.target if isinstance(loop, ast.For) else None
    if isinstance(target, ast.Tuple) and len(target.elts) == 2 and isinstance(target.elts[1], ast.Tuple):
        target = target.elts[1]
    counted = isinstance(loop, ast.For) and "enumerate" in ast.unparse(loop.iter) and isinstance(target, ast.Tuple)
    if not isinstance(target, ast.Tuple) or not isinstance(target.elts[0], ast.Name):
        return ""
    own = isinstance(loop, ast.For) and isinstance(loop.target, ast.Tuple) and target is loop.target
    return "" if counted and own else target.elts[0].id


def _is_given(call: ast.AST, name: str) -> bool:
    first = call.args[0] if isinstance(call, ast.Call) and call.args else None
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(first)) if first is not None else False


def arrays_mapped(scene: Scene) -> Written | None:
    """`np.load(path)` of a whole array becomes a map of the file, of which only what is used is read."""
    for event in scene.trace.events("numpy.load"):
        node = event.node
        if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords and _is_array(event.file, node):
            said = "Map the array from its file (mmap_mode='r') instead of loading it whole."
            edit = with_keyword(event.file, node, "mmap_mode", '"r"')
            return Written(said, Site(event.file, node), (edit,))
    return None


def _is_array(file: SourceFile, call: ast.Call) -> bool:
    """A .npy by its name: an archive (.npz) cannot be mapped."""
    return ".npy" in text_of(file, call.args[0])
