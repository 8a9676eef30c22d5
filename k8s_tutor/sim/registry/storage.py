"""What the verbs of the generic storage work with: the store, the scheme, admission, the keeper of managedFields."""

from typing import Protocol

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import bad_request, not_found
from k8s_tutor.sim.machinery.store import Entry, Store
from k8s_tutor.sim.registry.attributes import Admission, FieldManager
from k8s_tutor.sim.registry.scheme import Resource, Scheme
from k8s_tutor.sim.registry.strategy import RequestContext


class DeletionHook(Protocol):
    """Changes a copy of an object that is being deleted; also returns whether it lives on for now."""

    def __call__(self, ctx: RequestContext, obj: Json, *, waits: bool) -> tuple[Json, bool]: ...


class Storage:
    """Where objects are, and who is asked before one is written; see ``Rest``."""

    def __init__(self, store: Store, scheme: Scheme, admission: Admission, fields: FieldManager) -> None:
        self.store = store
        self.scheme = scheme
        self.admission = admission
        self.fields = fields
        # What else happens to a deletion before it is written, by resource (custom resource definitions).
        self.deletion_hooks: dict[str, DeletionHook] = {}
        for resource in scheme:
            resource.objects = self

    def resource(self, name: str) -> Resource:
        """Return a served resource by its store name (``deployments.apps``)."""
        return self.scheme.resources[name]

    def place(self, ctx: RequestContext, resource: str, obj: Json) -> None:
        """Store a new object with its managedFields, past admission (``Objects``)."""
        self.fields.track(ctx, self.resource(resource), obj, None)
        meta = obj["metadata"]
        self.store.put(resource, (meta.get("namespace", ""), meta["name"]), obj)

    def entry(self, resource: Resource, namespace: str, name: str) -> Entry:
        """Return the stored entry.

        Raises:
            ApiError: 404.
        """
        entry = self.store.get(resource.name, namespace, name)
        if entry is None:
            raise not_found(resource.plural, resource.group, name)
        return entry


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
