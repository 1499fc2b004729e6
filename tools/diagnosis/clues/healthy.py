"""What signals say about a healthy run: the loss that is trained on falls, what is validated improves, and the run came to its end."""

from misrun.tools.diagnosis.clues.clue import Clue
from misrun.tools.diagnosis.clues.conditions import nothing_fatal
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.taxonomy import HEALTHY
from misrun.tools.readers.run_record import Series
from misrun.tools.signals.evaluation import rises


def _has_direction(series: Series) -> bool:
    """A loss, a perplexity, or a metric that is known to rise: others cannot disagree with the training loss."""
    return "loss" in series.name or series.name == "perplexity" or rises(series)


def _holds_in_validation(facts: Facts) -> bool:
    """A falling training loss is good news only as far as nothing that was validated disagrees."""
    validated = any(s.phase == "eval" and len(s.values) > 2 and _has_direction(s) for s in facts.run.series)
    return nothing_fatal(facts) and (not validated or facts.has("validation_improving", "metric_reached"))


def _far_above(facts: Facts) -> bool:
    """Twenty times a guess's loss at the start is no usual draw of the weights, even where training recovers."""
    return (facts.number("loss_start_high", "ratio") or 0.0) >= 20.0


# What a healthy run does not show; each speaks against "healthy" by this much, scaled by the signal's strength.
_ALARMS: dict[str, float] = {
    "loss_nonfinite": 6.0, "loss_hidden_nan": 6.0, "nan_from_start": 2.0, "loss_blow_up": 4.0, "validation_poor": 3.0,
    "one_class_predicted": 4.0, "metric_impossible": 5.0, "metric_falls": 3.0, "test_below_validation": 3.0,
    "representation_std_collapse": 4.0, "gradient_part_zero": 3.0, "gradient_part_vanishing": 3.0, "loss_zero": 4.0, "loss_divergence": 5.0, "loss_plateau": 1.5,
    "loss_constant": 5.0, "loss_hardly_falls": 4.0, "loss_above_chance": 4.0, "loss_early_jump": 2.0, "units_off": 4.0, "weights_shrink": 3.0, "lr_grows": 1.5, "lr_spent_early": 3.0,
    "weight_decay_high": 2.5, "dropout_high": 2.5, "optimizer_unusual": 2.5, "steps_skipped": 4.0, "discriminator_wins": 2.5, "loss_oscillation": 2.0, "loss_at_chance": 5.0, "loss_start_high": 1.0, "loss_negative": 1.0,
    "loss_slow": 1.5, "loss_jump_at_resume": 3.0, "loss_periodic": 1.5, "loss_spike": 1.0, "loss_softmax_floor": 4.0,
    "validation_gap": 4.0, "validation_flat": 2.5, "validation_suspiciously_good": 2.0, "validation_noisy": 1.0,
    "metric_at_chance": 5.0, "validation_apart": 5.0, "metric_constant": 3.0, "metric_disagrees": 2.0, "grad_nonfinite": 4.0, "grad_exploding": 3.0,
    "grad_vanishing": 1.5, "grad_zero": 3.0, "lr_change_at_onset": 2.0, "lr_zero": 3.0, "lr_constant_under_schedule": 2.5,
    "loss_scale_collapse": 5.0, "memory_growth": 3.0, "throughput_collapse": 2.0, "step_time_pauses": 2.5, "loader_bound": 2.0, "perplexity_high": 3.0,
    "vocabulary_exceeds_embedding": 4.0, "labels_exceed_classes": 4.0, "reward_flat": 4.0, "completions_clipped": 2.0,
    "entropy_collapse": 3.0, "kl_vanishing": 3.0, "oov_high": 3.0, "kl_runaway": 2.5, "killed_by_signal": 6.0, "traceback_root": 6.0, "run_unfinished": 2.5, "stopped_in_evaluation": 2.0,
    "rank_missing": 4.0, "rank_desynchronised": 4.0, "rank_straggles": 1.5,
    "explained_variance_low": 1.0, "config_conflict": 1.0, "error.nonfinite_detected": 4.0, "error.broadcast_target": 2.0,
}  # fmt: skip
CLUES: tuple[Clue, ...] = (
    Clue(HEALTHY, "loss_improving", 0.6, "loss", nothing_fatal),
    Clue(HEALTHY, "loss_improving", 2.3, "loss", _holds_in_validation),
    Clue(HEALTHY, "metric_reached", 1.6, "validation", nothing_fatal),
    Clue(HEALTHY, "adversaries_balanced", 2.4, "loss", nothing_fatal),
    Clue(HEALTHY, "validation_improving", 1.6, "validation", nothing_fatal),
    Clue(HEALTHY, "reward_improving", 2.6, "reward", nothing_fatal),
    Clue(HEALTHY, "run_finished", 1.3, "end", nothing_fatal),
    Clue(HEALTHY, "loss_scale_search", 0.3, "scale"),
    Clue(HEALTHY, "memory_high_stable", 0.3, "memory"),
    Clue(HEALTHY, "loss_start_high", -4.0, "loss_start_high", _far_above),
    *(Clue(HEALTHY, signal, -weight, signal) for signal, weight in _ALARMS.items()),
)  # fmt: skip
