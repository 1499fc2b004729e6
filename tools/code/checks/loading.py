"""Shuffling, samplers, and randomness in loader workers."""

import ast
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from misrun.tools.code.bodies import name_words, part_of
from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.loop_places import head_of, place_in_loop
from misrun.tools.code.checks.repair_generators import order_drawn_anew
from misrun.tools.code.checks.repair_loading import (
    generator_per_worker,
    one_order,
    shuffle_kept,
    shuffled_together,
    stream_shared,
    workers_seeded_apart,
)
from misrun.tools.code.checks.repair_loops import epoch_told
from misrun.tools.code.checks.repair_places import Loop, assigned_at, belongs
from misrun.tools.code.checks.repair_seeds import seeded_before
from misrun.tools.code.checks.repair_syntax import block_of, class_of, function_of, statement_of
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import Class, last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event, Frame, Trace
from misrun.tools.code.training import TrainingLoop, training_loops
from misrun.tools.code.values import Site, Value, ancestors, is_constant, number, unwrap
from misrun.tools.code.walking import unparsed, walk

_LOADER = "https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader"
_SAMPLER = "https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.distributed.DistributedSampler"
_WORKERS = "https://docs.pytorch.org/docs/stable/notes/faq.html#my-data-loader-workers-return-identical-random-numbers"
_LABELS = names("y label labels target targets tags classes ytrain")
_RANDOM_ORDER = names("permutation randperm shuffle sample")


def find_missing_shuffle(trace: Trace) -> Iterator[Problem]:
    trained = list(_unshuffled_in_training(trace))
    seen = {id(problem.site.node) for problem in trained}
    yield from trained
    yield from (p for p in _unshuffled_by_name(trace) if id(p.site.node) not in seen)


def _unshuffled_by_name(trace: Trace) -> Iterator[Problem]:
    """A loader that its name says is for training, made beside one for held-out data, in code nothing here trains with:
    a library's factory. Samples that are read from somewhere, not drawn, have an order."""
    for event in trace.events("new"):
        loader = event.result
        if loader.kind != "loader" or not _keeps_order(loader) or not isinstance(event.node, ast.Call):
            continue
        if _said_to_be(event.file, event.node) != "train" or not _has_held_out_twin(event.file, event.node):
            continue
        if not any(loader.site is not None and t.root and _runs_over(t, loader) for t in training_loops(trace)):
            yield _unshuffled(loader, 0.6)


def _runs_over(training: TrainingLoop, loader: Value) -> bool:
    over = training.loop.value
    return over is not None and any(v is loader for v in ancestors(over, 12))


def _said_to_be(file: SourceFile, node: ast.Call) -> str:
    """The part that a loader is for, by the name it gets or by that of the function that returns it."""
    made, function = assigned_at(file, node), function_of(file, node)
    if made is not None:
        return part_of(made[1]) or part_of(made[1].lower().replace("dataloader", "_").replace("loader", "_"))
    returned = isinstance(statement_of(file, node), ast.Return)
    return part_of(function.name) if returned and not isinstance(function, ast.Module) else ""


def _has_held_out_twin(file: SourceFile, node: ast.Call) -> bool:
    """Another loader of the same function (or class) that is for held-out data."""
    scope = function_of(file, node) if assigned_at(file, node) is not None else class_of(file, node) or file.tree
    calls = (n for n in walk(scope) if isinstance(n, ast.Call) and n is not node)
    return any(_said_to_be(file, n) == "held out" for n in calls if unparsed(n.func) == unparsed(node.func))


def _unshuffled_in_training(trace: Trace) -> Iterator[Problem]:
    for training in training_loops(trace):
        for value in ancestors(training.loop.value, 12) if training.loop.value is not None else ():
            if value.kind == "loader" and value.op != "join" and value.site and _keeps_order(value):
                yield _unshuffled(value, 0.75)


def _unshuffled(loader: Value, confidence: float) -> Problem:
    assert loader.site is not None  # asked for by the callers
    return Problem(
        loader.site,
        "The training loader does not shuffle: every epoch sees the same batches in the same order, and sorted data "
        "gives batches of one class.",
        "shuffle=True for training.",
        confidence,
        "Print the label histogram of ten consecutive batches.",
        _shuffle_edit(loader, loader.site.node),
    )


def _keeps_order(loader: Value) -> bool:
    given = loader.argument(2, "shuffle")
    if given is not None and not is_constant(given, False):
        return False
    if any(k in loader.kwargs for k in ("sampler", "batch_sampler", "**")) or len(loader.args) > 3:
        return False
    dataset = loader.argument(0, "dataset")
    return dataset is not None and _is_map_style(dataset) and not _is_shuffled(dataset) and not _is_sequential(dataset)


def _is_map_style(dataset: Value) -> bool:
    if isinstance(dataset.definition, Class):
        own = dataset.definition.methods
        return "__getitem__" in own and "__iter__" not in own
    return dataset.class_name == "TensorDataset" or dataset.path.startswith("torchvision.datasets")


def _is_shuffled(dataset: Value) -> bool:
    return any(v.op in _RANDOM_ORDER or v.op == "random_split" for v in ancestors(dataset, 120))


def _is_sequential(dataset: Value) -> bool:
    """Data whose order may be meant: time series and running text."""
    ordered = names("time timeseries series sequence sequential stream text forecast video stock trajectory replay")
    return bool(name_words(dataset.class_name) & ordered)


def _shuffle_edit(loader: Value, node: ast.AST) -> tuple[Edit, ...]:
    if loader.site is None or not isinstance(node, ast.Call):
        return ()
    for keyword in node.keywords:
        if keyword.arg == "shuffle":
            return (Edit("replace", loader.site.file, keyword.value, "True"),)
    if not node.args and not node.keywords:
        return ()
    last = max(
        [*node.args, *(k.value for k in node.keywords)], key=lambda n: (n.end_lineno or 0, n.end_col_offset or 0)
    )
    return (Edit("replace", loader.site.file, last, f"{unparsed(last)}, shuffle=True"),)


@lru_cache(maxsize=64)
def _statements(file: SourceFile) -> dict[int, ast.stmt]:
    """The expression statements and assignments of a file by the id() of their value."""
    return {id(node.value): node for node in walk(file.tree) if isinstance(node, ast.Expr | ast.Assign)}


def find_discarded_shuffle(trace: Trace) -> Iterator[Problem]:
    """`np.random.permutation(x)` as a statement; `x = random.shuffle(x)`."""
    for event in trace.events():
        statement = _statements(event.file).get(id(event.node)) if "." in event.op else None
        returns = event.op in ("numpy.random.permutation", "torch.randperm", "random.sample", "sklearn.utils.shuffle")
        returns = returns or (event.op.endswith(".sample") and is_constant(event.kwargs.get("frac"), 1, 1.0))
        if isinstance(statement, ast.Expr) and returns:
            what, cure = f"{event.op} returns the shuffled data and changes nothing", "Use its result."
        elif isinstance(statement, ast.Assign) and event.op in ("random.shuffle", "numpy.random.shuffle"):
            what, cure = f"{event.op} shuffles in place and returns None", "Call it without assigning its result."
        else:
            continue
        yield Problem(event.site, f"{what}: here the data is not what it seems.", cure, 0.95,
                      "Print the first ten labels before and after.", shuffle_kept(event.site))  # fmt: skip


def find_one_sided_shuffle(trace: Trace) -> Iterator[Problem]:
    """Inputs and targets shuffled separately, with two random orders."""
    paired = list(_shuffled_pairs(trace))
    yield from paired or _labels_shuffled_alone(trace)


def _labels_shuffled_alone(trace: Trace) -> Iterator[Problem]:
    """`rng.shuffle(x)` and, as the next statement, `rng.shuffle(labels)`: the generator has moved on."""
    for file in trace.project.files:
        for node in walk(file.tree):
            body = getattr(node, "body", None)
            for one, other in pairwise(body) if isinstance(body, list) else ():
                first, second = _shuffled_name(one), _shuffled_name(other)
                if first and second and first[0] == second[0] and not _is_label(first[1]) and _is_label(second[1]):
                    yield Problem(
                        Site(file, other),
                        f"`{first[1]}` and `{second[1]}` are shuffled one after the other, each in an order of its "
                        "own: they no longer belong together.",
                        "Draw one permutation and index both with it.",
                        0.6,
                        "Print ten samples with their labels before and after.",
                        shuffled_together(file, one, other),
                        related=(Site(file, one),),
                    )


def _shuffled_name(statement: ast.stmt) -> tuple[str, str] | None:
    """The function and the variable of `rng.shuffle(x)`; None for a generator made (and seeded) on the spot."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or last_name(call.func) != "shuffle" or len(call.args) != 1 or call.keywords:
        return None
    function, given = unparsed(call.func), call.args[0]
    plain = isinstance(given, ast.Name | ast.Attribute) and "." in function and "(" not in function
    return (function, unparsed(given)) if plain else None


def _is_label(name: str) -> bool:
    return any(word in _LABELS for word in name.rpartition(".")[2].lower().split("_"))


def _shuffled_pairs(trace: Trace) -> Iterator[Problem]:
    for root in trace.roots:
        shuffled: dict[int, Event] = {}
        seeded_at = -1
        for event in root:
            if event.op in ("numpy.random.shuffle", "random.shuffle") and event.args:
                shuffled[id(event.args[0])] = event
            elif event.op.endswith(".seed"):
                seeded_at = event.index
            pair = _paired(event)
            if len(pair) >= 2:
                yield from _separately(pair, shuffled, seeded_at, event)


def _paired(event: Event) -> list[Value]:
    """The values an event puts side by side as samples and targets."""
    if event.op == "new" and event.result.class_name == "TensorDataset":
        return list(event.args)
    return list(event.args) if event.op.endswith(".train_test_split") else []


def _separately(pair: list[Value], shuffled: dict[int, Event], seeded_at: int, event: Event) -> Iterator[Problem]:
    in_place = [next((shuffled[id(v)] for v in ancestors(p, 12) if id(v) in shuffled), None) for p in pair]
    orders = [_order_of(p) for p in pair]
    one, other = in_place[0], in_place[1]
    if one is not None and other is not None and one is not other and not one.index < seeded_at < other.index:
        where, edits = f"{one.site} and {other.site}", _both_in_place(one, other)
    elif orders[0] is not None and orders[1] is not None and orders[0] is not orders[1]:
        where, edits = f"{orders[0].site} and {orders[1].site}", ()
        if orders[0].site is not None and orders[1].site is not None:
            edits = one_order(orders[0].site, orders[1].site)
    else:
        return
    yield Problem(
        event.site,
        f"Inputs and targets are shuffled separately ({where}): they no longer belong together.",
        "Draw one permutation and index both with it.",
        0.9,
        "Print ten samples with their labels before and after.",
        edits,
    )


def _both_in_place(one: Event, other: Event) -> tuple[Edit, ...]:
    """One order for two shuffles in place that stand next to each other."""
    first, second = statement_of(one.file, one.node), statement_of(other.file, other.node)
    block = block_of(one.file, first) if first is not None and one.file is other.file else []
    if first is None or second is None or second not in block or abs(block.index(first) - block.index(second)) != 1:
        return ()
    return shuffled_together(one.file, first, second)


def _order_of(value: Value) -> Value | None:
    """The permutation a value was indexed with."""
    for node in ancestors(value, 12):
        if node.op == "index" and node.args and unwrap(node.args[0]).op in ("permutation", "randperm"):
            return unwrap(node.args[0])
    return None


def find_missing_set_epoch(trace: Trace) -> Iterator[Problem]:
    if any(e.op.endswith(".set_epoch") for e in trace.events()):
        return
    for training in training_loops(trace):
        loops = [f for f in training.loop.chain() if f.kind == "loop"]
        loader = next((v for v in ancestors(training.loop.value or Value(), 12) if v.kind == "loader"), None)
        sampler = loader.kwargs.get("sampler") if loader is not None else None
        if sampler is None or len(loops) < 2 or sampler.op == "join" or sampler.class_name != "DistributedSampler":
            continue
        if sampler.site is not None and not is_constant(sampler.kwargs.get("shuffle"), False):
            yield Problem(
                _epoch_start(trace, training, loops[1]),
                f"The DistributedSampler ({sampler.site}) never gets set_epoch: every epoch uses the same order.",
                "sampler.set_epoch(epoch) at the start of every epoch.",
                0.9,
                "Print the first indices of two epochs: they are equal.",
                epoch_told(sampler, loader, loops[1], sampler.site.file),
                related=(sampler.site,),
            )


def _epoch_start(trace: Trace, training: TrainingLoop, epochs: Frame) -> Site:
    """Where set_epoch is missing: at the head of the loop over epochs, or, in a method that is told the epoch, at that
    of its loop over batches."""
    for file in trace.project.files:
        inner, outer = training.loop.node, epochs.node
        if isinstance(inner, Loop) and belongs(file, inner):
            method = function_of(file, inner)
            told = [] if isinstance(method, ast.Module) else [a.arg for a in method.args.args]
            if "epoch" in told and told[0] == "self":
                return head_of(file, inner)
        if isinstance(outer, Loop) and belongs(file, outer):
            return head_of(file, outer)
    return training.backwards[0].site


def find_worker_seeds(trace: Trace) -> Iterator[Problem]:
    """Generators copied into every worker, and workers all seeded with one number."""
    for event in trace.events("new"):
        loader = event.result
        if loader.kind != "loader" or loader.op == "join" or is_constant(loader.kwargs.get("num_workers"), 0, None):
            continue
        if "num_workers" not in loader.kwargs:
            continue
        yield from _constant_worker_seed(event, loader)
        dataset = loader.argument(0, "dataset")
        if dataset is not None and "worker_init_fn" not in loader.kwargs:
            yield from _copied_generator(event, dataset)


def _constant_worker_seed(event: Event, loader: Value) -> Iterator[Problem]:
    given = loader.kwargs.get("worker_init_fn")
    definition = given.definition if given is not None and given.kind == "function" else None
    if definition is None or isinstance(definition, Class):
        return
    used = {n.id for n in walk(definition.node) if isinstance(n, ast.Name)}
    seeds = [
        n
        for n in walk(definition.node)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == "seed"
    ]
    if (
        seeds
        and all(len(n.args) == 1 and isinstance(n.args[0], ast.Constant) for n in seeds)
        and "get_worker_info" not in used
    ):
        yield Problem(
            Site(definition.file, seeds[0]),
            f"worker_init_fn ({event.site}) seeds every worker with the same number: all workers draw the "
            "same augmentations, every epoch.",
            "Seed with torch.initial_seed() % 2**32, which differs per worker and epoch.",
            0.9,
            "Print the first random number of every worker.",
            workers_seeded_apart(definition.file, seeds),
        )


def _copied_generator(event: Event, dataset: Value) -> Iterator[Problem]:
    definition = dataset.definition
    if not isinstance(definition, Class) or "__getitem__" not in definition.methods:
        return
    used = {n.attr for n in walk(definition.methods["__getitem__"].node) if isinstance(n, ast.Attribute)}
    for name, value in dataset.attrs.items():
        made = value.path in ("numpy.random.default_rng", "numpy.random.RandomState", "random.Random")
        if made and name in used and value.site is not None:
            yield Problem(
                value.site,
                f"`self.{name}` is built once and copied into every loader worker ({event.site}): all workers draw "
                "the same "
                "random numbers, and each epoch repeats them.",
                "Build the generator per worker, in worker_init_fn, from torch.initial_seed().",
                0.85,
                "Print the first random number of every worker in two epochs.",
                generator_per_worker(event.site, value.site, name),
            )


def find_repeated_stream(trace: Trace) -> Iterator[Problem]:
    """An IterableDataset that every worker reads from the start."""
    for event in trace.events("new"):
        loader = event.result
        dataset = loader.argument(0, "dataset")
        if loader.kind != "loader" or dataset is None or not isinstance(dataset.definition, Class):
            continue
        workers = loader.kwargs.get("num_workers")
        if workers is None or not number(workers) or "worker_init_fn" in loader.kwargs:
            continue
        method = dataset.definition.methods.get("__iter__")
        bases = " ".join(unparsed(base) for base in dataset.definition.node.bases)
        if method is None or "IterableDataset" not in bases or _knows_workers(dataset.definition, method.node):
            continue
        head = next((n.iter for n in walk(method.node) if isinstance(n, ast.For)), method.node)
        yield Problem(
            Site(method.file, head),
            f"{number(workers):g} workers ({event.site}) each run the whole __iter__ of {dataset.class_name}: "
            f"every sample comes {number(workers):g} times per epoch.",
            "Let __iter__ take its share by torch.utils.data.get_worker_info().",
            0.85,
            "Count the samples of one epoch with num_workers=0 and with workers.",
            stream_shared(method.file, method.node),
        )


def _knows_workers(owner: Class, method: ast.AST) -> bool:
    """Whether the class speaks of workers or ranks, or gives an endless stream, of which shares are not expected."""
    text = " ".join(owner.file.lines[owner.node.lineno - 1 : owner.node.end_lineno]).lower()
    endless = any(isinstance(n, ast.While) for n in walk(method))
    return endless or "worker" in text or "rank" in text or "random" in text or "shard" in text


def find_order_drawn_once(trace: Trace) -> Iterator[Problem]:
    """A sampler that shuffles in __init__ and hands out the same order in every epoch."""
    for owner in trace.project.classes.values():
        bases = " ".join(unparsed(base) for base in owner.node.bases)
        start, pass_ = owner.methods.get("__init__"), owner.methods.get("__iter__")
        if "Sampler" not in bases or start is None or pass_ is None or "set_epoch" in owner.methods:
            continue
        drawn = dict(_orders_drawn(start.node))
        used = {unparsed(n) for n in walk(pass_.node) if isinstance(n, ast.Attribute)}
        again = any(_draws(n) for n in walk(pass_.node))
        calls_own = any(name in owner.methods for name in {u.removeprefix("self.") for u in used})
        for name, node in drawn.items():
            if name in used and not again and not calls_own:
                yield Problem(
                    Site(owner.file, node),
                    f"`{name}` is shuffled once, when the sampler is built: every epoch comes in the same order.",
                    "Draw the order in __iter__.",
                    0.8,
                    "Print the first indices of two epochs: they are equal.",
                    order_drawn_anew(owner.node, name, node, pass_.node, owner.file),
                )


def _orders_drawn(function: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for node in walk(function):
        if isinstance(node, ast.Assign) and any(_draws(n) for n in walk(node.value)):
            yield unparsed(node.targets[0]), node
        elif isinstance(node, ast.Call) and _draws(node) and node.args:
            yield unparsed(node.args[0]), node


def _draws(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and last_name(node.func) in ("permutation", "randperm", "shuffle")


_SEEDING = (
    "torch.manual_seed",
    "numpy.random.seed",
    "random.seed",
    "torch.cuda.manual_seed_all",
    "torch.cuda.manual_seed",
)


def find_seed_in_loop(trace: Trace) -> Iterator[Problem]:
    for training in training_loops(trace):
        loops = [f for f in training.loop.chain() if f.kind == "loop"]
        for event in training.root:
            inside = [f for f in loops if event.within(f)]
            if event.op not in _SEEDING or not inside or not event.args or not _is_fixed(event.args[0]):
                continue
            outermost = inside[0]
            builds = any(
                e.op == "new" and e.result.kind in ("optimizer", "module") and e.within(outermost)
                for e in training.root
            )
            if not builds and not event.branches_within(outermost):
                site = place_in_loop(trace.project, event, outermost)
                yield Problem(
                    site,
                    f"{event.op} runs in every pass of the loop with the same seed: dropout masks, shuffling and "
                    "augmentation repeat.",
                    "Seed once, before the loop.",
                    0.85,
                    "Print torch.rand(1) at the start of every pass: it is the same.",
                    seeded_before(event, outermost, training),
                )


def _is_fixed(value: Value) -> bool:
    return number(value) is not None or (value.op == "attr" and value.name.endswith("seed"))


CHECKS = (
    Check("shuffle-missing", "A training loader that keeps the order of its data.",
          "Batches are then not representative, least of all when the data is sorted by class.",
          "shuffle=True.", "data_pipeline/unshuffled_data",
          _LOADER, "warning", "data_flow", find_missing_shuffle),
    Check("shuffle-result-discarded", "A shuffle whose result is thrown away, or None kept in its place.",
          "permutation returns a copy; shuffle works in place and returns None.",
          "Use what the function gives back.", "data_pipeline/unshuffled_data",
          "https://numpy.org/doc/stable/reference/random/generated/numpy.random.permutation.html", "error", "data_flow",
          find_discarded_shuffle),
    Check("one-sided-shuffle", "Inputs and targets shuffled with different random orders.",
          "Targets no longer belong to their inputs; the model learns the mean.",
          "Index both with one permutation.", "data_pipeline/label_misalignment",
          "https://scikit-learn.org/stable/modules/generated/sklearn.utils.shuffle.html", "error", "data_flow",
          find_one_sided_shuffle),
    Check("sampler-set-epoch-missing", "A DistributedSampler without set_epoch.",
          "Without it the same shuffling is used in every epoch.",
          "sampler.set_epoch(epoch).", "data_pipeline/unshuffled_data",
          _SAMPLER, "warning", "data_flow", find_missing_set_epoch),
    Check("worker-seed", "Loader workers that share their random numbers.",
          "A generator is copied into every worker process; a fixed seed is the same in each.",
          "Derive the seed from torch.initial_seed().", "model_software/seed_misuse",
          _WORKERS, "warning", "data_flow", find_worker_seeds),
    Check("stream-repeated-by-workers", "An IterableDataset with workers that all read everything.",
          "Every worker holds a copy of the data set and runs its whole __iter__.",
          "Split by get_worker_info().", "data_pipeline/duplicated_data",
          "https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset", "error", "data_flow",
          find_repeated_stream),
    Check("order-drawn-once", "A sampler that shuffles only when it is built.",
          "Batches are the same in every epoch.",
          "Shuffle in __iter__.", "data_pipeline/unshuffled_data",
          "https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.Sampler", "warning", "data_flow",
          find_order_drawn_once),
    Check("seed-in-loop", "A fixed seed set again in every pass.",
          "Everything random repeats.",
          "Seed once.", "model_software/seed_misuse",
          "https://docs.pytorch.org/docs/stable/notes/randomness.html", "warning", "data_flow", find_seed_in_loop),
)  # fmt: skip
