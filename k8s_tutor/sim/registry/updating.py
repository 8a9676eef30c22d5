"""Updating objects (upstream: ``handlers/update.go``, ``handlers/patch.go``, ``rest.BeforeUpdate``, ``Store.Update``)."""

from collections.abc import Callable

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import ApiError, FieldError, bad_request, conflict, invalid, not_found
from k8s_tutor.sim.registry import creating
from k8s_tutor.sim.registry.attributes import Attributes
from k8s_tutor.sim.registry.metadata import validate_metadata_update
from k8s_tutor.sim.registry.scheme import Resource
from k8s_tutor.sim.registry.storage import Storage, check_namespace
from k8s_tutor.sim.registry.strategy import RequestContext

# Where etcd's folders are not named after their resource; other servers' groups have folders of their own.
_FOLDERS = {
    "endpoints": "services/endpoints",
    "ingresses.networking.k8s.io": "ingress",
    "nodes": "minions",
    "replicationcontrollers": "controllers",
    "services": "services/specs",
}
_OWN_FOLDERS = ("apiextensions.k8s.io", "apiregistration.k8s.io")
CHANGED = "the object has been modified; please apply your changes to the latest version and try again"


def replace(storage: Storage, ctx: RequestContext, resource: Resource, namespace: str, of: str, obj: Json) -> Json:
    """PUT an object; see ``Rest.update``."""
    found = storage.store.get(resource.name, namespace, of)
    meta = obj.setdefault("metadata", {})
    if found is None:
        if resource.strategy.allow_create_on_update and not ctx.subresource:
            return creating.create(storage, ctx, resource, namespace, obj)
        raise not_found(resource.plural, resource.group, of)
    uid = meta.get("uid")
    if uid and uid != found.obj["metadata"]["uid"]:
        have = found.obj["metadata"]["uid"]
        why = (
            f"StorageError: invalid object, Code: 4, Key: {_storage_key(resource, namespace, of)}, ResourceVersion: 0, "
            f"AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: {have}"
        )
        raise conflict(resource.plural, resource.group, of, why)
    return _update(storage, ctx, resource, namespace, of, obj, found.obj)


def _storage_key(resource: Resource, namespace: str, name: str) -> str:
    """Return the key by which etcd would hold an object: error texts show it."""
    folder = _FOLDERS.get(resource.name, resource.plural)
    if resource.custom is not None or resource.group in _OWN_FOLDERS:
        folder = f"{resource.group}/{folder}"
    return "/".join(filter(None, ("/registry", folder, namespace, name)))


def patch(
    storage: Storage,
    ctx: RequestContext,
    resource: Resource,
    namespace: str,
    of: str,
    make: Callable[[Json | None], Json],
) -> tuple[Json, bool]:
    """Store what ``make`` makes of an object; see ``Rest.patch``."""
    found = storage.store.get(resource.name, namespace, of)
    new = make(found.obj if found else None)
    meta = new.setdefault("metadata", {})
    check_namespace(resource, meta, namespace)
    name = meta.get("name", "")
    if name != of:
        raise bad_request(name_mismatch(name, of))
    if found is None:
        return creating.create(storage, ctx, resource, namespace, new), True
    return _update(storage, ctx, resource, namespace, of, new, found.obj), False


def name_mismatch(name: str, of: str) -> str:
    """Return upstream's words for a body that names another object than the path."""
    if not name:
        return f"the name of the object ({of} based on URL) was undeterminable: name must be provided"
    return f"the name of the object ({name}) does not match the name on the URL ({of})"


def _update(
    storage: Storage, ctx: RequestContext, resource: Resource, namespace: str, of: str, obj: Json, old: Json
) -> Json:

    strategy = resource.strategy
    obj.setdefault("apiVersion", resource.api_version)
    obj.setdefault("kind", resource.kind)
    meta = obj["metadata"]
    check_namespace(resource, meta, namespace)
    if not ctx.defaulted:
        strategy.default(obj)
    creating.drop_duplicate_owners(ctx, meta)
    if not ctx.applied:
        storage.fields.track(ctx, resource, obj, old)
    attributes = Attributes(ctx, "UPDATE", resource, namespace, of, obj, old, ctx.subresource)
    storage.admission.admit(attributes)
    _check_version(resource, meta, old, of)
    attributes.obj = obj = resource.judged(obj, old)
    _prepare(ctx, resource, obj, old)
    errors = validate_metadata_update(resource, obj, old)
    errors += strategy.validate_subresource_update(ctx.subresource, obj, old)
    errors += strategy.validate_version(ctx.api_version, obj, old)
    if errors:
        raise invalid(resource.kind, resource.group, of, errors)
    if not ctx.subresource:
        ctx.warnings.extend(strategy.warnings(obj, old))
    storage.admission.validate(attributes)
    strategy.canonicalize(obj)
    obj = resource.encode(obj, old)
    if obj == old:
        return old  # an update that changes nothing is not written, as upstream
    if ctx.dry_run:
        return obj
    return _write(storage, resource, (namespace, of), obj, old)


def _write(storage: Storage, resource: Resource, key: tuple[str, str], obj: Json, old: Json) -> Json:
    """Store, or remove if that was all that the deletion waited for (``ShouldDeleteDuringUpdate``)."""
    was = old["metadata"]
    ends = not obj["metadata"].get("finalizers") and "deletionTimestamp" in was
    if ends and not was.get("deletionGracePeriodSeconds") and not _keeps(resource, obj):
        storage.store.remove(resource.name, key)  # watchers see it as it was stored last, with its finalizers
        resource.strategy.after_delete(obj)
        return obj
    storage.store.put(resource.name, key, obj)
    resource.strategy.after_write(obj)
    return obj


def _looks_same(resource: Resource, obj: Json, old: Json) -> bool:
    """Whether only empty values differ, which Go's encoder drops: ``[]`` is no change of nothing."""
    new = resource.encode(obj, old)
    meta, was = new["metadata"], old["metadata"]
    return all(new.get(key) == old.get(key) for key in (new.keys() | old.keys()) - {"metadata", "status"}) and all(
        meta.get(key) == was.get(key) for key in ("labels", "annotations", "ownerReferences", "finalizers")
    )


def _keeps(resource: Resource, obj: Json) -> bool:
    """A namespace has finalizers of its own in its spec."""
    return resource.name == "namespaces" and bool(obj.get("spec", {}).get("finalizers"))


def _prepare(ctx: RequestContext, resource: Resource, obj: Json, old: Json) -> None:
    """Carry over what no update changes, and let the strategy do the rest."""
    strategy, meta, was = resource.strategy, obj["metadata"], old["metadata"]
    _keep(meta, was, "generation")
    meta.pop("selfLink", None)
    if ctx.subresource and ctx.subresource != "scale":  # a scale is an update of the main resource
        only_subresource(strategy.subresource_fields(ctx.subresource), obj, old)
        strategy.prepare_subresource_update(ctx, obj, old)
        if ctx.subresource == "scale" and strategy.has_generation and strategy.generation_changes(obj, old):
            meta["generation"] = was.get("generation", 0) + 1
    else:
        if strategy.has_status:
            _keep(obj, old, "status")
        strategy.prepare_update(ctx, obj, old)
        if strategy.has_generation and strategy.generation_changes(obj, old):
            meta["generation"] = was.get("generation", 0) + 1
        counted = meta.get("generation") != was.get("generation")
        if counted and not strategy.counts_empties and _looks_same(resource, obj, old):
            _keep(meta, was, "generation")
    if not meta.get("uid"):
        meta["uid"] = was["uid"]
    meta["creationTimestamp"] = was["creationTimestamp"]
    if "deletionTimestamp" in was:
        meta["deletionTimestamp"] = was["deletionTimestamp"]
    if "deletionGracePeriodSeconds" in was:
        meta.setdefault("deletionGracePeriodSeconds", was["deletionGracePeriodSeconds"])


def _check_version(resource: Resource, meta: Json, old: Json, of: str) -> None:
    version = meta.get("resourceVersion")
    if not version or version == "0":
        if not resource.strategy.allow_unconditional_update:
            why = "Invalid value: 0: must be specified for an update"
            error = FieldError("FieldValueInvalid", "metadata.resourceVersion", why)
            raise invalid(resource.plural, resource.group, of, [error])
        meta["resourceVersion"] = old["metadata"]["resourceVersion"]
    elif not version.isdecimal():
        raise ApiError(500, "", f'strconv.ParseUint: parsing "{version}": invalid syntax')
    elif version != old["metadata"]["resourceVersion"]:
        raise conflict(resource.plural, resource.group, of, CHANGED)


def only_subresource(fields: tuple[str, ...], obj: Json, old: Json) -> None:
    """Leave all top-level fields but those as they were; of metadata only what status updates may change."""
    for key in [key for key in obj if key not in old and key not in (*fields, "metadata")]:
        del obj[key]
    for key, value in old.items():
        if key not in fields and key != "metadata":
            obj[key] = value


def _keep(new: Json, old: Json, key: str) -> None:
    if key in old:
        new[key] = old[key]
    else:
        new.pop(key, None)
