"""Verifies scenarios by running them: failures fail, every cure cures, no decoy does, healthy runs pass."""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from importlib.metadata import version
from pathlib import Path

from pydantic import ValidationError

from misrun.scenarios.execution import ENVIRONMENT, NotRunnable, Outcome, execute, shortfalls
from misrun.scenarios.library import ROOT, load_answer
from misrun.scenarios.recording import handed_over, unlike_answer
from misrun.scenarios.schema import Answer, Change, Scenario
from misrun.tools.record import Record

# A run beyond this is not a scenario (issue: "each run at most 20 s, most under 8 s"), in processor seconds.
MAX_SECONDS = 20.0


class Trial(Record):
    """One changed run: why the change was made, and what (if anything) speaks against success."""

    why: str
    shortfalls: tuple[str, ...]


class Verification(Record):
    """Whether a scenario still shows what its answer says; `problems` is empty when it does. `not_run` says why it
    could not be tried on this machine."""

    id: str
    problems: tuple[str, ...]
    seconds: float = 0.0
    cures: tuple[Trial, ...] = ()
    decoys: tuple[Trial, ...] = ()
    not_run: str | None = None


def verify(scenario: Scenario) -> Verification:
    """Re-run the scenario, its cures and its decoys, and compare with its answer and its recorded files."""
    try:
        answer = load_answer(scenario)
        outcome = execute(scenario)
        problems = [*unlike_answer(scenario, answer, outcome), *_unlike_recording(scenario, outcome)]
        if outcome.seconds > MAX_SECONDS:
            problems.append(f"takes {outcome.seconds:.0f} s, more than {MAX_SECONDS:.0f} s")
        cures, decoys = (_trials(scenario, answer, part) for part in (answer.cures, answer.decoys))
    except NotRunnable as error:
        return Verification(id=scenario.id, problems=(), not_run=str(error))
    except (ValueError, OSError) as error:
        return Verification(id=scenario.id, problems=(str(error),))
    problems += [f"cure does not cure ({', '.join(t.shortfalls)}): {t.why}" for t in cures if t.shortfalls]
    problems += [f"decoy cures: {t.why}" for t in decoys if not t.shortfalls]
    return Verification(id=scenario.id, problems=tuple(problems), seconds=outcome.seconds, cures=cures, decoys=decoys)


def _unlike_recording(scenario: Scenario, outcome: Outcome) -> list[str]:
    """The recorded files must be those that the run leaves; their numbers are the business of evidence and onset."""
    recorded = {p.relative_to(scenario.run_dir).as_posix() for p in scenario.run_dir.rglob("*") if p.is_file()}
    now = set(handed_over(scenario, outcome))
    return [f"{name} is recorded and not written now" for name in sorted(recorded - now)] + [
        f"{name} is written now and not recorded" for name in sorted(now - recorded)
    ]


def _trials(scenario: Scenario, answer: Answer, changes: tuple[Change, ...]) -> tuple[Trial, ...]:
    return tuple(
        Trial(why=change.why, shortfalls=shortfalls(answer.success, execute(scenario, change))) for change in changes
    )


def verify_many(scenarios: tuple[Scenario, ...], journal: Path, jobs: int) -> Iterator[Verification]:
    """Verify `jobs` scenarios at a time, yielding each as it is done. `journal` (JSON lines) keeps what is done:
    a scenario whose files, verifier and packages are unchanged is not run again."""
    done = _read_journal(journal)
    keys = {scenario.id: digest(scenario) for scenario in scenarios}
    yield from (done[key] for key in keys.values() if key in done)
    with ThreadPoolExecutor(jobs) as pool:
        waiting = {pool.submit(verify, s): keys[s.id] for s in scenarios if keys[s.id] not in done}
        for future in as_completed(waiting):
            result = future.result()
            if result.not_run is None:
                _append(journal, waiting[future], result)
            yield result


def digest(scenario: Scenario) -> str:
    """Changes whenever a file of the scenario, of the verifier, or the interpreter's or PyTorch's version changes."""
    sums = hashlib.sha256(json.dumps([sys.version, version("torch"), sorted(ENVIRONMENT.items())]).encode())
    own = (path for path in scenario.folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    verifier = (*ROOT.glob("*.py"), *(ROOT / "device_budget").glob("*.py"))
    for path in sorted((*own, *verifier)):
        sums.update(f"{path.name}\0".encode() + path.read_bytes())
    return f"{scenario.id}-{sums.hexdigest()[:16]}"


def default_jobs() -> int:
    """As many runs at a time as there are processors; each run uses one thread."""
    return os.cpu_count() or 1


def _read_journal(path: Path) -> dict[str, Verification]:
    done: dict[str, Verification] = {}
    if path.is_file():
        for line in path.read_text("utf-8").splitlines():
            try:
                row = json.loads(line)
                done[row["key"]] = Verification.model_validate_json(json.dumps(row["result"]))
            except (ValueError, KeyError, TypeError, ValidationError):
                # A line cut short by an interruption: that scenario is simply verified again.
                continue
    return done


def _append(path: Path, key: str, result: Verification) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"key": key, "result": result.model_dump()}) + "\n")
