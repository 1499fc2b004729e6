"""Which checks to ask for when a failure mode is suspected: those that report it, and those whose fault can bring it
about though it is reported under another mode. Modes that code does not cause have no entry."""

from misrun.tools.code.checks.registry import CHECKS
from misrun.tools.diagnosis.taxonomy import MODES

_ALSO: dict[str, str] = {
    "memory_hardware/device_oom": "loss-accumulated-with-graph no-grad-missing retain-graph",
    "memory_hardware/memory_leak": "retain-graph no-grad-missing hidden-state-carried",
    "memory_hardware/evaluation_memory": "loss-accumulated-with-graph",
    "memory_hardware/host_oom": "loss-accumulated-with-graph no-grad-missing",
    "optimization/learning_rate_too_high": "scheduler-per-epoch accumulation-not-scaled",
    "optimization/learning_rate_too_low": "learning-rate-off scheduler-per-batch clip-before-unscale",
    "optimization/missing_warmup": "scheduler-per-epoch scheduler-never-stepped scheduler-before-optimizer",
    "optimization/bad_schedule": "scheduler-per-batch scheduler-per-epoch scheduler-never-stepped scheduler-before-optimizer learning-rate-per-batch",
    "optimization/gradient_explosion": "zero-grad-missing clip-after-step clip-before-unscale learning-rate-off accumulation-not-scaled learning-rate-high initial-weights-off",
    "optimization/vanishing_gradient": "sigmoid-before-bce-with-logits softmax-before-cross-entropy clip-before-unscale detached-loss initial-weights-off",
    "optimization/dead_units": "learning-rate-off dropout-off learning-rate-high initial-weights-off",
    "optimization/bad_initialization": "bias-shuts-units layer-built-in-forward",
    "optimization/oscillation": "learning-rate-off zero-grad-missing shuffle-missing accumulation-not-scaled learning-rate-high momentum-off recurrence-unclipped",
    "optimization/low_precision_overflow": "clip-before-unscale unclamped-log softmax-by-hand",
    "optimization/unstable_arithmetic": "nll-without-log-softmax",
    "optimization/regularization": "optimizer-setting-off train-mode-not-restored dropout-always-on",
    "optimization/overfitting": "validation-on-training-data split-after-augmentation train-mode-not-restored overlapping-split",
    "optimization/accumulation_scaling": "zero-grad-missing",
    "optimization/optimizer_settings": "learning-rate-off weight-decay-high",
    "optimization/representation_collapse": "detached-loss frozen-parameters-in-optimizer loss-sign term-sign target-attached",
    "optimization/no_reward_signal": "division-by-spread term-sign episode-end-ignored",
    "data_pipeline/vocabulary_mismatch": "target-shift-missing",
    "data_pipeline/label_range": "multi-label-cross-entropy",
    "data_pipeline/label_misalignment": "view-after-permute loss-broadcast shuffle-result-discarded",
    "data_pipeline/masked_targets": "mean-of-nothing",
    "data_pipeline/input_scaling": "fit-on-all-data fit-on-held-out",
    "data_pipeline/class_imbalance": "shuffle-missing",
    "data_pipeline/duplicated_data": "worker-seed seed-in-loop sampler-set-epoch-missing split-after-augmentation",
    "data_pipeline/padding_in_loss": "target-shift-missing",
    "data_pipeline/truncation": "prompt-fills-window",
    "model_software/shape_mismatch": "loss-broadcast channels-last-input view-after-permute",
    "model_software/dtype_mismatch": "half-precision-training",
    "model_software/train_eval_mode": "layer-built-in-forward",
    "model_software/frozen_parameters": "optimizer-wrong-model modules-in-plain-list detached-loss parameter-not-leaf layer-built-in-forward part-without-gradient",
    "model_software/wrong_loss": "one-hot-cross-entropy",
    "model_software/graph_reuse": "loss-accumulated-with-graph",
    "model_software/scheduler_misuse": "schedule-setting-off",
    "model_software/axis_order": "softmax-over-batch",
    "model_software/evaluation_error": "eval-mode-missing validation-on-training-data softmax-twice evaluation-in-train-mode dropout-always-on overlapping-split",
}


def checks_for(mode: str) -> tuple[str, ...]:
    """Ids of the checks to ask for, the ones that report the mode itself first."""
    own = (check.id for check in CHECKS.values() if check.mode == mode)
    return tuple(dict.fromkeys((*own, *_ALSO.get(mode, "").split())))


CHECKS_FOR_MODE: dict[str, tuple[str, ...]] = {mode: found for mode in MODES if (found := checks_for(mode))}
