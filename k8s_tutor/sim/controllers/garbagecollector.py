"""The garbage collector: what nobody owns any more is deleted (upstream: ``pkg/controller/garbagecollector``).

A graph of all objects by uid, with their owners. When an owner goes, each dependent without another owner is deleted. An
owner deleted in the *foreground* waits, by a finalizer, for the dependents that block it; one deleted as *orphan* first
lets all its dependents go. An owner counts only where its reference says it is: of that kind and name, in the dependent's
namespace or in none.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.machinery.recorder import Recorder
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event
from k8s_tutor.sim.machinery.workqueue import WorkQueue

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"
IGNORED = frozenset({"events", "events.events.k8s.io"})
UNKNOWN_KIND_RETRY = 30.0
DANGLING, SOLID, WAITING, UNKNOWN = "dangling", "solid", "waiting", "unknown"


@dataclass(slots=True)
class _Node:
    resource: str
    namespace: str
    name: str
    owners: tuple[Json, ...] = ()
    dependents: set[str] = field(default_factory=set)


class GarbageCollector(Controller):
    """Deletes dependents."""

    name = "generic-garbage-collector"

    def setup(self) -> None:
        self.events = Recorder(self.clock, self.client, "garbage-collector-controller")
        self._nodes: dict[str, _Node] = {}
        self._waiting: dict[str, set[str]] = {}  # uids of owners that are not there: their dependents
        self._uids: WorkQueue[str] = WorkQueue(self.clock, self._process_uid, self._uid_failed)
        store = self.client.store
        for resource in store.resources():
            if resource not in IGNORED:
                for entry in store.entries(resource):
                    self._seen(resource, entry.obj, None)
        self._ends.append(store.subscribe(None, self._changed))

    def stop(self) -> None:
        super().stop()
        self._uids.close()

    def reconcile(self, namespace: str, name: str) -> None:
        """Nothing is queued by name: objects are known by uid."""

    def _uid_failed(self, uid: str, error: Exception) -> None:
        self.kit.log(self.manager, f"garbage collector: error processing {uid}: {error}")

    # -- the graph

    def _changed(self, event: Event) -> None:
        if event.resource in IGNORED:
            return
        if event.type == "DELETED":
            self._gone(event.obj["metadata"]["uid"])
            return
        meta = event.obj["metadata"]
        if event.old is not None:
            old = event.old.obj["metadata"]
            keys = ("ownerReferences", "deletionTimestamp", "finalizers")
            if meta["uid"] in self._nodes and all(old.get(key) == meta.get(key) for key in keys):
                return
        self._seen(event.resource, event.obj, event.old.obj if event.old else None)

    def _seen(self, resource: str, obj: Json, old: Json | None) -> None:
        meta = obj["metadata"]
        uid = meta["uid"]
        node = self._nodes.get(uid)
        if node is None:
            node = self._nodes[uid] = _Node(resource, meta.get("namespace", ""), meta["name"])
            node.dependents = self._waiting.pop(uid, set())
            for other in node.dependents:
                self._report_if_elsewhere(other, uid)
        self._link(uid, node, tuple(meta.get("ownerReferences") or ()))
        finalizers = set(meta.get("finalizers") or ())
        if "deletionTimestamp" in meta and {FOREGROUND, ORPHAN} & finalizers:
            if FOREGROUND in finalizers:
                for other in node.dependents:
                    self._uids.add(other)
            self._uids.add(uid)

    def _link(self, uid: str, node: _Node, owners: tuple[Json, ...]) -> None:
        if owners == node.owners:
            return
        before = {owner["uid"] for owner in node.owners}
        node.owners = owners
        after = {owner["uid"] for owner in owners}
        for owner in before - after:
            self._dependents(owner).discard(uid)
            self._uids.add(owner)
        for owner in after - before:
            self._dependents(owner).add(uid)
            self._report_if_elsewhere(uid, owner)
        if before - after or any(self._is_doubtful(owner, node) for owner in owners):
            self._uids.add(uid)
        for owner in after & before:
            self._uids.add(owner)  # whether it blocks may have changed

    def _dependents(self, uid: str) -> set[str]:
        node = self._nodes.get(uid)
        return node.dependents if node is not None else self._waiting.setdefault(uid, set())

    def _is_doubtful(self, reference: Json, node: _Node) -> bool:
        """Tell whether the graph does not show the owner where the reference says it is."""
        found = self._nodes.get(reference["uid"])
        if found is None or found.namespace not in {"", node.namespace} or found.name != reference["name"]:
            return True
        kind = self.kit.rest.scheme.for_kind(reference["apiVersion"], reference["kind"])
        return kind is None or (kind.stored_as or kind.name) != found.resource

    def _report_if_elsewhere(self, uid: str, owner_uid: str) -> None:
        """Tell of an owner that lives in another namespace: it does not count."""
        node, owner = self._nodes.get(uid), self._nodes.get(owner_uid)
        if node is None or owner is None or owner.namespace in {"", node.namespace}:
            return
        obj = self.client.get(node.resource, node.name, node.namespace)
        if obj is None:
            return
        named = {key: value for key, value in obj["metadata"].items() if key in {"namespace", "name", "uid"}}
        reference = next(item for item in node.owners if item["uid"] == owner_uid)
        text = (
            f"ownerRef [{reference['apiVersion']}/{reference['kind']}, namespace: {node.namespace}, "
            f'name: {reference["name"]}, uid: {owner_uid}] does not exist in namespace "{node.namespace}"'
        )
        about = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": named}
        self.events.event(about, "Warning", "OwnerRefInvalidNamespace", text)

    def _gone(self, uid: str) -> None:
        node = self._nodes.pop(uid, None)
        if node is None:
            return
        for owner in node.owners:
            self._dependents(owner["uid"]).discard(uid)
            self._uids.add(owner["uid"])
        if node.dependents:
            self._waiting[uid] = node.dependents
            for dependent in node.dependents:
                self._uids.add(dependent)

    # -- one object

    def _process_uid(self, uid: str) -> None:
        node = self._nodes.get(uid)
        obj = self.client.get(node.resource, node.name, node.namespace) if node else None
        if node is None or obj is None or obj["metadata"]["uid"] != uid:
            return
        meta = obj["metadata"]
        finalizers = meta.get("finalizers") or ()
        if "deletionTimestamp" in meta:
            if ORPHAN in finalizers:
                self._orphan(uid, node)
            elif FOREGROUND in finalizers:
                self._wait_for_dependents(uid, node)
            return
        if node.owners:
            self._judge(uid, node, finalizers)

    def _judge(self, uid: str, node: _Node, finalizers: Iterable[str]) -> None:
        states = [self._state_of(owner, node) for owner in node.owners]
        if UNKNOWN in states:
            self._uids.add_after(uid, UNKNOWN_KIND_RETRY)
            return
        if SOLID in states:
            if len(set(states)) > 1:
                kept = {owner["uid"] for owner, state in zip(node.owners, states, strict=True) if state == SOLID}
                self._keep_owners(node, kept)
            return
        if WAITING in states and node.dependents:
            if any(self._waits(other) for other in node.dependents):
                self._unblock_owners(node)
            policy = "Foreground"
        elif ORPHAN in finalizers:
            policy = "Orphan"
        else:
            policy = "Foreground" if FOREGROUND in finalizers else "Background"
        try:
            self.client.delete(node.resource, node.name, node.namespace, propagation=policy, uid=uid)
        except ApiError as error:
            if error.code != 404:
                raise

    def _state_of(self, reference: Json, node: _Node) -> str:
        """Look for an owner where the reference says it is; it may be there, gone, or waiting for its dependents."""
        kind = self.kit.rest.scheme.for_kind(reference["apiVersion"], reference["kind"])
        if kind is None or (kind.namespaced and not node.namespace):
            return UNKNOWN
        owner = self.client.get(kind.name, reference["name"], node.namespace if kind.namespaced else "")
        if owner is None or owner["metadata"]["uid"] != reference["uid"]:
            return DANGLING
        return WAITING if _waits_for_dependents(owner) else SOLID

    def _waits(self, uid: str) -> bool:
        node = self._nodes[uid]
        obj = self.client.get(node.resource, node.name, node.namespace)
        return obj is not None and _waits_for_dependents(obj)

    def _wait_for_dependents(self, uid: str, node: _Node) -> None:
        blocking = [other for other in node.dependents if self._blocks(other, uid)]
        for other in blocking:
            self._uids.add(other)
        if not blocking:
            self._remove_finalizer(node, FOREGROUND)

    def _blocks(self, dependent: str, owner: str) -> bool:
        node = self._nodes.get(dependent)
        if node is None:
            return False
        return any(item["uid"] == owner and item.get("blockOwnerDeletion") for item in node.owners)

    def _orphan(self, uid: str, node: _Node) -> None:
        for other in tuple(node.dependents):
            dependent = self._nodes.get(other)
            if dependent is not None:
                self._keep_owners(dependent, {owner["uid"] for owner in dependent.owners} - {uid})
        self._remove_finalizer(node, ORPHAN)

    def _keep_owners(self, node: _Node, uids: set[str]) -> None:
        def change(obj: Json) -> None:
            left = [item for item in obj["metadata"].get("ownerReferences") or () if item["uid"] in uids]
            if left:
                obj["metadata"]["ownerReferences"] = left
            else:
                obj["metadata"].pop("ownerReferences", None)

        self._change(node, change)

    def _unblock_owners(self, node: _Node) -> None:
        """Let the owners of a likely circle go first; else each waits for the next, for ever."""

        def change(obj: Json) -> None:
            references = obj["metadata"].get("ownerReferences") or ()
            obj["metadata"]["ownerReferences"] = [
                {**item, "blockOwnerDeletion": False} if item.get("blockOwnerDeletion") else item for item in references
            ]

        self._change(node, change)

    def _remove_finalizer(self, node: _Node, finalizer: str) -> None:
        def change(obj: Json) -> None:
            left = [item for item in obj["metadata"].get("finalizers") or () if item != finalizer]
            obj["metadata"]["finalizers"] = clone(left)
            if not left:
                del obj["metadata"]["finalizers"]

        self._change(node, change)

    def _change(self, node: _Node, change: Any) -> None:
        try:
            self.client.change(node.resource, node.namespace, node.name, change)
        except ApiError as error:
            if error.code != 404:
                raise


def _waits_for_dependents(obj: Json) -> bool:
    meta = obj["metadata"]
    return "deletionTimestamp" in meta and FOREGROUND in (meta.get("finalizers") or ())
