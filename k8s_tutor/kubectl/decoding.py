"""What kubectl reads of a document before it asks the server: the type, and metadata as Go's ``ObjectMeta``.

Everything else is the server's to judge; but a label that YAML takes for a number fails here, in encoding/json's words
(apimachinery, ``unstructured.detector`` and ``metadataOnlyObject``). Go reads the keys of what was YAML in their order.
"""

import re
from typing import Any

import orjson

from k8s_tutor.apimachinery.unstructured import Json

_STRING, _INT64 = "string", "int64"
_OWNER = {"apiVersion": _STRING, "kind": _STRING, "name": _STRING, "uid": "types.UID"}
_OWNER |= {"controller": "bool", "blockOwnerDeletion": "bool"}
_META: dict[str, str] = {
    **dict.fromkeys(("name", "generateName", "namespace", "selfLink", "resourceVersion"), _STRING),
    **dict.fromkeys(("creationTimestamp", "deletionTimestamp"), "time"),
    **dict.fromkeys(("generation", "deletionGracePeriodSeconds"), _INT64),
    **dict.fromkeys(("labels", "annotations"), "map[string]string"),
    "uid": "types.UID",
    "finalizers": "[]string",
    "ownerReferences": "[]v1.OwnerReference",
    "managedFields": "[]v1.ManagedFieldsEntry",
}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def wrong_type(document: Any) -> str:
    """Return why a document cannot be validated at all, or nothing."""
    if not isinstance(document, dict):
        return "invalid object to validate"
    missing = (
        [f"{key} not set" for key in ("apiVersion", "kind") if document.get(key) in {None, ""}]
        if _plain(document)
        else []
    )
    if len(missing) > 1:
        return f"[{', '.join(missing)}]"
    if missing:
        return missing[0]
    for key in ("apiVersion", "kind"):
        if not isinstance(document[key], str):
            return f"{key} isn't string type"
    items = document.get("items")
    if document["kind"].endswith("List") and "items" in document:
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            return "invalid object to validate"
    return ""


def _plain(document: Json) -> bool:
    return all(not isinstance(document.get(key), dict | list) for key in ("apiVersion", "kind"))


def undecodable(document: Any) -> str:
    """Return why Go cannot tell what a document is, for verbs that do not validate it first; or nothing."""
    if not isinstance(document, dict):
        return mismatch(document, "", "unstructured.detector")
    kind, version = document.get("kind"), document.get("apiVersion")
    if not isinstance(kind, str) or not kind:
        return f"Object 'Kind' is missing in '{orjson.dumps(document).decode()}'"
    if version is not None and not isinstance(version, str):
        return mismatch(version, "metadataOnlyObject.TypeMeta.apiVersion", _STRING)
    if kind.endswith("List") and "items" in document:
        items = document["items"]
        if not isinstance(items, list):
            return mismatch(items, "decodeList.items", "[]json.RawMessage")
        odd = next((item for item in items if not isinstance(item, dict)), None)
        if odd is not None:
            return mismatch(odd, "", "map[string]interface {}")
    return ""


def wrong_metadata(document: Json) -> str:
    """Return why Go cannot read a document's metadata, or nothing."""
    metadata = document.get("metadata")
    if metadata is None:
        return ""
    if not isinstance(metadata, dict):
        return mismatch(metadata, "metadataOnlyObject.metadata", "v1.ObjectMeta")
    for key in sorted(metadata):
        kind = _META.get(key)
        if kind is not None and metadata[key] is not None:
            why = _wrong(metadata[key], f"ObjectMeta.metadata.{key}", kind)
            if why:
                return why
    return ""


def _wrong(value: Any, where: str, kind: str) -> str:
    if kind == "time":
        if isinstance(value, str) and value and not _TIME.fullmatch(value):
            return f'parsing time "{value}" as "2006-01-02T15:04:05Z07:00": cannot parse "{value}" as "2006"'
        kind = _STRING
    if kind.startswith("map["):
        if not isinstance(value, dict):
            return mismatch(value, where, kind)
        return _first_wrong([value[key] for key in sorted(value)], where, _STRING)
    if kind.startswith("[]"):
        return _first_wrong(value, where, kind[2:]) if isinstance(value, list) else mismatch(value, where, kind)
    if kind == "v1.OwnerReference" and isinstance(value, dict):
        inside = where.replace("ObjectMeta.", "OwnerReference.", 1)
        found = (_wrong(value[key], f"{inside}.{key}", _OWNER[key]) for key in sorted(value) if key in _OWNER)
        return next(filter(None, found), "")
    return "" if _fits(value, kind) else mismatch(value, where, kind)


def _first_wrong(parts: list[Any], where: str, kind: str) -> str:
    return next(filter(None, (_wrong(one, where, kind) for one in parts if one is not None)), "")


def _fits(value: Any, kind: str) -> bool:
    if kind in {_STRING, "types.UID"}:
        return isinstance(value, str)
    if kind == "bool":
        return isinstance(value, bool)
    if kind == _INT64:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, dict)


def mismatch(value: Any, where: str, kind: str) -> str:
    """Return encoding/json's words for a value of another type than Go's field (or, without ``where``, than the whole)."""
    names = ((bool, "bool"), (str, "string"), (list, "array"), (dict, "object"))
    found = next((name for type_, name in names if isinstance(value, type_)), "number")
    if found == "number" and kind == _INT64:
        found = f"number {value}"
    target = f"struct field {where}" if where else "value"
    return f"json: cannot unmarshal {found} into Go {target} of type {kind}"
