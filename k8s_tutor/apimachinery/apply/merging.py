"""Merging an applied configuration into the live object, and taking paths out of objects.

Mirrors ``structured-merge-diff/typed`` (``Merge``, ``RemoveItems``): structs and maps merge by key, lists of type
``set`` and ``map`` by item, all else is replaced.  The order of a merged list is the configuration's, with items only the
live object has kept where they stand.
"""

from typing import Any

from k8s_tutor.apimachinery.apply.comparing import child_type, element_of, shape
from k8s_tutor.apimachinery.apply.fieldsets import MEMBER, FieldSet
from k8s_tutor.apimachinery.schema.types import MAP, STRUCT, Type


def type_differs(live: Any, config: Any) -> bool:
    """Tell whether one is an object and the other a list, as may be in what no schema knows."""
    return isinstance(live, dict) is not isinstance(config, dict)


def merge(live: Any, config: Any, type: Type) -> Any:
    """Return ``live`` with ``config`` merged in; parts are shared with both, none is changed."""
    kind = shape(type, config if config is not None else live)
    if kind == "leaf" or not (live or config) or (live and config is not None and type_differs(live, config)):
        return config
    if kind in {STRUCT, MAP}:
        result = dict(live or {})
        for key, value in (config or {}).items():
            result[key] = merge(live[key], value, child_type(type, key)) if live and key in live else value
        return result
    return _merge_lists(live or [], config or [], type)


def _merge_lists(live: list[Any], config: list[Any], type: Type) -> list[Any]:
    ours = [element_of(type, item) for item in live]
    theirs = [element_of(type, item) for item in config]
    known = dict(zip(ours, live, strict=True))
    wanted = dict(zip(theirs, config, strict=True))
    shared = [element for element in theirs if element in known]
    elem = type.elem

    def merged(element: str) -> Any:
        if elem is None or element not in known:
            return wanted[element]
        return merge(known[element], wanted[element], elem)

    result: list[Any] = []
    done: set[str] = set()
    i = j = 0
    while i < len(ours) or j < len(theirs):
        if i < len(ours):
            element = ours[i]
            if j < len(theirs) and element == theirs[j]:
                result.append(merged(element))
                done.add(element)
                i, j, shared = i + 1, j + 1, shared[1:]
                continue
            if element in wanted:
                # The configuration moves it: skip it here, unless it is the next that both have.
                if j < len(theirs) and shared and shared[0] != element:
                    i += 1
                    continue
                if element in done:
                    i += 1
            else:
                result.append(live[i])
                i += 1
                continue
        if j < len(theirs):
            element = theirs[j]
            result.append(merged(element))
            done.add(element)
            if shared and shared[0] == element:
                shared = shared[1:]
            j += 1
    return result


def remove(value: Any, gone: FieldSet, type: Type) -> Any:
    """Return ``value`` without the paths in ``gone``; containers that become empty become null, as upstream's do."""
    if not gone or not value:
        return value
    kind = shape(type, value)
    if kind in {STRUCT, MAP}:
        result = {}
        for key, item in value.items():
            node = gone.get(f"f:{key}")
            if node is None:
                result[key] = item
            elif node and MEMBER not in node:
                result[key] = remove(item, node, child_type(type, key))
        return result or None
    if kind == "leaf":
        return value
    kept = []
    for item in value:
        node = gone.get(element_of(type, item))
        if node is None:
            kept.append(item)
        elif node and MEMBER not in node and type.elem is not None:
            kept.append(remove(item, node, type.elem))
    return kept or None
