"""Learning rates, momentum and decay that are high for this model, and schedules that cannot work."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.names import names
from misrun.tools.code.trace import Event, Frame, Trace
from misrun.tools.code.training import parameters_of, training_loops
from misrun.tools.code.values import Value, number

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
_HIGHEST_DECAY = {"SGD": 0.05, "Adam": 0.1, "RMSprop": 0.1, "NAdam": 0.1, "AdamW": 0.5}


def _optimizers(trace: Trace) -> Iterator[tuple[Event, Value]]:
    for event in trace.events("new"):
        if event.result.kind == "optimizer" and event.result.path.startswith("torch.optim"):
            yield event, event.result


def _effective(optimizer: Value) -> float | None:
    """The literal learning rate, for SGD with its momentum."""
    rate, momentum = number(optimizer.argument(1, "lr")), number(optimizer.kwargs.get("momentum")) or 0.0
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
            rate = _effective(optimizer)
            limit = _HIGHEST_SGD if optimizer.class_name == "SGD" else _HIGHEST_ADAM
            if rate is None or layers < 2 or optimizer.site is None or not parameters_of(optimizer):
                continue
            if (optimizer.class_name == "SGD" or optimizer.class_name in _ADAPTIVE) and rate >= limit:
                yield Problem(
                    optimizer.site,
                    f"{optimizer.class_name} with an effective learning rate of {rate:g} (momentum included) on "
                    f"{layers} layers without normalisation, clipping or schedule.",
                    "A learning rate ten times smaller.",
                    0.45,
                    "Run the first 100 steps with a tenth of the learning rate.",
                )


def find_high_decay(trace: Trace) -> Iterator[Problem]:
    for event, optimizer in _optimizers(trace):
        decay = number(optimizer.kwargs.get("weight_decay"))
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
        )


def find_bad_momentum(trace: Trace) -> Iterator[Problem]:
    for event, optimizer in _optimizers(trace):
        momentum, betas = number(optimizer.kwargs.get("momentum")), optimizer.kwargs.get("betas")
        pair = [number(v) for v in betas.items] if betas is not None and betas.items else []
        if momentum is not None and momentum >= 0.999 and optimizer.class_name == "SGD":
            what = f"momentum={momentum:g} averages over {1 / max(1 - momentum, 1e-9):.3g} steps and never forgets."
        elif len(pair) == 2 and pair[0] is not None and pair[1] is not None and pair[0] > pair[1] + 0.05:
            what = f"betas=({pair[0]:g}, {pair[1]:g}) look swapped: the second moment must be the slower average."
        else:
            continue
        yield Problem(event.site, what, "momentum=0.9; betas=(0.9, 0.999).", 0.85, "Run with the default settings.")


def find_bad_schedule(trace: Trace) -> Iterator[Problem]:
    for event in trace.events("new"):
        message = _schedule_message(event.result) if event.result.kind == "scheduler" else ""
        if message:
            yield Problem(
                event.site,
                message,
                "gamma between 0.1 (every tens of epochs) and 0.99 (every epoch); a warm-up of a few per cent of all "
                "steps.",
                0.85,
                "Print the learning rate of every epoch.",
            )


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


def find_rate_changed_per_batch(trace: Trace) -> Iterator[Problem]:
    """`group["lr"] *= 0.95` in every pass of the batch loop inside an epoch loop."""
    for training in training_loops(trace):
        for event in training.events:
            node = event.node
            if (
                event.op != "augmul"
                or not isinstance(node, ast.AugAssign)
                or not isinstance(node.target, ast.Subscript)
            ):
                continue
            key = node.target.slice
            is_rate = isinstance(key, ast.Constant) and key.value == "lr"
            if is_rate and event.is_unconditional_in(training.loop) and _is_batch_loop(training.loop):
                yield Problem(
                    event.site,
                    "The learning rate is multiplied in every batch: after one epoch nothing is left of it (or it has "
                    "grown without bound).",
                    "Change it once per epoch, or use a scheduler.",
                    0.8,
                    "Print the learning rate of every batch.",
                )


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
