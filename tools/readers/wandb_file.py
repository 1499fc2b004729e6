"""The binary run file of Weights & Biases (run-<id>.wandb).

Framing is LevelDB's log format (github.com/google/leveldb/blob/main/doc/log_format.md) behind a 7-byte header; the
messages are wandb/proto/wandb_internal.proto. Written by W&B for its own sync, it is the only place where an offline
run keeps history and configuration.
"""

import io
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.command_line import settings_of
from misrun.tools.readers.config_tree import add_config
from misrun.tools.readers.ending import combined_ending
from misrun.tools.readers.environment_facts import add_fact
from misrun.tools.readers.json_lines import flattened
from misrun.tools.readers.json_text import Leaf, leaves
from misrun.tools.readers.metric_names import canonical_metric, mebibytes
from misrun.tools.readers.metric_table import MetricTable
from misrun.tools.readers.number_text import parse_number
from misrun.tools.readers.protobuf_wire import WireError, fields, raw, signed, text, whole
from misrun.tools.readers.reader import Source
from misrun.tools.readers.run_record import Ending
from misrun.tools.record import Span

_HEADER = b":W&B\xe1\xbe\x00"
_BLOCK = 32_768
_CHUNK = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
# A history row of a thousand keys takes 50 KB; tables and images are stored beside the file, not in it.
_LONGEST_RECORD = 16 * 2**20
# Field numbers of Record.
_HISTORY, _CONFIG, _STATS, _OUTPUT_RAW, _RUN, _EXIT, _ENVIRONMENT = 2, 5, 7, 13, 17, 18, 26


class WandbFile:
    """History becomes series, configuration settings, the exit code the ending, captured console lines text."""

    name = "W&B run file"

    def sniff(self, source: Source) -> bool:
        return source.head.startswith(_HEADER)

    def read(self, source: Source, run: RunBuilder) -> None:
        console: list[str] = []
        with source.path.open("rb") as stream, MetricTable(source.name, run) as history:
            stream.seek(len(_HEADER))
            for record in _records(stream, source.name, run):
                try:
                    _add(record, source.name, history, console, run)
                except WireError:
                    run.note(f"{source.name}: a damaged record was left out")
        # Beside the file the same lines usually lie as a text log; a file given alone has only its own.
        alone = Path(run.root).is_file() or not (source.path.parent / "files" / "output.log").is_file()
        if console and alone:
            _read_console("".join(console), source.name, run)


def _records(stream: BinaryIO, file: str, run: RunBuilder) -> Iterator[bytes]:
    """The payloads, reassembled from their chunks; a chunk never crosses a block of 32 KiB."""
    parts: list[bytes] = []
    offset = len(_HEADER)
    while True:
        room = _BLOCK - offset % _BLOCK
        if room < _CHUNK.size:
            stream.seek(room, io.SEEK_CUR)
            offset += room
            continue
        header = stream.read(_CHUNK.size)
        if len(header) < _CHUNK.size or header == b"\0" * _CHUNK.size:
            break
        _, length, kind = _CHUNK.unpack(header)
        payload = stream.read(length)
        offset += _CHUNK.size + length
        if len(payload) < length or kind not in (_FULL, _FIRST, _MIDDLE, _LAST) or length > room - _CHUNK.size:
            run.note(f"{file}: cut off or damaged at byte {offset - length}; read up to there")
            break
        parts = [payload] if kind in (_FULL, _FIRST) else [*parts, payload]
        if kind in (_FULL, _LAST) and sum(map(len, parts)) <= _LONGEST_RECORD:
            yield b"".join(parts)
            parts = []


def _add(record: bytes, file: str, history: MetricTable, console: list[str], run: RunBuilder) -> None:
    for number, value in fields(record):
        if number == _HISTORY:
            history.row(_items(raw(value)))
        elif number == _CONFIG:
            _add_config(raw(value), file, run)
        elif number == _RUN:
            configs = (raw(part) for field, part in fields(raw(value)) if field == 4)
            for config in configs:
                _add_config(config, file, run)
        elif number == _EXIT:
            _add_exit(raw(value), file, history.last_step, run)
        elif number == _OUTPUT_RAW:
            console += (text(part) for field, part in fields(raw(value)) if field == 3)
        elif number == _ENVIRONMENT:
            _add_environment(raw(value), file, run)
        elif number == _STATS:
            _add_stats(raw(value), file, history.last_step, run)


def _items(message: bytes) -> dict[str, object]:
    """HistoryRecord: item=1 {key=1, nested_key=2, value_json=16}; nested values are flattened."""
    row: dict[str, object] = {}
    for number, value in fields(message):
        if number == 1:
            name, encoded = _item(raw(value))
            try:
                row |= flattened({"/".join(name): json.loads(encoded)}) if name and encoded else {}
            except (ValueError, RecursionError):  # one value damaged; the others of the row stand
                continue
    return row


def _item(message: bytes) -> tuple[tuple[str, ...], str]:
    key, nested, encoded = "", [], ""
    for number, value in fields(message):
        if number == 1:
            key = text(value)
        elif number == 2:
            nested.append(text(value))
        elif number == 16:
            encoded = text(value)
    return (tuple(nested) if nested else (key,) if key else ()), encoded


def _add_config(message: bytes, file: str, run: RunBuilder) -> None:
    """ConfigRecord: update=1. "_wandb" holds W&B's own bookkeeping."""
    for number, value in fields(message):
        if number != 1:
            continue
        name, encoded = _item(raw(value))
        if name and name[0] != "_wandb":
            try:
                found = [Leaf((*name, *leaf.path), leaf.value, 0) for leaf in leaves(encoded + " ")]
            except ValueError:
                continue  # one value damaged; the others stand
            add_config(found, file, run, origin="wandb", unit="step")


def _add_environment(message: bytes, file: str, run: RunBuilder) -> None:
    """EnvironmentRecord: os=1, python=2, args=5, host=12, gpu_type=18. Read off files of 0.31; not in older ones."""
    names = {1: "os", 2: "python", 12: "host", 18: "gpu"}
    start = Span(file=file, first=0, last=0, unit="step")
    arguments: list[str] = []
    for number, value in fields(message):
        if isinstance(value, bytes) and number in names:
            add_fact(names[number], text(value), start, run)
        elif isinstance(value, bytes) and number == 5:
            arguments.append(text(value))
    for name, setting in settings_of(arguments):
        run.config(name, setting, span=start, origin="command")


def _add_stats(message: bytes, file: str, step: float | None, run: RunBuilder) -> None:
    """StatsRecord: item=3 {key=1, value_json=16}. Memory only; the rest is utilisation in percent."""
    for number, value in fields(message):
        name, encoded = _item(raw(value)) if number == 3 else ((), "")
        amount = parse_number(encoded)
        quantity = canonical_metric(f"system/{name[0]}")[0] if name else ""
        if quantity == "memory" and amount is not None:
            run.metric(f"system/{name[0]}", mebibytes(name[0], amount), file=file, step=step)


def _add_exit(message: bytes, file: str, last_step: float | None, run: RunBuilder) -> None:
    """RunExitRecord: exit_code=1. W&B reports 255 when the process died without one."""
    code = next((signed(whole(value)) for number, value in fields(message) if number == 1), 0)
    step = int(last_step or 0)
    spans = (Span(file=file, first=step, last=step, unit="step"),)
    status: Literal["finished", "crashed"] = "finished" if code == 0 else "crashed"
    run.ending = combined_ending(run.ending, Ending(status=status, exit_code=code, last_step=last_step, spans=spans))


def _read_console(captured: str, file: str, run: RunBuilder) -> None:
    from misrun.tools.readers.text_log import TextLog

    TextLog().read_stream(io.BytesIO(captured.encode("utf-8", "replace")), file, run)
