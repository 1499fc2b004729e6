"""The way of a value back to its source: which values it passes, and what else goes in on the way."""

import ast
from dataclasses import dataclass

from misrun.tools.code.values import OBJECT_KINDS, Value, alternatives, number
from misrun.tools.code.walking import unparsed

# A longer way no longer helps the reader; the sources of deep models lie some 200 operations up.
MOST_STEPS = 400
# Values that stand for no operation of their own.
_SILENT = frozenset(
    {"row", "sample_index", "counter", "name", "starred", "join", "while", "entered", "changing", "each"}
)


@dataclass(frozen=True, slots=True)
class Step:
    """One value on the way; `merges` are its other inputs as written, `others` how many ways a branch leaves out."""

    value: Value
    merges: tuple[str, ...]
    others: int = 0


def steps_to(value: Value) -> list[Step]:
    """The steps from the source to the value, source first."""
    found: list[Step] = []
    seen: set[int] = set()
    current: Value | None = value
    while current is not None and id(current) not in seen and len(found) < MOST_STEPS:
        seen.add(id(current))
        ways = alternatives(current)
        main = _longest(ways) if len(ways) > 1 else current
        seen.add(id(main))
        source, rest = _inputs(main, _split_input(found[-1].value) if found else 0)
        found.append(Step(main, tuple(rest), len(ways) - 1))
        current = source
    return found[::-1]


def _longest(ways: tuple[Value, ...]) -> Value:
    """The way through a branch that says most."""
    return max(ways, key=lambda v: _depth(v))


def _depth(value: Value, limit: int = 30) -> int:
    count = 0
    current: Value | None = value
    while current is not None and count < limit:
        count += 1
        current = _inputs(alternatives(current)[0])[0]
    return count


def _split_input(taken: Value) -> int:
    """train_test_split gives two parts of each of its arguments, in their order."""
    split = taken.inputs[0] if taken.op == "element" and taken.inputs else None
    at = number(taken.args[0]) if split is not None and split.op == "train_test_split" and taken.args else None
    return int(at) // 2 if at is not None else 0


def _inputs(value: Value, chosen: int = 0) -> tuple[Value | None, list[str]]:
    """The input the data comes from, and the other inputs that are data too."""
    if value.op == "collated":
        return value.inputs[0], []
    candidates = [v for v in value.inputs if _is_data(v) and not _is_setting(v)]
    if value.op == "call" and len(candidates) > 1 and candidates[0] is value.inputs[0]:
        candidates = [*candidates[1:], candidates[0]]  # what is given comes before what is called
    if value.op in ("call", "method", "module()") and not candidates:
        candidates = [v for v in value.inputs if v.kind in ("loader", "dataset")]
    if not candidates:
        return (value.inputs[0] if value.inputs and value.inputs[0].kind in ("loader", "dataset") else None), []
    main = candidates[min(chosen, len(candidates) - 1)]
    return main, [text for v in candidates if v is not main and (text := written(v))]


def _is_data(value: Value) -> bool:
    if value.kind in ("const", "lib", "class", "function", "params") or value.op in (
        "sample_index",
        "slice_index",
        "size",
    ):
        return False
    if value.kind == "sequence" and value.items is not None:
        return False
    return value.kind not in OBJECT_KINDS or value.kind in ("loader", "dataset")


def _is_setting(value: Value) -> bool:
    """An attribute or entry of parsed arguments or of a configuration."""
    for _ in range(6):  # settings are nested a few levels at most
        if value.name.rpartition(".")[2] in ("parse_args", "parse_known_args", "environ", "get_config", "load_config"):
            return True
        if value.op not in ("attr", "element", "index", "tensor") or not value.inputs:
            return False
        value = value.inputs[0]
    return False


def written(value: Value) -> str:
    """The value's source text, short."""
    if value.site is None:
        return value.name
    text = unparsed(value.site.node) if isinstance(value.site.node, ast.expr) else value.name
    return text if len(text) <= 40 else f"{text[:37]}..."


def is_silent(value: Value) -> bool:
    """Whether the value only stands between operations (an element of a tuple, a row of a data set)."""
    if key_of(value) or (value.op == "index" and cut(value)):
        return False
    if value.op in ("element", "attr", "index"):
        return bool(value.inputs)
    return value.kind == "const" or value.op in _SILENT or (not value.op and value.kind not in ("loader", "dataset"))


def cut(value: Value) -> str:
    """The index as written where it leaves out a part ("[:, 1:]"); "" where it takes one element or everything."""
    index = value.args[0] if value.args else None
    parts = index.items if index is not None and index.items is not None else [index]
    bounded = any(p is not None and p.op == "slice_index" and p.kwargs for p in parts)
    node = value.site.node if value.site is not None else None
    if not bounded or not isinstance(node, ast.Subscript):
        return ""
    text = unparsed(node.slice)
    return f"[{text[1:-1] if isinstance(node.slice, ast.Tuple) and text[:1] == '(' else text}]"


def key_of(value: Value) -> str:
    """The column or field that is taken out, as written: "['y']"; "" for anything else."""
    key = value.name[value.name.rfind("[") :] if value.op == "element" and value.inputs else ""
    return key if key.startswith(("['", '["')) else ""
