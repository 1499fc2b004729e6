"""MLflow's file store: mlruns/<experiment>/<run>/{meta.yaml,metrics/,params/,tags/}."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from weakref import WeakKeyDictionary

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.metric_names import canonical_metric, mebibytes
from misrun.tools.readers.mlflow_runs import STATUS, StoredRun, add_ending, chosen_run, note_others
from misrun.tools.readers.number_text import parse_number, parse_scalar
from misrun.tools.readers.reader import Source
from misrun.tools.record import Span

_FIELD = re.compile(
    r"^(run_id|run_uuid|run_name|name|status|start_time|experiment_id|artifact_uri):\s*(.*?)\s*$", re.MULTILINE
)
_ITEM = re.compile(r"^(?:.*/)?(metrics|params|tags)/(.+)$")
# meta.yaml has 13 lines.
_META_BYTES = 16_384
# A store keeps at most this many runs in view; older ones cannot be the one a person asks about.
_MAX_RUNS = 5_000


class MlflowFiles:
    """Reads the files of the one run that matters in a store; the others are named in a note.

    Only folders inside the run folder that misrun was given are looked at.
    """

    name = "MLflow file store"

    def __init__(self) -> None:
        self._chosen: WeakKeyDictionary[RunBuilder, dict[Path, StoredRun | None]] = WeakKeyDictionary()

    def sniff(self, source: Source) -> bool:
        if source.path.name == "meta.yaml":
            return b"artifact_uri:" in source.head or b"artifact_location:" in source.head
        item = _ITEM.match(source.name)
        return item is not None and _run_folder(source, item[2]) is not None

    def read(self, source: Source, run: RunBuilder) -> None:
        item = _ITEM.match(source.name)
        folder = _run_folder(source, item[2]) if item else source.path.parent
        if folder is None or (item is None and b"artifact_uri:" not in source.head):
            return  # the description of an experiment
        store = _store(source, folder)
        stored = _stored_run(folder)
        chosen = self._chosen_of(store, folder, run)
        if stored is None or chosen is None or stored.id != chosen.id:
            return
        if item is None:
            note_others(_runs(store, folder), chosen, source.name, run)
            add_ending(stored, _status_span(source), run)
        elif item[1] == "metrics":
            _read_metric(source, item[2], run)
        elif item[1] == "params":
            _read_parameter(source, item[2], run)

    def _chosen_of(self, store: Path, folder: Path, run: RunBuilder) -> StoredRun | None:
        known = self._chosen.setdefault(run, {})
        if store not in known:
            known[store] = chosen_run(_runs(store, folder))
        return known[store]


def _run_folder(source: Source, item_name: str) -> Path | None:
    """The folder of the run to which a metric, parameter or tag belongs; names may contain slashes."""
    levels = item_name.count("/") + 1
    folder = source.path.parents[levels]
    meta = folder / "meta.yaml"
    return folder if meta.is_file() and not meta.is_symlink() else None


def _store(source: Source, folder: Path) -> Path:
    """The outermost folder of the store that lies in what misrun was given: the store, an experiment or the run."""
    inside = len(PurePosixPath(source.name).parts) - 1  # folders between the given one and the file
    below = len(source.path.parent.relative_to(folder).parts)
    above = min(2, inside - below)
    return folder.parents[above - 1] if above > 0 else folder


def _runs(store: Path, folder: Path) -> list[StoredRun]:
    depth = len(folder.relative_to(store).parts)
    metas = store.glob("/".join(["*"] * depth + ["meta.yaml"]))
    found: list[StoredRun] = []
    for meta in metas:
        stored = _stored_run(meta.parent)
        if stored:
            found.append(stored)
        if len(found) >= _MAX_RUNS:
            break
    return found


def _stored_run(folder: Path) -> StoredRun | None:
    meta = folder / "meta.yaml"
    if meta.is_symlink() or not meta.is_file():  # a link may leave the run folder, a pipe would be waited for
        return None
    try:
        with meta.open(encoding="utf-8", errors="replace") as stream:
            facts = dict(_FIELD.findall(stream.read(_META_BYTES)))
    except OSError:
        return None
    if "status" not in facts:
        return None
    number = facts["status"].strip("'\"")
    status = STATUS.get(int(number), number) if number.isdecimal() else number
    start = facts.get("start_time", "")
    name = facts.get("run_name") or facts.get("name") or ""
    return StoredRun(folder.name, name.strip("'\""), status, int(start) if start.isdecimal() and len(start) < 20 else 0)


def _status_span(source: Source) -> Span:
    line = source.head[: max(source.head.find(b"status:"), 0)].count(b"\n") + 1
    return Span(file=source.name, first=line, last=line)


def _read_metric(source: Source, name: str, run: RunBuilder) -> None:
    """One point per line: Unix milliseconds, value, step. Older versions wrote no step."""
    memory = canonical_metric(name)[0] == "memory"
    for number, (_, value, step) in _metric_lines(source):
        amount = parse_number(value)
        if amount is not None:
            amount = mebibytes(name, amount) if memory else amount
            run.metric(name, amount, file=source.name, line=number, step=parse_number(step))


def _metric_lines(source: Source) -> Iterator[tuple[int, tuple[str, str, str]]]:
    with source.path.open(encoding="utf-8", errors="replace") as stream:
        for number, line in enumerate(stream, start=1):
            words = line.split()
            # A last line without its end may have lost digits.
            if 2 <= len(words) <= 3 and line.endswith("\n"):
                yield number, (words[0], words[1], words[2] if len(words) == 3 else "")


def _read_parameter(source: Source, name: str, run: RunBuilder) -> None:
    value = parse_scalar(source.head.decode("utf-8", "replace").strip()[:2_000])
    run.config(name.replace("/", "."), value, span=Span(file=source.name, first=1, last=1), origin="mlflow")
