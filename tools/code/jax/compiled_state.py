"""State that a compiled function reads from outside of its arguments, and functions compiled again at every call."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.jax.bodies import Body
from misrun.tools.code.jax.key_flow import arguments
from misrun.tools.code.jax.program import JITS, JaxProgram, Transform, chosen_parameters, jax_program, transform_kind
from misrun.tools.code.jax.repair_calls import compiled_before, without_static
from misrun.tools.code.trace import Trace
from misrun.tools.code.walking import unparsed, walk

_METHODS = "https://docs.jax.dev/en/latest/faq.html#how-to-use-jit-with-methods"
_JIT = "https://docs.jax.dev/en/latest/jit-compilation.html#jit-and-caching"


def find_stale_attributes(trace: Trace) -> Iterator[Problem]:
    """A method compiled with a static self reads an attribute that the code around it changes."""
    program = jax_program(trace)
    for transform in program.transforms:
        function = transform.function
        if transform.kind not in ("jit", "pmap") or function.owner is None or not _self_is_static(transform):
            continue
        changed = _changed_around_calls(function, program)
        for node in _read_attributes(function):
            if node.attr in changed:
                yield Problem(
                    function.site(node),
                    f"`self.{node.attr}` is read when {function.name} is compiled and kept as a constant; "
                    f"{changed[node.attr].name} changes it later, which the compiled function does not see.",
                    f"Pass {node.attr} as an argument.",
                    0.8,
                    f"Change self.{node.attr} between two calls and compare the results.",
                    related=(transform.where.site(transform.node),),
                )
                return


def _self_is_static(transform: Transform) -> bool:
    """`@partial(jax.jit, static_argnums=0)` on a method, or `jax.jit(self.method)`."""
    if transform.node is transform.call and not _is_decorator(transform):
        return True
    given = [transform.setting("static_argnums"), transform.setting("static_argnames")]
    return any("self" in (chosen_parameters(transform.function, g) or ()) for g in given if g is not None)


def _is_decorator(transform: Transform) -> bool:
    return any(d is transform.node for d in getattr(transform.function.node, "decorator_list", ()))


def _read_attributes(function: Body) -> Iterator[ast.Attribute]:
    called = {id(c.func) for c in function.calls}
    for body in function.below():
        for node in body.nodes:
            is_own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
            if is_own and isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and id(node) not in called:
                yield node


def _changed_around_calls(function: Body, program: JaxProgram) -> dict[str, Body]:
    """Attributes that a method which runs the compiled one assigns: from its result, in a loop, or by `+=`."""
    found: dict[str, Body] = {}
    for (owner, name), method in program.methods.items():
        if owner != id(function.owner) or method is function or name in ("__init__", "setup", "reset", "init"):
            continue
        runs = any(_calls_method(b, function.name) for b in method.below())
        for node in method.nodes if runs else ():
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AugAssign)
                else []
            )
            for target in (t for part in targets for t in (part.elts if isinstance(part, ast.Tuple) else [part])):
                if isinstance(target, ast.Attribute) and unparsed(target.value) == "self":
                    found[target.attr] = method
    return found


def _calls_method(body: Body, name: str) -> bool:
    return any(unparsed(c.func) == f"self.{name}" for c in body.calls)


def find_recompilation(trace: Trace) -> Iterator[Problem]:
    """`jax.jit(lambda x: ...)(x)` inside a loop whose variables the function does not use."""
    program = jax_program(trace)
    for body in program.bodies:
        for loop in (n for n in body.nodes if isinstance(n, ast.For | ast.While)):
            for call in (n for s in loop.body for n in walk(s) if isinstance(n, ast.Call)):
                if transform_kind(body, call.func) in JITS and call.args and _is_wasted(call, loop, body):
                    yield Problem(
                        body.site(call),
                        "A new function is compiled in every round of the loop: jit keeps compiled code by function "
                        "object, so nothing is ever found in its cache.",
                        "Make the compiled function once, before the loop.",
                        0.8,
                        "Set jax_log_compiles to True: one compilation per round.",
                        compiled_before(body, call, loop),
                    )


def _is_wasted(call: ast.Call, loop: ast.For | ast.While, body: Body) -> bool:
    fresh = call.args[0]
    if not isinstance(fresh, ast.Lambda | ast.Call):
        return False
    if isinstance(fresh, ast.Call) and not (transform_kind(body, fresh.func) or "partial" in unparsed(fresh.func)):
        return False
    changing = {n.id for n in walk(loop) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    given = {a.arg for n in walk(fresh) if isinstance(n, ast.Lambda) for a in n.args.args}
    if any(isinstance(n, ast.Name) and n.id in changing - given for n in walk(fresh)):
        return False
    return not _breaks_out(loop) and _is_called_in(call, loop)


def _breaks_out(loop: ast.For | ast.While) -> bool:
    return any(isinstance(n, ast.Return | ast.Break) for s in loop.body for n in walk(s))


def _is_called_in(call: ast.Call, loop: ast.For | ast.While) -> bool:
    """The compiled function is called on the spot, or by the name it is given, in the same loop."""
    for node in walk(loop):
        if isinstance(node, ast.Call) and node.func is call:
            return True
        if isinstance(node, ast.Assign) and node.value is call and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            return any(isinstance(n, ast.Call) and unparsed(n.func) == name for n in walk(loop))
    return False


def find_static_counter(trace: Trace) -> Iterator[Problem]:
    """The variable of a loop given to an argument that is static: every value is compiled for itself."""
    program = jax_program(trace)
    static = {id(t.function): t for t in program.transforms if t.kind in JITS and (t.fixed() or frozenset()) - t.bound}
    for body in program.bodies if static else ():
        for loop in (n for n in body.nodes if isinstance(n, ast.For)):
            counters = _counters(loop)
            for call in (n for s in loop.body for n in walk(s) if isinstance(n, ast.Call)) if counters else ():
                target = program.function(call.func, body) if isinstance(call.func, ast.Name | ast.Attribute) else None
                transform = static.get(id(target[0])) if target is not None else None
                if transform is not None and target is not None:
                    yield from _given_counter(call, target[0], transform, counters, body)


def _given_counter(
    call: ast.Call, function: Body, transform: Transform, counters: set[str], body: Body
) -> Iterator[Problem]:
    for parameter, value in arguments(call, function):
        if parameter in (transform.fixed() or ()) and isinstance(value, ast.Name) and value.id in counters:
            yield Problem(
                body.site(call),
                f"`{value.id}` changes in every round and is given to `{parameter}`, which is static: "
                f"{function.name} is compiled anew each time.",
                f"Take `{parameter}` out of the static arguments.",
                0.75,
                "Set jax_log_compiles to True: one compilation per round.",
                without_static(transform, parameter),
                related=(transform.where.site(transform.node),),
            )


def _counters(loop: ast.For) -> set[str]:
    """The counter of `for i in range(n)` or `for i, x in enumerate(...)`, unless the loop is short."""
    node = loop.iter
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return set()
    if node.func.id == "enumerate" and isinstance(loop.target, ast.Tuple) and isinstance(loop.target.elts[0], ast.Name):
        return {loop.target.elts[0].id}
    # Up to 10 compilations are bearable: a judgement.
    short = node.args and isinstance(node.args[-1], ast.Constant) and isinstance(node.args[-1].value, int)
    is_short = bool(short) and isinstance(node.args[-1], ast.Constant) and int(str(node.args[-1].value)) <= 10
    named = node.func.id == "range" and isinstance(loop.target, ast.Name) and not is_short
    return {loop.target.id} if named and isinstance(loop.target, ast.Name) else set()


CHECKS = (
    Check("stale-attribute-in-jit", "A compiled method reads an attribute that changes later.",
          "With a static self the attribute's first value is compiled in.", "Pass it as an argument.",
          "model_software/frozen_parameters", _METHODS, "error", "jax_logic", find_stale_attributes),
    Check("jit-in-loop", "A function made and compiled anew in every round of a loop.",
          "Compiling takes seconds; the cache is keyed by the function object.", "Compile once outside.",
          "model_software/api_error", _JIT, "warning", "jax_logic", find_recompilation),
    Check("static-loop-counter", "A loop's counter given to a static argument.",
          "Each value of a static argument is compiled for itself.", "Pass it as an array.",
          "model_software/api_error", _JIT, "warning", "jax_logic", find_static_counter),
)  # fmt: skip
