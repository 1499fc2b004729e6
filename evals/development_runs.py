"""The runs that misrun's signals, checks and clues were developed on: small programs written for that, none of them a
scenario of the benchmark. `python -m misrun.evals.development_runs` prints what the diagnosis gets right on them.

They are kept so that a change can be seen on runs that nothing is judged by: a share here is a share on training data.
`development_runs.zip` holds a folder per run: project/ (code and what it left) and label.json (the modes that count).
"""

import json
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from misrun.tools.code.inspect import inspect
from misrun.tools.diagnosis.evidence_scorer import diagnose
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.fusion import Fusion
from misrun.tools.diagnosis.hypothesis import Diagnosis
from misrun.tools.diagnosis.methods.method import Case
from misrun.tools.diagnosis.taxonomy import HEALTHY
from misrun.tools.readers.registry import read_run
from misrun.tools.record import Record
from misrun.tools.signals.measure import measure

ARCHIVE = Path(__file__).with_name("development_runs.zip")


class Outcome(Record):
    """One run: where it comes from ("data", "optimization", ...), what counts as right, and what was said."""

    name: str
    modes: tuple[str, ...]
    diagnosis: Diagnosis

    @property
    def area(self) -> str:
        return self.name.split("-", 1)[0]

    @property
    def healthy(self) -> bool:
        return HEALTHY in self.modes

    @property
    def hit(self) -> bool:
        return self.diagnosis.category in {mode.split("/", 1)[0] for mode in self.modes}

    @property
    def in_top_three(self) -> bool:
        return any(h.mode in self.modes for h in self.diagnosis.hypotheses[:3])

    @property
    def alarm(self) -> bool:
        return self.healthy and self.diagnosis.category not in ("healthy", "unknown")


def unpacked(folder: Path) -> list[Path]:
    """The folders of all runs, unpacked into `folder`."""
    with zipfile.ZipFile(ARCHIVE) as archive:
        archive.extractall(folder)
    return sorted(path for path in folder.iterdir() if (path / "label.json").is_file())


def labelled(run_folder: Path) -> Case:
    """One run as its user would hand it over, with the modes that count as right."""
    project = run_folder / "project"
    run = read_run(project)
    modes = json.loads((run_folder / "label.json").read_text("utf-8"))["modes"]
    return Case(Facts(run, measure(run), inspect(project).findings), modes[0], frozenset(modes))


def outcome_of(run_folder: Path) -> Outcome:
    """Reads, measures, checks and diagnoses one run, with nothing fitted: no fit is judged here."""
    case = labelled(run_folder)
    return Outcome(name=run_folder.name, modes=tuple(sorted(case.also)), diagnosis=diagnose(case.facts, Fusion()))


def table(outcomes: list[Outcome]) -> Iterator[str]:
    """One line per area and one for all."""
    areas: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        areas[outcome.area].append(outcome)
    yield f"{'area':14}{'category':>10}{'top three':>11}{'healthy called':>16}{'false alarms':>14}"
    for area, found in [*sorted(areas.items()), ("all", outcomes)]:
        failing, healthy = [o for o in found if not o.healthy], [o for o in found if o.healthy]
        shares = (
            (sum(o.hit for o in failing), len(failing)),
            (sum(o.in_top_three for o in failing), len(failing)),
            (sum(o.hit for o in healthy), len(healthy)),
            (sum(o.alarm for o in healthy), len(healthy)),
        )
        yield f"{area:14}" + "".join(f"{f'{k}/{n}':>{w}}" for (k, n), w in zip(shares, (10, 11, 16, 14), strict=True))


def main() -> None:
    """Print the table; name every run that is told wrong after --wrong."""
    with tempfile.TemporaryDirectory() as temporary, ProcessPoolExecutor() as pool:
        outcomes = list(pool.map(outcome_of, unpacked(Path(temporary))))
    if "--wrong" in sys.argv[1:]:
        for outcome in outcomes:
            if not outcome.hit:
                said = f"{outcome.diagnosis.mode} ({outcome.diagnosis.likelihood:.2f})"
                sys.stdout.write(f"{outcome.name}: {'|'.join(outcome.modes)}, said {said}\n")
    sys.stdout.write("".join(f"{line}\n" for line in table(outcomes)))


if __name__ == "__main__":
    main()
