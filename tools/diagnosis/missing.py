"""The one measurement that would settle an open question, chosen from what this run lacks."""

from collections.abc import Sequence

from misrun.tools.diagnosis.facts import FAILING, Facts
from misrun.tools.diagnosis.hypothesis import Hypothesis
from misrun.tools.diagnosis.taxonomy import HEALTHY, MODES

# Which series settle which kind of question, asked for by the name a user would log them under.
_SERIES_FOR: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("optimization/", ("grad_norm",), "the gradient norm at every step (the return value of torch.nn.utils.clip_grad_norm_)"),
    ("optimization/", ("lr",), "the learning rate at every step (optimizer.param_groups[0]['lr'])"),
    ("memory_hardware/", ("memory",), "allocated memory at every step (torch.cuda.memory_allocated() or the process RSS)"),
)  # fmt: skip


def missing_measurement(facts: Facts, hypotheses: Sequence[Hypothesis]) -> str:
    """In order: a log at all, the end of the log, the metrics, the series that separates the leading modes, the code,
    and at last the measurement the taxonomy names for the leading mode."""
    leading = [h.mode for h in hypotheses if h.mode != HEALTHY][:2]
    return (
        _missing_source(facts)
        or _missing_series(facts, leading)
        or _missing_code(facts, leading)
        or (
            MODES[leading[0]].settled_by
            if leading
            else "validation loss and metric per epoch, beside the training loss"
        )
    )


def _missing_source(facts: Facts) -> str:
    if not facts.run.series and not facts.run.events:
        return "the console log of the run (stdout and stderr), from its start to its last line"
    if not facts.run.series and not facts.run.code:
        return "the metrics of the run (loss and learning rate per step), or the training script"
    if facts.root is None and (facts.run.ending.status == "unfinished" or _stops_without_a_word(facts)):
        return "the end of stderr and the exit code of the process: the log stops without saying why"
    return ""


def _stops_without_a_word(facts: Facts) -> bool:
    """Nothing says how the run ended and nothing that was measured looks wrong."""
    quiet = not any(signal.strength >= FAILING for signal in facts.signals)
    return facts.run.ending.status == "unknown" and quiet and not facts.findings


def _missing_series(facts: Facts, leading: Sequence[str]) -> str:
    for prefix, names, ask in _SERIES_FOR:
        if any(mode.startswith(prefix) for mode in leading) and not facts.measured(*names):
            return ask
    return ""


def _missing_code(facts: Facts, leading: Sequence[str]) -> str:
    of_code = any(mode.startswith(("model_software/", "data_pipeline/")) for mode in leading)
    return "the training script (the loop, the loss and the data loading)" if of_code and not facts.run.code else ""
