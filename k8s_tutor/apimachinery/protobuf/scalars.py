"""Messages of leaves: times, int-or-strings, raw JSON."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from k8s_tutor.apimachinery.protobuf.wire import ProtobufError, as_bytes, chunk, fields, signed, varint

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def write_time(value: str) -> bytes:
    """Return the Timestamp of a time, with or without a fraction."""
    whole, _, fraction = value.rstrip("Z").partition(".")
    moment = datetime.fromisoformat(f"{whole}+00:00")
    nanos = int(fraction[:9].ljust(9, "0")) if fraction else 0
    delta = moment - _EPOCH
    seconds = delta.days * 86400 + delta.seconds
    return b"\x08" + varint(seconds) + b"\x10" + varint(nanos)


def _read_timestamp(data: Any) -> tuple[str, int] | None:
    seconds = nanos = 0
    if not data:
        return None
    for number, value in fields(as_bytes(data)):
        if number == 1:
            seconds = signed(value)
        elif number == 2:
            nanos = signed(value)
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        raise ProtobufError("time is out of range") from None
    return (moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0"), nanos) if moment.year > 1 or seconds else None


def read_time(data: Any) -> str | None:
    """Return the time of a Timestamp, None where it is zero."""
    found = _read_timestamp(data)
    return f"{found[0]}Z" if found else None


def read_micro_time(data: Any) -> str | None:
    """Return the time of a Timestamp with six digits of a second."""
    found = _read_timestamp(data)
    return f"{found[0]}.{found[1] // 1000:06d}Z" if found else None


def write_int_or_string(value: int | str) -> bytes:
    """Return the IntOrString message."""
    if isinstance(value, str):
        return b"\x08\x01\x10\x00" + chunk(3, value.encode())
    return b"\x08\x00\x10" + varint(value) + b"\x1a\x00"


def read_int_or_string(data: Any) -> int | str:
    """Return the number or text of an IntOrString message."""
    is_text, number_value, text = 0, 0, ""
    for number, value in fields(as_bytes(data)):
        if number == 1:
            is_text = signed(value)
        elif number == 2:
            number_value = signed(value)
        elif number == 3:
            text = as_bytes(value).decode()
    return text if is_text else number_value


def inner(data: Any, wanted: int = 1) -> Any:
    """Return the content of a one-field message."""
    for number, value in fields(as_bytes(data)):
        if number == wanted:
            return value
    return None


def read_raw(data: Any) -> Any:
    """Return the JSON value that a message holds as text."""
    raw = inner(data)
    return orjson.loads(raw) if raw else None


def write_raw(value: Any) -> bytes:
    """Return a message that holds a JSON value as text."""
    return chunk(1, orjson.dumps(value))


def read_text(value: Any) -> str:
    """Return the text of a string field."""
    return as_bytes(value).decode()
