"""Every number that the project or its configuration gives a name."""

import ast
from collections.abc import Iterator, Mapping, Sequence

from misrun.tools.code.implemented.fact import NamedNumber, Rank
from misrun.tools.code.implemented.syntax import (
    assigned,
    calls,
    keyword,
    name_of,
    number_of,
    numbers_of,
    parameters,
    span_of,
    text_of,
    walk,
)
from misrun.tools.code.names import names
from misrun.tools.code.project_model import Project
from misrun.tools.code.source import SourceFile
from misrun.tools.readers.run_record import AUTHORITY, ConfigValue
from misrun.tools.record import Span

_COUNTERS = {"epoch": "range.epochs", "step": "range.steps", "iteration": "range.steps", "it": "range.steps", "i": ""}
_CONTAINERS = names("dict Namespace SimpleNamespace EasyDict ConfigDict DotMap AttrDict")
# Calls that declare an option and its default.
_DECLARES = names("add_argument option add_option DEFINE_float DEFINE_integer")


Given = Mapping[str, Sequence[tuple[str, int]]]


def named_numbers(project: Project, config: Sequence[ConfigValue], given: Given) -> tuple[NamedNumber, ...]:
    """All of them. `given` says which positional argument of a library call has which name: {"Dropout": [("p", 0)]}."""
    reader = _Reader(project, given)
    found = [number for file, node in walk(project) for number in reader.of_node(file, node)]
    return (*found, *(number for value in config for number in _configured(value)))


class _Reader:
    """`taking` holds, for each function and class of the project, the parameters that a call gives by position;
    `passed` holds (function, parameter) where some call gives the parameter: its default says nothing then."""

    def __init__(self, project: Project, given: Given) -> None:
        self.project, self.given = project, given
        self.taking: dict[str, list[str]] = {cls.name: [] for cls in project.classes.values()}
        for function in project.functions.values():
            taken = [parameter.arg for parameter, _ in parameters(function.node)]
            if function.owner is None:
                self.taking[function.name] = taken
            elif function.name == "__init__":
                self.taking[function.owner.name] = taken[1:]
        self.passed = {given for _, call in calls(project) for given in self._passed(call)}

    def _passed(self, call: ast.Call) -> Iterator[tuple[str, str]]:
        name = name_of(call.func)
        yield from ((name, word.arg) for word in call.keywords if word.arg is not None)
        yield from ((name, parameter) for parameter, _ in zip(self.taking.get(name, ()), call.args, strict=False))

    def of_node(self, file: SourceFile, node: ast.AST) -> Iterator[NamedNumber]:
        if isinstance(node, ast.Call):
            yield from self._of_call(file, node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for name, value in assigned([node]).items():
                yield from _number(file, name, value, "", "set", node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            owner = self._owner(node)
            called = owner.removesuffix(".__init__").rpartition(".")[2]
            for parameter, default in parameters(node):
                if (called, parameter.arg) not in self.passed:
                    yield from _number(file, parameter.arg, default, owner, "default", parameter)
        elif isinstance(node, ast.ClassDef) and not any("Enum" in name_of(base) for base in node.bases):
            for statement in node.body:
                if isinstance(statement, ast.AnnAssign | ast.Assign):
                    target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
                    yield from _number(file, name_of(target), _default(statement.value), node.name, "set", statement)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield from _number(file, key.value, value, "", "set", value)
        elif isinstance(node, ast.For):
            yield from _of_loop(file, node)

    def _owner(self, node: ast.AST) -> str:
        function = self.project.functions.get(id(node))
        return (f"{function.owner.name}.{function.name}" if function.owner else function.name) if function else ""

    def _of_call(self, file: SourceFile, node: ast.Call) -> Iterator[NamedNumber]:
        owner = name_of(node.func)
        if owner in _DECLARES:
            flags = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            long = next((flag for flag in flags if flag.startswith("--")), flags[0] if flags else "")
            yield from _number(file, long.lstrip("-").replace("-", "_"), keyword(node, "default"), "", "set", node)
            return
        rank: Rank = "set" if owner in _CONTAINERS or owner in self.taking else "used"
        said = "" if owner in _CONTAINERS else owner
        for word in node.keywords:
            if word.arg is not None:
                yield from _number(file, word.arg, word.value, said, rank, word.value, node)
        for name, position in self.given.get(owner, ()):
            if position < len(node.args):
                yield from _number(file, name, node.args[position], owner, "used", node.args[position], node)
        for name, argument in zip(self.taking.get(owner, ()), node.args, strict=False):
            yield from _number(file, name, argument, owner, "set", argument, node)
        if owner == "linspace":
            for index, argument in enumerate(node.args[:2]):
                yield from _number(file, f"linspace.{index}", argument, owner, "used", argument, node)


def _default(value: ast.expr | None) -> ast.expr | None:
    """What a dataclass field starts as: `field(default=3)` gives 3."""
    return keyword(value, "default") if isinstance(value, ast.Call) and name_of(value.func) == "field" else value


def _of_loop(file: SourceFile, node: ast.For) -> Iterator[NamedNumber]:
    """The turns of `for epoch in range(30)`."""
    counter = node.target.elts[0] if isinstance(node.target, ast.Tuple) and node.target.elts else node.target
    name = _COUNTERS.get(name_of(counter).strip("_").lower(), "")
    ranged = node.iter
    while isinstance(ranged, ast.Call) and name_of(ranged.func) not in ("range", "trange") and ranged.args:
        ranged = ranged.args[0]
    if not name or not isinstance(ranged, ast.Call) or name_of(ranged.func) not in ("range", "trange"):
        return
    ends = [number_of(argument) for argument in ranged.args]
    if len(ends) == 1 and ends[0] is not None:
        yield from _number(file, name, ranged.args[0], "", "used", ranged)
    elif len(ends) == 2 and None not in ends and ends[0] in (0, 1):
        turns = float(ends[1] or 0) - float(ends[0] or 0)
        yield NamedNumber(name=name, numbers=(turns,), rank="used", span=span_of(file, ranged), context=text_of(ranged))


def _number(
    file: SourceFile,
    name: str,
    value: ast.AST | None,
    owner: str,
    rank: Rank,
    at: ast.AST,
    around: ast.AST | None = None,
) -> Iterator[NamedNumber]:
    numbers = numbers_of(value)
    if not numbers or not name:
        return
    place = span_of(file, at)
    context = file.lines[int(getattr(around or at, "lineno", 1)) - 1].strip()[:200]
    if name in ("betas", "adam_betas") and len(numbers) == 2:
        for index, one in enumerate(numbers):
            yield NamedNumber(
                name=f"betas.{index}", numbers=(one,), owner=owner, rank=rank, span=place, context=context
            )
        return
    yield NamedNumber(name=name, numbers=numbers, owner=owner, rank=rank, span=place, context=context)


def _configured(value: ConfigValue) -> Iterator[NamedNumber]:
    """A setting of a configuration file or of the command. Literals in code are found in the code itself."""
    if value.origin == "code" or (value.origin == "argparse" and value.span.file.endswith((".py", ".ipynb"))):
        return
    rank: Rank = "command" if AUTHORITY.get(value.origin, 1) == 0 else "file"
    items = value.value if isinstance(value.value, tuple) else (value.value,)
    numbers = tuple(float(item) for item in items if isinstance(item, int | float) and not isinstance(item, bool))
    if not numbers or len(numbers) != len(items):
        return
    parent, _, name = value.name.rpartition(".")
    if name in ("betas", "adam_betas") and len(numbers) == 2:
        yield from (_config_number(f"betas.{i}", (n,), parent, rank, value.span) for i, n in enumerate(numbers))
    else:
        yield _config_number(name, numbers, parent, rank, value.span)


def _config_number(name: str, numbers: tuple[float, ...], parent: str, rank: Rank, span: Span) -> NamedNumber:
    return NamedNumber(
        name=name, numbers=numbers, owner="", rank=rank, span=span, context=f"{parent}.{name}".strip(".")
    )
