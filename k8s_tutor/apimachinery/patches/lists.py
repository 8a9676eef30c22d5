"""Keyed and primitive lists of strategic merge patch: finding, partitioning and ordering their items.

Mirrors the list rules of ``k8s.io/apimachinery/pkg/util/strategicpatch``: the result of a merge keeps the relative order
of the patch's items and that of the items only the server has, and weaves both by the server's order.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from k8s_tutor.apimachinery.go_values import go_kind, go_print
from k8s_tutor.apimachinery.patches.errors import PatchError
from k8s_tutor.apimachinery.schema.types import LIST, MAP, STRUCT, Type
from k8s_tutor.apimachinery.unstructured import Json

DIRECTIVE = "$patch"
RETAIN_KEYS = "$retainKeys"
DELETE_FROM = "$deleteFromPrimitiveList"
SET_ORDER = "$setElementOrder"

Items = list[Any]


class Meta(NamedTuple):
    """How one field is patched: the type below it, its strategy, whether unlisted keys go, and the merge key."""

    type: Type | None
    strategy: str = ""
    retain_keys: bool = False
    merge_key: str = ""


def lookup(type: Type | None, key: str) -> Meta:
    """Return how the field ``key`` of ``type`` is patched.

    Raises:
        PatchError: the type has no such field.
    """
    if type is None:
        return Meta(None)
    if type.kind == MAP:
        return Meta(type.elem)
    field = type.fields.get(key)
    if field is None:
        if type.kind == STRUCT and not type.preserve:
            raise PatchError(f"unable to find api field in struct {type.go_name} for the json field {_quote(key)}")
        return Meta(None)
    strategies = [part for part in field.patch_strategy.split(",") if part]
    rest = [part for part in strategies if part != "retainKeys"]
    inner = field.type.elem if field.type.kind == LIST else field.type
    return Meta(inner, rest[0] if rest else "", "retainKeys" in strategies, field.merge_key)


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def as_map(item: Any) -> Json:
    """Return an item of a keyed list as the object it must be."""
    if not isinstance(item, dict):
        raise PatchError(f"expected a map[string]interface {{}}, but received a {go_kind(item)}")
    return item


def as_list(value: Any) -> Items:
    """Return a value as the list it must be."""
    if not isinstance(value, list):
        raise PatchError(f"expected a []interface {{}}, but received a {go_kind(value)}")
    return value


def key_of(item: Any, merge_key: str) -> Any:
    """Return the value of an item's merge key."""
    found = as_map(item)
    if merge_key not in found:
        raise PatchError(f"map: {go_print(found)} does not contain declared merge key: {merge_key}")
    return found[merge_key]


def items_are_maps(*lists: Items) -> bool:
    """Tell whether the items are objects; lists of lists and of mixed kinds are refused."""
    kinds = {go_kind(item) for items in lists for item in items}
    if len(kinds) > 1:
        raise PatchError(f"list element types are not identical: [{' '.join(go_print(items) for items in lists)}]")
    if "[]interface {}" in kinds:
        raise PatchError("lists of lists are not supported")
    return "map[string]interface {}" in kinds


def find(items: Items, merge_key: str, value: Any) -> int:
    """Return the index of the item whose merge key is ``value``, -1 where there is none."""
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            raise PatchError(f"value for key {index} is not a map")
        if merge_key in item and item[merge_key] == value:
            return index
    return -1


def identity(merge_key: str, *, maps: bool) -> Callable[[Any], Any]:
    """Return the function that tells items apart."""
    if maps:
        return lambda item: _hashable(item.get(merge_key) if isinstance(item, dict) else None)
    return _hashable


def _hashable(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else go_print(value)


def _positions(items: Items, who: Callable[[Any], Any]) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for index, item in enumerate(items):
        found.setdefault(who(item), index)
    return found


def sort_like(items: Items, order: Items, merge_key: str, *, maps: bool) -> Items:
    """Sort ``items`` into the order of ``order``; items to be deleted go to the end."""
    deletions: Items = []
    if maps:
        for item in [*items, *order]:
            key_of(item, merge_key)
        deletions = [item for item in items if item.get(DIRECTIVE) == "delete"]
        items = [item for item in items if item.get(DIRECTIVE) != "delete"]
    who = identity(merge_key, maps=maps)
    places = _positions(order, who)
    if all(who(item) in places for item in items):
        return sorted(items, key=lambda item: places[who(item)]) + deletions
    return _insertion_sort(items, places, who) + deletions


def _insertion_sort(items: Items, places: dict[Any, int], who: Callable[[Any], Any]) -> Items:
    """Sort as Go's stable sort does with upstream's comparison, which lets unknown items pass before all others."""
    result = list(items)
    for start in range(1, len(result)):
        index = start
        while index:
            one, other = places.get(who(result[index])), places.get(who(result[index - 1]))
            if one is not None and other is not None and one >= other:
                break
            result[index - 1], result[index] = result[index], result[index - 1]
            index -= 1
    return result


def weave(
    patched: Items, server_only: Items, patch_order: Items, server_order: Items, merge_key: str, *, maps: bool
) -> Items:
    """Return both groups as one list: each in its own order, woven by the server's."""
    right = sort_like(patched, patch_order, merge_key, maps=maps)
    left = sort_like(server_only, server_order, merge_key, maps=maps)
    who = identity(merge_key, maps=maps)
    places = _positions(server_order, who)
    result: Items = []
    i = j = 0
    while i < len(left) and j < len(right):
        one, other = places.get(who(left[i])), places.get(who(right[j]))
        if one is not None and other is not None and one < other:
            result.append(left[i])
            i += 1
        else:
            result.append(right[j])
            j += 1
    return result + left[i:] + right[j:]


def partition(items: Items, by: Items, merge_key: str) -> tuple[Items, Items]:
    """Split ``items`` into those that ``by`` has, and the others."""
    if merge_key:
        for item in items:
            key_of(item, merge_key)
    who = identity(merge_key, maps=bool(merge_key))
    known = {who(item) for item in by}
    inside = [item for item in items if who(item) in known]
    return inside, [item for item in items if who(item) not in known]


def without_duplicates(items: Items) -> Items:
    """Return the items of a primitive list, each once."""
    return list({_hashable(item): item for item in items}.values())
