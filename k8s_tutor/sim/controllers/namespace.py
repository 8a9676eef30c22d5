"""The Namespace controller: empties a namespace that is being deleted, then lets it go.

Upstream: ``pkg/controller/namespace``. Five seconds after the deletion pods are deleted; when they are gone, everything
else; what remains, and why, is told in the namespace's conditions.
"""

from collections.abc import Iterable

from k8s_tutor.apimachinery.times import parse_time, rfc3339
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.pods import is_finished, is_terminating
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event

GRACE = 5.0
BETWEEN_PODS = 0.002  # a collection is deleted one by one, and watchers see it
FINALIZER = "kubernetes"
FINALIZER_ESTIMATE = 15
OK = {
    "NamespaceDeletionDiscoveryFailure": ("ResourcesDiscovered", "All resources successfully discovered"),
    "NamespaceDeletionGroupVersionParsingFailure": (
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ),
    "NamespaceDeletionContentFailure": (
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    "NamespaceContentRemaining": ("ContentRemoved", "All content successfully removed"),
    "NamespaceFinalizersRemaining": ("ContentHasNoFinalizers", "All content-preserving finalizers finished"),
}


class NamespaceController(Controller):
    """Finalizes namespaces."""

    name = "namespace-controller"
    retry = (0.005, 60.0)

    def setup(self) -> None:
        self.watch("namespaces", self._changed)

    def _changed(self, event: Event) -> None:
        if event.type != "DELETED" and is_terminating(event.obj):
            self.queue.add_after(("", event.obj["metadata"]["name"]), GRACE)

    def reconcile(self, namespace: str, name: str) -> None:
        found = self.client.get("namespaces", name)
        if found is None or not is_terminating(found):
            return
        if FINALIZER not in ((found.get("spec") or {}).get("finalizers") or ()):
            return
        remaining: dict[str, list[Json]] = {}
        age = self.clock.now() - parse_time(found["metadata"]["deletionTimestamp"])
        estimate, stuck = self._empty(name, "pods", remaining, age)
        counted = not remaining
        for resource in self._resources() if counted else ():
            seconds, why = self._empty(name, resource, remaining, age)
            estimate = max(estimate, seconds)
            stuck += why
        self._tell(name, remaining if counted else {}, stuck)
        if stuck:
            raise ApiError(500, "InternalError", ", ".join(stuck))
        if remaining:
            self.queue.add_after(("", name), float(estimate // 2 + 1))
            return
        current = self.client.get("namespaces", name)
        if current is not None:
            new = clone(current)
            new["spec"]["finalizers"] = [f for f in new["spec"].get("finalizers") or () if f != FINALIZER]
            self.client.update("namespaces", new, "finalize")

    def _resources(self) -> list[str]:
        """Namespaced resources that can be deleted; events last, so that they tell of the rest."""
        found = {
            resource.stored_as or resource.name
            for resource in self.kit.rest.scheme
            if resource.namespaced and "delete" in resource.verbs
        }
        return sorted(found - {"pods"}, key=lambda name: (name == "events", name))

    def _gvr(self, resource: str) -> str:
        kind = self.kit.rest.resource(resource)
        group, _, version = kind.api_version.rpartition("/")
        return f"{group}/{version}, Resource={kind.plural}"

    def _empty(
        self, namespace: str, resource: str, remaining: dict[str, list[Json]], age: float
    ) -> tuple[int, list[str]]:
        """Delete the objects of one resource; returns the seconds that what remains may take, and what is odd."""
        objects = self.client.list(resource, namespace)
        if not objects:
            return 0, []
        estimate = self._graceful(objects, age) if resource == "pods" else 0
        for index, obj in enumerate(obj for obj in objects if not is_terminating(obj)):
            if resource == "pods" and obj["spec"].get("nodeName"):
                self.clock.call_later(index * BETWEEN_PODS, self._delete, resource, obj)
            else:
                self._delete(resource, obj)
        left = self.client.list(resource, namespace)
        if not left:
            return 0, []
        remaining[resource] = left
        if estimate:
            return estimate, []
        if any(obj["metadata"].get("finalizers") for obj in left):
            return FINALIZER_ESTIMATE, []
        return 0, [f"unexpected items still remain in namespace: {namespace} for gvr: {self._gvr(resource)}"]

    def _graceful(self, pods: Iterable[Json], age: float) -> int:
        """Return how long pods may take to end; 0 if they should be gone by now."""
        waits = (pod["spec"].get("terminationGracePeriodSeconds", 0) for pod in pods if not is_finished(pod))
        longest = max(waits, default=0)
        return 0 if age >= longest else int(longest)

    def _delete(self, resource: str, obj: Json) -> None:
        meta = obj["metadata"]
        try:
            self.client.delete(resource, meta["name"], meta["namespace"], propagation="Background")
        except ApiError as error:
            if error.code != 404:
                raise

    def _tell(self, name: str, remaining: dict[str, list[Json]], stuck: list[str]) -> None:
        now = rfc3339(self.clock.now())
        found = {type_: _condition(type_, "False", reason, text, now) for type_, (reason, text) in OK.items()}
        if stuck:
            text = f"Failed to delete all resource types, {len(stuck)} remaining: {', '.join(stuck)}"
            type_ = "NamespaceDeletionContentFailure"
            found[type_] = _condition(type_, "True", "ContentDeletionFailed", text, now)
        if remaining:
            parts = sorted(
                f"{_dotted(resource)} has {len(left)} resource instances" for resource, left in remaining.items()
            )
            text = "Some resources are remaining: " + ", ".join(parts)
            type_ = "NamespaceContentRemaining"
            found[type_] = _condition(type_, "True", "SomeResourcesRemain", text, now)
        finalizers = _finalizers(obj for left in remaining.values() for obj in left)
        if finalizers:
            parts = sorted(f"{name} in {count} resource instances" for name, count in finalizers.items())
            text = "Some content in the namespace has finalizers remaining: " + ", ".join(parts)
            type_ = "NamespaceFinalizersRemaining"
            found[type_] = _condition(type_, "True", "SomeFinalizersRemain", text, now)

        def change(obj: Json) -> None:
            conditions = obj.setdefault("status", {}).setdefault("conditions", [])
            old = {condition["type"]: condition for condition in conditions}
            for type_, new in found.items():
                was = old.get(type_)
                if was is None:
                    conditions.append(new)
                elif any(was.get(key) != new[key] for key in ("status", "reason", "message")):
                    same = was["status"] == new["status"]
                    was |= new | ({"lastTransitionTime": was["lastTransitionTime"]} if same else {})

        self.client.change("namespaces", "", name, change, "status")


def _condition(type_: str, status: str, reason: str, message: str, now: str) -> Json:
    return {"type": type_, "status": status, "lastTransitionTime": now, "reason": reason, "message": message}


def _dotted(resource: str) -> str:
    """The core group's name is empty, and so a dot stands alone behind its resources."""
    return resource if "." in resource else resource + "."


def _finalizers(objects: Iterable[Json]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for obj in objects:
        for name in obj["metadata"].get("finalizers") or ():
            counts[name] = counts.get(name, 0) + 1
    return counts
