"""Snapshot, restore and reset of a whole cluster: objects, the nodes' containers, the clock.

Stored objects are immutable, so a snapshot in memory is a shallow copy. A restore is written as the difference to what
is there now: watchers see ordinary changes with ever newer resource versions, and no time goes backwards for them.
"""

import itertools
from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.collection import Key
from k8s_tutor.sim.machinery.journal import SqliteJournal
from k8s_tutor.sim.machinery.store import Store

if TYPE_CHECKING:
    from k8s_tutor.sim.cluster import Cluster

Tables = dict[str, dict[Key, Json]]


class Snapshots:
    """Keeps a cluster's snapshots: in its journal, or in memory if it has none."""

    def __init__(self, cluster: "Cluster", journal: SqliteJournal | None) -> None:
        self._cluster = cluster
        self._journal = journal
        self._memory: dict[str, tuple[str, Json]] = {}
        present = [int(name) for name, _ in self.list() if name.isdecimal()]
        self._serial = itertools.count(max(present, default=0) + 1)

    def list(self) -> list[tuple[str, str]]:
        """Return (id, created) of all snapshots."""
        if self._journal is not None:
            return self._journal.snapshots()
        return [(name, created) for name, (created, _) in self._memory.items()]

    def take(self) -> str:
        """Take a snapshot; returns its id."""
        identifier = str(next(self._serial))
        created = rfc3339(self._cluster.clock.now())
        state = self.state()
        if self._journal is not None:
            self._journal.save_snapshot(identifier, created, state)
        else:
            self._memory[identifier] = (created, state)
        return identifier

    def drop(self, identifier: str) -> bool:
        """Forget a snapshot; whether it was there."""
        if self._journal is not None:
            return self._journal.drop_snapshot(identifier)
        return self._memory.pop(identifier, None) is not None

    async def restore(self, identifier: str) -> bool:
        """Bring the cluster back to a snapshot; False if there is no such one."""
        state = self._journal.snapshot(identifier) if self._journal else self._memory.get(identifier, ("", None))[1]
        if state is None:
            return False
        await self._replace(state)
        return True

    async def reset(self) -> None:
        """Make the cluster as new; identity, port and snapshots stay."""
        await self._replace(None)

    def state(self) -> Json:
        """Return the whole cluster as JSON-able data."""
        from k8s_tutor.sim.kubelet import snapshot_nodes

        store = self._cluster.store
        objects = {
            resource: [[entry.obj, entry.revision] for entry in store.entries(resource)]
            for resource in store.resources()
        }
        return {"now": self._cluster.clock.now(), "objects": objects, "nodes": snapshot_nodes(store)}

    async def _replace(self, state: Json | None) -> None:
        from k8s_tutor.sim.kubelet import restore_nodes

        cluster = self._cluster
        running = [name for name in cluster.components.names() if cluster.components.running(name)]
        cluster.components.stop_all()
        await cluster.clock.settle()
        store = cluster.store
        if state is None:
            replace(store, {})
            cluster.bootstrap()
            cluster.announce()
            restore_nodes(store, {})
            running = cluster.components.names()
        else:
            cluster.clock.set_now(state["now"])
            replace(store, tables(state["objects"]))
            restore_nodes(store, state["nodes"])
        cluster.reload_customs()
        store.commit()
        for name in running:
            cluster.components.start(name)
        await cluster.clock.settle()


def tables(objects: Json) -> Tables:
    """Return saved objects by resource and key."""
    found: Tables = {}
    for resource, rows in objects.items():
        table = found[resource] = {}
        for obj, _ in rows:
            meta = obj["metadata"]
            table[meta.get("namespace", ""), meta["name"]] = obj
    return found


def replace(store: Store, wanted: Tables) -> None:
    """Make the store's objects the wanted ones, writing only what differs."""
    for resource in {*store.resources(), *wanted}:
        target = wanted.get(resource, {})
        for entry in list(store.entries(resource)):
            meta = entry.obj["metadata"]
            key = (meta.get("namespace", ""), meta["name"])
            if key not in target:
                store.remove(resource, key)
        for key, obj in target.items():
            present = store.get(resource, *key)
            if present is None or present.obj != obj:
                store.put(resource, key, obj | {"metadata": dict(obj["metadata"])})
