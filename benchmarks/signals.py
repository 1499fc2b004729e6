"""False alarms and misses of the signals on random curves: `python benchmarks/signals.py [healthy] [failing] [seed]`.

Healthy runs draw length (5..5,000 points), shape, floor, noise, schedule, logging interval, validation, memory and
speed at random, with the things that look alarming and are not: fp16 loss-scale search, spikes that recover, warm
restarts, decay to 0, mild overfitting, heavy-tailed noise. Failing runs add one failure to a healthy one. Prints k/n
per signal; a signal below strength 0.5 is a mark and does not count (see measure.measure).
"""

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.run_record import RunRecord
from misrun.tools.record import Span
from misrun.tools.signals.measure import measure

Floats = NDArray[np.float64]
COUNTS = 0.5
# Facts that a healthy run may carry at any strength.
NEUTRAL = {
    "loss_improving", "metric_reached", "adversaries_balanced", "validation_improving", "loss_scale_search",
    "lr_no_warmup", "run_finished", "memory_high_stable", "lr_at_onset",
}  # fmt: skip


@dataclass
class Curves:
    """One run as columns over its logged points; `settings` go into the configuration."""

    steps: Floats
    columns: dict[str, Floats]
    evaluations: NDArray[np.int64]
    settings: dict[str, float | str | bool] = field(default_factory=dict)

    def record(self) -> RunRecord:
        run = RunBuilder("random")
        for name, values in self.columns.items():
            held_out = name.startswith("val") or name in {"f1", "recall", "precision"}
            points = self.evaluations if held_out else range(len(self.steps))
            for line in points:
                run.metric(name, float(values[line]), file="log", line=int(line) + 1, step=float(self.steps[line]))
        for i, (name, value) in enumerate(self.settings.items()):
            run.config(name, value, span=Span(file="config.yaml", first=i + 1, last=i + 1), origin="yaml")
        return run.build()


def _shape(random: np.random.Generator, progress: Floats) -> Floats:
    """1 at the start to 0 at the end of learning: power law, exponential, or two phases."""
    kind = random.integers(3)
    if kind == 0:
        rate = random.uniform(10, 300)
        curve = (1 + rate * progress) ** -random.uniform(0.3, 1.0)
    elif kind == 1:
        curve = np.exp(-random.uniform(2, 8) * progress)
    else:
        middle = random.uniform(0.1, 0.5)
        curve = 0.6 * np.exp(-6 * progress) + 0.4 / (1 + np.exp((progress - middle) / 0.08))
    return np.asarray(curve, dtype=np.float64)


def _rates(random: np.random.Generator, progress: Floats) -> Floats:
    peak = 10 ** random.uniform(-4.5, -2.5)
    warm = random.choice([0.0, 0.02, 0.1])
    kind = random.integers(5)
    if kind == 0:
        decay = np.ones_like(progress)
    elif kind == 1:
        decay = 0.5 * (1 + np.cos(np.pi * progress))
    elif kind == 2:
        decay = 1 - progress
    elif kind == 3:
        decay = 0.1 ** np.floor(progress * 3)
    else:
        decay = 0.5 * (1 + np.cos(np.pi * ((progress * 4) % 1.0)))
    return peak * decay * (np.minimum(1.0, progress / warm) if warm else 1.0)


def _noise(random: np.random.Generator, count: int) -> Floats:
    """Multiplicative, 0.2 to 15 %, sometimes with the heavy tail of a t distribution, sometimes averaged like a log."""
    scale = 10 ** random.uniform(-2.7, -0.8)
    raw = random.standard_t(4, count) if random.random() < 0.3 else random.standard_normal(count)
    if random.random() < 0.2:
        raw = np.convolve(raw, np.full(5, 0.2), mode="same")
    return np.exp(scale * raw)


def healthy(random: np.random.Generator) -> Curves:
    count = int(10 ** random.uniform(np.log10(5), np.log10(5000)))
    progress = np.linspace(0, 1, count)
    start = float(random.choice([0.693, 1.1, 2.303, 4.605, 6.9, 10.4]) * random.uniform(1.0, 1.15))
    floor = random.uniform(0.0, 0.45) * start
    clean = floor + (start - floor) * _shape(random, progress)
    loss = clean * _noise(random, count)
    norm = (
        random.uniform(0.3, 4)
        * (0.4 + _shape(random, progress))
        * np.exp(random.uniform(0.05, 0.4) * random.standard_normal(count))
    )
    base = 10 ** random.uniform(3, 4.8)
    memory = base * (1 + 0.002 * random.standard_normal(count))
    memory[0] *= random.uniform(0.7, 1.0)
    gap = 1 + random.uniform(0, 0.15) + random.uniform(0, 0.07) * np.maximum(0, progress - 0.6)
    value = clean * gap * np.exp(0.02 * random.standard_normal(count))
    every = max(1, count // int(random.choice([3, 5, 10, 20])))
    run = Curves(
        steps=np.arange(1, count + 1, dtype=np.float64) * float(random.choice([1, 10, 50])),
        columns={"loss": loss, "grad_norm": norm, "lr": _rates(random, progress), "memory": memory, "val_loss": value,
                 "step_time": random.uniform(0.1, 2) * np.exp(0.05 * random.standard_normal(count))},
        evaluations=np.arange(every - 1, count, every),
        settings={"optimizer": "adamw"},
    )  # fmt: skip
    _alarming(random, run)
    _evaluated(random, run, (clean - floor) / (start - floor))
    _parts(random, run)
    return run


PARTS = ("grad_norm_encoder", "grad_norm_head", "grad/norm1.bias")


def _parts(random: np.random.Generator, run: Curves) -> None:
    """Gradient norms per part, orders of magnitude apart, and a bias before a normalisation, which has none."""
    if random.random() < 0.3:
        norm = np.nan_to_num(run.columns["grad_norm"], nan=1.0)
        for name in PARTS[:2]:
            run.columns[name] = norm * 10 ** random.uniform(-3, 0) * np.exp(0.3 * random.standard_normal(len(norm)))
        run.columns[PARTS[2]] = np.zeros(len(norm))


# Metrics of `_evaluated`; a failing run has only those that its failure wrote.
METRICS = ("val_accuracy", "f1", "recall", "precision", "val_r2")


def _evaluated(random: np.random.Generator, run: Curves, left: Floats) -> None:
    """Metrics, precision and the name of the objective, as they vary between programs; `left` goes from 1 to 0."""
    guess = 1 / int(random.choice([2, 10, 100]))
    reached = guess + (random.uniform(0.6, 0.99) - guess) * (1 - left)
    wobble = 0.01 * random.standard_normal(len(left))
    if random.random() < 0.5:
        run.columns["val_accuracy"] = np.clip(reached + wobble, 0, 1)
    if random.random() < 0.5:
        for name in ("f1", "recall", "precision"):  # rare positives are found late
            run.columns[name] = np.clip((left < random.uniform(0.7, 1)) * (reached + 2 * wobble), 0, 1)
    if random.random() < 0.3:
        run.columns["val_r2"] = np.clip(1 - left + wobble, -1, 1)
    if random.random() < 0.3:
        run.settings[str(random.choice(["fp16", "use_amp"]))] = True
    if random.random() < 0.2:
        kind = str(random.choice(["mse", "mae", "rmse"]))
        run.columns[kind], run.columns["val_" + kind] = run.columns.pop("loss"), run.columns.pop("val_loss")


def _alarming(random: np.random.Generator, run: Curves) -> None:
    """Things that look alarming and are not."""
    count = len(run.steps)
    if random.random() < 0.3:  # fp16: overflows until a scale is found
        search = min(count - 1, int(random.integers(1, 6)))
        scale = np.full(count, 65536.0 / 2**search)
        scale[:search] = 65536.0 / 2 ** np.arange(search)
        run.columns["loss_scale"] = scale
        run.columns["grad_norm"][: min(search, count // 4)] = np.nan
    if random.random() < 0.3 and count > 30:  # a bad batch
        for at in random.integers(15, count - 8, 2):
            run.columns["loss"][at] *= random.uniform(1.5, 4)
            run.columns["grad_norm"][at] *= random.uniform(3, 30)


# One failure each: changes the run in place and names the signals of which at least one must be measured.
Failure = Callable[[np.random.Generator, Curves], tuple[str, ...]]


def _at(random: np.random.Generator, run: Curves) -> int:
    count = len(run.steps)
    return int(random.integers(max(3, count // 3), max(4, int(0.9 * count))))


def nan_after_explosion(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    at = _at(random, run)
    climb = min(3, at - 1)
    run.columns["grad_norm"][at - climb : at] *= np.array([8.0, 60.0, 900.0])[-climb:]
    for name in ("loss", "grad_norm"):
        run.columns[name][at:] = np.nan
    return ("loss_nonfinite",)


def nan_out_of_the_blue(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    run.columns["loss"][_at(random, run) :] = np.nan
    return ("loss_nonfinite",)


def hidden_nan(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    at = _at(random, run)
    run.columns["loss"][at:], run.columns["grad_norm"][at:] = 0.0, np.nan
    return ("loss_hidden_nan",)


def zero_loss(_random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    run.columns["loss"][:], run.columns["grad_norm"][:] = 0.0, 0.0
    return ("loss_zero",)


def divergence(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    at, loss = _at(random, run), run.columns["loss"]
    growth = np.exp(np.linspace(0, random.uniform(1.5, 8), len(loss) - at))
    loss[at:] = loss[at - 1] * growth * np.exp(0.1 * random.standard_normal(len(loss) - at)) + 0.3 * loss[0]
    return ("loss_divergence", "loss_spike")


def collapse_to_chance(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    at, loss = _at(random, run), run.columns["loss"]
    loss[at:] = 1.02 * loss[0] * np.exp(0.01 * random.standard_normal(len(loss) - at))
    return ("loss_divergence", "loss_spike")


def exploding(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    at, norm = _at(random, run), run.columns["grad_norm"]
    norm[at:] *= np.exp(np.linspace(1, random.uniform(4, 10), len(norm) - at))
    return ("grad_exploding",)


def vanishing(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    count = len(run.steps)
    run.columns["loss"][:] = run.columns["loss"][0] * np.exp(0.01 * random.standard_normal(count))
    run.columns["grad_norm"] *= np.exp(-np.linspace(0, 9, count))
    return ("grad_vanishing",)


def chance(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    classes = int(random.choice([2, 10, 100, 1000]))
    run.settings["num_classes"] = float(classes)
    run.columns["loss"][:] = np.log(classes) * np.exp(0.01 * random.standard_normal(len(run.steps)))
    return ("loss_at_chance",)


def constant(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    run.columns["loss"][:] = random.uniform(0.5, 9) * np.exp(0.05 * random.standard_normal(len(run.steps)))
    return ("loss_constant", "loss_at_chance")


def plateau(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    progress = np.linspace(0, 1, len(run.steps))
    level = random.uniform(0.6, 0.85)
    shape = level + (1 - level) * np.exp(-random.uniform(15, 40) * progress)
    run.columns["loss"][:] = 10.4 * shape * np.exp(0.01 * random.standard_normal(len(progress)))
    return ("loss_plateau",)


def oscillation(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    index = np.arange(len(run.steps))
    swing = np.where(index % 2 == 0, 1.0, 0.3) if random.random() < 0.5 else np.exp(random.standard_normal(len(index)))
    run.columns["loss"][:] = 2.3 * swing * np.exp(0.1 * random.standard_normal(len(index)))
    return ("loss_oscillation",)


def slow(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    progress = np.linspace(0, 1, len(run.steps))
    run.columns["loss"][:] = (
        2.3 * (1 - random.uniform(0.07, 0.15) * progress) * np.exp(0.003 * random.standard_normal(len(progress)))
    )
    return ("loss_slow",)


def sawtooth(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    count = len(run.steps)
    period = max(6, count // int(random.integers(5, 12)))
    run.columns["loss"][:] = (
        2.0 * (1 + 0.4 * ((np.arange(count) % period) / period)) * np.exp(0.03 * random.standard_normal(count))
    )
    return ("loss_periodic",)


def overfitting(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    progress = np.linspace(0, 1, len(run.steps))
    run.columns["loss"][:] = 2.3 * np.exp(-4 * progress) * np.exp(0.05 * random.standard_normal(len(progress)))
    rise = np.maximum(0, progress - random.uniform(0.2, 0.5))
    run.columns["val_loss"][:] = (1.2 + np.exp(-6 * progress) + random.uniform(1, 3) * rise) * np.exp(
        0.01 * random.standard_normal(len(progress))
    )
    every = max(1, len(progress) // 10)
    run.evaluations = np.arange(every - 1, len(progress), every)
    return ("validation_gap",)


def unrelated_validation(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    progress = np.linspace(0, 1, len(run.steps))
    run.columns["loss"][:] = 2.3 * np.exp(-3 * progress) * np.exp(0.03 * random.standard_normal(len(progress)))
    run.columns["val_loss"][:] = 2.3 * np.exp(0.005 * random.standard_normal(len(progress)))
    every = max(1, len(progress) // 10)
    run.evaluations = np.arange(every - 1, len(progress), every)
    return ("validation_flat",)


def leak(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    run.columns["memory"] *= np.linspace(1, random.uniform(1.3, 4), len(run.steps))
    return ("memory_growth",)


def jump(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    run.columns["memory"][_at(random, run) :] *= random.uniform(1.5, 2.5)
    return ("memory_jump",)


def slower(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    run.columns["step_time"][len(run.steps) // 2 :] *= random.uniform(2.5, 8)
    return ("throughput_collapse",)


def dead_rate(_random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    run.columns["lr"][len(run.steps) // 2 :] = 0.0
    return ("lr_zero",)


def bad_resume(_random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    at, loss = max(6, len(run.steps) // 2), run.columns["loss"]
    fade = np.exp(-np.arange(len(loss) - at) / max(2, len(loss) / 10))
    loss[at:] += 2.0 * loss[:6].max() * fade
    run.steps[at:] -= run.steps[at] - run.steps[at - 4]
    return ("loss_jump_at_resume",)


def many_overflows(_random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    run.columns["loss_scale"] = np.maximum(1.0, 65536.0 / 2 ** np.linspace(0, 20, len(run.steps)))
    return ("loss_scale_collapse",)


def objective_diverges(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    """The same divergence in a program that never says "loss"."""
    expected = divergence(random, run)
    run.columns["mse"] = run.columns.pop("loss")
    return expected


def nan_at_once(_random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    run.columns["loss"][:] = np.nan
    run.columns["grad_norm"][:] = 0.0
    return ("nan_from_start",)


def few_points_before_nan(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    """Four to eight logged norms, the last one or two far above the others, then no numbers."""
    at = int(random.integers(4, 9))
    run.columns["grad_norm"][:at] = 2.0 * np.exp(0.3 * random.standard_normal(at))
    run.columns["grad_norm"][at - 1] *= random.uniform(25, 500)
    for name in ("loss", "grad_norm"):
        run.columns[name][at:] = np.nan
    return ("grad_exploding",)


def blow_up_at_start(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    """Up by orders of magnitude in the first points, and back to what predicting the mean gives."""
    count, loss = len(run.steps), run.columns["loss"]
    up = max(2, count // 10)
    loss[1:] = 0.9 * loss[0] * np.exp(0.02 * random.standard_normal(count - 1))
    loss[1 : up + 1] *= 10 ** np.linspace(random.uniform(4, 9), 0, up)
    return ("loss_blow_up",)


def one_class(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    count = len(run.steps)
    run.columns |= {"f1": np.zeros(count), "recall": np.zeros(count), "val_accuracy": np.full(count, 0.98)}
    every = max(1, count // int(random.integers(6, 12)))
    run.evaluations = np.arange(every - 1, count, every)
    return ("one_class_predicted",)


def explains_nothing(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    count = len(run.steps)
    run.columns["val_r2"] = random.uniform(-0.02, 0.04) + 0.005 * random.standard_normal(count)
    every = max(1, count // 10)
    run.evaluations = np.arange(every - 1, count, every)
    return ("validation_poor",)


def half_precision_overflow(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    run.settings["dtype"] = "torch.float16"
    run.columns["loss"][_at(random, run) :] = np.inf
    return ("half_precision",)


def part_without_gradient(_random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    run.columns |= {"grad_norm_encoder": np.zeros(len(run.steps)), "grad_norm_head": run.columns["grad_norm"].copy()}
    return ("gradient_part_zero",)


def metric_lost(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    """The representation goes while its loss falls."""
    count = len(run.steps)
    high, low = random.uniform(0.6, 0.98), random.uniform(0.05, 0.4)
    way = np.exp(-random.uniform(3, 8) * np.linspace(0, 1, count))
    run.columns["val_accuracy"] = low + (high - low) * way + 0.01 * random.standard_normal(count)
    every = max(1, count // int(random.integers(6, 20)))
    run.evaluations = np.arange(every - 1, count, every)
    return ("metric_falls",)


def accuracy_of_other_labels(random: np.random.Generator, run: Curves) -> tuple[str, ...]:
    """A cross entropy near 0 beside the accuracy of a guess."""
    progress = np.linspace(0, 1, len(run.steps))
    for name in ("loss", "val_loss"):
        run.columns[name] = 2.3 * np.exp(-6 * progress) * np.exp(0.05 * random.standard_normal(len(progress)))
    run.columns["val_accuracy"] = np.clip(0.1 + 0.01 * random.standard_normal(len(progress)), 0, 1)
    every = max(1, len(progress) // 10)
    run.evaluations = np.arange(every - 1, len(progress), every)
    return ("metric_impossible",)


FAILURES: tuple[Failure, ...] = (
    nan_after_explosion, nan_out_of_the_blue, hidden_nan, zero_loss, divergence, collapse_to_chance, exploding,
    vanishing, chance, constant, plateau, oscillation, slow, sawtooth, overfitting, unrelated_validation, leak, jump,
    slower, dead_rate, bad_resume, many_overflows, objective_diverges, nan_at_once, few_points_before_nan,
    blow_up_at_start, one_class, explains_nothing, half_precision_overflow,
    part_without_gradient, metric_lost, accuracy_of_other_labels,
)  # fmt: skip


def _strong(record: RunRecord) -> set[str]:
    return {signal.name for signal in measure(record) if signal.strength >= COUNTS}


def false_alarms(runs: int, seed: int) -> tuple[Counter[str], int]:
    """Number of healthy runs with each alarm, and with any."""
    alarms: Counter[str] = Counter()
    alarmed = 0
    for i in range(runs):
        found = _strong(healthy(np.random.default_rng([seed, 0, i])).record()) - NEUTRAL
        alarms.update(found)
        alarmed += bool(found)
    return alarms, alarmed


def detections(runs: int, seed: int) -> dict[str, tuple[int, int]]:
    """Failure -> (runs in which an expected signal was measured, runs). Failing runs have at least 24 points."""
    counts: dict[str, tuple[int, int]] = {}
    for i in range(runs):
        failure = FAILURES[i % len(FAILURES)]
        random = np.random.default_rng([seed, 1, i])
        run = healthy(random)
        while len(run.steps) < 24 or "loss" not in run.columns:
            run = healthy(random)
        run.columns = {name: column for name, column in run.columns.items() if name not in METRICS + PARTS}
        expected = failure(random, run)
        found, total = counts.get(failure.__name__, (0, 0))
        counts[failure.__name__] = (found + bool(_strong(run.record()) & set(expected)), total + 1)
    return counts


def main() -> None:
    runs, failing, seed = (int(given) for given in (sys.argv[1:] + ["400", "640", "1"][len(sys.argv) - 1 :])[:3])
    alarms, alarmed = false_alarms(runs, seed)
    print(f"false alarms: {alarmed}/{runs} healthy runs")  # noqa: T201 - a script's output
    for name, count in alarms.most_common():
        print(f"  {name:32} {count}/{runs}")  # noqa: T201
    counts = detections(failing, seed)
    hit, total = (sum(column) for column in zip(*counts.values(), strict=True))
    print(f"detected: {hit}/{total} failing runs")  # noqa: T201
    for name, (found, tried) in counts.items():
        print(f"  {name:32} {found}/{tried}")  # noqa: T201


if __name__ == "__main__":
    main()
