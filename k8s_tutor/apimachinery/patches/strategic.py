"""Strategic merge patch: a merge patch that knows which lists are merged by key, and takes directives.

Mirrors ``k8s.io/apimachinery/pkg/util/strategicpatch``.  Directives: ``$patch`` (replace, delete, merge),
``$deleteFromPrimitiveList/field``, ``$setElementOrder/field`` and ``$retainKeys``.  The same merge, with other options,
joins the two halves of a three-way patch (``strategic_diff.py``): then directives are kept rather than obeyed.
"""

from typing import Any, NamedTuple

from k8s_tutor.apimachinery.go_values import go_print
from k8s_tutor.apimachinery.patches.errors import PatchError
from k8s_tutor.apimachinery.patches.lists import (
    DELETE_FROM,
    DIRECTIVE,
    RETAIN_KEYS,
    SET_ORDER,
    Items,
    Meta,
    as_list,
    as_map,
    find,
    items_are_maps,
    key_of,
    lookup,
    partition,
    weave,
    without_duplicates,
)
from k8s_tutor.apimachinery.schema.types import Type
from k8s_tutor.apimachinery.unstructured import Json, clone

_BAD_ORDER = "invalid patch format of setElementOrder list"


class Options(NamedTuple):
    """Whether directives are obeyed (a patch meets an object) or kept (two patches are joined)."""

    obey: bool = True


def strategic_merge(current: Json, patch: Json, type: Type | None) -> Json:
    """Return ``current`` with ``patch`` applied; neither is changed.

    Args:
        current: the object.
        patch: the strategic merge patch.
        type: the object's type, from which strategies and merge keys come.

    Raises:
        PatchError: the patch does not fit, with upstream's words.
    """
    return merge_maps(clone(current), clone(patch), type, Options())


def merge_maps(original: Json, patch: Json, type: Type | None, options: Options) -> Json:
    """Merge ``patch`` into ``original``; both are used up."""
    if DIRECTIVE in patch:
        directive = patch.pop(DIRECTIVE)
        if directive == "replace":
            return patch
        if directive == "delete":
            return {}
        raise PatchError(
            f"unknown patch type: {go_print(directive)} in map: {go_print(patch | {DIRECTIVE: directive})}"
        )
    _retain_keys(original, patch, options)
    _set_orders(original, patch, type, options)
    for key, value in patch.items():
        _merge_field(original, key, value, type, options)
    return original


def _retain_keys(original: Json, patch: Json, options: Options) -> None:
    if RETAIN_KEYS not in patch:
        return
    wanted = patch.pop(RETAIN_KEYS)
    if not options.obey:
        known = original.setdefault(RETAIN_KEYS, wanted)
        if known != wanted:
            raise PatchError(
                f"{go_print(known)} and {go_print(wanted)} are not deep equal: this may happen when calculating the "
                "3-way diff patch"
            )
        return
    if not isinstance(wanted, list):
        raise PatchError("invalid patch format of retainKeys")
    for key, value in patch.items():
        if value is not None and not key.startswith((DELETE_FROM, SET_ORDER)) and key not in wanted:
            raise PatchError("invalid patch format of retainKeys")
    for key in [key for key in original if key not in wanted]:
        del original[key]


def _directive_field(key: str, complaint: str) -> str:
    prefix, slash, name = key.partition("/")
    if not slash or prefix not in {DELETE_FROM, SET_ORDER}:
        raise PatchError(complaint)
    return name


def _set_orders(original: Json, patch: Json, type: Type | None, options: Options) -> None:
    """Merge the lists whose order the patch prescribes, and put them into that order."""
    for key in [key for key in patch if key.startswith(SET_ORDER)]:
        order = patch.pop(key)
        if not options.obey and original.setdefault(key, order) != order:
            raise PatchError(_BAD_ORDER)
        order = as_list(order)
        name = _directive_field(key, _BAD_ORDER)
        has_original, has_patch = name in original, name in patch
        server = as_list(original[name]) if has_original else []
        patched = as_list(patch[name]) if has_patch else []
        meta = lookup(type, name)
        _check_order(patched, order, meta.merge_key)
        if not has_original and not has_patch:
            continue
        if not has_patch:
            merged = server
        elif not has_original:
            merged = _without_directives(patched)
        else:
            merged = _merge_field_lists(clone(server), patched, meta, options, delete=False)
        maps = items_are_maps(server, patched)
        inside, server_only = partition(merged, order, meta.merge_key)
        server = _order_after_merge(server, patched, meta) if maps and has_patch else server
        original[name] = weave(inside, server_only, order, server, meta.merge_key, maps=maps)
        patch.pop(name, None)


def _order_after_merge(server: Items, patched: Items, meta: Meta) -> Items:
    """Return the server's order as upstream sees it after merging in place.

    Upstream deletes and appends in the very array it later takes the server's order from, so that new items stand in the
    places of the deleted ones.
    """
    if meta.strategy != "merge" or any(item.get(DIRECTIVE) == "replace" for item in patched):
        return server
    deleted = [item.get(meta.merge_key) for item in patched if item.get(DIRECTIVE) == "delete"]
    remaining = [item for item in server if item.get(meta.merge_key) not in deleted]
    known = [item.get(meta.merge_key) for item in remaining]
    added = [item for item in patched if DIRECTIVE not in item and item.get(meta.merge_key) not in known]
    return remaining + added[: len(server) - len(remaining)]


def _check_order(patched: Items, order: Items, merge_key: str) -> None:
    """Refuse a patch whose items come in another order than it prescribes."""
    items = [as_map(item) for item in patched] if merge_key else patched
    items = [item for item in items if not (isinstance(item, dict) and DIRECTIVE in item)]
    if not order or not items:
        return
    remaining = iter(order)
    for item in items:
        mine = key_of(item, merge_key) if merge_key else item
        if not any((key_of(other, merge_key) if merge_key else other) == mine for other in remaining):
            raise PatchError(
                f"The order in patch list:\n{go_print(patched)}\n doesn't match {SET_ORDER} list:\n{go_print(order)}\n"
            )


def _merge_field(original: Json, key: str, value: Any, type: Type | None, options: Options) -> None:
    delete = key.startswith(DELETE_FROM)
    if delete:
        if not options.obey:
            original[key] = value
            return
        key = _directive_field(key, "invalid patch format of primitive list")
    if value is None:
        original.pop(key, None)
        if options.obey:
            return
    known = original.get(key)
    same_kind = key in original and _kind(known) == _kind(value)
    if not same_kind:
        if not delete:
            _set(original, key, _without_nulls(value) if options.obey else value)
    elif isinstance(value, dict):
        meta = lookup(type, key)
        if meta.strategy != "replace":
            original[key] = merge_maps(as_map(known), value, meta.type, options)
        else:
            original[key] = value
    elif isinstance(value, list):
        original[key] = _merge_field_lists(as_list(known), value, lookup(type, key), options, delete=delete)
    else:
        original[key] = value


def _kind(value: Any) -> str:
    return "map" if isinstance(value, dict) else "list" if isinstance(value, list) else "scalar"


def _set(original: Json, key: str, value: Any) -> None:
    if isinstance(value, dict) and DIRECTIVE in value:
        original.pop(key, None)
    else:
        original[key] = _without_directives(value)


def _without_directives(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_directives(item)
            for key, item in value.items()
            if not (isinstance(item, dict) and DIRECTIVE in item)
        }
    if isinstance(value, list):
        return [_without_directives(item) for item in value if not (isinstance(item, dict) and DIRECTIVE in item)]
    return value


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _merge_field_lists(original: Items, patch: Items, meta: Meta, options: Options, *, delete: bool) -> Items:
    if meta.strategy != "merge" and not delete:
        return patch
    if not original and not patch:
        return original
    maps = items_are_maps(original, patch)
    if not maps:
        if options.obey and delete:
            return [item for item in original if item not in patch]
        merged = without_duplicates([*original, *patch])
    else:
        if not meta.merge_key:
            raise PatchError(f"cannot merge lists without merge key for {meta.type.go if meta.type else ''}")
        original, patch = _obey_items(original, patch, meta.merge_key)
        merged = _merge_items(original, patch, meta, options)
    inside, server_only = partition(merged, patch, meta.merge_key)
    return weave(inside, server_only, patch, original, meta.merge_key, maps=maps)


def _obey_items(original: Items, patch: Items, merge_key: str) -> tuple[Items, Items]:
    """Carry out items that are directives; return what is left of both lists."""
    plain, replace = [], False
    for item in patch:
        directive = item.get(DIRECTIVE)
        if DIRECTIVE not in item:
            plain.append(item)
        elif directive == "delete":
            gone = key_of(item, merge_key)
            while (index := find(original, merge_key, gone)) >= 0:
                del original[index]
        elif directive == "replace":
            replace = True
        elif directive == "merge":
            raise PatchError("merging lists cannot yet be specified in the patch")
        else:
            raise PatchError(f"unknown patch type: {go_print(directive)} in map: {go_print(item)}")
    return (plain, []) if replace else (original, plain)


def _merge_items(original: Items, patch: Items, meta: Meta, options: Options) -> Items:
    merged = list(original)
    for item in patch:
        index = find(merged, meta.merge_key, key_of(item, meta.merge_key))
        if index < 0:
            merged.append(item)
        else:
            merged[index] = merge_maps(merged[index], clone(item), meta.type, options)
    return merged
