"""Who owns a workload's replicas after a scale: their entry in managedFields (upstream: ``managedfields.ScaleHandler``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import ApiError


def apply(new: Json, old: Json, path: list[str], manager: str, *, now: str, force: bool) -> None:
    """Let an applier own the replicas, beside those who say the same.

    Raises:
        ApiError: 409 where others say something else, unless ``force``.
    """
    version = new["apiVersion"]
    if new == old:
        update(new, path, version, "")
    elif not force:
        _refuse_conflicts(old, path, manager)
    if new != old or not _owns(new, path, manager):
        own = {"manager": manager, "operation": "Apply", "apiVersion": version}
        fresh = own | {"time": now, "fieldsType": "FieldsV1", "fieldsV1": _nested(path), "subresource": "scale"}
        if new.get("spec") != old.get("spec"):
            update(new, path, version, manager)  # takes it from the others
        others = [e for e in new["metadata"].get("managedFields") or () if not _scaled_by(e, manager)]
        new["metadata"]["managedFields"] = [fresh, *others]


def _scaled_by(entry: Json, manager: str) -> bool:
    return entry.get("manager") == manager and entry.get("subresource") == "scale"


def _owns(obj: Json, path: list[str], manager: str) -> bool:
    entries = obj["metadata"].get("managedFields") or ()
    return any(_scaled_by(e, manager) and e["operation"] == "Apply" and e["fieldsV1"] == _nested(path) for e in entries)


def _refuse_conflicts(obj: Json, path: list[str], manager: str) -> None:
    field = "." + ".".join(path)
    owners = []
    for entry in obj["metadata"].get("managedFields") or ():
        if _chain(entry.get("fieldsV1") or {}, path)[0] is not None and not _scaled_by(entry, manager):
            using = f" using {entry['apiVersion']}" if entry["operation"] == "Update" else ""
            owners.append(f'conflict with "{entry["manager"]}"{using}')
    if owners:
        number = "1 conflict" if len(owners) == 1 else f"{len(owners)} conflicts"
        causes = [{"reason": "FieldManagerConflict", "message": owner, "field": field} for owner in owners]
        text = f"Apply failed with {number}: {owners[0]}: {field}"
        raise ApiError(409, "Conflict", text, {"causes": causes})


def update(obj: Json, path: list[str], api_version: str, manager: str) -> None:
    """Give replicas an entry of their own in managedFields (upstream: ``managedfields.ScaleHandler``).

    A scale that changes nothing leaves them to their owner (``manager`` is then ""), though in an entry of their own.
    """
    entries = obj["metadata"].get("managedFields") or []
    for entry in entries:
        fields, *inside = _chain(entry.get("fieldsV1") or {}, path)
        if fields is None or (not manager and len(inside[-1] if inside else fields) == 1):
            continue
        holder = inside[-1] if inside else fields
        del holder[f"f:{path[-1]}"]
        if not manager:
            own = {"manager": entry["manager"], "operation": entry["operation"], "apiVersion": api_version}
            entries.insert(0, own | {"fieldsType": "FieldsV1", "fieldsV1": _nested(path)})
            return
    if manager:
        own = {"manager": manager, "operation": "Update", "apiVersion": api_version}
        kept = [entry for entry in entries if any(value for value in entry["fieldsV1"].values())]
        fresh = own | {"fieldsType": "FieldsV1", "fieldsV1": _nested(path), "subresource": "scale"}
        obj["metadata"]["managedFields"] = [fresh, *(e for e in kept if not _same(e, fresh))]


def _same(one: Json, other: Json) -> bool:
    return all(one.get(key) == other.get(key) for key in ("manager", "operation", "apiVersion", "subresource"))


def _chain(fields: Json, path: list[str]) -> list[Any]:
    """Return the nested sets down to the one that holds the last step; ``[None]`` if it does not hold it."""
    found = [fields]
    for step in path[:-1]:
        fields = fields.get(f"f:{step}") or {}
        found.append(fields)
    return found if f"f:{path[-1]}" in fields else [None]


def _nested(path: list[str]) -> Json:
    found: Json = {}
    for step in reversed(path):
        found = {f"f:{step}": found}
    return found
