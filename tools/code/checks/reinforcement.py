"""Reinforcement learning: bootstrap targets and advantages."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_syntax import atom, given_node, text_of
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import Function
from misrun.tools.code.torch_api import DETACHING_OPS
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.training import contains
from misrun.tools.code.values import Site, Value, ancestors, unwrap
from misrun.tools.code.walking import walk

_DQN = "https://docs.pytorch.org/tutorials/intermediate/reinforcement_q_learning.html"
_A2C = "https://arxiv.org/abs/1602.01783"
_REGRESSIONS = names("mse_loss smooth_l1_loss huber_loss l1_loss")
_ENDS = names("done dones terminal terminals terminated terminations done_batch dones_batch batch_done batch_dones")
# Flags that are 1 while the episode goes on.
_GOES_ON = names("not_done not_dones notdone nonterminal nonterminals non_terminal continues not_terminal masks_next")
_DISCOUNTS = names("gamma discount discount_factor")


@dataclass(frozen=True, slots=True)
class _Regression:
    """A loss on the difference of two values, and how each is written there."""

    site: Site
    values: tuple[Value, ...]
    nodes: tuple[ast.expr | None, ast.expr | None]


def find_attached_target(trace: Trace) -> Iterator[Problem]:
    """`mse_loss(q, reward + gamma * net(next).max())` with gradients flowing into the target."""
    trained = _trained(trace)
    for root in trace.roots:
        runs = {
            id(e.result): e
            for e in root
            if (e.op == "module()" or (e.op == "call" and id(e.callee) in trained)) and not e.grad_may_be_off()
        }
        for loss in _regressions(root) if runs else ():
            (one, two), (first, second) = loss.values, loss.nodes
            for node, side, other in ((second, two, one), (first, one, two)):
                run = _bootstrapped(side, runs)
                mine = _attached_run(other, runs)
                if run is not None and mine is not None and _is_one_network(run.callee, mine.callee):
                    yield Problem(
                        loss.site,
                        f"The target contains an output of the trained network ({run.site}) with its graph: gradients "
                        "also flow through the target, and the values chase themselves.",
                        "Compute the target under torch.no_grad(), or detach it.",
                        0.85,
                        "Print target.requires_grad.",
                        _detached(loss.site, node),
                        related=(run.site,),
                    )
                    break


def _trained(trace: Trace) -> set[int]:
    """ids of networks that are not seen, by the optimizers that were given their parameters."""
    made = (e.result.argument(0, "params") for e in trace.events("new") if e.result.kind == "optimizer")
    held = [v for given in made if given is not None for v in ancestors(given, 20) if v.kind == "params"]
    return {id(v.inputs[0]) for v in held if v.inputs and v.inputs[0].kind == "unknown"}


def _is_one_network(one: Value | None, other: Value | None) -> bool:
    """The same module, or one a part of the other: a critic and the layers it holds."""
    if one is None or other is None:
        return False
    return one is other or contains(one, other) or contains(other, one)


def _regressions(root: tuple[Event, ...]) -> Iterator[_Regression]:
    """Losses that compare two values: by a function of the library, or as the square of a difference."""
    for event in root:
        one, two = event.argument(0, "input"), event.argument(1, "target")
        if event.op in _REGRESSIONS and one is not None and two is not None:
            nodes = given_node(event.node, 0, "input"), given_node(event.node, 1, "target")
            yield _Regression(event.site, (one, two), nodes)
    for loss in (e.args[0] for e in root if e.op == "backward" and e.args):
        for value in ancestors(loss, 60):
            difference = value.inputs[0] if value.op in ("pow", "square") and value.inputs else None
            site = difference.site if difference is not None and difference.op == "sub" else None
            if difference is not None and site is not None and isinstance(site.node, ast.BinOp):
                yield _Regression(site, difference.inputs[:2], (site.node.left, site.node.right))


def _detached(site: Site, node: ast.expr | None) -> tuple[Edit, ...]:
    """The target's graph cut where the loss gets it: its numbers stay as they are."""
    return (Edit("replace", site.file, node, f"{atom(site.file, node)}.detach()"),) if node is not None else ()


def _bootstrapped(value: Value, runs: dict[int, Event]) -> Event | None:
    """The run of a network that a sum of a reward and a discounted value contains."""
    value = unwrap(value)
    if value.op != "add":
        return None
    for part in value.inputs:
        part = unwrap(part)
        if part.op == "mul" and any(_is_discount(v) for v in _factors(part)):
            for factor in _factors(part):
                run = _attached_run(factor, runs)
                if run is not None:
                    return run
    return None


def _factors(value: Value, depth: int = 4) -> list[Value]:
    value = unwrap(value)
    if value.op != "mul" or depth == 0:
        return [value]
    return [f for v in value.inputs for f in _factors(v, depth - 1)]


def _is_discount(value: Value) -> bool:
    name = value.name.rpartition(".")[2].lower()
    return name in _DISCOUNTS or (value.kind == "const" and isinstance(value.const, float) and 0.8 <= value.const < 1)


def _attached_run(value: Value, runs: dict[int, Event], depth: int = 15) -> Event | None:
    """The network run a value is picked from, unless the graph is cut on the way."""
    for _ in range(depth):
        if id(value) in runs:
            return runs[id(value)]
        if (value.op in DETACHING_OPS and value.op != "argmax") or not value.inputs:
            return None
        value = value.inputs[0]
    return None


def find_ignored_end(trace: Trace) -> Iterator[Problem]:
    """The end flags are unpacked from a batch and never read, while a target is bootstrapped."""
    for function in trace.project.functions.values():
        if isinstance(function.node, ast.Lambda):
            continue
        target = next((n for n in walk(function.node) if isinstance(n, ast.BinOp) and _is_bootstrap(n)), None)
        name = _unread_flag(function) if target is not None else ""
        if target is not None and name:
            yield Problem(
                Site(function.file, target),
                f"The target adds the value of the next state even where the episode has ended: `{name}` is unpacked "
                "and never used.",
                f"reward + gamma * {name if name.lower() in _GOES_ON else f'(1 - {name})'} * next_value.",
                0.85,
                "Print the targets of the last steps of an episode: they must equal the reward.",
                _ended(function, target, name),
            )


def _ended(function: Function, target: ast.BinOp, flag: str) -> tuple[Edit, ...]:
    """The discount times `flag == 0`, which numbers, flags, arrays and tensors of both can be multiplied with.

    Only where reward and flag come from one unpacking and stay as they came: then they are of one form.
    """
    reward, rest = (target.left, target.right) if _discounts(target.right) else (target.right, target.left)
    if (
        not isinstance(reward, ast.Name)
        or not isinstance(rest, ast.BinOp)
        or not _come_together(function, reward.id, flag)
    ):
        return ()
    factor = flag if flag.lower() in _GOES_ON else f"({flag} == 0)"
    return (Edit("replace", function.file, rest, f"{text_of(function.file, rest)} * {factor}"),)


def _come_together(function: Function, one: str, other: str) -> bool:
    stored = [n.id for n in walk(function.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    for node in walk(function.node):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            bound = {e.id for e in node.targets[0].elts if isinstance(e, ast.Name)}
            listed = any(isinstance(n, ast.Name) and n.id == "zip" for n in walk(node.value))
            if {one, other} <= bound and not listed:
                return stored.count(one) == stored.count(other) == 1
    return False


def _is_bootstrap(node: ast.BinOp) -> bool:
    """`r + gamma * v`."""
    if not isinstance(node.op, ast.Add):
        return False
    return _discounts(node.left) or _discounts(node.right)


def _discounts(side: ast.expr) -> bool:
    if not isinstance(side, ast.BinOp) or not isinstance(side.op, ast.Mult):
        return False
    words = {n.id for n in walk(side) if isinstance(n, ast.Name)}
    words |= {n.attr for n in walk(side) if isinstance(n, ast.Attribute)}
    return any(w.lower() in _DISCOUNTS for w in words)


def _unread_flag(function: Function) -> str:
    """A name of end flags that a tuple assignment binds and nothing reads."""
    bound: set[str] = set()
    for node in walk(function.node):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            flags = _ENDS | _GOES_ON
            bound |= {e.id for e in node.targets[0].elts if isinstance(e, ast.Name) and e.id.lower() in flags}
    loads = {n.id for n in walk(function.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return next(iter(sorted(bound - loads)), "") if not loads & (_ENDS | _GOES_ON) else ""


CHECKS = (
    Check("target-attached", "A bootstrap target through which gradients flow into the trained network.",
          "The regression target moves with every step it causes.", "Detach the target.",
          "model_software/wrong_loss", _DQN, "error", "silent_bug", find_attached_target),
    Check("episode-end-ignored", "A bootstrap target that goes on past the end of an episode.",
          "After the last step there is no next state to value.", "Multiply by 1 - done.",
          "model_software/wrong_loss", _A2C, "error", "silent_bug", find_ignored_end),
)  # fmt: skip
