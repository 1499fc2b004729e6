"""Which printed names are metrics, and which numbers need converting."""

import re
from functools import lru_cache

from misrun.tools.readers.metric_names import canonical_metric, is_measured_in_evaluation, resource
from misrun.tools.readers.run_record import Phase

# Words that name a training metric whatever stands around them.
_STRONG = frozenset(
    {
        "loss",
        "losses",
        "cost",
        "nll",
        "perplexity",
        "ppl",
        "bpc",
        "bpb",
        "bits",
        "acc",
        "accuracy",
        "acc1",
        "acc5",
        "top1",
        "top5",
        "f1",
        "auc",
        "auroc",
        "bleu",
        "rouge",
        "wer",
        "cer",
        "iou",
        "miou",
        "map",
        "map50",
        "ap",
        "ap50",
        "dice",
        "psnr",
        "ssim",
        "fid",
        "mse",
        "mae",
        "rmse",
        "logloss",
        "error",
        "err",
        "reward",
        "rewards",
        "return",
        "episodic_return",
        "elbo",
        "kl",
        "entropy",
        "gnorm",
        "gradnorm",
        "objective",
        "obj",
        "score",
        "mfu",
    }
)
# Words that are settings or clocks as often as metrics: only together with a strong one or a step.
_WEAK = frozenset(
    {
        "lr",
        "rate",
        "norm",
        "grad",
        "gradient",
        "scale",
        "time",
        "dt",
        "speed",
        "throughput",
        "mem",
        "memory",
        "tokens",
        "samples",
        "tflops",
        "fps",
        "sps",
        "it/s",
        "tok/sec",
        "wps",
        "ups",
        "wall",
        "std",
        "mean",
        "margin",
        "margins",
        "precision",
        "recall",
    }
)
_STRONG_CANONICAL = frozenset({"loss", "accuracy", "perplexity", "grad_norm", "reward", "kl"})
_WEAK_CANONICAL = frozenset({"lr", "memory", "throughput", "step_time", "loss_scale", "entropy"})
# Settings that contain a metric word, and counters that look like metrics.
_SETTING = re.compile(
    r"(?:^|[_ /.-])(?:weights?|coefs?|coeff\w*|lambda|smoothing|threshold|best|patience|max|min|type|fn"
    r"|function|every|interval|freq\w*|budget|ratio_loss|seed|port|pid|version|eta|elapsed|remaining"
    r"|v_num|gamma|beta\d?|betas|eps|epsilon|epochs?|steps?|iters?|iterations?|batch|num|n|number|of|id|ids|index|size)"
    r"(?:$|[_ /.-])|^(?:max|min|num|n)[_ ]",
    re.I,
)
_KNOWN_EXCEPTIONS = re.compile(
    r"max[ _]?mem\w*|ms/batch|elapsed time per iteration|loss[ _]scale|loss_(?:step|epoch)|(?:train|val|test"
    r"|valid)\w*loss_(?:step|epoch)"
    r"|(?:\w{1,20}_)?(?:steps|samples|tokens|examples)_per_sec(?:ond)?\w{0,20}"
    r"|skipped|train_step_timing in s|(?:\S{1,60}/)?clip_?(?:ratio|frac(?:tion)?)\S{0,20}",
    re.I,
)
_FILE_NAME = re.compile(r"\.(?:py|cc|cpp|cu|cuh|h|c|rs|go|yaml|yml|json|txt|log|pt|sh)$")
# Words that end a sentence as often as they name a number: they need a ":" or "=" before it.
_NEEDS_SEPARATOR = frozenset({"score", "err", "error", "obj", "objective", "return", "cost", "kl", "map", "ap"})
_SPLIT = re.compile(r"[\s_/.@\-()]+")
_EVAL_WORD = re.compile(
    r"(?<![\w/.\-])(?:val|valid|validation|validating|eval|evaluation|evaluating|test|testing|dev|holdout)(?:_\d+)?"
    r"(?=[\s:\]\[)(,|'\"-]|$)",
    re.I,
)
# ":" before the word: loguru and others print "module:train:88", the place in the code.
_TRAIN_WORD = re.compile(r"(?<![\w/.:\-])train(?:ing|_inner)?(?! step)(?=[\s:\]\[)(,|'\"-]|$)", re.I)
_EVAL_NAME = re.compile(r"(?<![\w/])(?:val|valid|validation|eval|test|dev)[_/](?=\w)", re.I)
_ONE_WORD = re.compile(r"[A-Za-z_][\w./\-]{0,60}")
_TWO_WORDS = re.compile(r"[A-Za-z_][\w./\-]{0,60}(?: [A-Za-z_][\w.\-]{0,40})?")
# Weights that change by a schedule are printed beside the losses that they weigh.
_SCHEDULED = re.compile(
    r"alpha|beta|gamma|tau|temp|temperature|lambda|lam|eps|epsilon|(?:\w{1,40}_)?(?:weight|coeff?|beta)", re.I
)
# The extent of a batch, printed beside its loss: "batch_len", "num_tokens", "max_seq_len".
_EXTENT = re.compile(
    r"(?:(?:batch|seq|max|src|tgt|input|n|num|padded)_?){1,2}(?:len|length|tokens|frames|nodes|edges|points|width)",
    re.I,
)
_NO_QUANTITY = frozenset((
    "clip", "clipped",
    "rank", "gpu", "gpus", "device", "node", "host", "worker", "process", "thread", "date", "day", "hour", "hours",
    "minutes", "mins", "seconds", "secs", "total", "counter", "at", "in", "to", "from", "for", "and", "or", "on",
    "by", "with", "over", "than", "after", "before", "about", "using", "took", "is", "was", "are", "has", "the",
    "a", "an", "of", "now", "until", "since", "line", "file", "page", "layer", "part", "info", "warning", "warn",
    "debug", "error", "critical", "pm", "am", "utc", "gmt",
))  # fmt: skip
# Binary units: what frameworks call GB is 2**30 bytes (torch.cuda.memory_allocated() / 1024**3 in their print-outs).
_MIB = {
    "kb": 1 / 1024,
    "kib": 1 / 1024,
    "k": 1 / 1024,
    "mb": 1.0,
    "mib": 1.0,
    "m": 1.0,
    "gb": 1024.0,
    "gib": 1024.0,
    "g": 1024.0,
}
_SECONDS = {"ms": 1e-3, "us": 1e-6, "µs": 1e-6, "s": 1.0, "sec": 1.0, "min": 60.0}


@lru_cache(maxsize=8192)
def strength(name: str) -> int:
    """2 for a name that is a metric by itself, 1 for one that is a metric beside another or a step, 0 for others."""
    if len(name) > 80 or name.count(" ") > 4 or _FILE_NAME.search(name):
        return 0
    if _KNOWN_EXCEPTIONS.fullmatch(name):
        return 1
    canonical = canonical_metric(name)[0]
    if canonical in ("memory", "step_time") and resource(name.lower()):
        return 1
    if _SETTING.search(name):
        return 0
    if canonical in _STRONG_CANONICAL:
        return 2
    words = [word for word in _SPLIT.split(name.lower()) if word]
    last = words[-1] if words else ""
    if last in _STRONG or "loss" in last or any(word in _STRONG or word.endswith("loss") for word in words):
        return 2
    return 1 if last in _WEAK or canonical in _WEAK_CANONICAL else 0


@lru_cache(maxsize=8192)
def trailing_metric(name: str) -> str:
    """The last one to three words of a name that was printed without a separator, when they are a metric: "my train
    loss" gives "train loss"; "" when the words do not end in a metric."""
    words = name.split()
    if len(words) > 1 and resource(" ".join(words[-2:]).lower()):
        return " ".join(words[-2:])  # "RAM used"
    if len(words) > 1 and resource(words[-1].lower()):
        return words[-1]  # the "rss" of "s/it rss"
    if not words or not strength(words[-1]) or words[-1].lower() in _NEEDS_SEPARATOR:
        return ""
    start = len(words) - 1
    while (
        start > 0 and len(words) - start < 3 and (strength(words[start - 1]) or _QUALIFIER.fullmatch(words[start - 1]))
    ):
        start -= 1
    return " ".join(words[start:])


_QUALIFIER = re.compile(
    r"train|training|val|valid|validation|eval|test|dev|avg|average|mean|total|lm|running|learning|grad|gradient"
    r"|top-?\d|token",
    re.I,
)


def phase_of(name: str, before: str) -> Phase | None:
    """The phase a metric belongs to when the line says so before it; None leaves it to the name.

    A quality without a phase ("acc", "f1") follows the name before it, too: "val_loss 0.4 acc 0.9". One that is by
    custom measured in evaluation says so by itself, but not against the word on its line ("TEST acc 0.8 f1 0.1").
    """
    held_out = is_measured_in_evaluation(name)
    canonical, guessed = canonical_metric(name)
    if (guessed != "train" and not held_out) or name.lower().startswith("train"):
        return None
    said = max((found.start() for found in _EVAL_WORD.finditer(before)), default=-1)
    last_eval = said
    if held_out or canonical == "accuracy":
        last_eval = max([said, *(found.start() for found in _EVAL_NAME.finditer(before))])
    last_train = max((found.start() for found in _TRAIN_WORD.finditer(before)), default=-1)
    if held_out:
        return "train" if last_train > last_eval else "eval" if said > last_train else None
    return "eval" if last_eval > last_train else None


def is_quantity(name: str, separated: bool) -> bool:
    """Whether a name that is no known metric can be one beside others ("recon", "beta", "active fraction"): one word,
    or two before a ":" or "="; no counter, clock, identifier or word of a sentence."""
    if not (_TWO_WORDS if separated else _ONE_WORD).fullmatch(name) or _FILE_NAME.search(name):
        return False
    if any(word in _NO_QUANTITY for word in _SPLIT.split(name.lower())):
        return False
    scheduled, extent = _SCHEDULED.fullmatch(name), _EXTENT.fullmatch(name)
    return scheduled is not None or extent is not None or _SETTING.search(name) is None


def in_standard_unit(name: str, value: float, unit: str) -> float:
    """Seconds for times, MiB for memory; anything else as printed."""
    return value * unit_factor(name, unit)


def unit_factor(name: str, unit: str) -> float:
    """What a number printed in `unit` is multiplied with: to seconds for times, to MiB for memory, else 1."""
    canonical = canonical_metric(name)[0]
    if canonical == "memory":
        return _MIB.get(unit.lower(), 1.0)
    if canonical == "step_time":
        return _SECONDS.get(unit.lower(), 1.0)
    return 1.0
