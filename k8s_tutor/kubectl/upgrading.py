"""From client-side to server-side apply: who applied with the annotation becomes an applier of the server's kind.

Mirrors client-go, ``util/csaupgrade``, and kubectl's use of it after each server-side apply: the annotation gets a manager
of its own, then the fields of the managers that had written it go to the applying one; the apply is sent again after.
"""

from typing import Any

from k8s_tutor.apimachinery.apply.fieldsets import union
from k8s_tutor.apimachinery.goyaml import to_json
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.generators.base import LAST_APPLIED
from k8s_tutor.kubectl.infos import Info
from k8s_tutor.kubectl.patchtypes import APPLY, JSON_PATCH

ANNOTATION_MANAGER = "kubectl-last-applied"
_TRIES = 5


def upgrade(call: Call, info: Info, body: Json, manager: str, *, keep_annotation: bool) -> bool:
    """Move the fields of client-side appliers to ``manager``; tells whether anything was moved.

    Raises:
        ApiError: the server refused.
    """
    if keep_annotation:
        body = _own_annotation(call, info, body)
    old = {entry["manager"] for entry in _owners(body, "Update")}
    for _ in range(_TRIES):
        entries = body["metadata"].get("managedFields") or []
        moved = _moved(entries, old, manager)
        if moved == entries:
            return False
        patch = [
            {"op": "replace", "path": "/metadata/managedFields", "value": moved},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": body["metadata"]["resourceVersion"]},
        ]
        try:
            call.request("PATCH", info.path, body=patch, content_type=JSON_PATCH, query={"fieldManager": manager})
        except ApiError as error:
            if error.reason != "Conflict":
                raise
            body = call.client.get(info.path)
        else:
            return True
    return False


def _own_annotation(call: Call, info: Info, body: Json) -> Json:
    text = (body["metadata"].get("annotations") or {}).get(LAST_APPLIED)
    if text is None or _owners(body, "Apply"):
        return body
    metadata: Json = {"name": info.name, "annotations": {LAST_APPLIED: text}}
    if info.namespace:
        metadata["namespace"] = info.namespace
    only = {"apiVersion": info.resource.group_version, "kind": info.resource.kind, "metadata": metadata}
    query = {"fieldManager": ANNOTATION_MANAGER}
    made: Json = call.request("PATCH", info.path, body=to_json(only, indent=None), content_type=APPLY, query=query)
    return made


def _owners(body: Json, operation: str) -> list[Json]:
    """Return who owns the annotation by this operation."""
    entries = body["metadata"].get("managedFields") or ()
    return [entry for entry in entries if entry.get("operation") == operation and _owns(entry)]


def _owns(entry: Json) -> bool:
    node: Any = entry.get("fieldsV1") or {}
    for element in ("f:metadata", "f:annotations", f"f:{LAST_APPLIED}"):
        node = node.get(element)
        if node is None:
            return False
    return True


def _moved(entries: list[Json], old: set[str], manager: str) -> list[Json]:
    for name in sorted(old):
        entries = _moved_from(entries, name, manager)
    return entries


def _moved_from(entries: list[Json], old: str, manager: str) -> list[Json]:
    def is_old(entry: Json) -> bool:
        return entry.get("manager") == old and entry.get("operation") == "Update" and not entry.get("subresource")

    def is_new(entry: Json) -> bool:
        return entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource")

    target = next((at for at, entry in enumerate(entries) if is_new(entry)), None)
    first_old = next((at for at, entry in enumerate(entries) if is_old(entry)), None)
    if first_old is None:
        return entries
    at = first_old if target is None else target
    mine = {**entries[at], "manager": manager, "operation": "Apply"}
    same = next((one for one in entries if is_old(one) and one.get("apiVersion") == mine.get("apiVersion")), None)
    if same is not None:
        mine["fieldsV1"] = union(mine.get("fieldsV1") or {}, same.get("fieldsV1") or {})
    return [mine if place == at else entry for place, entry in enumerate(entries) if place == at or not is_old(entry)]
