"""Gradient clipping: after backward, after unscaling, before the step."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_clipping import between, unscaled_first
from misrun.tools.code.trace import Event, Trace, compatible
from misrun.tools.code.training import TrainingLoop, stepped_optimizer, training_loops
from misrun.tools.code.values import ancestors, is_constant
from misrun.tools.code.walking import unparsed

_AMP = "https://docs.pytorch.org/docs/stable/notes/amp_examples.html#gradient-clipping"
_CLIP = "https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html"


def _clips(training: TrainingLoop) -> list[Event]:
    return [e for e in training.events if e.op == "clip_grad"]


def find_clip_before_unscale(trace: Trace) -> Iterator[Problem]:
    """A GradScaler step in the loop, a clip before it, and no unscale_ that could come first."""
    for training in training_loops(trace):
        scaled = [s.event for s in training.steps if s.event.op == "scaler.step"]
        for step in scaled:
            clips = [c for c in _clips(training) if c.index < step.index and compatible(c, step)]
            unscales = [e for e in training.events if e.op.endswith(".unscale_") and e.index < step.index]
            scaler_off = step.receiver is not None and is_constant(step.receiver.argument(9, "enabled"), False)
            for clip in clips[-1:]:
                if (
                    scaler_off
                    or _is_manual(clip)
                    or any(u.index < clip.index and compatible(u, clip) for u in unscales)
                ):
                    continue
                if not any(_is_scaled(b) and compatible(b, clip) for b in training.backwards):
                    continue
                yield _unscaled_clip(clip, step, unscales)
                break


def find_clip_in_step_function(trace: Trace) -> Iterator[Problem]:
    """A function of its own that clips and then lets a GradScaler step, in a project that never unscales."""
    if any(e.op.endswith(".unscale_") for e in trace.events()):
        return
    for root in trace.roots:
        steps = [e for e in root if e.op.endswith(".step") and len(e.args) == 1 and _is_scaler(e)]
        backwards = [e for e in root if e.op == "backward"]
        if backwards and not any(_is_scaled(b) for b in backwards):
            continue
        for step in steps:
            clips = [c for c in root if c.op == "clip_grad" and c.index < step.index and not _is_manual(c)]
            near = [c for c in clips if _same_function(c, step)]
            if near:
                yield _unscaled_clip(near[-1], step, [])


def _is_scaler(event: Event) -> bool:
    receiver = event.receiver
    return receiver is not None and (receiver.kind == "scaler" or "scaler" in receiver.name.lower().rpartition(".")[2])


def _same_function(one: Event, other: Event) -> bool:
    mine = next(f for f in one.frame.chain() if f.kind in ("call", "root"))
    return any(f is mine for f in other.frame.chain())


def _is_scaled(backward: Event) -> bool:
    return any(
        v.op == "scale" or (v.op == "method" and v.name == "scale") for a in backward.args for v in ancestors(a, 30)
    )


def _is_manual(clip: Event) -> bool:
    """accelerator.clip_grad_norm_ and fabric.clip_gradients unscale by themselves."""
    return clip.receiver is not None


def _unscaled_clip(clip: Event, step: Event, unscales: list[Event]) -> Problem:
    scaler = unparsed(step.node.func.value) if isinstance(step.node, ast.Call) and isinstance(
        step.node.func, ast.Attribute) else "scaler"  # fmt: skip
    target = unparsed(step.node.args[0]) if isinstance(step.node, ast.Call) and step.node.args else "optimizer"
    return Problem(
        clip.site,
        "Gradients are clipped while they still carry the loss scale (65536 at first), so that nearly every gradient "
        f"is cut to a tiny norm{'; unscale_ comes only after the clipping' if unscales else ''}.",
        f"{scaler}.unscale_({target}) before clipping.",
        0.95,
        "Print the norm clip_grad_norm_ returns: it is about the loss scale times too large.",
        unscaled_first(clip, step, unscales),
    )


def find_useless_clip(trace: Trace) -> Iterator[Problem]:
    """A clip after the step, or before backward, in a loop where none sits between backward and step."""
    for training in training_loops(trace):
        steps = [s.event for s in training.steps]
        clips = _clips(training)
        if not steps or not clips or training.is_managed:
            continue
        if any(b.index < c.index < s.index for c in clips for b in training.backwards for s in steps):
            continue
        clip = clips[0]
        if not clip.is_unconditional_in(training.loop) or len(steps) > 1 or len(training.backwards) > 1:
            continue
        yield _misplaced_clip(clip, training.backwards[0], steps[0])


def find_useless_clip_in_function(trace: Trace) -> Iterator[Problem]:
    """backward, step and clip in one block of a function without a loop: `def learn(self, batch)`."""
    for root in trace.roots:
        for clip in (e for e in root if e.op == "clip_grad" and not e.loops()):
            beside = [e for e in root if e.frame is clip.frame and e.index != clip.index]
            order = [e for e in beside if e.op == "backward" or stepped_optimizer(e) is not None]
            before = [e for e in order if e.index < clip.index]
            after = [e for e in order if e.index > clip.index]
            if len(before) > 1 and before[-1].op != "backward" and before[-2].op == "backward":
                if not after or after[0].op == "backward":
                    yield _misplaced_clip(clip, before[-2], before[-1])
            elif not before and len(after) > 1 and after[0].op == "backward" and after[1].op != "backward":
                yield _misplaced_clip(clip, after[0], after[1])


def _misplaced_clip(clip: Event, backward: Event, step: Event) -> Problem:
    after = clip.index > step.index > backward.index
    return Problem(
        clip.site,
        f"Gradients are clipped {'after the step' if after else 'before backward'} "
        f"({(step if after else backward).site}): "
        "the step uses the unclipped ones.",
        "Clip between backward and step.",
        0.9,
        "Print the gradient norm just before step: it exceeds the limit.",
        between(clip, step),
    )


def find_misplaced_clip(trace: Trace) -> Iterator[Problem]:
    yield from find_useless_clip(trace)
    yield from find_useless_clip_in_function(trace)


def find_scaled_clip(trace: Trace) -> Iterator[Problem]:
    yield from find_clip_before_unscale(trace)
    yield from find_clip_in_step_function(trace)


CHECKS = (
    Check("clip-before-unscale", "Clipping of gradients that a GradScaler has scaled, without unscale_ first.",
          "The limit is compared with gradients multiplied by the loss scale.",
          "Call scaler.unscale_(optimizer) before clipping.", "model_software/step_order",
          _AMP, "error", "silent_bug", find_scaled_clip),
    Check("clip-after-step", "Clipping after the step or before backward.",
          "Clipping changes .grad in place; it must happen when the gradients exist and before they are used.",
          "Clip between backward and step.", "model_software/step_order",
          _CLIP, "error", "silent_bug", find_misplaced_clip),
)  # fmt: skip
