"""One name per quantity, whatever the source called it."""

import re

from misrun.tools.readers.run_record import Phase

# ruff: noqa: E501 - the synonym table
# Names seen in the wild: reference log formats of the project, section 0, and the trainers' own documentation.
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "loss": (
        "loss", "total_loss", "lm loss", "lm_loss", "avg_loss", "mean_loss", "running_loss", "reduced_train_loss",
        "train loss", "training_loss", "epoch_loss", "loss_step", "loss_epoch", "nll", "nll_loss", "ce_loss", "lm loss value",
    ),
    "lr": (
        "lr", "learning_rate", "learning rate", "lr/pg0", "lr-adam", "lr-adamw", "lr-sgd", "actor/lr", "current_lr",
        "epoch_learning_rate",
    ),
    "grad_norm": (
        "grad_norm", "grad norm", "gnorm", "gradient_norm", "gradient norm", "total_grad_norm", "actor/grad_norm", "gradnorm",
    ),
    "accuracy": ("accuracy", "acc", "top1", "acc1", "mean_token_accuracy", "eval_top1", "epoch_accuracy"),
    "perplexity": ("perplexity", "ppl", "lm loss ppl"),
    "memory": (
        "memory", "mem", "memory_allocated", "memory_mib", "memory_mb", "gpu_mem", "gpu_memory", "max_mem", "max mem", "mem_mb",
        "memallocated", "peak_memory_active", "vram_allocated", "rss_mb", "rss", "rss_mib", "peak_memory", "cuda_memory",
    ),
    "throughput": (
        "throughput", "samples_per_second", "steps_per_second", "it/s", "tokens_per_second", "tok/sec", "tokens_per_sec",
        "samples/s", "samples_per_sec", "wps", "fps",
    ),
    "step_time": ("time", "step_time", "time_ms", "dt", "step_time_seconds", "elapsed time per iteration (ms)", "ms/batch"),
    "loss_scale": ("loss_scale", "loss scale", "scale", "grad_scale"),
    "epoch": ("epoch",),
}  # fmt: skip
_CANONICAL = {synonym: name for name, synonyms in _SYNONYMS.items() for synonym in synonyms}
_EVAL_PREFIX = re.compile(r"^(eval|val|valid|validation|test|dev)[\s_/.\-]+|^(val|valid)(?=loss|acc)")
_TRAIN_PREFIX = re.compile(r"^(train|training|learning|losses|charts|perf|optim|metrics)[\s_/.\-]+")
_SYSTEM = {"memory", "throughput", "step_time"}


def canonical_metric(raw_name: str) -> tuple[str, Phase]:
    """The canonical name and the phase that `raw_name` tells.

    "val_loss", "eval/loss" and "valid loss" are ("loss", "eval"); "train/grad norm" is ("grad_norm", "train"). A name
    that is not known keeps its own spelling in lower case, without the phase prefix.
    """
    bare = raw_name.strip().lower()
    stripped = _EVAL_PREFIX.sub("", bare)
    phase: Phase = "eval" if stripped != bare else "train"
    stripped = _TRAIN_PREFIX.sub("", stripped)
    name = _CANONICAL.get(bare) or _CANONICAL.get(stripped) or stripped
    return name, "system" if name in _SYSTEM else phase
