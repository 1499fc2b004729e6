"""What a traced function must not do: branch in Python on a traced value, use the host's random numbers or clock, or
put traced values into what lives outside of it."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.jax.bodies import Body
from misrun.tools.code.jax.optimizer_state import is_gradient_call
from misrun.tools.code.jax.program import TRACING, Transform, jax_program
from misrun.tools.code.jax.repair_calls import chosen_by_array, in_numpy_of_jax
from misrun.tools.code.names import names
from misrun.tools.code.trace import Trace
from misrun.tools.code.walking import children, unparsed, walk

_CONTROL = "https://docs.jax.dev/en/latest/control-flow.html"
_PURE = "https://docs.jax.dev/en/latest/notebooks/Common_Gotchas_in_JAX.html#pure-functions"
_LEAK = "https://docs.jax.dev/en/latest/errors.html#jax.errors.UnexpectedTracerError"
# Functions of jax.numpy that answer about shapes and types, which are known while tracing.
_STATIC = names("ndim shape size dtype issubdtype result_type promote_types isscalar iscomplexobj finfo iinfo isdtype")
_HOST_RANDOM = ("numpy.random.", "random.random", "random.randint", "random.uniform", "random.choice", "random.gauss",
                "random.sample", "random.shuffle", "random.normalvariate")  # fmt: skip
_SEEDED = names("RandomState default_rng Generator PCG64 SeedSequence")
_CLOCK = names("time.time time.perf_counter time.monotonic datetime.datetime.now datetime.now")


def find_branch_on_tracer(trace: Trace) -> Iterator[Problem]:
    program = jax_program(trace)
    for transform in program.transforms:
        if transform.kind not in TRACING or transform.kind.startswith("filter"):
            continue
        fixed = transform.fixed()
        for test in _tests(transform.function) if fixed is not None else ():
            value = _traced_value(test, transform.function, _traced(transform, fixed or frozenset()))
            if value is not None:
                yield _branch(value, transform)


def _branch(value: ast.expr, transform: Transform) -> Problem:
    return Problem(
        transform.function.site(value),
        f"Python decides on `{unparsed(value)}`, a traced value inside the function given to {transform.kind}: JAX "
        "raises TracerBoolConversionError when it is traced.",
        "jnp.where or jax.lax.cond / while_loop, or mark the argument as static where it is no array.",
        0.8,
        "Call the function once under jit.",
        chosen_by_array(value, transform.function),
        related=(transform.where.site(transform.node),),
    )


def _tests(function: Body) -> Iterator[ast.expr]:
    for node in function.nodes:
        if isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
            yield from _parts(node.test)


def _parts(test: ast.expr) -> Iterator[ast.expr]:
    """The single conditions of `a and not b`."""
    if isinstance(test, ast.BoolOp):
        for value in test.values:
            yield from _parts(value)
    elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _parts(test.operand)
    else:
        yield test


def _traced(transform: Transform, fixed: frozenset[str]) -> frozenset[str]:
    """Parameters that are certainly traced: not static, not given a default (left out, the default stays Python)."""
    function = transform.function
    spec = getattr(function.node, "args", None)
    if spec is None:
        return frozenset()
    plain = function.parameters[: len(function.parameters) - len(spec.defaults)]
    annotated = {a.arg for a in (*spec.posonlyargs, *spec.args) if a.annotation is not None and not _is_array(a)}
    known = frozenset(plain) - fixed - annotated
    stored = {n.id for n in function.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return known - stored


def _is_array(argument: ast.arg) -> bool:
    text = unparsed(argument.annotation) if argument.annotation is not None else ""
    return any(word in text for word in ("Array", "ndarray", "Float[", "Int["))


def _traced_value(test: ast.expr, function: Body, traced: frozenset[str]) -> ast.expr | None:
    """The test where it certainly depends on the value of a traced parameter."""
    if isinstance(test, ast.Call):
        return test if _computes(test, function, traced) else None
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    if not isinstance(test.ops[0], ast.Lt | ast.Gt | ast.LtE | ast.GtE | ast.Eq | ast.NotEq):
        return None
    sides = (test.left, test.comparators[0])
    is_number = any(isinstance(s, ast.Constant) and type(s.value) in (int, float) for s in sides)
    if any(_computes(s, function, traced) for s in sides):
        return test
    return test if is_number and any(isinstance(s, ast.Name) and s.id in traced for s in sides) else None


def _computes(node: ast.expr, function: Body, traced: frozenset[str]) -> bool:
    """`jnp.any(x)`, `jnp.sum(x) / n` or `x.sum()` of a traced parameter."""
    if isinstance(node, ast.BinOp):
        return _computes(node.left, function, traced) or _computes(node.right, function, traced)
    if not isinstance(node, ast.Call):
        return False
    path = function.path(node.func)
    head, _, name = path.rpartition(".")
    if head in ("jax.numpy", "jax.numpy.linalg", "jax.lax", "jax.nn") and name not in _STATIC:
        return any(_depends(a, traced) for a in node.args)
    method = node.func
    plain = isinstance(method, ast.Attribute) and method.attr in ("sum", "mean", "any", "all", "max", "min", "item")
    return (
        plain and isinstance(method, ast.Attribute) and isinstance(method.value, ast.Name) and method.value.id in traced
    )


def _depends(node: ast.expr, traced: frozenset[str]) -> bool:
    """Whether the value (not only the shape) of a traced name goes into an expression."""
    if isinstance(node, ast.Attribute):
        return node.attr not in ("shape", "ndim", "size", "dtype") and _depends(node.value, traced)
    if isinstance(node, ast.Call):
        asks = isinstance(node.func, ast.Name) and node.func.id in ("len", "isinstance", "hasattr", "getattr")
        return not asks and any(_depends(a, traced) for a in node.args)
    if isinstance(node, ast.Name):
        return node.id in traced
    return any(_depends(child, traced) for child in children(node) if isinstance(child, ast.expr))


# NumPy functions that answer about shapes and types alone.
_NUMPY_STATIC = names("shape ndim size prod dtype result_type issubdtype iinfo finfo broadcast_shapes can_cast asarray")


def find_conversions(trace: Trace) -> Iterator[Problem]:
    """`float(loss)`, `x.item()` or `np.sum(x)` of a traced value."""
    for transform in jax_program(trace).transforms:
        fixed = transform.fixed()
        if transform.kind not in TRACING or transform.kind.startswith("filter") or fixed is None:
            continue
        traced = _traced(transform, fixed)
        for call in transform.function.calls:
            if _converts(call, transform.function, traced):
                yield Problem(
                    transform.function.site(call),
                    f"`{unparsed(call.func)}` needs the number itself, but inside the function given to "
                    f"{transform.kind} there is only a tracer: JAX raises an error when it is traced.",
                    "Use jax.numpy inside, and convert outside of the compiled function.",
                    0.8,
                    "Call the function once under jit.",
                    in_numpy_of_jax(transform.function, call),
                    related=(transform.where.site(transform.node),),
                )


def _converts(call: ast.Call, function: Body, traced: frozenset[str]) -> bool:
    if isinstance(call.func, ast.Name) and call.func.id in ("float", "int", "bool") and len(call.args) == 1:
        return _is_value(call.args[0], function, traced)
    if isinstance(call.func, ast.Attribute) and call.func.attr in ("item", "tolist") and not call.args:
        return _is_value(call.func.value, function, traced)
    head, _, name = function.path(call.func).rpartition(".")
    if head not in ("numpy", "numpy.linalg") or name in _NUMPY_STATIC:
        return False
    return bool(call.args) and isinstance(call.args[0], ast.Name) and call.args[0].id in traced and name[:1].islower()


def _is_value(node: ast.expr, function: Body, traced: frozenset[str]) -> bool:
    """A traced parameter itself, or a computation of jax.numpy with one."""
    if isinstance(node, ast.Name):
        return node.id in traced or node.id in _differentiated_here(function)
    return _computes(node, function, traced)


def _differentiated_here(function: Body) -> set[str]:
    """Names of values and gradients that a differentiated function gives inside of this one."""
    found: set[str] = set()
    for node in function.nodes:
        if isinstance(node, ast.Assign) and is_gradient_call(node.value, function):
            found |= {n.id for t in node.targets for n in walk(t) if isinstance(n, ast.Name)}
    return found


def find_host_values(trace: Trace) -> Iterator[Problem]:
    """numpy.random, random or the clock inside what is traced: the value of the first call is used for ever."""
    program = jax_program(trace)
    for body in program.bodies:
        transform = program.compiled.get(id(body))
        if transform is None:
            continue
        for call in body.calls:
            path = body.path(call.func)
            what = _host_value(path)
            if what:
                yield Problem(
                    body.site(call),
                    f"{path} runs once, while {transform.function.name} is traced for {transform.kind}: every later "
                    f"call uses the same {what}.",
                    "Draw with jax.random from a key that is passed in."
                    if what == "random numbers"
                    else "Take the time outside, after block_until_ready().",
                    0.85 if program.kinds_of(body) & TRACING else 0.65,
                    "Call the compiled function twice and compare.",
                    related=(transform.where.site(transform.node),),
                )


def _host_value(path: str) -> str:
    if path.startswith(_HOST_RANDOM) and path.rpartition(".")[2] not in _SEEDED:
        return "random numbers"
    return "time" if path in _CLOCK else ""


def find_leaks(trace: Trace) -> Iterator[Problem]:
    """`losses.append(loss)` or `self.x = y` inside a traced function, where list or object live outside."""
    program = jax_program(trace)
    for transform in program.transforms:
        if transform.kind in TRACING:
            for node, what in (*_appends(transform), *_stores(transform)):
                yield Problem(
                    transform.function.site(node),
                    f"{what} happens once, while {transform.function.name} is traced for {transform.kind}, and keeps a "
                    "tracer: later calls change nothing, using the value raises UnexpectedTracerError.",
                    "Return the value from the function.",
                    0.8,
                    "Set jax_check_tracer_leaks to True and run one step.",
                    related=(transform.where.site(transform.node),),
                )


def _appends(transform: Transform) -> Iterator[tuple[ast.AST, str]]:
    function = transform.function
    traced = _traced(transform, transform.fixed() or frozenset())
    for call in function.calls:
        method = call.func
        if not (isinstance(method, ast.Attribute) and method.attr in ("append", "extend") and call.args):
            continue
        if not isinstance(method.value, ast.Name) or not _is_traced_result(call.args[0], function, traced):
            continue
        home = function.home_of(method.value.id)
        if home is not None and home is not function and _is_list(method.value.id, home):
            yield call, f"`{method.value.id}.{method.attr}`"


def _is_traced_result(node: ast.expr, function: Body, traced: frozenset[str]) -> bool:
    """A traced parameter or a name that is computed from one."""
    if _depends(node, traced):
        return True
    values = function.assigned.get(node.id, []) if isinstance(node, ast.Name) else []
    return any(_depends(v, traced) for v in values)


def _is_list(name: str, home: Body) -> bool:
    return any(isinstance(v, ast.List) for v in home.assigned.get(name, []))


def _stores(transform: Transform) -> Iterator[tuple[ast.AST, str]]:
    function = transform.function
    if function.owner is None or transform.kind.startswith("filter"):
        return
    bases = {unparsed(b).rpartition(".")[2] for b in function.owner.bases}
    if bases - {"object", "ABC"} or function.name == "__init__":
        return
    traced = _traced(transform, transform.fixed() or frozenset())
    for node in function.nodes:
        targets = node.targets if isinstance(node, ast.Assign) else []
        value = node.value if isinstance(node, ast.Assign) else None
        for target in targets:
            own = isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self"
            if own and value is not None and _is_traced_result(value, function, traced):
                yield node, f"The assignment to `{unparsed(target)}`"


CHECKS = (
    Check("branch-on-tracer", "Python control flow on a traced value.",
          "While a function is traced its values are not known, only shapes and types.",
          "Use jnp.where, lax.cond or lax.while_loop.", "model_software/api_error",
          _CONTROL, "error", "jax_logic", find_branch_on_tracer),
    Check("host-conversion-in-jit", "float(), .item() or NumPy on a traced value.",
          "A tracer has a shape and a type, but no value.", "Use jax.numpy.",
          "model_software/api_error", "https://docs.jax.dev/en/latest/errors.html", "error", "jax_logic",
          find_conversions),
    Check("host-value-in-jit", "Random numbers of NumPy or Python, or the clock, inside a traced function.",
          "The function runs in Python once; the compiled program keeps that value as a constant.",
          "Use jax.random with a key.", "model_software/seed_misuse", _PURE, "warning", "jax_logic", find_host_values),
    Check("tracer-leak", "A traced value kept in a list or object outside of the traced function.",
          "Side effects happen only while tracing, and tracers mean nothing afterwards.", "Return it.",
          "model_software/api_error", _LEAK, "error", "jax_logic", find_leaks),
)  # fmt: skip
