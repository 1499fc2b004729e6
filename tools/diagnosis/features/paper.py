"""The benchmark paper's 19 features (section 4.4), one function each, as close to its words as they allow.

They use absolute values, as the paper does, and so depend on the optimizer and the size of the model: see scale_free.py
for those that do not. "Failure" is the end of the run: the last point logged.
"""

import math

import numpy as np

from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.features.feature import Feature
from misrun.tools.signals.gradients import CLIP_SETTINGS
from misrun.tools.signals.robust import Floats

_BATCH = ("batch_size", "per_device_train_batch_size", "train_batch_size", "micro_batch_size", "bs", "batch")
_PARAMETERS = ("n_parameters", "n_trainable_parameters", "num_parameters", "parameters", "n_params", "params")


def learning_rate_at_failure(facts: Facts) -> float | None:
    """Last logged learning rate, else the configured one; above 0 as a rule, no unit."""
    logged = _values(facts, "lr")
    return float(logged[-1]) if len(logged) else facts.setting("lr", "learning_rate")


def steps_before_failure(facts: Facts) -> float | None:
    """Optimizer steps done: the ending's step, else the largest step of any training series. At least 0."""
    if facts.run.ending.last_step is not None:
        return float(facts.run.ending.last_step)
    steps = [max(s.steps) for s in facts.run.series if s.phase == "train" and s.step_kind == "step" and s.steps]
    return max(steps, default=None)


def maximum_loss(facts: Facts) -> float | None:
    """Largest finite training loss; the loss's own unit (nats as a rule)."""
    values = _values(facts, "loss", "train")
    return float(values.max()) if len(values) else None


def mean_loss(facts: Facts) -> float | None:
    """Mean of the finite training losses."""
    values = _values(facts, "loss", "train")
    return float(values.mean()) if len(values) else None


def loss_slope(facts: Facts) -> float | None:
    """Slope of a least-squares line through the training loss ("loss trend"), loss per step."""
    found = facts.run.best("loss", "train")
    if found is None:
        return None
    steps, values = np.asarray(found.steps), np.asarray(found.values)
    finite = np.isfinite(values)
    if finite.sum() < 2 or np.ptp(steps[finite]) == 0:
        return None
    return float(np.polyfit(steps[finite], values[finite], 1)[0])


def gradient_norm_variance(facts: Facts) -> float | None:
    """Variance of the finite gradient norms; squared norm units."""
    values = _values(facts, "grad_norm")
    return float(values.var()) if len(values) > 1 else None


def maximum_gradient_norm(facts: Facts) -> float | None:
    """Largest finite gradient norm."""
    values = _values(facts, "grad_norm")
    return float(values.max()) if len(values) else None


def mean_gradient_norm(facts: Facts) -> float | None:
    """Mean of the finite gradient norms."""
    values = _values(facts, "grad_norm")
    return float(values.mean()) if len(values) else None


def peak_memory(facts: Facts) -> float | None:
    """Largest logged memory, MiB."""
    values = _values(facts, "memory")
    return float(values.max()) if len(values) else None


def memory_at_failure(facts: Facts) -> float | None:
    """Last logged memory, MiB."""
    values = _values(facts, "memory")
    return float(values[-1]) if len(values) else None


def memory_growth_rate(facts: Facts) -> float | None:
    """Slope of a least-squares line through the logged memory, MiB per step."""
    found = facts.run.best("memory")
    if found is None or len(found.values) < 2 or np.ptp(found.steps) == 0:
        return None
    return float(np.polyfit(found.steps, found.values, 1)[0])


def memory_warning(facts: Facts) -> float | None:
    """1 when the run said anything about memory running out, else 0; missing when it said nothing at all."""
    if not facts.run.events and not facts.run.series:
        return None
    return float(any("memory" in event.message.lower() or "oom" in event.name for event in facts.run.events))


def perplexity(facts: Facts) -> float | None:
    """Last logged perplexity, that of validation before that of training; at least 1."""
    for phase in ("eval", "train"):
        found = facts.run.best("perplexity", phase)
        if found is not None and math.isfinite(found.values[-1]):
            return float(found.values[-1])
    return None


def vocabulary_coverage(facts: Facts) -> float | None:
    """Share of the corpus's tokens that are in the vocabulary, 0..1."""
    return facts.setting("vocab_coverage", "vocabulary_coverage", "coverage")


def out_of_vocabulary_rate(facts: Facts) -> float | None:
    """Share of the tokens that the vocabulary lacks, 0..1."""
    return facts.setting("oov_rate", "unk_rate", "oov_ratio", "unk_ratio", "oov_fraction")


def sequence_length_spread(facts: Facts) -> float | None:
    """Standard deviation of the sequence lengths over their mean: the paper's two length statistics in one number
    without a unit, which also makes its count of features come out at 19."""
    mean = facts.setting("mean_length", "avg_length", "mean_len", "avg_len", "length_mean", "mean_seq_len")
    spread = facts.setting("std_length", "length_std", "std_len", "len_std", "std_seq_len")
    return spread / mean if mean and spread is not None else None


def batch_size(facts: Facts) -> float | None:
    """Samples per step and device as configured."""
    return facts.setting(*_BATCH)


def parameter_count(facts: Facts) -> float | None:
    """Parameters of the model."""
    return facts.setting(*_PARAMETERS)


def clipping_enabled(facts: Facts) -> float | None:
    """1 when a clipping threshold above 0 is configured, 0 when one is configured as 0; else missing."""
    threshold = facts.setting(*CLIP_SETTINGS)
    return None if threshold is None else float(threshold > 0)


def _values(facts: Facts, name: str, phase: str | None = None) -> Floats:
    found = facts.run.best(name, "train" if phase == "train" else None)
    values = np.asarray(found.values if found else (), dtype=np.float64)
    return values[np.isfinite(values)]


PAPER_FEATURES: tuple[Feature, ...] = (
    Feature("learning_rate_at_failure", "training", learning_rate_at_failure),
    Feature("steps_before_failure", "training", steps_before_failure),
    Feature("maximum_loss", "training", maximum_loss),
    Feature("mean_loss", "training", mean_loss),
    Feature("gradient_norm_variance", "training", gradient_norm_variance),
    Feature("maximum_gradient_norm", "training", maximum_gradient_norm),
    Feature("mean_gradient_norm", "training", mean_gradient_norm),
    Feature("loss_slope", "training", loss_slope),
    Feature("peak_memory", "memory", peak_memory),
    Feature("memory_at_failure", "memory", memory_at_failure),
    Feature("memory_growth_rate", "memory", memory_growth_rate),
    Feature("memory_warning", "memory", memory_warning),
    Feature("perplexity", "data", perplexity),
    Feature("vocabulary_coverage", "data", vocabulary_coverage),
    Feature("out_of_vocabulary_rate", "data", out_of_vocabulary_rate),
    Feature("sequence_length_spread", "data", sequence_length_spread),
    Feature("batch_size", "configuration", batch_size),
    Feature("parameter_count", "configuration", parameter_count),
    Feature("clipping_enabled", "configuration", clipping_enabled),
)
