"""From the scalars of a nested settings file to dotted ConfigValues."""

from collections.abc import Iterable
from typing import Literal

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.json_text import Leaf, Path
from misrun.tools.readers.run_record import Scalar
from misrun.tools.record import Span

# The largest real settings files (DeepSpeed, Hydra compositions, Megatron) hold about 600 values.
MAX_VALUES = 2_000
# Longer lists are data, vocabulary or weights.
MAX_LIST = 64
MAX_TEXT = 2_000


def add_config(
    found: Iterable[Leaf], file: str, run: RunBuilder, *, origin: str, unit: Literal["line", "step"] = "line"
) -> None:
    """Add each leaf as a setting; the items of a list of scalars become one tuple.

    With unit "step" the source has no lines and each leaf's `line` is a step. Stops at MAX_VALUES with a note.
    """
    count = 0
    for path, values, first, last in _grouped(found):
        if len(values) > MAX_LIST:
            continue
        count += 1
        if count > MAX_VALUES:
            run.note(f"{file}: only the first {MAX_VALUES} settings were read")
            return
        value = values[0] if not _in_list(path) else tuple(values)
        name = ".".join(str(part) for part in (path[:-1] if _in_list(path) else path))
        if name:
            run.config(name, value, span=Span(file=file, first=first, last=last, unit=unit), origin=origin)


def _in_list(path: Path) -> bool:
    return bool(path) and isinstance(path[-1], int)


def _grouped(found: Iterable[Leaf]) -> Iterable[tuple[Path, list[Scalar], int, int]]:
    """Runs of leaves that are items of one list, together; every other leaf alone."""
    open_path: Path = ()
    values: list[Scalar] = []
    first = last = 0
    for leaf in found:
        value = leaf.value[:MAX_TEXT] if isinstance(leaf.value, str) else leaf.value
        same_list = values and _in_list(leaf.path) and _in_list(open_path) and leaf.path[:-1] == open_path[:-1]
        if same_list:
            if len(values) <= MAX_LIST:
                values.append(value)
            last = leaf.line
            continue
        if values:
            yield open_path, values, first, last
        open_path, values, first, last = leaf.path, [value], leaf.line, leaf.line
    if values:
        yield open_path, values, first, last
