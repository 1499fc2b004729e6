"""Which folders below a directory are runs: those that hold what a run prints or writes."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

# What training programs name their output (reference: the formats of tools/readers).
_EVIDENCE = re.compile(
    r".*\.(?:log|out|err|wandb)$|.*\.o\d+$|events\.out\.tfevents.*|(?:trainer_state|log_history|metrics|history|results)"
    r"\.(?:json|jsonl|csv|txt)$|(?:log|logs|train|training|stdout|stderr|console|nohup|output|debug).*\.(?:txt|jsonl?|csv)$",
    re.IGNORECASE,
)
# Folders that belong to the run above them.
_PARTS = re.compile(
    r"(?:checkpoint[-_].*|wandb|mlruns|tensorboard|tb|logs?|lightning_logs|version_\d+|runs?)$", re.IGNORECASE
)
_PASSED_OVER = re.compile(r"\.|__pycache__$|node_modules$|site-packages$|venv$")
# Deeper than this lie data sets, not runs.
_DEEPEST = 8


def find_runs(root: Path, match: str | None = None) -> list[Path]:
    """The runs below `root`, sorted: what the pattern `match` names, else every folder that holds a run's output and
    lies in no other such folder."""
    if match is not None:
        return sorted(path for path in root.glob(match) if not path.is_symlink())
    return sorted(_runs(root, 0))


def _runs(folder: Path, depth: int) -> Iterator[Path]:
    try:
        entries = list(os.scandir(folder))
    except OSError:  # a folder that may not be read is no run of this user
        return
    below = [Path(e) for e in entries if e.is_dir(follow_symlinks=False) and not _PASSED_OVER.match(e.name)]
    own = any(e.is_file(follow_symlinks=False) and _EVIDENCE.fullmatch(e.name) for e in entries)
    parts = [path for path in below if _PARTS.fullmatch(path.name)]
    if own or (depth > 0 and parts and any(_holds(part) for part in parts) and len(below) == len(parts)):
        yield folder
        return
    if depth < _DEEPEST:
        for path in below:
            yield from _runs(path, depth + 1)


def _holds(folder: Path) -> bool:
    """Whether output lies in a folder or one below it."""
    found = (name for _, _, names in os.walk(folder) for name in names)
    return any(_EVIDENCE.fullmatch(name) for name in found)
