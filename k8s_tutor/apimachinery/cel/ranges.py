"""Ranges of sizes and costs: from a least to a largest number, with sums that stop at the largest there is."""

import math
from typing import Final, NamedTuple

LARGEST: Final = 2**64 - 1


class Range(NamedTuple):
    """From a least to a largest number."""

    least: int
    most: int

    def plus(self, other: "Range") -> "Range":
        """Return the sum."""
        return Range(bounded(self.least + other.least), bounded(self.most + other.most))

    def times(self, other: "Range") -> "Range":
        """Return the product."""
        return Range(bounded(self.least * other.least), bounded(self.most * other.most))

    def scaled(self, factor: float) -> "Range":
        """Return the product with a factor, rounded up."""
        return Range(_scaled(self.least, factor), _scaled(self.most, factor))

    def union(self, other: "Range") -> "Range":
        """Return the range that holds both."""
        return Range(min(self.least, other.least), max(self.most, other.most))


UNKNOWN: Final = Range(0, LARGEST)
ONE: Final = Range(1, 1)
NOTHING: Final = Range(0, 0)


def bounded(value: int) -> int:
    """Return a number, or the largest there is."""
    return min(value, LARGEST)


def _scaled(value: int, factor: float) -> int:
    return LARGEST if value * factor >= LARGEST else math.ceil(value * factor)
