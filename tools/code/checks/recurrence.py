"""Hidden states carried from batch to batch."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.memory_values import GROWS, LEAK
from misrun.tools.code.checks.repair_graphs import graph_released, state_detached
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.training import training_loops
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk

_TRUNCATED = "https://docs.pytorch.org/tutorials/intermediate/char_rnn_generation_tutorial.html"


def find_carried_state(trace: Trace) -> Iterator[Problem]:
    """Where backward frees the graph: the second batch ends in an error."""
    for loop, site, name, part in _carried_states(trace):
        if not _retains(loop):
            yield _problem(site, name, _detached(site, name, part))
    yield from find_state_of_module(trace)


def find_retained_state(trace: Trace) -> Iterator[Problem]:
    """Where retain_graph=True keeps it: there is no error, each step goes back through all earlier ones."""
    for loop, site, name, part in _carried_states(trace):
        if _retains(loop):
            cut = _detached(site, name, part)
            yield _retained(site, name, (*cut, *graph_released(site.file, loop)) if cut else ())


def find_state_of_module(trace: Trace) -> Iterator[Problem]:
    """`out, self.h = self.rnn(x, self.h)` in forward: the module itself hands its state to the next batch, and nothing
    in the project cuts it or makes it anew in a loop that trains."""
    for cls in trace.project.classes.values():
        forward = cls.methods.get("forward")
        if forward is None:
            continue
        for statement in walk(forward.node):
            name = _carried_attribute(statement)
            if name and isinstance(statement, ast.Assign) and _is_trained_uncut(trace, name, forward.node):
                part = _part_by_text(cls.node, statement)
                edits = _detached(Site(cls.file, statement), f"self.{name}", part)
                yield _problem(Site(cls.file, statement), f"self.{name}", edits)


def _carried_attribute(statement: ast.AST) -> str:
    """h of `out, self.h = f(x, self.h)`."""
    call = statement.value if isinstance(statement, ast.Assign) else None
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if not isinstance(call, ast.Call) or not isinstance(target, ast.Tuple) or len(target.elts) != 2:
        return ""
    last = unparsed(target.elts[1])
    given = [unparsed(a) for a in (*call.args, *(k.value for k in call.keywords))]
    return last.removeprefix("self.") if last in given and last.startswith("self.") and last.count(".") == 1 else ""


def _is_trained_uncut(trace: Trace, name: str, forward: ast.AST) -> bool:
    """Something is differentiated in a loop, and outside of forward the attribute is set at most where no such loop is:
    in a constructor, or once before the batches."""
    trees = [file.tree for file in trace.project.files]
    loops = [n for t in trees for n in walk(t) if isinstance(n, ast.For | ast.While) and _has_backward(n)]
    inner = [n for n in loops if not any(n is not o and any(o is m for m in walk(n)) for o in loops)]
    makers = {f.name for f in trace.project.functions.values() if f.name != "__init__" and f.node is not forward
              and any(_sets(n, name) for n in walk(f.node))}  # fmt: skip
    anew = any(_sets(n, name) or _calls_one_of(n, makers) for loop in inner for n in walk(loop))
    cut = any(_cuts(n, name) or _iterates_attribute(n, name) for t in trees for n in walk(t))
    return bool(inner) and not anew and not cut and not any(_calls_one_of(n, makers) for n in walk(forward))


def _sets(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Store)


def _calls_one_of(node: ast.AST, functions: set[str]) -> bool:
    return isinstance(node, ast.Call) and last_name(node.func) in functions


def _part_by_text(cls: ast.ClassDef, statement: ast.Assign) -> str:
    """What the layer that is called hands on, by how the class builds it."""
    called = unparsed(statement.value.func) if isinstance(statement.value, ast.Call) else ""
    made = [n.value for n in walk(cls) if isinstance(n, ast.Assign) and unparsed(n.targets[0]) == called]
    kinds = {last_name(value) for value in made}
    return "tuple" if kinds == {"LSTM"} else "tensor" if kinds and kinds <= {"GRU", "RNN"} else ""


def _detached(site: Site, name: str, part: str) -> tuple[Edit, ...]:
    return state_detached(site.file, site.node, name, part) if isinstance(site.node, ast.Assign) else ()


def _carried_states(trace: Trace) -> Iterator[tuple[ast.AST, Site, str, str]]:
    """`out, h = model(x, h)` in the loop that differentiates, with h from before the loop and never detached."""
    for training in training_loops(trace):
        loop = training.loop.node
        if not isinstance(loop, ast.For | ast.While):
            continue
        for statement in (s for s in loop.body if isinstance(s, ast.Assign)):
            name = _carried(statement)
            stores = [
                n for n in walk(loop) if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)
            ]
            if name and len(stores) == 1 and not _is_cut(loop, name) and _has_backward(loop):
                file = _file_of(training.events, statement)
                if file is not None and name not in _targets(loop):
                    yield loop, Site(file, statement), name, _part(training.events)


def _part(events: list[Event]) -> str:
    """What the recurrent layers of the loop hand on: LSTM a tuple, GRU and RNN a tensor; "" where both or none run."""
    kinds = {e.op for e in events} & {"lstm", "gru", "rnn"}
    return "tuple" if kinds == {"lstm"} else "tensor" if kinds and "lstm" not in kinds else ""


def _problem(site: Site, name: str, edits: tuple[Edit, ...]) -> Problem:
    return Problem(
        site,
        f"`{name}` of one batch is given to the next with its graph: backward goes through all earlier batches, whose "
        "graph is freed (an error) or kept (memory grows).",
        f"{name} = {name}.detach() (of every part of it) at the start of each batch.",
        0.85,
        f"Print {name}.requires_grad (of its first part) at the start of a batch.",
        edits,
    )


def _retained(site: Site, name: str, edits: tuple[Edit, ...]) -> Problem:
    return Problem(
        site,
        f"`{name}` of one batch is given to the next with its graph, and retain_graph=True keeps the graphs of all "
        "earlier batches: memory and the time of a step grow with every batch.",
        f"{name} = {name}.detach() (of every part of it) at the start of each batch, and no retain_graph.",
        0.9,
        GROWS,
        edits,
    )


def _retains(loop: ast.AST) -> bool:
    """`loss.backward(retain_graph=True)` in the loop."""
    return any(
        isinstance(n, ast.keyword)
        and n.arg == "retain_graph"
        and isinstance(n.value, ast.Constant)
        and n.value.value is True
        for n in walk(loop)
    )


def _file_of(events: list[Event], statement: ast.Assign) -> SourceFile | None:
    return next((e.file for e in events if e.node is statement.value), None)


def _carried(statement: ast.Assign) -> str:
    """h of `out, h = f(x, h)`."""
    target, call = statement.targets[0], statement.value
    if not isinstance(target, ast.Tuple) or not isinstance(call, ast.Call) or len(target.elts) != 2:
        return ""
    last = target.elts[1]
    given = [a.id for a in (*call.args, *(k.value for k in call.keywords)) if isinstance(a, ast.Name)]
    return last.id if isinstance(last, ast.Name) and last.id in given else ""


def _is_cut(loop: ast.AST, name: str) -> bool:
    """`h.detach_()`, `repackage(h)`, `no_grad`: something else than the model is given the state."""
    return any(_cuts(node, name) or (node is not loop and _iterates(node, name)) for node in walk(loop))


def _cuts(node: ast.AST, name: str) -> bool:
    if not isinstance(node, ast.Attribute):
        return False
    return node.attr == "no_grad" or (node.attr in ("detach_", "detach", "data") and name in unparsed(node.value))


def _iterates(node: ast.AST, name: str) -> bool:
    """`for part in h: part.detach_()`."""
    over = node.iter if isinstance(node, ast.For | ast.comprehension) else None
    return over is not None and any(isinstance(n, ast.Name) and n.id == name for n in walk(over))


def _iterates_attribute(node: ast.AST, name: str) -> bool:
    """`tuple(part.detach() for part in self.h)`."""
    over = node.iter if isinstance(node, ast.For | ast.comprehension) else None
    return over is not None and any(isinstance(n, ast.Attribute) and n.attr == name for n in walk(over))


def _has_backward(loop: ast.AST) -> bool:
    return any(isinstance(n, ast.Attribute) and n.attr == "backward" for n in walk(loop))


def _targets(loop: ast.For | ast.While) -> set[str]:
    return {n.id for n in walk(loop.target) if isinstance(n, ast.Name)} if isinstance(loop, ast.For) else set()


CHECKS = (
    Check("hidden-state-carried", "A hidden state handed to the next batch without detach().",
          "The graph of all earlier batches hangs on it.", "Detach it at the start of every batch.",
          "model_software/graph_reuse", _TRUNCATED, "error", "silent_bug", find_carried_state),
    Check("hidden-state-retained", "A hidden state handed on without detach() under retain_graph=True.",
          "The graphs of all earlier batches stay in memory, and backward walks through them.",
          "Detach it at the start of every batch.",
          LEAK, _TRUNCATED, "error", "silent_bug", find_retained_state),
)  # fmt: skip
