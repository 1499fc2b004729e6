"""Recall of the code checks on real bug-fix pairs, and alarms that stay on the fixed side.

    python benchmarks/dev_bugs.py PAIRS.json MIRRORS

PAIRS.json: {"pairs": [{"repository", "parent", "fix_commit", "label", "files": [{"path",
"buggy_hunks": [[line, n]]}]}]}.
MIRRORS holds one git repository per pair, `owner+name` (bare, or with `repo` or `repo/.git` below). Nothing of it is
executed. A pair is found when a finding on the buggy side, in a changed file and near a changed line, is gone on the
fixed side.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from misrun.tools.code.finding import Finding
from misrun.tools.code.inspect import Inspection, inspect

# Lines between a finding and the changed ones, as an independent judge would allow.
NEAR = 5


@dataclass(frozen=True)
class Outcome:
    """`near` are findings gone after the fix close to the changed lines, `gone` all that are gone, `kept` the rest."""

    repository: str
    label: str
    near: tuple[Finding, ...]
    gone: tuple[Finding, ...]
    kept: int
    note: str = ""


def git_directory(mirrors: Path, repository: str) -> Path | None:
    base = mirrors / repository.replace("/", "+")
    for candidate in (base / "repo" / ".git", base / "repo", base / ".git", base):
        if (candidate / "HEAD").exists():
            return candidate
    return None


def checkout(git: Path, commit: str, to: Path) -> None:
    """Writes the Python files of a commit; files the mirror does not hold are left out."""
    listed = _git(git, "ls-tree", "-r", commit).decode(errors="replace").splitlines()
    rows = [(about.split()[2], path) for about, _, path in (line.partition("\t") for line in listed)]
    wanted = [(blob, path) for blob, path in rows if path.endswith((".py", ".ipynb")) and not path.startswith('"')]
    asked = "".join(f"{blob}\n" for blob, _ in wanted).encode()
    answer = _git(git, "cat-file", "--batch", given=asked)
    at = 0
    for _, path in wanted:
        end = answer.index(b"\n", at)
        told = answer[at:end].split()
        at = end + 1
        if told[-1] == b"missing":
            continue
        target = to / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(answer[at : at + int(told[2])])
        at += int(told[2]) + 1


def _git(directory: Path, *arguments: str, given: bytes = b"") -> bytes:
    command = ["git", f"--git-dir={directory}", *arguments]
    return subprocess.run(command, input=given, check=True, capture_output=True).stdout


def inspect_commit(git: Path, commit: str) -> Inspection:
    with tempfile.TemporaryDirectory() as folder:
        checkout(git, commit, Path(folder))
        return inspect(Path(folder))


def judge(pair: dict[str, Any], mirrors: Path) -> Outcome:
    git = git_directory(mirrors, pair["repository"])
    if git is None:
        return Outcome(pair["repository"], pair["label"], (), (), 0, "not fetched")
    try:
        buggy, fixed = (inspect_commit(git, pair[key]) for key in ("parent", "fix_commit"))
    except subprocess.CalledProcessError:
        return Outcome(pair["repository"], pair["label"], (), (), 0, "commit not in the mirror")
    paths = {file["path"]: file["buggy_hunks"] for file in pair["files"]}
    gone = tuple(f for f in _gone(buggy, fixed) if f.file in paths)
    near = tuple(f for f in gone if any(_is_near(f, hunk) for hunk in paths[f.file]))
    return Outcome(pair["repository"], pair["label"], near, gone, len(fixed.findings))


def _gone(buggy: Inspection, fixed: Inspection) -> list[Finding]:
    """Findings whose (check, file, message without numbers) occurs less often after the fix."""
    left = Counter((f.check, f.file) for f in fixed.findings)
    before = Counter((f.check, f.file) for f in buggy.findings)
    return [f for f in buggy.findings if before[f.check, f.file] > left[f.check, f.file]]


def _is_near(finding: Finding, hunk: list[int]) -> bool:
    first, last = hunk[0] - NEAR, hunk[0] + hunk[1] + NEAR
    return finding.line <= last and finding.last_line >= first


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("mirrors", type=Path)
    options = parser.parse_args()
    outcomes = []
    for pair in json.loads(options.pairs.read_text())["pairs"]:
        outcome = judge(pair, options.mirrors)
        outcomes.append(outcome)
        found = ", ".join(f"{f.check}@{f.file}:{f.line}" for f in outcome.near or outcome.gone) or outcome.note
        state = "found" if outcome.near else ("elsewhere" if outcome.gone else "missed")
        sys.stdout.write(f"{state:9} {outcome.label:30} {outcome.repository}: {found} (kept {outcome.kept})\n")
        sys.stdout.flush()
    tried = [o for o in outcomes if not o.note]
    sys.stdout.write(f"{sum(bool(o.near) for o in tried)}/{len(outcomes)} found, {len(tried)} tried\n")


if __name__ == "__main__":
    main()
