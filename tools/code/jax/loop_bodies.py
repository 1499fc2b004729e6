"""The functions of scan, fori_loop, while_loop and cond: their order, their arguments and what they return."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_syntax import text_of
from misrun.tools.code.jax.bodies import Body
from misrun.tools.code.jax.program import Transform, jax_program, transform_kind
from misrun.tools.code.jax.repair_calls import swapped
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Trace

_LOOPS = "https://docs.jax.dev/en/latest/jax.lax.html#control-flow-operators"
_CARRIES = names("carry state val value acc accum total params runner_state loop_state")
_COUNTERS = names("i j k idx index step t it iteration _ n")


def find_swapped_parameters(trace: Trace) -> Iterator[Problem]:
    """`fori_loop(0, n, lambda carry, i: ...)`: the counter comes first; in a scan the carry does."""
    for transform in jax_program(trace).transforms:
        given = transform.function.parameters
        if transform.bound or len(given) != 2 or transform.kind not in ("fori_loop", "scan"):
            continue
        first, second = (_COUNTERS, _CARRIES) if transform.kind == "fori_loop" else (_CARRIES, _COUNTERS)
        if given[0] in second - {"_"} and given[1] in first - {"_"}:
            right = "(i, carry)" if transform.kind == "fori_loop" else "(carry, x)"
            yield Problem(
                transform.function.site(transform.function.node),
                f"{transform.kind} calls its function with {right}, but {transform.function.name} takes "
                f"({given[0]}, {given[1]}).",
                f"({given[1]}, {given[0]})",
                0.8,
                "Print both arguments in the first step.",
                _parameters_swapped(transform),
                related=(transform.where.site(transform.node),),
            )


def _parameters_swapped(transform: Transform) -> tuple[Edit, ...]:
    spec = transform.function.node.args if not isinstance(transform.function.node, ast.Module) else None
    given = [*spec.posonlyargs, *spec.args] if spec is not None else []
    return (
        swapped(transform.function.file, given[-2], given[-1]) if len(given) > 1 and spec and not spec.defaults else ()
    )


def find_swapped_functions(trace: Trace) -> Iterator[Problem]:
    """`while_loop(body, cond, init)` and `cond(p, false_fn, true_fn)`, told by the names of the functions."""
    for body in jax_program(trace).bodies:
        for call in body.calls:
            kind = transform_kind(body, call.func)
            at = {"while_loop": 0, "cond": 1}.get(kind)
            if at is None or len(call.args) < at + 2:
                continue
            one, other = (a.id.lower() if isinstance(a, ast.Name) else "" for a in call.args[at : at + 2])
            right = ("cond", "body") if kind == "while_loop" else ("true", "false")
            if right[1] in one and right[0] in other and right[0] not in one and right[1] not in other:
                yield Problem(
                    body.site(call),
                    f"{kind} takes the {right[0]} function first, then the {right[1]} function; `{one}` and `{other}` "
                    "are the other way round.",
                    f"{kind}(..., {other}, {one}, ...)",
                    0.85,
                    "Run it once on a case whose result is known.",
                    swapped(body.file, call.args[at], call.args[at + 1]),
                )


def find_no_pair(trace: Trace) -> Iterator[Problem]:
    """The function of a scan gives something else than (carry, output)."""
    for transform in jax_program(trace).transforms:
        if transform.kind != "scan" or any(isinstance(n, ast.Yield) for n in transform.function.nodes):
            continue
        for value in transform.function.returned:
            if _is_no_pair(value, transform.function):
                yield Problem(
                    transform.function.site(value),
                    f"scan expects (carry, output) from {transform.function.name}; this returns something else.",
                    "return carry, output (or None).",
                    0.85,
                    "Call the scan once.",
                    _with_output(transform, value),
                    related=(transform.where.site(transform.node),),
                )


def _with_output(transform: Transform, value: ast.expr) -> tuple[Edit, ...]:
    """A carry alone, with None as its output."""
    file = transform.function.file
    alone = isinstance(value, ast.BinOp | ast.Name)
    return (Edit("replace", file, value, f"{text_of(file, value)}, None"),) if alone else ()


def _is_no_pair(value: ast.expr, function: Body) -> bool:
    if isinstance(value, ast.Name):
        made = function.assigned.get(value.id, [])
        return bool(made) and isinstance(made[-1], ast.BinOp) and len(function.returned) == 1
    if isinstance(value, ast.Tuple):
        return len(value.elts) != 2 and not any(isinstance(e, ast.Starred) for e in value.elts)
    return isinstance(value, ast.BinOp | ast.Compare | ast.Constant | ast.Dict)


CHECKS = (
    Check("loop-parameters-swapped", "Carry and counter in the wrong order.",
          "fori_loop calls f(i, carry), scan calls f(carry, x).", "Swap the parameters.",
          "model_software/api_error", _LOOPS, "error", "jax_logic", find_swapped_parameters),
    Check("loop-functions-swapped", "The functions of while_loop or cond in the wrong order.",
          "They are told apart by position alone.", "Swap them.",
          "model_software/api_error", _LOOPS, "error", "jax_logic", find_swapped_functions),
    Check("scan-without-pair", "A scan whose function does not return a pair.",
          "scan unpacks (carry, output).", "Return a pair.",
          "model_software/api_error", _LOOPS, "error", "jax_logic", find_no_pair),
)  # fmt: skip
