"""What each complaint of a user says about each failure mode, in log-odds.

Weights are written as they count in the sum (1.5 a hint, 3 specific for the mode): a user's word is never as strong as
a named error (4 to 5). The signals of complaints have the strength of warnings, so the rows carry weight / strength.
They are judgements, checked on public threads whose resolution is known; several modes stand where that is the truth.
"""

from misrun.tools.readers.complaint_table import COMPLAINTS

_MEMORY, _OPTIMIZATION, _DATA, _SOFTWARE = "memory_hardware/", "optimization/", "data_pipeline/", "model_software/"
# The strength of an event of kind "warning" (signals/text_events.py).
_STRENGTH = 0.5
# A user who complains saw something; a run measured as healthy needs more than that.
_AGAINST_HEALTHY = -2.0

_WEIGHTS: dict[str, dict[str, dict[str, float]]] = {
    _MEMORY: {
        "gpu_memory_grows": {"memory_leak": 3.2, "evaluation_memory": 0.6, "device_oom": -2.0},
        "host_memory_grows": {"memory_leak": 2.6, "host_oom": 2.8},
        "memory_grows": {"memory_leak": 3.0, "host_oom": 1.0, "device_oom": -1.5},
        "memory_in_evaluation": {"evaluation_memory": 4.2, "device_oom": -1.5, "memory_leak": -2.0},
        "oom": {"device_oom": 2.6, "memory_leak": 1.0, "host_oom": 0.8, "long_batch": 0.6, "fragmentation": 0.3},
        "oom_late": {"memory_leak": 2.2, "long_batch": 1.8, "device_oom": 0.8, "fragmentation": 1.0, "evaluation_memory": 0.8},
        "oom_with_free_memory": {"fragmentation": 2.0, "device_shared": 1.6, "device_oom": 1.6},
        "device_occupied": {"device_shared": 3.0},
        "killed": {"host_oom": 2.8, "interrupted": 1.0},
        "segfault": {"native_crash": 3.2},
        "silent_crash": {"native_crash": 1.8, "host_oom": 1.3, "hardware_fault": 0.8},
        "machine_restarts": {"hardware_fault": 3.0},
        "gpu_unused": {"hardware_fault": 2.4},
        "gpu_lost": {"hardware_fault": 3.0},
        "hangs_distributed": {"collective_failure": 3.2},
        "works_on_one_device": {"collective_failure": 2.0},
        "hangs": {"collective_failure": 1.8, "shared_memory": 0.5},
        "loader_hangs": {"shared_memory": 1.6, "host_oom": 0.8},
        "disk_full": {"storage_full": 3.0},
        "shared_memory": {"shared_memory": 3.0},
        "session_ended": {"interrupted": 2.4},
    },
    _OPTIMIZATION: {
        "loss_nan": {"learning_rate_too_high": 1.7, "unstable_arithmetic": 1.4, "low_precision_overflow": 1.2, "gradient_explosion": 1.3},
        "nan_from_start": {"unstable_arithmetic": 0.6, "low_precision_overflow": 0.6},
        "nan_late": {"learning_rate_too_high": 0.6, "gradient_explosion": 0.6},
        "nan_in_half": {"low_precision_overflow": 2.4},
        "fine_in_full_precision": {"low_precision_overflow": 3.2},
        "lower_rate_works": {"learning_rate_too_high": 3.2},
        "rate_raised": {"learning_rate_too_high": 2.6},
        "gradient_explodes": {"gradient_explosion": 3.0, "learning_rate_too_high": 0.8},
        "gradient_vanishes": {"vanishing_gradient": 3.0},
        "gradient_zero": {"vanishing_gradient": 1.0, "dead_units": 0.8},
        "loss_zero": {"low_precision_overflow": 0.8, "no_reward_signal": 0.3},
        "loss_diverges": {"learning_rate_too_high": 2.4, "gradient_explosion": 1.2, "bad_schedule": 0.5},
        "loss_stuck": {"learning_rate_too_low": 1.3, "learning_rate_too_high": 1.3, "vanishing_gradient": 0.6, "bad_initialization": 0.4},
        "not_learning": {"learning_rate_too_low": 1.0, "learning_rate_too_high": 1.2, "optimizer_settings": 0.4},
        "loss_oscillates": {"oscillation": 2.8, "learning_rate_too_high": 1.4},
        "loss_slow": {"learning_rate_too_low": 2.2},
        "rate_too_small": {"learning_rate_too_low": 2.2},
        "first_loss_huge": {"bad_initialization": 2.0},
        "overfitting": {"overfitting": 3.2},
        "slow_generalisation": {"overfitting": 1.6, "learning_rate_too_low": 0.5},
        "metric_stuck": {"learning_rate_too_high": 0.8, "learning_rate_too_low": 0.7},
        "metric_zero": {"learning_rate_too_low": 0.3},
        "at_chance": {"learning_rate_too_high": 1.0, "vanishing_gradient": 0.6},
        "one_class": {"representation_collapse": 0.9, "learning_rate_too_high": 0.7},
        "rate_change_breaks": {"bad_schedule": 2.6},
        "rate_zero": {"bad_schedule": 2.2},
        "rate_constant": {"bad_schedule": 0.8},
        "without_warmup": {"missing_warmup": 2.6},
        "worse_on_several_devices": {"accumulation_scaling": 1.8, "learning_rate_too_low": 1.0, "learning_rate_too_high": 1.0},
        "accumulation": {"accumulation_scaling": 3.0},
        "mode_collapse": {"representation_collapse": 3.2},
        "gan_loss_vanishes": {"representation_collapse": 2.2},
        "reward_flat": {"no_reward_signal": 2.8},
        "rl_loss_zero": {"no_reward_signal": 3.4},
        "reward_collapses": {"representation_collapse": 2.2, "learning_rate_too_high": 1.0},
        "regularization": {"regularization": 2.6},
        "optimizer": {"optimizer_settings": 2.4},
        "units_dead": {"dead_units": 3.0},
        "initialization": {"bad_initialization": 2.4},
    },
    _DATA: {
        "loss_nan": {"corrupt_records": 1.1, "input_scaling": 0.3},
        "nan_from_start": {"corrupt_records": 0.8, "input_scaling": 0.5},
        "nan_late": {"corrupt_records": 0.4},
        "nan_with_own_data": {"corrupt_records": 1.5},
        "loss_zero": {"masked_targets": 2.4, "label_misalignment": 0.8},
        "loss_zero_finetuning": {"masked_targets": 1.2},
        "rl_loss_zero": {"masked_targets": -1.5},
        "gradient_zero": {"masked_targets": 1.2},
        "loss_stuck": {"label_misalignment": 1.1, "input_scaling": 1.3},
        "not_learning": {"label_misalignment": 1.0, "input_scaling": 1.0},
        "first_loss_huge": {"input_scaling": 1.8},
        "one_class": {"class_imbalance": 2.8, "label_misalignment": 0.8, "input_scaling": 0.8},
        "class_imbalance": {"class_imbalance": 2.6},
        "metric_stuck": {"class_imbalance": 1.0, "label_misalignment": 1.2},
        "metric_zero": {"label_misalignment": 2.5, "missing_data": 1.2},
        "at_chance": {"label_misalignment": 1.6, "input_scaling": 1.2},
        "too_good": {"leakage": 2.6},
        "leakage": {"leakage": 3.2},
        "labels_wrong": {"label_misalignment": 2.6},
        "data_missing": {"missing_data": 2.6},
        "data_corrupt": {"corrupt_records": 2.8},
        "input_scale": {"input_scaling": 2.2},
        "not_shuffled": {"unshuffled_data": 2.6},
        "loss_periodic": {"unshuffled_data": 2.4},
        "truncated": {"truncation": 2.2},
        "padding": {"padding_in_loss": 2.4},
        # The end token doubles as padding and is left out of the loss with it, or is cut off with long answers.
        "never_stops": {"padding_in_loss": 2.6, "truncation": 1.0, "vocabulary_mismatch": 0.8},
        "batch_shapes": {"batch_collation": 2.6},
        "last_batch_of_one": {"batch_collation": 4.0},
        "waits_for_data": {"input_starvation": 3.0},
        "gpu_idle": {"input_starvation": 3.0},
        "training_slow": {"input_starvation": 2.4},
        "loader_hangs": {"input_starvation": 1.4},
        "vocabulary": {"vocabulary_mismatch": 2.6},
        "overfitting": {"leakage": 0.3},
    },
    _SOFTWARE: {
        "gpu_unused": {"invalid_config": 1.6, "api_error": 1.0},
        "silent_crash": {"api_error": 0.3},
        "segfault": {"api_error": 0.8},
        "works_on_one_device": {"api_error": 0.8, "device_mismatch": 0.6},
        "loss_zero": {"wrong_loss": 1.2, "detached_graph": 0.5},
        "gradient_zero": {"detached_graph": 1.8, "frozen_parameters": 1.6},
        "loss_stuck": {"frozen_parameters": 1.1, "detached_graph": 0.9, "wrong_loss": 0.7, "step_order": 0.5},
        "not_learning": {"frozen_parameters": 0.8, "wrong_loss": 0.8},
        "loss_negative": {"wrong_loss": 2.8},
        "slow_generalisation": {"evaluation_error": 1.4, "train_eval_mode": 1.3},
        "one_class": {"evaluation_error": 0.5, "train_eval_mode": 0.5},
        "metric_stuck": {"evaluation_error": 1.1, "frozen_parameters": 0.8},
        "metric_zero": {"evaluation_error": 1.4},
        "at_chance": {"frozen_parameters": 0.8},
        "too_good": {"evaluation_error": 1.2},
        "eval_mode": {"train_eval_mode": 3.4},
        "train_test_differ": {"train_eval_mode": 2.0, "evaluation_error": 1.8, "checkpoint_mismatch": 0.8},
        "resume_jump": {"resume_state": 3.2, "checkpoint_mismatch": 0.5},
        "weights_unchanged": {"frozen_parameters": 2.6, "detached_graph": 1.6, "stale_optimizer": 1.2, "step_order": 0.8},
        "graph_cut": {"detached_graph": 2.6},
        "rate_constant": {"scheduler_misuse": 3.0},
        "rate_zero": {"scheduler_misuse": 1.8},
        "same_random_numbers": {"seed_misuse": 3.2},
        "not_reproducible": {"seed_misuse": 2.8},
        "softmax_twice": {"double_activation": 2.6},
        "wrong_loss_function": {"wrong_loss": 2.4},
        "metric_computed_wrongly": {"evaluation_error": 2.6},
        "option_ignored": {"invalid_config": 2.4},
        "checkpoint_refused": {"checkpoint_mismatch": 2.8},
        "shapes": {"shape_mismatch": 2.6},
        "axes": {"axis_order": 2.6},
        "tied_weights": {"tied_weights": 2.8},
        "parameters_unregistered": {"unregistered_parameters": 2.6},
        "step_order": {"step_order": 2.4},
        "after_upgrade": {"api_error": 2.4},
    },
    "healthy/": {"seems_fine": {"healthy": 2.4}},
}  # fmt: skip
# These tell more about a complaint that stands in its own row, so their weight is added to it.
_CONDITIONS = frozenset(
    {
        "nan_from_start",
        "nan_late",
        "nan_in_half",
        "fine_in_full_precision",
        "nan_with_own_data",
        "lower_rate_works",
        "rate_raised",
        "input_scale",
        "class_imbalance",
        "data_corrupt",
        "labels_wrong",
        "memory_in_evaluation",
        "loss_zero_finetuning",
    }
)
# These say again what an error or a series says, so they stand in its group and the stronger one counts.
_GROUPS = {
    "oom": "oom",
    "oom_late": "oom",
    "oom_with_free_memory": "oom",
    "killed": "host",
    "segfault": "native",
    "silent_crash": "native",
    "gpu_unused": "gpu",
    "disk_full": "disk",
    "shared_memory": "shm",
    "hangs_distributed": "collective",
    "loss_nan": "loss",
    "shapes": "shape",
    "checkpoint_refused": "checkpoint",
    "overfitting": "validation",
    "data_missing": "missing",
    "last_batch_of_one": "collate",
}


def _group(name: str) -> str:
    return "said when" if name in _CONDITIONS else _GROUPS.get(name, "said")


# (mode, signal, weight, group): the fields of a Clue.
COMPLAINT_CLUES: tuple[tuple[str, str, float, str], ...] = (
    *(
        (category + mode, f"error.said_{name}", weight / _STRENGTH, _group(name))
        for category, complaints in _WEIGHTS.items()
        for name, modes in complaints.items()
        for mode, weight in modes.items()
    ),
    *(
        ("healthy/healthy", f"error.said_{row.name}", _AGAINST_HEALTHY / _STRENGTH, "said")
        for row in COMPLAINTS
        if not row.reported
    ),
)
