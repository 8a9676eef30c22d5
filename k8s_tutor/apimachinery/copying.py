"""Copies of JSON values, several times faster than ``copy.deepcopy``."""

from typing import Any, TypeVar

T = TypeVar("T")
_CONTAINERS: frozenset[Any] = frozenset({dict, list})


def deep_copy(value: T) -> T:
    """Return a copy of a JSON value that shares nothing changeable with it."""
    result: Any = _copy(value)
    return result  # type: ignore[no-any-return]


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        result = value.copy()
        for key, item in value.items():
            if item.__class__ in _CONTAINERS:
                result[key] = _copy(item)
        return result
    if isinstance(value, list):
        return [_copy(item) if item.__class__ in _CONTAINERS else item for item in value]
    return value
