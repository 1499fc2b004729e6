"""What is differentiated: the right argument, auxiliary values, the order of results, custom rules, safe branches."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_syntax import text_of, with_keyword
from misrun.tools.code.jax.bodies import Body
from misrun.tools.code.jax.optimizer_state import is_gradient_call
from misrun.tools.code.jax.program import GRADS, JaxProgram, Transform, jax_program
from misrun.tools.code.jax.repair_calls import results_of, swapped
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Trace
from misrun.tools.code.walking import unparsed, walk

_GRAD = "https://docs.jax.dev/en/latest/_autosummary/jax.grad.html"
_VALUE = "https://docs.jax.dev/en/latest/_autosummary/jax.value_and_grad.html"
_WHERE = "https://docs.jax.dev/en/latest/faq.html#gradients-contain-nan-where-using-where"
_RULES = "https://docs.jax.dev/en/latest/notebooks/Custom_derivative_rules_for_Python_code.html"
_PARAMETERS = names("params param weights theta variables model_params")
_DATA = names("x batch xs inputs data images image obs observations key rng state states y labels targets tokens")


def find_wrong_argument(trace: Trace) -> Iterator[Problem]:
    """`jax.grad(loss)` of `def loss(x, params)`: the gradient is that of the data."""
    for transform in jax_program(trace).transforms:
        wanted = _later_parameters(transform)
        if wanted is not None and _updates_parameters(transform):
            names_ = transform.function.parameters
            yield Problem(
                transform.where.site(transform.node),
                f"{transform.kind} differentiates with respect to the first argument of {transform.function.name}, "
                f"`{names_[0]}`, not `{names_[wanted]}`.",
                f"argnums={wanted}, or put the parameters first.",
                0.8,
                "Print the tree of the gradient: it must be that of the parameters.",
                _with_setting(transform, "argnums", str(wanted)),
                related=(transform.function.site(transform.function.node),),
            )


def _with_setting(transform: Transform, name: str, value: str) -> tuple[Edit, ...]:
    call = transform.call
    direct = call is not None and bool(call.args) and transform.node is call and "partial" not in unparsed(call.func)
    return (with_keyword(transform.where.file, call, name, value),) if direct and call is not None else ()


def _later_parameters(transform: Transform) -> int | None:
    """Where the model's parameters stand when data comes first and no argnums is given."""
    given = transform.function.parameters
    if transform.kind not in ("grad", "value_and_grad") or transform.setting("argnums") is not None or transform.bound:
        return None
    call = transform.call
    positional = call is not None and transform.kind in unparsed(call.func) and len(call.args) > 1
    if positional or len(given) < 2 or given[0] not in _DATA:
        return None
    return next((i for i, name in enumerate(given) if i and name in _PARAMETERS), None)


def _updates_parameters(transform: Transform) -> bool:
    """Gradients are used for an update in the body the transformation stands in or around."""
    functions = [b for b in transform.where.around() if not isinstance(b.node, ast.Module)]
    calls = [c for b in functions or [transform.where] for i in (b.below() if functions else [b]) for c in i.calls]
    return any(unparsed(c.func).endswith(("apply_updates", "apply_gradients", ".update")) for c in calls)


def find_auxiliary_mismatch(trace: Trace) -> Iterator[Problem]:
    """`value_and_grad(loss)` of a function that returns (loss, extras)."""
    for transform in jax_program(trace).transforms:
        kinds = ("grad", "value_and_grad", "filter_grad", "filter_value_and_grad")
        if transform.kind not in kinds or (transform.function.inner and _generates(transform)):
            continue
        returned = transform.function.returned
        tuples = [isinstance(v, ast.Tuple) for v in returned]
        aux = transform.setting("has_aux")
        given = isinstance(aux, ast.Constant) and aux.value is True
        hidden = aux is not None and not isinstance(aux, ast.Constant)
        positional = transform.call is not None and len(transform.call.args) > 2
        if returned and all(tuples) and not given and not hidden and not positional:
            edits = _with_auxiliary(transform) if all(len(v.elts) == 2 for v in returned) else ()  # type: ignore[attr-defined]
            yield _auxiliary(transform, "returns a tuple, but has_aux=True is missing", "has_aux=True.", edits)
        elif returned and given and all(_is_plainly_scalar(v) for v in returned):
            edits = _without_auxiliary(transform)
            yield _auxiliary(
                transform, "returns one value, but has_aux=True expects a pair", "Leave has_aux out.", edits
            )


def _with_auxiliary(transform: Transform) -> tuple[Edit, ...]:
    """has_aux=True, and a place for the extras in what is unpacked where there is none yet."""
    edits, file, results = (
        list(_with_setting(transform, "has_aux", "True")),
        transform.where.file,
        results_of(transform),
    )
    for result in results:
        target = result.targets[0]
        if not transform.kind.endswith("value_and_grad") and isinstance(target, ast.Name):
            edits.append(Edit("replace", file, target, f"{target.id}, _"))
        elif transform.kind.endswith("value_and_grad") and isinstance(target, ast.Tuple) and len(target.elts) == 2:
            if isinstance(target.elts[0], ast.Name):
                edits.append(Edit("replace", file, target.elts[0], f"({target.elts[0].id}, _)"))
        elif transform.kind.endswith("value_and_grad"):
            return ()
    return tuple(edits) if results else ()


def _without_auxiliary(transform: Transform) -> tuple[Edit, ...]:
    """has_aux and the place of the extras taken out, where nothing reads them."""
    file, results = transform.where.file, results_of(transform)
    setting = next((k for k in (transform.call.keywords if transform.call else ()) if k.arg == "has_aux"), None)
    edits = []
    for result in results:
        target = result.targets[0]
        both = transform.kind.endswith("value_and_grad")
        pair = target.elts[0] if both and isinstance(target, ast.Tuple) else target
        if not isinstance(pair, ast.Tuple) or len(pair.elts) != 2 or not isinstance(pair.elts[1], ast.Name):
            return ()
        read = (n for n in walk(file.tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
        if any(n.id == pair.elts[1].id for n in read):
            return ()
        edits.append(Edit("replace", file, pair, text_of(file, pair.elts[0])))
    return (*edits, Edit("drop", file, setting)) if results and setting is not None else ()


def _generates(transform: Transform) -> bool:
    return any(isinstance(n, ast.Yield | ast.YieldFrom) for n in transform.function.nodes)


def _is_plainly_scalar(node: ast.expr) -> bool:
    """Arithmetic, or a mean or sum: no tuple can come out."""
    if isinstance(node, ast.BinOp):
        return not isinstance(node.op, ast.Add) or not isinstance(node.left, ast.Tuple)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("mean", "sum")


def _auxiliary(transform: Transform, what: str, cure: str, edits: tuple[Edit, ...]) -> Problem:
    return Problem(
        transform.where.site(transform.node),
        f"{transform.function.name} {what}: {transform.kind} raises TypeError.",
        cure,
        0.85,
        "Call the differentiated function once.",
        edits,
        related=(transform.function.site(transform.function.node),),
    )


def find_swapped_results(trace: Trace) -> Iterator[Problem]:
    """`grads, loss = jax.value_and_grad(f)(params)`: the value comes first."""
    for body in jax_program(trace).bodies:
        for node in body.nodes:
            if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Tuple):
                continue
            elements = node.targets[0].elts
            if (
                is_gradient_call(node.value, body) not in ("value_and_grad", "filter_value_and_grad")
                or len(elements) != 2
            ):
                continue
            first, second = (unparsed(e).lower() for e in elements)
            if "grad" in first and "grad" not in second and ("loss" in second or "val" in second):
                yield Problem(
                    body.site(node),
                    f"value_and_grad gives (value, gradient): `{first}` is the value and `{second}` the gradient.",
                    f"{second}, {first} = ...",
                    0.9,
                    "Print both shapes.",
                    swapped(body.file, elements[0], elements[1]),
                )


# Functions whose derivative is infinite or undefined where their value is cut off.
_SINGULAR = names("log sqrt arccos arcsin norm log1p power reciprocal divide true_divide rsqrt")


def find_unsafe_where(trace: Trace) -> Iterator[Problem]:
    """`jnp.where(x > 0, jnp.log(x), 0)` in what is differentiated: the gradient at 0 is NaN."""
    program = jax_program(trace)
    for body in _differentiated(program):
        for call in body.calls:
            if body.path(call.func) != "jax.numpy.where" or len(call.args) != 3:
                continue
            for choice in call.args[1:]:
                risky = _unguarded(choice, call.args[0], body)
                if risky is not None:
                    yield Problem(
                        body.site(risky),
                        f"`{unparsed(risky)}` is also differentiated where the condition is false: there its "
                        "derivative is infinite, and infinite times 0 is NaN.",
                        "Make the argument safe first: x = jnp.where(condition, x, 1.0), then compute.",
                        0.7,
                        "Take the gradient at a point where the condition is false.",
                        _guarded(call, risky, body),
                        related=(body.site(call),),
                    )


def _guarded(where: ast.Call, risky: ast.expr, body: Body) -> tuple[Edit, ...]:
    """The "double where" of the FAQ: a harmless number inside where the outer one does not choose the result."""
    if not isinstance(risky, ast.Call):
        return ()
    file, argument = body.file, risky.args[0]
    safe = "0.0" if body.path(risky.func).endswith(("arccos", "arcsin", "log1p")) else "1.0"
    test = text_of(file, where.args[0])
    return (Edit("replace", file, argument, f"{text_of(file, where.func)}({test}, {text_of(file, argument)}, {safe})"),)


def _differentiated(program: JaxProgram) -> list[Body]:
    found = {}
    for transform in program.transforms:
        if transform.kind in GRADS:
            for body in program.reach(transform.function):
                found[id(body)] = body
    return list(found.values())


def _unguarded(choice: ast.expr, condition: ast.expr, body: Body) -> ast.expr | None:
    """A singular function of a bare name that the condition compares with a number."""
    if not isinstance(condition, ast.Compare) or not isinstance(condition.left, ast.Name):
        return None
    if not isinstance(condition.comparators[0], ast.Constant | ast.UnaryOp):
        return None
    for node in walk(choice):
        if not isinstance(node, ast.Call) or len(node.args) != 1:
            continue
        head, _, name = body.path(node.func).rpartition(".")
        argument = node.args[0]
        same = isinstance(argument, ast.Name) and argument.id == condition.left.id
        if head.startswith("jax.") and name in _SINGULAR and same:
            return node
    return None


def find_rule_arity(trace: Trace) -> Iterator[Problem]:
    """`f.defvjp(fwd, bwd)` whose backward gives another number of gradients than f has arguments."""
    program = jax_program(trace)
    for body in program.bodies:
        for call in body.calls:
            method = call.func
            if not (isinstance(method, ast.Attribute) and method.attr == "defvjp" and len(call.args) == 2):
                continue
            forward = program.function(call.args[0], body)
            rule = program.function(call.args[1], body)
            if forward is not None and rule is not None:
                yield from _forward_pair(forward[0], rule[0])
            primal = program.function(method.value, body)
            if rule is not None and primal is not None:
                yield from _arity(rule[0], primal[0], program)


def _forward_pair(rule: Body, backward: Body) -> Iterator[Problem]:
    """The forward rule gives the output and what the backward rule needs, as a pair."""
    for value in rule.returned:
        plain = isinstance(value, ast.BinOp | ast.Compare) or (isinstance(value, ast.Tuple) and len(value.elts) != 2)
        if plain and not any(isinstance(n, ast.Starred) for n in walk(value)):
            yield Problem(
                rule.site(value),
                f"The forward rule {rule.name} must give a pair: the output and the residuals.",
                "return output, residuals",
                0.85,
                "jax.test_util.check_grads(f, args, order=1).",
                _with_residuals(rule, value, backward),
            )


def _with_residuals(rule: Body, value: ast.expr, backward: Body) -> tuple[Edit, ...]:
    """No residuals, for a backward rule that reads none."""
    kept = backward.parameters[0] if backward.parameters else ""
    read = any(isinstance(n, ast.Name) and n.id == kept for n in backward.nodes)
    plain = isinstance(value, ast.BinOp | ast.Compare)
    return (Edit("replace", rule.file, value, f"{text_of(rule.file, value)}, None"),) if plain and not read else ()


def _arity(rule: Body, primal: Body, program: JaxProgram) -> Iterator[Problem]:
    settings = [t for t in program.transforms_of.get(id(primal), ()) if t.kind == "custom_vjp"]
    fixed = settings[0].setting("nondiff_argnums") if settings else None
    try:
        left_out = len(ast.literal_eval(fixed)) if fixed is not None else 0
    except (ValueError, TypeError):
        return
    spec = getattr(primal.node, "args", None)
    if not settings or spec is None or spec.vararg or spec.kwonlyargs:
        return
    wanted = len(primal.parameters) - left_out
    for value in rule.returned:
        if (
            isinstance(value, ast.Tuple)
            and not any(isinstance(e, ast.Starred) for e in value.elts)
            and len(value.elts) != wanted
        ):
            yield Problem(
                rule.site(value),
                f"The backward rule gives {len(value.elts)} gradients, but {primal.name} has {wanted} differentiated "
                "arguments.",
                "One gradient (or None) for each argument, in order.",
                0.85,
                "jax.test_util.check_grads(f, args, order=1).",
                related=(primal.site(primal.node),),
            )


CHECKS = (
    Check("gradient-of-wrong-argument", "A gradient taken of the data instead of the parameters.",
          "grad differentiates with respect to the first argument.", "Set argnums.",
          "model_software/frozen_parameters", _GRAD, "error", "jax_logic", find_wrong_argument),
    Check("has-aux-mismatch", "A loss with extra results and no has_aux, or the reverse.",
          "Without has_aux the function must return one scalar.", "Set has_aux to fit.",
          "model_software/api_error", _VALUE, "error", "jax_logic", find_auxiliary_mismatch),
    Check("value-and-grad-swapped", "The results of value_and_grad unpacked in the wrong order.",
          "The value comes first.", "Swap the names.", "model_software/api_error", _VALUE, "error",
          "jax_logic", find_swapped_results),
    Check("where-gradient-nan", "A branch of jnp.where that is singular where it is not chosen.",
          "Both branches are differentiated; 0 times infinity is NaN.", "Guard the argument too.",
          "optimization/unstable_arithmetic", _WHERE, "warning", "jax_logic", find_unsafe_where),
    Check("backward-rule-arity", "A custom backward rule with another number of gradients than arguments.",
          "JAX matches gradients to arguments by position.", "Return one per argument.",
          "model_software/api_error", _RULES, "error", "jax_logic", find_rule_arity),
)  # fmt: skip
