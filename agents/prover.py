"""The prover: carries the first steps out on copies of the project, in the sandbox, and says what came of each.

Each step is tried alone against the same unchanged run, so that the outcomes also tell the root from its symptoms: the
cause is what makes the failure vanish when it alone is taken away. Nothing runs unless the user gave a command.
"""

from collections.abc import Sequence
from typing import NamedTuple

from misrun.agents.request import Request
from misrun.agents.step import NextStep
from misrun.tools.sandbox.sandbox import Bounds, NotConfinable
from misrun.tools.signals.signal import Signal
from misrun.tools.trial.comparison import Trial, symptoms
from misrun.tools.trial.reproduction import TooLarge
from misrun.tools.trial.trying import Laboratory

# Half of the list: what comes later is read by few, and every trial costs a run.
MOST_TRIALS = 3
# What was seen to work comes first, and what was seen to harm last; within a place the order stays as it was.
_PLACE = {"cured": 0, "improved": 1, "not run": 2, "inconclusive": 2, "not cured": 3, "harmful": 4}


class Proof(NamedTuple):
    """The steps in the order that the trials leave them in, what the trials tell about the cause, and a summary."""

    steps: tuple[NextStep, ...]
    notes: tuple[str, ...]
    summary: str


def prove(steps: Sequence[NextStep], request: Request, signals: Sequence[Signal], crashed: bool) -> Proof:
    """Tries the first steps that can be carried out by a patch or by arguments, with the command of the request.

    `signals` and `crashed` are of the run that was investigated: its failure is what must show in the unchanged run."""
    seen, bounds = symptoms(signals, crashed), Bounds(seconds=request.run_seconds)
    laboratory = Laboratory(request.root, request.command, bounds, seen)
    chosen = [step for step in steps if step.patch or step.arguments][:MOST_TRIALS]
    if not chosen:
        return Proof(tuple(steps), ("No step can be carried out by a patch or an argument.",), "nothing to try")
    try:
        trials = {step.action: laboratory.try_change(step.patch, step.arguments) for step in chosen}
    except (NotConfinable, TooLarge) as error:
        return Proof(tuple(steps), (f"No step was tried: {error}.",), "not run")
    tried = [_with(step, trials.get(step.action)) for step in steps]
    ordered = sorted(tried, key=lambda step: _PLACE[step.verdict.executed if step.verdict else "not run"])
    return Proof(tuple(ordered), _about_the_cause(tried), _summary(trials))


def _with(step: NextStep, trial: Trial | None) -> NextStep:
    if trial is None or step.verdict is None:
        return step
    update = {"executed": trial.outcome, "measured": _measured(trial)}
    return step.model_copy(update={"verdict": step.verdict.model_copy(update=update)})


def _measured(trial: Trial) -> str:
    """What was seen, in one line: numbers, and which symptoms went, stayed or came."""
    if trial.reason:
        return trial.reason
    parts = [trial.numbers]
    for word, names in (("gone", trial.gone), ("still there", trial.left), ("new", trial.new)):
        parts += [f"{word}: {', '.join(name.replace('_', ' ') for name in names)}"] if names else []
    parts += [f"worse: {', '.join(trial.worse)}"] if trial.worse else []
    return "; ".join(parts)


def _about_the_cause(steps: Sequence[NextStep]) -> tuple[str, ...]:
    """Which removal alone makes the failure vanish, and which does not."""
    verdicts = [(step, step.verdict) for step in steps if step.verdict is not None]
    cured = [step.what for step, verdict in verdicts if verdict.executed == "cured"]
    failed = [step.what for step, verdict in verdicts if verdict.executed in ("not cured", "harmful")]
    if not cured:
        return (f"None of the tried steps alone makes the failure vanish: {_listed(failed)}",) if failed else ()
    told = [f"Alone, this makes the failure vanish: {_listed(cured)}"]
    return (*told, *((f"Alone, this does not: {_listed(failed)}",) if failed else ()))


def _listed(sentences: Sequence[str]) -> str:
    return " / ".join(sentence.rstrip(".") for sentence in sentences) + "."


def _summary(trials: dict[str, Trial]) -> str:
    counts = {outcome: sum(trial.outcome == outcome for trial in trials.values()) for outcome in _PLACE}
    return f"{len(trials)} steps tried: " + ", ".join(f"{n} {outcome}" for outcome, n in counts.items() if n)
