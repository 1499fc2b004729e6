"""What signals say about failures of the data."""

from misrun.tools.diagnosis.clues.clue import Clue
from misrun.tools.diagnosis.clues.conditions import LITTLE_LEARNED, early, nothing_fatal
from misrun.tools.diagnosis.facts import Facts


def _nothing_to_average(facts: Facts) -> bool:
    """A NaN loss with gradients of exactly 0: the mean over no targets at all."""
    signal = facts.signal("nan_from_start")
    return bool(signal and signal.values.get("grad_norm_zero"))


def _code_is_clean(facts: Facts) -> bool:
    """The code was read and no check found a fault of the model or its optimizer: little is left but the data, which no
    check can see."""
    return bool(facts.run.code) and nothing_fatal(facts) and not any(f.confidence >= 0.5 for f in facts.findings)


def _targets_are_masked(facts: Facts) -> bool:
    """The code leaves out targets in a way that can leave none: the mean over nothing is NaN from the first batch on."""
    return any(f.mode == "data_pipeline/masked_targets" for f in facts.findings)


def _sudden_and_clean(facts: Facts) -> bool:
    """Out of nothing, in code where no operation is undefined: then the number came in with a record."""
    calm = not facts.has("grad_exploding", "loss_divergence", "loss_scale_collapse", "loss_blow_up", "lr_high")
    return calm and _code_is_clean(facts) and not facts.half_precision


def _keeps_order(facts: Facts) -> bool:
    """A check found that nothing shuffles the training samples."""
    return any(f.mode == "data_pipeline/unshuffled_data" and f.confidence >= 0.5 for f in facts.findings)


def _little_learned(facts: Facts) -> bool:
    return nothing_fatal(facts) and facts.has(
        *LITTLE_LEARNED, "validation_poor", "validation_apart", "metric_disagrees"
    )


CLUES: tuple[Clue, ...] = (
    Clue("data_pipeline/vocabulary_mismatch", "error.index_out_of_range", 4.2, "index"),
    Clue("data_pipeline/vocabulary_mismatch", "vocabulary_exceeds_embedding", 4.5, "vocabulary"),
    Clue("data_pipeline/vocabulary_mismatch", "oov_high", 3.0, "vocabulary"),
    Clue("data_pipeline/vocabulary_mismatch", "perplexity_high", 2.5, "perplexity", nothing_fatal),
    Clue("data_pipeline/vocabulary_mismatch", "error.device_assert", 1.5, "assert"),
    Clue("data_pipeline/label_range", "error.target_out_of_bounds", 5.0, "target"),
    Clue("data_pipeline/label_range", "labels_exceed_classes", 4.5, "labels"),
    Clue("data_pipeline/label_range", "loss_negative", 1.8, "loss"),
    Clue("data_pipeline/label_range", "error.device_assert", 2.2, "assert"),
    Clue("data_pipeline/label_misalignment", "loss_at_chance", 2.0, "chance"),
    Clue("data_pipeline/label_misalignment", "metric_at_chance", 1.6, "chance"),
    Clue("data_pipeline/label_misalignment", "metric_disagrees", 1.2, "metric"),
    Clue("data_pipeline/label_misalignment", "validation_flat", 0.8, "validation"),
    Clue("data_pipeline/label_misalignment", "validation_poor", 0.8, "validation"),
    Clue("data_pipeline/label_misalignment", "one_class_predicted", 0.6, "metric"),
    Clue("data_pipeline/label_misalignment", "validation_apart", 2.6, "validation"),
    Clue("data_pipeline/label_misalignment", "loss_hardly_falls", 1.2, "chance"),
    Clue("data_pipeline/label_misalignment", "loss_hardly_falls", 2.4, "chance", _code_is_clean),
    Clue("data_pipeline/label_misalignment", "validation_poor", 2.0, "chance", _code_is_clean),
    # A loss that does not move at all is rarer than one that hardly falls; said here so that it explains neither away.
    Clue("data_pipeline/label_misalignment", "loss_constant", 0.8, "constant"),
    Clue("data_pipeline/truncation", "loss_constant", 0.5, "constant"),
    Clue("data_pipeline/input_scaling", "loss_constant", 0.5, "constant"),
    Clue("data_pipeline/masked_targets", "validation_apart", 1.2, "validation"),
    Clue("data_pipeline/masked_targets", "loss_zero", 3.5, "loss", lambda f: not f.has("reward_flat", "loss_improving")),
    # A loss that fell to 0 was learned by heart.
    Clue("data_pipeline/duplicated_data", "loss_zero", 1.6, "loss", lambda f: f.has("loss_improving")),
    Clue("data_pipeline/masked_targets", "loss_hidden_nan", 1.5, "loss"),
    Clue("data_pipeline/masked_targets", "nan_from_start", 1.0, "start"),
    Clue("data_pipeline/masked_targets", "nan_from_start", 3.0, "start", _targets_are_masked),
    Clue("data_pipeline/masked_targets", "nan_from_start", 4.0, "start", _nothing_to_average),
    Clue("data_pipeline/leakage", "validation_suspiciously_good", 3.0, "validation"),
    Clue("data_pipeline/leakage", "loss_start_low", 1.5, "start"),
    Clue("data_pipeline/leakage", "test_below_validation", 3.5, "test"),
    Clue("data_pipeline/input_scaling", "loss_start_high", 1.6, "start"),
    Clue("data_pipeline/input_scaling", "nan_from_start", 0.8, "nan"),
    Clue("data_pipeline/input_scaling", "loss_blow_up", 1.4, "loss"),
    Clue("data_pipeline/input_scaling", "validation_poor", 0.8, "validation"),
    Clue("data_pipeline/input_scaling", "loss_nonfinite", 1.0, "loss", early),
    Clue("data_pipeline/input_scaling", "validation_apart", 2.2, "validation"),
    Clue("data_pipeline/input_scaling", "loss_hardly_falls", 0.8, "loss"),
    Clue("data_pipeline/vocabulary_mismatch", "validation_apart", 1.4, "validation"),
    Clue("data_pipeline/truncation", "window_short", 5.0, "length", _little_learned),
    Clue("data_pipeline/truncation", "loss_hardly_falls", 0.8, "chance"),
    Clue("data_pipeline/corrupt_records", "metric_constant", 0.5, "metric"),
    Clue("data_pipeline/corrupt_records", "error.decode_error", 4.5, "decode"),
    Clue("data_pipeline/corrupt_records", "error.nan_in_input", 4.5, "nan"),
    Clue("data_pipeline/corrupt_records", "error.worker_exception", 0.8, "decode"),
    Clue("data_pipeline/corrupt_records", "loss_nonfinite", 1.0, "loss"),
    Clue("data_pipeline/corrupt_records", "nan_from_start", 1.6, "start"),
    Clue("data_pipeline/corrupt_records", "loss_nonfinite", 2.8, "loss", _sudden_and_clean),
    Clue("data_pipeline/missing_data", "error.missing_file", 4.0, "missing"),
    Clue("data_pipeline/missing_data", "error.missing_column", 3.5, "missing"),
    Clue("data_pipeline/missing_data", "error.empty_dataset", 4.5, "missing"),
    Clue("data_pipeline/missing_data", "error.permission_denied", 2.5, "missing"),
    Clue("data_pipeline/unshuffled_data", "loss_periodic", 2.6, "loss"),
    # Where the code keeps an order, a loss that swings is what batches of one kind after another do to it.
    Clue("data_pipeline/unshuffled_data", "loss_oscillation", 1.8, "loss", _keeps_order),
    Clue("data_pipeline/unshuffled_data", "loss_early_jump", 1.2, "loss", _keeps_order),
    Clue("data_pipeline/unshuffled_data", "metric_constant", 1.2, "metric", _keeps_order),
    Clue("data_pipeline/class_imbalance", "one_class_predicted", 3.4, "metric"),
    Clue("data_pipeline/class_imbalance", "metric_constant", 1.8, "metric"),
    Clue("data_pipeline/class_imbalance", "metric_disagrees", 0.8, "metric"),
    Clue("data_pipeline/class_imbalance", "metric_falls", 1.0, "metric"),
    Clue("data_pipeline/batch_collation", "error.collate_unequal", 5.0, "collate"),
    Clue("data_pipeline/batch_collation", "error.batch_size_mismatch", 1.5, "collate"),
    Clue("data_pipeline/truncation", "error.length_exceeded", 1.8, "length"),
    Clue("data_pipeline/truncation", "completions_clipped", 2.5, "length"),
    Clue("data_pipeline/input_starvation", "loader_bound", 4.0, "speed"),
    Clue("data_pipeline/input_starvation", "throughput_collapse", 2.0, "speed"),
    Clue("data_pipeline/input_starvation", "step_time_pauses", 1.2, "speed"),
)  # fmt: skip
