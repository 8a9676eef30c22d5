"""Lists of completion indexes such as ``1,3-5,7`` (upstream: ``validateIndexesFormat``)."""

import re

from k8s_tutor.sim.resources.shared.gotext import quote


class IndexTextError(ValueError):
    """The text is no list of indexes; the message is upstream's."""


def _number(text: str, completions: int) -> int:
    if not re.fullmatch(r"[+-]?\d+", text):
        raise IndexTextError(f"cannot convert string to integer for index: {quote(text)}")
    if int(text) >= completions:
        raise IndexTextError(f"too large index: {quote(text)}")
    return int(text)


def intervals(text: str, completions: int) -> list[tuple[int, int]]:
    """Return the intervals of a list; raises IndexTextError."""
    found: list[tuple[int, int]] = []
    for part in text.split(",") if text else ():
        limits = part.split("-")
        if len(limits) > 2:
            rule = "violates the requirement that an index interval can have at most two parts separated by '-'"
            raise IndexTextError(f"the fragment {quote(part)} {rule}")
        first = last = _number(limits[0], completions)
        if len(limits) == 2:
            last = _number(limits[1], completions)
            if first >= last:
                raise IndexTextError(f"non-increasing order, previous: {first}, current: {last}")
        if found and found[-1][1] >= first:
            raise IndexTextError(f"non-increasing order, previous: {found[-1][1]}, current: {first}")
        found.append((first, last))
    return found


def parse_indexes(text: str, completions: int) -> int:
    """Return how many indexes a list names; raises IndexTextError."""
    return sum(last - first + 1 for first, last in intervals(text, completions))
