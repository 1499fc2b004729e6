"""Evaluation without autograd, and with its outputs on the host."""

import ast

from misrun.tools.code.checks.repair_calls import library_name
from misrun.tools.code.checks.repair_no_grad import without_gradients
from misrun.tools.code.checks.repair_syntax import atom, text_of
from misrun.tools.code.cure_edits.scene import Scene, Written, function_at
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event
from misrun.tools.code.values import Site

_WORDS = names("eval evaluate evaluation valid validate validation val test predict inference score accuracy dev")
_WITHOUT = names("no_grad inference_mode")


def without_autograd(scene: Scene) -> Written | None:
    """The evaluation's function under torch.no_grad(), where it differentiates nothing and does not do so already."""
    found = _evaluating(scene)
    if found is None:
        return None
    file, function = found
    if _is_without_autograd(function) or _trains(scene, function):
        return None
    site = Site(file, function)
    loop = next((n for n in ast.walk(function) if isinstance(n, ast.For | ast.While)), None)
    edits = without_gradients(Site(file, loop.body[0]), _root(scene, function)) if loop is not None else ()
    if not edits:
        torch, needed = library_name(file, "torch")
        edits = (Edit("before", file, function, f"@{torch}.no_grad()"), *needed)
    return Written(f"Run the evaluation in `{function.name}` under torch.no_grad().", site, edits)


def is_without_autograd(scene: Scene) -> bool:
    """Whether the evaluation that ended the run, or the only one there is, certainly builds no graph."""
    found = _evaluating(scene)
    return found is not None and _is_without_autograd(found[1])


def outputs_on_host(scene: Scene) -> Written | None:
    """Every tensor that the evaluation collects in a list is moved to the host when it is collected."""
    found = _evaluating(scene)
    if found is None or _trains(scene, found[1]):
        return None
    file, function = found
    appends = [n for n in ast.walk(function) if _is_append(n)]
    collected = [n.args[0] for n in appends if isinstance(n, ast.Call) and _is_tensor(scene, n)]
    if not collected or any(not isinstance(n, ast.Name | ast.Call | ast.Attribute | ast.Subscript) for n in collected):
        return None
    edits = tuple(Edit("replace", file, node, f"{atom(file, node)}.cpu()") for node in collected)
    said = f"Move what `{function.name}` collects to the host batch by batch ({_listed(file, collected)})."
    return Written(said, Site(file, collected[0]), edits)


def _listed(file: SourceFile, nodes: list[ast.expr]) -> str:
    return ", ".join(dict.fromkeys(f"`{text_of(file, node)}`" for node in nodes))


def _evaluating(scene: Scene) -> tuple[SourceFile, ast.FunctionDef] | None:
    """The function that evaluates: the outermost of that name on the way to the error, else the only one there is."""
    raised = [(file, function_at(file, frame.line)) for file, frame in scene.raised()]
    for file, function in raised:
        if function is not None and _speaks_of_evaluation(function.name):
            return file, function
    if scene.facts.root is not None and raised:
        return None  # it stopped elsewhere
    every = [
        (file, node)
        for file in scene.trace.project.files
        for node in ast.walk(file.tree)
        if isinstance(node, ast.FunctionDef) and _speaks_of_evaluation(node.name) and _loops(node)
    ]
    return every[0] if len(every) == 1 else None


def _speaks_of_evaluation(name: str) -> bool:
    return any(word in _WORDS for word in name.lower().split("_"))


def _loops(function: ast.FunctionDef) -> bool:
    return any(isinstance(n, ast.For | ast.While) for n in ast.walk(function))


def _is_without_autograd(function: ast.FunctionDef) -> bool:
    named = {n.attr for n in ast.walk(function) if isinstance(n, ast.Attribute)}
    named |= {n.id for n in ast.walk(function) if isinstance(n, ast.Name)}
    return bool(named & (_WITHOUT | {"set_grad_enabled"}))


def _trains(scene: Scene, function: ast.FunctionDef) -> bool:
    """Whether anything is differentiated or stepped while the function runs."""
    return any(
        e.op in ("backward", "optimizer.step", "scaler.step") and _happens_in(e, function) for e in scene.trace.events()
    )


def _happens_in(event: Event, function: ast.FunctionDef) -> bool:
    inside = {id(n) for n in ast.walk(function)}
    return any(id(f.node) in inside for f in event.frame.chain()) or id(event.node) in inside


def _root(scene: Scene, function: ast.FunctionDef) -> tuple[Event, ...]:
    return next((root for root in scene.trace.roots if any(_happens_in(e, function) for e in root)), ())


def _is_append(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "append"
        and len(node.args) == 1
    )


def _is_tensor(scene: Scene, call: ast.Call) -> bool:
    """Whether what is appended can be a tensor on the device: no number, and not moved already."""
    given = call.args[0]
    called = given.func.attr if isinstance(given, ast.Call) and isinstance(given.func, ast.Attribute) else ""
    if called in ("item", "cpu", "tolist", "numpy", "append"):
        return False
    events = [e for e in scene.trace.events("append") if e.node is call]
    return any(e.args and (e.args[0].kind == "tensor" or e.args[0].op in ("element", "to")) for e in events)
