"""What signals say about failures of the model and the software."""

from misrun.tools.diagnosis.clues.clue import Clue
from misrun.tools.diagnosis.clues.conditions import nothing_fatal
from misrun.tools.diagnosis.facts import Facts


def _exactly_constant(facts: Facts) -> bool:
    """The same digits at every step: nothing that is logged depends on a trained parameter."""
    signal = facts.signal("loss_constant")
    return nothing_fatal(facts) and bool(signal and signal.values.get("exactly_constant"))


CLUES: tuple[Clue, ...] = (
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
    Clue("model_software/train_eval_mode", "validation_apart", 1.8, "validation"),
    Clue("model_software/evaluation_error", "validation_apart", 1.8, "metric"),
    Clue("model_software/frozen_parameters", "error.optimizer_empty", 4.5, "frozen"),
    Clue("model_software/frozen_parameters", "error.no_input_requires_grad", 3.0, "frozen"),
    Clue("model_software/frozen_parameters", "loss_constant", 2.0, "loss", nothing_fatal),
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
    Clue("model_software/detached_graph", "loss_constant", 1.0, "loss", nothing_fatal),
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
    Clue("model_software/step_order", "loss_constant", 1.0, "loss", nothing_fatal),
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
)  # fmt: skip
