"""JSON documents: settings, histories as lists, lists of records, flat results."""

import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import zip_longest
from pathlib import PurePosixPath

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.command_line import settings_of
from misrun.tools.readers.config_tree import MAX_LIST, add_config
from misrun.tools.readers.environment_facts import add_environment, is_environment_file
from misrun.tools.readers.json_text import JsonDamageError, Leaf, Path, leaves
from misrun.tools.readers.metric_names import canonical_metric, is_training_metric
from misrun.tools.readers.metric_table import MetricTable, looks_like_metrics, role
from misrun.tools.readers.reader import Source
from misrun.tools.record import Span

# Parsing costs about a second per 5 MB. A trainer_state.json of a million steps has 100 MB; a settings file 1 MB.
MAX_BYTES = 64 * 2**20
_MAX_LEAVES = 2_000_000
# What evaluation scripts write when they are done: one flat object of results (transformers' all_results.json,
# DVC's metrics.json).
_RESULTS = re.compile(r"(?:^|[_\-.])(?:results?|metrics?|scores?|summary|evaluation)$", re.IGNORECASE)
# Settings name how many steps or epochs there are to be, never the one reached.
_ONE_PLACE = frozenset(("step", "global_step", "iter", "iteration", "epoch", "_step", "trainer/global_step"))
# Records beyond this that are no metrics are a data set, not settings.
_SETTINGS_RECORDS = 200

# Settings are smaller than this; what is larger must look like a history at its beginning to be worth parsing.
_LARGE = 4 * 2**20
_HISTORY_WORD = re.compile(
    rb'"[^"\n]{0,40}(?:loss|step|epoch|iter|acc|lr|learning_rate|reward|norm)[^"\n]{0,20}"\s{0,8}:'
)

Row = dict[str, Leaf]


class JsonDocument:
    """Sorts what a document holds: metrics become series, environment facts facts, the rest settings."""

    name = "JSON"

    def sniff(self, source: Source) -> bool:
        head = source.head.lstrip(b"\xef\xbb\xbf \t\r\n")
        return source.name.lower().endswith(".json") and head[:1] in (b"{", b"[")

    def read(self, source: Source, run: RunBuilder) -> None:
        if source.bytes > _LARGE and not _HISTORY_WORD.search(source.head):
            run.note(f"{source.name}: {source.bytes // 2**20} MB of data without training metrics were not read")
            return
        found = read_leaves(source, run)
        if is_environment_file(source.name):
            add_environment(found, source.name, run)
            _add_arguments(found, source.name, run)
            return
        document = Document(found)
        if document.is_results(PurePosixPath(source.name).stem):
            document.add_results(source.name, run)
        else:
            add_config(document.scalars, source.name, run, origin="json")
        document.add_records(source.name, run)
        document.add_columns(source.name, run)


def read_leaves(source: Source, run: RunBuilder) -> list[Leaf]:
    """The document's scalars up to its end or to where it is damaged, which is noted."""
    with source.path.open(encoding="utf-8-sig", errors="replace", newline="\n") as stream:
        text = stream.read(MAX_BYTES)
    found: list[Leaf] = []
    try:
        for leaf in leaves(text):
            found.append(leaf)
            if len(found) >= _MAX_LEAVES:
                run.note(f"{source.name}: only the first {_MAX_LEAVES} values were read")
                break
    except JsonDamageError as damage:
        run.note(f"{source.name}: not complete JSON, read up to there ({damage})")
        return _without_last_record(found)
    return found


def _without_last_record(found: list[Leaf]) -> list[Leaf]:
    """A record that was being written may lack its step; its values would be placed wrongly."""
    path = found[-1].path if found else ()
    place = max((i for i, part in enumerate(path) if isinstance(part, int)), default=-1)
    record = path[: place + 1]
    if place in (-1, len(path) - 1):
        return found
    return [leaf for leaf in found if leaf.path[: place + 1] != record]


class Document:
    """The scalars of one document, split by shape.

    scalars: settings, outside lists or in short lists; records: lists of objects, keyed by the path of the list, then
    by position; columns: lists of numbers, keyed by the path of their object, then by name.
    """

    def __init__(self, found: Iterable[Leaf]) -> None:
        self.scalars: list[Leaf] = []
        self.records: dict[Path, dict[int, Row]] = defaultdict(dict)
        self.columns: dict[Path, dict[str, list[Leaf]]] = defaultdict(lambda: defaultdict(list))
        for leaf in found:
            self._sort(leaf)
        self._lists_without_metrics_are_settings()

    def _sort(self, leaf: Leaf) -> None:
        place = next((i for i, part in enumerate(leaf.path) if isinstance(part, int)), None)
        if place is None:
            self.scalars.append(leaf)
            return
        inner = leaf.path[place + 1 :]
        if inner:
            name = "/".join(str(part) for part in inner)
            index = int(leaf.path[place])
            self.records[leaf.path[:place]].setdefault(index, {})[name] = leaf
        elif place:
            self.columns[leaf.path[: place - 1]][str(leaf.path[place - 1])].append(leaf)

    def _lists_without_metrics_are_settings(self) -> None:
        for parent, columns in list(self.columns.items()):
            if not _is_history(columns):
                short = (items for items in columns.values() if len(items) <= MAX_LIST)
                self.scalars.extend(leaf for items in short for leaf in items)
                del self.columns[parent]

    def scalar_names(self) -> list[str]:
        return [leaf_name(leaf) for leaf in self.scalars if _is_number(leaf)]

    def is_results(self, stem: str) -> bool:
        """Whether the scalars are measurements: the file's name says so, or they stand beside one step or epoch."""
        names = self.scalar_names()
        measured = any(is_training_metric(name) and canonical_metric(name)[0] != "lr" for name in names)
        counted = any(name.lower() in _ONE_PLACE for name in names)
        return looks_like_metrics(names) and (_RESULTS.search(stem) is not None or (measured and counted))

    def add_results(self, file: str, run: RunBuilder) -> None:
        """The flat results as one point each, at the epoch or step that they name."""
        with MetricTable(file, run) as table:
            _feed(table, {leaf_name(leaf): leaf for leaf in self.scalars})

    def add_records(self, file: str, run: RunBuilder) -> None:
        """Lists of objects: metrics by row, or a few settings; anything else is data and only noted."""
        for path, rows in self.records.items():
            names = {name for row in list(rows.values())[:50] for name, leaf in row.items() if _is_number(leaf)}
            if looks_like_metrics(names):
                add_rows(rows, file, run)
            elif sum(len(row) for row in rows.values()) <= _SETTINGS_RECORDS:
                add_config((leaf for row in rows.values() for leaf in row.values()), file, run, origin="json")
            else:
                where = ".".join(str(part) for part in path) or "the file"
                run.note(f"{file}: {len(rows)} records of data in {where} were not read")

    def add_columns(self, file: str, run: RunBuilder) -> None:
        """Histories: one list per metric. Where evaluation has one value for each training value it is per epoch."""
        for columns in self.columns.values():
            names = list(columns)
            counted = any(role(name) in ("step", "epoch") for name in names)
            lengths = {canonical_metric(name)[1]: len(columns[name]) for name in names if is_training_metric(name)}
            by_epoch = not counted and "eval" in lengths and len(set(lengths.values())) == 1
            with MetricTable(file, run) as table:
                for position, cells in enumerate(zip_longest(*columns.values())):
                    row = {name: leaf for name, leaf in zip(names, cells, strict=True) if leaf}
                    _feed(table, row | ({"epoch": Leaf((), position, 0)} if by_epoch else {}))


def add_rows(rows: dict[int, Row], file: str, run: RunBuilder) -> float | None:
    """Feed records to a MetricTable; the last step is returned."""
    with MetricTable(file, run) as table:
        for row in rows.values():
            _feed(table, row)
    return table.last_step


def _feed(table: MetricTable, row: Row) -> None:
    table.row({name: leaf.value for name, leaf in row.items()}, {name: leaf.line for name, leaf in row.items()})


def _add_arguments(found: list[Leaf], file: str, run: RunBuilder) -> None:
    """W&B keeps the command line of the run as "args"."""
    words = [leaf for leaf in found if leaf.path[:1] == ("args",) and isinstance(leaf.value, str)]
    lines = {str(leaf.value).lstrip("-").split("=")[0].replace("-", "_"): leaf.line for leaf in words}
    for name, value in settings_of([str(leaf.value) for leaf in words]):
        line = lines.get(name, words[0].line)
        run.config(name, value, span=Span(file=file, first=line, last=line), origin="command")


def leaf_name(leaf: Leaf) -> str:
    return "/".join(str(part) for part in leaf.path)


def _is_number(leaf: Leaf) -> bool:
    return isinstance(leaf.value, int | float) and not isinstance(leaf.value, bool)


def _is_history(columns: dict[str, list[Leaf]]) -> bool:
    """Whether these lists are metrics over time and not settings such as betas or milestones.

    A learning rate may be a list in settings too (one per group), so a history needs another training metric or a
    column that counts.
    """
    numeric = {
        name: items for name, items in columns.items() if all(_is_number(leaf) or leaf.value is None for leaf in items)
    }
    telling = [name for name in numeric if is_training_metric(name) and canonical_metric(name)[0] != "lr"]
    counted = any(role(name) in ("step", "epoch") and len(items) > 1 for name, items in numeric.items())
    return bool(telling) or (counted and len(numeric) > 1)
