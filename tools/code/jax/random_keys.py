"""Random keys: used twice, the same in every round of a loop, or made anew from a constant at each step."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.jax.bodies import Body
from misrun.tools.code.jax.key_flow import KeyFlow, Reuse, arguments, consumed_parameters, key_argument, uses_of
from misrun.tools.code.jax.program import JaxProgram, Transform, jax_program
from misrun.tools.code.jax.repair_keys import carried_on, counter_of, folded_in, keys_per_row, split_before_first
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Trace
from misrun.tools.code.walking import unparsed, walk

_KEYS = "https://docs.jax.dev/en/latest/random-numbers.html"
_SCAN = "https://docs.jax.dev/en/latest/_autosummary/jax.lax.scan.html"
_VERIFY = "Run the step under jax.debug_key_reuse(True)."
# Code that looks at the same numbers again on purpose.
_ON_PURPOSE = (
    "eval",
    "test",
    "valid",
    "sample",
    "plot",
    "bench",
    "debug",
    "check",
    "compar",
    "render",
    "visual",
    "demo",
)
_LOOPS = names("scan fori_loop while_loop associative_scan map")


def find_reuse(trace: Trace) -> Iterator[Problem]:
    program = jax_program(trace)
    for body in program.bodies:
        for reuse in KeyFlow(program, body).run():
            if not _is_meant(reuse, body):
                yield _reused(reuse, body, split_before_first(reuse, body, program))


def _is_meant(reuse: Reuse, body: Body) -> bool:
    """Fixed noise for an evaluation, or a key that only shapes the parameters of a model."""
    words = (*(b.name.lower() for b in body.around()), reuse.second.how.lower(), reuse.second.key.lower())
    return any(part in word for part in _ON_PURPOSE for word in words)


def _reused(reuse: Reuse, body: Body, edits: tuple[Edit, ...]) -> Problem:
    key, verb = reuse.second.key, {"draw": "draws from", "split": "splits"}
    does = verb.get(reuse.second.how, f"{reuse.second.how} uses up")
    if reuse.in_loop:
        text = f"Every round of the loop {does} the same key `{key}`: the random numbers are the same each time."
    else:
        text = (
            f"{does[:1].upper()}{does[1:]} `{key}` again, which was used up at {body.site(reuse.first.node)}: "
            "the random numbers of both places are the same or related."
        )
    twice_split = reuse.first.how == reuse.second.how == "split" and not reuse.in_loop
    certain = 0.65 if twice_split else 0.85 if reuse.second.how in verb else 0.7
    return Problem(
        body.site(reuse.second.node),
        text,
        f"{key}, subkey = jax.random.split({key}) before each use.",
        certain,
        _VERIFY,
        edits,
        related=() if reuse.in_loop else (body.site(reuse.first.node),),
    )


def find_shared(trace: Trace) -> Iterator[Problem]:
    """Inside the function of a scan (a loop), a vmap or a tree_map, a draw from a key that comes from outside of it."""
    program = jax_program(trace)
    for transform in (*program.transforms, *_tree_maps(program)):
        if transform.kind in _LOOPS or (transform.kind in ("vmap", "tree_map") and transform.function.parameters):
            yield from _draws_from_outside(transform, program)


def _tree_maps(program: JaxProgram) -> Iterator[Transform]:
    """`jax.tree.map(lambda p: ..., params)` as a transformation of its function."""
    for body in program.bodies:
        for call in body.calls:
            if body.path(call.func) in ("jax.tree.map", "jax.tree_map", "jax.tree_util.tree_map") and call.args:
                found = program.function(call.args[0], body)
                if found is not None:
                    yield Transform("tree_map", found[0], body, call, call, found[1])


def _draws_from_outside(transform: Transform, program: JaxProgram) -> Iterator[Problem]:
    function = transform.function
    for call in function.calls:
        given = key_argument(call)
        draws = next(uses_of(call, program, function), None) is not None
        if not draws or not function.path(call.func).startswith("jax.random.") or not isinstance(given, ast.Name):
            continue
        home = function.home_of(given.id)
        outside = home is not None and home is not function and not isinstance(home.node, ast.Module)
        name = function.path(call.func).rpartition(".")[2]
        aligned = transform.kind == "tree_map" and name in _CHOOSING
        if outside and given.id not in transform.bound and not aligned:
            yield _shared(call, given, transform)


# Drawn alike for every leaf on purpose: the leaves are fields of the same samples.
_CHOOSING = names("permutation choice randint shuffle")


def _shared(call: ast.Call, given: ast.Name, transform: Transform) -> Problem:
    key, counter = given.id, counter_of(transform)
    each = {"vmap": "element", "tree_map": "leaf"}.get(transform.kind, "step")
    return Problem(
        transform.function.site(call),
        f"`{key}` comes from outside of the function that {transform.kind} runs: every {each} gets the "
        "same random numbers.",
        "Carry the key and split it at each step." if each == "step" else f"Split the key into one per {each}.",
        0.85 if each == "step" else 0.6,
        _VERIFY,
        folded_in(given, counter, transform.function) if counter else (),
        related=(transform.where.site(transform.node),),
    )


def find_kept_carry(trace: Trace) -> Iterator[Problem]:
    """The body of a scan draws from the key in its carry and hands the same key on."""
    program = jax_program(trace)
    for transform in program.transforms:
        function = transform.function
        position = {"scan": 0, "while_loop": 0, "fori_loop": 1}.get(transform.kind)
        if position is None or position >= len(function.parameters) or transform.bound:
            continue
        for name in _unpacked_once(function, function.parameters[position]):
            draw = _first_draw(function, name)
            if draw is not None and _is_handed_on(function, name, transform.kind):
                yield Problem(
                    function.site(draw),
                    f"The carry hands on the key `{name}` as it came: every step draws the same random numbers.",
                    f"{name}, subkey = jax.random.split({name}), draw from subkey and carry {name}.",
                    0.85,
                    _VERIFY,
                    carried_on(draw, name, function, program),
                    related=(transform.where.site(transform.node),),
                )


def _unpacked_once(function: Body, carry: str) -> set[str]:
    """Names bound by `a, key = carry` and by nothing else; the carry itself when it is never bound anew."""
    stored = [n.id for n in function.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    found = {carry} if carry not in stored else set()
    for node in function.nodes:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id == carry:
            found |= {n.id for t in node.targets for n in walk(t) if isinstance(n, ast.Name)}
    return {name for name in found if stored.count(name) <= 1}


def _first_draw(function: Body, key: str) -> ast.Call | None:
    for call in function.calls:
        head, _, name = function.path(call.func).rpartition(".")
        given = key_argument(call)
        draws = head == "jax.random" and name not in ("PRNGKey", "key", "fold_in", "clone")
        if draws and isinstance(given, ast.Name) and given.id == key:
            return call
    return None


def _is_handed_on(function: Body, name: str, kind: str) -> bool:
    for value in function.returned:
        carry = value.elts[0] if kind == "scan" and isinstance(value, ast.Tuple) and value.elts else value
        parts = carry.elts if isinstance(carry, ast.Tuple) else [carry]
        if not any(isinstance(p, ast.Name) and p.id == name for p in parts):
            return False
    return bool(function.returned)


def find_constant(trace: Trace) -> Iterator[Problem]:
    """`PRNGKey(0)` written inside a loop, in the body of a scan, or in the dropout of a step."""
    program = jax_program(trace)
    for body in program.bodies:
        for call in body.calls:
            if not _is_constant_key(call, body):
                continue
            where = _repeated(call, body, program)
            if where:
                yield Problem(
                    body.site(call),
                    f"The key is made from a constant {where}: the random numbers are the same each time.",
                    "Make the key once outside, split it at each step and pass the parts on.",
                    0.8,
                    _VERIFY,
                    _by_round(call, body, program),
                )


def _by_round(call: ast.Call, body: Body, program: JaxProgram) -> tuple[Edit, ...]:
    """The constant key folded with what counts the rounds: the step of a TrainState, or the counter of a loop.

    https://flax-linen.readthedocs.io/en/latest/guides/training_techniques/dropout.html#training
    """
    loop = next((t for t in program.transforms_of.get(id(body), ()) if t.kind in _LOOPS), None)
    counter = counter_of(loop) if loop is not None else ""
    for outer in body.around():
        applied = (
            c.func for c in outer.calls if isinstance(c.func, ast.Attribute) and c.func.attr == "apply_gradients"
        )
        state = next((f.value for f in applied if isinstance(f.value, ast.Name)), None)
        if state is not None and not counter:
            counter = f"{state.id}.step"
    return folded_in(call, counter, body) if counter else ()


def _is_constant_key(call: ast.Call, body: Body) -> bool:
    made = body.path(call.func) in ("jax.random.PRNGKey", "jax.random.key")
    return made and len(call.args) == 1 and isinstance(call.args[0], ast.Constant) and not call.keywords


def _repeated(call: ast.Call, body: Body, program: JaxProgram) -> str:
    """In what the constant key is made again and again; "" when it is not, or on purpose."""
    if any(part in b.name.lower() for part in (*_ON_PURPOSE, "init", "main", "create") for b in body.around()):
        return ""
    if program.kinds_of(body) & _LOOPS:
        return "inside the function of a scan or loop"
    if _is_dropout_key(call, body) and _takes_gradients(body, program):
        return "for the dropout of a training step"
    return ""


def _is_dropout_key(call: ast.Call, body: Body) -> bool:
    """`rngs={"dropout": PRNGKey(0)}`."""
    for node in body.nodes:
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if value is call and isinstance(key, ast.Constant) and key.value == "dropout":
                    return True
    return False


def _takes_gradients(body: Body, program: JaxProgram) -> bool:
    return any(program.kinds_of(b) & {"grad", "value_and_grad"} for b in body.around())


def find_same_key_for_all(trace: Trace) -> Iterator[Problem]:
    """`vmap(env.reset, in_axes=(None, 0))(key, params)`: one key for every environment."""
    program = jax_program(trace)
    for body in program.bodies:
        for call in body.calls:
            if isinstance(call.func, ast.Call) and body.path(call.func.func) == "jax.vmap" and call.args:
                yield from _unmapped_key(call, call.func, body, program)


def _unmapped_key(call: ast.Call, mapped: ast.Call, body: Body, program: JaxProgram) -> Iterator[Problem]:
    axes = next((k.value for k in mapped.keywords if k.arg == "in_axes"), None)
    if axes is None and len(mapped.args) > 1:
        axes = mapped.args[1]
    if not isinstance(axes, ast.Tuple) or not mapped.args or len(axes.elts) != len(call.args):
        return
    if all(isinstance(a, ast.Constant) and a.value is None for a in axes.elts):
        return
    found = program.function(mapped.args[0], body)
    if found is None or found[1]:
        return
    consumed = consumed_parameters(found[0])
    positions = dict(zip((id(v) for v in call.args), axes.elts, strict=True))
    for parameter, value in arguments(call, found[0]):
        axis = positions.get(id(value))
        unmapped = isinstance(axis, ast.Constant) and axis.value is None
        if parameter in consumed and unmapped and not any(p in found[0].name.lower() for p in _ON_PURPOSE):
            yield Problem(
                body.site(call),
                f"`{unparsed(value)}` is not mapped (in_axes None), but {found[0].name} draws from it: every "
                "element gets the same random numbers.",
                "Split the key into one per element and map over the keys (in_axes 0).",
                0.7,
                "Print what is drawn for two elements.",
                keys_per_row(call, mapped, value, body),
            )


CHECKS = (
    Check("key-reused", "A random key used again after it was used up.",
          "A key gives the same numbers every time: noise, dropout masks or initial weights repeat.",
          "Split the key before each use.", "model_software/seed_misuse", _KEYS, "warning", "jax_logic", find_reuse),
    Check("key-shared-by-steps", "A draw inside a scan, loop or vmap from a key that is not its own.",
          "The function runs for every step with the same key.", "Carry and split the key, or map over keys.",
          "model_software/seed_misuse", _SCAN, "warning", "jax_logic", find_shared),
    Check("key-carried-unchanged", "A scan that hands on the key it has drawn from.",
          "Each step starts with the same key.", "Carry the new key of the split.",
          "model_software/seed_misuse", _SCAN, "warning", "jax_logic", find_kept_carry),
    Check("key-constant-in-step", "A key made from a constant in code that runs again and again.",
          "The same constant gives the same numbers.", "Pass a key in and split it.",
          "model_software/seed_misuse", _KEYS, "warning", "jax_logic", find_constant),
    Check("key-not-mapped", "One key for all elements of a vmap.", "All elements get the same random numbers.",
          "Map over split keys.", "model_software/seed_misuse", _KEYS, "warning", "jax_logic", find_same_key_for_all),
)  # fmt: skip
