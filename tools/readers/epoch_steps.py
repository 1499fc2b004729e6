"""Fractions of an epoch as optimizer steps, where the run says how many steps an epoch has.

The Trainer of transformers prints only a fraction ('epoch': 0.05) beside its metrics, while its plan counts steps.
"""

import math

from misrun.tools.readers.run_record import ConfigValue, Scalar, Series

# trainer.py rounds the printed fraction to two decimals before version 4.40 and prints it in full since.
_ROUNDING = 0.005
# What floats of full precision may be off; a wrong number of steps per epoch is off by more at nearly every point.
_EXACT = 1e-3


def in_steps(series: list[Series], config: list[ConfigValue]) -> list[Series]:
    """The series with every fraction of an epoch replaced by the step it stands for, file by file; a file in which one
    fraction stands for no whole step keeps them all."""
    fractional = {one.file for one in series if _is_fractional(one)}
    known = {file: per_epoch for file in fractional if (per_epoch := _steps_per_epoch(file, config))}
    whole = {file for file, per_epoch in known.items() if _all_whole(file, per_epoch, series, config)}
    return [
        _converted(one, known[one.file]) if one.file in whole and one.step_kind == "epoch" else one for one in series
    ]


def _is_fractional(one: Series) -> bool:
    return one.step_kind == "epoch" and any(not step.is_integer() for step in one.steps[:100])


def _steps_per_epoch(file: str, config: list[ConfigValue]) -> float | None:
    """Optimizer steps per epoch from the banner: batches of one process (examples over the batch, rounded up) divided
    by the accumulated ones (transformers/trainer.py, `len(train_dataloader) / gradient_accumulation_steps`)."""
    said = {value.name.rsplit(".", 1)[-1]: value.value for value in config if value.span.file == file}
    examples = _positive(said.get("num_examples"))
    accumulated = _positive(said.get("gradient_accumulation_steps")) or 1.0
    per_device = _positive(said.get("per_device_train_batch_size"))
    processes = _positive(said.get("world_size")) or 1.0
    total = _positive(said.get("total_train_batch_size")) or (per_device and per_device * processes * accumulated)
    if examples is None or not total:
        return None
    return math.ceil(examples * accumulated / total) / accumulated


def _all_whole(file: str, per_epoch: float, series: list[Series], config: list[ConfigValue]) -> bool:
    steps = [step * per_epoch for one in series if one.file == file and one.step_kind == "epoch" for step in one.steps]
    planned = [_positive(v.value) for v in config if v.span.file == file and v.name.endswith("max_steps")]
    # One more than planned: the summary at the end may be counted as a step.
    if any(plan is not None and max(steps) > plan + 1 for plan in planned):
        return False
    exact = all(abs(step - round(step)) <= _EXACT for step in steps)
    return exact or (per_epoch * _ROUNDING < 0.5 and all(abs(s - round(s)) <= per_epoch * _ROUNDING for s in steps))


def _converted(one: Series, per_epoch: float) -> Series:
    steps = tuple(float(round(step * per_epoch)) for step in one.steps)
    return one.model_copy(update={"steps": steps, "step_kind": "step"})


def _positive(value: Scalar | tuple[Scalar, ...]) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return float(value)
    return None
