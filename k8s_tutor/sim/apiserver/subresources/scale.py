"""``scale``: a workload's replicas as ``autoscaling/v1`` Scale (upstream: each workload's ``ScaleREST``).

Custom resources name the paths of replicas and selector in their definition.
"""

from dataclasses import replace
from typing import Any

from k8s_tutor.apimachinery import labels
from k8s_tutor.apimachinery.schema import type_for
from k8s_tutor.apimachinery.times import age, rfc3339
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.apiserver import bodies, patching, tables
from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.apiserver.http.message import Response
from k8s_tutor.sim.apiserver.options import write_options
from k8s_tutor.sim.apiserver.subresources import scale_owners as owners
from k8s_tutor.sim.machinery.status import ApiError, FieldError, bad_request, conflict, invalid, not_allowed
from k8s_tutor.sim.registry.updating import CHANGED, name_mismatch
from k8s_tutor.sim.resources.shared import table

SHOWN = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
COLUMNS = table.table(
    replace(table.NAME, format=""),
    table.doc("autoscaling.v1", "ScaleSpec", "replicas", "Desired", "integer"),
    table.doc("autoscaling.v1", "ScaleStatus", "replicas", "Available", "integer"),
    table.AGE,
)
NOT_NEGATIVE = "Invalid value: {}: must be greater than or equal to 0"


def handle(call: Call) -> Response:
    """Answer GET, PUT or PATCH of a scale."""
    obj = call.server.rest.entry(call.resource, call.namespace, call.info.name).obj
    current = scale_of(call, obj)
    method, media = call.request.method, ""
    if method in {"GET", "HEAD"}:
        return _shown(call, current)
    if method == "PUT":
        options = write_options(call.request, "UpdateOptions")
        wanted = bodies.read(
            call,
            options.field_validation,
            kind="Scale",
            group="autoscaling",
            version="v1",
            type_=type_for("autoscaling", "v1", "Scale"),
        )
        name = wanted.get("metadata", {}).get("name", "")
        if name != call.info.name:
            raise bad_request(name_mismatch(name, call.info.name))
    elif method == "PATCH":
        media = patching.media_type(call)
        options = write_options(call.request, "PatchOptions")
        wanted = _patched(current, patching.read_patch(call, media).obj, media)
    else:
        raise not_allowed()
    replicas = (wanted.get("spec") or {}).get("replicas") or 0
    _check(call, replicas, wanted, obj)

    path = _path(call, "specReplicasPath", ".spec.replicas")
    ctx = call.context(dry_run=options.dry_run)
    new = clone(obj)
    _set(new, path, replicas)
    if media == patching.APPLY:
        owners.apply(new, obj, path, ctx.manager, now=rfc3339(call.server.clock.now()), force=options.force)
    else:
        owners.update(new, path, call.resource.api_version, "" if new == obj else ctx.manager)
    ctx.subresource, ctx.applied = "scale", True
    done = call.server.rest.update(ctx, call.resource.name, call.namespace, call.info.name, new)
    return _shown(call, scale_of(call, done))


def _shown(call: Call, scale: Json) -> Response:
    """Answer with a scale, or with its Table (``printers/internalversion`` printScale)."""
    if call.form.transform != "Table":
        return call.json(tables.partial(call, scale) if call.form.transform else scale)
    meta = scale["metadata"]
    since = age(meta.get("creationTimestamp"), call.server.clock.now())
    cells = [meta["name"], scale["spec"].get("replicas", 0), scale["status"].get("replicas", 0), since]
    return call.json(tables.one_row(call, COLUMNS, cells, scale))


def _patched(current: Json, patch: Any, media: str) -> Json:
    from k8s_tutor.apimachinery.patches import PatchError, apply_json_patch, merge_patch, strategic_merge

    try:
        if media == patching.JSON_PATCH:
            new = apply_json_patch(current, patch)
        elif media == patching.STRATEGIC:
            new = strategic_merge(current, patch, type_for("autoscaling", "v1", "Scale"))
        else:
            new = merge_patch(current, patch)
    except PatchError as error:
        if error.malformed:
            raise bad_request(str(error)) from None
        raise ApiError(422, "Invalid", "the server rejected our request due to an error in our request", {}) from None
    return dict(new)


def _check(call: Call, replicas: Any, wanted: Json, obj: Json) -> None:
    version = (wanted.get("metadata") or {}).get("resourceVersion")
    if version and version != obj["metadata"]["resourceVersion"]:
        raise conflict(call.resource.plural, call.resource.group, call.info.name, CHANGED)
    if not isinstance(replicas, int) or replicas < 0:
        error = FieldError("FieldValueInvalid", "spec.replicas", NOT_NEGATIVE.format(replicas))
        raise invalid("Scale", "autoscaling", call.info.name, [error])


def scale_of(call: Call, obj: Json) -> Json:
    """Return an object's Scale."""
    meta = {key: obj["metadata"][key] for key in SHOWN if key in obj["metadata"]}
    replicas = _get(obj, _path(call, "specReplicasPath", ".spec.replicas"))
    status: Json = {"replicas": _get(obj, _path(call, "statusReplicasPath", ".status.replicas")) or 0}
    selector = _selector(call, obj)
    if selector:
        status["selector"] = selector
    custom = call.resource.custom is not None
    spec = {"replicas": replicas or 0} if replicas or (custom and replicas is not None) else {}
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": meta, "spec": spec, "status": status}


def _path(call: Call, key: str, default: str) -> list[str]:
    scale = _definition(call)
    return str(scale.get(key, default) if scale else default).lstrip(".").split(".")


def _definition(call: Call) -> Json:
    entry = call.resource.subresources.get("scale") or {}
    found: Json = entry.get("paths") or {}
    return found


def _selector(call: Call, obj: Json) -> str:
    definition = _definition(call)
    if call.resource.custom is not None:
        path = definition.get("labelSelectorPath")
        return str(_get(obj, path.lstrip(".").split(".")) or "") if path else ""
    selector = obj.get("spec", {}).get("selector")
    if not selector:
        return ""
    if call.resource.name == "replicationcontrollers":
        return str(labels.from_map(selector))
    return str(labels.from_label_selector(selector))


def _get(obj: Any, path: list[str]) -> Any:
    for step in path:
        if not isinstance(obj, dict) or step not in obj:
            return None
        obj = obj[step]
    return obj


def _set(obj: Json, path: list[str], value: Any) -> None:
    for step in path[:-1]:
        obj = obj.setdefault(step, {})
    obj[path[-1]] = value
