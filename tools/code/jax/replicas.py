"""Several devices and reused buffers: gradients that are not averaged, arguments used after they were given away."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.jax.bodies import Body
from misrun.tools.code.jax.optimizer_state import is_gradient_call, updates_in
from misrun.tools.code.jax.program import JaxProgram, Transform, chosen_parameters, jax_program
from misrun.tools.code.jax.repair_keys import library
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Trace
from misrun.tools.code.walking import unparsed, walk

_PMAP = "https://docs.jax.dev/en/latest/_autosummary/jax.pmap.html"
_DONATE = "https://docs.jax.dev/en/latest/buffer_donation.html"
_COLLECTIVES = names("pmean psum psum_scatter all_gather all_to_all ppermute pmax pmin reduce_scatter")
# Libraries whose functions do not average gradients over devices by themselves.
_KNOWN = (
    "jax",
    "optax",
    "flax",
    "numpy",
    "chex",
    "functools",
    "len",
    "float",
    "int",
    "isinstance",
    "dict",
    "print",
    "zip",
)


def find_missing_mean(trace: Trace) -> Iterator[Problem]:
    """A function under pmap takes gradients and applies them, and no collective touches the gradients."""
    program = jax_program(trace)
    for transform in program.transforms:
        if transform.kind != "pmap":
            continue
        reached = program.reach(transform.function)
        taken = [(b, n) for b in reached for n in _gradient_assigns(b)]
        if not taken or not any(_applies(b) for b in reached):
            continue
        if _never_averages(reached, program) or (
            len(taken) == 1 and _averages_other_things(taken[0], reached, program)
        ):
            yield _missing(transform, *taken[0])


def _never_averages(reached: list[Body], program: JaxProgram) -> bool:
    """No collective anywhere, and no call outside of what can be seen that might hold one."""
    return not any(_has_collective(b) or _goes_elsewhere(b, program) for b in reached)


def _missing(transform: Transform, body: Body, node: ast.Assign) -> Problem:
    return Problem(
        body.site(node),
        f"{transform.function.name} runs under pmap, takes gradients on each device's part of the batch and applies "
        "them without averaging: the copies of the parameters drift apart.",
        'grads = jax.lax.pmean(grads, axis_name="batch") before the update, with the same axis_name in pmap.',
        0.8,
        "Compare the parameters of two devices after ten steps: they must be equal.",
        _averaged(transform, body, node),
        related=(transform.where.site(transform.node),),
    )


def _averaged(transform: Transform, body: Body, node: ast.Assign) -> tuple[Edit, ...]:
    """A mean over the axis of the pmap, below the statement that takes the gradients."""
    axis, mean = _literal(transform.setting("axis_name")), library(body, "jax.lax.pmean")
    gradients = _gradient_names(node, is_gradient_call(node.value, body))
    if not axis or mean is None or len(gradients) != 1:
        return ()
    (name,) = gradients
    return (Edit("after", body.file, node, f'{name} = {mean}({name}, axis_name="{axis}")'),)


def _gradient_assigns(body: Body) -> Iterator[ast.Assign]:
    for node in body.nodes:
        if isinstance(node, ast.Assign) and is_gradient_call(node.value, body) in ("grad", "value_and_grad"):
            yield node


def _applies(body: Body) -> bool:
    applied = any(
        body.path(c.func) == "optax.apply_updates" or unparsed(c.func).endswith(".apply_gradients") for c in body.calls
    )
    return applied or next(updates_in(body), None) is not None


def _has_collective(body: Body) -> bool:
    names_used = {
        n.attr if isinstance(n, ast.Attribute) else n.id for n in body.nodes if isinstance(n, ast.Name | ast.Attribute)
    }
    hints = {
        n
        for n in names_used
        if ("mean" in n.lower() and n not in ("mean", "nanmean", "tree_mean")) or "sync" in n.lower()
    }
    return bool(names_used & _COLLECTIVES or hints) or any(
        k.arg in ("axis_name", "pmap_axis_name") for c in body.calls for k in c.keywords
    )


def _goes_elsewhere(body: Body, program: JaxProgram) -> bool:
    """A call that cannot be seen gets the gradients, and may average them."""
    for call in body.calls:
        given = {
            n.id for a in (*call.args, *(k.value for k in call.keywords)) for n in walk(a) if isinstance(n, ast.Name)
        }
        method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if not any("grad" in name for name in given) or method in (
            "update",
            "apply_gradients",
            "apply_updates",
            "mean",
        ):
            continue
        seen = program.function(call.func, body) is not None
        if not seen and not body.path(call.func).startswith(_KNOWN):
            return True
    return False


def _averages_other_things(taken: tuple[Body, ast.Assign], reached: list[Body], program: JaxProgram) -> bool:
    """Collectives are called in the same function as the gradients are taken, but none gets them."""
    body, node = taken
    if any(_has_collective(b) for b in reached if b is not body) or _goes_elsewhere(body, program):
        return False
    gradients = _gradient_names(node, is_gradient_call(node.value, body))
    calls = [c for c in body.calls if body.path(c.func).rpartition(".")[2] in _COLLECTIVES]
    plain = [k for c in body.calls for k in c.keywords if k.arg in ("axis_name", "pmap_axis_name") and c not in calls]
    given = {n.id for c in calls for a in c.args for n in walk(a) if isinstance(n, ast.Name)}
    return bool(calls) and not plain and bool(gradients) and not given & gradients and not _mapped(body)


def _mapped(body: Body) -> bool:
    """A collective handed to tree_map as a function."""
    called = {id(c.func) for c in body.calls}
    parts = (n for n in body.nodes if isinstance(n, ast.Attribute) and n.attr in _COLLECTIVES)
    return any(id(n) not in called for n in parts) or any(_has_collective(b) for b in body.inner)


def _gradient_names(node: ast.Assign, kind: str) -> set[str]:
    target = node.targets[0]
    part = (
        target.elts[1]
        if kind == "value_and_grad" and isinstance(target, ast.Tuple) and len(target.elts) == 2
        else target
    )
    return {n.id for n in walk(part) if isinstance(n, ast.Name)}


def find_foreign_axis(trace: Trace) -> Iterator[Problem]:
    """`pmean(x, "batch")` inside `pmap(..., axis_name="devices")`."""
    program = jax_program(trace)
    bound = {name for t in program.transforms if (name := _literal(t.setting("axis_name")))}
    for transform in program.transforms:
        own = _literal(transform.setting("axis_name"))
        if transform.kind != "pmap" or not own:
            continue
        for body in program.reach(transform.function):
            for call in body.calls:
                asked, written = _axis_of(call, body), _axis_node(call)
                if asked and asked not in bound:
                    yield Problem(
                        body.site(call),
                        f'The axis "{asked}" is bound nowhere: the function runs under pmap with "{own}", and '
                        "JAX raises NameError.",
                        f'"{own}"',
                        0.85,
                        "Run one step.",
                        (Edit("replace", body.file, written, f'"{own}"'),) if written is not None else (),
                        related=(transform.where.site(transform.node),),
                    )


def _axis_of(call: ast.Call, body: Body) -> str:
    """The literal axis name that a collective is given."""
    head, _, name = body.path(call.func).rpartition(".")
    if head != "jax.lax" or name not in _COLLECTIVES:
        return ""
    return _literal(_axis_node(call))


def _axis_node(call: ast.Call) -> ast.expr | None:
    return next((k.value for k in call.keywords if k.arg == "axis_name"), call.args[1] if len(call.args) > 1 else None)


def _literal(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def find_donated_reuse(trace: Trace) -> Iterator[Problem]:
    """`step(params, x)` with params donated, and `params` read again before it is assigned."""
    program = jax_program(trace)
    donating = [(t, given) for t in program.transforms if t.kind in ("jit", "pmap") and (given := _donated(t))]
    for body in program.bodies if donating else ():
        for call in body.calls:
            for transform, given in donating:
                if _runs(call, transform, body):
                    yield from _read_again(call, transform, given, body)


def _donated(transform: Transform) -> set[str]:
    found: set[str] = set()
    for name in ("donate_argnums", "donate_argnames"):
        value = transform.setting(name)
        found |= (chosen_parameters(transform.function, value) or set()) if value is not None else set()
    return found


def _runs(call: ast.Call, transform: Transform, body: Body) -> bool:
    """The call is of the compiled function: by the name jit's result was given, or of the decorated function."""
    if not isinstance(call.func, ast.Name):
        return False
    home = body.home_of(call.func.id)
    if home is None:
        return False
    if any(v is transform.node for v in home.assigned.get(call.func.id, ())):
        return True
    decorators = getattr(transform.function.node, "decorator_list", ())
    return home.functions.get(call.func.id) is transform.function and transform.node in decorators


def _read_again(call: ast.Call, transform: Transform, given: set[str], body: Body) -> Iterator[Problem]:
    for parameter, value in zip(transform.function.parameters, call.args, strict=False):
        if parameter in given and isinstance(value, ast.Name) and _is_state(parameter):
            later = _read_before_assigned(value.id, call, body)
            if later is not None:
                yield Problem(
                    body.site(later),
                    f"`{value.id}` was donated to {transform.function.name} at {body.site(call)}: its buffer is gone, "
                    "and on GPU or TPU reading it raises an error.",
                    f"Use what {transform.function.name} returns, or do not donate `{parameter}`.",
                    0.8,
                    "Print the value after the call.",
                    _undonated(transform, given),
                    related=(body.site(call),),
                )


def _undonated(transform: Transform, given: set[str]) -> tuple[Edit, ...]:
    """The donation taken out, where it is of this argument alone."""
    keywords = [k for k in (transform.call.keywords if transform.call else ()) if (k.arg or "").startswith("donate_")]
    return (Edit("drop", transform.where.file, keywords[0]),) if len(keywords) == 1 and len(given) == 1 else ()


def _is_state(parameter: str) -> bool:
    """Only what comes back in the same form is overwritten; a donated batch that fits no result stays whole."""
    return any(word in parameter.lower() for word in ("state", "param", "weight", "variables", "carry", "cache"))


def _read_before_assigned(name: str, call: ast.Call, body: Body) -> ast.Name | None:
    """The next read of the name after the call, unless an assignment comes first (the call's own included)."""
    statement = next(
        (n for n in body.nodes if isinstance(n, ast.Assign) and any(p is call for p in walk(n.value))), None
    )
    if statement is not None and any(
        isinstance(n, ast.Name) and n.id == name for t in statement.targets for n in walk(t)
    ):
        return None
    after = call.end_lineno or call.lineno
    asked = {id(n.value) for n in body.nodes if isinstance(n, ast.Attribute) and n.attr in _ABOUT}
    later = [n for n in body.nodes if isinstance(n, ast.Name) and n.id == name and n.lineno > after]
    later = [n for n in later if id(n) not in asked]
    return later[0] if later and isinstance(later[0].ctx, ast.Load) and _same_block(call, later[0], body) else None


def _same_block(call: ast.Call, later: ast.Name, body: Body) -> bool:
    """Not in the other arm of a branch around the call."""
    for node in body.nodes:
        if isinstance(node, ast.If):
            arms = ([*walk(ast.Module(node.body, []))], [*walk(ast.Module(node.orelse, []))])
            held = [any(n is call for n in arm) for arm in arms]
            if any(held) and any(n is later for n in arms[held.index(False)]):
                return False
    return True


# What can be asked of an array whose buffer is gone.
_ABOUT = names("shape dtype ndim size sharding delete is_deleted keys")

CHECKS = (
    Check("gradients-not-averaged", "Gradients applied under pmap without a mean over the devices.",
          "Each device sees its own part of the batch and updates its own copy.", "pmean the gradients.",
          "optimization/accumulation_scaling", _PMAP, "error", "jax_logic", find_missing_mean),
    Check("axis-name-unbound", "A collective over an axis that no pmap or vmap binds.",
          "The name must be that of an enclosing transformation.", "Use the same name.",
          "model_software/api_error", _PMAP, "error", "jax_logic", find_foreign_axis),
    Check("donated-argument-reused", "An argument read after it was donated.",
          "Its memory now belongs to the result.", "Use the result.", "model_software/api_error",
          _DONATE, "error", "jax_logic", find_donated_reuse),
)  # fmt: skip
