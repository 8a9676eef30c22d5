"""Managed fields of plain updates: which manager set which fields, when.

Mirrors ``k8s.io/apimachinery/pkg/util/managedfields``: an update takes from all others what it changes, keeps what its
manager had, forgets what is gone, never counts identity fields of metadata, and changes its time only when it took
anything.  More than ten updating managers are folded into ``ancient-changes``.
"""

from collections.abc import Mapping
from typing import Any, Final

from k8s_tutor.apimachinery.apply.comparing import Comparison, ShapeError, compare
from k8s_tutor.apimachinery.apply.fieldsets import (
    FieldSet,
    difference,
    in_order,
    intersection,
    make_set,
    union,
    without_subtrees,
)
from k8s_tutor.apimachinery.encoding import encoded
from k8s_tutor.apimachinery.schema.types import Type
from k8s_tutor.apimachinery.unstructured import Json

Entry = dict[str, Any]
Entries = list[Entry]
Identity = tuple[str, str, str, str]

MAX_UPDATERS: Final = 10
_IDENTITY_FIELDS: Final = (
    "name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields",
    "resourceVersion",
)  # fmt: skip
STRIPPED: Final[FieldSet] = make_set(
    ("apiVersion",), ("kind",), ("metadata",), *(("metadata", name) for name in _IDENTITY_FIELDS)
)


def identity(entry: Mapping[str, Any]) -> Identity:
    """Return what tells one manager's entry from another's; an applier is one whatever version it applies."""
    operation = entry.get("operation", "")
    version = "" if operation == "Apply" else entry.get("apiVersion", "")
    return entry.get("manager", ""), operation, version, entry.get("subresource", "")


def make_entry(manager: str, operation: str, api_version: str, subresource: str, time: str, fields: FieldSet) -> Entry:
    """Return an entry of ``metadata.managedFields``."""
    entry: Entry = {
        "manager": manager or "unknown",
        "operation": operation,
        "apiVersion": api_version,
        "time": time,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }
    if subresource:
        entry["subresource"] = subresource
    return entry


def managed_before(old: Json | None, new: Json, subresource: str = "") -> Entries:
    """Return the entries a write starts from: the request's own where it carries any, else the stored object's.

    An explicit empty list (or one empty entry) resets them.  Subresources never take the request's.
    """
    stored: Entries = ((old or {}).get("metadata") or {}).get("managedFields") or []
    if subresource:
        return stored
    sent = (new.get("metadata") or {}).get("managedFields")
    if sent is None or sent == stored:
        return stored
    if sent in ([], [{}]):
        return []
    if any(not isinstance(entry, dict) or not _is_valid(entry) for entry in sent):
        return stored
    return list(sent)


def _is_valid(entry: Entry) -> bool:
    fields = entry.get("fieldsV1")
    return (
        entry.get("operation") in {"Apply", "Update"}
        and entry.get("fieldsType", "FieldsV1") == "FieldsV1"
        and (fields is None or (isinstance(fields, dict) and _is_valid_set(fields)))
    )


def _is_valid_set(fields: FieldSet) -> bool:
    return all(
        isinstance(node, dict) and (element == "." or element[:2] in {"f:", "k:", "v:", "i:"}) and _is_valid_set(node)
        for element, node in fields.items()
    )


def empty_object(type: Type) -> Json:
    """Return what an object of ``type`` is before anything is set, the start of a creation's comparison."""
    found: Json | None = type.plans.get("empty")
    if found is None:
        found = type.plans["empty"] = {} if type.preserve or not type.name else encoded({}, type)
    return found


def _comparable(obj: Json) -> Json:
    """Return ``obj`` without the fields that no manager ever owns."""
    result = {key: value for key, value in obj.items() if key not in {"apiVersion", "kind"}}
    metadata = result.get("metadata")
    if isinstance(metadata, dict):
        result["metadata"] = {key: value for key, value in metadata.items() if key not in _IDENTITY_FIELDS}
    return result


def track_update(
    old: Json | None,
    new: Json,
    old_managed: Entries,
    manager: str,
    operation: str,
    api_version: str,
    subresource: str,
    time: str,
    type: Type,
    reset: FieldSet | None = None,
) -> Entries:
    """Return ``metadata.managedFields`` after a write; a pure function, nothing given is changed.

    Args:
        old: the stored object, None for a creation.
        new: the object to be stored.
        old_managed: the entries before (see ``managed_before``).
        manager: who writes.
        operation: ``Update`` (also for creations and patches).
        api_version: the version in which it is written.
        subresource: ``status``, ``scale`` …, or empty.
        time: now, RFC 3339.
        type: the object's type.
        reset: the set of fields this request cannot set (``status`` of the main resource).
    """
    if old is not None and not old_managed:
        # Whoever emptied them does not want them; only an apply begins anew.
        return []
    before = empty_object(type) if old is None else old
    try:
        change = compare(_comparable(before), _comparable(new), type)
    except ShapeError:
        return old_managed
    taken, lost = taken_and_lost(change, reset)
    entries = release(old_managed, lost)
    own = difference(taken, STRIPPED)
    if own:
        entries = _take(entries, make_entry(manager, operation, api_version, subresource, time, own))
    elif entries is old_managed:
        return old_managed
    return sort_entries(cap(entries))


def taken_and_lost(change: Comparison, reset: FieldSet | None) -> tuple[FieldSet, FieldSet]:
    """Return what a change takes, and what every other manager loses by it; fields in ``reset`` do not count."""
    taken, removed = union(change.modified, change.added), change.removed
    if reset:
        taken, removed = without_subtrees(taken, reset), without_subtrees(removed, reset)
    return taken, union(removed, taken)


def release(entries: Entries, lost: FieldSet, keeper: Identity | None = None) -> Entries:
    """Return the entries without the fields in ``lost``; those left with none are gone. ``keeper`` keeps its own."""
    if not lost:
        return entries
    result, changed = [], False
    for entry in entries:
        fields = entry.get("fieldsV1") or {}
        rest = fields if keeper is not None and identity(entry) == keeper else difference(fields, lost)
        if rest is fields and fields:
            result.append(entry)
            continue
        changed = True
        if rest:
            result.append({**entry, "fieldsV1": rest})
    return result if changed else entries


def _take(entries: Entries, own: Entry) -> Entries:
    key = identity(own)
    result = []
    for entry in entries:
        if identity(entry) == key:
            own = {**own, "fieldsV1": union(entry.get("fieldsV1") or {}, own["fieldsV1"])}
        else:
            result.append(entry)
    return [*result, {**own, "fieldsV1": in_order(own["fieldsV1"])}]


def conflicts_with(entries: Entries, taken: FieldSet, keeper: Identity) -> list[tuple[Entry, FieldSet]]:
    """Return the other managers that own any of ``taken``, with what they own of it."""
    return [
        (entry, shared)
        for entry in entries
        if identity(entry) != keeper and (shared := intersection(entry.get("fieldsV1") or {}, taken))
    ]


def cap(entries: Entries) -> Entries:
    """Fold the oldest updating managers into one bucket a version, until ten are left."""
    updaters = sorted(
        (entry for entry in entries if entry.get("operation") != "Apply"),
        key=lambda entry: (entry.get("time") or "", identity(entry)),
    )
    count = len(updaters)
    if count <= MAX_UPDATERS:
        return entries
    result = list(entries)
    first: dict[str, Entry] = {}
    buckets: dict[str, Entry] = {}
    for entry in updaters:
        if count <= MAX_UPDATERS:
            break
        version = entry.get("apiVersion", "")
        if version not in first:
            first[version] = entry
            continue
        known = buckets.get(version)
        base = known or first[version]
        result = [item for item in result if item is not base and item is not entry]
        fields = union(base.get("fieldsV1") or {}, entry.get("fieldsV1") or {})
        buckets[version] = make_entry("ancient-changes", "Update", version, "", entry.get("time", ""), fields)
        result.append(buckets[version])
        count -= 1
    return result


def sort_entries(entries: Entries) -> Entries:
    """Return the entries in the order in which the server prints them."""
    return sorted(
        entries,
        key=lambda entry: (
            entry.get("operation", ""),
            entry.get("time") or "",
            entry.get("manager", ""),
            entry.get("apiVersion", ""),
            entry.get("subresource", ""),
        ),
    )
