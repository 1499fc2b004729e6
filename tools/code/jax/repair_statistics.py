"""Edits that carry new batch statistics out of a differentiated loss and into the TrainState.

The way of https://flax-linen.readthedocs.io/en/latest/guides/training_techniques/batch_norm.html
"""

import ast

from misrun.tools.code.checks.repair_places import free_name
from misrun.tools.code.checks.repair_syntax import text_of, with_keyword
from misrun.tools.code.jax.bodies import Body
from misrun.tools.code.jax.program import GRADS, transform_kind
from misrun.tools.code.patches import Edit

Edits = tuple[Edit, ...]


def kept_in_state(loss: Body, run: ast.Assign) -> Edits:
    """`logits, updates = apply(...)` in the loss, `return loss, updates`, `(loss, updates), grads = ...` in the step,
    and `apply_gradients(grads=grads, batch_stats=updates["batch_stats"])`; none where the code is built otherwise."""
    step, target = loss.parent, run.targets[0]
    if (
        step is None
        or isinstance(step.node, ast.Module)
        or not isinstance(target, ast.Tuple)
        or len(loss.returned) != 1
    ):
        return ()
    applied = [c for c in step.calls if isinstance(c.func, ast.Attribute) and c.func.attr == "apply_gradients"]
    taken = [n for n in step.nodes if isinstance(n, ast.Assign) and _takes_gradient(n, loss, step)]
    if len(applied) != 1 or len(taken) != 1 or not isinstance(target.elts[1], ast.Name):
        return ()
    way = _way_out(loss, taken[0], target.elts[1])
    if way is None:
        return ()
    edits, name = way
    return (*edits, with_keyword(loss.file, applied[0], "batch_stats", f'{name}["batch_stats"]'))


def _takes_gradient(node: ast.Assign, loss: Body, step: Body) -> bool:
    """`value, grads = jax.value_and_grad(loss_fn)(params)`."""
    call = node.value
    made = call.func if isinstance(call, ast.Call) else None
    if not isinstance(made, ast.Call) or transform_kind(step, made.func) not in GRADS or not made.args:
        return False
    return isinstance(made.args[0], ast.Name) and made.args[0].id == loss.name and _is_pair(node.targets[0])


def _is_pair(target: ast.expr) -> bool:
    return isinstance(target, ast.Tuple) and len(target.elts) == 2


def _way_out(loss: Body, taken: ast.Assign, updates: ast.Name) -> tuple[list[Edit], str] | None:
    """The edits that bring the updates out of the loss, and their name in the step."""
    file, returned, target = loss.file, loss.returned[0], taken.targets[0]
    if not isinstance(target, ast.Tuple) or not isinstance(taken.value, ast.Call):
        return None
    made, value = taken.value.func, target.elts[0]
    if isinstance(returned, ast.Tuple):
        return _through_extras(loss, returned, value, updates.id)
    if (
        not isinstance(made, ast.Call)
        or not isinstance(value, ast.Name)
        or any(k.arg == "has_aux" for k in made.keywords)
    ):
        return None
    name = updates.id if updates.id != "_" else free_name(file, "updates")
    edits = [Edit("replace", file, updates, name)] if updates.id == "_" else []
    edits += [
        Edit("replace", file, returned, f"{text_of(file, returned)}, {name}"),
        with_keyword(file, made, "has_aux", "True"),
        Edit("replace", file, value, f"({value.id}, {name})"),
    ]
    return edits, name


def _through_extras(loss: Body, returned: ast.Tuple, value: ast.expr, updates: str) -> tuple[list[Edit], str] | None:
    """Where the loss gives them out already: a name for them beside the others."""
    extras = returned.elts[1] if len(returned.elts) == 2 else None
    place = value.elts[1] if isinstance(value, ast.Tuple) and len(value.elts) == 2 else None
    if not isinstance(place, ast.Name) or place.id != "_" or extras is None:
        return None
    if isinstance(extras, ast.Name) and extras.id == updates:
        return [Edit("replace", loss.file, place, updates)], updates
    if not isinstance(extras, ast.Tuple) or not any(isinstance(e, ast.Name) and e.id == updates for e in extras.elts):
        return None
    parts = [updates if isinstance(e, ast.Name) and e.id == updates else "_" for e in extras.elts]
    return [Edit("replace", loss.file, place, f"({', '.join(parts)})")], updates
