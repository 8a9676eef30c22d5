"""What Kubernetes' CEL functions do with lists, sets and texts.

Mirrors ``k8s.io/apiserver/pkg/cel/library`` (lists, regex) and cel-go's list and set extensions.
"""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from cel_expr_python import cel


def plain(value: Any) -> Any:
    """Return a value of CEL as Python's."""
    if isinstance(value, cel.Value):
        return value.plain_value()
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def find(text: str, pattern: str) -> str:
    """Return the first match of a pattern, or nothing."""
    match = re.search(pattern, text)
    return match.group() if match else ""


def find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    """Return the matches of a pattern, at most ``limit``."""
    found = [match.group() for match in re.finditer(pattern, text)]
    return found if limit < 0 else found[:limit]


def total(items: Any) -> Any:
    """Return the sum of a list."""
    values = plain(items)
    return sum(values[1:], values[0]) if values else 0


def extreme(choose: Callable[[Any], Any], name: str) -> Callable[[Any], Any]:
    """Return what picks one item of a list."""

    def pick(items: Any) -> Any:
        values = plain(items)
        if not values:
            raise ValueError(f"{name} called on empty list")
        return choose(values)

    return pick


def is_sorted(items: Any) -> bool:
    """Tell whether a list is in order."""
    values = plain(items)
    return all(one <= other for one, other in pairwise(values))


def index_of(items: Any, item: Any) -> int:
    """Return the first place of an item, -1 where it is not."""
    values = plain(items)
    wanted = plain(item)
    return values.index(wanted) if wanted in values else -1


def last_index_of(items: Any, item: Any) -> int:
    """Return the last place of an item, -1 where it is not."""
    values = plain(items)
    wanted = plain(item)
    return len(values) - 1 - values[::-1].index(wanted) if wanted in values else -1
