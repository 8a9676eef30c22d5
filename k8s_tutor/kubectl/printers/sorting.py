"""``--sort-by``: ordering by a field (kubectl, ``cmd/get``: ``sorter.go``). Quantities, times and numbers by value."""

import re
from functools import cmp_to_key
from typing import Any

from k8s_tutor.apimachinery.jsonpath import JSONPath, JSONPathError, relaxed
from k8s_tutor.apimachinery.quantity import Quantity, QuantityError
from k8s_tutor.kubectl.errors import CommandError


def sort_by(entries: list[Any], expression: str, objects: list[dict[str, Any]]) -> list[Any]:
    """Order entries by a field of the object each belongs to; objects without it come first.

    Raises:
        CommandError: no such field in any object, or a malformed path.
    """
    try:
        path = JSONPath(relaxed(expression))
    except JSONPathError as error:
        raise CommandError(str(error)) from None
    keys = [next(iter(path.find(one)), None) for one in objects]
    if objects and all(key is None for key in keys):
        raise CommandError(f"couldn't find any field with path {quoted_path(expression)} in the list of objects")
    order = sorted(range(len(entries)), key=lambda at: _by_value(keys[at]))
    return [entries[at] for at in order]


def quoted_path(expression: str) -> str:
    """Return the path as the error names it."""
    return '"' + relaxed(expression) + '"'


def _compare(left: Any, right: Any) -> int:
    if left is None or right is None:
        return (left is not None) - (right is not None)
    if isinstance(left, str) and isinstance(right, str):
        try:
            first, second = Quantity.parse(left), Quantity.parse(right)
            return (first > second) - (first < second)
        except QuantityError:
            natural_left, natural_right = _natural(left), _natural(right)
            return (natural_left > natural_right) - (natural_left < natural_right)
    try:
        return int(left > right) - int(left < right)
    except TypeError:
        return 0


def _natural(text: str) -> list[tuple[int, int]]:
    """Runs of digits compare by number, all else letter by letter."""
    parts = re.findall(r"\d+|\D", text)
    return [(ord("0"), int(part)) if part.isdigit() else (ord(part), 0) for part in parts]


_by_value = cmp_to_key(_compare)
