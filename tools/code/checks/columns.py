"""A column among the inputs that alone tells the target, in a table that lies in the run's folder."""

import ast
import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from misrun.tools.code.bodies import is_target_name
from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.configuration import configuration_files
from misrun.tools.code.project_model import Project
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Trace
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk

_LEAKAGE = "https://scikit-learn.org/stable/common_pitfalls.html#data-leakage"
# Tables are read to here, and only so many: enough for a share, and soon done.
_ROWS, _TABLES, _MAX_BYTES, _LISTED = 2_000, 12, 20_000_000, 500
_PLACES = ("*.csv", "*/*.csv", "*/*/*.csv")
# With twenty rows of each class no honest column is in perfect order by chance: 1 of 40 choose 20, about 10^-11.
_LEAST = 20
# Fewer names than three are no list of features.
_FEW = 3
# The area under the ROC curve of a column that tells the classes apart but for about one pair in two hundred (a
# judgement: far above what honest columns of noisy outcomes reach).
_TELLS = 0.995


class _Inputs(NamedTuple):
    """The columns that a program takes, and where its code says so."""

    names: tuple[str, ...]
    place: Site


def find_column_tells_target(trace: Trace) -> Iterator[Problem]:
    """The target's value comes out of one input column by a single threshold."""
    inputs, targets = list(_inputs(trace.project)), set(_targets(trace.project))
    for table in _tables(trace.project.root) if inputs and targets else ():
        for target in sorted(targets & set(table)):
            right = _two_classes(table[target])
            for taken in inputs if right is not None else ():
                for name in (n for n in taken.names if n in table and target not in taken.names):
                    if right is not None and _tells(table[name], right):
                        yield _problem(taken.place, name, target)
                        return


def _problem(place: Site, name: str, target: str) -> Problem:
    return Problem(
        place,
        f"The input column `{name}` alone tells `{target}`, by one threshold: it was probably written after the "
        "outcome was known, and holds it.",
        f"Leave `{name}` out, or take its value from before the outcome.",
        0.85,
        f"Train without `{name}`; see whether rows without an outcome have the same values of it.",
    )


def _inputs(project: Project) -> Iterator[_Inputs]:
    """Lists of names in the configuration, where the code reads that key, and those written in the code."""
    lists = {key: _strings(v) for key, v in _settings(project) if isinstance(v, list)}
    for file in project.files:
        for node in walk(file.tree):
            if isinstance(node, ast.Subscript | ast.Attribute) and _key(node) in lists:
                yield from _at(file, node, lists[_key(node)])
            elif isinstance(node, ast.List | ast.Tuple):
                yield from _at(file, node, _strings([getattr(e, "value", None) for e in node.elts]))


def _at(file: SourceFile, node: ast.expr, names: tuple[str, ...]) -> Iterator[_Inputs]:
    if len(names) >= _FEW:
        yield _Inputs(names, Site(file, node))


def _key(node: ast.Subscript | ast.Attribute) -> str:
    """k of `cfg["k"]` and of `cfg.k`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return str(node.slice.value) if isinstance(node.slice, ast.Constant) else ""


def _strings(values: object) -> tuple[str, ...]:
    """The items of a list of nothing but strings."""
    items = values if isinstance(values, list) else []
    return tuple(items) if all(isinstance(v, str) for v in items) else ()


def _targets(project: Project) -> Iterator[str]:
    """What the configuration names as target, and columns that are assigned to a name like `y`."""
    yield from (v for key, v in _settings(project) if isinstance(v, str) and is_target_name(key))
    for file in project.files:
        for node in walk(file.tree):
            if isinstance(node, ast.Assign) and is_target_name(unparsed(node.targets[0])):
                value = node.value
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield value.value
                yield from (_key(n) for n in walk(value) if isinstance(n, ast.Subscript) and _key(n))


def _settings(project: Project) -> Iterator[tuple[str, object]]:
    """Every key and value of the configuration files, those of nested sections too."""
    queue: list[object] = list(configuration_files(project).values())
    while queue:
        section = queue.pop()
        for key, value in section.items() if isinstance(section, dict) else ():
            yield str(key), value
            queue.append(value)


def _tables(root: Path) -> Iterator[dict[str, list[str]]]:
    """The first rows of each table below the root, by column."""
    listed = (path for place in _PLACES for path in (root.glob(place) if root.is_dir() else ()))
    paths = {p for p in islice(listed, _LISTED) if not any(s.startswith(".") for s in p.relative_to(root).parts)}
    for path in sorted(paths)[:_TABLES]:
        try:
            if path.is_file() and not path.is_symlink() and path.stat().st_size <= _MAX_BYTES:
                yield _columns(path)
        except (OSError, UnicodeDecodeError, csv.Error):
            continue  # a table that cannot be read says nothing


def _columns(path: Path) -> dict[str, list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(islice(csv.reader(stream), _ROWS + 1))
    header = rows[0] if rows else []
    whole = [row for row in rows[1:] if len(row) == len(header)]
    return {name.strip(): [row[i].strip() for row in whole] for i, name in enumerate(header)}


def _two_classes(cells: list[str]) -> np.ndarray | None:
    """Which rows are of the second class, where there are two, both with enough rows."""
    kinds = sorted(set(cells))
    if len(kinds) != 2 or "" in kinds:
        return None
    second = np.array([cell == kinds[1] for cell in cells])
    return second if _LEAST <= int(second.sum()) <= len(second) - _LEAST else None


def _tells(cells: list[str], second: np.ndarray) -> bool:
    try:
        values = np.array([float(cell) for cell in cells])
    except ValueError:
        return False
    one, other = np.sort(values[~second]), values[second]
    below = np.searchsorted(one, other, "left").sum() + np.searchsorted(one, other, "right").sum()
    area = float(below) / (2.0 * len(one) * len(other))
    return bool(np.isfinite(values).all()) and max(area, 1.0 - area) >= _TELLS


CHECKS = (
    Check("column-tells-target", "An input column from which one threshold gives the target.",
          "What is written down after the outcome is not there when the model is used; validation cannot show it.",
          "Leave the column out.",
          "data_pipeline/leakage", _LEAKAGE, "warning", "data_flow", find_column_tells_target),
)  # fmt: skip
