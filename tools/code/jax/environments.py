"""Vectorised environments and advantages: automatic resets, direction of the scan, ends of episodes, vmap's axes."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_syntax import with_keyword
from misrun.tools.code.jax.bodies import Body
from misrun.tools.code.jax.program import jax_program
from misrun.tools.code.jax.repair_calls import swapped
from misrun.tools.code.names import names
from misrun.tools.code.trace import Trace
from misrun.tools.code.walking import unparsed, walk

_GYMNAX = "https://github.com/RobertTLange/gymnax"
_GAE = "https://arxiv.org/abs/1506.02438"
_VMAP = "https://docs.jax.dev/en/latest/_autosummary/jax.vmap.html"
_CHOICES = names("jax.numpy.where jax.lax.select")
_ENDS = ("done", "terminal", "terminated", "truncat", "last", "mask", "discount", "reset", "ended", "episode_over")


def find_swapped_reset(trace: Trace) -> Iterator[Problem]:
    """`jnp.where(done, stepped, reset)`: the new episode is taken while the old one goes on."""
    for body in jax_program(trace).bodies:
        from_step, from_reset = _made_by(body, "step"), _made_by(body, "reset")
        if not from_step or not from_reset:
            continue
        for choice, chosen, other in _choices(body):
            if _reads(chosen) & from_step and _reads(other) & from_reset and not _reads(chosen) & from_reset:
                yield Problem(
                    body.site(choice),
                    f"Where the episode has ended, `{unparsed(chosen)}` (from step) is kept, and where it goes on, "
                    f"`{unparsed(other)}` (from reset) is taken: the two are swapped.",
                    "where(done, reset, stepped).",
                    0.85,
                    "Step a single environment and print its time counter.",
                    swapped(body.file, choice.args[1], choice.args[2]),
                )


def _made_by(body: Body, verb: str) -> set[str]:
    """Names that hold what a call named like the verb returned."""
    found: set[str] = set()
    for node in body.nodes:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            words = unparsed(node.value.func).rpartition(".")[2].lower().split("_")
            if verb in words and not {"step", "reset"} - {verb} & set(words):
                found |= {n.id for t in node.targets for n in walk(t) if isinstance(n, ast.Name)}
    return found


def _choices(body: Body) -> Iterator[tuple[ast.Call, ast.expr, ast.expr]]:
    """Choices by an end flag: the call, what is taken at an end, what otherwise; also through a tree_map."""
    for inner in (body, *body.inner):
        for call in inner.calls:
            if inner.path(call.func) in _CHOICES and len(call.args) == 3 and _is_end(call.args[0]):
                if inner is body:
                    yield call, call.args[1], call.args[2]
                else:
                    yield from _mapped_choice(call, inner, body)


def _mapped_choice(call: ast.Call, function: Body, body: Body) -> Iterator[tuple[ast.Call, ast.expr, ast.expr]]:
    """`tree_map(lambda x, y: where(done, x, y), one, other)`."""
    for mapped in body.calls:
        if mapped.args and mapped.args[0] is function.node and len(mapped.args) == len(function.parameters) + 1:
            given = dict(zip(function.parameters, mapped.args[1:], strict=True))
            parts = [given.get(a.id) if isinstance(a, ast.Name) else None for a in call.args[1:]]
            if parts[0] is not None and parts[1] is not None:
                yield call, parts[0], parts[1]


def _is_end(node: ast.expr) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name.lower() in ("done", "dones", "terminated", "terminal", "ended", "ep_done", "done_all")


def _reads(node: ast.expr) -> set[str]:
    return {n.id for n in walk(node) if isinstance(n, ast.Name)}


def find_forward_advantages(trace: Trace) -> Iterator[Problem]:
    """The recursion of GAE scanned from the first step on."""
    for transform in jax_program(trace).transforms:
        if transform.kind != "scan" or transform.call is None or not _is_advantage(transform.function):
            continue
        turned = transform.setting("reverse") is not None or len(transform.call.args) > 4
        text = unparsed(transform.where.node) if not isinstance(transform.where.node, ast.Module) else ""
        if not turned and not any(hint in text for hint in ("[::-1]", "flip", "reverse")):
            yield Problem(
                transform.where.site(transform.node),
                f"{transform.function.name} sums advantages backwards in time, but the scan starts at the first step: "
                "every advantage is built from earlier rewards.",
                "jax.lax.scan(..., reverse=True).",
                0.85,
                "Give one reward at the last step: earlier advantages must be positive.",
                (with_keyword(transform.where.file, transform.call, "reverse", "True"),),
                related=(transform.function.site(transform.function.node),),
            )


def _is_advantage(function: Body) -> bool:
    """A body with both a discount and a lambda, whose carry is the next step's advantage."""
    text = unparsed(function.node).lower()
    words = {n.id.lower() for n in function.nodes if isinstance(n, ast.Name)}
    words |= {n.attr.lower() for n in function.nodes if isinstance(n, ast.Attribute)}
    is_gae = "gae" in text or "advantage" in text
    return is_gae and "delta" in words and ("lambda" in text or "lam" in words or "lmbda" in text) and "gamma" in text


def find_endless_advantages(trace: Trace) -> Iterator[Problem]:
    """The recursion of GAE without a factor for the ends of episodes."""
    for transform in jax_program(trace).transforms:
        function = transform.function
        if transform.kind != "scan" or not _is_advantage(function):
            continue
        text = unparsed(function.node).lower()
        if not any(word in text for word in _ENDS) and "cont" not in text:
            yield Problem(
                function.site(function.node),
                f"{function.name} adds values and advantages across the ends of episodes: no end flag goes into it.",
                "delta = reward + gamma * next_value * (1 - done) - value, and the same factor on the sum.",
                0.65,
                "Print the advantages around an end of an episode.",
                related=(transform.where.site(transform.node),),
            )


def find_wrong_axes(trace: Trace) -> Iterator[Problem]:
    """`vmap(f, in_axes=(0, None))(a, b, c)`: another number of axes than arguments."""
    for body in jax_program(trace).bodies:
        for call in body.calls:
            mapped = call.func
            if not isinstance(mapped, ast.Call) or body.path(mapped.func) not in ("jax.vmap", "jax.pmap"):
                continue
            axes = next(
                (k.value for k in mapped.keywords if k.arg == "in_axes"),
                mapped.args[1] if len(mapped.args) > 1 else None,
            )
            starred = any(isinstance(a, ast.Starred) for a in call.args)
            if isinstance(axes, ast.Tuple | ast.List) and not starred and len(axes.elts) != len(call.args):
                yield Problem(
                    body.site(call),
                    f"in_axes has {len(axes.elts)} entries for {len(call.args)} arguments: vmap raises ValueError.",
                    "One entry per positional argument.",
                    0.9,
                    "Call it once.",
                )


CHECKS = (
    Check("auto-reset-swapped", "An automatic reset that keeps the ended episode.",
          "The choice takes its second argument where the flag is true.", "Swap the two.",
          "data_pipeline/label_misalignment", _GYMNAX, "error", "jax_logic", find_swapped_reset),
    Check("advantages-forward", "Generalised advantages scanned forward in time.",
          "The recursion runs from the last step to the first.", "reverse=True.",
          "model_software/wrong_loss", _GAE, "error", "jax_logic", find_forward_advantages),
    Check("advantages-endless", "Generalised advantages that run across ends of episodes.",
          "The state after an end belongs to another episode.", "Multiply by 1 - done.",
          "model_software/wrong_loss", _GAE, "warning", "jax_logic", find_endless_advantages),
    Check("vmap-axes-mismatch", "in_axes that does not fit the arguments.",
          "There must be one entry for each positional argument.", "Correct in_axes.",
          "model_software/shape_mismatch", _VMAP, "error", "jax_logic", find_wrong_axes),
)  # fmt: skip
