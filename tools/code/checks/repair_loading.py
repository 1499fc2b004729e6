"""Patches for loaders: workers that share their numbers or their samples, shuffles, endless streams."""

import ast

from misrun.tools.code.checks.repair_places import assigned_at, free_name, top_level
from misrun.tools.code.checks.repair_syntax import function_of, statement_of, text_of, with_keyword
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk

_IMPORT_TORCH = "import torch"
# The seed of a worker: torch gives each worker, in each epoch, another one (torch.utils.data, "Randomness in
# multi-process data loading"); numpy and random take 32 bits.
_WORKER_SEED = "torch.initial_seed() % 2**32"


def endless(site: Site) -> tuple[Edit, ...]:
    """`itertools.cycle(loader)` as a generator that starts the loader anew in each pass."""
    file, call = site.file, site.node
    place = top_level(file, call)
    if place is None or not isinstance(call, ast.Call) or len(call.args) != 1:
        return ()
    name = free_name(file, "endless")
    made = f"def {name}(loader):\n    while True:\n        yield from loader\n\n"
    return (Edit("before", file, place, made), Edit("replace", file, call.func, name))


def workers_seeded_apart(file: SourceFile, seeds: list[ast.Call]) -> tuple[Edit, ...]:
    """`np.random.seed(42)` in worker_init_fn takes the seed of the worker."""
    edits = [Edit("replace", file, call.args[0], _WORKER_SEED) for call in seeds if call.args]
    return (*edits, Edit("import", file, file.tree, _IMPORT_TORCH)) if edits else ()


def generator_per_worker(loader: Site, generator: Site, attribute: str) -> tuple[Edit, ...]:
    """A worker_init_fn that gives the data set of each worker a generator of its own."""
    file, call, made = loader.file, loader.node, generator.node
    place = top_level(file, call)
    if place is None or generator.file is not file or not isinstance(call, ast.Call) or not isinstance(made, ast.Call):
        return ()
    name = free_name(file, "seed_worker")
    function = (
        f"def {name}(worker_id):\n"
        f"    dataset = torch.utils.data.get_worker_info().dataset\n"
        f"    dataset.{attribute} = {text_of(file, made.func)}({_WORKER_SEED})\n\n"
    )
    return (
        Edit("before", file, place, function),
        with_keyword(file, call, "worker_init_fn", name),
        Edit("import", file, file.tree, _IMPORT_TORCH),
    )


def stream_shared(file: SourceFile, method: ast.AST) -> tuple[Edit, ...]:
    """Each worker takes every n-th element of what __iter__ runs over, by the worker's number as the documentation of
    IterableDataset does."""
    run_over = _run_over(method) if isinstance(method, ast.FunctionDef) else None
    if run_over is None or not isinstance(method, ast.FunctionDef):
        return ()
    share = (
        "info = torch.utils.data.get_worker_info()\n"
        "worker, workers = (info.id, info.num_workers) if info is not None else (0, 1)"
    )
    return (
        Edit("before", file, method.body[0], share),
        Edit("replace", file, run_over, f"itertools.islice({text_of(file, run_over)}, worker, None, workers)"),
        Edit("import", file, file.tree, "import itertools"),
        Edit("import", file, file.tree, _IMPORT_TORCH),
    )


def _run_over(method: ast.FunctionDef) -> ast.expr | None:
    """What the one outermost loop runs over, in which every yield stands; or the iterator that is returned."""
    yields = [n for n in walk(method) if isinstance(n, ast.Yield | ast.YieldFrom)]
    loops = [n for n in walk(method) if isinstance(n, ast.For)]
    outermost = [n for n in loops if not any(n is not o and n in walk(o) for o in loops)]
    returns = [n for n in walk(method) if isinstance(n, ast.Return) and n.value is not None]
    if len(outermost) == 1 and not returns and all(any(y is n for n in walk(outermost[0])) for y in yields):
        return outermost[0].iter
    if len(returns) == 1 and not yields and isinstance(returns[0].value, ast.Call) and not outermost:
        return returns[0].value
    return None


def shuffle_kept(site: Site) -> tuple[Edit, ...]:
    """`np.random.permutation(x)` as `x = np.random.permutation(x)`; `y = random.shuffle(x)` as `random.shuffle(x)`."""
    file, call, statement = site.file, site.node, statement_of(site.file, site.node)
    if not isinstance(call, ast.Call):
        return ()
    if isinstance(statement, ast.Expr):
        of_table = isinstance(call.func, ast.Attribute) and call.func.attr == "sample" and not call.args
        kept = [call.func.value] if of_table and isinstance(call.func, ast.Attribute) else call.args
        counted = unparsed(call.func).rpartition(".")[2] in ("randperm", "sample") and not of_table
        if not kept or counted or not all(isinstance(a, ast.Name | ast.Attribute) for a in kept):
            return ()
        return (Edit("replace", file, call, f"{', '.join(text_of(file, a) for a in kept)} = {text_of(file, call)}"),)
    if not isinstance(statement, ast.Assign) or statement.value is not call or len(call.args) != 1:
        return ()
    target, given = text_of(file, statement.targets[0]), text_of(file, call.args[0])
    function = text_of(file, call.func)
    if target == given:
        return (Edit("replace", file, statement, f"{function}({given})"),)
    return (Edit("replace", file, statement, f"{target} = {given}\n{function}({target})"),)


def order_named(file: SourceFile, order: Site, place: ast.stmt) -> tuple[str, tuple[Edit, ...]]:
    """A name for an order that is drawn at `order`, and the edits that make it: a variable already holds it, or one is
    put before the statement `place`."""
    made = assigned_at(file, order.node)
    if made is not None:
        return made[1], ()
    name = free_name(file, "order")
    return name, (
        Edit("before", file, place, f"{name} = {text_of(file, order.node)}"),
        Edit("replace", file, order.node, name),
    )


def one_order(first: Site, second: Site) -> tuple[Edit, ...]:
    """`x = x[randperm(n)]; y = y[randperm(n)]`: the second takes the order drawn for the first."""
    file = first.file
    place = statement_of(file, first.node)
    if second.file is not file or place is None or function_of(file, first.node) is not function_of(file, second.node):
        return ()
    name, edits = order_named(file, first, place)
    return (*edits, Edit("replace", file, second.node, name))


def shuffled_together(file: SourceFile, one: ast.stmt, other: ast.stmt) -> tuple[Edit, ...]:
    """`rng.shuffle(x)` and, next to it, `rng.shuffle(y)`: both in place in one order."""
    calls = [s.value for s in (one, other) if isinstance(s, ast.Expr) and isinstance(s.value, ast.Call)]
    if len(calls) != 2 or any(len(c.args) != 1 for c in calls):
        return ()
    x, y = (text_of(file, c.args[0]) for c in calls)
    function = text_of(file, calls[0].func)
    generator, name = function.rpartition(".")[0], free_name(file, "order")
    if unparsed(calls[0].func) == "random.shuffle":
        drawn = f"{name} = list(range(len({x})))\nrandom.shuffle({name})"
        picked = f"[{x}[i] for i in {name}], [{y}[i] for i in {name}]"
    else:
        drawn = f"{name} = {generator}.permutation(len({x}))"
        picked = f"{x}[{name}], {y}[{name}]"
    return (Edit("replace", file, one, f"{drawn}\n{x}[:], {y}[:] = {picked}"), Edit("delete", file, other))
