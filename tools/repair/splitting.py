"""Data that is multiplied before it is split."""

import ast

from misrun.tools.repair.repair import Clues, Repair
from misrun.tools.repair.rewrite import called, calls, inserted, replaced

_DRAW = "torch.randperm(len({x}))"


def split_first(clues: Clues) -> Repair | None:
    """Holds a fifth of the originals out before they are multiplied, and validates on those.

    For `x = cat([x, ...])` at the finding, beside `y = y.repeat(...)` or a cat of its own, and a split of both by
    random_split or train_test_split into a training and a held-out part.
    """
    finding = clues.found("split-after-augmentation")
    joined = _assignment(clues.tree, finding.line) if finding is not None else None
    split = next(calls(clues.tree, "random_split", "train_test_split"), None)
    if finding is None or joined is None or split is None:
        return None
    target = _split_target(clues.tree, split)
    names = _columns(clues.tree, joined, split)
    parts = _parts(split, names, len(target.elts)) if target is not None and names else ""
    if not parts:
        return None
    # The split stands below the joining, so it is rewritten first and the lines above keep their places.
    code = inserted(replaced(clues.code, (split, parts)), joined, *_hold_out(names))
    return Repair(
        finding.mode, finding.line, f"{finding.message} Split first, then augmented the training part only.", code
    )


def _assignment(tree: ast.Module, line: int) -> ast.Assign | None:
    return next(
        (n for n in ast.walk(tree) if isinstance(n, ast.Assign) and n.lineno <= line <= (n.end_lineno or 0)), None
    )


def _split_target(tree: ast.Module, split: ast.Call) -> ast.Tuple | None:
    found = next((n for n in ast.walk(tree) if isinstance(n, ast.Assign) and n.value is split), None)
    target = found.targets[0] if found is not None else None
    return target if isinstance(target, ast.Tuple) else None


def _columns(tree: ast.Module, joined: ast.Assign, split: ast.Call) -> list[str]:
    """The names that are split together: those given to the split, or to the data set that is."""
    given = [a.id for a in split.args if isinstance(a, ast.Name)]
    if called(split) == "random_split" and given:
        made = next((n.value for n in ast.walk(tree) if isinstance(n, ast.Assign) and _is_target(n, given[0])), None)
        given = [a.id for a in made.args if isinstance(a, ast.Name)] if isinstance(made, ast.Call) else []
    return given if any(_is_target(joined, name) for name in given) else []


def _is_target(assign: ast.Assign, name: str) -> bool:
    return any(isinstance(t, ast.Name) and t.id == name for t in assign.targets)


def _hold_out(names: list[str]) -> list[str]:
    """The lines that take a fifth of the originals away, in one order for all columns."""
    lines = [f"drawn = {_DRAW.format(x=names[0])}", "n_held = len(drawn) // 5"]
    lines += [f"held_{name}, {name} = {name}[drawn[:n_held]], {name}[drawn[n_held:]]" for name in names]
    return lines


def _parts(split: ast.Call, names: list[str], targets: int) -> str:
    """What the split gives now: the training part as it is, and what was held out."""
    held = [f"held_{name}" for name in names]
    if called(split) == "random_split" and targets == 2:
        return f"TensorDataset({', '.join(names)}), TensorDataset({', '.join(held)})"
    if called(split) == "train_test_split" and targets == 2 * len(names):
        return ", ".join(part for pair in zip(names, held, strict=True) for part in pair)
    return ""
