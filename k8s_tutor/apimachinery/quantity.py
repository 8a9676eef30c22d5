"""Quantities: ``100m``, ``1.5Gi``, ``1e3``; exact numbers that remember in which family of suffixes they were written.

Mirrors ``k8s.io/apimachinery/pkg/api/resource``.  The smallest unit is 1n, so an amount is one integer of nanos; what
is finer rounds away from zero.  A text that is canonical already is kept as it was written ("1.500" stays), all others
are printed canonically: no fraction, the largest suffix that keeps the number whole.  Parsing is cached: a cluster
knows few different quantities.
"""

from functools import lru_cache, total_ordering
from typing import Final

DECIMAL_SI: Final = "DecimalSI"
BINARY_SI: Final = "BinarySI"
DECIMAL_EXPONENT: Final = "DecimalExponent"

_NANO: Final = 10**9
_MAX_BINARY: Final = (2**63 - 1) * _NANO
_MAX_EXPONENT: Final = 400
_FORMAT_WRONG: Final = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
_BAD_NUMBER: Final = "unable to parse numeric part of quantity"
_BAD_SUFFIX: Final = "unable to parse quantity's suffix"
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL_SUFFIX: Final = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_SUFFIX: Final = {exponent: suffix for suffix, exponent in _BINARY.items()}
_DIGITS: Final = frozenset("0123456789")
_SUFFIX_LETTERS: Final = frozenset("eEinumkKMGTP")


class QuantityError(ValueError):
    """The text is no quantity; the message is upstream's."""


@total_ordering
class Quantity:
    """An immutable amount; ``str()`` gives its canonical form."""

    __slots__ = ("_kept", "_text", "format", "nanos")

    def __init__(self, nanos: int, format: str = DECIMAL_SI, text: str = "") -> None:
        self.nanos = nanos
        self.format = format
        self._text = text
        self._kept = bool(text)

    @staticmethod
    def parse(value: str | float) -> "Quantity":
        """Return the quantity that ``value`` spells; numbers are taken as JSON would print them.

        Raises:
            QuantityError: with the words of the real server.
        """
        if isinstance(value, str):
            return _parse(value.strip())
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise QuantityError(_FORMAT_WRONG)
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
            value = int(value)
        return _parse(str(value).strip())

    def __str__(self) -> str:
        if not self._text:
            self._text = _canonical(self.nanos, self.format)
        return self._text

    def __repr__(self) -> str:
        return f"Quantity({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and self.nanos == other.nanos

    def __lt__(self, other: "Quantity") -> bool:
        return self.nanos < other.nanos

    def __hash__(self) -> int:
        return hash(self.nanos)

    def __bool__(self) -> bool:
        return self.nanos != 0

    def __add__(self, other: "Quantity") -> "Quantity":
        return Quantity(self.nanos + other.nanos, self.format if self.nanos else other.format)

    def __sub__(self, other: "Quantity") -> "Quantity":
        return Quantity(self.nanos - other.nanos, self.format if self.nanos else other.format)

    def __mul__(self, factor: int) -> "Quantity":
        return Quantity(self.nanos * factor, self.format)

    def __neg__(self) -> "Quantity":
        return Quantity(-self.nanos, self.format)

    @property
    def keeps_text(self) -> bool:
        """Whether it was written canonically, so that Go keeps the text with it."""
        return self._kept

    @staticmethod
    def scale_of(text: str) -> int:
        """Return the power of ten in which Go keeps the amount of a decimal text: ``100m`` is 100 of 10^-3."""
        _, _, fraction, suffix = _split(text.strip())
        return _interpret(suffix)[0] - len(fraction)

    def value(self) -> int:
        """Return the amount as a whole number, rounded away from zero."""
        return _divide(self.nanos, _NANO)

    def milli(self) -> int:
        """Return the amount in thousandths, rounded away from zero (what the scheduler counts CPU in)."""
        return _divide(self.nanos, 10**6)

    def as_number(self) -> int | float:
        """Return the amount as ``int`` where it is whole, else as ``float``."""
        whole, rest = divmod(self.nanos, _NANO)
        return self.nanos / _NANO if rest else whole


def canonical(text: str | float) -> str:
    """Return the canonical spelling of ``text``; raises QuantityError."""
    return str(Quantity.parse(text))


def _divide(amount: int, unit: int) -> int:
    return -(-amount // unit) if amount >= 0 else amount // unit


def _skip_digits(text: str, position: int) -> int:
    while position < len(text) and text[position] in _DIGITS:
        position += 1
    return position


def _split(text: str) -> tuple[bool, str, str, str]:
    """Split into sign, whole digits (no leading zeros), fraction digits and suffix, with upstream's tolerance."""
    start = position = 1 if text[:1] in {"+", "-"} else 0
    while position < len(text) and text[position] == "0":
        position += 1
    end = _skip_digits(text, position)
    whole, fraction = text[position:end] or "0", ""
    if text[end : end + 1] == ".":
        stop = _skip_digits(text, end + 1)
        fraction, end = text[end + 1 : stop], stop
    suffix_start = end
    while end < len(text) and text[end] in _SUFFIX_LETTERS:
        end += 1
    if text[end : end + 1] in {"+", "-"}:
        end += 1
    if _skip_digits(text, end) != len(text):
        raise QuantityError(_FORMAT_WRONG)
    return start == 1 and text[0] == "-", whole, fraction, text[suffix_start:]


def _interpret(suffix: str) -> tuple[int, str]:
    """Return exponent and format of a suffix."""
    if suffix in _DECIMAL:
        return _DECIMAL[suffix], DECIMAL_SI
    if suffix in _BINARY:
        return _BINARY[suffix], BINARY_SI
    if len(suffix) > 1 and suffix[0] in "eE":
        try:
            exponent = int(suffix[1:])
        except ValueError:
            raise QuantityError(_BAD_SUFFIX) from None
        if abs(exponent) > _MAX_EXPONENT:
            raise QuantityError(_BAD_NUMBER)
        return exponent, DECIMAL_EXPONENT
    raise QuantityError(_BAD_SUFFIX)


@lru_cache(maxsize=8192)
def _parse(text: str) -> Quantity:
    if not text:
        raise QuantityError(_FORMAT_WRONG)
    negative, whole, fraction, suffix = _split(text)
    exponent, family = _interpret(suffix)
    digits = whole + fraction
    if len(digits) > 4000:
        raise QuantityError(_BAD_NUMBER)
    number = int(digits)
    kept = ""
    if family == BINARY_SI:
        scaled, divisor = (number << exponent) * _NANO, 10 ** len(fraction)
        room = 15 - len(whole) - exponent * 3 // 10 - 1
        if not fraction and room >= 0 and number & 7:
            kept = text
    else:
        scale = exponent - len(fraction)
        scaled, divisor = number * 10 ** max(scale + 9, 0), 10 ** max(-scale - 9, 0)
        if len(digits) <= 18 and scale >= -9 and scale % 3 == 0 and not digits.endswith("000") and digits[0] != "0":
            kept = text
    nanos = -(-scaled // divisor)
    if family == BINARY_SI and not kept:
        nanos = min(nanos, _MAX_BINARY)
        if 0 < nanos < _NANO:
            family = DECIMAL_SI
    return Quantity(-nanos if negative else nanos, family, kept)


def _canonical(nanos: int, format: str) -> str:
    if not nanos:
        return "0"
    whole, rest = divmod(nanos, _NANO)
    if format == BINARY_SI and not rest and abs(whole) >= 1024:
        exponent = 0
        while whole % 1024 == 0:
            whole //= 1024
            exponent += 10
        return f"{whole}{_BINARY_SUFFIX.get(exponent, '')}"
    exponent = -9
    while nanos % 1000 == 0:
        nanos //= 1000
        exponent += 3
    if format == DECIMAL_EXPONENT:
        return f"{nanos}e{exponent}" if exponent else str(nanos)
    return f"{nanos}{_DECIMAL_SUFFIX.get(exponent, '')}"
