"""All signals of a run, and the step at which its failure began."""

from collections.abc import Sequence

from misrun.tools.readers.run_record import RunRecord
from misrun.tools.signals import (
    adversarial,
    apart,
    batch_size,
    blow_up,
    chance,
    ending,
    evaluation,
    excursions,
    gradient_parts,
    gradients,
    half_precision,
    held_out,
    hyperparameters,
    learning_rate,
    loss,
    memory,
    nonfinite,
    one_class,
    ranks,
    reached,
    reinforcement,
    representation,
    settings,
    text_events,
    throughput,
    validation,
    vocabulary,
    window,
)
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import Task

# Failures that cause each other stand in one family; families come in the order in which one explains the next.
_FAMILIES: tuple[tuple[str, ...], ...] = (
    ("loss_nonfinite", "nan_from_start", "loss_hidden_nan", "loss_divergence", "loss_blow_up", "grad_nonfinite",
     "grad_exploding", "loss_scale_collapse", "loss_spike", "loss_negative"),
    ("memory_growth", "memory_jump"),
    ("loss_zero", "grad_zero", "grad_vanishing", "lr_zero"),
    ("traceback_root", "killed_by_signal"),
    ("loss_jump_at_resume",),
    ("reward_flat", "entropy_collapse", "kl_runaway", "kl_vanishing"),
    ("throughput_collapse",),
    ("validation_gap", "metric_falls", "representation_std_collapse"),
    ("loss_at_chance", "loss_above_chance", "loss_hardly_falls", "loss_constant", "loss_plateau", "loss_oscillation",
     "metric_at_chance"),
)  # fmt: skip

# The strength from which a fact counts.
COUNTS = 0.5
_CONTRADICTING = {"metric_falls", "metric_impossible", "test_below_validation", "representation_std_collapse"}


def measure(run: RunRecord) -> tuple[Signal, ...]:
    """Every fact that the run's series, events, settings and ending allow; the same record gives the same signals.

    Strength 0.5 is where a fact begins to count; below it the fact is a mark that a healthy run may carry too
    (`loss_scale_search`, a recovered spike, a missing warm-up).
    """
    task = Task(run)
    found = [
        *text_events.measure(run),
        *ending.measure(run),
        *nonfinite.measure(run, task),
        *loss.measure(run, task),
        *chance.measure(run, task),
        *blow_up.measure(run, task),
        *excursions.measure(run, task),
        *gradients.measure(run, task),
        *gradient_parts.measure(run, task),
        *learning_rate.measure(run, task),
        *half_precision.measure(run, task),
        *hyperparameters.measure(run),
        *validation.measure(run, task),
        *evaluation.measure(run, task),
        *held_out.measure(run, task),
        *one_class.measure(run, task),
        *memory.measure(run),
        *batch_size.measure(run),
        *throughput.measure(run),
        *ranks.measure(run),
        *vocabulary.measure(run, task),
        *apart.measure(run, task),
        *window.measure(run),
        *reinforcement.measure(run, task),
        *representation.measure(run),
        *adversarial.measure(run, task),
        *reached.measure(run, task),
        *settings.measure(run),
    ]
    found = _uncontradicted(found)
    return (*found, *learning_rate.at_onset(run, onset(found)))


def _uncontradicted(found: list[Signal]) -> list[Signal]:
    """An evaluation that improves is a mark where another measure of it falls, cannot be, or fails on the test set; a
    metric that falls because the representation collapsed is no gap to the training data."""
    strong = {signal.name for signal in found if signal.strength >= COUNTS}
    marks = {"validation_improving", "metric_reached"} if strong & _CONTRADICTING else set()
    marks |= {"validation_gap"} if "representation_std_collapse" in strong else set()
    return [s.model_copy(update={"strength": min(s.strength, 0.4)}) if s.name in marks else s for s in found]


def onset(signals: Sequence[Signal]) -> float | None:
    """The earliest step of the primary failure, or None when no failure has a step.

    The primary failure is the first family of `_FAMILIES` with a signal of strength 0.5 or more; the onset is the
    earliest step within that family (a gradient norm that explodes at step 150 before a NaN at step 157 gives 150).
    Where signals of a family count differently (steps, epochs), those that count steps decide.
    """
    for family in _FAMILIES:
        strong = [s for s in signals if s.name in family and s.strength >= COUNTS and s.step is not None]
        by_steps = [s for s in strong if s.values.get("step_kind", "step") == "step"] or strong
        if by_steps:
            return min(s.step for s in by_steps if s.step is not None)
    return None
