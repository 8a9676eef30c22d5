"""The ResourceQuota controller: counts what is there (upstream: ``pkg/controller/resourcequota``).

Admission charges what is created; what is freed, and what was there before the quota, is counted here.
"""

from k8s_tutor.apimachinery.unstructured import clone
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.pods import is_finished
from k8s_tutor.sim.machinery.store import Event
from k8s_tutor.sim.registry import quota

QUOTAS = "resourcequotas"
RESYNC = 300.0
UPDATED = frozenset({"services", "persistentvolumeclaims"})
IGNORED = frozenset({"events", "leases.coordination.k8s.io"})


class ResourceQuotaController(Controller):
    """Keeps quotas' statuses."""

    name = "resourcequota-controller"

    def setup(self) -> None:
        self.watch(QUOTAS, self._quota_changed)
        self._ends.append(self.client.store.subscribe(None, self._object_changed))

    def _quota_changed(self, event: Event) -> None:
        if event.type == "DELETED":
            return
        status = event.obj.get("status") or {}
        if event.old is None or status.get("hard") != event.obj["spec"].get("hard"):
            self.enqueue(event.obj)

    def _object_changed(self, event: Event) -> None:
        """What is deleted frees its share, as does a pod that ends."""
        namespace = event.obj["metadata"].get("namespace")
        if not namespace or event.resource in IGNORED or not self.client.store.count(QUOTAS):
            return
        freed = event.type == "DELETED"
        if event.type == "MODIFIED" and event.old is not None:
            freed = event.resource in UPDATED
            if event.resource == "pods":
                freed = is_finished(event.obj) and not is_finished(event.old.obj)
        if freed:
            for found in self.client.list(QUOTAS, namespace):
                self.enqueue(found)

    def reconcile(self, namespace: str, name: str) -> None:
        found = self.client.get(QUOTAS, name, namespace)
        if found is None:
            return
        hard = quota.parsed(found["spec"].get("hard"))
        used: quota.Amounts = dict.fromkeys(hard, quota.ZERO)
        for resource in self._resources(hard):
            for obj in self.client.list(resource, namespace):
                if quota.matches(found, resource, obj):
                    counted = quota.usage(resource, obj, self.clock.now())
                    used = quota.add(used, {key: value for key, value in counted.items() if key in hard})
        status = {"hard": quota.printed(hard), "used": quota.printed(used)}
        if status != (found.get("status") or {}):
            new = clone(found)
            new["status"] = status
            self.client.update_status(QUOTAS, new)
        self.queue.add_after((namespace, name), RESYNC)

    def _resources(self, hard: quota.Amounts) -> list[str]:
        """Resources of which the quota limits something."""
        known = [resource for resource in self.kit.rest.scheme.resources.values() if resource.namespaced]
        return [resource.name for resource in known if quota.matching_resources(resource.name, hard)]
