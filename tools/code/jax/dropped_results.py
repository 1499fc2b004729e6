"""Results that are computed and thrown away: in JAX nothing is changed in place, so the call did nothing."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.jax.bodies import Body
from misrun.tools.code.jax.program import jax_program
from misrun.tools.code.jax.repair_calls import assigned, updated_items
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Trace
from misrun.tools.code.walking import unparsed, walk

_AT = "https://docs.jax.dev/en/latest/_autosummary/jax.numpy.ndarray.at.html"
_APPLY = "https://optax.readthedocs.io/en/latest/getting_started.html"
_STATE = "https://flax-linen.readthedocs.io/en/latest/api_reference/flax.training/train_state.html"
_UPDATES = names("set add subtract multiply mul divide power min max apply")
_PURE = names(
    "optax.apply_updates jax.lax.stop_gradient jax.lax.pmean jax.lax.psum jax.numpy.where jax.numpy.clip"
    " jax.random.split equinox.apply_updates jax.random.fold_in optax.incremental_update optax.periodic_update"
)


def find_dropped_at(trace: Trace) -> Iterator[Problem]:
    """`x.at[i].set(v)` as a statement of its own."""
    for body, statement, call in _lone_calls(trace):
        base = _updated_array(call)
        if base is not None:
            name = unparsed(base)
            yield Problem(
                body.site(statement),
                f"`{name}` stays as it is: .at[...] gives a new array, which is thrown away here.",
                f"{name} = {name}.at[...]...",
                0.95,
                f"Print {name} before and after.",
                edits=assigned(body, call, base),
            )


def _updated_array(call: ast.Call) -> ast.expr | None:
    method = call.func
    if (
        not isinstance(method, ast.Attribute)
        or method.attr not in _UPDATES
        or not isinstance(method.value, ast.Subscript)
    ):
        return None
    view = method.value.value
    return view.value if isinstance(view, ast.Attribute) and view.attr == "at" else None


def find_item_assignment(trace: Trace) -> Iterator[Problem]:
    """`x[i] = v` of an array that jax.numpy made; the first one of each array."""
    for body in jax_program(trace).bodies:
        seen: set[str] = set()
        items = list(_item_targets(body))
        for node, target in items:
            name = target.value.id if isinstance(target.value, ast.Name) else ""
            if name and name not in seen and _is_array(name, body):
                seen.add(name)
                yield Problem(
                    body.site(node),
                    f"`{name}` is an array of JAX, which cannot be changed in place: TypeError.",
                    f"{name} = {name}.at[{unparsed(target.slice)}].set(...)",
                    0.9,
                    "Run the line.",
                    updated_items(body, name, items),
                )


def _item_targets(body: Body) -> Iterator[tuple[ast.stmt, ast.Subscript]]:
    """Assignments to elements; what stands in a try is expected to fail."""
    tried = {id(n) for t in body.nodes if isinstance(t, ast.Try) and t.handlers for s in t.body for n in walk(s)}
    for node in (n for n in body.nodes if id(n) not in tried):
        if isinstance(node, ast.Assign):
            yield from ((node, target) for target in node.targets if isinstance(target, ast.Subscript))
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Subscript):
            yield node, node.target


def _is_array(name: str, body: Body) -> bool:
    """Everything that is assigned to the name comes from a function of jax.numpy or jax.random."""
    if name not in body.own_names or name in body.parameters:
        return False
    stores = sum(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store) for n in body.nodes)
    values = body.assigned.get(name, [])
    made = [isinstance(v, ast.Call) and body.path(v.func).startswith(("jax.numpy.", "jax.random.")) for v in values]
    return bool(made) and all(made) and len(made) == stores


def find_dropped_result(trace: Trace) -> Iterator[Problem]:
    """`optax.apply_updates(params, updates)`, `state.apply_gradients(grads=grads)`, ... as a statement of its own."""
    for body, statement, call in _lone_calls(trace):
        path = body.path(call.func)
        if (path in _PURE and not body.file.is_notebook) or _is_state_update(call, body):
            what = unparsed(call.func)
            yield Problem(
                body.site(statement),
                f"{what} changes nothing in place; its result is thrown away here.",
                "Assign the result and use it from then on.",
                0.9,
                "Compare the values before and after the line.",
                _kept(body, call),
            )


# Functions whose result takes the place of the second argument: the old average, the old target.
_REPLACES_SECOND = names("optax.incremental_update optax.periodic_update")
_REPLACES_FIRST = names("optax.apply_updates equinox.apply_updates jax.lax.pmean jax.lax.psum")


def _kept(body: Body, call: ast.Call) -> tuple[Edit, ...]:
    """The result in place of the value it is the new one of."""
    path = body.path(call.func)
    if isinstance(call.func, ast.Attribute) and call.func.attr == "apply_gradients":
        return assigned(body, call, call.func.value)
    if path == "jax.random.split" and len(call.args) == 1:
        return assigned(body, call, call.args[0], ", _")
    at = 1 if path in _REPLACES_SECOND else 0
    known = path in _REPLACES_FIRST | _REPLACES_SECOND
    return assigned(body, call, call.args[at]) if known and len(call.args) > at else ()


def _is_state_update(call: ast.Call, body: Body) -> bool:
    """`state.apply_gradients(grads=...)` of Flax's TrainState; Keras has a method of that name that works in place."""
    method = call.func
    return (
        isinstance(method, ast.Attribute)
        and method.attr == "apply_gradients"
        and any(k.arg == "grads" for k in call.keywords)
        and any(path.startswith("flax") for path in body.imports.values())
    )


def _lone_calls(trace: Trace) -> Iterator[tuple[Body, ast.Expr, ast.Call]]:
    for body in jax_program(trace).bodies:
        for node in body.nodes:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                yield body, node, node.value


def find_unused_new_value(trace: Trace) -> Iterator[Problem]:
    """`new_state = f(state, x)` is never used while `state` is handed on."""
    program = jax_program(trace)
    for transform in program.transforms:
        if transform.kind not in ("scan", "fori_loop", "while_loop", "jit", "pmap"):
            continue
        function = transform.function
        returned = {n.id for v in function.returned for n in _plain_names(v)}
        for name, target in _unused(function):
            old = name.partition("_")[2]
            if name.startswith(("new_", "next_", "updated_")) and old in returned and old not in _rebound(function):
                yield Problem(
                    function.site(target),
                    f"`{name}` is computed and never used; the function returns the old `{old}`.",
                    f"Return {name}.",
                    0.85,
                    f"Compare {old} before and after a step.",
                    tuple(
                        Edit("replace", function.file, n, name)
                        for v in function.returned
                        for n in _plain_names(v)
                        if n.id == old
                    ),
                    related=(transform.where.site(transform.node),),
                )


def _plain_names(node: ast.expr) -> Iterator[ast.Name]:
    """Names that are returned as they are, in tuples and lists too."""
    if isinstance(node, ast.Name):
        yield node
    elif isinstance(node, ast.Tuple | ast.List):
        for part in node.elts:
            yield from _plain_names(part)


def _unused(function: Body) -> Iterator[tuple[str, ast.AST]]:
    loads = {
        n.id for b in function.below() for n in b.nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Store)
    }
    for node in function.nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id not in loads:
            yield node.id, node


def _rebound(function: Body) -> set[str]:
    """Names that are assigned from something other than a parameter that is unpacked."""
    found = set()
    for node in function.nodes:
        if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Name):
            found |= {n.id for t in node.targets for n in walk(t) if isinstance(n, ast.Name)}
        elif isinstance(node, ast.AugAssign | ast.AnnAssign | ast.For):
            found |= {n.id for n in walk(node.target) if isinstance(n, ast.Name)}
    return found


CHECKS = (
    Check("at-result-dropped", "x.at[...].set(...) without using what it gives.",
          "Arrays of JAX cannot be changed; .at gives a changed copy.", "Assign the result.",
          "model_software/wrong_loss", _AT, "error", "jax_logic", find_dropped_at),
    Check("item-assignment", "Assignment to an element of a JAX array.",
          "Arrays of JAX cannot be changed.", "Use .at[...].set(...).",
          "model_software/api_error", _AT, "error", "jax_logic", find_item_assignment),
    Check("pure-result-dropped", "A pure function called for an effect it does not have.",
          "Parameters and states are values: only what is returned has changed.", "Assign the result.",
          "model_software/frozen_parameters", _APPLY, "error", "jax_logic", find_dropped_result),
    Check("new-value-unused", "A new state is computed and the old one is returned.",
          "The next step starts from the old state.", "Return the new one.",
          "model_software/frozen_parameters", _STATE, "error", "jax_logic", find_unused_new_value),
)  # fmt: skip
