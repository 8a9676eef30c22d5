"""Sets of field paths, in the very shape of ``fieldsV1``: nested dicts, so that storing and reading them costs nothing.

Mirrors ``sigs.k8s.io/structured-merge-diff/fieldpath``.  A set is a dict of path elements (``f:name``, ``k:{…}``,
``v:…``, ``i:0``) to nodes.  A node tells whether its own path is in the set, and what is below: ``{}`` is in the set with
nothing below, ``{".": {}, …}`` is in the set with more below, any other is not in the set itself.  Sets are never changed
once made; results share nodes with their sources.
"""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

FieldSet = dict[str, Any]
Node = dict[str, Any]

MEMBER: Final = "."
LEAF: Final[Node] = {}


def is_member(node: Node) -> bool:
    """Tell whether the node's own path is in the set."""
    return not node or MEMBER in node


def make_node(children: FieldSet, *, member: bool) -> Node | None:
    """Return a node, None where it would be empty."""
    if not children:
        return LEAF if member else None
    return {MEMBER: LEAF, **children} if member else children


def union(one: FieldSet, other: FieldSet) -> FieldSet:
    """Return the paths of both sets."""
    if not one or not other:
        return one or other
    result = dict(one)
    for element, node in other.items():
        known = result.get(element)
        result[element] = node if known is None or known is node else _union_nodes(known, node)
    return result


def _union_nodes(one: Node, other: Node) -> Node:
    member = is_member(one) or is_member(other)
    children = union(_below(one), _below(other))
    return make_node(children, member=member) or LEAF


def _below(node: Node) -> FieldSet:
    if MEMBER not in node:
        return node
    return {element: inner for element, inner in node.items() if element != MEMBER}


def difference(one: FieldSet, other: FieldSet) -> FieldSet:
    """Return the paths of ``one`` that ``other`` does not have; what is below a path stays."""
    if not one or not other:
        return one
    result: FieldSet | None = None
    for element, node in other.items():
        known = one.get(element)
        if known is None or element == MEMBER:
            continue
        rest = _difference_nodes(known, node)
        if rest is known:
            continue
        if result is None:
            result = dict(one)
        if rest is None:
            del result[element]
        else:
            result[element] = rest
    return one if result is None else result


def _difference_nodes(one: Node, other: Node) -> Node | None:
    was_member = is_member(one)
    member = was_member and not is_member(other)
    below = _below(one)
    children = difference(below, _below(other))
    if member is was_member and children is below:
        return one
    return make_node(children, member=member)


def intersection(one: FieldSet, other: FieldSet) -> FieldSet:
    """Return the paths that both sets have."""
    result: FieldSet = {}
    for element, node in one.items():
        match = other.get(element)
        if match is None or element == MEMBER:
            continue
        member = is_member(node) and is_member(match)
        found = make_node(intersection(node, match), member=member)
        if found is not None:
            result[element] = found
    return result


def without_subtrees(fields: FieldSet, roots: FieldSet) -> FieldSet:
    """Return ``fields`` without the paths in ``roots`` and all that is below them (an exclude filter)."""
    result: FieldSet = {}
    for element, node in fields.items():
        root = roots.get(element)
        if root is None:
            result[element] = node
        elif not is_member(root):
            rest = without_subtrees(node, root)
            if rest:
                result[element] = rest
    return result


def in_order(fields: FieldSet) -> FieldSet:
    """Return a set in the order in which upstream writes it: names, keys and values sorted, numbers as numbers."""
    if len(fields) == 1:
        ((element, node),) = fields.items()
        return {element: in_order(node)} if node else fields
    return {element: in_order(fields[element]) if fields[element] else LEAF for element in sorted(fields, key=_rank)}


@lru_cache(maxsize=8192)
def _rank(element: str) -> tuple[str, Any]:
    if element[0] not in "kvi":
        return element, ()
    value = json.loads(element[2:])
    values = sorted(value.items()) if element[0] == "k" and isinstance(value, dict) else [("", value)]
    order = tuple(
        (name, isinstance(each, str), each if isinstance(each, str | int | float) else "") for name, each in values
    )
    return f"{'~' if element[0] == 'i' else element[0]}:", order


def paths(fields: FieldSet, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield all paths of the set: those of one level sorted before those below them."""
    for element in sorted(fields):
        if element != MEMBER and is_member(fields[element]):
            yield (*before, element)
    for element in sorted(fields):
        if element != MEMBER and fields[element]:
            yield from paths(fields[element], (*before, element))


def make_set(*chosen: tuple[str, ...]) -> FieldSet:
    """Return the set of plain field paths such as ``("metadata", "name")``."""
    result: FieldSet = {}
    for path in chosen:
        one: FieldSet = LEAF
        for name in reversed(path):
            one = {f"f:{name}": one}
        result = union(result, one)
    return result


def path_text(path: tuple[str, ...]) -> str:
    """Return a path as conflicts print it: ``.spec.containers[name="c"].image``."""
    return "".join(map(_element_text, path))


def _element_text(element: str) -> str:
    kind, _, rest = element.partition(":")
    if kind == "f":
        return f".{rest}"
    if kind == "k":
        keys = json.loads(rest)
        return f"[{','.join(f'{key}={_value_text(value)}' for key, value in keys.items())}]"
    if kind == "v":
        return f"[={_value_text(json.loads(rest))}]"
    return f"[{rest}]"


def _value_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
