"""One name per quantity, whatever the source called it."""

import re
from functools import lru_cache

from misrun.tools.readers.run_record import Phase

# ruff: noqa: E501 - the synonym table
# Names seen in the wild: reference log formats of the project, section 0, and the trainers' own documentation.
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "loss": (
        "loss", "total_loss", "lm loss", "lm_loss", "avg_loss", "mean_loss", "running_loss", "reduced_train_loss",
        "train loss", "training_loss", "epoch_loss", "loss_step", "loss_epoch", "nll", "nll_loss", "ce_loss", "lm loss value",
        "losses", "loss_total", "loss/total", "loss/train", "average loss", "average_loss", "avg loss", "train_loss", "trainloss",
        "batch_loss", "step_loss", "loss_mean", "loss/step", "cross_entropy_loss", "ce", "samples/train_loss", "loss_vs_iterations", "objective", "logloss",
        "loss/train/total",
    ),
    "lr": (
        "lr", "learning_rate", "learning rate", "lr/pg0", "lr-adam", "lr-adamw", "lr-sgd", "actor/lr", "current_lr", "lrs", "learning_rates",
        "epoch_learning_rate", "current_learning_rate", "lr/group0", "lr_0", "lr0", "learningrate", "base_lr", "opt/lr", "samples/lr", "rate",
    ),
    "grad_norm": (
        "grad_norm", "grad norm", "gnorm", "gradient_norm", "gradient norm", "total_grad_norm", "actor/grad_norm", "gradnorm", "grad_norms",
        "grad/norm", "gradients/norm", "total_norm", "grad_2.0_norm_total", "grad_norm_total", "global_grad_norm",
        "grad_norm/total", "grad_l2_norm", "gradient/norm", "norm/grad", "l2_norm/grad/global", "gradient", "grad",
    ),
    "accuracy": (
        "accuracy", "acc", "top1", "acc1", "mean_token_accuracy", "eval_top1", "epoch_accuracy", "acc@1", "top1_acc", "accuracy/top1",
        "top1_accuracy", "token_accuracy", "sparse_categorical_accuracy", "categorical_accuracy", "binary_accuracy", "acc_top1",
        "accs", "accuracies", "accuracy_step", "accuracy_epoch", "acc_step", "acc_epoch", "token_acc", "avg_acc", "accuracy_vs_iterations", "metrics/accuracy_top1",
    ),
    "perplexity": ("perplexity", "ppl", "lm loss ppl"),
    "memory": (
        "memory", "mem", "memory_allocated", "memory_mib", "memory_mb", "gpu_mem", "gpu_memory", "max_mem", "max mem", "mem_mb",
        "memallocated", "peak_memory_active", "vram_allocated", "rss_mb", "rss", "rss_mib", "peak_memory", "cuda_memory",
        "allocated_mib", "allocated_mb", "memory_allocated_mib", "memory_allocated_mb", "gpu_memory_mib", "gpu_memory_mb", "mem_mib",
        "gpu_mem_mb", "gpu_mem_mib", "memory_used_mib", "memory_used_mb", "allocated", "cuda_mem_mb", "cuda_memory_mb", "peak_mib",
        "peak_mem_mb", "memory_gb", "memory_gib", "allocated_gb", "allocated_gib", "gpu_mem_gb", "gpu_memory_gb", "mem_gb", "mem_gib",
        "max_memory", "max_memory_allocated", "gpu_memory_allocated", "memory/allocated", "memory_used", "used_memory", "host_rss_mib",
        "host_memory_mib", "system/proc.memory.rssmb", "system/gpu.0.memoryallocatedbytes", "memory_bytes", "memory_allocated_bytes", "allocated_bytes", "gpu_memory_bytes", "mem_bytes", "rss_bytes", "rss_gb",
        "memory_allocated_gb", "cpu_memory_mb", "cpu_mem_mb", "peak_memory_mb", "peak_memory_mib", "max_mem_gb", "peak_mem_gb",
        "maxmemallocated",
    ),
    "throughput": (
        "throughput", "samples_per_second", "steps_per_second", "it/s", "tokens_per_second", "tok/sec", "tokens_per_sec",
        "samples/s", "samples_per_sec", "wps", "fps", "time/fps", "sps", "tokens_per_second_per_gpu", "tgs", "steps/s", "tok/s", "tokens/s",
        "train_samples_per_second", "train_steps_per_second", "examples_per_second", "images_per_second", "img/s", "imgs/s",
        "runningavgsamplespersec", "currsamplespersec",
    ),
    "step_time": (
        "time", "step_time", "time_ms", "dt", "step_time_seconds", "elapsed time per iteration (ms)", "elapsed time per iteration", "ms/batch", "iter_time", "batch_time",
        "step_time_ms", "dt_ms", "time_per_step", "iteration_time", "step_timing in s", "sec_per_step", "seconds_per_step", "step_time_s",
    ),
    "loss_scale": ("loss_scale", "loss scale", "scale", "grad_scale", "scaler/scale", "amp_scale", "loss_scaler", "samples/loss_scale"),
    "epoch": ("epoch",),
    "reward": (
        "reward", "ep_rew_mean", "rollout/ep_rew_mean", "episode_reward", "episode_reward_mean", "episodic_return", "ep_rewmean",
        "env_runners/episode_return_mean", "mean_reward", "reward_mean", "avg_reward", "critic/rewards/mean", "episode_return", "return",
        "objective/scores", "rewards/mean", "env/reward_mean", "ppo/mean_scores", "r",
    ),
    "kl": ("kl", "approx_kl", "approxkl", "objective/kl", "actor/kl_loss", "kl_loss", "ppo_kl", "actor/ppo_kl", "mean_kl", "kl_div", "policy/approxkl_avg"),
    "entropy": ("entropy", "policy_entropy", "actor/entropy", "actor/entropy_loss", "policy/entropy_avg"),
}  # fmt: skip
_CANONICAL = {synonym: name for name, synonyms in _SYNONYMS.items() for synonym in synonyms}
# A W&B chart export heads its columns "<run name> - <metric>" (reference log formats, section 8c).
_EXPORT_PREFIX = re.compile(r"^.{1,200} - (?=[^ ])")
_EVAL_PREFIX = re.compile(r"^(eval|val|valid|validation|test|dev|evaluation)[\s_/.:\-]+|^(val|valid|test)(?=loss|acc)")
_EVAL_SUFFIX = re.compile(r"[\s_/.](eval|val|valid|validation|test|dev)$")
_TRAIN_PREFIX = re.compile(
    r"^(train|training|learning|losses|charts|perf|optim|metrics|tr|trn|rollout|learner)[\s_/.:\-]+"
)
_TRAIN_SUFFIX = re.compile(r"[\s_/.](train|training)$")
_SYSTEM = {"memory", "throughput", "step_time"}
# Quantities that only an optimisation writes down; "time" or "memory" head columns of data sets too.
_TRAINING_ONLY = {"loss", "lr", "grad_norm", "accuracy", "perplexity"}
# Synonyms that are words of everyday tables; they mean a metric only beside something else.
_AMBIGUOUS = {"objective", "ce", "acc", "accuracy", "scale", "return", "r", "lr0", "total_norm"}

# Decimal and binary prefixes are used for one another in logs; the binary reading is at most 7 % off for GB.
_MEMORY_UNITS = (
    ("gib", 1024.0),
    ("gb", 1024.0),
    ("mib", 1.0),
    ("mb", 1.0),
    ("kib", 2.0**-10),
    ("kb", 2.0**-10),
    ("bytes", 2.0**-20),
)
_MEMORY_WORDS = frozenset(["mem", "memory", "rss", "ram", "vram", "vmrss", "maxrss", "gpumem", "resident"])
# No "total" or "limit": those are of the machine and not of the run.
_MEMORY_QUALIFIERS = frozenset((
    "gpu", "cuda", "cpu", "host", "device", "system", "proc", "process", "main", "used", "usage", "use", "in",
    "allocated", "alloc", "reserved", "cached", "active", "peak", "max", "current", "cur", "set", "mb", "mib", "gb", "gib",
    "kb", "kib", "bytes", "b", "percent", "pct",
))  # fmt: skip
_STEP_TIME = re.compile(
    r"(?:(?:avg|mean)[ _])?(?:(?:time|seconds|secs?|s|ms)[ _]?(?:per[ _]|/[ _]?)(?:step|batch|it|iter|iteration|update)"
    r"|(?:step|batch|iter|iteration|epoch)[ _]?(?:time|duration|seconds|secs?|ms)(?:[ _](?:s|ms|secs?))?)",
    re.I,
)
_LARGEST_MEMORY_MIB = 10.0 * 2**20


_UNIT = re.compile(r"\s{0,8}[(\[][^()\[\]]{1,12}[)\]]$")
_SEPARATORS = re.compile(r"[\s\-]+")


# Measured on held-out data unless the name says otherwise: what scikit-learn, torchmetrics and the benchmarks of
# detection, translation, speech and retrieval report per evaluation. Accuracy is printed for training batches as well;
# that of nearest neighbours or of a probe on frozen features is not (self-supervised learning).
_HELD_OUT = re.compile(
    r"(?:(?:macro|micro|weighted|avg|mean)[_ -])?(?:f1|f1[_ -]score|f[_ -]?beta|precision|recall|auc|auroc|roc[_ -]auc|auprc|pr[_ -]auc|average[_ -]precision|mcc"
    r"|balanced[_ -]acc(?:uracy)?|(?:knn|k-nn|probe|linear)[_ -]acc(?:uracy)?|bleu|sacrebleu|rouge[_ -]?(?:1|2|l|lsum)?|meteor|wer|cer|iou|miou|mean[_ -]iou|dice|map|map50|map50-95|map@\S{1,12}|ndcg\S{0,6}|hit@?\d{1,4}|mrr|r2|r2[_ -]score)"
    r"(?:[_ -](?:macro|micro|weighted|score|binary))?"
)
_WORDS = re.compile(r"[\s_/.\-]")
# "mean average precision score" is the longest of them.
_LONGEST_QUALITY = 4
# Names with these words tell their phase themselves, or that they are of single batches.
_PHASED = frozenset((
    "train", "training", "tr", "trn", "batch", "step", "running",
    "eval", "evaluation", "val", "valid", "validation", "test", "dev",
))  # fmt: skip
# "mixed_precision": the one quality that is also a number format.
_FORMATS = re.compile(r"(?:mixed|matmul|float\w{0,4}|half|full)[_ -]precision")


@lru_cache(maxsize=8192)
def is_measured_in_evaluation(raw_name: str) -> bool:
    """Whether a name without a phase is of a metric that is, by custom, measured in evaluation: "f1", "entity_recall".

    The last words decide: what stands before them says what is measured."""
    bare = _UNIT.sub("", _EXPORT_PREFIX.sub("", raw_name.strip().lower()))
    if not _PHASED.isdisjoint(_WORDS.split(bare)) or _FORMATS.search(bare):
        return False
    starts = [0, *(found.end() for found in _WORDS.finditer(bare))]
    ends = (bare[start:] for start in starts[-_LONGEST_QUALITY:])
    return any(_HELD_OUT.fullmatch(end) for end in ends)


@lru_cache(maxsize=8192)
def canonical_metric(raw_name: str) -> tuple[str, Phase]:
    """The canonical name and the phase that `raw_name` tells.

    "val_loss", "eval/loss" and "valid loss" are ("loss", "eval"); "train/grad norm" is ("grad_norm", "train"). A name
    that is not known keeps its own spelling in lower case, without the phase prefix. Names such as "f1" without a
    prefix are of evaluation (`is_measured_in_evaluation`).
    """
    bare = _EXPORT_PREFIX.sub("", raw_name.strip().lower())
    stripped = _EVAL_SUFFIX.sub("", _EVAL_PREFIX.sub("", bare))
    phase: Phase = "eval" if stripped != bare or is_measured_in_evaluation(raw_name) else "train"
    stripped = _TRAIN_SUFFIX.sub("", _TRAIN_PREFIX.sub("", stripped))
    # "gpu mem", "gpu_mem" and "gpu-mem (MiB)" are one name: separators and a unit in brackets do not tell quantities apart.
    spelled = (bare, stripped, _spelled(bare), _spelled(stripped))
    name = next((_CANONICAL[form] for form in spelled if form in _CANONICAL), None) or resource(stripped) or stripped
    return name, "system" if name in _SYSTEM else phase


def resource(name: str) -> str | None:
    """ "memory" or "step_time" for a name made of nothing but their words, in whatever order: "ram used (GB)",
    "cuda_mem_peak_mb", "sec_per_step"."""
    if _STEP_TIME.fullmatch(name):
        return "step_time"
    words = {word for word in re.split(r"[^a-z]+", name.lower()) if word}
    return "memory" if words & _MEMORY_WORDS and words <= _MEMORY_WORDS | _MEMORY_QUALIFIERS else None


def _spelled(name: str) -> str:
    return _SEPARATORS.sub("_", _UNIT.sub("", name)).strip("_")


def is_training_metric(raw_name: str) -> bool:
    """Whether a column of that name can only come from training: a known training quantity, or any loss that names
    its phase. "house_price", "time" and "weight_loss" are not; "train/box_loss" and "lr" are."""
    name, phase = canonical_metric(raw_name)
    bare = raw_name.strip().lower()
    if name in _TRAINING_ONLY:
        return bare not in _AMBIGUOUS or phase == "eval"
    phased = phase == "eval" or _TRAIN_PREFIX.match(bare) is not None
    return phased and name.endswith("loss")


def mebibytes(raw_name: str, value: float) -> float:
    """A memory value in MiB, by the unit that its name ends in ("allocated_gb", "mem_bytes").

    Names without a unit are taken as MiB, what trainers print, unless the number would be 10 TiB: that is what
    torch.cuda.memory_allocated returns, bytes.
    """
    factor = next((factor for ending, factor in _MEMORY_UNITS if raw_name.lower().rstrip(")").endswith(ending)), None)
    if factor is None:
        factor = 2.0**-20 if value > _LARGEST_MEMORY_MIB else 1.0
    return value * factor
