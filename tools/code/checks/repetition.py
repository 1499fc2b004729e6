"""The same samples again and again."""

import ast
from collections.abc import Iterator

from misrun.tools.code.bodies import Body, bodies, part_of
from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_shuffling import keeps_order, shuffled
from misrun.tools.code.checks.repair_syntax import is_in_reach, names_in, text_of
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import Class, Function, last_name
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.training import training_loops
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk

_LOADER = "https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader"
_SUBSET = "https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.Dataset"
# Parameters that say which part of the data to read.
_PLACES = names(
    "page number index idx i shard offset start part chunk fold block position page_number chunk_id shard_id"
)
# How lists of samples are called.
_SAMPLES = ("rows", "samples", "examples", "records", "pairs", "items", "data", "sentences", "texts", "paths", "files")


def find_first_batch_again(trace: Trace) -> Iterator[Problem]:
    """`next(iter(loader))` in every step, or the first few batches in every epoch, of a loader that keeps its order."""
    for training in training_loops(trace):
        for body in bodies(trace):
            for call, loader, count in _restarts(body):
                if _in_loop(body, call) and _ordered_loader(trace, loader) and _is_training(training.events, call):
                    made = _loaders_called(trace, loader)
                    yield Problem(
                        Site(body.file, call),
                        f"Every pass starts `{loader}` anew and takes its first {count}; the loader does not shuffle, "
                        "so training sees the same samples for ever.",
                        "Go on through the loader (one iterator over all batches), or shuffle=True.",
                        0.9,
                        "Print a hash of the batch in ten steps.",
                        tuple(edit for e in made for edit in shuffled(e.result)),
                    )
        return


def _restarts(body: Body) -> Iterator[tuple[ast.Call, str, str]]:
    """(call, loader, what it takes): `next(iter(x))`, `islice(x, n)`."""
    for call in body.calls:
        inner = call.args[0] if call.args else None
        if last_name(call.func) == "next" and isinstance(inner, ast.Call) and last_name(inner.func) == "iter":
            yield call, unparsed(inner.args[0]) if inner.args else "", "batch"
        elif last_name(call.func) == "islice" and len(call.args) == 2 and inner is not None:
            yield call, unparsed(inner), f"{unparsed(call.args[1])} batches"


def _in_loop(body: Body, call: ast.Call) -> bool:
    """Inside the block of a loop, not in the iterable of the outermost one."""
    loops = [s for s in body.statements if isinstance(s, ast.For | ast.While)]
    inside = [s for s in loops if any(n is call for b in s.body for n in walk(b))]
    return bool(inside) or (isinstance(body.node, ast.FunctionDef) and any(
        isinstance(s, ast.For) and any(n is call for n in walk(s.iter)) for s in loops
    ))  # fmt: skip


def _is_training(events: list[Event], call: ast.Call) -> bool:
    """Whether the batch taken there is one that a training loop steps on."""
    return any(
        e.node is call or any(f.node is not None and _holds(f.node, call) for f in e.frame.chain()) for e in events
    )


def _holds(node: ast.AST, call: ast.Call) -> bool:
    return isinstance(node, ast.For | ast.While) and any(n is call for n in walk(node))


def _ordered_loader(trace: Trace, text: str) -> bool:
    """Whether every loader assigned to that name keeps its order; one called held-out is no training data."""
    name = text.rpartition(".")[2]
    if not name or part_of(name) == "held out":
        return False
    made = _loaders_called(trace, text)
    return bool(made) and all(keeps_order(e.result) for e in made)


def _loaders_called(trace: Trace, text: str) -> list[Event]:
    """Where the loaders that are assigned to the name or attribute are made."""
    name = text.rpartition(".")[2]
    return [e for e in trace.events("new") if e.result.kind == "loader" and _is_assigned(e, name)]


def _is_assigned(event: Event, name: str) -> bool:
    return any(
        isinstance(n, ast.Assign) and n.value is event.node and any(last_name(t) == name for t in n.targets)
        for n in walk(event.file.tree)
    )


def find_index_ignored(trace: Trace) -> Iterator[Problem]:
    """A `__getitem__(self, index)` that always reads the same row: `self.rows[0]`."""
    for cls in trace.project.classes.values():
        method = cls.methods.get("__getitem__")
        if method is None or isinstance(method.node, ast.Lambda) or len(method.node.args.args) < 2:
            continue
        index = method.node.args.args[1].arg
        uses = [n for n in walk(method.node) if isinstance(n, ast.Name) and n.id == index]
        rows = [n for n in walk(method.node) if isinstance(n, ast.Subscript) and _reads_fixed_row(n)]
        counted = [n for n in rows if unparsed(n.value) == _counted(cls)]
        fixed = next(iter(counted if uses else rows), None)
        if fixed is not None and not _draws(method.node):
            does = "reads one and the same row of the data" if uses else "does not use its index"
            yield Problem(
                Site(cls.file, fixed),
                f"`{cls.name}.__getitem__` {does}: every sample is the same row.",
                f"Read row `{index}`.",
                0.85,
                "Print three samples: they are equal.",
                _indexed(cls, counted if uses else rows, index),
            )


def _counted(cls: Class) -> str:
    """x of `return len(self.x)` in `__len__`: it holds one entry per sample."""
    length = cls.methods.get("__len__")
    returns = [n.value for n in walk(length.node) if isinstance(n, ast.Return)] if length is not None else []
    call = returns[0] if len(returns) == 1 else None
    measures = isinstance(call, ast.Call) and last_name(call.func) == "len" and len(call.args) == 1
    return unparsed(call.args[0]) if measures and isinstance(call, ast.Call) else ""


def _indexed(cls: Class, rows: list[ast.Subscript], index: str) -> tuple[Edit, ...]:
    """Every row of the data that is read by the same number, read by the index instead."""
    numbers = {unparsed(n.slice) for n in rows}
    sizes = any("shape" in unparsed(n.value) or "size" in unparsed(n.value) for n in rows)
    return tuple(Edit("replace", cls.file, n.slice, index) for n in rows) if len(numbers) == 1 and not sizes else ()


def _reads_fixed_row(node: ast.AST) -> bool:
    """`self.rows[0]`, `self.rows[self.i]`."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Attribute):
        return False
    return unparsed(node.value).startswith("self.") and isinstance(node.slice, ast.Constant)


def _draws(function: ast.AST) -> bool:
    words = ("rand", "choice", "sample", "next", "pop")
    return any(isinstance(n, ast.Call) and any(w in last_name(n.func) for w in words) for n in walk(function))


def find_place_ignored(trace: Trace) -> Iterator[Problem]:
    """`read_page(path, number, size)` that never uses `number`, called with one number after the other."""
    for function in trace.project.functions.values():
        if isinstance(function.node, ast.Lambda) or function.node.decorator_list or not _reads_data(function.node):
            continue
        used = {n.id for n in walk(function.node) if isinstance(n, ast.Name)}
        for position, argument in enumerate(function.node.args.args):
            if (
                argument.arg not in used
                and argument.arg.strip("_") in _PLACES
                and _given_a_variable(trace, function, position)
            ):
                yield Problem(
                    Site(function.file, function.node),
                    f"`{function.name}` never uses `{argument.arg}`: every call reads the same part of the data.",
                    f"Start reading where `{argument.arg}` says.",
                    0.9,
                    "Compare what two calls give back.",
                )


def _reads_data(function: ast.AST) -> bool:
    readers = names("open load read islice read_csv readlines loadtxt memmap seek from_numpy read_parquet fromfile")
    return any(isinstance(n, ast.Call) and last_name(n.func) in readers for n in walk(function))


def _given_a_variable(trace: Trace, function: Function, position: int) -> bool:
    """Whether some call gives it something else than a number written out."""
    at = position - 1 if function.owner is not None else position
    return any(
        isinstance(n, ast.Call) and last_name(n.func) == function.name and len(n.args) > at >= 0
        and not isinstance(n.args[at], ast.Constant)
        for file in trace.project.files
        for n in walk(file.tree)
    )  # fmt: skip


def find_rows_multiplied(trace: Trace) -> Iterator[Problem]:
    """`ConcatDataset([data] * 20)`, `rows = rows * 50`: an "epoch" is the same few samples many times."""
    for body in bodies(trace):
        for call in body.calls:
            given = call.args[0] if last_name(call.func) == "ConcatDataset" and call.args else None
            factor = _times(given) if given is not None else 0
            if factor > 1 and isinstance(given, ast.BinOp):
                once = Edit("replace", body.file, given, text_of(body.file, given.left))
                yield _multiplied(body, call, factor, once)
        for assign in body.assigns:
            factor = _times_itself(assign)
            if factor > 1:
                yield _multiplied(body, assign, factor, Edit("delete", body.file, assign))


def _multiplied(body: Body, node: ast.AST, factor: int, once: Edit) -> Problem:
    return Problem(
        Site(body.file, node),
        f"Every sample is in the data {factor} times: one epoch passes over the same samples {factor} times, and a "
        "split after this has copies on both sides.",
        "Keep each sample once and train for more epochs.",
        0.7,
        "Count the different samples among all.",
        (once,),
    )


def _times(node: ast.expr) -> int:
    """k of `[x] * k`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and isinstance(node.left, ast.List):
        return node.right.value if isinstance(node.right, ast.Constant) and type(node.right.value) is int else 0
    return 0


def _times_itself(assign: ast.Assign) -> int:
    """k of `samples = samples * k`, for names that speak of samples."""
    target, value = assign.targets[0], assign.value
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Mult):
        return 0
    same = unparsed(value.left) in (unparsed(target), f"list({unparsed(target)})")
    speaks = any(w in unparsed(target).lower() for w in _SAMPLES)
    told = isinstance(value.right, ast.Constant) and type(value.right.value) is int
    return value.right.value if same and speaks and told else 0  # type: ignore[attr-defined]


def find_file_per_item(trace: Trace) -> Iterator[Problem]:
    """A whole table is read from disk for every sample, to take one row of it."""
    readers = names("read_csv loadtxt genfromtxt read_parquet read_excel load")
    for cls in trace.project.classes.values():
        method = cls.methods.get("__getitem__")
        for node in walk(method.node) if method is not None else ():
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
                continue
            whole = last_name(node.value.func) in readers and unparsed(node.value.func) not in ("json.load",)
            name = unparsed(node.targets[0])
            if whole and not any(k.arg in ("mmap_mode", "mmap", "skiprows", "nrows") for k in node.value.keywords) and (
                method is not None and _takes_row(method.node, name)
            ):  # fmt: skip
                yield Problem(
                    Site(cls.file, node),
                    f"Every sample reads the whole file again ({unparsed(node.value.func)}) to take one row: the "
                    "accelerator waits for the disk.",
                    "Read the file once in __init__, or map it into memory.",
                    0.75,
                    "Compare the time in the loader with the time in the step.",
                    _read_once(cls, node),
                )


def _read_once(cls: Class, reading: ast.Assign) -> tuple[Edit, ...]:
    """The reading at the end of `__init__`, where all it needs are attributes that are set there."""
    start, target, file = cls.methods.get("__init__"), reading.targets[0], cls.file
    if start is None or isinstance(start.node, ast.Lambda) or not isinstance(target, ast.Name):
        return ()
    taken = {n.attr for n in walk(cls.node) if isinstance(n, ast.Attribute)}
    needs = [n for n in walk(reading.value) if isinstance(n, ast.Attribute) and unparsed(n.value) == "self"]
    stored = {unparsed(n) for n in walk(start.node) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
    others = {n for n in names_in(reading.value) if n != "self" and not is_in_reach(file, n, start.node)}
    if target.id in taken or others or any(unparsed(n) not in stored for n in needs):
        return ()
    kept = f"self.{target.id}"
    return (
        Edit("after", file, start.node.body[-1], f"{kept} = {text_of(file, reading.value)}"),
        Edit("replace", file, reading.value, kept),
    )


def _takes_row(function: ast.AST, name: str) -> bool:
    """`rows[i % n]`, `table.iloc[i]`."""
    return any(
        isinstance(n, ast.Subscript) and unparsed(n.value) in (name, f"{name}.iloc", f"{name}.loc")
        and not isinstance(n.slice, ast.Constant)
        for n in walk(function)
    )  # fmt: skip


CHECKS = (
    Check("first-batch-again", "An iterator restarted in every step or epoch over a loader that keeps its order.",
          "Only the first batches are ever seen.", "Keep one iterator.",
          "data_pipeline/duplicated_data", _LOADER, "error", "data_flow", find_first_batch_again),
    Check("index-ignored", "A data set whose samples do not depend on their index.",
          "Every sample is the same.", "Use the index.",
          "data_pipeline/duplicated_data", _SUBSET, "error", "data_flow", find_index_ignored),
    Check("place-ignored", "A reader that does not use the place it is told to read from.",
          "All calls read the same rows.", "Use it.",
          "data_pipeline/duplicated_data", _SUBSET, "error", "data_flow", find_place_ignored),
    Check("rows-multiplied", "A list of samples multiplied.",
          "The same samples count many times.", "Keep each once.",
          "data_pipeline/duplicated_data", _SUBSET, "warning", "data_flow", find_rows_multiplied),
    Check("file-per-item", "A whole file read for every sample.",
          "Reading takes longer than the step.", "Read once.",
          "data_pipeline/input_starvation", _SUBSET, "warning", "data_flow", find_file_per_item),
)  # fmt: skip
