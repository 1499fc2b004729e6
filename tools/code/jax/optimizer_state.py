"""The state of an optax optimizer: thrown away, made anew at each step or another's; gradients applied raw."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_syntax import is_in_reach, moved, names_in, statement_of
from misrun.tools.code.jax.bodies import Body
from misrun.tools.code.jax.program import GRADS, JITS, JaxProgram, jax_program, transform_kind
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Trace
from misrun.tools.code.walking import unparsed, walk

_OPTAX = "https://optax.readthedocs.io/en/latest/getting_started.html"
_API = "https://optax.readthedocs.io/en/latest/api/transformations.html"


@dataclass(frozen=True, slots=True)
class Update:
    """`updates, new_state = optimizer.update(grads, state, params)`."""

    body: Body
    node: ast.Assign
    call: ast.Call
    optimizer: str
    state: str
    updates: ast.expr
    new_state: ast.expr


def updates_in(body: Body) -> Iterator[Update]:
    for node in body.nodes:
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
            continue
        call, target = node.value, node.targets[0]
        method = call.func
        is_update = isinstance(method, ast.Attribute) and method.attr in ("update", "update_fn")
        if not is_update or not isinstance(target, ast.Tuple) or len(target.elts) != 2 or len(call.args) < 2:
            continue
        text = unparsed(call.args[1])
        if "opt" in text.lower() or "state" in text.lower():
            receiver = unparsed(method.value) if isinstance(method, ast.Attribute) else ""
            yield Update(body, node, call, receiver, text, target.elts[0], target.elts[1])


def find_dropped_state(trace: Trace) -> Iterator[Problem]:
    """The new optimizer state goes to `_` or to a name nobody reads."""
    program = jax_program(trace)
    for body in program.bodies:
        for update in updates_in(body):
            name = update.new_state.id if isinstance(update.new_state, ast.Name) else ""
            if name and not _is_read_after(name, update) and not _has_no_state(update):
                yield Problem(
                    body.site(update.node),
                    f"The new optimizer state ({name}) is not used: momentum, second moments and step count start from "
                    "the old state at every step.",
                    "Return and carry the new state.",
                    0.85,
                    "Print the step count in the optimizer state after ten steps.",
                    _carried_on(update),
                )


def _carried_on(update: Update) -> tuple[Edit, ...]:
    """The new state under the name of the old one, where the next round of the loop reads that."""
    loops = [n for n in update.body.nodes if isinstance(n, ast.For | ast.While) and _holds(n, update.node)]
    root = update.state.partition(".")[0]
    own = update.body.home_of(root) in (update.body, None)
    named = update.state.replace(".", "").isidentifier()
    return (Edit("replace", update.body.file, update.new_state, update.state),) if loops and own and named else ()


def _is_read_after(name: str, update: Update) -> bool:
    """Whether the name is read after the update, anywhere in its loop, or by a function inside or around."""
    body, line = update.body, update.node.lineno
    if isinstance(body.node, ast.Module) and not any(
        _holds(n, update.node) for n in body.nodes if isinstance(n, ast.For | ast.While)
    ):
        return True  # a single step shown in a script or notebook
    if any(isinstance(n, ast.Global | ast.Nonlocal) and name in n.names for n in body.nodes):
        return True
    loops = [n for n in body.nodes if isinstance(n, ast.For | ast.While) and _holds(n, update.node)]
    first = min([line, *(loop.lineno for loop in loops)]) if loops else (update.node.end_lineno or line) + 1
    own = {id(n) for n in walk(update.node)} if name != update.state else set()
    for inner in body.below():
        for node in inner.nodes:
            reads = isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
            if reads and id(node) not in own and int(getattr(node, "lineno", 0)) >= first:
                return True
    return False


def _holds(outer: ast.AST, inner: ast.AST) -> bool:
    return any(n is inner for n in walk(outer))


def _has_no_state(update: Update) -> bool:
    """Plain SGD keeps nothing; an optimizer that is not seen is taken to keep something only when its name says so."""
    made = _construction(update.optimizer, update.body)
    if made is None:
        return False
    name = update.body.path(made.func).rpartition(".")[2]
    return name in ("sgd", "noisy_sgd", "scale", "identity", "clip") and not any(
        k.arg == "momentum" for k in made.keywords
    )


def _construction(name: str, body: Body) -> ast.Call | None:
    home = body.home_of(name)
    values = home.assigned.get(name, []) if home is not None else []
    return values[0] if len(values) == 1 and isinstance(values[0], ast.Call) else None


def find_reset_state(trace: Trace) -> Iterator[Problem]:
    """`state = optimizer.init(params)` in the same round of the loop (or compiled step) that updates with it."""
    program = jax_program(trace)
    for body in program.bodies:
        for update in updates_in(body):
            for call in body.calls:
                if unparsed(call.func) == f"{update.optimizer}.init" and _same_round(call, update, body, program):
                    yield Problem(
                        body.site(call),
                        "The optimizer state is made anew before every update: momentum and second moments never build "
                        "up, the bias correction stays at step 1.",
                        f"{update.optimizer}.init(params) once, before the loop.",
                        0.85,
                        "Print the step count in the optimizer state: it stays at 1.",
                        _made_once(call, update, body),
                        related=(body.site(update.node),),
                    )


def _same_round(call: ast.Call, update: Update, body: Body, program: JaxProgram) -> bool:
    assigned = [n for n in body.nodes if isinstance(n, ast.Assign) and n.value is call]
    if not assigned or unparsed(assigned[0].targets[0]) != update.state:
        return False
    loops = [n for n in body.nodes if isinstance(n, ast.For | ast.While)]
    around = [n for n in loops if _holds(n, update.node)]
    if around:
        return _holds(around[-1], call) and call.lineno < update.node.lineno
    return bool(program.kinds_of(body) & JITS) and call.lineno < update.node.lineno


def _made_once(call: ast.Call, update: Update, body: Body) -> tuple[Edit, ...]:
    """The statement above the loop, if all it needs is known there; a compiled step needs the state as an argument."""
    loops = [n for n in body.nodes if isinstance(n, ast.For | ast.While) and _holds(n, update.node)]
    statement = statement_of(body.file, call)
    if not loops or statement is None or not all(is_in_reach(body.file, n, loops[0]) for n in names_in(call)):
        return ()
    return moved(body.file, statement, "before", loops[0])


def find_mixed_state(trace: Trace) -> Iterator[Problem]:
    """`actor_tx.update(grads, critic_state, ...)`, where critic_state was made by critic_tx.init."""
    program = jax_program(trace)
    for body in program.bodies:
        for update in updates_in(body):
            owners = _initialised_by(update.state, body, program)
            if len(owners) == 1 and update.optimizer not in owners and _is_initialised(update.optimizer, body, program):
                (owner,) = owners
                yield Problem(
                    body.site(update.node),
                    f"{update.optimizer} updates with `{update.state}`, which {owner}.init made: the moments of other "
                    "parameters are mixed in.",
                    f"Use the state that {update.optimizer}.init made.",
                    0.8,
                    "Print the tree of the state beside that of the parameters.",
                    _own_state(update),
                )


def _own_state(update: Update) -> tuple[Edit, ...]:
    made = {
        unparsed(n.targets[0])
        for b in update.body.around()
        for n in b.nodes
        if isinstance(n, ast.Assign) and isinstance(n.value, ast.Call)
        and unparsed(n.value.func) == f"{update.optimizer}.init"
    }  # fmt: skip
    return (Edit("replace", update.body.file, update.call.args[1], made.pop()),) if len(made) == 1 else ()


def _initialised_by(state: str, body: Body, program: JaxProgram) -> set[str]:
    """The optimizers whose init gave the variable or attribute its value."""
    found = set()
    for home in _homes(state, body, program):
        for node in home.nodes:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and len(node.targets) == 1:
                method = node.value.func
                if unparsed(node.targets[0]) == state and isinstance(method, ast.Attribute) and method.attr == "init":
                    found.add(unparsed(method.value))
    return found


def _homes(name: str, body: Body, program: JaxProgram) -> list[Body]:
    """Where a variable, or an attribute of self, gets its value."""
    root, _, attribute = name.partition(".")
    if not attribute:
        home = body.home_of(name)
        return [home] if home is not None else []
    owner = next((b.owner for b in body.around() if b.owner is not None), None)
    mine = [m for (cls, _), m in program.methods.items() if cls == id(owner)]
    return mine if root == "self" and owner is not None else []


def _is_initialised(optimizer: str, body: Body, program: JaxProgram) -> bool:
    homes = _homes(optimizer, body, program) if "." in optimizer else list(body.around())
    return any(unparsed(c.func) == f"{optimizer}.init" for home in homes for c in home.calls)


def find_raw_gradients(trace: Trace) -> Iterator[Problem]:
    """`optax.apply_updates(params, grads)`: the gradients themselves are added."""
    program = jax_program(trace)
    for body in program.bodies:
        for call in body.calls:
            if body.path(call.func) == "optax.apply_updates" and len(call.args) == 2:
                given = call.args[1]
                if isinstance(given, ast.Name) and _is_gradient(given.id, body):
                    yield Problem(
                        body.site(call),
                        f"`{given.id}` are raw gradients: apply_updates adds them, so the loss is climbed, without a "
                        "learning rate.",
                        "updates, state = optimizer.update(grads, state, params); apply the updates.",
                        0.9,
                        "The loss after one step on the same batch must be lower.",
                    )


def _is_gradient(name: str, body: Body) -> bool:
    """Every assignment of the name is the result of a function made by grad or value_and_grad."""
    sources = [
        (node.value, target)
        for node in body.nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if any(isinstance(n, ast.Name) and n.id == name for n in walk(target))
    ]
    return bool(sources) and all(is_gradient_call(value, body) for value, _ in sources)


def _kept_by_class(attribute: ast.Attribute, body: Body) -> ast.expr | None:
    """What the class assigns to `self.grad_fn`, where it does so once."""
    owner = next((b.owner for b in body.around() if b.owner is not None), None)
    values = [
        n.value
        for n in (walk(owner) if owner is not None else ())
        if isinstance(n, ast.Assign) and unparsed(n.targets[0]) == unparsed(attribute)
    ]
    return values[0] if len(values) == 1 else None


def is_gradient_call(node: ast.expr, body: Body) -> str:
    """ "grad" or "value_and_grad" (or their like) when the call runs a function made by it; else ""."""
    if not isinstance(node, ast.Call):
        return ""
    made: ast.expr = node.func
    if isinstance(made, ast.Name):
        home = body.home_of(made.id)
        values = home.assigned.get(made.id, []) if home is not None else []
        if len(values) != 1:
            return ""
        made, body = values[0], home or body
    elif isinstance(made, ast.Attribute):
        kept = _kept_by_class(made, body)
        made = kept if kept is not None else made
    while isinstance(made, ast.Call):
        kind = transform_kind(body, made.func)
        if kind in GRADS:
            return kind
        made = made.args[0] if kind in JITS and made.args else made.func
        if not isinstance(made, ast.Call):
            break
    return ""


CHECKS = (
    Check("optimizer-state-dropped", "An optax update whose new state is not kept.",
          "The state is a value: what is not carried on is lost.", "Carry the new state.",
          "model_software/stale_optimizer", _OPTAX, "error", "jax_logic", find_dropped_state),
    Check("optimizer-state-reset", "An optimizer state made anew for every update.",
          "Moments never build up.", "Make it once.", "model_software/stale_optimizer", _OPTAX, "error",
          "jax_logic", find_reset_state),
    Check("optimizer-state-mixed", "An optimizer that is given the state of another.",
          "The state holds the moments of one tree of parameters.", "Keep one state per optimizer.",
          "model_software/stale_optimizer", _API, "error", "jax_logic", find_mixed_state),
    Check("gradients-applied-raw", "Gradients given to optax.apply_updates.",
          "apply_updates adds; the optimizer's update makes the step and its sign.", "Apply the updates.",
          "optimization/learning_rate_too_high", _OPTAX, "error", "jax_logic", find_raw_gradients),
)  # fmt: skip
