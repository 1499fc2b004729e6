"""What each signal says about each failure mode, as weights of evidence in log-odds.

A weight of 1 multiplies the odds of the mode by e; 5 is a wording that means this mode and nothing else; negative
weights speak against. They are judgements from the definitions of the signals and the literature named beside the
modes in the knowledge corpus, not fitted: the numbers say only how specific a signal is for a mode.
  5.0  names the mode          4.0  nearly always this mode       3.0  usually this mode
  2.0  often this mode         1.0  compatible, weakly specific   0.5  a hint
"""

from collections.abc import Callable
from typing import NamedTuple

from misrun.tools.diagnosis.complaint_clues import COMPLAINT_CLUES
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.taxonomy import HEALTHY


class Clue(NamedTuple):
    """`signal` speaks for (weight > 0) or against `mode`. `group` joins clues that measure the same thing: only the
    strongest of a group counts. `when` restricts the clue to runs where it means this."""

    mode: str
    signal: str
    weight: float
    group: str
    when: Callable[[Facts], bool] | None = None


def _late_oom(facts: Facts) -> bool:
    """The allocation failed after the step had already fitted many times (more than 20 logged steps)."""
    return (facts.run.ending.last_step or 0) > 20


def _fragmented(facts: Facts) -> bool:
    """Reserved but unallocated memory would have held the request and is over a tenth of what is reserved."""
    reserved, allocated = (
        facts.number("error.cuda_oom", "reserved_mib"),
        facts.number("error.cuda_oom", "allocated_mib"),
    )
    tried = facts.number("error.cuda_oom", "tried_mib")
    if reserved is None or allocated is None or tried is None:
        return False
    return reserved - allocated > max(tried, 0.1 * reserved)


def _shared_device(facts: Facts) -> bool:
    """Others hold a quarter of the device or more: what is neither free nor ours, by the numbers of the message."""
    total, free = facts.number("error.cuda_oom", "total_mib"), facts.number("error.cuda_oom", "free_mib")
    ours = facts.number("error.cuda_oom", "reserved_mib") or facts.number("error.cuda_oom", "allocated_mib")
    other = facts.number("error.cuda_oom", "other_process_mib")
    if total and other:
        return other > 0.25 * total
    return bool(total and ours is not None and free is not None and total - free - ours > 0.25 * total)


def _huge_request(facts: Facts) -> bool:
    """One request of over a third of the device: a single outsized tensor rather than slow filling."""
    tried, total = facts.number("error.cuda_oom", "tried_mib"), facts.number("error.cuda_oom", "total_mib")
    return bool(tried and total and tried > total / 3)


def _in_evaluation(facts: Facts) -> bool:
    words = ("eval", "valid", "test", "predict")
    root = facts.root
    return bool(root and any(word in frame.function.lower() for frame in root.frames for word in words))


def _early(facts: Facts) -> bool:
    """The failure began in the first tenth of what was logged, or of the plan."""
    onset = min((s.step for s in facts.signals if s.step is not None), default=None)
    end = facts.run.ending.planned_steps or facts.run.ending.last_step
    return onset is not None and (end is None or onset <= 0.1 * end)


def _sudden(facts: Facts) -> bool:
    """The loss was normal right up to the non-finite value and the gradient norm, which was logged, gave no warning."""
    return facts.measured("grad_norm") and not facts.has("grad_exploding", "loss_divergence", "loss_scale_collapse")


def _unwatched(facts: Facts) -> bool:
    """Nobody logged the gradient norm, so an explosion before the non-finite value cannot be told from none."""
    return not facts.measured("grad_norm")


def _half(facts: Facts) -> bool:
    return facts.half_precision


def _non_finite(facts: Facts) -> bool:
    return facts.has("loss_nonfinite", "loss_hidden_nan", "grad_nonfinite", "loss_scale_collapse")


def _nothing_to_average(facts: Facts) -> bool:
    """A NaN loss with gradients of exactly 0: the mean over no targets at all."""
    signal = facts.signal("nan_from_start")
    return bool(signal and signal.values.get("grad_norm_zero"))


def _rate_unknown(facts: Facts) -> bool:
    return not facts.measured("lr") and facts.setting("lr", "learning_rate") is None


def _exactly_constant(facts: Facts) -> bool:
    """The same digits at every step: nothing that is logged depends on a trained parameter."""
    signal = facts.signal("loss_constant")
    return _nothing_fatal(facts) and bool(signal and signal.values.get("exactly_constant"))


def _strong_penalty(facts: Facts) -> bool:
    """Ten times the usual maximum: weight decay 0.01 to 0.1 (AdamW, Loshchilov & Hutter 2019, and the settings of large
    language models), or dropout that leaves one unit in five (Srivastava et al. 2014 keep at least half)."""
    return (facts.setting("weight_decay") or 0) >= 0.5 or (facts.setting("dropout") or 0) >= 0.8


def _names_arithmetic(facts: Facts) -> bool:
    """Anomaly detection named a backward that is undefined for some inputs."""
    return any(
        f"{op}Backward" in facts.text for op in ("Log", "Sqrt", "Div", "Pow", "Exp", "Norm", "Acos", "Reciprocal")
    )


def _long_overflow(facts: Facts) -> bool:
    """More overflows than the search for a loss scale needs: 2**16 halves to 1 in 16 steps (PyTorch AMP default)."""
    signal = facts.signal("error.loss_scale_overflow")
    return bool(signal and (facts.number(signal.name, "count") or 0) > 16)


def _nothing_fatal(facts: Facts) -> bool:
    return not facts.crashed and facts.root is None


def _holds_in_validation(facts: Facts) -> bool:
    """A falling training loss is good news only as far as nothing that was validated disagrees."""
    validated = any(series.phase == "eval" and len(series.values) > 1 for series in facts.run.series)
    return _nothing_fatal(facts) and (not validated or facts.has("validation_improving"))


OOM = "error.cuda_oom"

CLUES: tuple[Clue, ...] = (
    # memory and hardware
    Clue("memory_hardware/device_oom", OOM, 4.5, "oom"),
    Clue("memory_hardware/device_oom", "error.xla_oom", 4.5, "oom"),
    Clue("memory_hardware/device_oom", "error.cublas_error", 1.5, "oom"),
    Clue("memory_hardware/device_oom", "memory_growth", -2.0, "growth"),
    Clue("memory_hardware/memory_leak", "memory_growth", 3.5, "growth"),
    Clue("memory_hardware/memory_leak", OOM, 2.0, "oom", _late_oom),
    Clue("memory_hardware/memory_leak", "error.killed_sigkill", 1.5, "oom", lambda f: f.has("memory_growth")),
    Clue("memory_hardware/memory_leak", "error.host_oom_alloc", 1.5, "oom", lambda f: f.has("memory_growth")),
    Clue("memory_hardware/long_batch", OOM, 2.0, "oom", _late_oom),
    Clue("memory_hardware/long_batch", OOM, 2.5, "oom", lambda f: _huge_request(f) and _late_oom(f)),
    Clue("memory_hardware/long_batch", "memory_jump", 2.5, "growth"),
    Clue("memory_hardware/long_batch", "memory_growth", -2.0, "against"),
    Clue("memory_hardware/evaluation_memory", OOM, 5.5, "oom", _in_evaluation),
    Clue("memory_hardware/evaluation_memory", "memory_jump", 1.5, "growth", _in_evaluation),
    Clue("memory_hardware/fragmentation", OOM, 5.5, "oom", _fragmented),
    Clue("memory_hardware/device_shared", OOM, 6.0, "oom", _shared_device),
    Clue("memory_hardware/host_oom", "error.host_oom_alloc", 4.5, "host"),
    Clue("memory_hardware/host_oom", "error.oom_killed", 5.0, "host"),
    Clue("memory_hardware/host_oom", "error.killed_sigkill", 3.5, "host"),
    Clue("memory_hardware/host_oom", "error.worker_killed", 2.5, "host"),
    Clue("memory_hardware/host_oom", "memory_growth", -1.5, "growth"),
    Clue("memory_hardware/shared_memory", "error.shm_exhausted", 5.0, "shm"),
    Clue("memory_hardware/shared_memory", "error.bus_error", 3.5, "shm"),
    Clue("memory_hardware/shared_memory", "error.worker_killed", 1.0, "shm"),
    Clue("memory_hardware/storage_full", "error.disk_full", 5.0, "disk"),
    Clue("memory_hardware/hardware_fault", "error.gpu_fault", 3.5, "gpu"),
    Clue("memory_hardware/hardware_fault", "error.gpu_unavailable", 4.5, "gpu"),
    Clue("memory_hardware/hardware_fault", "error.cublas_error", 2.0, "gpu"),
    Clue("memory_hardware/collective_failure", "error.collective_timeout", 4.5, "collective"),
    Clue("memory_hardware/collective_failure", "error.collective_error", 4.5, "collective"),
    Clue("memory_hardware/collective_failure", "error.collective_mismatch", 5.0, "collective"),
    Clue("memory_hardware/collective_failure", "error.rendezvous_failed", 4.5, "collective"),
    Clue("memory_hardware/collective_failure", "error.unused_parameters", 1.0, "collective"),
    Clue("memory_hardware/collective_failure", "error.peer_lost", 2.5, "collective"),
    Clue("memory_hardware/native_crash", "error.segfault", 4.5, "native"),
    Clue("memory_hardware/native_crash", "error.abort", 3.0, "native"),
    Clue("memory_hardware/interrupted", "error.time_limit", 5.0, "end"),
    Clue("memory_hardware/interrupted", "error.preempted", 5.0, "end"),
    Clue("memory_hardware/interrupted", "error.interrupted", 4.0, "end"),
    Clue("memory_hardware/interrupted", "error.sigterm", 2.5, "end"),
    # optimization
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
    Clue("optimization/learning_rate_too_low", "lr_low", 2.5, "lr"),
    Clue("optimization/learning_rate_too_low", "loss_slow", 1.4, "loss", _rate_unknown),
    Clue("optimization/learning_rate_too_low", "loss_slow", 0.6, "loss"),
    Clue("optimization/learning_rate_too_low", "loss_constant", 0.5, "loss"),
    Clue("optimization/learning_rate_too_low", "lr_high", -2.5, "lr"),
    Clue("optimization/missing_warmup", "lr_no_warmup", 1.6, "lr", lambda f: _early(f) and f.has("loss_divergence", "loss_nonfinite", "loss_spike")),
    Clue("optimization/missing_warmup", "loss_divergence", 0.8, "loss", _early),
    Clue("optimization/missing_warmup", "loss_blow_up", 1.2, "loss", _early),
    Clue("optimization/bad_schedule", "lr_change_at_onset", 3.0, "lr"),
    Clue("optimization/bad_schedule", "lr_zero", 3.2, "lr"),
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
    Clue("optimization/bad_initialization", "loss_blow_up", 0.8, "loss", _early),
    Clue("optimization/bad_initialization", "loss_at_chance", -1.0, "start"),
    Clue("optimization/oscillation", "loss_oscillation", 2.8, "loss"),
    Clue("optimization/low_precision_overflow", "loss_scale_collapse", 4.5, "scale"),
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
    Clue("optimization/representation_collapse", "entropy_collapse", 3.5, "entropy"),
    Clue("optimization/representation_collapse", "kl_vanishing", 3.5, "kl"),
    Clue("optimization/representation_collapse", "representation_std_collapse", 4.0, "spread"),
    Clue("optimization/representation_collapse", "kl_runaway", 1.5, "kl"),
    Clue("optimization/representation_collapse", "error.kl_negative", 1.5, "kl"),
    Clue("optimization/learning_rate_too_high", "kl_runaway", 1.5, "kl"),
    Clue("optimization/no_reward_signal", "reward_flat", 4.0, "reward"),
    Clue("optimization/no_reward_signal", "loss_zero", 1.0, "loss", lambda f: f.has("reward_flat")),
    Clue("optimization/no_reward_signal", "explained_variance_low", 0.8, "value"),
    Clue("optimization/regularization", "loss_plateau", 2.4, "loss", _strong_penalty),
    Clue("optimization/regularization", "loss_constant", 2.4, "loss", _strong_penalty),
    Clue("optimization/regularization", "loss_slow", 1.8, "loss", _strong_penalty),
    # data
    Clue("data_pipeline/vocabulary_mismatch", "error.index_out_of_range", 4.2, "index"),
    Clue("data_pipeline/vocabulary_mismatch", "vocabulary_exceeds_embedding", 4.5, "vocabulary"),
    Clue("data_pipeline/vocabulary_mismatch", "oov_high", 3.0, "vocabulary"),
    Clue("data_pipeline/vocabulary_mismatch", "perplexity_high", 2.5, "perplexity", _nothing_fatal),
    Clue("data_pipeline/vocabulary_mismatch", "error.device_assert", 1.5, "assert"),
    Clue("data_pipeline/label_range", "error.target_out_of_bounds", 5.0, "target"),
    Clue("data_pipeline/label_range", "labels_exceed_classes", 4.5, "labels"),
    Clue("data_pipeline/label_range", "error.device_assert", 2.2, "assert"),
    Clue("data_pipeline/label_misalignment", "loss_at_chance", 2.0, "chance"),
    Clue("data_pipeline/label_misalignment", "metric_at_chance", 1.6, "chance"),
    Clue("data_pipeline/label_misalignment", "metric_disagrees", 1.2, "metric"),
    Clue("data_pipeline/label_misalignment", "validation_flat", 0.8, "validation"),
    Clue("data_pipeline/label_misalignment", "validation_poor", 0.8, "validation"),
    Clue("data_pipeline/label_misalignment", "one_class_predicted", 0.6, "metric"),
    Clue("data_pipeline/masked_targets", "loss_zero", 3.5, "loss", lambda f: not f.has("reward_flat")),
    Clue("data_pipeline/masked_targets", "loss_hidden_nan", 1.5, "loss"),
    Clue("data_pipeline/masked_targets", "nan_from_start", 1.0, "start"),
    Clue("data_pipeline/masked_targets", "nan_from_start", 4.0, "start", _nothing_to_average),
    Clue("data_pipeline/leakage", "validation_suspiciously_good", 3.0, "validation"),
    Clue("data_pipeline/leakage", "loss_start_low", 1.5, "start"),
    Clue("data_pipeline/leakage", "test_below_validation", 3.5, "test"),
    Clue("optimization/overfitting", "test_below_validation", 1.0, "test"),
    Clue("optimization/overfitting", "metric_falls", 1.0, "metric", lambda f: not f.has("validation_gap", "loss_divergence", "loss_blow_up")),
    Clue("optimization/representation_collapse", "metric_falls", 1.0, "metric"),
    Clue("data_pipeline/input_scaling", "loss_start_high", 1.6, "start"),
    Clue("data_pipeline/input_scaling", "nan_from_start", 0.8, "nan"),
    Clue("data_pipeline/input_scaling", "loss_blow_up", 1.4, "loss"),
    Clue("data_pipeline/input_scaling", "validation_poor", 0.8, "validation"),
    Clue("data_pipeline/input_scaling", "loss_nonfinite", 1.0, "loss", _early),
    Clue("data_pipeline/corrupt_records", "error.decode_error", 4.5, "decode"),
    Clue("data_pipeline/corrupt_records", "error.nan_in_input", 4.5, "nan"),
    Clue("data_pipeline/corrupt_records", "error.worker_exception", 0.8, "decode"),
    Clue("data_pipeline/corrupt_records", "loss_nonfinite", 1.0, "loss"),
    Clue("data_pipeline/corrupt_records", "nan_from_start", 1.6, "start"),
    Clue("data_pipeline/missing_data", "error.missing_file", 4.0, "missing"),
    Clue("data_pipeline/missing_data", "error.missing_column", 3.5, "missing"),
    Clue("data_pipeline/missing_data", "error.empty_dataset", 4.5, "missing"),
    Clue("data_pipeline/missing_data", "error.permission_denied", 2.5, "missing"),
    Clue("data_pipeline/unshuffled_data", "loss_periodic", 2.6, "loss"),
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
    # model and software
    Clue("model_software/shape_mismatch", "error.shape_mismatch", 4.5, "shape"),
    Clue("model_software/shape_mismatch", "error.batch_size_mismatch", 4.0, "shape"),
    Clue("model_software/shape_mismatch", "error.input_channels", 3.0, "shape"),
    Clue("model_software/axis_order", "error.view_incompatible", 3.5, "view"),
    Clue("model_software/axis_order", "error.input_channels", 3.0, "view"),
    Clue("model_software/shape_mismatch", "error.view_incompatible", 1.5, "shape"),
    Clue("model_software/checkpoint_mismatch", "error.checkpoint_mismatch", 5.0, "checkpoint"),
    Clue("model_software/checkpoint_mismatch", "error.checkpoint_unreadable", 4.5, "checkpoint"),
    Clue("model_software/checkpoint_mismatch", "error.weights_new", 0.8, "checkpoint"),
    Clue("model_software/dtype_mismatch", "error.dtype_mismatch", 4.8, "dtype"),
    Clue("model_software/device_mismatch", "error.device_mismatch", 5.0, "device"),
    Clue("model_software/train_eval_mode", "validation_noisy", 1.8, "validation"),
    Clue("model_software/train_eval_mode", "validation_flat", 1.2, "validation"),
    Clue("model_software/train_eval_mode", "validation_poor", 1.0, "validation"),
    Clue("model_software/frozen_parameters", "error.optimizer_empty", 4.5, "frozen"),
    Clue("model_software/frozen_parameters", "error.no_input_requires_grad", 3.0, "frozen"),
    Clue("model_software/frozen_parameters", "loss_constant", 2.0, "loss", _nothing_fatal),
    Clue("model_software/frozen_parameters", "loss_constant", 2.8, "loss", _exactly_constant),
    Clue("model_software/stale_optimizer", "loss_constant", 1.8, "loss", _exactly_constant),
    Clue("model_software/frozen_parameters", "grad_zero", 1.6, "grad", lambda f: not f.has("loss_zero", "reward_flat")),
    Clue("model_software/frozen_parameters", "error.no_grad_fn", 2.0, "graph"),
    Clue("model_software/frozen_parameters", "error.unused_parameters", 2.5, "frozen"),
    Clue("model_software/wrong_loss", "error.broadcast_target", 3.0, "loss"),
    Clue("model_software/wrong_loss", "error.bce_range", 3.6, "loss"),
    Clue("model_software/wrong_loss", "loss_negative", 1.8, "loss"),
    Clue("model_software/double_activation", "loss_softmax_floor", 4.0, "floor"),
    Clue("model_software/double_activation", "error.bce_range", 1.0, "loss"),
    Clue("model_software/detached_graph", "error.no_grad_fn", 4.2, "graph"),
    Clue("model_software/detached_graph", "loss_constant", 1.0, "loss", _nothing_fatal),
    Clue("model_software/detached_graph", "gradient_part_zero", 3.6, "part"),
    Clue("model_software/frozen_parameters", "gradient_part_zero", 2.6, "part"),
    Clue("model_software/graph_reuse", "error.backward_twice", 5.0, "graph"),
    Clue("model_software/graph_reuse", "error.inplace_modified", 5.0, "graph"),
    Clue("model_software/resume_state", "loss_jump_at_resume", 4.0, "resume"),
    Clue("model_software/resume_state", "error.optimizer_state_mismatch", 4.2, "resume"),
    Clue("model_software/stale_optimizer", "error.optimizer_state_mismatch", 1.0, "resume"),
    Clue("model_software/scheduler_misuse", "lr_constant_under_schedule", 3.5, "lr"),
    Clue("model_software/scheduler_misuse", "error.scheduler_before_optimizer", 1.5, "scheduler"),
    Clue("model_software/scheduler_misuse", "lr_zero", 2.0, "lr"),
    Clue("model_software/step_order", "error.scaler_misuse", 4.5, "order"),
    Clue("model_software/step_order", "error.step_skipped", 1.5, "order"),
    Clue("model_software/step_order", "loss_constant", 1.0, "loss", _nothing_fatal),
    Clue("model_software/evaluation_error", "metric_constant", 1.8, "metric"),
    Clue("model_software/evaluation_error", "metric_disagrees", 1.8, "metric"),
    Clue("model_software/evaluation_error", "metric_impossible", 4.8, "metric"),
    Clue("model_software/api_error", "error.import_error", 5.0, "api"),
    Clue("model_software/api_error", "error.api_error", 4.2, "api"),
    Clue("model_software/api_error", "error.tracer_leak", 4.5, "api"),
    Clue("model_software/api_error", "error.access_denied", 3.5, "api"),
    Clue("model_software/api_error", "error.traceback", 2.6, "api"),
    Clue("model_software/invalid_config", "error.invalid_config", 4.5, "config"),
    Clue("model_software/invalid_config", "config_conflict", 2.8, "config"),
    Clue("model_software/invalid_config", "error.setting_ignored", 0.8, "config"),
    # healthy: the loss that is trained on falls, what is validated improves, and the run came to its end
    Clue(HEALTHY, "loss_improving", 0.6, "loss", _nothing_fatal),
    Clue(HEALTHY, "loss_improving", 1.8, "loss", _holds_in_validation),
    Clue(HEALTHY, "validation_improving", 1.6, "validation", _nothing_fatal),
    Clue(HEALTHY, "reward_improving", 2.0, "reward", _nothing_fatal),
    Clue(HEALTHY, "run_finished", 1.3, "end", _nothing_fatal),
    Clue(HEALTHY, "loss_scale_search", 0.3, "scale"),
    Clue(HEALTHY, "memory_high_stable", 0.3, "memory"),
)  # fmt: skip

# What a healthy run does not show; each speaks against "healthy" by this much, scaled by the signal's strength.
_ALARMS: dict[str, float] = {
    "loss_nonfinite": 6.0, "loss_hidden_nan": 6.0, "nan_from_start": 2.0, "loss_blow_up": 4.0, "validation_poor": 3.0,
    "one_class_predicted": 4.0, "metric_impossible": 5.0, "metric_falls": 3.0, "test_below_validation": 3.0,
    "representation_std_collapse": 4.0, "gradient_part_zero": 3.0, "gradient_part_vanishing": 3.0, "loss_zero": 4.0, "loss_divergence": 5.0, "loss_plateau": 1.5,
    "loss_constant": 5.0, "loss_oscillation": 2.0, "loss_at_chance": 5.0, "loss_start_high": 1.0, "loss_negative": 1.0,
    "loss_slow": 1.5, "loss_jump_at_resume": 3.0, "loss_periodic": 1.5, "loss_spike": 1.0, "loss_softmax_floor": 4.0,
    "validation_gap": 4.0, "validation_flat": 2.5, "validation_suspiciously_good": 2.0, "validation_noisy": 1.0,
    "metric_at_chance": 5.0, "metric_constant": 3.0, "metric_disagrees": 2.0, "grad_nonfinite": 4.0, "grad_exploding": 3.0,
    "grad_vanishing": 1.5, "grad_zero": 3.0, "lr_change_at_onset": 2.0, "lr_zero": 3.0, "lr_constant_under_schedule": 2.5,
    "loss_scale_collapse": 5.0, "memory_growth": 3.0, "throughput_collapse": 2.0, "loader_bound": 2.0, "perplexity_high": 3.0,
    "vocabulary_exceeds_embedding": 4.0, "labels_exceed_classes": 4.0, "reward_flat": 4.0, "completions_clipped": 2.0,
    "entropy_collapse": 3.0, "kl_vanishing": 3.0, "oov_high": 3.0, "kl_runaway": 2.5, "killed_by_signal": 6.0, "traceback_root": 6.0, "run_unfinished": 2.5,
    "explained_variance_low": 1.0, "config_conflict": 1.0, "error.nonfinite_detected": 4.0, "error.broadcast_target": 2.0,
}  # fmt: skip
CLUES += tuple(Clue(HEALTHY, signal, -weight, signal) for signal, weight in _ALARMS.items())
# What users say in words; its own table, because its weights rest on how people phrase things.
CLUES += tuple(Clue(mode, signal, weight, group) for mode, signal, weight, group in COMPLAINT_CLUES)
