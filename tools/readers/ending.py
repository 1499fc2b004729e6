"""How a run ended when several files each tell a part of it."""

from misrun.tools.readers.run_record import Ending

# The stronger statement wins. A crash outranks the kill of a peer that followed it, both outrank a plan that was (or
# was not yet) reached according to a state file written before the end.
_STRENGTH = {"unknown": 0, "unfinished": 1, "finished": 2, "killed": 3, "crashed": 4}


def combined_ending(known: Ending, found: Ending) -> Ending:
    """Both endings as one: status and spans of the stronger, numbers from either, the larger step where both tell."""
    weaker, stronger = sorted((known, found), key=lambda ending: _STRENGTH[ending.status])
    return Ending(
        status=stronger.status,
        exit_code=weaker.exit_code if stronger.exit_code is None else stronger.exit_code,
        signal=stronger.signal or weaker.signal,
        last_step=_larger(known.last_step, found.last_step),
        planned_steps=_larger(known.planned_steps, found.planned_steps),
        spans=stronger.spans or weaker.spans,
    )


def _larger(one: float | None, other: float | None) -> float | None:
    return max((value for value in (one, other) if value is not None), default=None)


def is_last_report(last: float, planned: float, interval: float, *, from_zero: bool) -> bool:
    """Whether a run of `planned` steps (or epochs) that reports every `interval` has no report left after `last`.

    Counted from 0 the last one is `planned` - 1, otherwise `planned`.
    """
    following = last + interval
    return last >= planned or (interval > 0 and (following >= planned if from_zero else following > planned))
