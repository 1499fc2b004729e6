"""A data set that normalises itself, built with other statistics for the held-out part than for training."""

import ast
from collections.abc import Iterator

from misrun.tools.code.bodies import Body, bodies, name_words, part_of
from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_syntax import parents, text_of
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import FunctionNode, last_name
from misrun.tools.code.trace import Trace
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk

_INCONSISTENT = "https://scikit-learn.org/stable/common_pitfalls.html#inconsistent-preprocessing"
# How parameters that carry statistics are called, and what computes them.
_STATISTICS = names("stats statistics mean mu std sigma scaler normalizer normaliser norm moments standardizer")
_COMPUTES = names("mean std var min max fit fit_transform std_mean var_mean quantile percentile average")
# The definitions a name is followed through; a longer way is rare in a script.
_HOPS = 4


def find_statistics_differ(trace: Trace) -> Iterator[Problem]:
    """`train = Crops(a)` takes its own statistics, `val = Crops(b, stats=other)` those of something else."""
    makers = dict(_self_scaling(trace))
    for body in bodies(trace) if makers else ():
        built = [(part, call) for part, call in _built(body) if last_name(call.func) in makers]
        training = next((call for part, call in built if part == "train"), None)
        for part, call in built:
            if part != "held out" or training is None or last_name(call.func) != last_name(training.func):
                continue
            position, name = makers[last_name(call.func)]
            mine, theirs = _given(call, position, name), _given(training, position, name)
            if mine is not None and theirs is None and not _speaks_of_training(body, mine, training):
                yield _problem(body, call, training, name, _given_those_of(trace, body, call, training))


def _problem(body: Body, call: ast.Call, training: ast.Call, name: str, edits: tuple[Edit, ...]) -> Problem:
    return Problem(
        Site(body.file, call),
        f"The held-out part is normalised with the `{name}` given here, the training part (line {training.lineno}) "
        "with statistics of its own: the model is validated on inputs of another scale than it was trained on.",
        f"Give the held-out part the `{name}` of the training part.",
        0.8,
        "Print mean and standard deviation of one batch of each.",
        edits,
        related=(Site(body.file, training),),
    )


def _given_those_of(trace: Trace, body: Body, call: ast.Call, training: ast.Call) -> tuple[Edit, ...]:
    """The attributes in which the training data set keeps its statistics, for what the held-out one is given."""
    holder = parents(body.file).get(id(training))
    owner = holder.targets[0] if isinstance(holder, ast.Assign) else None
    cls = next((c for c in trace.project.classes.values() if c.name == last_name(call.func)), None)
    start = cls.methods.get("__init__") if cls is not None else None
    if owner is None or start is None or holder is None or training.lineno > call.lineno:
        return ()
    kept = {unparsed(n.value): unparsed(n.targets[0]) for n in walk(start.node) if isinstance(n, ast.Assign)}
    edits = []
    for position, parameter in enumerate(a.arg for a in start.node.args.args[1:]):
        given = _given(call, position, parameter)
        if given is None or not name_words(parameter) & _STATISTICS:
            continue
        if not kept.get(parameter, "").startswith("self."):
            return ()
        text = f"{text_of(body.file, owner)}.{kept[parameter].removeprefix('self.')}"
        edits.append(Edit("replace", body.file, given, text))
    return tuple(edits)


def _self_scaling(trace: Trace) -> Iterator[tuple[str, tuple[int, str]]]:
    """Classes and functions that compute statistics where none are given: their name, and which parameter that is."""
    for function in trace.project.functions.values():
        node = function.node
        if isinstance(node, ast.Lambda) or (function.owner is not None and function.name != "__init__"):
            continue
        arguments = [a.arg for a in (*node.args.args, *node.args.kwonlyargs)]
        own = 1 if function.owner is not None else 0
        for position, name in enumerate(arguments[own:]):
            if name_words(name) & _STATISTICS and _computed_when_missing(node, name):
                yield (function.owner.name if function.owner else function.name), (position, name)
                break


def _computed_when_missing(function: FunctionNode, name: str) -> bool:
    """`if stats is None: stats = ... x.mean() ...`, also as a conditional expression or `stats or compute(x)`."""
    for node in walk(function):
        if isinstance(node, ast.If | ast.IfExp) and unparsed(node.test) == f"{name} is None":
            made = node.body if isinstance(node.body, list) else [node.body]
        elif isinstance(node, ast.IfExp) and unparsed(node.test) in (name, f"{name} is not None"):
            made = [node.orelse]
        elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) and unparsed(node.values[0]) == name:
            made = node.values[1:]
        else:
            continue
        if any(_computes(n) for part in made for n in walk(part)):
            return True
    return False


def _computes(node: ast.AST) -> bool:
    """A call like `x.mean()`, `scaler.fit(x)`, `channel_statistics(x)`."""
    if not isinstance(node, ast.Call):
        return False
    return last_name(node.func) in _COMPUTES or bool(name_words(last_name(node.func)) & _STATISTICS and node.args)


def _built(body: Body) -> Iterator[tuple[str, ast.Call]]:
    """(part of the data, call) for what is assigned to names, and to keys of a dictionary, that speak of a part."""
    for assign in body.assigns:
        yield from _calls(part_of(unparsed(assign.targets[0])), assign.value)
    for node in (n for n in body.nodes if isinstance(n, ast.Dict)):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield from _calls(part_of(key.value), value)


def _calls(part: str, value: ast.expr) -> Iterator[tuple[str, ast.Call]]:
    if part:
        yield from ((part, node) for node in walk(value) if isinstance(node, ast.Call))


def _given(call: ast.Call, position: int, name: str) -> ast.expr | None:
    """What a call gives for a parameter; None where it leaves it out, or says None."""
    named = next((k.value for k in call.keywords if k.arg == name), None)
    starred = next((n for n, a in enumerate(call.args) if isinstance(a, ast.Starred)), None)
    plain = call.args[position] if starred is None and position < len(call.args) else None
    given = named if named is not None else plain
    return None if isinstance(given, ast.Constant) and given.value is None else given


def _speaks_of_training(body: Body, value: ast.expr, training: ast.Call) -> bool:
    """Whether the value, or what the names in it were assigned from, comes from the training part."""
    targets = {unparsed(t) for a in body.assigns if any(n is training for n in walk(a)) for t in a.targets}
    seen: set[str] = set()
    texts = [value]
    for _ in range(_HOPS):
        known = {n.id for v in texts for n in walk(v) if isinstance(n, ast.Name)}
        words = {str(n.value) for v in texts for n in walk(v) if isinstance(n, ast.Constant)}
        words |= {n.attr for v in texts for n in walk(v) if isinstance(n, ast.Attribute)}
        if known & targets or any(part_of(word) == "train" for word in known | words):
            return True
        fresh, seen = known - seen, seen | known
        texts = [a.value for a in body.assigns if any(_binds(t, fresh) for t in a.targets)]
    return False


def _binds(target: ast.expr, wanted: set[str]) -> bool:
    return any(isinstance(n, ast.Name) and n.id in wanted for n in walk(target))


CHECKS = (
    Check("statistics-differ-by-part", "A held-out part normalised with other statistics than the training part.",
          "The model sees another scale than it learned on; it looks like overfitting from the first epoch on.",
          "Use the statistics of the training part for all parts.",
          "data_pipeline/input_scaling", _INCONSISTENT, "error", "data_flow", find_statistics_differ),
)  # fmt: skip
