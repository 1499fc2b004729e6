"""Slots about settings: the value as found, and the edit that changes it by a stated rule.

Each setting gives "<name>" (its value) and, per rule, "<name>_<rule>" (the new value) and "<name>_<rule>_edit" (the
edit, with file and key as the run has them).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from misrun.agents.cures.facts import RunFacts, Value, cite
from misrun.agents.cures.quantity import round_to, setting_text
from misrun.agents.cures.slots import SLOTS, slot
from misrun.tools.code.setting_change import SettingChange
from misrun.tools.readers.run_record import ConfigValue

LR = ("learning_rate", "lr", "base_lr", "lr0", "max_lr", "peak_lr", "init_lr", "initial_lr", "LR", "LEARNING_RATE")
BATCH = (
    "per_device_train_batch_size", "train_micro_batch_size_per_gpu", "micro_batch_size", "train_batch_size",
    "batch_size", "batch", "samples_per_gpu", "bs", "BATCH_SIZE", "BATCH",
)  # fmt: skip
ACCUMULATION = (
    "gradient_accumulation_steps", "accumulate_grad_batches", "accumulation_steps", "grad_accum_steps", "accum_steps",
    "accum_iter", "update_freq", "grad_accum",
)  # fmt: skip
CLIP = (
    "max_grad_norm", "gradient_clip_val", "gradient_clipping", "clip_grad_norm", "grad_clip_norm", "grad_clip",
    "clip_grad", "clip_norm", "gradient_clip_norm", "clip", "max_norm", "grad_norm_clip", "gradient_clip",
)  # fmt: skip
WARMUP = ("warmup_steps", "warmup_updates", "warmup_iters", "num_warmup_steps", "warmup", "warmup_epochs")
LENGTH = (
    "max_seq_length", "max_seq_len", "max_length", "block_size", "seq_length", "seq_len", "sequence_length",
    "cutoff_len", "sequence_len", "context_length", "n_ctx", "context", "context_size", "max_len", "max_tokens",
    "max_words", "max_source_length", "max_input_length",
)  # fmt: skip
WORKERS = ("num_workers", "dataloader_num_workers", "workers", "n_workers", "num_data_workers", "workers_per_gpu")
CLASSES = ("num_classes", "num_labels", "n_classes", "nclasses", "num_class", "nb_classes", "nc", "NUM_CLASSES")
VOCABULARY = ("vocab_size", "num_embeddings", "n_vocab", "ntoken", "vocabulary_size", "VOCAB_SIZE")
DROPOUT = ("dropout", "drop_rate", "dropout_rate", "hidden_dropout_prob", "p_drop", "lora_dropout")
SAVES = ("save_total_limit", "save_top_k", "keep_last_n_checkpoints", "max_keep_ckpts", "keep_checkpoint_max")
# The most positions that the model has room for.
POSITIONS = ("max_positions", "max_position_embeddings", "n_positions", "max_seq_positions", "positions")
MOMENTUM = ("momentum", "beta1", "adam_beta1")
EVAL_BATCH = ("per_device_eval_batch_size", "eval_batch_size", "val_batch_size", "test_batch_size")


@dataclass(frozen=True)
class Change:
    """A rule that turns a setting's value into a new one; None where it does not apply (1 cannot be halved)."""

    setting: str
    name: str
    keys: tuple[str, ...]
    new: Callable[[float, RunFacts], float | None]
    rule: str


def edit(setting: ConfigValue, new: str) -> str:
    """The change of one setting as an edit at the place where this run has it."""
    old = setting_text(float(setting.value)) if isinstance(setting.value, int | float) else str(setting.value)
    key, place = setting.name.rsplit(".", 1)[-1], str(setting.span)
    if setting.origin in ("command", "argparse"):
        return f"{place}: --{key} {old} -> --{key} {new}"
    if setting.origin in ("yaml", "json", "toml", "code"):
        return f"{place}: {setting.name}: {old} -> {new}"
    return f"Set {setting.name} to {new} where the run sets it (it reports {old} at {place})."


# A divisor of 3 is the search step of Bengio 2012, arXiv:1206.5533, section 3.1.1; 10 where the rate itself is far
# outside the usual range (signal lr_high), because one step of 3 would leave it there.
def lower_lr(value: float, facts: RunFacts) -> float:
    return round_to(value / (10 if facts.has("lr_high") else 3), 1)


def higher_lr(value: float, facts: RunFacts) -> float:
    """Three times the rate; the middle (on a log scale) of the usual range where the rate is below that range."""
    low, high = facts.number("lr_low", "usual_low"), facts.number("lr_low", "usual_high")
    middle = math.sqrt(low * high) if low and high and facts.has("lr_low") else 0.0
    return round_to(max(3 * value, middle), 1)


def changed(setting: ConfigValue, new: float | str | bool) -> SettingChange:
    """The change of one setting, a whole number where it was one."""
    whole = isinstance(setting.value, int) and isinstance(new, float) and new == int(new)
    old = setting.value if not isinstance(setting.value, tuple) else None
    return SettingChange(name=setting.name, old=old, new=int(new) if whole else new)


def _half(value: float, _: RunFacts) -> float | None:
    return value // 2 if value >= 2 else None


def _warmup_steps(facts: RunFacts) -> tuple[float, str]:
    """2 / (1 - beta2) steps (Ma and Yarats 2019, arXiv:1910.04209), at most a tenth of the planned steps."""
    beta2 = facts.numeric("adam_beta2", "beta2")
    steps = round(2 / (1 - min(beta2[0] if beta2 else 0.999, 0.9999)))
    planned = facts.run.ending.planned_steps
    if planned and steps > planned / 10:
        return max(1, planned // 10), "a tenth of the planned steps as warm-up"
    return steps, "2 / (1 - beta2) warm-up steps for Adam"


_LR_RULE = "divide the learning rate by 3 until the failure is gone, by 10 where it is far outside the usual range"
_CHANGES = (
    Change("lr", "lower", LR, lower_lr, _LR_RULE),
    Change("lr", "higher", LR, lambda v, f: higher_lr(v, f),
           "multiply the learning rate by 3, and begin in the middle of the usual range where it is below that"),
    Change("weight_decay", "lower", ("weight_decay", "wd"), lambda v, _: round_to(v / 10, 2) if v > 0 else None,
           "search weight decay in factors of 10"),
    Change("weight_decay", "higher", ("weight_decay", "wd"), lambda v, _: round_to(v * 10, 2) if v > 0 else 0.01,
           "search weight decay in factors of 10, from 0.01 where there is none"),
    Change("dropout", "higher", DROPOUT, lambda v, _: round_to(min(v + 0.1, 0.5), 2) if v < 0.5 else None,
           "raise dropout by 0.1 at a time, to 0.5 at most"),
    Change("dropout", "lower", DROPOUT, lambda v, _: round_to(v / 2, 2) if v > 0 else None, "halve the dropout"),
    Change("length", "half", LENGTH, _half, ""),
    Change("workers", "one", WORKERS, lambda v, _: 1 if v > 1 else None, ""),
    Change("workers", "more", WORKERS, lambda v, _: max(4, v * 2), "double the loader workers, to 4 at least"),
    Change("workers", "none", WORKERS, lambda v, _: 0 if v > 0 else None, ""),
    Change("eval_batch", "half", EVAL_BATCH, _half, ""),
    Change("warmup", "longer", WARMUP, lambda v, f: max(_warmup_steps(f)[0], 2 * v),
           "2 / (1 - beta2) warm-up steps for Adam"),
    Change("adam_eps", "higher", ("adam_epsilon", "eps", "adam_eps"), lambda v, _: 1e-6 if v < 1e-6 else None,
           "an Adam eps of 1e-6 where second moments are tiny"),
    Change("momentum", "usual", MOMENTUM, lambda v, _: 0.9 if 0.95 < v < 1 else None,
           "a momentum (Adam's beta1) of 0.9, the default of the optimizers and of their papers"),
    Change("beta2", "lower", ("adam_beta2", "beta2"), lambda v, _: 0.95 if v > 0.95 else None,
           "beta2 of 0.95 for large transformers"),
    Change("saves", "fewer", SAVES, lambda v, _: 2 if v > 2 or v <= 0 else None, ""),
    Change("temperature", "higher", ("temperature",), lambda v, _: 1.0 if v < 1.0 else None,
           "sample at temperature 1.0 while learning from rewards"),
    Change("generations", "more", ("num_generations", "group_size", "rollout_n"), lambda v, _: v * 2,
           "double the samples per prompt"),
    Change("kl_weight", "higher", ("beta", "kl_coef", "init_kl_coef", "kl_loss_coef"),
           lambda v, _: v * 2 if v > 0 else 0.04,
           "double the KL weight, from 0.04 where there is none"),
    Change("entropy_weight", "higher", ("ent_coef", "entropy_coef", "entropy_coeff"),
           lambda v, _: v * 3 if v > 0 else 0.01,
           "search the entropy weight in factors of 3, from 0.01 where it is 0"),
)  # fmt: skip


def _old_filler(keys: tuple[str, ...]) -> Callable[[RunFacts], Value | None]:
    def old(facts: RunFacts) -> Value | None:
        found = facts.numeric(*keys)
        return None if found is None else Value(setting_text(found[0]), found[0], (cite(found[1].span),))

    return old


def _new_filler(change: Change) -> Callable[[RunFacts], Value | None]:
    def new(facts: RunFacts) -> Value | None:
        found = facts.numeric(*change.keys)
        value = None if found is None else change.new(found[0], facts)
        if found is None or value is None:
            return None
        return Value(setting_text(value), value, (cite(found[1].span),), derived=True, rule=change.rule)

    return new


def _edit_filler(change: Change) -> Callable[[RunFacts], Value | None]:
    def filled(facts: RunFacts) -> Value | None:
        found, value = facts.numeric(*change.keys), _new_filler(change)(facts)
        if found is None or value is None:
            return None
        changes = (changed(found[1], value.number),) if value.number is not None else ()
        text = edit(found[1], value.text)
        return Value(text, value.number, value.refs, derived=True, rule=change.rule, changes=changes)

    return filled


for _name, _keys in {change.setting: change.keys for change in _CHANGES}.items():
    if _name != "lr":  # the learning rate may also be known from its curve, see below
        SLOTS[_name] = _old_filler(_keys)
for _change in _CHANGES:
    SLOTS[f"{_change.setting}_{_change.name}"] = _new_filler(_change)
    SLOTS[f"{_change.setting}_{_change.name}_edit"] = _edit_filler(_change)
for _name, _keys in {"batch": BATCH, "clip": CLIP, "classes": CLASSES, "vocabulary": VOCABULARY}.items():
    SLOTS[_name] = _old_filler(_keys)


@slot("lr")
def lr_value(facts: RunFacts) -> Value | None:
    return _old_filler(LR)(facts)


@slot("lr_logged")
def lr_logged(facts: RunFacts) -> Value | None:
    """The highest learning rate in the log, for runs whose settings are not known."""
    series = facts.run.best("lr")
    finite = [i for i, v in enumerate(series.values) if math.isfinite(v) and v > 0] if series else []
    if series is None or not finite:
        return None
    peak = max(finite, key=lambda i: series.values[i])
    return Value(setting_text(series.values[peak]), series.values[peak], (cite(series.span(peak)),))


@slot("lr_logged_lower")
def lr_logged_lower(facts: RunFacts) -> Value | None:
    peak = lr_logged(facts)
    if peak is None or peak.number is None:
        return None
    value = lower_lr(peak.number, facts)
    return Value(setting_text(value), value, peak.refs, derived=True, rule=_LR_RULE)


@slot("effective_batch")
def effective_batch(facts: RunFacts) -> Value | None:
    batch, accumulation = facts.numeric(*BATCH), facts.numeric(*ACCUMULATION)
    if batch is None:
        return None
    refs = (cite(batch[1].span),) + ((cite(accumulation[1].span),) if accumulation else ())
    size = batch[0] * (accumulation[0] if accumulation else 1)
    return Value(setting_text(size), size, refs, derived=True)


@slot("classes_needed_edit")
def classes_needed_edit(facts: RunFacts) -> Value | None:
    """Room for the label that was met, where it is near the others; a label far beyond them (255) marks no class."""
    found, needed = facts.numeric(*CLASSES), SLOTS["classes_needed"](facts)
    if found is None or needed is None or not needed.number or not found[0] < needed.number <= 2 * found[0]:
        return None
    refs = (cite(found[1].span), *needed.refs)
    return Value(edit(found[1], needed.text), refs=refs, derived=True, changes=(changed(found[1], needed.number),))


def _switched_on(*names: str) -> Callable[[RunFacts], Value | None]:
    """The edit that switches on the first of these settings that the program has and the run left off."""

    def on(facts: RunFacts) -> Value | None:
        found = facts.run.setting(*names)
        if found is None or found.value is not False:
            return None
        return Value(edit(found, "true"), refs=(cite(found.span),), derived=True, changes=(changed(found, True),))

    return on


SLOTS["checkpointing_switch"] = _switched_on(
    "gradient_checkpointing",
    "activation_checkpointing",
    "grad_checkpointing",
    "use_checkpoint",
    "checkpoint_activations",
)
SLOTS["balance_switch"] = _switched_on(
    "class_weights", "use_class_weights", "weighted_loss", "balanced", "balance", "class_balanced", "weighted_sampler"
)


@slot("precision_edit")
def precision_edit(facts: RunFacts) -> Value | None:
    """fp16 to bf16 where the run sets it."""
    if not facts.half_precision:
        return None
    switch = facts.switch("fp16")
    if switch is not None:
        text = f"{switch.span}: {switch.name}: off, bf16: on"
        bf16 = facts.run.setting("bf16")
        changes = (changed(switch, False), *((changed(bf16, True),) if bf16 is not None else ()))
        return Value(text, refs=(cite(switch.span),), derived=True, changes=changes)
    named = facts.run.setting("precision", "mixed_precision", "torch_dtype", "dtype", "amp_dtype")
    if named is None:
        return None
    new = "bf16-mixed" if str(named.value).startswith("16") else "bfloat16" if "float" in str(named.value) else "bf16"
    return Value(edit(named, new), refs=(cite(named.span),), derived=True, changes=(changed(named, new),))


# torch.finfo(dtype).eps: the gap between 1 and the next larger value; 1 - p is exact to half of it.
_EPS = {"float16": "9.8e-4", "bfloat16": "7.8e-3", "float32": "1.2e-7"}


@slot("clamp_eps")
def clamp_eps(facts: RunFacts) -> Value:
    """The smallest distance from 0 and 1 that the run's number format can hold (float32 unless it says otherwise)."""
    bf16 = (
        facts.enabled("bf16")
        or "bf" in str(getattr(facts.run.setting("precision", "mixed_precision"), "value", "")).lower()
    )
    name = "float16" if facts.half_precision else "bfloat16" if bf16 else "float32"
    return Value(f"{_EPS[name]} ({name})", derived=True)


@slot("warmup_new")
def warmup_new(facts: RunFacts) -> Value:
    steps, rule = _warmup_steps(facts)
    return Value(setting_text(steps), steps, derived=True, rule=rule)


@slot("clip_new")
def clip_new(facts: RunFacts) -> Value | None:
    """Twice the median of the gradient norm before the failure: Pascanu et al. 2013, arXiv:1211.5063, section 3.2,
    report half to ten times the usual norm as good."""
    series = facts.curve("grad_norm")
    indices = facts.healthy(series) if series else ()
    if series is None or not indices:
        return None
    ordered = sorted(series.values[i] for i in indices)
    value = round_to(2 * ordered[(len(ordered) - 1) // 2], 2)
    refs = (cite(series.span(indices[0], indices[-1])),)
    rule = "clip at twice the median gradient norm of the healthy part"
    return Value(setting_text(value), value, refs, derived=True, rule=rule) if value > 0 else None


@slot("clip_edit")
def clip_edit(facts: RunFacts) -> Value | None:
    found, new = facts.numeric(*CLIP), clip_new(facts)
    if found is None or new is None:
        return None
    changes = (changed(found[1], new.number),) if new.number is not None else ()
    refs = (cite(found[1].span), *new.refs)
    return Value(edit(found[1], new.text), refs=refs, derived=True, rule=new.rule, changes=changes)
