"""Solves a debugging episode without a language model: run, read, repair, run again, submit.

The environment is known by its interface alone (reset and step, as the arena serves it), never by its tasks: everything
the solver goes by is what misrun finds in any project, and what the debugging tools show.
"""

import tempfile
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Protocol

from misrun.tools.code.finding import Finding
from misrun.tools.code.inspect import inspect
from misrun.tools.diagnosis.evidence_scorer import diagnose
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.hypothesis import Diagnosis
from misrun.tools.readers.registry import read_run
from misrun.tools.record import Record
from misrun.tools.repair.registry import next_repair
from misrun.tools.repair.repair import Clues, Failure, Repair, failure
from misrun.tools.signals.measure import measure

# Enough to see the losses fall and what the loss is given.
_PROBED_STEPS = 5
# More repairs than any script needs; a rule that undoes another must not go on for ever.
_MOST_REPAIRS = 20


class Environment(Protocol):
    """What the solver plays in: the first observation, and observation, reward and end of every step."""

    def reset(self) -> Mapping[str, Any]: ...

    def step(self, action: Mapping[str, Any]) -> tuple[Mapping[str, Any], float, bool]: ...


class Claim(Record):
    """One fault as submitted: failure mode, line of the script that was given, and why."""

    mode: str
    line: int
    text: str


class Solved(Record):
    """How the episode went: the reward, what was claimed, the script handed in, and the grader's details."""

    reward: float
    claims: tuple[Claim, ...]
    code: str
    turns: int
    details: dict[str, Any]


def solve(environment: Environment) -> Solved:
    """Plays one episode to its end."""
    return _Solver(environment).play()


class _Solver:
    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        first = environment.reset()
        self._given = self._code = str(first["buggy_code"])
        self._left = int(first["turns_left"])
        self._turns = 0
        self._claims: list[Claim] = []
        self._probed: Mapping[str, Any] = {}

    def play(self) -> Solved:
        output, failed = self._run()
        diagnosis = _diagnosed(self._code, output)
        while self._turns_for_more():
            if failed is None and not self._probed.get("losses"):
                failed = self._probe()
            if not self._repair(failed):
                break
            failed = self._look_again(failed)
        return self._submit(diagnosis)

    def _look_again(self, failed: Failure | None) -> Failure | None:
        """What the repaired script ends with: its first steps where it never got past them, else all of it."""
        if failed is not None and not self._probed.get("losses"):
            return self._probe() or self._run()[1]
        return self._run()[1]

    def _turns_for_more(self) -> bool:
        """Whether there is time to look again after a repair, and still compare and submit."""
        return self._left > 3

    def _step(self, action: Mapping[str, Any]) -> tuple[Mapping[str, Any], float]:
        observation, reward, _ = self._environment.step(action)
        self._left -= 1
        self._turns += 1
        return observation, reward

    def _run(self) -> tuple[str, Failure | None]:
        """The whole script: what it printed, and the error it ended with."""
        seen, _ = self._step({"action_type": "execute_snippet", "code": self._code})
        output = f"{seen.get('stdout', '')}{seen.get('stderr', '')}"
        return output, failure(output) if seen.get("exit_code") else None

    def _probe(self) -> Failure | None:
        """Its first steps, which are remembered as far as they got."""
        seen, _ = self._step({"action_type": "run_training_probe", "code": self._code, "steps": _PROBED_STEPS})
        self._probed = seen
        return failure(str(seen.get("stderr", ""))) if seen.get("error") else None

    def _repair(self, failed: Failure | None) -> bool:
        """Makes every repair that the clues ask for; an error counts for one, since it may hide others behind it."""
        before = self._code
        for _ in range(_MOST_REPAIRS):
            clues = Clues(self._code, _findings(self._code), failed, self._probed)
            repair = next_repair(clues)
            if repair is None:
                break
            self._take(repair)
            failed = None
        return self._code != before

    def _take(self, repair: Repair) -> None:
        line = original_line(self._given, self._code, repair.line)
        self._claims.append(Claim(mode=repair.mode, line=line, text=repair.why))
        self._code = repair.code

    def _submit(self, diagnosis: Diagnosis) -> Solved:
        if self._left > 1:
            self._step({"action_type": "inspect_diff", "proposed_code": self._code})
        action = {
            "action_type": "submit_fix",
            "fixed_code": self._code,
            "diagnosis": [claim.model_dump() for claim in self._claims],
            "explanation": _explanation(self._claims, diagnosis),
        }
        seen, reward = self._step(action)
        details = dict(seen.get("grader_details", {}))
        return Solved(reward=reward, claims=tuple(self._claims), code=self._code, turns=self._turns, details=details)


def _findings(code: str) -> Sequence[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "train.py").write_text(code, "utf-8")
        return inspect(Path(folder)).findings


def _diagnosed(code: str, output: str) -> Diagnosis:
    """What the engine makes of the script and of what its first run printed."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "train.py").write_text(code, "utf-8")
        Path(folder, "train.log").write_text(output, "utf-8")
        run = read_run(Path(folder))
        return diagnose(Facts(run, measure(run), inspect(Path(folder)).findings))


def _explanation(claims: Sequence[Claim], diagnosis: Diagnosis) -> str:
    lines = [f"line {claim.line}: {claim.text}" for claim in claims]
    leading = [f"{h.mode} ({h.likelihood:.2f})" for h in diagnosis.hypotheses[:3]]
    return "\n".join([*lines, f"From the first run: {', '.join(leading) or 'no hypothesis'}."])


def original_line(given: str, now: str, line: int) -> int:
    """The line of the given script that a line of the present one comes from, or stands behind."""
    matcher = SequenceMatcher(None, given.splitlines(), now.splitlines(), autojunk=False)
    for _, first, last, start, end in matcher.get_opcodes():
        if start < line <= end:
            return min(first + line - start, max(last, first + 1))
    return line
