"""Reads the user's Python files: scripts, packages and notebooks. Nothing is imported or executed."""

import ast
import json
import os
import re
import warnings
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from misrun.tools.code.names import names
from misrun.tools.sealed import sealed_names

# Larger files are generated code or data; parsing one costs about 1 s and 100 MB per 2 MB (measured with ast.parse).
MAX_BYTES = 4_000_000
# Folders that hold other people's code or build results, by the conventions of pip, virtualenv, conda, git and npm.
FOREIGN_FOLDERS = names(
    "site-packages dist-packages node_modules __pycache__ venv env build dist wandb mlruns lightning_logs"
)
# Python ends a line at these alone; str.splitlines also splits at form feeds and Unicode separators.
LINE_END = re.compile(r"\r\n|\r|\n")
# Levels of the syntax tree. What walks a tree takes some five frames per level, and Python allows 1,000; the deepest
# file of transformers, lightning and huggingface_hub has 26.
MAX_DEPTH = 120
_MAGIC = re.compile(r"\s*[%!?]")
_TESTING = re.compile(r"\s*(?:import|from)\s+(?:pytest|unittest|absl\.testing)\b")
_IGNORE = re.compile(r"#\s*misrun:\s*ignore(?:\[([^\]\n]{0,500})\])?")


@dataclass(frozen=True, eq=False, slots=True)
class SourceFile:
    """One parsed file. `raw_lines` maps line n of a notebook's joined cells (index n-1) to a line on disk."""

    path: str
    module: str
    lines: tuple[str, ...]
    tree: ast.Module
    raw_lines: tuple[int, ...] | None = None

    @property
    def is_notebook(self) -> bool:
        return self.raw_lines is not None

    @property
    def is_unit_test(self) -> bool:
        """A file of pytest, unittest or absl: it tries odd settings on purpose."""
        parts = self.path.split("/")
        placed = any(part in ("test", "tests") for part in parts[:-1]) or parts[-1].startswith("test_")
        placed = placed or parts[-1].endswith("_test.py")
        return placed and any(_TESTING.match(text) for text in self.lines)

    def line(self, number: int) -> int:
        """The line in the file on disk for a line of the parsed text."""
        if self.raw_lines is None:
            return number
        return self.raw_lines[min(number, len(self.raw_lines)) - 1] if self.raw_lines else 1

    def ignores(self, check: str, first: int, last: int) -> bool:
        """Whether a `# misrun: ignore` or `# misrun: ignore[a, b]` comment stands on one of the lines."""
        for text in self.lines[first - 1 : last]:
            found = _IGNORE.search(text) if "misrun" in text else None
            if found and (found[1] is None or check in {name.strip() for name in found[1].split(",")}):
                return True
        return False


def find_python_files(root: Path) -> Iterator[str]:
    """Relative paths of .py and .ipynb files below `root`; a folder reached twice through links is read once, and one
    that a link reaches outside of `root` is not."""
    seen: set[tuple[int, int]] = set()
    real = root.resolve()
    for folder, folders, files in os.walk(root, followlinks=True):
        sealed = sealed_names({*folders, *files})
        folders[:] = sorted(name for name in folders if name not in sealed and _is_own(Path(folder) / name, real, seen))
        for name in sorted(set(files) - sealed):
            if name.endswith((".py", ".ipynb")) and not name.startswith("."):
                yield (Path(folder) / name).relative_to(root).as_posix()


def _is_own(folder: Path, root: Path, seen: set[tuple[int, int]]) -> bool:
    if folder.name in FOREIGN_FOLDERS or folder.name.startswith(".") or (folder / "pyvenv.cfg").exists():
        return False
    try:
        if folder.is_symlink() and not folder.resolve().is_relative_to(root):
            return False
        status = folder.stat()
    except (OSError, RuntimeError):  # a dangling or looping link; Python 3.11 and 3.12 report loops so
        return False
    key = (status.st_dev, status.st_ino)
    known = key in seen
    seen.add(key)
    return not known


def read_sources(root: Path, files: Sequence[str] | None) -> tuple[list[SourceFile], list[tuple[str, str]]]:
    """Parsed files and (file, reason) for those that could not be read. `files` are paths relative to `root`."""
    sources: list[SourceFile] = []
    skipped: list[tuple[str, str]] = []
    for path in (
        sorted({f for f in files if f.endswith((".py", ".ipynb"))}) if files is not None else find_python_files(root)
    ):
        try:
            sources.append(_read(root, path))
        except (OSError, ValueError, SyntaxError, RecursionError, MemoryError) as error:
            skipped.append((path, _reason(error)))
    return sources, skipped


def _reason(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"not valid Python: {error.msg} (line {error.lineno})"
    return f"{type(error).__name__}: {error}"


def _read(root: Path, path: str) -> SourceFile:
    location = root / path
    if not location.resolve().is_relative_to(root.resolve()):
        raise ValueError("a symbolic link that leaves the folder; copy the file here")
    if not location.is_file():
        raise ValueError("not a regular file")
    if location.stat().st_size > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES} bytes")
    data = location.read_bytes()
    if path.endswith(".ipynb"):
        return _read_notebook(path, data.decode("utf-8-sig"))
    lines = tuple(LINE_END.split(_decode(data)))
    return SourceFile(path, _module_name(path), lines, _parse("\n".join(lines) + "\n"))


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():  # invalid escapes in the user's strings are not ours to report
        warnings.simplefilter("ignore")
        tree = ast.parse(text)
    _check_depth(tree)
    return tree


def _check_depth(tree: ast.Module) -> None:
    level: list[ast.AST] = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    if level:
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")


def _module_name(path: str) -> str:
    name = path.rsplit(".", 1)[0].replace("/", ".")
    return name.removesuffix(".__init__")


def _read_notebook(path: str, text: str) -> SourceFile:
    notebook = json.loads(text)
    if not isinstance(notebook, dict):
        raise ValueError("not a notebook")
    lines, raw = _join_cells(_code_cells(notebook), text.splitlines())
    return SourceFile(path, _module_name(path), tuple(lines), _parse("\n".join(lines) + "\n"), tuple(raw))


def _code_cells(notebook: dict[str, object]) -> Iterator[list[str]]:
    """Source lines (with their line ends) of every code cell that holds Python."""
    cells = notebook.get("cells")
    for cell in cells if isinstance(cells, list) else []:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source", "")
            parts = "".join(source) if isinstance(source, list) else str(source)
            if not parts.lstrip().startswith("%%") or parts.lstrip().startswith(("%%time", "%%capture")):
                yield parts.splitlines(keepends=True)


def _join_cells(cells: Iterator[list[str]], raw: list[str]) -> tuple[list[str], list[int]]:
    """Python lines of all cells (magics blanked, a broken cell blanked whole) and their lines in the notebook file."""
    lines: list[str] = []
    numbers: list[int] = []
    places = _places(raw)
    at = 0
    for cell in cells:
        python = [re.match(r"\s*", line)[0] + "pass\n" if _MAGIC.match(line) else line for line in cell]  # type: ignore[index]
        try:
            _parse("".join(python))
        except SyntaxError:
            python = ["\n"] * len(cell)
        for original, line in zip(cell, python, strict=True):
            at = _find_raw(original, places, at)
            lines.append(line.rstrip("\r\n"))
            numbers.append(at + 1)
    return lines, numbers


def _places(raw: list[str]) -> dict[str, list[int]]:
    """The indices of each line of the file, without the space and comma around a JSON string."""
    places: dict[str, list[int]] = defaultdict(list)
    for index, line in enumerate(raw):
        places[line.strip().rstrip(",")].append(index)
    return places


def _find_raw(line: str, places: dict[str, list[int]], start: int) -> int:
    """Index of the first raw line after `start` that holds this source line as a JSON string; else `start`."""
    first = start + 1 if start else 0
    found = []
    for written in {json.dumps(line), json.dumps(line, ensure_ascii=False)}:
        indices = places.get(written, [])
        found += indices[(at := bisect_left(indices, first)) : at + 1]
    return min(found, default=start)
