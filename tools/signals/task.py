"""What the settings and metric names tell about the task, so that a fact is measured only where it means something."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from misrun.tools.readers.run_record import ConfigValue, RunRecord, Series

# Names of the number of classes in trainers' and models' configurations (transformers, timm, mmengine, torchvision).
_CLASSES = ("num_classes", "num_labels", "n_classes", "nb_classes", "num_class", "n_labels", "nclasses")
_VOCABULARY = ("vocab_size", "n_vocab", "padded_vocab_size", "vocabulary_size", "ntoken", "ntokens")
# Settings that are only there when weights were loaded rather than drawn.
_PRETRAINED = (
    "model_name_or_path", "pretrained_model_name_or_path", "pretrained", "base_model", "init_from", "resume",
    "resume_from_checkpoint", "load_from", "finetune", "peft_type", "lora_r", "adapter", "init_checkpoint",
    "restore_file",
)  # fmt: skip
_REWARD_WORDS = (
    "reward", "ep_rew", "episodic_return", "episode_return", "mean_return", "avg_return", "average_return",
    "ep_ret", "avg_ep_ret", "averageepret", "return_mean", "approx_kl", "policy_loss", "policy_gradient",
)  # fmt: skip
# DPO logs "rewards/..." too, but its loss is an ordinary classification loss.
_PREFERENCE_REWARDS = ("rewards/chosen", "rewards/rejected", "rewards/margins", "rewards/accuracies")
# As whole words: "avg_loss" and "running_loss" end in "g_loss" too.
_ADVERSARIAL = re.compile(
    r"(?:^|[^a-z])(?:g_loss|d_loss|loss_g|loss_d|gen_loss|disc_loss|generator|discriminator|adversarial)(?:[^a-z]|$)"
)
# Losses that cannot be negative, as configurations and code spell them.
_BOUNDED_LOSSES = ("cross", "bce", "mse", "l1", "mae", "hinge", "huber", "focal", "ctc", "forcausallm")
# fp16 as trainers spell it, as a switch and as a value (transformers, Lightning, accelerate, keras, PyTorch, JAX).
_FP16_FLAGS = {"fp16", "use_fp16", "half", "use_half", "float16"}
_AUTOCAST = {"amp", "use_amp"}
_PRECISIONS = {"precision", "mixed_precision", "mixed_precision_policy", "half_precision"}
_FP16 = {"fp16", "16-mixed", "16-true", "float16", "half", "torch.float16", "torch.half", "mixed_float16",
         "jnp.float16", "np.float16", "amp_fp16"}  # fmt: skip
_BF16 = {"bf16", "bfloat16", "bf16-mixed", "bf16-true", "amp_bf16"}
_ON = {"true", "1", "yes", "on", "fp16", "float16"}
_OFF = {"", "none", "null", "false", "no", "0", "off", "scratch", "[]", "{}"}


def enabled(setting: ConfigValue | None) -> bool:
    """Whether a setting is there and not switched off."""
    return setting is not None and str(setting.value).strip().lower() not in _OFF


def numeric(setting: ConfigValue | None) -> float | None:
    """A setting's number, or None when it is missing or no finite number."""
    if setting is None or isinstance(setting.value, bool | tuple) or setting.value is None:
        return None
    try:
        value = float(setting.value)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _has_word(series: Iterable[Series], words: tuple[str, ...], without: tuple[str, ...] = ()) -> bool:
    names = (s.raw_name.lower() for s in series)
    return any(any(w in name for w in words) and not any(w in name for w in without) for name in names)


class Task:
    """A read-only view over one run's settings and metric names."""

    def __init__(self, run: RunRecord) -> None:
        self.run = run

    @cached_property
    def classes_setting(self) -> ConfigValue | None:
        """The setting that tells the number of classes; the vocabulary for language models."""
        return next((s for s in map(self.run.setting, (*_CLASSES, *_VOCABULARY)) if (numeric(s) or 0) >= 2), None)

    @property
    def classes(self) -> int | None:
        value = numeric(self.classes_setting)
        return int(value) if value is not None else None

    @property
    def vocabulary(self) -> ConfigValue | None:
        return next((s for s in map(self.run.setting, _VOCABULARY) if (numeric(s) or 0) >= 2), None)

    @property
    def language_model(self) -> bool:
        """The classes are a vocabulary, or a perplexity is logged."""
        setting = self.classes_setting
        from_vocabulary = setting is not None and setting.name.rsplit(".", 1)[-1] in _VOCABULARY
        return from_vocabulary or any(s.name == "perplexity" for s in self.run.series)

    @property
    def pretrained(self) -> bool:
        """Weights come from somewhere: then the first loss is not that of a guess."""
        loaded = any(enabled(self.run.setting(name)) for name in _PRETRAINED)
        return loaded or any(event.name in {"resumed", "weights_new"} for event in self.run.events)

    @cached_property
    def policy(self) -> bool:
        """Reinforcement learning: the loss has no floor and no direction it must go."""
        return _has_word(self.run.series, _REWARD_WORDS, without=_PREFERENCE_REWARDS)

    @cached_property
    def adversarial(self) -> bool:
        """A generator and a discriminator: their losses balance instead of falling."""
        return any(_ADVERSARIAL.search(s.raw_name.lower().replace(" ", "_")) for s in self.run.series)

    @property
    def descending(self) -> bool:
        """Whether the training loss is expected to fall."""
        return not self.policy and not self.adversarial

    @cached_property
    def bounded(self) -> bool:
        """Whether something says that the loss cannot be negative: its name, classes, an accuracy or a perplexity."""
        named = self.run.setting("loss", "loss_fn", "criterion", "loss_type", "loss_function", "objective")
        if named is not None and any(word in str(named.value).lower() for word in _BOUNDED_LOSSES):
            return True
        return self.classes is not None or any(s.name in {"accuracy", "perplexity"} for s in self.run.series)

    @cached_property
    def half_precision(self) -> bool:
        """fp16 with loss scaling: the first iterations may overflow by design."""
        if any(s.name == "loss_scale" for s in self.run.series):
            return True
        return self.fp16_setting is not None

    @cached_property
    def fp16_setting(self) -> ConfigValue | None:
        """The setting that switches fp16 on, the one nearest to the running program first; None for bf16 and float32.

        DeepSpeed's "fp16": {"enabled": true} counts by the name of its section. "amp" alone is fp16 unless a bf16 type
        is named (torch.autocast on CUDA).
        """
        found = [setting for setting in self.run.config if _asks_fp16(setting)]
        named = [s for s in found if s.name.lower().removesuffix(".enabled").rsplit(".", 1)[-1] not in _AUTOCAST]
        brain = any(str(s.value).lower().removeprefix("torch.") in _BF16 for s in self.run.config)
        return next(iter(named or ([] if brain else found)), None)


def _asks_fp16(setting: ConfigValue) -> bool:
    name = setting.name.lower().removesuffix(".enabled").rsplit(".", 1)[-1]
    value = str(setting.value).strip().lower()
    if name in _FP16_FLAGS | _AUTOCAST:
        return value in _ON
    # "16" names a precision only under a name that says precision.
    return (name in _PRECISIONS or name.endswith("dtype")) and value in _FP16 | (
        {"16"} if "precision" in name else set()
    )


@dataclass(frozen=True)
class Chance:
    """The loss and the accuracy of a guess among `classes`; `origin` says where the number comes from."""

    classes: int
    origin: str

    @property
    def loss(self) -> float:
        return math.log(self.classes)

    @property
    def accuracy(self) -> float:
        return 1.0 / self.classes


def configured_chance(task: Task) -> Chance | None:
    """Chance level by the configuration, or None when it does not tell the number of classes."""
    setting = task.classes_setting
    if setting is None or task.classes is None:
        return None
    return Chance(task.classes, f"{setting.name} = {task.classes:,}")
