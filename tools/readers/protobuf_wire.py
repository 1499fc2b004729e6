"""The protobuf wire format, as far as event files and W&B files need it.

Encoding: https://protobuf.dev/programming-guides/encoding/. No schema: callers know the field numbers.
"""

import struct
from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class WireError(ValueError):
    """The bytes are not a protobuf message."""


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Every field of one message as (number, value): an int for varints, the raw bytes for everything else.

    Raises WireError at the first byte that does not fit; a length that points behind the end is such a byte.
    """
    at, size = 0, len(message)
    while at < size:
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == _VARINT:
            number, at = _varint(message, at)
            yield tag >> 3, number
            continue
        length, at = _length(message, at, kind)
        if at + length > size:
            raise WireError(f"field {tag >> 3} is longer than its message")
        yield tag >> 3, message[at : at + length]
        at += length


def _length(message: bytes, at: int, kind: int) -> tuple[int, int]:
    if kind == _BYTES:
        return _varint(message, at)
    if kind == _FIXED64:
        return 8, at
    if kind == _FIXED32:
        return 4, at
    raise WireError(f"wire type {kind} is not in use")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 70:  # ten bytes of seven bits hold every 64-bit number
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise WireError("unfinished number")


def signed(value: int) -> int:
    """The int64 that a varint stands for (two's complement, not zigzag)."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def double(value: int | bytes) -> float:
    return float(struct.unpack("<d", raw(value))[0])


def single(value: int | bytes) -> float:
    return float(struct.unpack("<f", raw(value))[0])


def raw(value: int | bytes) -> bytes:
    """The bytes of a length-delimited or fixed field. Raises WireError for a varint."""
    if isinstance(value, int):
        raise WireError("a number where bytes are expected")
    return value


def whole(value: int | bytes) -> int:
    """The number of a varint field. Raises WireError for bytes."""
    if isinstance(value, bytes):
        raise WireError("bytes where a number is expected")
    return value


def text(value: int | bytes) -> str:
    return raw(value).decode("utf-8", "replace")
