"""All cures in one place, by failure mode."""

from functools import cache

from misrun.agents.cures import data_pipeline, memory_hardware, model_software, optimization, unknown
from misrun.agents.cures.cure import Cure

CURES: tuple[Cure, ...] = (
    *memory_hardware.CURES,
    *optimization.CURES,
    *data_pipeline.CURES,
    *model_software.CURES,
    *unknown.CURES,
)


@cache
def cures_for(mode: str) -> tuple[Cure, ...]:
    """The cures (not the measurements) of a mode, the most likely to work first."""
    found = [cure for cure in CURES if cure.kind == "cure" and mode in cure.modes]
    return tuple(sorted(found, key=lambda cure: -cure.modes[mode]))


@cache
def measurement_for(mode: str) -> Cure | None:
    """The measurement that confirms or rules out a mode; None for healthy."""
    name = f"measure_{mode.partition('/')[2]}"
    return next((cure for cure in CURES if cure.kind == "measurement" and cure.id == name), None)
