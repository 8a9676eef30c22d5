"""Leaf values as Go's decoders take them and Go's encoders print them: times, durations, bytes, quantities, unions.

Mirrors the ``UnmarshalJSON``/``MarshalJSON`` methods of ``metav1.Time``, ``MicroTime``, ``Duration``,
``resource.Quantity``, ``intstr.IntOrString`` and the base64 decoder of Go's JSON package.  Each function takes a JSON
value and returns its canonical form, or raises LeafError with Go's words.
"""

import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from k8s_tutor.apimachinery.quantity import Quantity, QuantityError

_CANONICAL_TIME = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ"
).fullmatch
_CANONICAL_MICRO = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z"
).fullmatch
_BASE64: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_TIME_LAYOUT: Final = "2006-01-02T15:04:05Z07:00"
_MICRO_LAYOUT: Final = "2006-01-02T15:04:05.000000Z07:00"
_UNITS: Final = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_DURATION_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|µs|μs|ms|s|m|h)")


class LeafError(ValueError):
    """A value is no such leaf; the message is Go's, and nothing after it is decoded."""


class LeafMismatchError(LeafError):
    """A leaf's own decoder met another kind of JSON value than it takes; the place is told by who calls it."""

    def __init__(self, found: str, go: str) -> None:
        super().__init__(f"json: cannot unmarshal {found} into Go value of type {go}")
        self.found = found
        self.go = go


def json_kind(value: Any) -> str:
    """Return what Go's decoder calls a JSON value: string, number, bool, array, object, null."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "null" if value is None else "array" if isinstance(value, list) else "object"


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise LeafMismatchError(json_kind(value), "string")
    return value


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class _TimeParser:
    """Follows a layout through a text and complains where Go's ``time.Parse`` does."""

    def __init__(self, text: str, layout: str) -> None:
        self.text, self.rest, self.layout = text, text, layout

    def fail(self, element: str) -> LeafError:
        head = f"parsing time {_quote(self.text)} as {_quote(self.layout)}: cannot parse"
        return LeafError(f"{head} {_quote(self.rest)} as {_quote(element)}")

    def number(self, element: str, digits: int, low: int, high: int, name: str) -> int:
        part = self.rest[:digits]
        if len(part) < digits or not (part.isascii() and part.isdigit()):
            raise self.fail(element)
        if not low <= int(part) <= high:
            raise self.out_of_range(name)
        self.rest = self.rest[digits:]
        return int(part)

    def out_of_range(self, name: str) -> LeafError:
        return LeafError(f"parsing time {_quote(self.text)}: {name} out of range")

    def literal(self, text: str) -> None:
        if not self.rest.startswith(text):
            raise self.fail(text)
        self.rest = self.rest[len(text) :]

    def fraction(self, exact: int) -> int:
        """Return nanoseconds; ``exact`` digits, or as many as there are when it is 0."""
        match = re.match(r"[.,]([0-9]+)", self.rest)
        if exact and (match is None or len(match.group(1)) < exact):
            raise self.fail("." + "0" * exact)
        if match is None:
            return 0
        digits = match.group(1)[: exact or None]
        self.rest = self.rest[1 + len(digits) :]
        return int(digits[:9].ljust(9, "0"))

    def zone(self) -> timedelta:
        if self.rest.startswith("Z"):
            self.rest = self.rest[1:]
            return timedelta()
        match = re.match(r"([+-])(\d\d):(\d\d)", self.rest, re.ASCII)
        if match is None:
            raise self.fail("Z07:00")
        sign, hours, minutes = match.groups()
        if int(hours) > 24 or int(minutes) > 60:
            raise self.out_of_range("time zone offset hour" if int(hours) > 24 else "time zone offset minute")
        self.rest = self.rest[match.end() :]
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        return offset if sign == "+" else -offset

    def parse(self, micro: int) -> tuple[datetime, int]:
        year = self.number("2006", 4, 0, 9999, "year")
        self.literal("-")
        month = self.number("01", 2, 1, 12, "month")
        self.literal("-")
        day = self.number("02", 2, 0, 99, "day")
        self.literal("T")
        hour = self.number("15", 2, 0, 23, "hour")
        self.literal(":")
        minute = self.number("04", 2, 0, 59, "minute")
        self.literal(":")
        second = self.number("05", 2, 0, 59, "second")
        nanos = self.fraction(micro)
        offset = self.zone()
        if self.rest:
            raise LeafError(f"parsing time {_quote(self.text)}: extra text: {_quote(self.rest)}")
        try:
            return datetime(max(year, 1), month, day, hour, minute, second, tzinfo=UTC) - offset, nanos
        except (ValueError, OverflowError):
            raise self.out_of_range("day") from None


def time(value: Any) -> str:
    """Return a ``metav1.Time`` in UTC with seconds."""
    if value.__class__ is str and _CANONICAL_TIME(value):
        return value
    moment, _ = _TimeParser(_text(value), _TIME_LAYOUT).parse(0)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def micro_time(value: Any) -> str:
    """Return a ``metav1.MicroTime`` in UTC with six digits."""
    if value.__class__ is str and _CANONICAL_MICRO(value):
        return value
    moment, nanos = _TimeParser(_text(value), _MICRO_LAYOUT).parse(6)
    return f"{moment.strftime('%Y-%m-%dT%H:%M:%S').rjust(19, '0')}.{nanos // 1000:06d}Z"


def parse_duration(text: str) -> int:
    """Return the nanoseconds of a Go duration such as ``1h30m``."""
    rest = text[1:] if text[:1] in {"+", "-"} else text
    if rest == "0":
        return 0
    if not rest:
        raise LeafError(f"time: invalid duration {_quote(text)}")
    total = 0
    while rest:
        match = _DURATION_PART.match(rest)
        if match is None or not (match.group(1) or match.group(2)):
            raise LeafError(_duration_complaint(text, rest))
        whole, fraction, unit = match.groups()
        scale = _UNITS[unit]
        total += int(whole or 0) * scale + (int(fraction) * scale // 10 ** len(fraction) if fraction else 0)
        rest = rest[match.end() :]
    return -total if text[0] == "-" else total


def _duration_complaint(text: str, rest: str) -> str:
    match = re.match(r"([0-9]*\.?[0-9]*)([^0-9.]*)", rest)
    number, unit = match.groups() if match else ("", "")
    if not number.strip("."):
        return f"time: invalid duration {_quote(text)}"
    if not unit:
        return f"time: missing unit in duration {_quote(text)}"
    return f"time: unknown unit {_quote(unit)} in duration {_quote(text)}"


def format_duration(nanos: int) -> str:
    """Return a duration as Go prints it: ``1h30m0s``, ``1.5s``, ``100ms``."""
    sign, nanos = ("-", -nanos) if nanos < 0 else ("", nanos)
    if nanos < 10**9:
        for unit, scale in (("ms", 10**6), ("µs", 10**3), ("ns", 1)):
            if nanos >= scale:
                return f"{sign}{_decimal(nanos, scale)}{unit}"
        return "0s"
    minutes, rest = divmod(nanos, 60 * 10**9)
    text = f"{_decimal(rest, 10**9)}s"
    if minutes:
        hours, minutes = divmod(minutes, 60)
        text = f"{hours}h{minutes}m{text}" if hours else f"{minutes}m{text}"
    return sign + text


def _decimal(amount: int, scale: int) -> str:
    whole, rest = divmod(amount, scale)
    return f"{whole}.{rest:0{len(str(scale)) - 1}d}".rstrip("0") if rest else str(whole)


def duration(value: Any) -> str:
    """Return a ``metav1.Duration`` in its canonical spelling."""
    return format_duration(parse_duration(_text(value)))


@lru_cache(maxsize=8192)
def _canonical_quantity(text: str) -> str:
    return str(Quantity.parse(text))


def quantity(value: Any) -> str:
    """Return a quantity in its canonical spelling; JSON numbers count as their digits."""
    try:
        return _canonical_quantity(value) if value.__class__ is str else str(Quantity.parse(value))
    except QuantityError as error:
        raise LeafError(str(error)) from None


def int_or_string(value: Any) -> int | str:
    """Return an int32 or a text."""
    if value.__class__ is str:
        return value
    if value.__class__ is int and -(2**31) <= value < 2**31:
        return value
    shown = f"number {number_text(value)}" if json_kind(value) == "number" else json_kind(value)
    raise LeafMismatchError(shown, "int32")


def number_text(value: float) -> str:
    """Return a number as it stood in the JSON text, as nearly as can be told."""
    text = repr(value)
    return text.replace("e+", "e") if "e" in text else text


def base64(value: str) -> str:
    """Return base64 text in its canonical spelling."""
    try:
        decoded = binascii.a2b_base64(value, strict_mode=True)
    except (binascii.Error, ValueError):
        decoded = _decode_loosely(value.encode())
    return binascii.b2a_base64(decoded, newline=False).decode()


def _decode_loosely(source: bytes) -> bytes:
    """Decode as Go does: line breaks pass, trailing bits are ignored, the first wrong byte is told."""
    digits = bytearray()
    positions = [index for index, byte in enumerate(source) if byte not in b"\r\n"]
    for count, index in enumerate(positions):
        if source[index] in _BASE64:
            digits.append(source[index])
            continue
        place = len(digits) % 4
        following = positions[count + 1 :]
        if source[index] != ord("=") or place < 2:
            raise LeafError(f"illegal base64 data at input byte {index}")
        if place == 2:
            if not following:
                raise LeafError(f"illegal base64 data at input byte {len(source)}")
            if source[following[0]] != ord("="):
                raise LeafError(f"illegal base64 data at input byte {following[0]}")
            following = following[1:]
        if following:
            raise LeafError(f"illegal base64 data at input byte {following[0]}")
        return binascii.a2b_base64(bytes(digits) + b"=" * (4 - place))
    if len(digits) % 4:
        raise LeafError(f"illegal base64 data at input byte {len(source) - len(digits) % 4}")
    return binascii.a2b_base64(bytes(digits))


#: Leaves whose decoder is their own: a wrong value ends decoding with the leaf's complaint.
OWN_DECODERS: Final[dict[str, Callable[[Any], Any]]] = {
    "Quantity": quantity,
    "IntOrString": int_or_string,
    "Time": time,
    "MicroTime": micro_time,
    "Duration": duration,
}
