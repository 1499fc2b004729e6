"""Learning rates, momentum and decay that are high for this model, and schedules that cannot work."""

import ast
import re
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.loop_places import place_in_loop
from misrun.tools.code.checks.repair_loops import after_batches
from misrun.tools.code.checks.repair_settings import exchanged, number_replaced
from misrun.tools.code.checks.repair_syntax import given_node, is_in_reach, text_of
from misrun.tools.code.known_numbers import known_number
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import last_name
from misrun.tools.code.trace import Event, Frame, Trace
from misrun.tools.code.training import parameters_of, training_loops
from misrun.tools.code.values import Value, number, same
from misrun.tools.code.walking import unparsed, walk

_ADAM = "https://arxiv.org/abs/1412.6980"
_DECAY = "https://arxiv.org/abs/1711.05101"
_SCHEDULES = "https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
_SGD = "https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html"
_ADAPTIVE = names("Adam AdamW NAdam RAdam Adamax RMSprop FusedAdam")
_NORMS = names("batch_norm layer_norm group_norm transformer")
# Momentum m multiplies the step of SGD by up to 1 / (1 - m) (Sutskever et al. 2013, section 2). Without normalisation
# layers 2 is beyond what plain networks bear; ResNets with batch norm train at 0.1 / (1 - 0.9) = 1 (He et al. 2016).
_HIGHEST_SGD = 2.0
# Fifty times Adam's default of 1e-3: each weight of a plain network moves by about that much per step.
_HIGHEST_ADAM = 0.05
# L2 penalties in the gradient: 5e-4 is usual for SGD; AdamW decays by lr * decay, 0.3 is the most used for ViT
# (Steiner et al. 2022, "How to train your ViT", table 3).
# Published schedules keep more than a thousandth of the peak at half of the run.
_LEFT = 1e-4
_NO_EDITS: tuple[Edit, ...] = ()
# The usual values of the same sources; 0.01 is the default of AdamW.
_USUAL_DECAY = {"SGD": "5e-4", "Adam": "1e-4", "RMSprop": "1e-4", "NAdam": "1e-4", "AdamW": "0.01"}
_HIGHEST_DECAY = {"SGD": 0.05, "Adam": 0.1, "RMSprop": 0.1, "NAdam": 0.1, "AdamW": 0.5}


def _optimizers(trace: Trace) -> Iterator[tuple[Event, Value]]:
    for event in trace.events("new"):
        if event.result.kind == "optimizer" and event.result.path.startswith("torch.optim"):
            yield event, event.result


def _effective(trace: Trace, optimizer: Value) -> float | None:
    """The learning rate that is known, for SGD with its momentum."""
    rate = known_number(trace, optimizer.argument(1, "lr"))
    momentum = known_number(trace, optimizer.kwargs.get("momentum")) or 0.0
    if rate is None:
        return None
    return rate / (1 - momentum) if optimizer.class_name == "SGD" and 0 <= momentum < 1 else rate


def find_high_rate(trace: Trace) -> Iterator[Problem]:
    """A rate that only models with normalisation, or of a few weights, bear; lower ones than learning-rate-off's."""
    for training in training_loops(trace):
        if any(e.op in _NORMS or "clip" in e.op or e.op.startswith("scheduler.") for e in training.events):
            continue
        layers = sum(1 for e in training.events if e.op in ("linear", "conv2d", "conv1d", "lstm", "rnn", "gru"))
        for optimizer in {id(s.optimizer): s.optimizer for s in training.steps if s.is_known}.values():
            rate = _effective(trace, optimizer)
            limit = _HIGHEST_SGD if optimizer.class_name == "SGD" else _HIGHEST_ADAM
            if rate is None or layers < 2 or optimizer.site is None or not parameters_of(optimizer):
                continue
            if (optimizer.class_name == "SGD" or optimizer.class_name in _ADAPTIVE) and rate >= limit:
                yield Problem(
                    optimizer.site,
                    f"{optimizer.class_name} with an effective learning rate of {rate:g} (momentum included) on "
                    f"{layers} layers without normalisation, clipping or schedule.",
                    "A learning rate ten times smaller; Adam's authors give 1e-3 as a good default.",
                    0.45,
                    "Run the first 100 steps with a tenth of the learning rate.",
                    number_replaced(optimizer.site, 1, "lr", "1e-3") if "Adam" in optimizer.class_name else (),
                )


def find_high_decay(trace: Trace) -> Iterator[Problem]:
    for event, optimizer in _optimizers(trace):
        decay = known_number(trace, optimizer.kwargs.get("weight_decay"))
        limit = _HIGHEST_DECAY.get(optimizer.class_name)
        if decay is None or limit is None or decay < limit or (decay >= 1 and optimizer.class_name != "SGD"):
            continue  # from 1 on, optimizer-setting-off reports it
        yield Problem(
            event.site,
            f"{optimizer.class_name} with weight_decay={decay:g}: the penalty pulls the weights to 0 harder than the "
            "loss holds them.",
            "5e-4 (SGD), 1e-4 (Adam) or 0.01 to 0.1 (AdamW).",
            0.6,
            "Print the norm of the weights: it falls from step to step.",
            number_replaced(event.site, 9, "weight_decay", _USUAL_DECAY[optimizer.class_name]),
        )


def find_bad_momentum(trace: Trace) -> Iterator[Problem]:
    for event, optimizer in _optimizers(trace):
        momentum, betas = known_number(trace, optimizer.kwargs.get("momentum")), optimizer.kwargs.get("betas")
        pair = [known_number(trace, v) for v in betas.items] if betas is not None and betas.items else []
        if momentum is not None and momentum >= 0.995 and optimizer.class_name == "SGD":
            edits = number_replaced(event.site, 9, "momentum", "0.9")
            what = f"momentum={momentum:g} averages over {1 / max(1 - momentum, 1e-9):.3g} steps and never forgets."
        elif len(pair) == 2 and pair[0] is not None and pair[1] is not None and pair[0] > pair[1] + 0.05:
            edits = _betas_exchanged(event)
            what = f"betas=({pair[0]:g}, {pair[1]:g}) look swapped: the second moment must be the slower average."
        else:
            continue
        yield Problem(
            event.site, what, "momentum=0.9; betas=(0.9, 0.999).", 0.85, "Run with the default settings.", edits
        )


def _betas_exchanged(event: Event) -> tuple[Edit, ...]:
    pair = given_node(event.node, 9, "betas")
    if not isinstance(pair, ast.Tuple | ast.List) or len(pair.elts) != 2:
        return ()
    first, second = (text_of(event.file, e) for e in pair.elts)
    return (Edit("replace", event.file, pair.elts[0], second), Edit("replace", event.file, pair.elts[1], first))


def find_bad_schedule(trace: Trace) -> Iterator[Problem]:
    for event in trace.events("new"):
        message, edits = "", _NO_EDITS
        if event.result.kind == "scheduler":
            message = _schedule_message(event.result) or _swapped(event) or _growing(event)
            message = message or _counts_epochs(trace, event) or _spent(trace, event.result)
            edits = _schedule_edits(trace, event)
        if message:
            yield Problem(
                event.site,
                message,
                "gamma between 0.1 (every tens of epochs) and 0.99 (every epoch); a warm-up of a few per cent of all "
                "steps.",
                0.85,
                "Print the learning rate of every epoch.",
                edits,
            )


def _schedule_edits(trace: Trace, event: Event) -> tuple[Edit, ...]:
    """Swapped lengths exchanged; a length in epochs as the number of batches in all of them."""
    if _swapped(event):
        return exchanged(event, (1, "num_warmup_steps"), (2, "num_training_steps"))
    total, warm = given_node(event.node, 2, "num_training_steps"), given_node(event.node, 1, "num_warmup_steps")
    unscaled = warm is None or (isinstance(warm, ast.Constant) and warm.value == 0)
    if total is None or not unscaled or not _counts_epochs(trace, event):
        return ()
    for training in training_loops(trace):
        loader = training.loop.node.iter if isinstance(training.loop.node, ast.For) else None
        if isinstance(loader, ast.Call) and last_name(loader.func) in ("enumerate", "tqdm") and loader.args:
            loader = loader.args[0]
        name = unparsed(loader) if isinstance(loader, ast.Name | ast.Attribute) else ""
        steps = [e for e in training.events if e.op == "scheduler.step" and same(e.receiver, event.result)]
        if steps and name and is_in_reach(event.file, name, event.node):
            return (Edit("replace", event.file, total, f"{text_of(event.file, total)} * len({name})"),)
    return ()


def _schedule_message(scheduler: Value) -> str:
    name = scheduler.class_name
    position = {"ExponentialLR": 1, "StepLR": 2, "MultiStepLR": 2}.get(name)
    gamma = number(scheduler.argument(position, "gamma")) if position is not None else None
    every = 1.0 if name == "ExponentialLR" else number(scheduler.argument(1, "step_size")) if name == "StepLR" else None
    if gamma is not None and gamma > 1:
        return f"{name} with gamma={gamma:g} raises the learning rate at every step of the schedule."
    # A tenth at every step: after four of them the rate is 1/10,000.
    if gamma is not None and every == 1 and gamma <= 0.2:
        return f"{name} with gamma={gamma:g} at every step: the learning rate is gone after a few of them."
    factor = number(scheduler.kwargs.get("factor")) if name == "ReduceLROnPlateau" else None
    if factor is not None and factor <= 0.01:
        return f"ReduceLROnPlateau with factor={factor:g} ends the training at the first plateau."
    if name.endswith("schedule_with_warmup"):
        warm = number(scheduler.argument(1, "num_warmup_steps"))
        total = number(scheduler.argument(2, "num_training_steps"))
        if warm is not None and total is not None and warm >= total > 0:
            return f"The warm-up of {warm:g} steps is as long as the whole training of {total:g}."
    return ""


def _swapped(event: Event) -> str:
    """`get_linear_schedule_with_warmup(opt, num_training_steps, num_warmup_steps)`, by the names of what is given."""
    node = event.node
    if not event.result.class_name.endswith("schedule_with_warmup") or not isinstance(node, ast.Call):
        return ""
    given = {k.arg: k.value for k in node.keywords if k.arg}
    warm = given.get("num_warmup_steps", node.args[1] if len(node.args) > 1 else None)
    total = given.get("num_training_steps", node.args[2] if len(node.args) > 2 else None)
    if warm is None or total is None:
        return ""
    first, second = (unparsed(part).lower() for part in (warm, total))
    wholes = ("total", "train", "max_steps", "num_steps", "t_total")
    if "warm" in second and "warm" not in first and any(word in first for word in wholes):
        return (
            f"The warm-up is given {first} and the whole training {second}: they are swapped, and the rate only rises."
        )
    return ""


def _counts_epochs(trace: Trace, event: Event) -> str:
    """A schedule over as many steps as there are epochs, stepped for every batch."""
    node, scheduler = event.node, event.result
    if not scheduler.class_name.startswith("get_") or not isinstance(node, ast.Call):
        return ""
    given = {k.arg: k.value for k in node.keywords if k.arg}
    total = given.get("num_training_steps", node.args[2] if len(node.args) > 2 else None)
    text = unparsed(total).lower() if total is not None else ""
    if not re.fullmatch(r"(?:[\w.]*[._])?(?:n_|num_|max_|total_)?(?:train_)?epochs?", text):
        return ""
    for training in training_loops(trace):
        for step in training.events:
            if step.op == "scheduler.step" and same(step.receiver, scheduler) and _is_batch_loop(training.loop):
                return f"The schedule ends after {text} steps and is stepped for every batch: the rate is 0 after that."
    return ""


def _spent(trace: Trace, scheduler: Value) -> str:
    """ExponentialLR over a known number of epochs that leaves less than a ten-thousandth for the last half of them."""
    gamma = known_number(trace, scheduler.argument(1, "gamma"))
    if scheduler.class_name != "ExponentialLR" or gamma is None or not 0 < gamma < 1:
        return ""
    for step in trace.events("scheduler.step"):
        loop = step.loops()[-1] if step.loops() and same(step.receiver, scheduler) else None
        over = loop.value if loop is not None and step.is_unconditional_in(loop) else None
        limits = over.inputs if over is not None and over.op == "range" else ()
        epochs = known_number(trace, limits[-1]) if limits else None
        if epochs is not None and gamma ** (epochs / 2) < _LEFT:
            left = gamma ** (epochs / 2)
            return f"gamma={gamma:g} over {epochs:g} steps leaves {left:.0e} of the rate at half of them."
    return ""


def _growing(event: Event) -> str:
    """LambdaLR with a function that multiplies by more than 1 every time: `lambda e: 1.1 ** e`."""
    node = event.node
    if event.result.class_name != "LambdaLR" or not isinstance(node, ast.Call):
        return ""
    given = [k.value for k in node.keywords if k.arg == "lr_lambda"] + node.args[1:2]
    base = _base_of_power(event.file.tree, given[0]) if given else None
    return f"The schedule multiplies the learning rate by {base:g} at every step of it." if base and base > 1 else ""


def _base_of_power(tree: ast.Module, given: ast.expr) -> float | None:
    """k of `lambda e: k ** e`, given itself or by the name the file assigns it to."""
    name = unparsed(given)
    named = (n.value for n in walk(tree) if isinstance(n, ast.Assign) and unparsed(n.targets[0]) == name)
    function = given if isinstance(given, ast.Lambda) else next(named, None)
    body = function.body if isinstance(function, ast.Lambda) else None
    if not isinstance(body, ast.BinOp) or not isinstance(body.op, ast.Pow) or not isinstance(body.right, ast.Name):
        return None
    base = body.left.value if isinstance(body.left, ast.Constant) else None
    return float(base) if isinstance(base, int | float) else None


def find_rate_changed_per_batch(trace: Trace) -> Iterator[Problem]:
    """`group["lr"] *= 0.95` in every pass of the batch loop inside an epoch loop."""
    for training in training_loops(trace):
        for event in training.events:
            multiplied = _multiplies_rate(event) and event.is_unconditional_in(training.loop)
            if multiplied and _is_batch_loop(training.loop):
                yield Problem(
                    place_in_loop(trace.project, event, training.loop),
                    "The learning rate is multiplied in every batch: after one epoch nothing is left of it (or it has "
                    "grown without bound).",
                    "Change it once per epoch, or use a scheduler.",
                    0.8,
                    "Print the learning rate of every batch.",
                    after_batches(event, training.loop, training.events),
                )


def _multiplies_rate(event: Event) -> bool:
    """`group["lr"] *= k`, or `group["lr"] = group["lr"] * k`."""
    node = event.node.target if isinstance(event.node, ast.AugAssign) and event.op == "augmul" else event.node
    if not isinstance(node, ast.Subscript) or unparsed(node.slice) != "'lr'":
        return False
    holders = (s for s in walk(event.file.tree) if isinstance(s, ast.Assign) and node in s.targets)
    products = (s.value for s in holders if isinstance(s.value, ast.BinOp) and isinstance(s.value.op, ast.Mult))
    return event.op == "augmul" or any(unparsed(node) in unparsed(product) for product in products)


def _is_batch_loop(loop: Frame) -> bool:
    return any(f.kind == "loop" and f is not loop for f in loop.chain())


CHECKS = (
    Check("learning-rate-high", "A learning rate high for a plain network.",
          "Without normalisation the largest stable step is set by the curvature of the loss.",
          "Lower it tenfold, or add warm-up and normalisation.", "optimization/learning_rate_too_high",
          _ADAM, "note", "silent_bug", find_high_rate),
    Check("weight-decay-high", "A weight decay that outweighs the loss.",
          "The penalty's gradient is decay times weight in every step.", "Lower it.",
          "optimization/regularization", _DECAY, "warning", "silent_bug", find_high_decay),
    Check("momentum-off", "A momentum near 1, or swapped betas.",
          "Old gradients are never forgotten.", "Use the defaults.", "optimization/optimizer_settings",
          _SGD, "error", "silent_bug", find_bad_momentum),
    Check("schedule-setting-off", "A schedule that raises the rate, or ends it at once.",
          "gamma multiplies the rate each time.", "Use a gamma below 1 that leaves a usable rate.",
          "optimization/bad_schedule", _SCHEDULES, "error", "silent_bug", find_bad_schedule),
    Check("learning-rate-per-batch", "The learning rate multiplied in every batch.",
          "A factor per epoch applied per batch compounds.", "Move it to the epoch loop.",
          "model_software/scheduler_misuse", _SCHEDULES, "error", "silent_bug", find_rate_changed_per_batch),
)  # fmt: skip
