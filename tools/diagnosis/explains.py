"""Which symptoms each failure mode brings about.

A fault that was found in the code and that can cause what was seen explains it: the same symptom then says little for
other modes ("explaining away", Pearl, Probabilistic Reasoning in Intelligent Systems, 1988, section 2.3).
"""

# What a run that learns little shows; one that was cut off shows it too.
POOR_LEARNING = frozenset({
    "loss_slow", "loss_plateau", "loss_constant", "loss_at_chance", "metric_at_chance", "metric_constant", "validation_flat",
    "loss_oscillation", "loss_softmax_floor", "metric_disagrees", "validation_poor", "loss_hardly_falls",
    "loss_above_chance",
})  # fmt: skip
_UNSTABLE = frozenset({
    "loss_divergence", "loss_oscillation", "loss_spike", "loss_nonfinite", "loss_hidden_nan", "grad_exploding",
    "grad_nonfinite", "nan_from_start", "loss_blow_up", "loss_early_jump",
})  # fmt: skip
_NO_GRADIENT = frozenset({"grad_zero", "grad_vanishing", "loss_zero", "gradient_part_zero", "gradient_part_vanishing"})
_VALIDATION = frozenset({
    "validation_flat", "validation_noisy", "validation_gap", "validation_suspiciously_good", "metric_disagrees",
    "metric_constant", "metric_at_chance", "metric_impossible", "test_below_validation", "validation_apart",
})  # fmt: skip

# A fault of the data lets a model learn the data as it is, and most faults of the software leave the rest of the model
# learning: that the loss falls, or improves on data with the same fault, says nothing against them.
_LEFT_INTACT = frozenset({"loss_improving", "validation_improving"})

_OUT_OF_MEMORY = frozenset({
    "error.cuda_oom", "error.xla_oom", "error.host_oom_alloc", "error.oom_killed", "error.killed_sigkill",
    "error.worker_killed", "killed_by_signal",
})  # fmt: skip

# Settings that by themselves keep a loss where it is.
_STUCK_BY = frozenset({"lr_high", "lr_low", "weight_decay_high", "dropout_high", "optimizer_unusual", "lr_spent_early"})

# Measured facts that bring about others: a learning rate of 0 makes the loss constant, a NaN freezes every metric.
FOLLOWS_FROM: dict[str, frozenset[str]] = {
    "loss_constant": frozenset({"lr_zero", "grad_zero", "loss_zero", "steps_skipped"}) | _STUCK_BY,
    "loss_plateau": frozenset({"lr_zero"}) | _STUCK_BY,
    "loss_hardly_falls": frozenset({"lr_zero", "grad_zero", "loss_zero", "loss_slow"}) | _STUCK_BY,
    "loss_at_chance": _STUCK_BY,
    "loss_above_chance": _STUCK_BY,
    "loss_slow": _STUCK_BY,
    "loss_spike": frozenset({"loss_divergence", "loss_nonfinite", "loss_blow_up"}),
    "metric_constant": frozenset(
        {"lr_zero", "loss_nonfinite", "loss_hidden_nan", "one_class_predicted", "loss_zero", "loss_constant"}
    ),
    "metric_at_chance": frozenset({"lr_zero", "loss_nonfinite", "loss_hidden_nan", "loss_divergence"}) | _STUCK_BY,
    "validation_flat": frozenset({"lr_zero", "loss_nonfinite", "loss_hidden_nan"}),
    "validation_poor": frozenset({"loss_nonfinite", "loss_divergence", "loss_constant", "loss_blow_up"}) | _STUCK_BY,
    # Validation that never had a part in training has nothing to lose by memorising: what rises is the confidence.
    "validation_gap": frozenset({"weight_decay_high", "validation_apart"}),
    "perplexity_high": frozenset({"loss_divergence", "loss_blow_up", "loss_nonfinite"}),
}

EXPLAINS: dict[str, frozenset[str]] = {
    "model_software/step_order": POOR_LEARNING | _UNSTABLE | _LEFT_INTACT | {"loss_scale_collapse", "error.scaler_misuse"},
    "model_software/double_activation": POOR_LEARNING | _LEFT_INTACT | {"grad_vanishing", "error.bce_range"},
    "model_software/wrong_loss": POOR_LEARNING
    | _UNSTABLE
    | {"loss_negative", "error.broadcast_target", "error.bce_range", "kl_vanishing", "discriminator_wins"},
    "model_software/detached_graph": POOR_LEARNING
    | _NO_GRADIENT
    | _LEFT_INTACT
    | {"error.no_grad_fn", "discriminator_wins", "reward_flat"},
    "model_software/frozen_parameters": POOR_LEARNING
    | _NO_GRADIENT
    | _LEFT_INTACT
    | {"error.no_grad_fn", "error.optimizer_empty"},
    "model_software/unregistered_parameters": POOR_LEARNING
    | _NO_GRADIENT
    | _LEFT_INTACT
    | {"error.optimizer_empty", "error.device_mismatch"},
    "model_software/stale_optimizer": POOR_LEARNING | _NO_GRADIENT | _LEFT_INTACT,
    "model_software/tied_weights": POOR_LEARNING | _LEFT_INTACT,
    "model_software/graph_reuse": frozenset({"error.backward_twice", "error.inplace_modified", "memory_growth"}),
    "model_software/train_eval_mode": _VALIDATION | _LEFT_INTACT,
    "model_software/evaluation_error": _VALIDATION | _LEFT_INTACT,
    "model_software/scheduler_misuse": POOR_LEARNING
    | {"lr_zero", "lr_spent_early", "lr_low", "lr_constant_under_schedule", "lr_change_at_onset", "error.scheduler_before_optimizer"},
    "model_software/resume_state": _LEFT_INTACT | {"loss_jump_at_resume", "loss_spike", "error.optimizer_state_mismatch"},
    "model_software/seed_misuse": _LEFT_INTACT | {"validation_gap", "validation_flat", "loss_periodic", "loss_plateau"},
    "model_software/axis_order": POOR_LEARNING
    | _LEFT_INTACT
    | {"error.shape_mismatch", "error.view_incompatible", "error.input_channels"},
    "model_software/shape_mismatch": frozenset({"error.shape_mismatch", "error.batch_size_mismatch", "error.input_channels"}),
    "model_software/dtype_mismatch": frozenset({"error.dtype_mismatch"}),
    "model_software/device_mismatch": frozenset({"error.device_mismatch"}),
    "model_software/api_error": frozenset({"error.api_error", "error.tracer_leak"}),
    "model_software/checkpoint_mismatch": POOR_LEARNING
    | _LEFT_INTACT
    | {
        "error.checkpoint_mismatch",
        "error.checkpoint_unreadable",
        "loss_jump_at_resume",
        "metric_falls",
        "test_below_validation",
    },
    "model_software/invalid_config": POOR_LEARNING | {"lr_high", "lr_low", "config_conflict", "error.setting_ignored"},
    "optimization/unstable_arithmetic": frozenset(
        {"loss_nonfinite", "loss_hidden_nan", "grad_nonfinite", "nan_from_start", "error.nonfinite_detected"}
    ),
    "optimization/learning_rate_too_high": _UNSTABLE | POOR_LEARNING | {"error.nonfinite_detected", "lr_high"},
    "optimization/learning_rate_too_low": frozenset(
        {"loss_slow", "loss_constant", "loss_plateau", "lr_low", "loss_hardly_falls", "loss_at_chance", "validation_poor"}
    ),
    "optimization/bad_schedule": POOR_LEARNING | _UNSTABLE | {"lr_zero", "lr_change_at_onset", "lr_grows", "lr_spent_early"},
    "optimization/gradient_explosion": _UNSTABLE | {"error.nonfinite_detected"},
    "optimization/vanishing_gradient": POOR_LEARNING | _NO_GRADIENT,
    "optimization/dead_units": POOR_LEARNING | _NO_GRADIENT | {"units_off"},
    "optimization/bad_initialization": POOR_LEARNING | _UNSTABLE | {"loss_start_high"},
    "optimization/missing_warmup": _UNSTABLE | POOR_LEARNING | {"lr_no_warmup"},
    "optimization/oscillation": frozenset({"loss_oscillation", "loss_plateau", "loss_above_chance"}),
    "optimization/accumulation_scaling": _UNSTABLE | POOR_LEARNING,
    "optimization/regularization": POOR_LEARNING | {"weight_decay_high", "dropout_high", "weights_shrink"},
    "optimization/optimizer_settings": POOR_LEARNING | _UNSTABLE | {"optimizer_unusual"},
    "optimization/representation_collapse": frozenset(
        {"kl_vanishing", "entropy_collapse", "representation_std_collapse", "discriminator_wins", "metric_falls"}
    ),
    "optimization/no_reward_signal": frozenset({"reward_flat", "loss_zero", "explained_variance_low"}),
    "optimization/low_precision_overflow": _UNSTABLE
    | {"loss_scale_collapse", "error.loss_scale_minimum", "half_precision", "steps_skipped", "loss_constant"},
    "optimization/overfitting": frozenset({"validation_gap", "validation_flat"}),
    "data_pipeline/vocabulary_mismatch": frozenset(
        {"error.index_out_of_range", "error.device_assert", "vocabulary_exceeds_embedding", "oov_high", "perplexity_high",
         "validation_apart", "validation_gap"}
    ) | POOR_LEARNING | _LEFT_INTACT,
    "data_pipeline/label_range": frozenset(
        {"error.target_out_of_bounds", "error.device_assert", "labels_exceed_classes", "loss_negative", "error.bce_range"}
    )
    | POOR_LEARNING
    | _LEFT_INTACT,
    "data_pipeline/label_misalignment": POOR_LEARNING | _VALIDATION | _LEFT_INTACT,
    "data_pipeline/masked_targets": frozenset(
        {"loss_zero", "loss_hidden_nan", "loss_nonfinite", "nan_from_start", "grad_zero", "validation_apart", "metric_disagrees",
         "metric_constant", "metric_at_chance", "validation_poor"}
    ) | _LEFT_INTACT,
    "data_pipeline/leakage": _VALIDATION | _LEFT_INTACT | {"loss_start_low"},
    "data_pipeline/input_scaling": POOR_LEARNING | _UNSTABLE | _LEFT_INTACT | {"loss_start_high", "validation_gap", "validation_apart"},
    "data_pipeline/corrupt_records": POOR_LEARNING | _UNSTABLE | _LEFT_INTACT
    | {"error.decode_error", "error.nan_in_input", "error.nonfinite_detected", "metric_constant"},
    "data_pipeline/unshuffled_data": POOR_LEARNING | _UNSTABLE
    | {"loss_periodic", "validation_gap", "metric_falls", "loss_spike", "one_class_predicted", "metric_constant"},
    "data_pipeline/class_imbalance": frozenset({"metric_constant", "metric_disagrees", "one_class_predicted"}),
    "data_pipeline/duplicated_data": _LEFT_INTACT
    | {"validation_gap", "validation_flat", "validation_apart", "validation_suspiciously_good", "loss_periodic"},
    "data_pipeline/padding_in_loss": POOR_LEARNING | _LEFT_INTACT | {"metric_constant", "validation_apart"},
    "data_pipeline/truncation": POOR_LEARNING | _LEFT_INTACT | {"error.length_exceeded"},
    "data_pipeline/input_starvation": frozenset({"loader_bound", "throughput_collapse", "step_time_pauses"}),
    "data_pipeline/batch_collation": POOR_LEARNING | _LEFT_INTACT | {"error.collate_unequal", "error.batch_size_mismatch"},
    "memory_hardware/collective_failure": frozenset({
        "error.collective_timeout", "error.collective_error", "error.collective_mismatch", "error.peer_lost",
        "error.abort", "error.child_failed", "run_unfinished", "rank_missing", "rank_desynchronised",
        "error.time_limit", "error.sigterm", "error.interrupted",  # how a run that hangs is ended
    }),
    "memory_hardware/memory_leak": _OUT_OF_MEMORY | {"memory_growth", "throughput_collapse"},
    "memory_hardware/evaluation_memory": _OUT_OF_MEMORY | {"memory_jump", "memory_growth"},
    "memory_hardware/long_batch": _OUT_OF_MEMORY | {"memory_jump", "batch_outsized"},
    "memory_hardware/host_oom": _OUT_OF_MEMORY - {"error.cuda_oom", "error.xla_oom"},
}  # fmt: skip

# Faults that let a run go well until they strike: at the last batch of a bucket, the first evaluation, the epoch whose
# checkpoint no longer fits, the step at which a schedule changes the rate, the first score that leaves fp16 or reaches
# log(0). Before that the run looks healthy, so nothing measured so far speaks against them: "don't accumulate history
# across your training loop" and the other memory rows of https://docs.pytorch.org/docs/stable/notes/faq.html, the
# schedules and accumulating modes of https://docs.pytorch.org/docs/stable/optim.html, and the ranges of
# https://docs.pytorch.org/docs/stable/amp.html. Which modes are of this kind is a judgement.
STRIKES_LATE = frozenset({
    "memory_hardware/memory_leak", "memory_hardware/evaluation_memory", "memory_hardware/long_batch",
    "memory_hardware/host_oom", "memory_hardware/storage_full", "model_software/graph_reuse",
    "optimization/unstable_arithmetic", "optimization/bad_schedule", "optimization/low_precision_overflow",
})  # fmt: skip
