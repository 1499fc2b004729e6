"""All clues: one file per category, and one for what users say in words, whose weights rest on how people phrase things."""

from misrun.tools.diagnosis.clues import data_pipeline, healthy, memory_hardware, model_software, optimization
from misrun.tools.diagnosis.clues.clue import Clue
from misrun.tools.diagnosis.clues.complaints import COMPLAINT_CLUES

CLUES: tuple[Clue, ...] = (
    *memory_hardware.CLUES,
    *optimization.CLUES,
    *data_pipeline.CLUES,
    *model_software.CLUES,
    *healthy.CLUES,
    *(Clue(mode, signal, weight, group) for mode, signal, weight, group in COMPLAINT_CLUES),
)
