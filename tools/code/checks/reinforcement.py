"""Reinforcement learning: bootstrap targets and advantages."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.names import names
from misrun.tools.code.project_model import Function
from misrun.tools.code.torch_api import DETACHING_OPS
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Site, Value, unwrap

_DQN = "https://docs.pytorch.org/tutorials/intermediate/reinforcement_q_learning.html"
_A2C = "https://arxiv.org/abs/1602.01783"
_REGRESSIONS = names("mse_loss smooth_l1_loss huber_loss l1_loss")
_ENDS = names("done dones terminal terminals terminated terminations done_batch dones_batch batch_done batch_dones")
_DISCOUNTS = names("gamma discount discount_factor")


def find_attached_target(trace: Trace) -> Iterator[Problem]:
    """`mse_loss(q, reward + gamma * net(next).max())` with gradients flowing into the target."""
    for root in trace.roots:
        runs = {id(e.result): e for e in root if e.op == "module()" and not e.grad_may_be_off()}
        losses = [e for e in root if e.op in _REGRESSIONS and len(e.args) > 1] if runs else []
        for event in losses:
            for side, other in ((event.args[1], event.args[0]), (event.args[0], event.args[1])):
                run = _bootstrapped(side, runs)
                mine = _attached_run(other, runs)
                if run is not None and mine is not None and run.callee is mine.callee:
                    yield Problem(
                        event.site,
                        f"The target contains an output of the trained network ({run.site}) with its graph: gradients "
                        "also flow through the target, and the values chase themselves.",
                        "Compute the target under torch.no_grad(), or detach it.",
                        0.85,
                        "Print target.requires_grad.",
                        related=(run.site,),
                    )
                    break


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
        target = next((n for n in ast.walk(function.node) if isinstance(n, ast.BinOp) and _is_bootstrap(n)), None)
        name = _unread_flag(function) if target is not None else ""
        if target is not None and name:
            yield Problem(
                Site(function.file, target),
                f"The target adds the value of the next state even where the episode has ended: `{name}` is unpacked "
                "and never used.",
                f"reward + gamma * (1 - {name}) * next_value.",
                0.85,
                "Print the targets of the last steps of an episode: they must equal the reward.",
            )


def _is_bootstrap(node: ast.BinOp) -> bool:
    """`r + gamma * v`."""
    if not isinstance(node.op, ast.Add):
        return False
    for side in (node.left, node.right):
        if isinstance(side, ast.BinOp) and isinstance(side.op, ast.Mult):
            words = {n.id for n in ast.walk(side) if isinstance(n, ast.Name)}
            words |= {n.attr for n in ast.walk(side) if isinstance(n, ast.Attribute)}
            if any(w.lower() in _DISCOUNTS for w in words):
                return True
    return False


def _unread_flag(function: Function) -> str:
    """A name of end flags that a tuple assignment binds and nothing reads."""
    bound: set[str] = set()
    for node in ast.walk(function.node):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            bound |= {e.id for e in node.targets[0].elts if isinstance(e, ast.Name) and e.id.lower() in _ENDS}
    loads = {n.id for n in ast.walk(function.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return next(iter(sorted(bound - loads)), "") if not loads & _ENDS else ""


CHECKS = (
    Check("target-attached", "A bootstrap target through which gradients flow into the trained network.",
          "The regression target moves with every step it causes.", "Detach the target.",
          "model_software/wrong_loss", _DQN, "error", "silent_bug", find_attached_target),
    Check("episode-end-ignored", "A bootstrap target that goes on past the end of an episode.",
          "After the last step there is no next state to value.", "Multiply by 1 - done.",
          "model_software/wrong_loss", _A2C, "error", "silent_bug", find_ignored_end),
)  # fmt: skip
