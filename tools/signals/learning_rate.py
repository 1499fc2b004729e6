"""The learning rate against its own schedule, its optimizer's usual range, and the onset of the failure."""

import math

import numpy as np

from misrun.tools.readers.run_record import ConfigValue, RunRecord
from misrun.tools.signals.blow_up import blow_up
from misrun.tools.signals.curve import Curve, quantity, training_loss
from misrun.tools.signals.loss import departure, falls
from misrun.tools.signals.robust import end_level, start_level
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import Task, enabled, numeric
from misrun.tools.signals.wording import number, percent, plural, times

_RATE_SETTINGS = ("learning_rate", "lr", "base_lr", "max_lr", "lr0", "init_lr", "peak_lr")
_OPTIMIZER_SETTINGS = ("optim", "optimizer", "optimizer_name", "opt", "optimizer_type", "type")
# Usual range of the peak rate: a tenth below and above the values that the optimizer's authors and PyTorch use.
# Adam, AdamW: 1e-3 (Kingma & Ba 2015), 1e-5 in fine-tuning (Devlin et al. 2019). SGD: 0.1 (He et al. 2016), 1e-3
# (torch default). Lion: 3-10 times below AdamW (Chen et al. 2023). LAMB: up to 1e-2 (You et al. 2020). Adafactor: 1e-3
# fixed, 1e-2 relative (Shazeer & Stern 2018). RMSprop: 1e-2 (torch default). Adagrad, Adadelta: 1e-2, 1 (torch).
USUAL: dict[str, tuple[float, float]] = {
    "adafactor": (1e-5, 1e-2), "adagrad": (1e-4, 1e-1), "adadelta": (1e-2, 1.0), "lion": (1e-7, 1e-3),
    "lamb": (1e-6, 1e-2), "rmsprop": (1e-6, 1e-2), "adam": (1e-6, 1e-2), "sgd": (1e-5, 1.0),
}  # fmt: skip
# Full fine-tuning of a pretrained transformer: 1e-5..5e-5 in its papers (BERT, table 6; transformers' default 5e-5), so
# ten times the default is just too high. Adapters train fresh weights and take the optimizer's own range.
FINE_TUNING_HIGH = 5e-4
# From fresh weights the low end is that of pre-training: Adam 1e-5 (a tenth of what the largest models take, Brown et
# al. 2020, table 2.1), SGD 1e-4 (a tenth of torch's default).
FRESH_LOW = {"adam": 2e-5, "rmsprop": 2e-5, "sgd": 2e-4, "adagrad": 1e-3}
# SGD's momentum is 0.9 by custom (Sutskever et al. 2013 go from 0.5 to 0.99); a normalisation layer's is 0.1 or less.
_SGD_MOMENTUM = 0.5
# "Just before the onset": the last three logged rates; a change counts from a factor of two on.
BEFORE, CHANGED = 3, 2.0
# Decayed to nothing: a thousandth of the peak for the last third of the run.
NOTHING, LONG = 1e-3, 0.3
# A rise by a factor of ten that no plateau follows; a thousandfold one is no slow warm-up any more.
GROWN, GROWN_SURE = 10.0, 1000.0
# Step schedules of published recipes keep at least a hundredth of the peak for the first half (He et al. 2016: two
# tenths, at half and three quarters).
SPENT = 1e-2
_STEPLESS = {"none", "null", "", "constant", "false", "no", "off"}
# Schedules whose rate may rightly stay where it is for long.
_EVENT_DRIVEN = ("plateau", "step", "constant")


def measure(run: RunRecord, task: Task) -> list[Signal]:
    curve = quantity(run, "lr")
    found = [_range(run, curve, task)]
    if curve is not None:
        found += [_zero(run, curve), _early(run, curve), _grows(curve)]
        found += [_no_schedule(run, curve), _no_warmup(run, curve)]
    return [signal for signal in found if signal]


def _peak(run: RunRecord, curve: Curve | None) -> tuple[float, ConfigValue | None, int] | None:
    """The highest rate: logged (then its point), or else configured."""
    if curve is not None and curve.values.max() > 0 and _full_rate(run, curve) == float(curve.values.max()):
        at = int(np.argmax(curve.values))
        return float(curve.values[at]), None, at
    setting = run.setting(*_RATE_SETTINGS)
    value = numeric(setting)
    return (value, setting, 0) if value is not None and value > 0 else None


def optimizer_family(run: RunRecord) -> str | None:
    """The optimizer's family: by its setting, by the one optimizer that is constructed ("SGD.lr"), or by what only one
    takes: transformers' Trainer settings imply AdamW, a momentum SGD."""
    for name in _OPTIMIZER_SETTINGS:
        setting = run.setting(name)
        said = str(setting.value).lower() if setting else ""
        found = next((family for family in USUAL if family in said), None)
        if found:
            return found
    if run.setting("per_device_train_batch_size", "adam_beta1", "adam_epsilon"):
        return "adam"
    constructed = _constructed(run)
    if constructed:
        return constructed.pop() if len(constructed) == 1 else None
    momentum = next((numeric(value) for value in run.config if value.name == "momentum"), None)
    return "sgd" if momentum is not None and _SGD_MOMENTUM <= momentum < 1.0 else None


def _constructed(run: RunRecord) -> set[str]:
    """Families of the classes whose arguments are settings: {"sgd"} for "SGD.lr" or "optim.SGD.momentum"."""
    owners = {part.lower() for value in run.config for part in value.name.split(".")[:-1]}
    families = (next((family for family in USUAL if owner in _spellings(family)), None) for owner in owners)
    return {family for family in families if family}


def _spellings(family: str) -> set[str]:
    variants = {"adam": {"adam", "adamw", "nadam", "radam", "adamax", "fusedadam", "adamw8bit", "sparseadam"}}
    return variants.get(family, {family})


def _range(run: RunRecord, curve: Curve | None, task: Task) -> Signal | None:
    found, optimizer = _peak(run, curve), optimizer_family(run)
    if found is None:
        return None
    peak, setting, at = found
    # Unknown optimizer: only a rate outside every optimizer's range says anything.
    low, high = USUAL[optimizer] if optimizer else (1e-7, 1.0)
    tuned = optimizer == "adam" and task.pretrained and not _adapter(run)
    high = FINE_TUNING_HIGH if tuned else high
    if not task.pretrained and _hardly_moves(run):
        low = FRESH_LOW.get(optimizer or "", low)
    if low <= peak <= high:
        return None
    name, limit = ("lr_high", high) if peak > high else ("lr_low", low)
    factor = peak / high if peak > high else low / peak
    span = setting.span if setting else curve.span(at) if curve is not None else None
    whose = f"{optimizer or 'any optimizer'}{' when fine-tuning' if tuned else ''}"
    relation = "above" if name == "lr_high" else "below"
    # A rate under which the loss came down by half and stayed there suits this model, whatever is usual.
    suits = learned_well(run)
    return Signal(
        name=name,
        text=f"Peak learning rate {number(peak)} is {relation} {number(limit)}, the"
        f" {'upper' if name == 'lr_high' else 'lower'} end"
        f" of the usual range for {whose}.",
        value=peak,
        strength=0.25 if suits else graded(max(factor, 1.0), 1.0, 10.0),
        spans=(span,) if span else (),
        values={"peak_lr": peak, "usual_low": low, "usual_high": high, "optimizer": optimizer, "fine_tuning": tuned,
                "loss_halved": suits},
    )  # fmt: skip


def _hardly_moves(run: RunRecord) -> bool:
    """The loss has come less than a tenth of the way to 0 by the end: a rate that only suits tuned weights."""
    loss = training_loss(run)
    if loss is None or loss.series.first_nonfinite is not None or len(loss) < 5:
        return False
    start = start_level(loss.values)
    return start > 0.0 and 0.9 * start <= end_level(loss.values) <= 1.1 * start


def learned_well(run: RunRecord) -> bool:
    """The training loss came down by half and stayed there: what was set suits this model."""
    loss = training_loss(run)
    if loss is None or loss.series.first_nonfinite is not None or blow_up(loss) is not None:
        return False
    if not falls(loss) or departure(loss) is not None:
        return False
    return 0.0 <= end_level(loss.values) < 0.5 * start_level(loss.values)


def _adapter(run: RunRecord) -> bool:
    return any(enabled(run.setting(name)) for name in ("peft_type", "lora_r", "lora_alpha", "adapter", "lora_rank"))


def _full_rate(run: RunRecord, curve: Curve) -> float:
    """The highest rate that was logged or, where whole epochs are logged and the schedule was over before the first of
    them, configured."""
    configured = numeric(run.setting(*_RATE_SETTINGS)) or 0.0
    logged = float(curve.values.max())
    # A rate that rises is a schedule that multiplies a base of any size (as in "Attention Is All You Need", 5.3).
    if bool((np.diff(curve.values) > 0.0).any()):
        return logged
    return configured if 0.0 < logged <= 2 * NOTHING * configured else logged


def _zero(run: RunRecord, curve: Curve) -> Signal | None:
    """A rate of 0 (or a thousandth of its peak) over a long last stretch, or 0 throughout. The usual decay to 0 is not:
    cosine spends 2 % of a run, and a linear decay 0.1 %, below a thousandth of the peak."""
    if len(curve) < 3:
        return None
    peak = _full_rate(run, curve)
    gone = curve.values <= NOTHING * peak
    first = len(curve) - int(np.argmin(gone[::-1])) if not gone.all() else 0
    share = (len(curve) - first) / len(curve)
    exact = bool((curve.values[first:] == 0.0).all()) and first < len(curve)
    # Exactly 0 for a tenth of the run is no rounding of a schedule's end either.
    if first == len(curve) or len(curve) - first < 3 or share < (0.1 if exact else LONG):
        return None
    level = "0" if exact else f"below {number(NOTHING * peak)} (a thousandth of its peak)"
    return Signal(
        name="lr_zero",
        text=f"Learning rate is {level} from {curve.place(first)} to the end, {percent(share)} of the run.",
        value=float(curve.values[-1]),
        step=curve.step(first),
        strength=graded(share, 0.1, 0.5),
        spans=(curve.span(first, -1),),
        values={"peak_lr": peak, "last": float(curve.values[-1]), "share": share, "onset_step": curve.step(first),
                "step_kind": curve.series.step_kind},
    )  # fmt: skip


def _no_schedule(run: RunRecord, curve: Curve) -> Signal | None:
    setting = run.setting("lr_scheduler_type", "lr_scheduler", "scheduler", "lr_schedule", "lr_decay_style", "sched")
    said = str(setting.value).lower() if setting else ""
    warmup = next(
        (s for s in map(run.setting, ("warmup_steps", "warmup_ratio", "num_warmup_steps")) if numeric(s)), None
    )
    scheduled = said not in _STEPLESS and not any(word in said for word in _EVENT_DRIVEN)
    cause = setting if setting and scheduled else warmup
    if cause is None or len(curve) < 5 or len(np.unique(curve.values)) > 1:
        return None
    return Signal(
        name="lr_constant_under_schedule",
        text=f"Learning rate is {number(float(curve.values[0]))} at all {plural(len(curve), 'logged point')} although"
        f" {cause.name} = {cause.value}.",
        value=float(curve.values[0]),
        strength=graded(len(curve), 5, 20),
        spans=(cause.span, curve.span(0, -1)),
        values={"lr": float(curve.values[0]), "setting": cause.name, "points": len(curve)},
    )


def _no_warmup(run: RunRecord, curve: Curve) -> Signal | None:
    """A fact, not a fault: many runs need no warm-up, hence the low strength."""
    early = curve.series.step_kind == "step" and curve.step(0) <= max(10.0, 0.01 * curve.step(-1))
    warmup = any(
        numeric(run.setting(name)) for name in ("warmup_steps", "warmup_ratio", "num_warmup_steps", "warmup_epochs")
    )
    if len(curve) < 3 or not early or warmup or curve.values[0] < 0.99 * curve.values.max() or curve.values[0] <= 0:
        return None
    return Signal(
        name="lr_no_warmup",
        text=f"Learning rate is at its maximum of {number(float(curve.values[0]))} from {curve.place(0)} on: there"
        f" is no warm-up.",
        value=float(curve.values[0]),
        step=curve.step(0),
        strength=0.3,
        spans=(curve.span(0),),
        values={"lr": float(curve.values[0]), "peak_lr": float(curve.values.max())},
    )


def _grows(curve: Curve) -> Signal | None:
    """The rate rises to the very end, tenfold: a warm-up that never ends, or a schedule that grows."""
    values = curve.values
    if len(curve) < 5 or values[0] <= 0.0 or (np.diff(values) < 0).any() or values[-1] < GROWN * values[0]:
        return None
    # A warm-up that ended rests at its peak.
    if float(np.mean(values < 0.99 * values[-1])) < 0.5:
        return None
    return Signal(
        name="lr_grows",
        text=f"Learning rate only rises, from {number(float(values[0]))} at {curve.place(0)} to"
        f" {number(float(values[-1]))} at {curve.place(-1)} ({times(float(values[-1] / values[0]))}), and never comes"
        " to rest.",
        value=float(values[-1] / values[0]),
        step=curve.step(0),
        # A linear warm-up over more than the run rises so too, and may still train.
        strength=graded(float(values[-1] / values[0]), GROWN, GROWN_SURE),
        spans=(curve.span(0, -1),),
        values={"first_lr": float(values[0]), "last_lr": float(values[-1]), "step_kind": curve.series.step_kind},
    )


def _early(run: RunRecord, curve: Curve) -> Signal | None:
    """The rate is below a hundredth of its peak before half of the run is over, while the loss is still high."""
    if len(curve) < 6:
        return None
    peak = _full_rate(run, curve)
    gone = curve.values <= SPENT * peak
    if not gone[-1]:
        return None
    first = len(curve) - int(np.argmin(gone[::-1])) if not gone.all() else 0
    share = (len(curve) - first) / len(curve)
    if share < 0.5 or learned_well(run):
        return None
    return Signal(
        name="lr_spent_early",
        text=f"Learning rate is below {number(SPENT * peak)}, a hundredth of its full {number(peak)}, from"
        f" {curve.place(first)} on ({percent(share)} of the run), and the loss has not come down by half.",
        value=share,
        step=curve.step(first),
        strength=graded(share, 0.5, 0.8),
        spans=(curve.span(first, -1),),
        values={"peak_lr": peak, "share": share, "onset_step": curve.step(first), "step_kind": curve.series.step_kind},
    )


def at_onset(run: RunRecord, onset: float | None) -> list[Signal]:
    """Rate at the onset against peak and start, and an abrupt change just before it. Steps count as the loss's do."""
    curve, loss = quantity(run, "lr"), training_loss(run)
    if curve is None or onset is None or (loss is not None and loss.series.step_kind != curve.series.step_kind):
        return []
    at = curve.until(onset) - 1
    if at < 0:
        return []
    found = [_rate_at(curve, at), _change_before(curve, at)]
    return [signal for signal in found if signal]


def _rate_at(curve: Curve, at: int) -> Signal:
    rate, peak, first = (float(v) for v in (curve.values[at], curve.values.max(), curve.values[0]))
    share = rate / peak if peak > 0 else 0.0
    warming = at > 0 and bool((np.diff(curve.values[: at + 1]) > 0).all())
    phase = "while it is still rising" if warming else f"{percent(share)} of its peak {number(peak)}"
    return Signal(
        name="lr_at_onset",
        text=f"At the onset ({curve.place(at)}) the learning rate is {number(rate)}, {phase} (it started at"
        f" {number(first)}).",
        value=rate,
        step=curve.step(at),
        strength=round(0.5 + 0.5 * share, 3),
        spans=(curve.span(at), curve.span(int(np.argmax(curve.values))), curve.span(0)),
        values={"lr_at_onset": rate, "peak_lr": peak, "start_lr": first, "share_of_peak": share, "warming_up": warming},
    )


def _change_before(curve: Curve, at: int) -> Signal | None:
    """A factor of two or more within the last three logged rates that the schedule's usual steps do not explain."""
    moves = [i for i in range(max(1, at - BEFORE + 1), at + 1) if _abrupt(curve, i)]
    if not moves:
        return None
    i = moves[-1]
    old, new = float(curve.values[i - 1]), float(curve.values[i])
    return Signal(
        name="lr_change_at_onset",
        text=f"Learning rate changes from {number(old)} to {number(new)} at {curve.place(i)}"
        + (f" ({times(new / old)})" if old > 0 else "")
        + f", {plural(at - i, 'logged point')} before the onset.",
        value=new / old if old > 0 else None,
        step=curve.step(i),
        strength=graded(max(new / old, old / new), CHANGED, 10.0) if old > 0 and new > 0 else 0.8,
        spans=(curve.span(i - 1, i),),
        values={"before": old, "after": new, "lr_at_onset": float(curve.values[at])},
    )


def _abrupt(curve: Curve, i: int) -> bool:
    """A doubling or halving other than the first steps of a warm-up, which has only risen so far."""
    old, new = float(curve.values[i - 1]), float(curve.values[i])
    if min(old, new) <= 0:
        return old > 0  # to 0 is abrupt; the first step away from 0 is a warm-up
    warming_up = new > old and bool((np.diff(curve.values[:i]) > 0).all())
    return not warming_up and abs(math.log(new / old)) >= math.log(CHANGED)
