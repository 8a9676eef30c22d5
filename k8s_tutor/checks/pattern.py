"""Partial objects: does a value look like the pattern, and if not, where does it differ.

``differences`` returns an empty list for a match. Lists are compared without order: an item of the pattern that gives
the list's merge key (from the generated schema) is paired by it, others with the nearest item that is still free.
Maps whose keys begin with ``$`` are operators (``OPERATORS``); ``docs/pack-format.md`` explains them to authors.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from k8s_tutor.apimachinery.schema import Type, type_for
from k8s_tutor.checks.meaning import MISSING, number, same, shown
from k8s_tutor.checks.result import Difference

Differences = list[Difference]


def differences(pattern: Any, obj: Any, type_: Type | None = None, path: str = "") -> Differences:
    """Return how ``obj`` differs from ``pattern``; nothing if it matches."""
    if isinstance(pattern, Mapping):
        if any(isinstance(key, str) and key.startswith("$") for key in pattern):
            return [found for key, wanted in pattern.items() for found in OPERATORS[key](wanted, obj, type_, path)]
        return _map(pattern, obj, type_, path)
    if isinstance(pattern, list):
        return _list(pattern, obj, type_, path)
    return [] if same(pattern, obj, type_) else [Difference(path, shown(pattern), shown(obj))]


def of_object(pattern: Any, obj: Mapping[str, Any]) -> Differences:
    """As ``differences``, for a whole object whose kind tells its schema."""
    return differences(pattern, obj, object_type(obj))


def object_type(obj: Mapping[str, Any]) -> Type | None:
    """Return the schema of an object of a built-in kind."""
    group, _, version = str(obj.get("apiVersion", "")).rpartition("/")
    return type_for(group, version, str(obj.get("kind", "")))


def mistakes_in(pattern: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield what is wrong with a pattern itself: unknown operators, broken expressions."""
    if isinstance(pattern, list):
        for index, item in enumerate(pattern):
            yield from mistakes_in(item, (*path, index))
    if not isinstance(pattern, Mapping):
        return
    named = [key for key in pattern if isinstance(key, str) and key.startswith("$")]
    if named and len(named) < len(pattern):
        yield path, "operators ($…) and fields are mixed in one map"
    for key, value in pattern.items():
        if key in named and key not in OPERATORS:
            yield (*path, key), f"unknown operator; known are {', '.join(OPERATORS)}"
        elif key == "$regex":
            try:
                re.compile(str(value))
            except re.error as error:
                yield (*path, key), f"no regular expression: {error}"
        else:
            yield from mistakes_in(value, (*path, key))


def nearest(pattern: Any, candidates: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], Differences] | None:
    """Return the candidate with the fewest differences, and these."""
    judged = [(candidate, of_object(pattern, candidate)) for candidate in candidates]
    return min(judged, key=lambda item: len(item[1]), default=None)


# -- structure


def _map(pattern: Mapping[str, Any], value: Any, type_: Type | None, path: str) -> Differences:
    if value is MISSING or value is None:
        value = {}
    if not isinstance(value, Mapping):
        return [Difference(path, shown(pattern), shown(value))]
    found: Differences = []
    for key, wanted in pattern.items():
        field = type_.fields.get(key) if type_ is not None and type_.kind == "struct" else None
        inner = field.type if field is not None else type_.elem if type_ is not None and type_.kind == "map" else None
        below = _joined(path, str(key))
        if isinstance(wanted, list) and field is not None:
            found += _list(wanted, value.get(key, MISSING), inner, below, field.merge_key)
        else:
            found += differences(wanted, value.get(key, MISSING), inner, below)
    return found


def _list(pattern: list[Any], value: Any, type_: Type | None, path: str, merge_key: str = "") -> Differences:
    if value is MISSING or value is None:
        value = []
    if not isinstance(value, list):
        return [Difference(path, shown(pattern), shown(value))]
    elem = type_.elem if type_ is not None else None
    key = merge_key or (type_.keys[0] if type_ is not None and type_.keys else "")
    judged = [[_item(item, entry, elem, path, key) for entry in value] for item in pattern]
    pairs = _paired([[at for at, found in enumerate(row) if found == []] for row in judged], len(value))
    free = set(range(len(value))) - set(pairs.values())
    found: Differences = []
    for index, row in enumerate(judged):
        if index in pairs:
            continue
        candidates = [(one, at) for at, one in enumerate(row) if one is not None and at in free]
        if candidates:
            best, at = min(candidates, key=lambda candidate: len(candidate[0]))
            free.remove(at)
            found += best
        else:
            found.append(_unpaired(pattern[index], value, path, key))
    return found


def _item(item: Any, entry: Any, elem: Type | None, path: str, key: str) -> Differences | None:
    """Judge an item of a list against one of a pattern; None where the merge key says that it is another one."""
    name = _keyed(item, key)
    if name is None:
        return differences(item, entry, elem, f"{path}[]")
    return differences(item, entry, elem, f"{path}[{key}={name}]") if _has_key(entry, key, name) else None


def _keyed(item: Any, key: str) -> Any:
    name = item.get(key) if key and isinstance(item, Mapping) else None
    return name if isinstance(name, str | int) else None


def _paired(matches: list[list[int]], size: int) -> dict[int, int]:
    """Pair as many items of a pattern as possible with an item of their own that they match (augmenting paths)."""
    owner: list[int | None] = [None] * size

    def place(index: int, seen: set[int]) -> bool:
        for at in matches[index]:
            if at not in seen:
                seen.add(at)
                before = owner[at]
                if before is None or place(before, seen):
                    owner[at] = index
                    return True
        return False

    for index in range(len(matches)):
        place(index, set())
    return {index: at for at, index in enumerate(owner) if index is not None}


def _unpaired(item: Any, value: list[Any], path: str, key: str) -> Difference:
    name = _keyed(item, key)
    if name is None:
        return Difference(f"{path}[]", shown(item), "nothing")
    there = ", ".join(str(entry.get(key)) for entry in value if isinstance(entry, Mapping))
    return Difference(f"{path}[{key}={name}]", "present", f"only {there}" if there else "nothing")


def _has_key(entry: Any, key: str, name: Any) -> bool:
    return isinstance(entry, Mapping) and str(entry.get(key)) == str(name)


def _joined(path: str, key: str) -> str:
    if re.fullmatch(r"[A-Za-z_][\w-]*", key):
        return f"{path}.{key}" if path else key
    return f"{path}[{key}]"


# -- operators: each takes (wanted, value, type, path)


def _exists(wanted: Any, value: Any, _type: Type | None, path: str) -> Differences:
    there = value is not MISSING and value is not None
    return [] if there == bool(wanted) else [Difference(path, "present" if wanted else "absent", shown(value))]


def _ordered(sign: str, holds: Callable[[float, float], bool]) -> Callable[[Any, Any, Type | None, str], Differences]:
    def judge(wanted: Any, value: Any, type_: Type | None, path: str) -> Differences:
        kind = type_.kind if type_ is not None else ""
        left, right = number(value, kind), number(wanted, kind)
        good = left is not None and right is not None and holds(left, right)
        return [] if good else [Difference(path, f"{sign} {shown(wanted)}", shown(value))]

    return judge


def _in(wanted: Any, value: Any, type_: Type | None, path: str) -> Differences:
    good = any(not differences(choice, value, type_, path) for choice in wanted)
    return [] if good else [Difference(path, f"one of {', '.join(map(shown, wanted))}", shown(value))]


def _regex(wanted: Any, value: Any, _type: Type | None, path: str) -> Differences:
    text = "" if value is MISSING or value is None else value if isinstance(value, str) else shown(value)
    return [] if re.search(str(wanted), text) else [Difference(path, f"text like /{wanted}/", shown(value))]


def _length(wanted: Any, value: Any, _type: Type | None, path: str) -> Differences:
    size = len(value) if isinstance(value, list | Mapping | str) else 0
    return [Difference(f"{path} (length)", one.expected, one.found) for one in differences(wanted, size)]


def _items(value: Any, path: str) -> list[tuple[Any, str]]:
    if isinstance(value, list):
        return [(item, f"{path}[{_name(item, index)}]") for index, item in enumerate(value)]
    if isinstance(value, Mapping):
        return [(item, _joined(path, str(key))) for key, item in value.items()]
    return []


def _name(item: Any, index: int) -> str:
    return f"name={item['name']}" if isinstance(item, Mapping) and "name" in item else str(index)


def _elem(type_: Type | None) -> Type | None:
    return type_.elem if type_ is not None else None


def _each(wanted: Any, value: Any, type_: Type | None, path: str) -> Differences:
    items = _items(value, path)
    if not items:
        return [Difference(path, f"items like {shown(wanted)}", shown(value))]
    return [found for item, below in items for found in differences(wanted, item, _elem(type_), below)]


def _none(wanted: Any, value: Any, type_: Type | None, path: str) -> Differences:
    return [
        Difference(below, f"nothing like {shown(wanted)}", shown(item))
        for item, below in _items(value, path)
        if not differences(wanted, item, _elem(type_), below)
    ]


def _exactly(wanted: Any, value: Any, type_: Type | None, path: str) -> Differences:
    found = _list(wanted, value, type_, path)
    size = len(value) if isinstance(value, list) else 0
    if not found and size != len(wanted):
        found = [Difference(path, f"only {shown(wanted)}", shown(value))]
    return found


def _negated(wanted: Any, value: Any, type_: Type | None, path: str) -> Differences:
    return [] if differences(wanted, value, type_, path) else [Difference(path, f"not {shown(wanted)}", shown(value))]


def _any(wanted: Any, value: Any, type_: Type | None, path: str) -> Differences:
    judged = [differences(choice, value, type_, path) for choice in wanted]
    return min(judged, key=len, default=[])


def _all(wanted: Any, value: Any, type_: Type | None, path: str) -> Differences:
    return [found for choice in wanted for found in differences(choice, value, type_, path)]


OPERATORS: Final[Mapping[str, Callable[[Any, Any, Type | None, str], Differences]]] = {
    "$exists": _exists,
    "$eq": differences,
    "$ne": _negated,
    "$gt": _ordered(">", lambda left, right: left > right),
    "$gte": _ordered("≥", lambda left, right: left >= right),
    "$lt": _ordered("<", lambda left, right: left < right),
    "$lte": _ordered("≤", lambda left, right: left <= right),
    "$in": _in,
    "$regex": _regex,
    "$len": _length,
    "$each": _each,
    "$none": _none,
    "$exactly": _exactly,
    "$not": _negated,
    "$any": _any,
    "$all": _all,
}
