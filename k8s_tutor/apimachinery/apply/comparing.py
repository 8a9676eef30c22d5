"""Field sets of objects, and what changed between two of them.

Mirrors ``structured-merge-diff/typed`` (``ToFieldSet``, ``Compare``).  Types are compiled into closures once.  Equal
values are told by ``==`` at each level before anything is walked, so that a comparison costs what has changed.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import orjson

from k8s_tutor.apimachinery.apply.fieldsets import LEAF, MEMBER, FieldSet, Node, make_node
from k8s_tutor.apimachinery.schema.types import LIST, MAP, STRUCT, Type

ABSENT: Final[Any] = object()


class ShapeError(ValueError):
    """A value does not fit its type, so that it has no field set; the message is upstream's."""


class Comparison(NamedTuple):
    """The paths that the new object has in addition, differently, or no more."""

    added: FieldSet
    modified: FieldSet
    removed: FieldSet


class Scope(NamedTuple):
    """How field sets are made.

    Attributes:
        named_members: containers that are fields count as members too (as what a change adds does), not only the leaves.
    """

    named_members: bool


_APPLIED: Final = Scope(named_members=False)
_CHANGED: Final = Scope(named_members=True)
_DEDUCED_MAP: Final = Type(MAP, elem=Type("JSON", preserve=True))
_DEDUCED_LEAF: Final = Type("string")
_NONE: Final[list[Any]] = []


def shape(type: Type, value: Any) -> str:
    """Return how a value of ``type`` is walked: ``leaf``, ``struct``, ``map``, ``set`` or ``keyed``."""
    kind = type.kind
    if kind in {STRUCT, MAP}:
        return "leaf" if type.atomic else kind
    if kind == LIST:
        return {"map": "keyed", "set": "set"}.get(type.list_type, "leaf")
    # A custom resource's untyped field: its objects are walked, its lists are atomic.
    return MAP if type.preserve and isinstance(value, dict) else "leaf"


def child_type(type: Type, key: str) -> Type:
    """Return the type of the value at ``key`` of a struct or map."""
    if type.kind == STRUCT:
        field = type.fields.get(key)
        if field is not None:
            return field.type
        return type.elem or (_DEDUCED_MAP.elem or _DEDUCED_LEAF)
    return type.elem or (_DEDUCED_MAP.elem or _DEDUCED_LEAF)


def is_named(type: Type, key: str) -> bool:
    """Tell whether ``key`` is a field of a struct rather than a key of a map."""
    return type.kind == STRUCT and key in type.fields


def element_of(type: Type, item: Any) -> str:
    """Return the path element of an item of a list of type ``set`` or ``map``."""
    if type.list_type == "set":
        if isinstance(item, dict):
            raise ShapeError("associative list without keys has an element that's a map type")
        if isinstance(item, list):
            raise ShapeError("not supported: associative list with lists as elements")
        if item is None:
            raise ShapeError("associative list without keys has an element that's an explicit null")
        return f"v:{orjson.dumps(item).decode()}"
    if item is None:
        raise ShapeError("associative list with keys may not have a null element")
    if not isinstance(item, dict):
        raise ShapeError("associative list with keys may not have non-map elements")
    build = type.plans.get("element")
    if build is None:
        build = type.plans["element"] = _element_builder(type)
    element: str = build(item)
    return element


def _element_builder(type: Type) -> Callable[[dict[str, Any]], str]:
    fields = type.elem.fields if type.elem is not None and type.elem.kind == STRUCT else {}
    defaults = {key: fields[key].default if key in fields else None for key in type.keys}
    ordered = sorted(type.keys)

    if len(ordered) == 1:
        # Most lists have one key, a short text.
        only, default = ordered[0], defaults[ordered[0]]
        head = f'k:{{"{only}":'

        def build_simple(item: dict[str, Any]) -> str:
            value = item.get(only, default)
            return build({}) if value is None else f"{head}{orjson.dumps(value).decode()}}}"

    def build(item: dict[str, Any]) -> str:
        chosen = {}
        for key in ordered:
            value = item.get(key, defaults[key])
            if value is not None:
                chosen[key] = value
        if not chosen:
            shown = " ".join(f'"{key}"' for key in type.keys)
            raise ShapeError(
                f"associative list with keys has an element that omits all key fields [{shown}] (and doesn't have "
                "default values for any key fields)"
            )
        return f"k:{orjson.dumps(chosen).decode()}"

    return build_simple if len(ordered) == 1 else build


def fieldset_of(obj: Any, type: Type) -> FieldSet:
    """Return the set of fields that applying ``obj`` claims."""
    return _children_of(obj, type, _APPLIED)


def _children_of(value: Any, type: Type, scope: Scope) -> FieldSet:
    kind = shape(type, value)
    if kind in {STRUCT, MAP}:
        if not isinstance(value, dict):
            return {}
        result = {}
        for key, item in value.items():
            node = _node_of(item, type, key, scope)
            if node is not None:
                result[f"f:{key}"] = node
        return result
    if kind == "set":
        return {element_of(type, item): LEAF for item in value or ()}
    if kind == "keyed":
        return _items_of(value, type, scope)
    return {}


def _items_of(value: Any, type: Type, scope: Scope) -> FieldSet:
    assert type.elem is not None  # noqa: S101 - lists are made with their item type
    result: FieldSet = {}
    for item in value or ():
        element = element_of(type, item)
        if element in result:
            # Duplicates are owned as a whole.
            result[element] = LEAF
        else:
            result[element] = make_node(_children_of(item, type.elem, scope), member=True)
    return result


def _node_of(value: Any, owner: Type, key: str, scope: Scope) -> Node | None:
    type = child_type(owner, key)
    kind = shape(type, value)
    if kind == "leaf" or value is None or value == {}:
        return LEAF
    if value == []:
        return LEAF if scope.named_members or not is_named(owner, key) else None
    member = scope.named_members or not is_named(owner, key)
    return make_node(_children_of(value, type, scope), member=member)


def compare(old: Any, new: Any, type: Type) -> Comparison:
    """Return what changed from ``old`` to ``new``; both are objects of ``type``."""
    comparison = Comparison({}, {}, {})
    if old != new:
        _compare_children(old, new, type, comparison)
    return comparison


def _put(target: FieldSet, element: str, below: FieldSet, *, member: bool) -> None:
    node = make_node(below, member=member)
    if node is not None:
        target[element] = node


def _compare_children(old: Any, new: Any, type: Type, into: Comparison) -> None:
    """Compare two containers of which at least one holds something."""
    kind = shape(type, new if new is not None else old)
    if kind in {STRUCT, MAP}:
        old, new = old or {}, new or {}
        for key, value in new.items():
            before = old.get(key, ABSENT)
            # Identity first: most of an object is handed on as it was.
            if before is not value and before != value:
                _compare_value(before, value, child_type(type, key), f"f:{key}", into)
        for key, value in old.items():
            if key not in new:
                _compare_value(value, ABSENT, child_type(type, key), f"f:{key}", into)
    else:
        _compare_items(old or [], new or [], type, into)


def _compare_value(old: Any, new: Any, type: Type, element: str, into: Comparison) -> None:
    if old is ABSENT:
        _put(into.added, element, _children_of(new, type, _CHANGED), member=True)
        return
    if new is ABSENT:
        _put(into.removed, element, _children_of(old, type, _CHANGED), member=True)
        return
    reshaped = old is not None and new is not None and isinstance(old, dict) is not isinstance(new, dict)
    if reshaped or shape(type, new if new is not None else old) == "leaf" or not (old or new):
        into.modified[element] = LEAF
        return
    below = Comparison({}, {}, {})
    _compare_children(old, new, type, below)
    if below.added:
        into.added[element] = below.added
    if below.modified:
        into.modified[element] = below.modified
    if below.removed:
        into.removed[element] = below.removed


def _same_keys(old: list[Any], new: list[Any], keys: tuple[str, ...]) -> bool:
    try:
        return len(old) == len(new) and all(
            one.get(key) == other.get(key) for one, other in zip(old, new, strict=True) for key in keys
        )
    except AttributeError:
        return False


def _compare_items(old: list[Any], new: list[Any], type: Type, into: Comparison) -> None:
    if type.list_type == "map" and _same_keys(old, new, type.keys):
        # The usual update: the same items, some of them changed.
        for one, other in zip(old, new, strict=True):
            if one is not other and one != other:
                _compare_value(one, other, type.elem or _DEDUCED_LEAF, element_of(type, other), into)
        return
    before, after = _grouped(old, type), _grouped(new, type)
    elem = type.elem or _DEDUCED_LEAF
    for element in [*before, *(element for element in after if element not in before)]:
        ours, theirs = before.get(element, _NONE), after.get(element, _NONE)
        if len(ours) > 1 or len(theirs) > 1:
            _compare_duplicates(ours, theirs, element, into)
        elif not ours:
            _compare_value(ABSENT, theirs[0], elem, element, into)
        elif not theirs:
            _compare_value(ours[0], ABSENT, elem, element, into)
        elif ours[0] != theirs[0]:
            _compare_value(ours[0], theirs[0], elem, element, into)


def _compare_duplicates(ours: Any, theirs: Any, element: str, into: Comparison) -> None:
    if len(ours) > 1 and len(theirs) > 1:
        if ours != theirs:
            into.modified[element] = LEAF
    elif len(ours) > 1:
        into.removed[element] = LEAF
        if theirs:
            into.added[element] = LEAF
    else:
        into.added[element] = LEAF
        if ours:
            into.removed[element] = LEAF


def _grouped(items: list[Any], type: Type) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for item in items:
        found.setdefault(element_of(type, item), []).append(item)
    return found


def with_named_members(fields: FieldSet, type: Type) -> FieldSet:
    """Return the set with the fields of structs added that lie on the way to its members."""
    result: FieldSet = {}
    for element, node in fields.items():
        if element == MEMBER:
            continue
        kind, _, name = element.partition(":")
        below, named = type, False
        if kind == "f" and type.kind in {STRUCT, MAP, "JSON"}:
            below, named = child_type(type, name), is_named(type, name)
        elif kind == "k" and type.elem is not None:
            below = type.elem
        children = with_named_members(node, below)
        result[element] = make_node(children, member=named or not node or MEMBER in node) or LEAF
    return result
