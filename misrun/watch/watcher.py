"""Looks at a run again and again, and says what is new."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from misrun.tools.code.finding import Finding
from misrun.tools.code.inspect import inspect
from misrun.tools.diagnosis.evidence_scorer import diagnose
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.hypothesis import Diagnosis
from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.registry import read_run
from misrun.tools.readers.run_record import RunRecord
from misrun.tools.readers.walk import run_files
from misrun.tools.record import Record
from misrun.tools.signals.measure import COUNTS, measure
from misrun.tools.signals.precursor_outcomes import precursor_outcomes
from misrun.tools.signals.signal import Signal

Kind = Literal["sign", "verdict", "silence", "ended"]
# Signals that say how a run is doing and not that anything is wrong with it.
_WELL = frozenset(
    {"loss_improving", "validation_improving", "metric_reached", "reward_improving", "adversaries_balanced",
     "loss_scale_search", "run_finished", "memory_high_stable", "lr_at_onset", "metric_at_goal"}
)  # fmt: skip
# Fewer benchmark runs than these say nothing about a sign.
_FEWEST_RUNS = 3
_ENDED = ("finished", "crashed", "killed")


class Notice(Record):
    """One thing that is new. `step` is the last step that the run had logged; `places` are "train.log:120"; `advice` is
    what to log so that the next notice knows more. `warns` is false for a run that ended well."""

    kind: Kind
    text: str
    step: float | None = None
    mode: str = ""
    likelihood: float = 0.0
    places: tuple[str, ...] = ()
    advice: str = ""
    warns: bool = True


class Watcher:
    """Follows one run. `clock` counts seconds; it is asked, never waited for."""

    def __init__(self, path: Path, clock: Callable[[], float], stale_after: float) -> None:
        self.path, self._clock, self._stale_after = path, clock, stale_after
        self.ended = False
        self._findings: tuple[Finding, ...] = tuple(inspect(path).findings) if path.is_dir() else ()
        self._signs: set[str] = set()
        self._mode = ""
        self._state: tuple[tuple[str, int, int], ...] | None = None
        self._changed = clock()
        self._silent = False

    def look(self) -> Iterator[Notice]:
        """What is new since the last look; nothing is read again while no file has changed."""
        state = _state(self.path)
        if state == self._state:
            yield from self._silence()
            return
        self._state, self._changed, self._silent = state, self._clock(), False
        run = read_run(self.path)
        facts = Facts(run, measure(run), self._findings)
        yield from self._new_signs(facts)
        yield from self._verdict(facts)
        if run.ending.status in _ENDED:
            self.ended = True
            yield _end(run)

    def _new_signs(self, facts: Facts) -> Iterator[Notice]:
        for signal in facts.signals:
            if signal.strength >= COUNTS and signal.name not in _WELL | self._signs:
                self._signs.add(signal.name)
                yield _sign(signal, facts.run)

    def _verdict(self, facts: Facts) -> Iterator[Notice]:
        diagnosis = diagnose(facts)
        if diagnosis.abstained or diagnosis.mode == self._mode:
            return
        before, self._mode = self._mode, diagnosis.mode
        if diagnosis.category != "healthy" or before:
            yield _told(diagnosis, facts.run)

    def _silence(self) -> Iterator[Notice]:
        """A run that writes nothing any more may hang."""
        seconds = self._clock() - self._changed
        if not self._silent and seconds >= self._stale_after:
            self._silent = True
            text = f"Nothing new for {seconds / 60:.0f} minutes: the run may hang, or have ended without a word."
            yield Notice(kind="silence", text=text, advice="py-spy dump --pid PID shows where each process stands")


def _state(path: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, size and time of every file of the run; a file that goes away between listing and asking is left out."""
    files = (file for file, _ in run_files(path, RunBuilder(str(path)))) if path.is_dir() else (path,)
    found = []
    for file in files:
        try:
            stat = file.stat()
        except OSError:
            continue
        found.append((str(file), stat.st_size, stat.st_mtime_ns))
    return tuple(sorted(found))


def last_step(run: RunRecord) -> float | None:
    return max((s.steps[-1] for s in run.series if s.step_kind == "step" and s.steps), default=None)


def _sign(signal: Signal, run: RunRecord) -> Notice:
    outcome = precursor_outcomes().get(signal.name)
    seen = f" {outcome.sentence}" if outcome is not None and outcome.runs >= _FEWEST_RUNS else ""
    return Notice(
        kind="sign",
        text=signal.text + seen,
        step=last_step(run),
        places=tuple(map(str, signal.spans[:3])),
        advice=_advice(run),
    )


def _advice(run: RunRecord) -> str:
    """What the run does not log and a failure is told by first."""
    logged = {series.name for series in run.series}
    wanted = [name for name in ("grad_norm", "lr") if name not in logged]
    return f"log {' and '.join(wanted)} at every step (misrun.record does)" if wanted else ""


def _told(diagnosis: Diagnosis, run: RunRecord) -> Notice:
    leading = next((h for h in diagnosis.hypotheses if h.mode == diagnosis.mode), None)
    grounds = [ground.text for ground in leading.supporting[:2]] if leading else []
    healthy = diagnosis.category == "healthy"
    return Notice(
        kind="verdict",
        text=" ".join(("It looks healthy again." if healthy else "", *grounds)).strip(),
        step=last_step(run),
        mode=diagnosis.mode,
        likelihood=round(leading.likelihood if leading else diagnosis.likelihood, 4),
        places=tuple(str(span) for g in (leading.supporting[:2] if leading else ()) for span in g.spans[:2]),
        warns=not healthy,
    )


def _end(run: RunRecord) -> Notice:
    ending = run.ending
    text = f"The run has {'finished' if ending.status == 'finished' else f'ended: {ending.status}'}."
    places = tuple(map(str, ending.spans[:2]))
    return Notice(kind="ended", text=text, step=ending.last_step, places=places, warns=ending.status != "finished")
