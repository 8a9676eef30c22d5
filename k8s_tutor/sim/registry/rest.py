"""Generic REST storage: one code for all kinds, over small strategies.

The order of the steps is upstream's (``apiserver/pkg/endpoints/handlers`` and ``.../registry/generic/registry``):
defaults, managedFields, mutating admission, ``prepare``, validation, validating admission, store. The verbs live in
``creating``, ``updating`` and ``deleting``; here is what they share, and reading.
"""

from collections.abc import Callable
from typing import Protocol

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.machinery.pending import Reviews
from k8s_tutor.sim.machinery.status import bad_request, not_found
from k8s_tutor.sim.machinery.store import Entry, Event, Store
from k8s_tutor.sim.registry import creating, deleting, updating
from k8s_tutor.sim.registry.attributes import (
    Admission,
    Attributes,
    DeleteOptions,
    FieldManager,
    SubresourceCreate,
    WebhookCaller,
)
from k8s_tutor.sim.registry.scheme import Resource, Scheme
from k8s_tutor.sim.registry.strategy import RequestContext


class DeletionHook(Protocol):
    """Changes a copy of an object that is being deleted; also returns whether it lives on for now."""

    def __call__(self, ctx: RequestContext, obj: Json, *, waits: bool) -> tuple[Json, bool]: ...


__all__ = ["Admission", "Attributes", "DeleteOptions", "FieldManager", "Rest", "SubresourceCreate"]


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
        # What else happens to a deletion before it is written, by resource (custom resource definitions).
        self.deletion_hooks: dict[str, DeletionHook] = {}
        # How admission webhooks are called (None: they are not), and the answers that controllers have got.
        self.webhooks: WebhookCaller | None = None
        self.controllers_reviews = Reviews(own=False)
        for resource in scheme:
            resource.rest = self

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

    # -- writing

    def create(self, ctx: RequestContext, name: str, namespace: str, obj: Json) -> Json:
        """Create an object; returns it as stored.

        Raises:
            ApiError: 400, 403, 409 or 422 as upstream.
        """
        return creating.create(self, ctx, self.resource(name), namespace, obj)

    def create_subresource(self, ctx: RequestContext, name: str, namespace: str, of: str, body: Json) -> Json:
        """POST to a subresource such as ``binding``, ``eviction`` or ``token``."""
        resource = self.resource(name)
        creator = self.creators.get((name, ctx.subresource))
        if creator is None:
            raise not_found(resource.plural, resource.group, of)
        kind = resource.subresource_kind(ctx.subresource)
        attributes = Attributes(ctx, "CREATE", resource, namespace, of, body, None, ctx.subresource, kind=kind)
        self.admission.admit(attributes)
        self.admission.validate(attributes)
        return creator(ctx, resource, namespace, of, body)

    def change(self, ctx: RequestContext, name: str, namespace: str, of: str, change: Callable[[Json], None]) -> Json:
        """Copy the stored object, let ``change`` alter the copy in place, and update; no write if nothing differs."""
        old = self.entry(self.resource(name), namespace, of).obj
        new = clone(old)
        change(new)
        return old if new == old else self.update(ctx, name, namespace, of, new)

    def update(self, ctx: RequestContext, name: str, namespace: str, of: str, obj: Json) -> Json:
        """Replace an object (or, by ``ctx.subresource``, a part of it); returns it as stored.

        Raises:
            ApiError: 404, 409 on an old resourceVersion, 422 …
        """
        return updating.replace(self, ctx, self.resource(name), namespace, of, obj)

    def patch(
        self, ctx: RequestContext, name: str, namespace: str, of: str, make: Callable[[Json | None], Json]
    ) -> tuple[Json, bool]:
        """Store what ``make`` makes of the stored object (None: there is none; raise 404 or give a new one).

        Returns:
            The object as stored, and whether it was created.
        """
        return updating.patch(self, ctx, self.resource(name), namespace, of, make)

    def delete(self, ctx: RequestContext, name: str, namespace: str, of: str, options: DeleteOptions) -> Json:
        """Delete, or begin to delete; returns the object where it lives on, else the object as it was last.

        Raises:
            ApiError: 404, 409 on preconditions, 403 by admission.
        """
        return deleting.delete(self, ctx, self.resource(name), namespace, of, options)[0]

    def delete_now(
        self, ctx: RequestContext, name: str, namespace: str, of: str, options: DeleteOptions
    ) -> tuple[Json, bool]:
        """As ``delete``; also returns whether the object has gone."""
        return deleting.delete(self, ctx, self.resource(name), namespace, of, options)


def check_namespace(resource: Resource, meta: Json, namespace: str) -> None:
    """Let the object's namespace be the request's, or refuse.

    Raises:
        ApiError: 400.
    """
    if not resource.namespaced:
        meta.pop("namespace", None)
        return
    if meta.setdefault("namespace", namespace) not in (namespace, ""):
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    meta["namespace"] = namespace
