"""The in-process client: how controllers, scheduler and kubelets of the practice cluster use the API.

The same pipeline as a request over HTTPS (defaults, admission, validation, managedFields), without sockets and JSON.
What it returns is the stored object: **never change it**, make a copy with ``unstructured.clone``.
"""

from collections.abc import Callable, Iterable, Mapping

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import not_found
from k8s_tutor.sim.machinery.store import Event, Store
from k8s_tutor.sim.registry.applying import applied
from k8s_tutor.sim.registry.attributes import DeleteOptions
from k8s_tutor.sim.registry.rest import Rest
from k8s_tutor.sim.registry.strategy import RequestContext, UserInfo


class LocalClient:
    """Uses the API as one user.

    Args:
        rest: the generic storage.
        user: e.g. ``system:serviceaccount:kube-system:deployment-controller``.
        manager: field manager in managedFields, e.g. ``kube-controller-manager``.
        reviewed: admission webhooks are asked about writes, which may then end with ``Pending`` and are to be done again
            (see ``machinery/pending``). Those of controllers always are: their queues repeat them.
    """

    def __init__(self, rest: Rest, user: UserInfo, manager: str, *, reviewed: bool = False) -> None:
        self._rest = rest
        self._reviewed = reviewed
        self._user = user
        self._manager = manager

    @property
    def store(self) -> Store:
        """The store, for reading without copies."""
        return self._rest.store

    def _ctx(self, subresource: str = "") -> RequestContext:
        reviews = self._rest.controllers_reviews if self._reviewed else None
        return RequestContext(self._user, self._manager, subresource=subresource, reviews=reviews)

    def reviewed(self) -> "LocalClient":
        """Return a client whose writes admission webhooks are asked about."""
        return LocalClient(self._rest, self._user, self._manager, reviewed=True)

    def get(self, resource: str, name: str, namespace: str = "") -> Json | None:
        """Return the object, or None."""
        entry = self.store.get(resource, namespace, name)
        return entry.obj if entry else None

    def list(
        self, resource: str, namespace: str | None = None, where: Callable[[Json], bool] | None = None
    ) -> list[Json]:
        """Return the objects of a namespace (None: of all) for which ``where`` holds."""
        found: Iterable[Json] = (entry.obj for entry in self.store.entries(resource, namespace))
        return [obj for obj in found if where is None or where(obj)]

    def create(self, resource: str, obj: Json, subresource: str = "", name: str = "") -> Json:
        """Create the object (given away); with ``subresource`` (``binding``, ``eviction``) of the object ``name``.

        Raises:
            ApiError: as the API would answer.
        """
        namespace = obj["metadata"].get("namespace", "")
        if subresource:
            return self._rest.create_subresource(self._ctx(subresource), resource, namespace, name, obj)
        return self._rest.create(self._ctx(), resource, namespace, obj)

    def update(self, resource: str, obj: Json, subresource: str = "") -> Json:
        """Replace the object (given away); conflict if its resourceVersion is not the stored one."""
        meta = obj["metadata"]
        return self._rest.update(self._ctx(subresource), resource, meta.get("namespace", ""), meta["name"], obj)

    def update_status(self, resource: str, obj: Json) -> Json:
        """Replace the object's status."""
        return self.update(resource, obj, "status")

    def change(
        self, resource: str, namespace: str, name: str, change: Callable[[Json], None], subresource: str = ""
    ) -> Json:
        """Copy the stored object, let ``change`` alter the copy, store it; no write if nothing differs."""
        return self._rest.change(self._ctx(subresource), resource, namespace, name, change)

    def apply(self, resource: str, config: Json, subresource: str = "") -> Json:
        """Server-side apply with force, as controllers do; ``config`` holds name, namespace and the fields to own."""
        kind = self._rest.resource(resource)
        meta = config["metadata"]
        config = {"apiVersion": kind.api_version, "kind": kind.kind} | config
        ctx = self._ctx(subresource)
        ctx.applied = True

        def make(old: Json | None) -> Json:
            if old is None and subresource:
                raise not_found(kind.plural, kind.group, meta["name"])
            now = rfc3339(self._rest.store.clock.now())
            return applied(kind, old, config, manager=self._manager, force=True, time=now, subresource=subresource)

        return self._rest.patch(ctx, resource, meta.get("namespace", ""), meta["name"], make)[0]

    def delete(
        self,
        resource: str,
        name: str,
        namespace: str = "",
        *,
        grace: int | None = None,
        propagation: str | None = None,
        uid: str | None = None,
        resource_version: str | None = None,
    ) -> Json:
        """Delete the object.

        Args:
            resource: ``pods``, ``deployments.apps`` …
            name: its name.
            namespace: its namespace, "" for cluster-wide kinds.
            grace: gracePeriodSeconds.
            propagation: ``Background``, ``Foreground`` or ``Orphan``.
            uid: precondition.
            resource_version: precondition.
        """
        preconditions: Mapping[str, str] = {
            key: value for key, value in (("uid", uid), ("resourceVersion", resource_version)) if value
        }
        options = DeleteOptions(grace, propagation, preconditions)
        return self._rest.delete(self._ctx(), resource, namespace, name, options)

    def watch(self, resource: str, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call back with ADDED for every present object (soon), then for every change in order; returns what ends it."""
        return self._rest.watch(resource, callback)
