"""POST, PUT and DELETE."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.apiserver import bodies, reading
from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.apiserver.http.message import Response
from k8s_tutor.sim.apiserver.options import delete_options, list_options, write_options
from k8s_tutor.sim.apiserver.selection import selection
from k8s_tutor.sim.machinery.status import ApiError, bad_request
from k8s_tutor.sim.machinery.store import Entry, type_prefix
from k8s_tutor.sim.registry.storage import check_namespace
from k8s_tutor.sim.registry.updating import name_mismatch


def create(call: Call) -> Response:
    """POST a new object."""
    options = write_options(call.request, "CreateOptions")
    obj = bodies.read(call, options.field_validation)
    obj = stored_version(call, obj)
    ctx = call.context(dry_run=options.dry_run)
    done = call.server.rest.create(ctx, call.resource.name, call.namespace, obj)
    return answer(call, done, 201)


def replace(call: Call) -> Response:
    """PUT an object, or a part of it through a subresource."""
    options = write_options(call.request, "UpdateOptions")
    obj = bodies.read(call, options.field_validation)
    check_name(call, obj)
    obj = stored_version(call, obj)
    rest = call.server.rest
    existed = rest.store.get(call.resource.name, call.namespace, call.info.name) is not None
    ctx = call.context(dry_run=options.dry_run)
    done = rest.update(ctx, call.resource.name, call.namespace, call.info.name, obj)
    return answer(call, done, 200 if existed else 201)


def check_name(call: Call, obj: Json) -> None:
    """Let the body's name be the path's, or refuse with 400."""
    meta = obj.setdefault("metadata", {})
    check_namespace(call.resource, meta, call.namespace)
    name = meta.get("name", "")
    if name != call.info.name:
        raise bad_request(name_mismatch(name, call.info.name))


def stored_version(call: Call, obj: Json) -> Json:
    """Return a request's object in the version in which it is stored."""
    return obj if reading.same_version(call) else call.resource.strategy.from_version(obj)


def answer(call: Call, obj: Json, status: int) -> Response:
    """Answer with an object that was written."""
    meta = obj["metadata"]
    entry = call.server.rest.store.get(call.resource.name, call.namespace, meta.get("name", ""))
    if entry is None or entry.obj is not obj:
        version = str(meta.get("resourceVersion") or 0)
        entry = Entry(obj, int(version) if version.isdecimal() else 0)
    return reading.show(call, entry, status)


def delete(call: Call) -> Response:
    """DELETE one object."""
    options, dry_run = delete_options(call.request, _body(call))
    ctx = call.context(dry_run=dry_run)
    rest = call.server.rest
    obj, gone = rest.delete_now(ctx, call.resource.name, call.namespace, call.info.name, options)
    if not gone or call.resource.returns_deleted:
        return answer(call, obj, 200)
    return call.json(deleted_status(call, obj))


def deleted_status(call: Call, obj: Json) -> Json:
    """Return the Status that says that an object has gone."""
    details: Json = {"name": obj["metadata"]["name"]}
    if call.resource.group:
        details["group"] = call.resource.group
    details |= {"kind": call.resource.plural, "uid": obj["metadata"]["uid"]}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def delete_collection(call: Call) -> Response:
    """DELETE all objects of a collection that fit the selectors."""
    options, dry_run = delete_options(call.request, _body(call))
    chosen = selection(call.request, call.resource)
    page = reading.select(call, list_options(call.request, watch=False), chosen)
    rest = call.server.rest
    for entry in page.entries:
        meta = entry.obj["metadata"]
        try:
            ctx = call.context(dry_run=dry_run)
            rest.delete_now(ctx, call.resource.name, meta.get("namespace", ""), meta["name"], options)
        except ApiError as error:
            if error.code != 404:
                raise
    items = b",".join([reading.version_encoded(call, e) if call.resource.custom else e.item for e in page.entries])
    head = type_prefix(f"{call.resource.kind}List", call.resource.api_version)
    meta_text = b'"metadata":{"resourceVersion":"%d"},"items":[' % rest.store.revision
    return call.encoded(head + meta_text + items + b"]}")


def _body(call: Call) -> Json | None:
    """Return the DeleteOptions of the body, if any."""
    if not call.request.body:
        return None
    value = bodies.raw(call, "DeleteOptions").obj
    if not isinstance(value, dict):
        raise bad_request("the object provided is unrecognized (must be of type DeleteOptions)")
    return {key: item for key, item in value.items() if key not in {"kind", "apiVersion"}}
