"""Generic REST storage: one code for all kinds, over small strategies.

The order of the steps is upstream's (``apiserver/pkg/registry/generic/registry/store.go``): defaults, mutating
admission, ``prepare``, validation, validating admission, managedFields, store. Deletion knows grace periods, finalizers
and propagation (``rest.BeforeDelete``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from k8s_tutor.sim.machinery.meta import clone, generated_name, new_uid, rfc3339
from k8s_tutor.sim.machinery.status import ApiError, already_exists, bad_request, conflict, invalid, not_found
from k8s_tutor.sim.machinery.store import Entry, Event, Store
from k8s_tutor.sim.registry.metadata import validate_metadata, validate_metadata_update
from k8s_tutor.sim.registry.scheme import Resource, Scheme
from k8s_tutor.sim.registry.strategy import RequestContext

Json = dict[str, Any]
CHANGED = "the object has been modified; please apply your changes to the latest version and try again"
FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """``metav1.DeleteOptions`` as far as storage acts on them."""

    grace: int | None = None
    propagation: str | None = None
    preconditions: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Attributes:
    """What admission sees of a request (``admission.Attributes``)."""

    ctx: RequestContext
    operation: str  # CREATE, UPDATE, DELETE, CONNECT
    resource: Resource
    namespace: str
    name: str
    obj: Json | None
    old: Json | None = None
    subresource: str = ""
    options: Json = field(default_factory=dict)


class Admission(Protocol):
    """The chain of admission plug-ins."""

    def admit(self, attributes: Attributes) -> None:
        """Let mutating plug-ins change ``attributes.obj`` in place, or refuse with ApiError."""

    def validate(self, attributes: Attributes) -> None:
        """Let validating plug-ins refuse with ApiError."""


class FieldManager(Protocol):
    """Keeps ``metadata.managedFields``."""

    def track(self, ctx: RequestContext, resource: Resource, new: Json, old: Json | None) -> None:
        """Set the new object's managedFields for an update by ``ctx.manager``."""


SubresourceCreate = Callable[[RequestContext, Resource, str, str, Json], Json]


class Rest:
    """The verbs, for every resource of the scheme.

    Args:
        store: where objects are.
        scheme: the served resources.
        admission: the chain of plug-ins.
        fields: the keeper of managedFields.
    """

    def __init__(self, store: Store, scheme: Scheme, admission: Admission, fields: FieldManager) -> None:
        self.store = store
        self.scheme = scheme
        self.admission = admission
        self.fields = fields
        # Subresources that are created (binding, eviction, token): (resource, subresource) to what does it.
        self.creators: dict[tuple[str, str], SubresourceCreate] = {}

    # -- reading

    def resource(self, name: str) -> Resource:
        """Return a served resource by its store name (``deployments.apps``)."""
        return self.scheme.resources[name]

    def entry(self, resource: Resource, namespace: str, name: str) -> Entry:
        """Return the stored entry.

        Raises:
            ApiError: 404.
        """
        entry = self.store.get(resource.name, namespace, name)
        if entry is None:
            raise not_found(resource.plural, resource.group, name)
        return entry

    def watch(self, name: str, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Deliver present objects as ADDED, then later changes; returns what ends it."""
        alive = True

        def deliver(event: Event) -> None:
            if alive:
                callback(event)

        end = self.store.subscribe(name, deliver)
        # Changes not yet delivered will come as events of their own: show what is there without those.
        for entry in self.store.entries(name):
            self.store.clock.call_soon(deliver, Event("ADDED", name, entry, None))

        def stop() -> None:
            nonlocal alive
            alive = False
            end()

        return stop

    # -- create

    def create(self, ctx: RequestContext, name: str, namespace: str, obj: Json) -> Json:
        """Create an object; returns it as stored.

        Raises:
            ApiError: 400, 403, 409 or 422 as upstream.
        """
        resource = self.resource(name)
        strategy = resource.strategy
        meta = obj.setdefault("metadata", {})
        self._check_namespace(resource, meta, namespace)
        self._generate_name(meta)
        strategy.default(obj)
        attributes = Attributes(ctx, "CREATE", resource, namespace, meta.get("name", ""), obj)
        self.admission.admit(attributes)
        self._fill_new(resource, meta)
        strategy.prepare_create(ctx, obj)
        errors = validate_metadata(resource, obj) + strategy.validate_create(obj)
        if errors:
            raise invalid(resource.kind, resource.group, meta.get("name", ""), errors)
        ctx.warnings.extend(strategy.warnings(obj, None))
        self.admission.validate(attributes)
        if self.store.get(name, namespace, meta["name"]) is not None:
            raise already_exists(resource.plural, resource.group, meta["name"])
        self.fields.track(ctx, resource, obj, None)
        if ctx.dry_run:
            return obj
        self.store.put(name, (namespace, meta["name"]), obj)
        strategy.after_write(obj)
        return obj

    def create_subresource(self, ctx: RequestContext, name: str, namespace: str, of: str, body: Json) -> Json:
        """POST to a subresource such as ``binding``, ``eviction`` or ``token``."""
        resource = self.resource(name)
        creator = self.creators.get((name, ctx.subresource))
        if creator is None:
            raise not_found(resource.plural, resource.group, of)
        return creator(ctx, resource, namespace, of, body)

    def _check_namespace(self, resource: Resource, meta: Json, namespace: str) -> None:
        if resource.namespaced:
            if meta.setdefault("namespace", namespace) not in (namespace, ""):
                raise bad_request(
                    "the namespace of the provided object does not match the namespace sent on the request"
                )
            meta["namespace"] = namespace
        else:
            meta.pop("namespace", None)

    def _generate_name(self, meta: Json) -> None:
        if meta.get("generateName") and not meta.get("name"):
            meta["name"] = generated_name(meta["generateName"])

    def _fill_new(self, resource: Resource, meta: Json) -> None:
        for gone in ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "resourceVersion"):
            meta.pop(gone, None)
        meta["uid"] = new_uid()
        meta["creationTimestamp"] = rfc3339(self.store.clock.now())
        if resource.strategy.has_generation:
            meta["generation"] = 1
        else:
            meta.pop("generation", None)

    # -- update

    def change(self, ctx: RequestContext, name: str, namespace: str, of: str, change: Callable[[Json], None]) -> Json:
        """Copy the stored object, let ``change`` alter the copy in place, and update."""
        old = self.entry(self.resource(name), namespace, of).obj
        new = clone(old)
        change(new)
        return old if new == old else self.update(ctx, name, namespace, of, new)

    def update(self, ctx: RequestContext, name: str, namespace: str, of: str, obj: Json) -> Json:
        """Replace an object (or, by ``ctx.subresource``, its status); returns it as stored.

        Raises:
            ApiError: 404, 409 on an old resourceVersion, 422 …
        """
        resource = self.resource(name)
        strategy = resource.strategy
        found = self.store.get(name, namespace, of)
        if found is None:
            if strategy.allow_create_on_update and not ctx.subresource:
                return self.create(ctx, name, namespace, obj)
            raise not_found(resource.plural, resource.group, of)
        old = found.obj
        meta = obj.setdefault("metadata", {})
        self._check_namespace(resource, meta, namespace)
        self._check_version(resource, meta, old, of)
        strategy.default(obj)
        attributes = Attributes(ctx, "UPDATE", resource, namespace, of, obj, old, ctx.subresource)
        self.admission.admit(attributes)
        self._carry_over(meta, old["metadata"])
        if ctx.subresource == "status":
            self._only_status(obj, old)
            strategy.prepare_status_update(ctx, obj, old)
        else:
            if strategy.has_status:
                _keep(obj, old, "status")
            strategy.prepare_update(ctx, obj, old)
            if strategy.has_generation and obj.get("spec") != old.get("spec"):
                meta["generation"] = old["metadata"].get("generation", 0) + 1
        errors = validate_metadata_update(resource, obj, old)
        check = strategy.validate_status_update if ctx.subresource == "status" else strategy.validate_update
        errors += check(obj, old)
        if errors:
            raise invalid(resource.kind, resource.group, of, errors)
        ctx.warnings.extend(strategy.warnings(obj, old))
        self.admission.validate(attributes)
        self.fields.track(ctx, resource, obj, old)
        if obj == old or ctx.dry_run:
            return obj if ctx.dry_run else old  # an update that changes nothing is not written, as upstream
        if meta.get("deletionTimestamp") and not meta.get("finalizers") and not meta.get("deletionGracePeriodSeconds"):
            return self._remove(resource, (namespace, of), obj)
        self.store.put(name, (namespace, of), obj)
        strategy.after_write(obj)
        return obj

    def _check_version(self, resource: Resource, meta: Json, old: Json, of: str) -> None:
        if meta.get("uid") and meta["uid"] != old["metadata"]["uid"]:
            why = (
                f"Precondition failed: UID in precondition: {meta['uid']}, UID in object meta: {old['metadata']['uid']}"
            )
            raise conflict(resource.plural, resource.group, of, why)
        version = meta.get("resourceVersion")
        if not version:
            if not resource.strategy.allow_unconditional_update:
                raise ApiError(
                    422,
                    "Invalid",
                    f'{resource.kind} "{of}" is invalid: metadata.resourceVersion: '
                    "Invalid value: 0x0: must be specified for an update",
                )
            meta["resourceVersion"] = old["metadata"]["resourceVersion"]
        elif version != old["metadata"]["resourceVersion"]:
            raise conflict(resource.plural, resource.group, of, CHANGED)

    def _carry_over(self, meta: Json, old: Json) -> None:
        """Fields of metadata that no update changes."""
        for key in ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"):
            if key in old:
                meta[key] = old[key]
            else:
                meta.pop(key, None)
        meta.pop("selfLink", None)

    def _only_status(self, obj: Json, old: Json) -> None:
        """A status update leaves all but status, and metadata's managedFields, as it was."""
        for key in [key for key in obj if key not in old and key not in ("status", "metadata")]:
            del obj[key]
        for key, value in old.items():
            if key not in ("status", "metadata"):
                obj[key] = value
        keep = dict(old["metadata"])
        keep["resourceVersion"] = obj["metadata"]["resourceVersion"]
        obj["metadata"] = keep

    # -- delete

    def delete(self, ctx: RequestContext, name: str, namespace: str, of: str, options: DeleteOptions) -> Json:
        """Delete, or begin to delete; returns the object where it lives on, else the object as it was last.

        Raises:
            ApiError: 404, 409 on preconditions, 403 by admission.
        """
        resource = self.resource(name)
        old = self.entry(resource, namespace, of).obj
        self._check_preconditions(resource, old, of, options)
        attributes = Attributes(ctx, "DELETE", resource, namespace, of, None, old)
        self.admission.admit(attributes)
        self.admission.validate(attributes)
        grace = resource.strategy.grace_period(old, options.grace)
        finalizers = self._deletion_finalizers(old, options)
        meta = old["metadata"]
        if ctx.dry_run:
            return old
        if not finalizers and not grace:
            return self._remove(resource, (namespace, of), old)
        if meta.get("deletionTimestamp"):
            return self._delete_again(resource, old, grace, finalizers)
        new = old | {"metadata": dict(meta)}
        now = self.store.clock.now()
        new["metadata"]["deletionTimestamp"] = rfc3339(now + (grace or 0))
        new["metadata"]["deletionGracePeriodSeconds"] = grace or 0
        if resource.strategy.has_generation and "generation" in meta:
            new["metadata"]["generation"] = meta["generation"] + 1
        _set_finalizers(new, finalizers)
        self.store.put(name, (namespace, of), new)
        return new

    def _delete_again(self, resource: Resource, old: Json, grace: int | None, finalizers: list[str]) -> Json:
        """A later delete may only shorten the grace period and change finalizers."""
        meta = old["metadata"]
        left = meta.get("deletionGracePeriodSeconds") or 0
        shorter = grace is not None and grace < left
        if not shorter and finalizers == (meta.get("finalizers") or []):
            return old
        new = old | {"metadata": dict(meta)}
        if shorter:
            new["metadata"]["deletionTimestamp"] = rfc3339(self.store.clock.now() + (grace or 0))
            new["metadata"]["deletionGracePeriodSeconds"] = grace
        _set_finalizers(new, finalizers)
        self.store.put(resource.name, (meta.get("namespace", ""), meta["name"]), new)
        return new

    def _check_preconditions(self, resource: Resource, old: Json, of: str, options: DeleteOptions) -> None:
        for key, label in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
            want = options.preconditions.get(key)
            if want and want != old["metadata"][key]:
                have = old["metadata"][key]
                why = f"Precondition failed: {label} in precondition: {want}, {label} in object meta: {have}"
                raise conflict(resource.plural, resource.group, of, why)

    def _deletion_finalizers(self, old: Json, options: DeleteOptions) -> list[str]:
        finalizers = [f for f in old["metadata"].get("finalizers") or [] if f not in (FOREGROUND, ORPHAN)]
        present = [f for f in old["metadata"].get("finalizers") or [] if f in (FOREGROUND, ORPHAN)]
        if options.propagation == "Foreground":
            present = [FOREGROUND]
        elif options.propagation == "Orphan":
            present = [ORPHAN]
        elif options.propagation == "Background":
            present = []
        return finalizers + present

    def _remove(self, resource: Resource, key: tuple[str, str], last: Json) -> Json:
        self.store.remove(resource.name, key, last)
        resource.strategy.after_delete(last)
        return last


def _keep(new: Json, old: Json, key: str) -> None:
    if key in old:
        new[key] = old[key]
    else:
        new.pop(key, None)


def _set_finalizers(obj: Json, finalizers: list[str]) -> None:
    if finalizers:
        obj["metadata"]["finalizers"] = finalizers
    else:
        obj["metadata"].pop("finalizers", None)
