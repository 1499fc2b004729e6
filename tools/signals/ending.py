"""How the run ended: exit code, signal, finished or not."""

import signal as posix

from misrun.tools.readers.run_record import Ending, RunRecord
from misrun.tools.record import Span
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.wording import number

# What the kernel and the launchers mean by each signal, as far as it narrows the cause.
MEANING = {
    "SIGKILL": "killed from outside, most often by the out-of-memory killer, a memory limit or the scheduler",
    "SIGTERM": "asked to stop by a launcher or the scheduler: a victim, not the culprit",
    "SIGSEGV": "crashed in native code (invalid memory access)",
    "SIGBUS": "bus error: often shared memory (/dev/shm) that ran full",
    "SIGABRT": "aborted itself in native code (failed assertion, NCCL watchdog)",
    "SIGINT": "interrupted from the keyboard",
    "SIGFPE": "arithmetic error in native code",
    "SIGILL": "illegal instruction: a binary built for another processor",
}


def measure(run: RunRecord) -> list[Signal]:
    ending = run.ending
    found = [_exit_code(ending), _killed(ending), _finished(ending), _unfinished(run), _in_evaluation(run)]
    return [signal for signal in found if signal]


def signal_of(exit_code: int | None) -> str | None:
    """The signal that an exit code stands for: -n (Python) or 128+n (shell)."""
    code = exit_code or 0
    known = {int(s): s.name for s in posix.Signals}
    return known.get(-code if code < 0 else code - 128)


def signal_name(ending: Ending) -> str | None:
    """The signal that ended the process, as told or by its exit code."""
    if ending.signal:
        return ending.signal if ending.signal.startswith("SIG") else f"SIG{ending.signal}"
    return signal_of(ending.exit_code)


def _exit_code(ending: Ending) -> Signal | None:
    if ending.exit_code is None:
        return None
    name = signal_of(ending.exit_code)
    meaning = f"{name}, {MEANING.get(name, 'a signal')}" if name else "success" if ending.exit_code == 0 else "an error"
    return Signal(
        name="exit_code",
        text=f"The process ended with exit code {ending.exit_code}: {meaning}.",
        value=float(ending.exit_code),
        strength=0.3 if ending.exit_code == 0 else 1.0,
        spans=ending.spans,
        values={"exit_code": ending.exit_code, "signal": name},
    )


def _killed(ending: Ending) -> Signal | None:
    name = signal_name(ending)
    if name is None:
        return None
    at = f" after step {number(ending.last_step)}" if ending.last_step is not None else ""
    return Signal(
        name="killed_by_signal",
        text=f"The process was ended by {name}{at}: {MEANING.get(name, 'a signal of the system')}.",
        step=ending.last_step,
        spans=ending.spans,
        values={"signal": name, "exit_code": ending.exit_code, "last_step": ending.last_step},
    )


def _progress(ending: Ending) -> str:
    if ending.last_step is None:
        return ""
    plan = f" of {number(ending.planned_steps)}" if ending.planned_steps is not None else ""
    return f" at step {number(ending.last_step)}{plan}"


def _finished(ending: Ending) -> Signal | None:
    if ending.status != "finished":
        return None
    return Signal(
        name="run_finished",
        text=f"The run came to its planned end{_progress(ending)}.",
        value=ending.last_step,
        spans=ending.spans,
        values={"last_step": ending.last_step, "planned_steps": ending.planned_steps},
    )


def _unfinished(run: RunRecord) -> Signal | None:
    """Only where nothing says why: an error or a kill explains an early end."""
    ending = run.ending
    explained = any(event.kind in {"error", "kill"} for event in run.events)
    if ending.status != "unfinished" or explained:
        return None
    return Signal(
        name="run_unfinished",
        text=f"The run stops{_progress(ending)} before its planned end, and nothing in the logs says why.",
        value=ending.last_step,
        step=ending.last_step,
        strength=0.7,
        spans=ending.spans,
        values={"last_step": ending.last_step, "planned_steps": ending.planned_steps},
    )


def _in_evaluation(run: RunRecord) -> Signal | None:
    """An evaluation was announced after the last point of any series of its file: none of its results was logged."""
    for event in run.events:
        told = event.values.get("last_line")
        if event.name != "evaluation_started" or not isinstance(told, int) or run.ending.status == "finished":
            continue
        later = [line for s in run.series if s.file == event.span.file for line in s.lines if line > told]
        if not later:
            return Signal(
                name="stopped_in_evaluation",
                text=f"The log ends in the evaluation that line {told} announces; none of its results was logged.",
                step=run.ending.last_step,
                strength=0.8,
                spans=(Span(file=event.span.file, first=told, last=told),),
                values={"last_line": told},
            )
    return None
