"""Objects as JSON, as upstream's ``unstructured.Unstructured``: the name of the type, and copies.

No kind has a class of its own: what is sent, stored and compared is what the API writes.
"""

from typing import Any, TypeVar

Json = dict[str, Any]

T = TypeVar("T")
_CONTAINERS: frozenset[Any] = frozenset({dict, list})


def clone(value: T) -> T:
    """Return a copy of a JSON value that shares nothing changeable with it, several times faster than ``copy.deepcopy``."""
    result: T = _clone(value)
    return result


def _clone(value: Any) -> Any:
    if isinstance(value, dict):
        result = value.copy()
        for key, item in value.items():
            if item.__class__ in _CONTAINERS:
                result[key] = _clone(item)
        return result
    if isinstance(value, list):
        return [_clone(item) if item.__class__ in _CONTAINERS else item for item in value]
    return value
