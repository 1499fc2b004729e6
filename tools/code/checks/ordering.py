"""Samples in the order of their labels: batches that are all of one kind."""

import ast
from collections.abc import Iterator

from misrun.tools.code.bodies import Body, bodies, is_target_name
from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_shuffling import shuffled_loaders
from misrun.tools.code.checks.repair_syntax import names_in, text_of
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Trace
from misrun.tools.code.training import training_loops
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk

_LOADER = "https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader"
_SORTS = names("argsort sort_values sort sorted lexsort")
_SHUFFLES = ("shuffle", "randperm", "permutation", "random_split", "sample(", "RandomSampler", "randint", "rng.choice",
             "random.choice", "train_test_split")  # fmt: skip


def find_sorted_batches(trace: Trace) -> Iterator[Problem]:
    """Data put in order by its label, then cut into batches in that order, in a program that shuffles nothing."""
    text = "\n".join(line.partition("#")[0] for file in trace.project.files for line in file.lines)
    if any(word in text for word in _SHUFFLES):
        return
    trainings = training_loops(trace)
    for body in bodies(trace):
        for statement in (s for s in body.statements if isinstance(s, ast.Assign | ast.Expr)):
            how = _sorted_by_label(statement)
            if how and trainings:
                yield Problem(
                    Site(body.file, statement),
                    f"The samples are put in order by {how} and nothing shuffles them afterwards: batches hold one "
                    "class after the other, and the model forgets one while it learns the next.",
                    "Shuffle the training samples in every epoch.",
                    0.85,
                    "Print the label histogram of ten consecutive batches.",
                    shuffled_loaders(trainings) or _drawn_instead(body, statement.value),
                )
                return


def _drawn_instead(body: Body, value: ast.expr) -> tuple[Edit, ...]:
    """A random order in place of the sorted one, where no loader could shuffle."""
    file = body.file
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
        return ()
    owner, method = text_of(file, value.func.value), value.func.attr
    if method == "argsort" and owner in ("np", "numpy", "torch") and len(value.args) == 1:
        draw = "torch.randperm" if owner == "torch" else f"{owner}.random.permutation"
        return (Edit("replace", file, value, f"{draw}(len({text_of(file, value.args[0])}))"),)
    if method == "sort_values" and not any(k.arg == "inplace" for k in value.keywords):
        return (Edit("replace", file, value, f"{owner}.sample(frac=1)"),)
    if method == "sort" and any(k.arg == "key" for k in value.keywords):
        return (Edit("replace", file, value, f"random.shuffle({owner})"), Edit("import", file, value, "import random"))
    return ()


def _sorted_by_label(statement: ast.Assign | ast.Expr) -> str:
    """What a sort goes by, if it is a label: `np.argsort(y)`, `df.sort_values("label")`."""
    for node in walk(statement.value):
        if isinstance(node, ast.Call) and last_name(node.func) in _SORTS:
            given = [*node.args, *(k.value for k in node.keywords if k.arg in ("by", "key"))]
            if last_name(node.func) == "argsort" and isinstance(node.func, ast.Attribute):
                given.append(node.func.value)
            for part in given:
                if isinstance(part, ast.Lambda) and unparsed(part.body).endswith(("[-1]", "['label']", "['y']")):
                    return unparsed(part.body)
                words = set(unparsed(part).lower().replace("'", "_").replace(".", "_").replace("[", "_").split("_"))
                if words & names("y label labels target targets cls class klass category"):
                    return unparsed(part)
    return ""


def find_grouped_by_class(trace: Trace) -> Iterator[Problem]:
    """`for c in classes: for f in files(c): samples.append((f, c))`, read in that order by a loader without shuffle."""
    text = "\n".join(line.partition("#")[0] for file in trace.project.files for line in file.lines)
    if any(word in text for word in _SHUFFLES if word != "shuffle") or "shuffle=True" in text or ".shuffle(" in text:
        return
    trainings = training_loops(trace)
    for training in trainings:
        for file in trace.project.files:
            for loop in walk(file.tree):
                collects = isinstance(loop, ast.For) and _is_over_classes(loop) and _appends_with(loop)
                if isinstance(loop, ast.For) and (collects or _appends_block(loop)):
                    yield Problem(
                        Site(file, loop),
                        "The samples are collected class by class and nothing shuffles them: batches hold one class "
                        "after the other.",
                        "Shuffle the training samples in every epoch.",
                        0.8,
                        "Print the label histogram of ten consecutive batches.",
                        shuffled_loaders(trainings) or _mixed_after(file, loop),
                        related=(Site(training.events[0].file, training.loop.node),) if training.events else (),
                    )
                    return


def _mixed_after(file: SourceFile, loop: ast.For) -> tuple[Edit, ...]:
    """`random.shuffle(samples)` behind the loop, where one list gets inputs and targets together."""
    appends = [n for n in walk(loop) if isinstance(n, ast.Call) and last_name(n.func) == "append" and n.args]
    if (
        len(appends) != 1
        or not isinstance(appends[0].args[0], ast.Tuple)
        or not isinstance(appends[0].func, ast.Attribute)
    ):
        return ()
    mixed = f"random.shuffle({text_of(file, appends[0].func.value)})"
    return (Edit("after", file, loop, mixed), Edit("import", file, loop, "import random"))


def _is_over_classes(loop: ast.For) -> bool:
    words = unparsed(loop.iter).lower()
    return any(w in words for w in ("class", "categor", "label", "folders"))


def _appends_with(loop: ast.For) -> bool:
    """The class of the loop is appended, as a target, for several samples in a loop inside."""
    bound = {n.id for n in walk(loop.target) if isinstance(n, ast.Name)}
    inner = [n for n in walk(loop) if isinstance(n, ast.For) and n is not loop]
    return any(
        isinstance(c, ast.Call) and last_name(c.func) == "append"
        and bound & {n.id for a in c.args for n in walk(a) if isinstance(n, ast.Name)}
        for i in inner
        for c in walk(i)
    )  # fmt: skip


def _appends_block(loop: ast.For) -> bool:
    """`y.append(np.full(n, k))`, `y += [k] * n`: a block of equal targets for each turn of the loop."""
    bound = {n.id for n in walk(loop.target) if isinstance(n, ast.Name)}
    for node in walk(loop):
        if isinstance(node, ast.Call) and last_name(node.func) in ("append", "extend") and node.args:
            collector, block = unparsed(node.func).rpartition(".")[0], node.args[0]
        elif isinstance(node, ast.AugAssign):
            collector, block = unparsed(node.target), node.value
        else:
            continue
        if is_target_name(collector) and _repeated(block) & bound:
            return True
    return False


def _repeated(block: ast.expr) -> set[str]:
    """The names that are repeated in `full(n, k)`, `full_like(x, k)`, `[k] * n`, `[k for _ in x]`, `k * ones(n)`."""
    if isinstance(block, ast.Call) and last_name(block.func) in ("full", "full_like", "repeat") and len(block.args) > 1:
        at = 0 if last_name(block.func) == "repeat" else 1
        return names_in(block.args[at])
    if isinstance(block, ast.BinOp) and isinstance(block.op, ast.Mult):
        sides = (block.left, block.right)
        filled = any(isinstance(s, ast.Call) and last_name(s.func) == "ones" for s in sides)
        lists = [e for s in sides if isinstance(s, ast.List) for e in s.elts]
        return {n for e in (sides if filled else lists) for n in names_in(e)}
    return names_in(block.elt) if isinstance(block, ast.ListComp) and isinstance(block.elt, ast.Name) else set()


CHECKS = (
    Check("sorted-batches", "Samples ordered by label and never shuffled.",
          "Batches of one class pull the model to and fro.", "Shuffle.",
          "data_pipeline/unshuffled_data", _LOADER, "error", "data_flow", find_sorted_batches),
    Check("grouped-by-class", "Samples collected class by class and never shuffled.",
          "Batches of one class pull the model to and fro.", "Shuffle.",
          "data_pipeline/unshuffled_data", _LOADER, "error", "data_flow", find_grouped_by_class),
)  # fmt: skip
