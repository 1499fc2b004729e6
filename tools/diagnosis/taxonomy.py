"""The failure modes. Rules, checks, knowledge and scenarios name modes from this list and from nowhere else.

The five categories and `healthy` follow the benchmark paper; border cases are placed by what must change to make the
run work (a cast, a config value, the data, the machine).
"""

from typing import Literal

from misrun.tools.record import Record

Category = Literal["memory_hardware", "optimization", "data_pipeline", "model_software", "unknown", "healthy"]


class Mode(Record):
    """`id` is "category/name"; `settled_by` is the measurement that tells this mode from the others."""

    id: str
    definition: str
    settled_by: str

    @property
    def category(self) -> str:
        return self.id.split("/", 1)[0]


_ROWS: tuple[tuple[str, str, str], ...] = (
    # memory_hardware
    ("memory_hardware/device_oom", "The step needs more accelerator memory than the device has.", "peak allocated memory per step and the size of the failing allocation"),
    ("memory_hardware/memory_leak", "Memory grows step after step until it runs out: retained graphs, growing lists or caches.", "allocated memory logged at every step"),
    ("memory_hardware/long_batch", "One unusually long or large batch needs more memory than the usual ones.", "shape of the batch at the failing step"),
    ("memory_hardware/evaluation_memory", "Evaluation keeps activations or outputs (no no_grad, outputs gathered on the device).", "memory before and after the evaluation loop"),
    ("memory_hardware/fragmentation", "Free memory is there but scattered: much is reserved and not allocated.", "reserved against allocated memory at the failure"),
    ("memory_hardware/device_shared", "Another process holds the memory of the device.", "nvidia-smi process list at the failure"),
    ("memory_hardware/host_oom", "The host ran out of memory and the process was killed or refused memory.", "host RSS per step and the kernel log (dmesg)"),
    ("memory_hardware/shared_memory", "DataLoader workers ran out of shared memory (/dev/shm).", "df -h /dev/shm while the run is loading"),
    ("memory_hardware/storage_full", "The disk or the quota is full, or a file could not be written.", "df -h and quota of the output path"),
    ("memory_hardware/hardware_fault", "The accelerator, the driver or the link failed (ECC, Xid, lost device, missing driver).", "nvidia-smi -q and the kernel log (dmesg)"),
    ("memory_hardware/collective_failure", "Ranks lost each other: a collective timed out, desynchronised, or a peer was unreachable.", "per-rank logs with the last completed collective"),
    ("memory_hardware/native_crash", "The process died in native code (segmentation fault, illegal instruction, abort).", "a native backtrace (python -X faulthandler)"),
    ("memory_hardware/interrupted", "Somebody or the scheduler ended the run (time limit, preemption, Ctrl-C).", "the scheduler's record of the job"),
    # optimization
    ("optimization/learning_rate_too_high", "The step size is too large for this loss surface: the loss diverges or jumps about.", "a run with a learning rate ten times smaller"),
    ("optimization/learning_rate_too_low", "The step size is so small that hardly anything is learned in the time given.", "update-to-weight ratio per step"),
    ("optimization/missing_warmup", "The first steps use the full learning rate and throw the weights out of a trainable region.", "loss and gradient norm of the first 100 steps with a warm-up"),
    ("optimization/bad_schedule", "The schedule changes the learning rate at the wrong time or to a wrong value.", "learning rate logged at every step"),
    ("optimization/gradient_explosion", "Gradient norms grow without bound and nothing clips them.", "gradient norm logged at every step"),
    ("optimization/vanishing_gradient", "Gradients shrink to nothing on their way to the early layers.", "gradient norm per layer"),
    ("optimization/dead_units", "Most units are inactive for all inputs (dead ReLU, saturated gates).", "share of zero activations per layer"),
    ("optimization/bad_initialization", "The initial weights have a wrong scale: the first loss is far from chance level.", "standard deviation of activations per layer at step 0"),
    ("optimization/oscillation", "The loss swings without settling: noisy or conflicting updates around a level.", "loss with twice the batch size or half the learning rate"),
    ("optimization/low_precision_overflow", "Values leave the range of fp16: gradients or activations overflow, or the loss scale collapses.", "the same steps in bf16 or fp32"),
    ("optimization/unstable_arithmetic", "An operation is undefined for a value it meets: log of 0, division by 0, root of 0, exp overflow.", "torch.autograd.set_detect_anomaly(True) for the failing step"),
    ("optimization/regularization", "Weight decay, dropout or another penalty is too strong or applied to the wrong parameters.", "the same run without the penalty"),
    ("optimization/overfitting", "Training improves while validation gets worse: the model memorises.", "training and validation loss per epoch"),
    ("optimization/accumulation_scaling", "Gradient accumulation or averaging uses a wrong divisor, so the effective step is wrong.", "gradient norm with and without accumulation on the same samples"),
    ("optimization/optimizer_settings", "Betas, eps, momentum or the optimizer itself do not fit the problem.", "the same run with the optimizer's default settings"),
    ("optimization/representation_collapse", "Outputs collapse to few values (mode collapse, codebook collapse, posterior collapse, policy collapse).", "entropy or perplexity of the codes, outputs or actions"),
    ("optimization/no_reward_signal", "In reinforcement learning all rewards or advantages are equal, so there is nothing to learn from.", "standard deviation of the reward within each group"),
    # data_pipeline
    ("data_pipeline/vocabulary_mismatch", "Token or category ids exceed the embedding table, or tokenizer and model disagree.", "the largest id in the batches against num_embeddings"),
    ("data_pipeline/label_range", "A label lies outside the range the loss expects.", "the smallest and largest label against the number of classes"),
    ("data_pipeline/label_misalignment", "Inputs and targets do not belong together: shifted, shuffled, wrongly joined or wrongly encoded.", "ten random samples printed with their decoded labels"),
    ("data_pipeline/masked_targets", "All (or nearly all) targets are masked or cut off, so the loss has nothing to average.", "share of labels that are not ignored per batch"),
    ("data_pipeline/leakage", "Information from validation, test or the target gets into training or the inputs.", "overlap of hashed samples between the splits"),
    ("data_pipeline/input_scaling", "Inputs are not normalised, normalised twice, or with the wrong statistics.", "mean, standard deviation and range of one input batch"),
    ("data_pipeline/corrupt_records", "Some records are damaged: NaN, unreadable files, wrong encoding, malformed lines.", "a pass over the data set that validates every record"),
    ("data_pipeline/missing_data", "Files, columns or splits are missing, empty or at another path.", "a listing of the data path and its columns"),
    ("data_pipeline/unshuffled_data", "Samples come in a fixed or sorted order, so batches are not representative.", "label histogram of ten consecutive batches"),
    ("data_pipeline/class_imbalance", "One class dominates and the model predicts it always.", "label histogram and the confusion matrix"),
    ("data_pipeline/duplicated_data", "The same samples occur again and again.", "share of duplicates among hashed samples"),
    ("data_pipeline/padding_in_loss", "Padding or special positions count in the loss or the metric.", "loss over non-padding positions alone"),
    ("data_pipeline/batch_collation", "Samples of different shape or type cannot be put into one batch, or are put together wrongly.", "shapes of the samples of the failing batch"),
    ("data_pipeline/truncation", "Inputs are cut so that what matters is lost.", "share of truncated samples and what is cut"),
    ("data_pipeline/input_starvation", "The accelerator waits for data.", "time in the loader against time in the step"),
    # model_software
    ("model_software/shape_mismatch", "Tensors of incompatible shapes meet in the model or the loss.", "shapes before the failing operation"),
    ("model_software/checkpoint_mismatch", "A checkpoint does not fit the model: missing, unexpected or differently shaped weights.", "the list of missing and unexpected keys"),
    ("model_software/dtype_mismatch", "Tensors of different types meet, or a loss gets the wrong type of target.", "dtypes before the failing operation"),
    ("model_software/device_mismatch", "Tensors on different devices meet.", "devices before the failing operation"),
    ("model_software/train_eval_mode", "Dropout or batch statistics run in the wrong mode, or no_grad is missing or misplaced.", "model.training during validation"),
    ("model_software/frozen_parameters", "Parameters that should train get no gradient or are not in the optimizer.", "names of parameters with requires_grad and in the optimizer"),
    ("model_software/wrong_loss", "The loss does not fit the task or the output (wrong function, sign, reduction or always-zero term).", "the loss on a hand-made perfect and a hand-made wrong prediction"),
    ("model_software/double_activation", "Softmax or sigmoid is applied twice, once in the model and once in the loss.", "range of the tensor given to the loss"),
    ("model_software/detached_graph", "The gradient path is cut (detach, item, numpy, argmax, no_grad) before it reaches the parameters.", "grad_fn of the loss and gradients of each parameter"),
    ("model_software/graph_reuse", "The autograd graph is used twice or changed in place.", "torch.autograd.set_detect_anomaly(True)"),
    ("model_software/unregistered_parameters", "Layers kept in plain lists or attributes are not seen by parameters().", "parameter count against the expected one"),
    ("model_software/tied_weights", "Weights that should be shared are not, or are copied.", "data_ptr of the two weights"),
    ("model_software/step_order", "zero_grad, backward, clip, unscale or step are missing or in the wrong order.", "order of the calls in one training step"),
    ("model_software/scheduler_misuse", "The scheduler is stepped at the wrong time, too often, or not at all.", "learning rate logged at every step"),
    ("model_software/stale_optimizer", "The optimizer was built before the model changed and holds old parameters.", "ids of model parameters against those in the optimizer"),
    ("model_software/resume_state", "A resumed run lacks optimizer, scheduler, scaler, step or random state.", "learning rate and loss just before and after the resume"),
    ("model_software/seed_misuse", "Random seeds are repeated, shared by workers, or never set where they matter.", "first random numbers of each worker and epoch"),
    ("model_software/axis_order", "Axes are swapped or flattened in the wrong order (HWC/CHW, batch first, view after permute).", "named axes at each reshape"),
    ("model_software/evaluation_error", "The metric or the evaluation is computed wrongly.", "the metric on a hand-made perfect prediction"),
    ("model_software/api_error", "A library is missing, has another version, or is called with wrong arguments or names.", "the full traceback and pip freeze"),
    ("model_software/invalid_config", "The configuration is refused or contradicts itself.", "the effective configuration as the program read it"),
    # the rest
    ("unknown/undetermined", "The sources do not tell the cause.", "logs, metrics or code that are not there yet"),
    ("healthy/healthy", "The run works as it should.", "nothing"),
)  # fmt: skip

MODES: dict[str, Mode] = {row[0]: Mode(id=row[0], definition=row[1], settled_by=row[2]) for row in _ROWS}
UNKNOWN = "unknown/undetermined"
HEALTHY = "healthy/healthy"


def category_of(mode: str) -> str:
    """The category of a mode id; raises KeyError for a mode that is not in the taxonomy."""
    return MODES[mode].category
