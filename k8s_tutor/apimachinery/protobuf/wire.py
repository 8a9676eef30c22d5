"""The protobuf wire format: varints, length-delimited chunks, and walking over a message's fields."""

from collections.abc import Iterator
from typing import Final

MASK: Final = (1 << 64) - 1


class ProtobufError(ValueError):
    """The bytes are no Kubernetes protobuf message."""


def varint(value: int) -> bytes:
    """Return an integer as a varint; negative ones take ten bytes."""
    value &= MASK
    if value < 0x80:
        return bytes((value,))
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def chunk(number: int, payload: bytes) -> bytes:
    """Return a length-delimited field."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the varint at ``at`` and where it ends."""
    value = shift = 0
    while shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & MASK, at
        shift += 7
    raise ProtobufError("proto: integer overflow")


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield (number, value): an integer for varints and fixed fields, bytes for all else."""
    at, end = 0, len(data)
    try:
        while at < end:
            key, at = read_varint(data, at)
            number, wire = key >> 3, key & 7
            if wire == 0:
                value: int | bytes
                value, at = read_varint(data, at)
            elif wire == 2:
                length, at = read_varint(data, at)
                value, at = data[at : at + length], at + length
                if at > end:
                    raise ProtobufError("unexpected EOF")
            elif wire in {1, 5}:
                size = 8 if wire == 1 else 4
                value, at = data[at : at + size], at + size
            else:
                raise ProtobufError(f"proto: illegal wireType {wire}")
            yield number, value
    except IndexError:
        raise ProtobufError("unexpected EOF") from None


def as_bytes(value: int | bytes) -> bytes:
    """Return the content of a length-delimited field."""
    if isinstance(value, bytes):
        return value
    raise ProtobufError("proto: wrong wireType")


def signed(value: object) -> int:
    """Return a varint as a signed integer."""
    if not isinstance(value, int):
        raise ProtobufError("proto: wrong wireType")
    return value - (1 << 64) if value >> 63 else value
