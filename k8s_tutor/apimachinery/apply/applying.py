"""Server-side apply.

Mirrors ``k8s.io/apimachinery/pkg/util/managedfields`` over ``structured-merge-diff/merge``: the configuration is merged
into the live object; what its manager applied before, applies no longer and nobody else owns is pruned; what it changes of
fields that others own is a conflict unless forced; a manager named ``kubectl`` may take over what client-side apply had
set.
"""

from typing import Any, Final, NamedTuple

import orjson

from k8s_tutor.apimachinery.apply import fieldsets
from k8s_tutor.apimachinery.apply.comparing import compare, fieldset_of, with_named_members
from k8s_tutor.apimachinery.apply.fieldsets import FieldSet, difference, intersection, path_text, paths, union
from k8s_tutor.apimachinery.apply.managers import (
    STRIPPED,
    Entries,
    Entry,
    conflicts_with,
    empty_object,
    identity,
    make_entry,
    release,
    sort_entries,
    taken_and_lost,
    track_update,
)
from k8s_tutor.apimachinery.apply.merging import merge, remove
from k8s_tutor.apimachinery.apply.shapes import complaints
from k8s_tutor.apimachinery.schema.types import Type
from k8s_tutor.apimachinery.unstructured import Json

LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"


class ApplyError(ValueError):
    """The configuration cannot be applied.

    Attributes:
        code: the HTTP status, 400 or 500.
    """

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class Conflict(NamedTuple):
    """A field of another manager that the configuration would change."""

    manager: str
    path: str


class ApplyConflictError(ValueError):
    """The configuration changes fields that others own (409); the message is upstream's."""

    def __init__(self, conflicts: list[Conflict]) -> None:
        super().__init__(_conflict_message(conflicts))
        self.conflicts = conflicts


def _conflict_message(conflicts: list[Conflict]) -> str:
    if len(conflicts) == 1:
        manager, path = conflicts[0]
        return f"Apply failed with 1 conflict: conflict with {manager}: {path}"
    lines = []
    for manager in sorted({conflict.manager for conflict in conflicts}):
        lines.append(f"conflicts with {manager}:")
        lines += [f"- {conflict.path}" for conflict in conflicts if conflict.manager == manager]
    return f"Apply failed with {len(conflicts)} conflicts: {chr(10).join(lines)}"


def _manager_text(entry: Entry) -> str:
    text = f'"{entry.get("manager", "")}"'
    if entry.get("subresource"):
        text += f' with subresource "{entry["subresource"]}"'
    return f"{text} using {entry.get('apiVersion', '')}" if entry.get("operation") == "Update" else text


def apply(
    live: Json | None,
    patch: Json,
    manager: str,
    force: bool,
    type: Type,
    *,
    api_version: str,
    time: str,
    subresource: str = "",
    reset: FieldSet | None = None,
) -> Json:
    """Return the object after an apply, ``metadata.managedFields`` set; nothing given is changed.

    Args:
        live: the stored object, None where there is none.
        patch: the applied configuration.
        manager: the field manager.
        force: take over fields of others.
        type: the object's type.
        api_version: the version in which the request is made.
        time: now, RFC 3339.
        subresource: ``status`` …, or empty.
        reset: the set of fields this request cannot set.

    Returns:
        The merged object, not yet conformed, defaulted or validated.

    Raises:
        ApplyConflictError: others own fields that would change.
        ApplyError: the configuration is no object of ``type``.
    """
    check_patch(patch, type, api_version)
    base = empty_object(type) | {"metadata": {}} if live is None else live
    entries: Entries = (base.get("metadata") or {}).get("managedFields") or []
    if live is not None and not entries:
        entries = track_update(None, live, [], "before-first-apply", "Update", api_version, "", time, type, reset)
        entries = [{key: value for key, value in entry.items() if key != "time"} | {"time": time} for entry in entries]
    own = make_entry(manager, "Apply", api_version, subresource, time, {})
    try:
        merged, kept = _apply_once(base, patch, own, entries, type, reset, force=force)
    except ApplyConflictError as error:
        if manager != "kubectl" or not _all_from_last_applied(base, error.conflicts, type, api_version):
            raise
        merged, kept = _apply_once(base, patch, own, entries, type, reset, force=True)
    merged["metadata"] = {**(merged.get("metadata") or {}), "managedFields": kept}
    if manager == "kubectl":
        _refresh_last_applied(merged, patch)
    return merged


def check_patch(patch: Json, type: Type, api_version: str) -> None:
    """Refuse a configuration that is no object of ``type`` in this version."""
    if not patch.get("kind"):
        group, _, version = str(patch.get("apiVersion", "")).rpartition("/")
        raise ApplyError(f"invalid object type: {group}/{version}, Kind=", 400)
    if patch.get("apiVersion") != api_version:
        raise ApplyError(
            "Incorrect version specified in apply patch. Specified patch version: "
            f"{patch.get('apiVersion', '')}, expected: {api_version}",
            400,
        )
    metadata = patch.get("metadata")
    if isinstance(metadata, dict) and metadata.get("managedFields") is not None:
        raise ApplyError("metadata.managedFields must be nil", 400)
    if problem := complaints(patch, type):
        texts = (
            {key: text for key, text in metadata.items() if isinstance(text, str)} if isinstance(metadata, dict) else {}
        )
        group_version = api_version if "/" in api_version else f"/{api_version}"
        kind = f"{group_version}, Kind={patch.get('kind', '')}"
        place = f"{texts.get('namespace', '')}/{texts.get('name', '')}"
        raise ApplyError(f"failed to create typed patch object ({place}; {kind}): {problem}", 500)


def _apply_once(
    live: Json, patch: Json, own: Entry, entries: Entries, type: Type, reset: FieldSet | None, *, force: bool
) -> tuple[Json, Entries]:
    keeper = identity(own)
    claimed = fieldset_of(patch, type)
    if reset:
        claimed = fieldsets.without_subtrees(claimed, reset)
    last = next((entry for entry in entries if identity(entry) == keeper), None)
    others = [entry for entry in entries if entry is not last]
    merged: Json = merge(live, patch, type)
    if last and last.get("fieldsV1"):
        merged = _prune(merged, [claimed, *(entry.get("fieldsV1") or {} for entry in others)], last["fieldsV1"], type)
    change = compare(live, merged, type)
    taken, lost = taken_and_lost(change, reset)
    clashes = conflicts_with(others, taken, keeper)
    if clashes and not force:
        raise ApplyConflictError(
            [Conflict(_manager_text(entry), path_text(path)) for entry, shared in clashes for path in paths(shared)]
        )
    rest = release(others, lost)
    own = {**own, "fieldsV1": fieldsets.in_order(difference(claimed, STRIPPED))}
    if not (change.added or change.modified or change.removed):
        # Upstream stamps only what changes the object: a first claim of what is there already has no time.
        own.pop("time", None)
        if last is not None and "time" in last:
            own["time"] = last["time"]
    return dict(merged), sort_entries([*rest, own] if own["fieldsV1"] else rest)


def _prune(merged: Json, managed: list[FieldSet], last: FieldSet, type: Type) -> Json:
    """Take out what the manager applied before, but for what somebody owns and what was never its own to remove."""
    owned: FieldSet = {}
    for fields in managed:
        owned = union(owned, fields)
    last = with_named_members(last, type)
    everything = with_named_members(fieldset_of(merged, type), type)
    pruned = remove(merged, last, type) or {}
    kept = union(with_named_members(fieldset_of(pruned, type), type), with_named_members(owned, type))
    pruned = remove(merged, difference(everything, kept), type) or {}
    left = with_named_members(fieldset_of(pruned, type), type)
    return remove(merged, intersection(difference(everything, left), last), type) or {}


def _last_applied(obj: Json) -> str:
    text = ((obj.get("metadata") or {}).get("annotations") or {}).get(LAST_APPLIED)
    return text if isinstance(text, str) else ""


def _all_from_last_applied(live: Json, conflicts: list[Conflict], type: Type, api_version: str) -> bool:
    """Tell whether all conflicts are about fields that client-side apply set and nobody changed since."""
    try:
        applied: Any = orjson.loads(_last_applied(live))
    except orjson.JSONDecodeError:
        return False
    if not isinstance(applied, dict) or applied.get("apiVersion") != api_version or complaints(applied, type):
        return False
    change = compare(applied, live, type)
    mine = fieldset_of(applied, type)
    for fields in change:
        mine = difference(mine, fields)
    allowed = {path_text(path) for path in paths(mine)}
    remaining = [conflict for conflict in conflicts if conflict.path not in allowed]
    if remaining and len(remaining) < len(conflicts):
        raise ApplyConflictError(remaining)
    return not remaining


def _refresh_last_applied(merged: Json, patch: Json) -> None:
    """Keep the annotation of client-side apply true for clients that still use it."""
    if not _last_applied(merged):
        return
    metadata = dict(patch.get("metadata") or {})
    if "annotations" in metadata:
        annotations = {key: value for key, value in metadata["annotations"].items() if key != LAST_APPLIED}
        metadata["annotations"] = annotations
        if not annotations:
            del metadata["annotations"]
    text = orjson.dumps({**patch, "metadata": metadata}, option=orjson.OPT_SORT_KEYS).decode() + "\n"
    holder = merged["metadata"]
    holder["annotations"] = {**holder["annotations"], LAST_APPLIED: text}
