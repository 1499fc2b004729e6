"""The programs of `tests/data/code/cases/<check id>.py`.

Each stands after `#%% buggy: <name>` or `#%% correct: <name>`; `#% file: <name>` starts another file of it. `# BUG`
marks the line to be blamed.
"""

from dataclasses import dataclass
from pathlib import Path

from programs import PRELUDE

CASES = Path(__file__).parents[1] / "data" / "code" / "cases"


@dataclass(frozen=True)
class Case:
    check: str
    kind: str
    name: str
    files: dict[str, str]

    @property
    def id(self) -> str:
        return f"{self.check}-{self.kind}-{self.name.replace(' ', '_')}"

    def write(self, folder: Path) -> None:
        for name, text in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")

    @property
    def marked(self) -> set[tuple[str, int]]:
        return {
            (name, number)
            for name, text in self.files.items()
            for number, line in enumerate(text.split("\n"), 1)
            if line.rstrip().endswith("# BUG")
        }


def read_cases() -> list[Case]:
    cases = []
    for path in sorted(CASES.glob("*.py")):
        for section in path.read_text(encoding="utf-8").split("#%% ")[1:]:
            title, _, text = section.partition("\n")
            kind, _, name = title.partition(": ")
            cases.append(Case(path.stem, kind, name, _split_files(text)))
    return cases


def _split_files(text: str) -> dict[str, str]:
    if not text.startswith("#% file: "):
        return {"train.py": PRELUDE + text}
    files = {}
    for part in text.split("#% file: ")[1:]:
        name, _, body = part.partition("\n")
        files[name.strip()] = body
    return files
