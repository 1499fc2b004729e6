"""Which symptoms each failure mode brings about.

A fault that was found in the code and that can cause what was seen explains it: the same symptom then says little for
other modes ("explaining away", Pearl, Probabilistic Reasoning in Intelligent Systems, 1988, section 2.3).
"""

_POOR = frozenset({
    "loss_slow", "loss_plateau", "loss_constant", "loss_at_chance", "metric_at_chance", "metric_constant", "validation_flat",
    "loss_oscillation", "loss_softmax_floor", "metric_disagrees", "validation_poor",
})  # fmt: skip
_UNSTABLE = frozenset({
    "loss_divergence", "loss_oscillation", "loss_spike", "loss_nonfinite", "loss_hidden_nan", "grad_exploding",
    "grad_nonfinite", "nan_from_start", "loss_blow_up",
})  # fmt: skip
_NO_GRADIENT = frozenset({"grad_zero", "grad_vanishing", "loss_zero", "gradient_part_zero", "gradient_part_vanishing"})
_VALIDATION = frozenset({
    "validation_flat", "validation_noisy", "validation_gap", "validation_suspiciously_good", "metric_disagrees",
    "metric_constant", "metric_at_chance", "metric_impossible", "test_below_validation",
})  # fmt: skip

# Measured facts that bring about others: a learning rate of 0 makes the loss constant, a NaN freezes every metric.
FOLLOWS_FROM: dict[str, frozenset[str]] = {
    "loss_constant": frozenset({"lr_zero", "grad_zero", "loss_zero"}),
    "loss_plateau": frozenset({"lr_zero"}),
    "loss_spike": frozenset({"loss_divergence", "loss_nonfinite", "loss_blow_up"}),
    "metric_constant": frozenset(
        {"lr_zero", "loss_nonfinite", "loss_hidden_nan", "one_class_predicted", "loss_zero", "loss_constant"}
    ),
    "metric_at_chance": frozenset({"lr_zero", "loss_nonfinite", "loss_hidden_nan", "loss_divergence"}),
    "validation_flat": frozenset({"lr_zero", "loss_nonfinite", "loss_hidden_nan"}),
    "validation_poor": frozenset({"loss_nonfinite", "loss_divergence", "loss_constant", "loss_blow_up"}),
    "perplexity_high": frozenset({"loss_divergence", "loss_blow_up", "loss_nonfinite"}),
}

EXPLAINS: dict[str, frozenset[str]] = {
    "model_software/step_order": _POOR | _UNSTABLE | {"loss_scale_collapse", "error.scaler_misuse"},
    "model_software/double_activation": _POOR | {"grad_vanishing", "error.bce_range"},
    "model_software/wrong_loss": _POOR | _UNSTABLE | {"loss_negative", "error.broadcast_target", "error.bce_range"},
    "model_software/detached_graph": _POOR | _NO_GRADIENT | {"error.no_grad_fn"},
    "model_software/frozen_parameters": _POOR | _NO_GRADIENT | {"error.no_grad_fn", "error.optimizer_empty"},
    "model_software/unregistered_parameters": _POOR | _NO_GRADIENT | {"error.optimizer_empty", "error.device_mismatch"},
    "model_software/stale_optimizer": _POOR | _NO_GRADIENT,
    "model_software/tied_weights": _POOR,
    "model_software/graph_reuse": frozenset({"error.backward_twice", "error.inplace_modified", "memory_growth"}),
    "model_software/train_eval_mode": _VALIDATION,
    "model_software/evaluation_error": _VALIDATION,
    "model_software/scheduler_misuse": _POOR
    | {"lr_zero", "lr_constant_under_schedule", "lr_change_at_onset", "error.scheduler_before_optimizer"},
    "model_software/resume_state": frozenset({"loss_jump_at_resume", "loss_spike", "error.optimizer_state_mismatch"}),
    "model_software/seed_misuse": frozenset({"validation_gap", "loss_periodic"}),
    "model_software/axis_order": _POOR | {"error.shape_mismatch", "error.view_incompatible", "error.input_channels"},
    "model_software/shape_mismatch": frozenset({"error.shape_mismatch", "error.batch_size_mismatch", "error.input_channels"}),
    "model_software/dtype_mismatch": frozenset({"error.dtype_mismatch"}),
    "model_software/device_mismatch": frozenset({"error.device_mismatch"}),
    "model_software/checkpoint_mismatch": frozenset({"error.checkpoint_mismatch", "error.checkpoint_unreadable"}),
    "optimization/unstable_arithmetic": frozenset(
        {"loss_nonfinite", "loss_hidden_nan", "grad_nonfinite", "nan_from_start", "error.nonfinite_detected"}
    ),
    "optimization/learning_rate_too_high": _UNSTABLE | _POOR | {"error.nonfinite_detected", "lr_high"},
    "optimization/learning_rate_too_low": frozenset({"loss_slow", "loss_constant", "loss_plateau", "lr_low"}),
    "optimization/bad_schedule": _POOR | _UNSTABLE | {"lr_zero", "lr_change_at_onset"},
    "optimization/gradient_explosion": _UNSTABLE | {"error.nonfinite_detected"},
    "optimization/vanishing_gradient": _POOR | _NO_GRADIENT,
    "optimization/dead_units": _POOR | _NO_GRADIENT,
    "optimization/bad_initialization": _POOR | _UNSTABLE | {"loss_start_high"},
    "optimization/accumulation_scaling": _UNSTABLE | _POOR,
    "optimization/regularization": _POOR,
    "optimization/optimizer_settings": _POOR | _UNSTABLE,
    "optimization/low_precision_overflow": _UNSTABLE | {"loss_scale_collapse", "error.loss_scale_minimum", "half_precision"},
    "optimization/overfitting": frozenset({"validation_gap", "validation_flat"}),
    "data_pipeline/vocabulary_mismatch": frozenset(
        {"error.index_out_of_range", "error.device_assert", "vocabulary_exceeds_embedding", "oov_high", "perplexity_high"}
    ),
    "data_pipeline/label_range": frozenset({"error.target_out_of_bounds", "error.device_assert", "labels_exceed_classes"}),
    "data_pipeline/label_misalignment": _POOR,
    "data_pipeline/masked_targets": frozenset({"loss_zero", "loss_hidden_nan", "loss_nonfinite", "nan_from_start", "grad_zero"}),
    "data_pipeline/leakage": _VALIDATION | {"loss_start_low"},
    "data_pipeline/input_scaling": _POOR | _UNSTABLE | {"loss_start_high"},
    "data_pipeline/unshuffled_data": _POOR | {"loss_periodic", "validation_gap"},
    "data_pipeline/class_imbalance": frozenset({"metric_constant", "metric_disagrees", "one_class_predicted"}),
    "data_pipeline/padding_in_loss": _POOR,
    "data_pipeline/batch_collation": frozenset({"error.collate_unequal", "error.batch_size_mismatch"}),
    "memory_hardware/memory_leak": frozenset(
        {"memory_growth", "error.cuda_oom", "error.host_oom_alloc", "error.oom_killed", "error.killed_sigkill", "killed_by_signal"}
    ),
    "memory_hardware/evaluation_memory": frozenset({"error.cuda_oom", "memory_jump", "memory_growth"}),
}  # fmt: skip
