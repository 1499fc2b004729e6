"""TensorBoard event files, without TensorBoard.

Record framing and checksum: tensorflow/core/lib/io/record_writer.h; messages: tensorflow/core/util/event.proto and
tensorflow/core/framework/{summary,tensor,types}.proto.
"""

import re
import struct
from collections.abc import Iterator
from itertools import chain
from pathlib import PurePosixPath
from typing import BinaryIO, NamedTuple

from misrun.tools.readers.builder import RunBuilder, StepKind
from misrun.tools.readers.config_tree import add_config
from misrun.tools.readers.json_text import Leaf, leaves
from misrun.tools.readers.metric_names import canonical_metric, is_measured_in_evaluation, mebibytes
from misrun.tools.readers.metric_table import role
from misrun.tools.readers.number_text import parse_scalar
from misrun.tools.readers.protobuf_wire import WireError, double, fields, raw, signed, single, text, whole
from misrun.tools.readers.reader import Source
from misrun.tools.readers.run_record import Phase, Scalar

# Scalars take some 60 bytes and a model's settings some 100 KB; images and graphs are larger and not wanted.
_LONGEST_RECORD = 4 * 2**20
_HEADER = struct.Struct("<QI")
_FOOTER_BYTES = 4
_EVAL_FOLDER = re.compile(r"^(?:validation|val|valid|eval|evaluation|test|dev)$", re.IGNORECASE)
_TRAIN_FOLDER = re.compile(r"^train(?:ing)?$", re.IGNORECASE)
# One row of a markdown table of settings, as CleanRL and others log it: |lr|0.1|
_MARKDOWN_ROW = re.compile(r"^\|\s*([\w./-]{1,100})\s*\|\s*(.{0,2000}?)\s*\|$")
# DataType numbers of types.proto and the struct code of one element of tensor_content.
_ELEMENT = {1: "f", 2: "d", 3: "i", 4: "B", 5: "h", 6: "b", 9: "q", 10: "?", 19: "e", 22: "I", 23: "Q"}
_STRING, _BFLOAT16 = 7, 14
# TensorProto fields that hold one value each when tensor_content is empty.
_FLOAT_VAL, _DOUBLE_VAL, _INT_VAL, _STRING_VAL, _INT64_VAL, _BOOL_VAL = 5, 6, 7, 8, 10, 11


class Tagged(NamedTuple):
    """One summary value: a number, or text with the plugin that wrote it."""

    tag: str
    step: int
    number: float | None
    text: str
    plugin: str
    plugin_data: bytes


class TensorboardEvents:
    """Scalars of either encoding become series; text that holds settings and the hparams plugin become settings."""

    name = "TensorBoard events"

    def sniff(self, source: Source) -> bool:
        if len(source.head) < _HEADER.size:
            return False
        length, crc = _HEADER.unpack_from(source.head)
        return int(length) <= _LONGEST_RECORD and crc == masked_crc(source.head[:8])

    def read(self, source: Source, run: RunBuilder) -> None:
        folder = PurePosixPath(source.name).parent.name
        phase: Phase | None = "eval" if _EVAL_FOLDER.match(folder) else None
        with source.path.open("rb") as stream:
            for record in _records(stream, source.name, run):
                try:
                    for tagged in _summary_values(record):
                        _add(tagged, source.name, phase, run)
                except (WireError, struct.error):
                    run.note(f"{source.name}: a damaged event was left out")


def _add(tagged: Tagged, file: str, phase: Phase | None, run: RunBuilder) -> None:
    if tagged.plugin == "hparams":
        add_config(_hparams(tagged), file, run, origin="tfevents", unit="step")
    elif tagged.number is not None:
        _add_scalar(tagged, tagged.number, file, phase, run)
    elif tagged.text:
        add_config(_settings(tagged), file, run, origin="tfevents", unit="step")


def _add_scalar(tagged: Tagged, value: float, file: str, phase: Phase | None, run: RunBuilder) -> None:
    if role(tagged.tag) == "ignored":  # Lightning's hp_metric is a placeholder
        return
    quantity, named_phase = canonical_metric(tagged.tag)
    kind: StepKind = "epoch" if tagged.tag.startswith("epoch_") else "step"  # Keras logs these once per epoch
    value = mebibytes(tagged.tag, value) if quantity == "memory" else value
    told = None if named_phase == "system" else phase
    in_training = _TRAIN_FOLDER.match(PurePosixPath(file).parent.name) is not None
    if in_training and is_measured_in_evaluation(tagged.tag.removeprefix("epoch_")):
        told = "train"
    run.metric(tagged.tag, value, file=file, step=tagged.step, step_kind=kind, phase=told)


def _records(stream: BinaryIO, file: str, run: RunBuilder) -> Iterator[bytes]:
    """The payload of each record. The checksum of every length is verified; payloads are not, which costs as much as
    reading them, so bits that flipped inside a number go unseen."""
    while header := stream.read(_HEADER.size):
        if len(header) < _HEADER.size:
            run.note(f"{file}: the last record is cut off")
            return
        length, crc = _HEADER.unpack(header)
        if crc != masked_crc(header[:8]):
            run.note(f"{file}: damaged at byte {stream.tell() - _HEADER.size}; read up to there")
            return
        if length > _LONGEST_RECORD:
            stream.seek(length + _FOOTER_BYTES, 1)
            continue
        payload = stream.read(length + _FOOTER_BYTES)
        if len(payload) < length + _FOOTER_BYTES:
            run.note(f"{file}: the last record is cut off")
            return
        yield payload[:length]


def _summary_values(record: bytes) -> Iterator[Tagged]:
    """Event: step=2, summary=5; Summary: value=1."""
    step, summaries = 0, []
    for number, value in fields(record):
        if number == 2:
            step = signed(whole(value))
        elif number == 5:
            summaries.append(raw(value))
    for number, value in chain.from_iterable(fields(summary) for summary in summaries):
        if number == 1:
            tagged = _value(raw(value), step)
            if tagged:
                yield tagged


def _value(message: bytes, step: int) -> Tagged | None:
    """Summary.Value: tag=1, simple_value=2, tensor=8, metadata=9."""
    tag, plugin, plugin_data = "", "", b""
    number: float | None = None
    tensor = b""
    for field, value in fields(message):
        if field == 1:
            tag = text(value)[:500]
        elif field == 2:
            number = single(value)
        elif field == 8:
            tensor = raw(value)
        elif field == 9:
            plugin, plugin_data = _plugin(raw(value))
    if not tag:
        return None
    words = ""
    if tensor and plugin in ("", "scalars", "text"):
        number, words = _tensor(tensor)
    return Tagged(tag, step, number, words, plugin, plugin_data)


def _plugin(metadata: bytes) -> tuple[str, bytes]:
    """SummaryMetadata: plugin_data=1 {plugin_name=1, content=2}."""
    name, content = "", b""
    for number, value in fields(metadata):
        if number == 1:
            for inner, part in fields(raw(value)):
                if inner == 1:
                    name = text(part)
                elif inner == 2:
                    content = raw(part)
    return name, content


def _tensor(message: bytes) -> tuple[float | None, str]:
    """The only element of a scalar tensor as (number, ""), or of a text tensor as (None, text)."""
    dtype, content = 0, b""
    values: list[float] = []
    strings: list[str] = []
    for number, value in fields(message):
        if number == 1:
            dtype = whole(value)
        elif number == 4:
            content = raw(value)
        elif number == _STRING_VAL:
            strings.append(text(value))
        elif number in (_FLOAT_VAL, _DOUBLE_VAL, _INT_VAL, _INT64_VAL, _BOOL_VAL):
            values += _typed(number, value)
    if dtype == _STRING or strings:
        return None, strings[0] if strings else ""
    if len(values) == 1:
        return values[0], ""
    return _content(dtype, content), ""


def _typed(number: int, value: int | bytes) -> list[float]:
    """A repeated field, packed or not; anything longer than one element is no scalar."""
    if isinstance(value, int):
        return [float(signed(value))]
    if number == _FLOAT_VAL and len(value) == 4:
        return [single(value)]
    if number == _DOUBLE_VAL and len(value) == 8:
        return [double(value)]
    if number in (_INT_VAL, _INT64_VAL, _BOOL_VAL) and len(value) <= 10:
        packed = next(fields(b"\x08" + value), None)
        return [float(signed(whole(packed[1])))] if packed else []
    return []


def _content(dtype: int, content: bytes) -> float | None:
    if dtype == _BFLOAT16 and len(content) == 2:
        return single(b"\0\0" + content)
    code = _ELEMENT.get(dtype)
    if code is None or len(content) != struct.calcsize(f"<{code}"):
        return None
    return float(struct.unpack(f"<{code}", content)[0])


def _hparams(tagged: Tagged) -> Iterator[Leaf]:
    """HParamsPluginData: session_start_info=3 {hparams=1: map of name=1 to google.protobuf.Value=2}."""
    for number, start_info in fields(tagged.plugin_data):
        if number != 3:
            continue
        for field, entry in fields(raw(start_info)):
            if field == 1:
                parts = dict(fields(raw(entry)))
                if 1 in parts and 2 in parts:
                    yield Leaf((text(parts[1])[:200],), _struct_value(raw(parts[2])), tagged.step)


def _struct_value(message: bytes) -> Scalar:
    """google.protobuf.Value: number_value=2, string_value=3, bool_value=4."""
    for number, value in fields(message):
        if number == 2:
            amount = double(value)
            return int(amount) if amount.is_integer() else amount  # Value has no integers
        if number == 3:
            return text(value)
        if number == 4:
            return bool(whole(value))
    return None


def _settings(tagged: Tagged) -> list[Leaf]:
    """Settings in a text summary: JSON (transformers) or a markdown table (CleanRL); other text has none."""
    group = tagged.tag.removesuffix("/text_summary")
    prefix: tuple[str, ...] = () if group in ("args", "hyperparameters", "hparams", "config") else (group,)
    bare = tagged.text.strip().removeprefix("```json").removesuffix("```").strip()
    if bare.startswith("{"):
        try:
            return [Leaf((*prefix, *leaf.path), leaf.value, tagged.step) for leaf in leaves(bare)]
        except ValueError:
            return []
    rows = (_MARKDOWN_ROW.match(line.strip()) for line in bare.splitlines()[:2_000])
    pairs = [(row[1], row[2]) for row in rows if row and not set(row[1]) <= set("-:")]
    return [Leaf((*prefix, name), parse_scalar(value), tagged.step) for name, value in pairs[1:]]


def _crc_table() -> tuple[int, ...]:
    """CRC-32C, reflected polynomial 0x82F63B78 (RFC 3720, appendix B.4)."""
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_TABLE = _crc_table()


def masked_crc(data: bytes) -> int:
    """The masked CRC-32C of tensorflow/core/lib/hash/crc32c.h."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
