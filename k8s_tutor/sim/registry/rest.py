"""Generic REST storage: one code for all kinds, over small strategies.

The order of the steps is upstream's (``apiserver/pkg/endpoints/handlers`` and ``.../registry/generic/registry``):
defaults, managedFields, mutating admission, ``prepare``, validation, validating admission, store. The verbs live in
``creating``, ``updating`` and ``deleting``, what they share in ``storage``; here they are together.
"""

from collections.abc import Callable

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.machinery.pending import Reviews
from k8s_tutor.sim.machinery.status import not_found
from k8s_tutor.sim.machinery.store import Event, Store
from k8s_tutor.sim.registry import creating, deleting, updating
from k8s_tutor.sim.registry.attributes import (
    Admission,
    Attributes,
    DeleteOptions,
    FieldManager,
    SubresourceCreate,
    WebhookCaller,
)
from k8s_tutor.sim.registry.scheme import Scheme
from k8s_tutor.sim.registry.storage import Storage
from k8s_tutor.sim.registry.strategy import RequestContext

__all__ = ["Admission", "Attributes", "DeleteOptions", "FieldManager", "Rest", "SubresourceCreate"]


class Rest(Storage):
    """The verbs, for every resource of the scheme.

    Args:
        store: where objects are.
        scheme: the served resources.
        admission: the chain of plug-ins.
        fields: the keeper of managedFields.
    """

    def __init__(self, store: Store, scheme: Scheme, admission: Admission, fields: FieldManager) -> None:
        super().__init__(store, scheme, admission, fields)
        # Subresources that are created (binding, eviction, token): (resource, subresource) to what does it.
        self.creators: dict[tuple[str, str], SubresourceCreate] = {}
        # How admission webhooks are called (None: they are not), and the answers that controllers have got.
        self.webhooks: WebhookCaller | None = None
        self.controllers_reviews = Reviews(own=False)

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
