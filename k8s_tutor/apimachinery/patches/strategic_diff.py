"""The three-way strategic patch that ``kubectl apply`` sends.

Mirrors ``CreateThreeWayMergePatch``: what the new manifest adds or changes against the live object, joined with what it
no longer has of the last applied manifest.  Keyed lists are patched by item, with ``$setElementOrder`` telling the order
wanted, ``$deleteFromPrimitiveList`` what to take from lists of plain values, and ``$retainKeys`` for unions.
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
    items_are_maps,
    key_of,
    lookup,
    sort_like,
    without_duplicates,
)
from k8s_tutor.apimachinery.patches.strategic import Options, merge_maps
from k8s_tutor.apimachinery.schema.types import Type
from k8s_tutor.apimachinery.unstructured import Json, clone


class _Options(NamedTuple):
    """Which differences count, and which directives are written."""

    deletions: bool = True
    changes: bool = True
    order: bool = False
    retain_keys: bool = False


def strategic_diff(original: Json, modified: Json, current: Json, type: Type | None) -> Json:
    """Return the patch for ``current``.

    Args:
        original: the last applied manifest (empty where there is none).
        modified: the manifest to apply.
        current: the live object.
        type: their type.
    """
    original, modified, current = clone(original), clone(modified), clone(current)
    delta = _diff_maps(current, modified, type, _Options(deletions=False, order=True))
    deletions = _diff_maps(original, modified, type, _Options(changes=False, order=True))
    return merge_maps(deletions, delta, type, Options(obey=False))


def two_way_diff(original: Json, modified: Json, type: Type | None) -> Json:
    """Return the patch that makes ``modified`` of ``original`` (what ``kubectl edit`` and ``label`` send)."""
    return _diff_maps(clone(original), clone(modified), type, _Options(order=True))


def _diff_maps(original: Json, modified: Json, type: Type | None, options: _Options) -> Json:
    patch: Json = {}
    for key in sorted(modified):
        value = modified[key]
        if key not in original:
            if options.changes:
                patch[key] = value
        elif key == DIRECTIVE:
            if original[key] != value:
                patch[key] = value
        elif isinstance(value, dict) and isinstance(original[key], dict):
            _diff_map_field(patch, key, original[key], value, type, options)
        elif isinstance(value, list) and isinstance(original[key], list):
            _diff_list_field(patch, key, original[key], value, type, options)
        elif options.changes and not _same(original[key], value):
            patch[key] = value
    if options.deletions:
        patch |= {key: None for key in original if key not in modified}
    if options.retain_keys:
        kept = sorted(key for key, value in modified.items() if value is not None)
        gone = any(value is not None and key not in modified for key, value in original.items())
        if kept and (patch or gone):
            patch[RETAIN_KEYS] = kept
    return patch


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def _meta(type: Type | None, key: str, original: Json | Items, modified: Json | Items) -> Meta | None:
    """Return how a field is patched; None for one that the schema does not know: no matter as long as it stays."""
    try:
        return lookup(type, key)
    except PatchError:
        if original == modified:
            return None
        raise


def _diff_map_field(
    patch: Json, key: str, original: Json, modified: Json, type: Type | None, options: _Options
) -> None:
    meta = _meta(type, key, original, modified)
    if meta is None:
        return
    if meta.strategy == "replace":
        if options.changes:
            patch[key] = modified
        return
    inner = _diff_maps(original, modified, meta.type, options._replace(retain_keys=meta.retain_keys))
    if inner:
        patch[key] = inner


def _diff_list_field(
    patch: Json, key: str, original: Items, modified: Items, type: Type | None, options: _Options
) -> None:
    meta = _meta(type, key, original, modified)
    if meta is None:
        return
    if meta.strategy != "merge":
        if options.changes and original != modified:
            patch[key] = modified
        return
    options = options._replace(retain_keys=meta.retain_keys)
    added, deleted, order = _diff_lists(original, modified, meta.type, meta.merge_key, options)
    if added:
        patch[key] = added
    if deleted:
        patch[f"{DELETE_FROM}/{key}"] = deleted
    if order:
        patch[f"{SET_ORDER}/{key}"] = order


def _diff_lists(
    original: Items, modified: Items, type: Type | None, merge_key: str, options: _Options
) -> tuple[Items, Items, Items]:
    if not original:
        return (modified if options.changes else []), [], []
    if not items_are_maps(original, modified):
        return _diff_scalars(original, modified, options)
    changed, deleted = _diff_items(original, modified, type, merge_key, options)
    patch = sort_like(changed, modified, merge_key, maps=True) + deleted
    same_order = [key_of(item, merge_key) for item in original] == [key_of(item, merge_key) for item in modified]
    wanted = (options.changes and (patch or not same_order)) or (options.deletions and patch)
    order = [{merge_key: item[merge_key]} for item in modified] if options.order and wanted else []
    return patch, [], order


def _diff_scalars(original: Items, modified: Items, options: _Options) -> tuple[Items, Items, Items]:
    ours, theirs = sorted(original, key=go_print), sorted(modified, key=go_print)
    added, deleted = [], []
    i = j = 0
    while i < len(ours) or j < len(theirs):
        one = go_print(ours[i]) if i < len(ours) else None
        other = go_print(theirs[j]) if j < len(theirs) else None
        if one == other:
            i, j = i + 1, j + 1
        elif one is None or (other is not None and one > other):
            added.append(theirs[j])
            j += 1
        else:
            deleted.append(ours[i])
            i += 1
    added = sort_like(added, modified, "", maps=False) if options.changes else []
    deleted = without_duplicates(deleted) if options.deletions else []
    wanted = (options.deletions and deleted) or (options.changes and original != modified)
    return added, deleted, modified if options.order and wanted else []


def _diff_items(
    original: Items, modified: Items, type: Type | None, merge_key: str, options: _Options
) -> tuple[Items, Items]:
    """Compare two keyed lists; return the items changed or added, and the directives that delete."""
    ours = {go_print(key_of(item, merge_key)): item for item in original}
    theirs = {go_print(key_of(item, merge_key)): item for item in modified}
    changed, deleted = [], []
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in theirs:
            if options.deletions:
                deleted.append({merge_key: ours[name][merge_key], DIRECTIVE: "delete"})
        elif name not in ours:
            if options.changes:
                changed.append(theirs[name])
        elif inner := _diff_maps(ours[name], theirs[name], type, options):
            changed.append(inner | {merge_key: theirs[name][merge_key]})
    return changed, deleted
