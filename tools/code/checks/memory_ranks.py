"""Collectives that not every rank reaches: the others wait until the watchdog ends them."""

import ast
import re
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_loops import on_every_rank
from misrun.tools.code.names import names
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Trace
from misrun.tools.code.values import Site
from misrun.tools.code.walking import children, unparsed, walk

# "Collective functions" of torch.distributed, and those of accelerate and Lightning's Fabric that contain one.
_COLLECTIVES = names(
    "barrier monitored_barrier all_reduce all_gather all_gather_object all_gather_into_tensor broadcast gather_object"
    " broadcast_object_list reduce_scatter reduce_scatter_tensor all_to_all all_to_all_single wait_for_everyone"
    " gather_for_metrics"
)
# A condition that holds on one rank alone. A comparison with -1 asks whether the run is distributed at all.
_ONE_RANK = re.compile(
    r"\b(?:\w*_)?rank(?:\(\))?\s*(?:==|!=|>)\s*0\b|\bnot (?:\w+\.)*(?:\w*_)?rank\b"
    r"|\bis_(?:main|master|local_main|rank_zero|global_zero)\w*"
    r"|\bis_rank_0\b|\bmain_process\b(?!_first)"
)
_SOURCE = "https://docs.pytorch.org/docs/stable/distributed.html#collective-functions"


def find_one_rank(trace: Trace) -> Iterator[Problem]:
    for file in trace.project.files:
        for function in _bodies(file.tree):
            conditions = [node for node in _own(function) if isinstance(node, ast.If) and _is_of_one_rank(node.test)]
            called = [(node, call) for node in conditions for call in _lonely(node)]
            if len({id(node) for node, _ in called}) > 1:
                continue  # "the others wait, then the first": every rank meets one barrier
            yield from (_alone(file, node, call) for node, call in called[:1])
            yield from (_left_out(file, node, call) for node, call in _after_leaving(function))


def _bodies(tree: ast.Module) -> Iterator[ast.Module | ast.FunctionDef]:
    yield tree
    yield from (node for node in walk(tree) if isinstance(node, ast.FunctionDef))


def _own(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a body without those of functions inside it."""
    stack = list(children(function))
    while stack:
        node = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda):
            continue
        yield node
        stack.extend(children(node))


def _is_of_one_rank(test: ast.expr) -> bool:
    text = unparsed(test)
    return _ONE_RANK.search(text) is not None and "-1" not in text and " or " not in text


def _collectives(nodes: list[ast.stmt]) -> list[ast.Call]:
    calls = (n for stmt in nodes for n in (stmt, *_own(stmt)) if isinstance(n, ast.Call))
    return [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in _COLLECTIVES]


def _lonely(node: ast.If) -> list[ast.Call]:
    """Collectives in one arm only."""
    then, other = _collectives(node.body), _collectives(node.orelse)
    return [] if then and other else then or other


def _after_leaving(function: ast.Module | ast.FunctionDef) -> Iterator[tuple[ast.If, ast.Call]]:
    """`if rank != 0: return` before a collective of the same body."""
    for at, stmt in enumerate(function.body):
        if isinstance(stmt, ast.If) and _is_of_one_rank(stmt.test) and isinstance(stmt.body[-1], ast.Return):
            yield from ((stmt, call) for call in _collectives(function.body[at + 1 :])[:1])


def _alone(file: SourceFile, node: ast.If, call: ast.Call) -> Problem:
    return _problem(file, node, call, f"`{unparsed(call.func)}` is reached only where `{unparsed(node.test)}` holds")


def _left_out(file: SourceFile, node: ast.If, call: ast.Call) -> Problem:
    return _problem(
        file, node, call, f"Ranks for which `{unparsed(node.test)}` holds have returned before this collective"
    )


def _problem(file: SourceFile, node: ast.If, call: ast.Call, what: str) -> Problem:
    return Problem(
        Site(file, call),
        f"{what}: the others wait for it (or meet it with another one) until the time-out ends them.",
        "Call the collective on every rank, outside the condition.",
        0.85,
        "Run two processes with the gloo backend and a time-out of 10 s: the call does not return.",
        on_every_rank(file, node, call),
    )


CHECKS = (
    Check("collective-on-one-rank", "A collective under a condition that holds on one rank alone.",
          "A collective returns when every rank has called it.",
          "Take it out of the condition.", "memory_hardware/collective_failure",
          _SOURCE, "error", "data_flow", find_one_rank),
)  # fmt: skip
