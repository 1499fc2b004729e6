"""What signals say about failures of the optimization."""

from misrun.tools.diagnosis.clues.clue import Clue
from misrun.tools.diagnosis.clues.conditions import LITTLE_LEARNED, early
from misrun.tools.diagnosis.facts import Facts


def _sudden(facts: Facts) -> bool:
    """The loss was normal right up to the non-finite value and the gradient norm, which was logged, gave no warning."""
    return facts.measured("grad_norm") and not facts.has("grad_exploding", "loss_divergence", "loss_scale_collapse")


def _unwatched(facts: Facts) -> bool:
    """Nobody logged the gradient norm, so an explosion before the non-finite value cannot be told from none."""
    return not facts.measured("grad_norm")


def _saturated(facts: Facts) -> bool:
    """The last finite loss is a tenth of the first or less: outputs near 0 and 1 are where logarithms and divisions
    leave the finite numbers (a judgement)."""
    last = facts.number("loss_nonfinite", "last_finite")
    first = next((s.values[0] for s in facts.run.series if s.name == "loss" and s.phase == "train" and s.values), None)
    return _sudden_or_unwatched(facts) and last is not None and first is not None and 0.0 <= last <= 0.1 * first


def _sudden_or_unwatched(facts: Facts) -> bool:
    return _sudden(facts) or _unwatched(facts)


def _half(facts: Facts) -> bool:
    return facts.half_precision


def _non_finite(facts: Facts) -> bool:
    return facts.has("loss_nonfinite", "loss_hidden_nan", "grad_nonfinite", "loss_scale_collapse")


def _rate_unknown(facts: Facts) -> bool:
    return not facts.measured("lr") and facts.setting("lr", "learning_rate") is None


def _strong_penalty(facts: Facts) -> bool:
    return facts.has("weight_decay_high", "dropout_high")


def _unusual(facts: Facts) -> bool:
    return facts.has("optimizer_unusual")


def _rate_high(facts: Facts) -> bool:
    return facts.has("lr_high")


def _little_learned(facts: Facts) -> bool:
    """The loss stays where a model that knows nothing has it, without leaving the finite numbers."""
    return facts.has(*LITTLE_LEARNED) and not facts.has("loss_nonfinite", "lr_zero")


def _no_such_finding(facts: Facts) -> bool:
    """Weights that start equal give the loss of a guess exactly; only ones of a wrong scale do not."""
    return all(finding.mode != "optimization/bad_initialization" for finding in facts.findings)


def _far_above(facts: Facts) -> bool:
    """Twenty times a guess's loss and more: beyond what unscaled inputs of one or two digits do to usual weights."""
    return (facts.number("loss_start_high", "ratio") or 0.0) >= 20.0


def _names_arithmetic(facts: Facts) -> bool:
    """Anomaly detection named a backward that is undefined for some inputs."""
    return any(
        f"{op}Backward" in facts.text for op in ("Log", "Sqrt", "Div", "Pow", "Exp", "Norm", "Acos", "Reciprocal")
    )


def _long_overflow(facts: Facts) -> bool:
    """More overflows than the search for a loss scale needs: 2**16 halves to 1 in 16 steps (PyTorch AMP default)."""
    signal = facts.signal("error.loss_scale_overflow")
    return bool(signal and (facts.number(signal.name, "count") or 0) > 16)


CLUES: tuple[Clue, ...] = (
    Clue("optimization/learning_rate_too_high", "lr_high", 2.5, "lr"),
    Clue("optimization/learning_rate_too_high", "loss_divergence", 2.5, "loss"),
    Clue("optimization/learning_rate_too_high", "loss_nonfinite", 1.2, "loss"),
    Clue("optimization/learning_rate_too_high", "loss_nonfinite", 1.8, "loss", _unwatched),
    Clue("optimization/learning_rate_too_high", "loss_blow_up", 2.8, "loss"),
    Clue("optimization/learning_rate_too_high", "nan_from_start", -1.0, "start"),
    Clue("optimization/learning_rate_too_high", "loss_oscillation", 1.2, "loss"),
    Clue("optimization/learning_rate_too_high", "loss_spike", 1.0, "loss"),
    Clue("optimization/learning_rate_too_high", "lr_at_onset", 0.6, "lr"),
    Clue("optimization/learning_rate_too_high", "grad_exploding", 0.6, "grad"),
    Clue("optimization/learning_rate_too_high", "lr_low", -2.5, "lr"),
    Clue("optimization/learning_rate_too_low", "lr_low", 2.8, "lr"),
    Clue("optimization/learning_rate_too_low", "loss_slow", 1.4, "loss", _rate_unknown),
    Clue("optimization/learning_rate_too_low", "loss_slow", 0.6, "loss"),
    Clue("optimization/learning_rate_too_low", "loss_constant", 0.5, "loss"),
    Clue("optimization/learning_rate_too_low", "lr_high", -2.5, "lr"),
    Clue("optimization/missing_warmup", "lr_no_warmup", 1.6, "lr", lambda f: early(f) and f.has("loss_divergence", "loss_nonfinite", "loss_spike")),
    Clue("optimization/missing_warmup", "loss_divergence", 0.8, "loss", early),
    Clue("optimization/missing_warmup", "loss_blow_up", 1.2, "loss", early),
    Clue("optimization/bad_schedule", "lr_change_at_onset", 3.0, "lr"),
    Clue("optimization/bad_schedule", "lr_zero", 4.0, "lr"),
    Clue("optimization/bad_schedule", "loss_divergence", 0.5, "loss", lambda f: f.has("lr_change_at_onset")),
    Clue("optimization/gradient_explosion", "grad_exploding", 3.6, "grad"),
    Clue("optimization/gradient_explosion", "loss_blow_up", 1.8, "loss"),
    Clue("optimization/gradient_explosion", "grad_nonfinite", 1.0, "grad"),
    Clue("optimization/gradient_explosion", "loss_nonfinite", 0.8, "loss"),
    Clue("optimization/gradient_explosion", "loss_divergence", 0.8, "loss"),
    Clue("optimization/vanishing_gradient", "grad_vanishing", 3.0, "grad"),
    Clue("optimization/vanishing_gradient", "loss_plateau", 0.6, "loss"),
    Clue("optimization/vanishing_gradient", "loss_constant", 0.6, "loss"),
    Clue("optimization/vanishing_gradient", "gradient_part_vanishing", 4.0, "part"),
    Clue("optimization/dead_units", "gradient_part_zero", 1.4, "part"),
    Clue("optimization/dead_units", "grad_zero", 1.6, "grad", lambda f: not f.has("loss_zero")),
    Clue("optimization/dead_units", "loss_constant", 0.8, "loss"),
    Clue("optimization/bad_initialization", "loss_start_high", 3.0, "start"),
    Clue("optimization/bad_initialization", "loss_blow_up", 0.8, "loss", early),
    Clue("optimization/bad_initialization", "loss_at_chance", -1.0, "start", _no_such_finding),
    Clue("optimization/oscillation", "loss_oscillation", 2.8, "loss"),
    Clue("optimization/low_precision_overflow", "loss_scale_collapse", 4.5, "scale"),
    Clue("optimization/unstable_arithmetic", "loss_nonfinite", 3.2, "loss", _saturated),
    Clue("optimization/low_precision_overflow", "error.loss_scale_minimum", 5.0, "scale"),
    Clue("optimization/low_precision_overflow", "error.loss_scale_overflow", 3.0, "scale", _long_overflow),
    Clue("optimization/low_precision_overflow", "half_precision", 2.5, "half", _non_finite),
    Clue("optimization/low_precision_overflow", "loss_nonfinite", 2.5, "loss", _half),
    Clue("optimization/low_precision_overflow", "loss_hidden_nan", 2.5, "loss", _half),
    Clue("optimization/low_precision_overflow", "grad_nonfinite", 1.5, "grad", _half),
    Clue("optimization/unstable_arithmetic", "loss_nonfinite", 2.2, "loss"),
    Clue("optimization/unstable_arithmetic", "loss_nonfinite", 3.0, "loss", _sudden),
    Clue("optimization/unstable_arithmetic", "loss_hidden_nan", 2.6, "loss"),
    Clue("optimization/unstable_arithmetic", "grad_exploding", -1.6, "announced"),
    Clue("optimization/unstable_arithmetic", "loss_divergence", -1.6, "announced"),
    Clue("optimization/unstable_arithmetic", "grad_nonfinite", 1.2, "grad"),
    Clue("optimization/unstable_arithmetic", "error.nonfinite_detected", 2.6, "error"),
    Clue("optimization/unstable_arithmetic", "error.nonfinite_detected", 4.5, "error", _names_arithmetic),
    Clue("optimization/overfitting", "validation_gap", 4.0, "validation"),
    Clue("optimization/overfitting", "validation_apart", -2.5, "apart"),
    Clue("optimization/representation_collapse", "entropy_collapse", 3.5, "entropy"),
    Clue("optimization/representation_collapse", "kl_vanishing", 3.5, "kl"),
    Clue("optimization/representation_collapse", "representation_std_collapse", 4.0, "spread"),
    Clue("optimization/representation_collapse", "kl_runaway", 1.5, "kl"),
    Clue("optimization/representation_collapse", "error.kl_negative", 1.5, "kl"),
    Clue("optimization/learning_rate_too_high", "kl_runaway", 1.5, "kl"),
    Clue("optimization/no_reward_signal", "reward_flat", 4.0, "reward"),
    Clue("optimization/no_reward_signal", "loss_zero", 1.0, "loss", lambda f: f.has("reward_flat")),
    Clue("optimization/no_reward_signal", "explained_variance_low", 0.8, "value"),
    Clue("optimization/learning_rate_too_high", "loss_early_jump", 2.4, "jump"),
    Clue("optimization/missing_warmup", "loss_early_jump", 1.8, "loss"),
    Clue("optimization/missing_warmup", "loss_early_jump", 2.4, "loss", lambda f: f.signal("lr_no_warmup") is not None),
    Clue("optimization/bad_initialization", "loss_early_jump", 0.6, "jump"),
    Clue("optimization/accumulation_scaling", "loss_early_jump", 0.6, "jump"),
    Clue("optimization/gradient_explosion", "loss_early_jump", 0.8, "loss"),
    Clue("optimization/dead_units", "units_off", 4.2, "units"),
    Clue("optimization/regularization", "weights_shrink", 3.4, "weights"),
    Clue("optimization/regularization", "weight_decay_high", 3.4, "decay"),
    Clue("optimization/regularization", "dropout_high", 3.4, "dropout"),
    Clue("optimization/regularization", "loss_plateau", 0.5, "loss"),
    Clue("optimization/regularization", "loss_hardly_falls", 0.6, "loss"),
    Clue("optimization/regularization", "loss_hardly_falls", 1.4, "loss", _strong_penalty),
    Clue("optimization/regularization", "loss_plateau", 1.4, "loss", _strong_penalty),
    Clue("optimization/regularization", "loss_at_chance", 1.4, "loss", _strong_penalty),
    Clue("optimization/regularization", "loss_constant", 1.4, "loss", _strong_penalty),
    Clue("optimization/regularization", "validation_poor", 0.8, "validation", _strong_penalty),
    Clue("optimization/optimizer_settings", "optimizer_unusual", 3.4, "setting"),
    Clue("optimization/optimizer_settings", "loss_slow", 0.5, "loss", _unusual),
    Clue("optimization/optimizer_settings", "loss_hardly_falls", 0.8, "loss", _unusual),
    Clue("optimization/optimizer_settings", "loss_oscillation", 0.8, "loss", _unusual),
    Clue("optimization/optimizer_settings", "loss_divergence", 0.8, "loss", _unusual),
    Clue("optimization/learning_rate_too_high", "loss_at_chance", 1.6, "stuck", _rate_high),
    Clue("optimization/learning_rate_too_high", "loss_constant", 1.6, "stuck", _rate_high),
    Clue("optimization/learning_rate_too_high", "loss_hardly_falls", 1.6, "stuck", _rate_high),
    Clue("optimization/learning_rate_too_high", "loss_plateau", 1.2, "stuck", _rate_high),
    Clue("optimization/learning_rate_too_high", "loss_hardly_falls", 0.6, "stuck"),
    Clue("optimization/learning_rate_too_high", "loss_above_chance", 2.0, "stuck"),
    Clue("optimization/dead_units", "lr_high", 0.8, "lr", _little_learned),
    Clue("optimization/bad_schedule", "lr_low", 0.5, "lr"),
    Clue("optimization/dead_units", "loss_at_chance", 1.0, "stuck", _rate_high),
    Clue("optimization/dead_units", "loss_constant", 1.0, "stuck", _rate_high),
    Clue("optimization/learning_rate_too_low", "loss_hardly_falls", 0.6, "loss", lambda f: not f.has("loss_constant", "loss_above_chance", "lr_high")),
    Clue("optimization/learning_rate_too_low", "loss_slow", 2.6, "loss", lambda f: f.has("loss_hardly_falls") and not f.has("optimizer_unusual", "lr_high")),
    Clue("optimization/vanishing_gradient", "loss_hardly_falls", 0.6, "loss"),
    Clue("optimization/dead_units", "loss_hardly_falls", 0.5, "loss"),
    Clue("optimization/bad_initialization", "loss_above_chance", 1.4, "level"),
    Clue("optimization/bad_initialization", "loss_start_high", 4.2, "start", _far_above),
    Clue("optimization/bad_initialization", "loss_hardly_falls", 0.5, "loss"),
    Clue("optimization/oscillation", "loss_above_chance", 1.0, "level"),
    Clue("optimization/bad_schedule", "lr_grows", 3.2, "lr"),
    Clue("optimization/bad_schedule", "lr_spent_early", 3.2, "lr"),
    Clue("optimization/low_precision_overflow", "steps_skipped", 4.5, "scale"),
    Clue("optimization/representation_collapse", "discriminator_wins", 2.6, "adversary"),
    Clue("optimization/learning_rate_too_high", "discriminator_wins", 1.0, "adversary"),
    Clue("optimization/overfitting", "test_below_validation", 1.0, "test"),
    Clue("optimization/overfitting", "metric_falls", 1.0, "metric", lambda f: not f.has("validation_gap", "loss_divergence", "loss_blow_up")),
    Clue("optimization/representation_collapse", "metric_falls", 1.0, "metric"),
)  # fmt: skip
