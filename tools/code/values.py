"""What the interpreter knows about a value: an object with identity, or a node in the flow of tensors."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from misrun.tools.code.names import names
from misrun.tools.code.project_model import Class, Function
from misrun.tools.code.source import SourceFile
from misrun.tools.code.torch_api import KEEPING_OPS

Kind = Literal[
    "unknown", "const", "lib", "function", "class", "object", "module", "optimizer", "scheduler", "scaler", "loss",
    "loader", "dataset", "sampler", "accelerator", "params", "tensor", "sequence", "mapping", "super",
]  # fmt: skip
OBJECT_KINDS = names("object module optimizer scheduler scaler loss loader dataset sampler accelerator")


@dataclass(frozen=True, slots=True)
class Site:
    """Where a value was made."""

    file: SourceFile
    node: ast.AST

    @property
    def line(self) -> int:
        return int(getattr(self.node, "lineno", 1))

    @property
    def last_line(self) -> int:
        return int(getattr(self.node, "end_lineno", None) or self.line)

    def __str__(self) -> str:
        return f"{self.file.path}:{self.file.line(self.line)}"


@dataclass(eq=False, slots=True)
class Value:
    """`path` is the dotted library name of a library value or of an object's class; `op` and `inputs` say how a value
    was computed ("softmax" of one input, "join" of the alternatives of a branch); `args` and `kwargs` are what an
    object was constructed with; `const` is a literal's value; `callee` is the layer
    or loss that computed it; `name` is the source text, for messages and weak hints."""

    kind: Kind = "unknown"
    path: str = ""
    name: str = ""
    op: str = ""
    inputs: tuple["Value", ...] = ()
    args: tuple["Value", ...] = ()
    kwargs: dict[str, "Value"] = field(default_factory=dict)
    attrs: dict[str, "Value"] = field(default_factory=dict)
    items: list["Value"] | None = None
    const: object = None
    definition: Class | Function | None = None
    scope: object = None
    callee: "Value | None" = None
    site: Site | None = None

    @property
    def class_name(self) -> str:
        return self.path.rpartition(".")[2]

    def argument(self, position: int, *names: str) -> "Value | None":
        """The construction argument at `position` or under one of `names`; None when not given."""
        for name in names:
            if name in self.kwargs:
                return self.kwargs[name]
        return self.args[position] if position < len(self.args) else None


def constant(value: object, site: Site | None = None) -> Value:
    return Value(kind="const", const=value, site=site)


def is_constant(value: Value | None, *allowed: object) -> bool:
    """Whether the value is known and one of `allowed`; True and 1 are told apart."""
    return (
        value is not None
        and value.kind == "const"
        and any(value.const == a and type(value.const) is type(a) for a in allowed)
    )


def number(value: Value | None) -> float | None:
    """The value of a known number, else None (bool is no number). An option counts by its default."""
    if value is not None and value.op == "attr" and len(value.args) == 1:
        value = value.args[0]
    if value is None or value.kind != "const" or isinstance(value.const, bool):
        return None
    return float(value.const) if isinstance(value.const, int | float) else None


def alternatives(value: Value) -> tuple[Value, ...]:
    """What the value can be after branches: itself, or the leaves of a join."""
    if value.op != "join":
        return (value,)
    found: dict[int, Value] = {}
    stack = [value]
    seen: set[int] = set()
    while stack:
        top = stack.pop()
        if id(top) in seen:
            continue
        seen.add(id(top))
        if top.op == "join":
            stack.extend(reversed(top.inputs))
        else:
            found[id(top)] = top
    return tuple(found.values())


def join(one: Value | None, other: Value | None) -> Value:
    """The value after two branches. None and "not set" give way: they are the state before anything was built."""
    if one is None or other is None or one is other:
        return one or other or Value()
    if _is_none(one) or _is_none(other):
        return other if _is_none(one) else one
    if (
        one.kind == "const"
        and other.kind == "const"
        and one.const == other.const
        and type(one.const) is type(other.const)
    ):
        return one
    known = [v.kind for v in (one, other) if v.kind in OBJECT_KINDS]
    kind: Kind = one.kind if one.kind == other.kind != "const" else (known[0] if known else "unknown")
    leaves = alternatives(one) + tuple(v for v in alternatives(other) if all(v is not a for a in alternatives(one)))
    # Eight alternatives are more than any real chain of branches needs; the bound keeps joins in loops small.
    return (
        leaves[0] if len(leaves) == 1 else Value(kind=kind, op="join", inputs=leaves[:8], name=one.name, site=one.site)
    )


def join_all(values: list[Value]) -> Value:
    result: Value | None = None
    for value in values:
        result = value if result is None else join(result, value)
    return result if result is not None else Value()


def _is_none(value: Value) -> bool:
    return value.kind == "const" and value.const is None


def unwrap(value: Value) -> Value:
    """The value below operations that keep its elements: views, casts, copies, indexing."""
    for _ in range(50):  # longer chains do not occur in hand-written code
        if value.op in KEEPING_OPS and value.op not in ("stack", "cat", "concat") and value.inputs:
            value = value.inputs[0]
        else:
            break
    return value


def always(value: Value, *ops: str) -> Value | None:
    """The first origin when, on every path, the value comes from one of `ops` through keeping operations; else None."""
    origins = []
    for leaf in alternatives(unwrap(value)):
        origin = unwrap(leaf)
        if origin.op == "join":
            origin = always(origin, *ops) or Value()
        if origin.op not in ops:
            return None
        origins.append(origin)
    return origins[0] if origins else None


def ancestors(value: Value, limit: int = 400) -> Iterator[Value]:
    """The value and all it was computed from, nearest first; `limit` bounds the walk."""
    queue = [value]
    seen = {id(value)}
    while queue and limit:
        top = queue.pop(0)
        limit -= 1
        yield top
        for child in (*top.inputs, *(top.items or ())):
            if id(child) not in seen:
                seen.add(id(child))
                queue.append(child)


def same(one: Value | None, other: Value | None) -> bool:
    """Whether the two can be the same object."""
    if one is None or other is None:
        return False
    return any(a is b for a in alternatives(one) for b in alternatives(other))


def modules_in(value: Value) -> list[Value]:
    """The outermost modules whose parameters a value (an optimizer's first argument, a parameter list) is made of."""
    found: dict[int, Value] = {}
    queue, seen = [value], {id(value)}
    while queue and len(seen) < 400:  # the bound of `ancestors`
        top = queue.pop()
        if top.kind == "module" and top.op != "join":
            found[id(top)] = top
            continue
        for child in (*top.inputs, *(top.items or ())):
            if id(child) not in seen:
                seen.add(id(child))
                queue.append(child)
    return list(found.values())
