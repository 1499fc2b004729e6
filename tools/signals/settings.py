"""Settings that contradict each other, or that the program says it ignores."""

from collections.abc import Callable

from misrun.tools.readers.run_record import ConfigValue, RunRecord
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import enabled, numeric
from misrun.tools.signals.text_events import brief
from misrun.tools.signals.wording import number

Conflict = tuple[str, tuple[ConfigValue, ...], float]
# What a file asks for, and what the program says it really used.
_ASKED, _USED = {"yaml", "json", "toml", "command"}, {"log", "trainer_args", "tfevents", "wandb", "mlflow"}
_COMPARED = {
    "learning_rate", "lr", "batch_size", "per_device_train_batch_size", "gradient_accumulation_steps", "max_steps",
    "epochs",
    "num_train_epochs", "warmup_steps", "weight_decay", "max_grad_norm", "seed", "fp16", "bf16", "optimizer", "dropout",
    "max_seq_length", "num_labels", "num_classes", "vocab_size",
}  # fmt: skip


def measure(run: RunRecord) -> list[Signal]:
    """Every conflict as one signal, ignored settings first, then in the order of the checks below."""
    found = [conflict for check in _CHECKS if (conflict := check(run))]
    return [*_ignored(run), *(_signal(*conflict) for conflict in found)]


def _signal(text: str, settings: tuple[ConfigValue, ...], strength: float) -> Signal:
    return Signal(
        name="config_conflict",
        text=text,
        strength=strength,
        spans=tuple(setting.span for setting in settings),
        values={setting.name: setting.value for setting in settings if not isinstance(setting.value, tuple)},
    )


def _ignored(run: RunRecord) -> list[Signal]:
    said = [event for event in run.events if event.name == "setting_ignored"]
    return [
        Signal(name="config_conflict", text=f"A setting does not take effect: {brief(event.message)}", strength=0.6,
               spans=(event.span,), values={"message": brief(event.message)})
        for event in said[:3]
    ]  # fmt: skip


def _two_precisions(run: RunRecord) -> Conflict | None:
    half, brain = run.setting("fp16"), run.setting("bf16")
    if half is None or brain is None or not (enabled(half) and enabled(brain)):
        return None
    return "fp16 and bf16 are both switched on.", (half, brain), 0.9


def _batch_product(run: RunRecord) -> Conflict | None:
    """DeepSpeed: train_batch_size = micro batch per GPU x accumulation x GPUs (its config documentation, "Batch
    Size").
    """
    total, micro = run.setting("train_batch_size"), run.setting("train_micro_batch_size_per_gpu")
    steps = run.setting("gradient_accumulation_steps")
    world = next((fact.value for fact in run.environment if fact.name == "world_size" and fact.value.isdigit()), None)
    sizes = [numeric(setting) for setting in (total, micro, steps)]
    if total is None or micro is None or steps is None or world is None or None in sizes:
        return None
    whole, part, accumulation = (size or 0.0 for size in sizes)
    product = part * accumulation * int(world)
    if whole == product:
        return None
    text = (
        f"{total.name} = {number(whole)} is not {micro.name} x {steps.name} x world size = {number(part)} x"
        f" {number(accumulation)} x {world} = {number(product)}."
    )
    return text, (total, micro, steps), 0.9


def _warmup_exceeds_run(run: RunRecord) -> Conflict | None:
    warmup, planned = (
        run.setting("warmup_steps", "num_warmup_steps"),
        run.setting("max_steps", "total_steps", "max_iters"),
    )
    start, end = numeric(warmup), numeric(planned)
    if warmup is None or planned is None or start is None or end is None or end <= 0 or start < end:
        return None
    return f"{warmup.name} = {number(start)} is not below {planned.name} = {number(end)}.", (warmup, planned), 0.8


def _longer_than_positions(run: RunRecord) -> Conflict | None:
    length = run.setting("max_seq_length", "max_length", "sequence_len", "seq_length", "block_size", "cutoff_len")
    positions = run.setting("max_position_embeddings", "n_positions", "n_ctx")
    asked, have = numeric(length), numeric(positions)
    if length is None or positions is None or asked is None or have is None or have <= 0 or asked <= have:
        return None
    text = f"{length.name} = {number(asked)} is more than the model's {positions.name} = {number(have)}."
    return text, (length, positions), 0.8


def _asked_and_used(run: RunRecord) -> Conflict | None:
    """A file asks for one value and the program reports another, under the same name."""
    asked = {v.name: v for v in run.config if v.origin in _ASKED and v.name.rsplit(".", 1)[-1] in _COMPARED}
    for used in run.config:
        wanted = asked.get(used.name) if used.origin in _USED else None
        if wanted is not None and not _same(wanted, used):
            text = (
                f"{wanted.name} = {wanted.value} in {wanted.span.file}, but the run reports {used.value} ({used.span})."
            )
            return text, (wanted, used), 0.6
    return None


def _same(one: ConfigValue, other: ConfigValue) -> bool:
    left, right = numeric(one), numeric(other)
    if left is not None and right is not None:
        # Logs print rounded numbers: four significant digits.
        return abs(left - right) <= 1e-3 * max(abs(left), abs(right))
    return str(one.value).strip().lower() == str(other.value).strip().lower()


_CHECKS: tuple[Callable[[RunRecord], Conflict | None], ...] = (
    _two_precisions,
    _batch_product,
    _warmup_exceeds_run,
    _longer_than_positions,
    _asked_and_used,
)
