"""A generator against a discriminator: where one wins for good, the other learns nothing."""

import math
import re

import numpy as np

from misrun.tools.readers.run_record import RunRecord
from misrun.tools.signals.curve import Curve, chosen
from misrun.tools.signals.robust import end_level, start_level
from misrun.tools.signals.robust import strength as graded
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.task import Task
from misrun.tools.signals.wording import number

# At balance the discriminator's two terms cost 2 ln 2 = 1.39 and the generator's ln 2 = 0.69 (Goodfellow et al. 2014,
# section 4.1). A tenth of that says that nearly every sample is told apart; the generator must be paying for it.
FULL = 2.0 * math.log(2.0)
WON, WON_SURE, PAYS = 0.14, 0.01, 2.0
_GENERATOR = re.compile(r"(?:^|[^a-z])(?:g_loss|loss_g|gen_loss|loss_gen|generator_loss|lossg|g_adv)(?:[^a-z]|$)")
_DISCRIMINATOR = re.compile(r"(?:^|[^a-z])(?:d_loss|loss_d|disc_loss|loss_disc|discriminator_loss|lossd)(?:[^a-z]|$)")


def measure(run: RunRecord, task: Task) -> list[Signal]:
    if not task.adversarial:
        return []
    generator, discriminator = _loss(run, _GENERATOR), _loss(run, _DISCRIMINATOR)
    found = _won(generator, discriminator) if generator is not None and discriminator is not None else None
    return [found] if found else []


def balanced(run: RunRecord, task: Task) -> Signal | None:
    """Both near what they cost at balance at the end, neither running away: the discriminator between half and 1.3
    times 2 ln 2 (its most, where it always says one half), the generator around ln 2."""
    generator, discriminator = _loss(run, _GENERATOR), _loss(run, _DISCRIMINATOR)
    if not task.adversarial or generator is None or discriminator is None:
        return None
    level, pays = (float(np.median(c.values[len(c) // 2 :])) for c in (discriminator, generator))
    halved = level < FULL / 2  # some log the mean of the two terms
    lowest, highest = (0.5, 1.3) if not halved else (0.25, 0.65)
    if not lowest * FULL <= level <= highest * FULL or not 0.3 <= pays <= PAYS:
        return None
    return Signal(
        name="adversaries_balanced",
        text=f"{discriminator.series.raw_name} stays at {number(level)} and {generator.series.raw_name} at"
        f" {number(pays)}, near their balance (1.39 and 0.69).",
        value=level,
        strength=0.8,
        spans=(discriminator.span(0, -1), generator.span(0, -1)),
        values={"discriminator": level, "generator": pays, "step_kind": discriminator.series.step_kind},
    )


def _loss(run: RunRecord, pattern: re.Pattern[str]) -> Curve | None:
    series = chosen(s for s in run.series if pattern.search(s.raw_name.lower().replace(" ", "_")))
    curve = Curve.of(series) if series is not None else None
    return curve if curve is not None and len(curve) >= 6 else None


def _won(generator: Curve, discriminator: Curve) -> Signal | None:
    """Both late: the discriminator costs next to nothing, and the generator more than at balance and at its start.
    Losses that go below 0 (Wasserstein, hinge on the generator's side) have no such level."""
    late = discriminator.values[len(discriminator) // 2 :]
    level, pays = float(np.median(late)), end_level(generator.values)
    if float(discriminator.values.min()) < 0.0 or not 0.0 <= level <= WON or pays < PAYS:
        return None
    if pays < start_level(generator.values):
        return None
    return Signal(
        name="discriminator_wins",
        text=f"The discriminator's loss {discriminator.series.raw_name} stays at {number(level)} (1.39 at balance)"
        f" while the generator's {generator.series.raw_name} ends at {number(pays)} (0.69 at balance).",
        value=level,
        step=discriminator.step(len(discriminator) // 2),
        strength=graded(WON / max(level, 1e-9), 1.0, WON / WON_SURE),
        spans=(discriminator.span(0, -1), generator.span(0, -1)),
        values={"discriminator": level, "generator": pays, "step_kind": discriminator.series.step_kind},
    )
