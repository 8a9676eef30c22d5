"""Creating objects (upstream: ``handlers/create.go``, ``rest.BeforeCreate``, ``Store.create``)."""

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.meta import generated_name, new_uid
from k8s_tutor.sim.machinery.status import ApiError, already_exists, invalid
from k8s_tutor.sim.registry.attributes import Attributes
from k8s_tutor.sim.registry.metadata import validate_metadata
from k8s_tutor.sim.registry.scheme import Resource
from k8s_tutor.sim.registry.storage import Storage, check_namespace
from k8s_tutor.sim.registry.strategy import RequestContext

SYSTEM = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink")
NAME_TRIES = 8


def create(storage: Storage, ctx: RequestContext, resource: Resource, namespace: str, obj: Json) -> Json:
    """Create an object of a resource; see ``Rest.create``."""
    strategy = resource.strategy
    obj.setdefault("apiVersion", resource.api_version)
    obj.setdefault("kind", resource.kind)
    meta = obj.setdefault("metadata", {})
    for system in SYSTEM:
        meta.pop(system, None)
    check_namespace(resource, meta, namespace)
    if not ctx.defaulted:
        strategy.default(obj)
    drop_duplicate_owners(ctx, meta)
    if not ctx.applied:
        storage.fields.track(ctx, resource, obj, None)
    attributes = Attributes(ctx, "CREATE", resource, namespace, meta.get("name", ""), obj)
    storage.admission.admit(attributes)
    attributes.obj = obj = resource.admitted(obj)
    meta = obj["metadata"]
    _fill(storage, ctx, resource, meta, namespace)
    attributes.name = meta.get("name", "")
    strategy.prepare_create(ctx, obj)
    errors = validate_metadata(resource, obj) + strategy.validate_create(obj)
    errors += strategy.validate_version(ctx.api_version, obj, None)
    if errors:
        raise invalid(resource.kind, resource.group, meta.get("name", ""), errors)
    ctx.warnings.extend(strategy.warnings(obj, None))
    storage.admission.validate(attributes)
    key = (namespace, meta["name"])
    if storage.store.get(resource.name, *key) is not None:
        raise already_exists(resource.plural, resource.group, meta["name"])
    version = meta.get("resourceVersion") or ""
    if version.isdecimal() and int(version):  # what is no number is overwritten
        raise ApiError(500, "", "resourceVersion should not be set on objects to be created")
    strategy.canonicalize(obj)
    obj = resource.encode(obj)
    if ctx.dry_run:
        return obj
    storage.store.put(resource.name, key, obj)
    strategy.after_write(obj)
    return obj


def _fill(storage: Storage, ctx: RequestContext, resource: Resource, meta: Json, namespace: str) -> None:
    """Set what the server owns (``FillObjectMetaSystemFields``) and make a name of generateName."""
    made = ctx.reviews.made.get(resource.name) if ctx.reviews is not None and ctx.reviews.own else None
    if made and meta.get("generateName") and not meta.get("name"):
        meta["name"] = made[0]
    if meta.get("generateName") and not meta.get("name"):
        for _ in range(NAME_TRIES):
            meta["name"] = generated_name(meta["generateName"])
            if storage.store.get(resource.name, namespace, meta["name"]) is None:
                break
    meta["uid"] = made[1] if made else new_uid()
    if ctx.reviews is not None and ctx.reviews.own:
        ctx.reviews.made[resource.name] = (meta.get("name", ""), meta["uid"])
    meta["creationTimestamp"] = rfc3339(storage.store.clock.now())
    if resource.strategy.has_generation:
        meta["generation"] = 1
    else:
        meta.pop("generation", None)


def drop_duplicate_owners(ctx: RequestContext, meta: Json) -> None:
    """Keep each owner reference once, with a warning if there were more."""
    owners = meta.get("ownerReferences")
    if not owners or len(owners) < 2:
        return
    kept: list[Json] = []
    for owner in owners:
        if owner not in kept:
            kept.append(owner)
        else:
            text = (
                ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, "
                "and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: "
            )
            ctx.warnings.append(text + str(owner.get("uid", "")))
    meta["ownerReferences"] = kept
