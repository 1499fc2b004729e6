"""Learning-rate schedules: stepped in the right place, as often as their settings assume."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_schedules import (
    added_step,
    as_factor,
    handed_on,
    of_all_epochs,
    of_optimizer,
    stepped_after,
    stepped_after_training,
    stepped_every,
)
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import Function
from misrun.tools.code.torch_api import EPOCH_SCHEDULERS
from misrun.tools.code.trace import Event, Frame, Trace, compatible
from misrun.tools.code.training import TrainingLoop, training_loops
from misrun.tools.code.values import Site, Value, alternatives, ancestors, number, same
from misrun.tools.code.walking import children, unparsed, walk

_DOCS = "https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
_VERIFY = "Log optimizer.param_groups[0]['lr'] at every step."
# An epoch of fewer steps than this is rare: StepLR(step_size=30) counts epochs, StepLR(step_size=2000) counts steps.
_EPOCHS_AT_MOST = 100


def _steps(events: list[Event]) -> list[Event]:
    return [e for e in events if e.op == "scheduler.step" and e.receiver is not None]


def find_scheduler_before_optimizer(trace: Trace) -> Iterator[Problem]:
    for training in training_loops(trace):
        for event in _steps(training.events):
            if event.loops()[-1:] != [training.loop] or training.is_managed or event.args:
                continue
            steps = [s.event for s in training.steps if compatible(s.event, event)]
            if steps and all(event.index < s.index for s in steps) and event.is_unconditional_in(training.loop):
                whole = steps[-1].is_unconditional_in(training.loop)
                edits = stepped_after(event, steps[-1].node) if whole else ()
                yield _too_early(event, steps[0], "optimizer step", edits)
    yield from _at_start_of_epoch(trace)


def _at_start_of_epoch(trace: Trace) -> Iterator[Problem]:
    """`for epoch: scheduler.step(); for batch: ... optimizer.step()`, the order before PyTorch 1.1."""
    for training in training_loops(trace):
        if training.is_managed or not training.steps:
            continue
        first = min((s.event for s in training.steps), key=lambda e: e.index)
        for event in _steps(list(training.root)):
            around = event.loops()[-1:]
            starts = around and around[0] in _loops_around(training.loop) and event.is_unconditional_in(around[0])
            if starts and event.index < first.index and not event.args:
                edits = stepped_after_training(event, around[0], first)
                yield _too_early(event, first, "epoch's training", edits)


def _too_early(event: Event, step: Event, what: str, edits: tuple[Edit, ...]) -> Problem:
    return Problem(
        event.site,
        f"The scheduler steps before the {what} ({step.site}): the first value of the schedule is skipped.",
        "Step the scheduler after the optimizer (since PyTorch 1.1).",
        0.9,
        _VERIFY,
        edits,
    )


def find_epoch_scheduler_per_batch(trace: Trace) -> Iterator[Problem]:
    for training in training_loops(trace):
        for event in _steps(training.events):
            if not _per_batch(event, training) or event.receiver is None:
                continue
            for scheduler in alternatives(event.receiver)[:1]:
                reason = _counts_epochs(scheduler, training)
                if reason and len(alternatives(event.receiver)) == 1:
                    yield Problem(
                        event.site,
                        f"{scheduler.class_name} ({scheduler.site}) is stepped for every batch, but {reason}: "
                        "the learning rate falls far too early.",
                        "Step it once per epoch, or give its settings in batches.",
                        0.85,
                        _VERIFY,
                        stepped_after(event, training.loop.node) if not event.args else (),
                    )


def _per_batch(event: Event, training: TrainingLoop) -> bool:
    """Whether it happens in every pass of a batch loop that is itself inside an epoch loop."""
    inner = event.loops()
    return (
        inner[-1:] == [training.loop]
        and event.is_unconditional_in(training.loop)
        and _runs_over_data(training.loop)
        and len(inner) > 1
    )


def _runs_over_data(loop: Frame) -> bool:
    """Not `range(steps)` or `while`: there, steps are what the user counts. `range(0, n, batch)` counts rows."""
    value = loop.value
    if value is not None and value.op == "range" and len(value.inputs) == 3:
        return True
    return value is not None and not any(v.op in ("range", "while") for v in ancestors(value, 8))


def _counts_epochs(scheduler: Value, training: TrainingLoop) -> str:
    name = scheduler.class_name
    if name == "StepLR":
        size = number(scheduler.argument(1, "step_size"))
        return f"step_size={size:g} counts epochs" if size is not None and size <= _EPOCHS_AT_MOST else ""
    if name == "MultiStepLR":
        return _milestones(scheduler)
    if name == "ExponentialLR":
        gamma = number(scheduler.argument(1, "gamma"))
        # 0.99 per batch leaves 0.004 % of the learning rate after 1,000 batches.
        return f"gamma={gamma:g} is meant per epoch" if gamma is not None and gamma <= 0.99 else ""
    if name == "ReduceLROnPlateau":
        return "it compares one value per epoch" if name in EPOCH_SCHEDULERS else ""
    return _epoch_count(scheduler, training) if name == "CosineAnnealingLR" else ""


def _milestones(scheduler: Value) -> str:
    given = scheduler.argument(1, "milestones")
    numbers = [number(item) for item in (given.items or [])] if given is not None else []
    known = [n for n in numbers if n is not None]
    if known and len(known) == len(numbers) and max(known) <= 2 * _EPOCHS_AT_MOST:
        return f"milestones up to {max(known):g} count epochs"
    return ""


def _epoch_count(scheduler: Value, training: TrainingLoop) -> str:
    """T_max is the very number the epoch loop runs to."""
    t_max = scheduler.argument(1, "T_max")
    epochs = [f.value for f in _loops_around(training.loop) if f.value is not None and f.value.op == "range"]
    for value in epochs:
        limits = value.inputs
        if t_max is not None and any(_equal(t_max, limit) for limit in limits):
            return "T_max is the number of epochs"
    return ""


def _loops_around(loop: Frame) -> list[Frame]:
    return [f for f in loop.chain() if f.kind == "loop" and f is not loop]


def _equal(one: Value, other: Value) -> bool:
    mine, theirs = number(one), number(other)
    return same(one, other) if mine is None else mine == theirs


def find_batch_scheduler_per_epoch(trace: Trace) -> Iterator[Problem]:
    """OneCycleLR or a warm-up counted in batches, stepped once per epoch."""
    for training in training_loops(trace):
        if training.is_managed or not training.steps or not _runs_over_data(training.loop):
            continue
        outer = _loops_around(training.loop)
        for event in _steps(list(training.root)):
            if event.within(training.loop) or not outer or event.loops()[-1:] != [outer[0]]:
                continue
            scheduler = event.receiver
            if scheduler is None or scheduler.op == "join" or not _counts_batches(scheduler, training):
                continue
            if not any(same(s.receiver, scheduler) for s in _steps(training.events)):
                yield _too_rarely(event, scheduler, training)


def _counts_batches(scheduler: Value, training: TrainingLoop) -> bool:
    """Its settings hold the length of a loader, or of what the loop runs over."""
    total = [
        v for k, v in scheduler.kwargs.items() if k in ("total_steps", "steps_per_epoch", "num_training_steps", "T_max")
    ]
    total += (
        scheduler.args[1:3]
        if scheduler.class_name.startswith("get_") or scheduler.class_name == "CosineAnnealingLR"
        else []
    )
    over = training.loop.value
    batches = {_identity(v) for v in ancestors(over, 12) if v.kind != "const"} if over is not None else set()
    lengths = [s for t in total for v in ancestors(t, 20) if v.op == "len" for s in v.inputs]
    return any(s.kind == "loader" or _identity(s) in batches for s in lengths)


def _identity(value: Value) -> tuple[int, str]:
    """A parameter is the same one each time its function is followed."""
    if value.op == "parameter" and value.site is not None:
        return id(value.site.node), value.name
    return id(value), ""


def _too_rarely(event: Event, scheduler: Value, training: TrainingLoop) -> Problem:
    return Problem(
        event.site,
        f"{scheduler.class_name} ({scheduler.site}) is set up for the number of batches but stepped once per epoch: "
        "it never leaves the beginning of its schedule.",
        "Step it after every optimizer step.",
        0.9,
        _VERIFY,
        stepped_after(event, training.steps[-1].event.node),
    )


def find_scheduler_never_stepped(trace: Trace) -> Iterator[Problem]:
    trainings = [t for t in training_loops(trace) if t.steps]
    if not trainings:
        return
    used = _used(trace)
    for made in trace.events("new"):
        scheduler = made.result
        if scheduler.kind != "scheduler" or id(scheduler) in used:
            continue
        training = next((t for t in trainings if _drives(t, scheduler)), None)
        if training is None or training.is_managed:
            continue
        edits = _step_added(made, training)
        yield Problem(
            Site(edits[0].file, _last_of(edits[0].node)) if edits else made.site,
            f"{scheduler.class_name} ({made.site}) is built but never stepped: the rate stays where it left it.",
            "Call scheduler.step() once per epoch (or per step, as its settings count).",
            0.9,
            _VERIFY,
            edits,
            related=(made.site,) if edits else (),
        )


def _last_of(node: ast.AST) -> ast.AST:
    """The statement that a step added behind `node` would follow: the last one inside of it."""
    inside = [n for n in walk(node) if isinstance(n, ast.stmt)]
    return max(inside, key=lambda n: (n.lineno, n.col_offset), default=node)


def _used(trace: Trace) -> set[int]:
    """ids of the schedulers that are stepped, handed on or kept anywhere the trace cannot follow."""
    found: set[int] = set()
    loaded = _loaded_attributes(trace)
    for event in trace.events():
        if event.op.startswith(("scheduler.state_dict", "scheduler.load", "scheduler.get")):
            continue
        if event.op.startswith("set.") and event.op[4:] not in loaded:
            continue  # kept under a name that nobody reads
        given = [
            a for a in (event.receiver, *event.args, *event.kwargs.values()) if a is not None and a.kind != "const"
        ]
        found.update(id(v) for a in given for v in ancestors(a, 12) if v.kind == "scheduler")
    return found


def _loaded_attributes(trace: Trace) -> set[str]:
    return {
        node.attr
        for file in trace.project.files
        for node in walk(file.tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }


def _drives(training: TrainingLoop, scheduler: Value) -> bool:
    optimizer = scheduler.argument(0, "optimizer")
    return optimizer is not None and any(same(optimizer, s.optimizer) for s in training.steps)


def _step_added(made: Event, training: TrainingLoop) -> tuple[Edit, ...]:
    """Per step or per epoch, as its settings count. What a plateau is measured by, the code does not say."""
    scheduler, outer = made.result, _loops_around(training.loop)
    if scheduler.class_name == "ReduceLROnPlateau":
        return ()
    per_step = _settings_count(scheduler) == "step" or _counts_batches(scheduler, training)
    step = next(s.event for s in training.steps if same(scheduler.argument(0, "optimizer"), s.optimizer))
    return added_step(made, step, outer[0] if outer else None, per_step=per_step)


def find_conditional_plateau(trace: Trace) -> Iterator[Problem]:
    """`if metric < best: best = metric; scheduler.step(metric)`: a plateau is never reported."""
    for event in trace.events():
        if not event.op.endswith(".step") or len(event.args) != 1 or not _is_scheduler(event.receiver):
            continue
        for frame in event.frame.chain():
            if frame.kind == "call":
                break
            if frame.kind == "branch" and frame.label == "then" and _keeps_the_best(frame.node, event.node):
                yield Problem(
                    event.site,
                    "The scheduler only hears of epochs that improved: it never sees the plateau it waits for.",
                    "Step it after every epoch, outside of the `if`.",
                    0.9,
                    _VERIFY,
                    stepped_after(event, frame.node),
                )
                break


def _is_scheduler(value: Value | None) -> bool:
    return value is not None and (value.kind == "scheduler" or "sched" in value.name.lower().rpartition(".")[2])


def _keeps_the_best(node: ast.AST, call: ast.AST) -> bool:
    """Whether the test compares what the scheduler is given with a record that the body then updates."""
    if not isinstance(node, ast.If) or not isinstance(node.test, ast.Compare) or not isinstance(call, ast.Call):
        return False
    given = unparsed(call.args[0]) if call.args else ""
    sides = [unparsed(node.test.left), unparsed(node.test.comparators[0])]
    if given not in sides:
        return False
    record = sides[1 - sides.index(given)]
    stored = [unparsed(t) for s in node.body if isinstance(s, ast.Assign) for t in s.targets]
    return record in stored


def find_ignored_scheduler(trace: Trace) -> Iterator[Problem]:
    """A function that hands on its parameters by name, all but the scheduler, which it never reads."""
    for function in trace.project.functions.values():
        if isinstance(function.node, ast.Lambda):
            continue
        parameters = {a.arg: a for a in (*function.node.args.args, *function.node.args.kwonlyargs)}
        ignored = [name for name in parameters if "scheduler" in name.lower()]
        if not ignored or function.has_decorator("abstractmethod", "overload"):
            continue
        read = _names_used(function.node.body)
        calls = [n for n in walk(function.node) if isinstance(n, ast.Call)]
        call = max(calls, key=lambda n: _handed_on(n, parameters), default=None)
        handed = _handed_on(call, parameters) if call is not None else 0
        for name in ignored:
            if call is not None and name not in read and "locals" not in read and handed >= 2:
                yield Problem(
                    Site(function.file, call),
                    f"`{name}` is taken and never used, while {handed} other parameters are handed on: the schedule "
                    "has no "
                    "effect.",
                    f"Hand on {name}={name}.",
                    0.85,
                    _VERIFY,
                    handed_on(trace.project, function.file, call, name),
                    related=(Site(function.file, parameters[name]),),
                )


def _names_used(body: list[ast.stmt]) -> set[str]:
    """Names read, apart from those given back untouched in a returned tuple."""
    found: set[str] = set()
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name):
            found.add(node.id)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            stack.extend(e for e in node.value.elts if not isinstance(e, ast.Name))
        else:
            stack.extend(children(node))
    return found


def _handed_on(call: ast.Call, parameters: dict[str, ast.arg]) -> int:
    """How many keywords pass a parameter on under its own name, in a call that knows optimizers."""
    same_name = [
        k.arg for k in call.keywords if isinstance(k.value, ast.Name) and k.arg == k.value.id and k.arg in parameters
    ]
    return len(same_name) if any("optim" in str(name) for name in same_name) else 0


def find_absolute_lambda(trace: Trace) -> Iterator[Problem]:
    """The function of LambdaLR returns a learning rate: it is multiplied with the learning rate once more."""
    for made in trace.events("new"):
        if made.result.class_name != "LambdaLR":
            continue
        optimizer, factor = made.result.argument(0, "optimizer"), made.result.argument(1, "lr_lambda")
        base = _written_rate(optimizer)
        function = factor.definition if factor is not None and isinstance(factor.definition, Function) else None
        if base and function is not None and any(_scales_by(n, base) for n in _returned(function.node)):
            yield Problem(
                made.site,
                f"The function given to LambdaLR returns a multiple of `{base}`, the learning rate of the optimizer, "
                "which LambdaLR multiplies it with again: the rate is squared.",
                "Return the factor alone, 1.0 at the full learning rate.",
                0.9,
                _VERIFY,
                as_factor(function.file, _returned(function.node), base),
            )


def _written_rate(optimizer: Value | None) -> str:
    """The name the optimizer's learning rate was written with; empty for a number."""
    node = optimizer.site.node if optimizer is not None and optimizer.site is not None else None
    given = next((k.value for k in node.keywords if k.arg == "lr"), None) if isinstance(node, ast.Call) else None
    return unparsed(given) if isinstance(given, ast.Name | ast.Attribute | ast.Subscript) else ""


def _returned(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Lambda):
        return [node.body]
    return [n.value for n in walk(node) if isinstance(n, ast.Return) and n.value is not None]


def _scales_by(node: ast.expr, base: str) -> bool:
    """A product with the rate among its factors, and no division by it."""
    products = [n for n in walk(node) if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Mult)]
    divided = any(
        isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div) and base in unparsed(n.right) for n in walk(node)
    )
    return not divided and any(unparsed(side) == base for p in products for side in (p.left, p.right))


def find_other_optimizer(trace: Trace) -> Iterator[Problem]:
    """A scheduler of an optimizer that takes no step, in a loop that steps another one."""
    for training in training_loops(trace):
        optimizers = [s.optimizer for s in training.steps]
        if not optimizers or training.is_managed or not all(s.is_known for s in training.steps):
            continue
        for event in _steps(list(training.root)):
            scheduler = event.receiver
            driven = scheduler.argument(0, "optimizer") if scheduler is not None and scheduler.op != "join" else None
            if scheduler is None or driven is None or driven.kind != "optimizer" or driven.op == "join":
                continue
            if not any(_may_be(driven, s.optimizer) for t in training_loops(trace) for s in t.steps):
                yield Problem(
                    scheduler.site or event.site,
                    f"The scheduler changes the rate of the optimizer made at {driven.site}, and the loop steps "
                    f"another one ({optimizers[0].site}): the learning rate that is used never changes.",
                    "Build the scheduler from the optimizer that is stepped.",
                    0.85,
                    _VERIFY,
                    of_optimizer(scheduler, optimizers[0]) if len({id(o) for o in optimizers}) == 1 else (),
                )
                break


def find_schedule_of_one_epoch(trace: Trace) -> Iterator[Problem]:
    """A schedule to zero over len(loader) steps, stepped in every batch of several epochs."""
    for training in training_loops(trace):
        for event in _steps(training.events):
            scheduler = event.receiver
            if scheduler is None or scheduler.op == "join" or not _per_batch(event, training):
                continue
            is_factory = scheduler.class_name.startswith("get_")
            total = scheduler.argument(2, "num_training_steps") if is_factory else None
            if total is not None and _is_one_epoch(total, scheduler, training):
                yield Problem(
                    scheduler.site or event.site,
                    f"{scheduler.class_name} ends after as many steps as one epoch has, and is stepped in every "
                    f"batch of all epochs ({event.site}): from the second epoch on the learning rate is 0.",
                    "Give it epochs * len(loader) steps.",
                    0.85,
                    _VERIFY,
                    of_all_epochs(scheduler, next(iter(_loops_around(training.loop)), None)),
                )


def _is_one_epoch(total: Value, scheduler: Value, training: TrainingLoop) -> bool:
    """The length of what the loop runs over, or a number called steps per epoch."""
    if total.op == "len":
        return any(v is training.loop.value for v in total.inputs)
    node = scheduler.site.node if scheduler.site is not None else None
    given = [k.value for k in node.keywords if k.arg == "num_training_steps"] if isinstance(node, ast.Call) else []
    return any(isinstance(n, ast.Name | ast.Attribute) and "per_epoch" in unparsed(n) for n in given)


def find_interval_of_trainer(trace: Trace) -> Iterator[Problem]:
    """configure_optimizers says how often the trainer steps the scheduler; its settings count something else."""
    for made in trace.events("new"):
        scheduler = made.result
        around = next((f for f in made.frame.chain() if f.kind == "call" and f.label == "configure_optimizers"), None)
        body = _body_of(trace, "configure_optimizers", made) if around is not None else None
        if scheduler.kind != "scheduler" or body is None:
            continue
        interval = _interval(body)
        counts = _settings_count(scheduler)
        if counts and interval != counts and interval:
            yield Problem(
                made.site,
                f"The trainer steps {scheduler.class_name} once per {interval}, and its settings count {counts}s: the "
                f"learning rate {'falls far too early' if counts == 'epoch' else 'stays where it begins'}.",
                f"interval={counts!r}, or settings in {interval}s.",
                0.8,
                _VERIFY,
                stepped_every(made, body, counts),
            )


def _body_of(trace: Trace, name: str, event: Event) -> ast.AST | None:
    """The function of this name that the event is written in."""
    for function in trace.project.functions.values():
        node = function.node
        if (
            function.name == name
            and function.file is event.file
            and node.lineno <= event.line <= (node.end_lineno or 0)
        ):
            return node
    return None


def _interval(body: ast.AST) -> str:
    """What `"interval"` says in a returned mapping; an epoch where nothing is said (Lightning's default)."""
    for node in walk(body):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "interval":
                    return str(value.value) if isinstance(value, ast.Constant) else ""
    return "epoch"


def _settings_count(scheduler: Value) -> str:
    """ "epoch" or "step", where the settings tell."""
    name = scheduler.class_name
    if name in ("StepLR", "MultiStepLR", "ExponentialLR"):
        size = number(scheduler.argument(1, "step_size"))
        few = name == "StepLR" and size is not None and size <= _EPOCHS_AT_MOST
        gamma = number(scheduler.argument(1, "gamma")) if name == "ExponentialLR" else None
        return "epoch" if few or _milestones(scheduler) or (gamma is not None and gamma <= 0.99) else ""
    return "step" if name == "OneCycleLR" or name.startswith("get_") else ""


def _may_be(one: Value, other: Value) -> bool:
    """One object, or two made by the same line: a function that was followed twice."""
    nodes = {id(leaf.site.node) for leaf in alternatives(other) if leaf.site is not None}
    return same(one, other) or any(leaf.site is not None and id(leaf.site.node) in nodes for leaf in alternatives(one))


CHECKS = (
    Check("scheduler-step-on-improvement", "A scheduler stepped only when the metric improved.",
          "ReduceLROnPlateau counts the epochs without improvement; it must see all of them.",
          "Step it every epoch.", "model_software/scheduler_misuse",
          "https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html", "error",
          "silent_bug", find_conditional_plateau),
    Check("scheduler-ignored", "A scheduler parameter that a wrapper never hands on.",
          "The caller believes that a schedule is in force.",
          "Hand it on.", "model_software/scheduler_misuse",
          _DOCS, "error", "silent_bug", find_ignored_scheduler),
    Check("scheduler-before-optimizer", "The scheduler steps before the optimizer.",
          "The first learning rate of the schedule is never used.",
          "optimizer.step() first, then scheduler.step().", "model_software/scheduler_misuse",
          _DOCS, "warning", "silent_bug", find_scheduler_before_optimizer),
    Check("scheduler-per-batch", "A scheduler with settings in epochs stepped for every batch.",
          "The learning rate reaches its end within a few epochs, often within the first.",
          "Step it once per epoch.", "model_software/scheduler_misuse",
          _DOCS, "error", "silent_bug", find_epoch_scheduler_per_batch),
    Check("scheduler-per-epoch", "A scheduler with settings in batches stepped once per epoch.",
          "It stays at the start of its schedule, for OneCycleLR at a 25th of the learning rate.",
          "Step it after every batch.", "model_software/scheduler_misuse",
          _DOCS, "error", "silent_bug", find_batch_scheduler_per_epoch),
    Check("scheduler-never-stepped", "A scheduler that is built and never stepped.",
          "A scheduler changes the learning rate only in step().",
          "Step it.", "model_software/scheduler_misuse",
          _DOCS, "error", "silent_bug", find_scheduler_never_stepped),
    Check("lambda-returns-rate", "A LambdaLR function that returns a learning rate instead of a factor.",
          "LambdaLR multiplies the initial learning rate with what the function returns.",
          "Return a factor.", "model_software/scheduler_misuse",
          "https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html", "error",
          "silent_bug", find_absolute_lambda),
    Check("scheduler-of-other-optimizer", "A scheduler of an optimizer that is not stepped.",
          "A scheduler changes only the parameter groups of its own optimizer.",
          "Build it from the optimizer in use.", "model_software/scheduler_misuse",
          _DOCS, "error", "silent_bug", find_other_optimizer),
    Check("schedule-of-one-epoch", "A schedule as long as one epoch, stepped through all of them.",
          "A linear or cosine schedule stays at 0 after its last step.",
          "Count the steps of all epochs.", "model_software/scheduler_misuse",
          "https://huggingface.co/docs/transformers/main_classes/optimizer_schedules", "error", "silent_bug",
          find_schedule_of_one_epoch),
    Check("scheduler-interval", "A scheduler that the trainer steps by another unit than its settings count.",
          "A Lightning trainer steps once per epoch, or per step with interval='step'.",
          "Let both count the same.", "model_software/scheduler_misuse",
          "https://lightning.ai/docs/pytorch/stable/common/lightning_module.html#configure-optimizers", "error",
          "silent_bug", find_interval_of_trainer),
)  # fmt: skip
