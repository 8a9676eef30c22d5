"""Deleting objects: grace, finalizers, propagation (upstream: ``rest.BeforeDelete``, ``Store.Delete``)."""

from k8s_tutor.apimachinery.times import parse_time, rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import conflict
from k8s_tutor.sim.registry.attributes import Attributes, DeleteOptions
from k8s_tutor.sim.registry.scheme import Resource
from k8s_tutor.sim.registry.storage import Storage
from k8s_tutor.sim.registry.strategy import RequestContext

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"
BY_POLICY = {"Foreground": [FOREGROUND], "Orphan": [ORPHAN], "Background": []}


def delete(
    storage: Storage, ctx: RequestContext, resource: Resource, namespace: str, of: str, options: DeleteOptions
) -> tuple[Json, bool]:
    """Delete an object; returns it as it lives on or was last, and whether it has gone. See ``Rest.delete``."""
    old = storage.entry(resource, namespace, of).obj
    _check_preconditions(resource, old, of, options)
    ctx.warnings.extend(resource.strategy.delete_warnings(options.propagation))
    attributes = Attributes(ctx, "DELETE", resource, namespace, of, None, old)
    storage.admission.admit(attributes)
    storage.admission.validate(attributes)
    meta = old["metadata"]
    grace = resource.strategy.grace_period(old, _requested(options.grace))
    new, graceful = old, False
    if grace is not None:
        if meta.get("deletionTimestamp") and meta.get("deletionGracePeriodSeconds"):
            if options.grace is None or grace >= meta["deletionGracePeriodSeconds"]:
                return old, False  # a graceful deletion is under way; only a shorter one changes it
            new, graceful = _shortened(storage, old, grace), True
        elif not meta.get("deletionTimestamp"):
            new, graceful = _marked(storage, old, grace), True
    finalizers = _finalizers(old, options, orphans=resource.strategy.orphans_by_default)
    if finalizers != (meta.get("finalizers") or []):
        new = new if new is not old else old | {"metadata": dict(meta)}
        _set_finalizers(new, finalizers)
    if finalizers and not graceful and not meta.get("deletionTimestamp"):
        new = _marked(storage, new, 0)
    return _finish(
        storage, ctx, resource, (namespace, of), new, old, waits=bool(finalizers) or (graceful and grace != 0)
    )


def _finish(
    storage: Storage,
    ctx: RequestContext,
    resource: Resource,
    key: tuple[str, str],
    new: Json,
    old: Json,
    *,
    waits: bool,
) -> tuple[Json, bool]:
    hook = storage.deletion_hooks.get(resource.name) or resource.strategy.before_delete
    new, waits = hook(ctx, new, waits=waits)
    if new is not old and new != old and not ctx.dry_run:
        # Also what goes at once is shown as deleted first: watchers see MODIFIED, then DELETED.
        new = resource.encode(new)
        storage.store.put(resource.name, key, new)
    if waits or ctx.dry_run:
        return new, not waits
    storage.store.remove(resource.name, key, new)
    resource.strategy.after_delete(new)
    return new, True


def _requested(grace: int | None) -> int | None:
    return 1 if grace is not None and grace < 0 else grace


def _marked(storage: Storage, old: Json, grace: int) -> Json:
    """Return a copy with deletionTimestamp, its grace period, and the next generation."""
    meta = dict(old["metadata"])
    meta["deletionTimestamp"] = rfc3339(storage.store.clock.now() + grace)
    meta["deletionGracePeriodSeconds"] = grace
    if meta.get("generation"):
        meta["generation"] += 1
    return old | {"metadata": meta}


def _shortened(storage: Storage, old: Json, grace: int) -> Json:
    """Return a copy whose deletion comes earlier, though not before now."""
    meta = dict(old["metadata"])
    now = storage.store.clock.now()
    when = parse_time(meta["deletionTimestamp"]) - meta["deletionGracePeriodSeconds"] + grace
    if when < now:
        when = now
        grace = min(grace, 1)
    meta["deletionTimestamp"] = rfc3339(when)
    meta["deletionGracePeriodSeconds"] = grace
    return old | {"metadata": meta}


def _check_preconditions(resource: Resource, old: Json, of: str, options: DeleteOptions) -> None:
    for key, label, hint in (
        ("uid", "UID", "The object might have been deleted and then recreated"),
        ("resourceVersion", "ResourceVersion", "The object might have been modified"),
    ):
        want, have = options.preconditions.get(key), old["metadata"][key]
        if want and want != have:
            why = f"the {label} in the precondition ({want}) does not match the {label} in record ({have}). {hint}"
            raise conflict(resource.kind, resource.group, of, why)


def _finalizers(old: Json, options: DeleteOptions, *, orphans: bool) -> list[str]:
    """Return the finalizers after the propagation policy has added or removed those of the garbage collector."""
    present = old["metadata"].get("finalizers") or []
    others = [name for name in present if name not in {FOREGROUND, ORPHAN}]
    if options.propagation in BY_POLICY:
        return others + BY_POLICY[options.propagation]
    chosen = [name for name in present if name in {FOREGROUND, ORPHAN}]
    return others + (chosen or ([ORPHAN] if orphans else []))


def _set_finalizers(obj: Json, finalizers: list[str]) -> None:
    if finalizers:
        obj["metadata"]["finalizers"] = finalizers
    else:
        obj["metadata"].pop("finalizers", None)
