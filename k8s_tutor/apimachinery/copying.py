"""Copies of JSON values, several times faster than ``copy.deepcopy``."""

from typing import Any, TypeVar

T = TypeVar("T")


def deep_copy(value: T) -> T:
    """Return a copy of a JSON value that shares nothing changeable with it."""
    result: Any = _copy(value)
    return result  # type: ignore[no-any-return]


def _copy(value: Any) -> Any:
    if value.__class__ is dict:
        return {
            key: item if item.__class__ is str or item.__class__ is int else _copy(item) for key, item in value.items()
        }
    if value.__class__ is list:
        return [item if item.__class__ is str else _copy(item) for item in value]
    return value
