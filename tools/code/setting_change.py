"""A setting's new value as an edit of the user's files: a unified diff, or an argument of the command line.

The run says what it used; a file or a default in the code says where that can be changed. The two are brought together
by the setting's name and value, and the literal on that line is replaced. Files themselves are never changed.
"""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from misrun.tools.code.patches import diff_of
from misrun.tools.readers.run_record import ConfigValue, RunRecord, Scalar
from misrun.tools.record import Record

# Carriers that are files with the value written in them; a file of settings goes before a default in the code.
_WRITTEN = ("yaml", "json", "toml", "ini", "code")
# A literal on a line: a quoted string, a number with its exponent, or a word (true, None, adam).
_LITERAL = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[A-Za-z_][\w-]*")
# More than a line of settings: a row of data.
_LONGEST_LINE = 2000


class SettingChange(Record):
    """`name` as the run has it (dotted for nested files), and the value it should have instead of `old`."""

    name: str
    old: Scalar
    new: Scalar


class Applied(Record):
    """How a change is made: by a diff (`patch -p1` in the run folder), by arguments added to the command, or both."""

    patch: str | None = None
    arguments: tuple[str, ...] = ()


def applied(root: Path, run: RunRecord, changes: Iterable[SettingChange]) -> Applied | None:
    """All changes together, or None where one of them is found in no file and in no command line."""
    texts: dict[str, str] = {}
    arguments: list[str] = []
    for change in changes:
        if (switch := _switch(root, run, change)) is not None:
            arguments.append(switch)
            continue
        given = next((c for c in run.config if c.origin == "command" and _same(c, change)), None)
        if given is None and _edited(root, run, change, texts):
            continue
        flag = f"--{given.name}" if given is not None else _flag(root, run, change, texts)
        if flag is None:
            return None
        arguments += [flag, _shown(change.new)]
    before = {path: (root / path).read_bytes().decode("utf-8") for path in texts}
    patch = "".join(diff_of(before[path], after, path) for path, after in texts.items() if after != before[path])
    return Applied(patch=patch or None, arguments=tuple(arguments)) if patch or arguments else None


def _edited(root: Path, run: RunRecord, change: SettingChange, texts: dict[str, str]) -> bool:
    """Makes the change in `texts` (by path, read when first needed); False where no line holds the setting."""
    for place in _places(root, run, change):
        path = place.span.file
        text = texts.get(path) or _read(root / path)
        new = _line_changed(text, place, change) if text is not None else None
        if new is not None and _still_parses(path, new):
            texts[path] = new
            return True
    return False


def _flag(root: Path, run: RunRecord, change: SettingChange, texts: dict[str, str]) -> str | None:
    """The option of the command line that overrules a default which the run did not use."""
    for place in (c for c in run.config if c.origin == "code" and c.span.unit == "line" and _same(c, change)):
        text = texts.get(place.span.file) or _read(root / place.span.file) or ""
        lines = "\n".join(text.splitlines()[place.span.first - 1 : place.span.last])
        name = re.escape(change.name.rsplit(".", 1)[-1]).replace("_", "[_-]")
        if found := re.search(rf"['\"](--{name})['\"]", lines):
            return found[1]
    return None


def _switch(root: Path, run: RunRecord, change: SettingChange) -> str | None:
    """The option without a value (argparse's store_true, BooleanOptionalAction) that switches the setting on."""
    if change.new is not True:
        return None
    name = re.escape(change.name.rsplit(".", 1)[-1]).replace("_", "[_-]")
    option = re.compile(rf"['\"](--{name})['\"][^()]{{0,300}}(?:store_true|BooleanOptionalAction)")
    texts = (_read(root / code.path) or "" for code in run.code)
    found = next((match for text in texts if (match := option.search(text))), None)
    return found[1] if found else None


def _places(root: Path, run: RunRecord, change: SettingChange) -> list[ConfigValue]:
    """Where the setting stands with the value that the run used; files of settings first."""
    found = [c for c in run.config if c.origin in _WRITTEN and c.span.unit == "line" and _same(c, change)]
    found = [c for c in found if not _is_copy(c, run, root)]
    return sorted(
        (c for c in found if _equal(c.value, change.old)),
        key=lambda c: (_WRITTEN.index(c.origin), c.name != change.name),
    )


# Lightning, Weights & Biases, MLflow and Hydra keep the settings of each run there.
_WRITTEN_BY_LIBRARY = re.compile(r"(?:.*/)?(?:lightning_logs|wandb|mlruns|\.hydra)/")
# Settings that say where a run puts what it writes.
_WRITES = re.compile(r"write_text|[\"'][wx]t?[\"']|\bdump\(")
_OUTPUT = re.compile(r"out|save|log|run|result|exp|work|ckpt|checkpoint", re.I)


def _is_copy(place: ConfigValue, run: RunRecord, root: Path) -> bool:
    """Whether the file lies where the run puts what it writes, or the program writes one of that name and reads no such
    path: a copy of its settings, which nothing reads."""
    path = place.span.file
    folder, _, name = path.rpartition("/")
    if place.origin == "code":
        return False
    if _WRITTEN_BY_LIBRARY.match(path) or _is_written(path, name, run, root):
        return True
    outputs = {
        c.value.strip("./")
        for c in run.config
        if isinstance(c.value, str) and _OUTPUT.search(c.name) and c.value.strip("./")
    }
    return any(folder == output or folder.startswith(f"{output}/") for output in outputs)


def _is_written(path: str, name: str, run: RunRecord, root: Path) -> bool:
    """Whether the code writes a file of that name, and no other line of it names this path."""
    lines = [line for code in run.code for line in (_read(root / code.path) or "").splitlines() if name in line]
    others = [line for line in lines if not _WRITES.search(line)]
    return len(others) < len(lines) and not any(path in line for line in others)


def _same(place: ConfigValue, change: SettingChange) -> bool:
    return place.name.rsplit(".", 1)[-1].replace("-", "_") == change.name.rsplit(".", 1)[-1].replace("-", "_")


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _line_changed(text: str, place: ConfigValue, change: SettingChange) -> str | None:
    """The text with the first literal that equals the old value replaced: after the setting's name where that stands on
    the lines of the setting, else anywhere on them."""
    lines = re.findall(r"[^\n]*\n|[^\n]+$", text)
    numbers = range(place.span.first - 1, min(place.span.last, len(lines)))
    name = re.escape(place.name.rsplit(".", 1)[-1]).replace("_", "[_-]")
    named = [
        (i, m.end()) for i in numbers if (m := re.search(rf"(?<![A-Za-z0-9]){name}(?![A-Za-z0-9])[\"']?", lines[i]))
    ]
    first, column = named[0] if named else (numbers.start, 0)
    for i in range(first, numbers.stop):
        changed = _replaced(lines[i], column if i == first else 0, change)
        if changed is not None:
            return "".join([*lines[:i], changed, *lines[i + 1 :]])
    return None


def _replaced(line: str, column: int, change: SettingChange) -> str | None:
    if len(line) > _LONGEST_LINE:
        return None
    for literal in _LITERAL.finditer(line, column):
        if _equal(_value_of(literal[0]), change.old):
            return line[: literal.start()] + _written(change.new, literal[0]) + line[literal.end() :]
    return None


def _equal(one: object, other: object) -> bool:
    """Equal values of one kind: True is not 1; 32 is 32.0, and so is "32" (YAML reads 3e-4 as text)."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return one == other or _number(one) == _number(other) is not None


def _number(value: object) -> float | None:
    try:
        return float(value) if isinstance(value, str | int | float) else None
    except ValueError:
        return None


def _value_of(literal: str) -> Scalar | None:
    words: dict[str, Scalar] = {"true": True, "false": False, "none": None, "null": None}
    if literal.lower() in words:
        return words[literal.lower()]
    try:
        value = ast.literal_eval(literal)
    except (ValueError, SyntaxError):
        return literal
    return value if isinstance(value, str | int | float) else literal


def _written(new: Scalar, old: str) -> str:
    """The new value in the manner of the old literal: its quotes, and its way of writing true and none."""
    if isinstance(new, str):
        return f"{old[0]}{new}{old[0]}" if old[:1] in "\"'" else new
    if isinstance(new, bool) or new is None:
        return json.dumps(new) if old.islower() else str(new)
    return _shown(new)


def _shown(value: Scalar) -> str:
    """A value as one types it: 3e-05 as 3e-5."""
    return re.sub(r"e([-+])0*(\d)", r"e\1\2", f"{value:g}") if isinstance(value, float) else str(value)


def _still_parses(path: str, text: str) -> bool:
    if not path.endswith(".py"):
        return True
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def patched_files(patch: str) -> Iterator[str]:
    """The paths that a unified diff changes."""
    yield from dict.fromkeys(re.findall(r"^\+\+\+ b/(.+)$", patch, re.MULTILINE))
