"""Indexes over the store that all controllers share: objects by their owner, and orphans by namespace.

Kept within each change (``Store.index``), so a controller that reads it after its own writes sees them; what upstream
needs *expectations* for, because its caches lag, comes by itself here.
"""

from collections.abc import Iterable, Iterator
from weakref import WeakKeyDictionary

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.meta import controller_of
from k8s_tutor.sim.machinery.store import Event, Store

Key = tuple[str, str]


class OwnerIndex:
    """Objects of one resource by the uid of their controller; those without one by namespace.

    Args:
        store: where the objects are.
        resource: ``pods``, ``replicasets.apps`` …
    """

    def __init__(self, store: Store, resource: str) -> None:
        self._store = store
        self._resource = resource
        self._owned: dict[str, dict[Key, None]] = {}
        self._orphans: dict[str, dict[Key, None]] = {}
        self._where: dict[Key, tuple[str, str]] = {}
        for entry in store.entries(resource):
            self._put(entry.obj)
        store.index(resource, self._changed)

    def owned(self, uid: str) -> list[Json]:
        """Return the objects whose controller has this uid."""
        return list(self._read(self._owned.get(uid, ())))

    def count(self, uid: str) -> int:
        """Return how many objects have this controller."""
        return len(self._owned.get(uid, ()))

    def orphans(self, namespace: str) -> list[Json]:
        """Return the objects of a namespace that have no controller."""
        return list(self._read(self._orphans.get(namespace, ())))

    def _read(self, keys: Iterable[Key]) -> Iterator[Json]:
        for namespace, name in keys:
            entry = self._store.get(self._resource, namespace, name)
            if entry is not None:
                yield entry.obj

    def _changed(self, event: Event) -> None:
        if event.type == "DELETED":
            self._drop(_key(event.obj))
        elif event.old is None or _place(event.old.obj) != _place(event.obj):
            self._drop(_key(event.obj))
            self._put(event.obj)

    def _put(self, obj: Json) -> None:
        key, (uid, namespace) = _key(obj), _place(obj)
        self._where[key] = (uid, namespace)
        group = self._owned.setdefault(uid, {}) if uid else self._orphans.setdefault(namespace, {})
        group[key] = None

    def _drop(self, key: Key) -> None:
        place = self._where.pop(key, None)
        if place is None:
            return
        uid, namespace = place
        groups, name = (self._owned, uid) if uid else (self._orphans, namespace)
        group = groups[name]
        group.pop(key, None)
        if not group:
            del groups[name]


def _key(obj: Json) -> Key:
    meta = obj["metadata"]
    return meta.get("namespace", ""), meta["name"]


def _place(obj: Json) -> tuple[str, str]:
    owner = controller_of(obj)
    return (owner["uid"] if owner else ""), obj["metadata"].get("namespace", "")


_indexes: WeakKeyDictionary[Store, dict[str, OwnerIndex]] = WeakKeyDictionary()


def owner_index(store: Store, resource: str) -> OwnerIndex:
    """Return the store's index of a resource; made at the first call."""
    of_store = _indexes.setdefault(store, {})
    if resource not in of_store:
        of_store[resource] = OwnerIndex(store, resource)
    return of_store[resource]
