"""Claims in use and bound volumes are not removed (upstream: ``pvcprotection`` and ``pvprotection``).

Admission puts the finalizers on new objects; here they are taken off when nothing uses the object any more, and put back
where they are missing.
"""

from typing import ClassVar

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.pods import is_finished, is_terminating
from k8s_tutor.sim.machinery.store import Event
from k8s_tutor.sim.scheduler.volumes import claim_names


class _Protection(Controller):
    """Base: keeps one finalizer on one resource."""

    resource: ClassVar[str] = ""
    finalizer: ClassVar[str] = ""

    def setup(self) -> None:
        self.watch_keys(self.resource)

    def in_use(self, obj: Json) -> bool:
        """Tell whether the object must stay."""
        raise NotImplementedError

    def reconcile(self, namespace: str, name: str) -> None:
        obj = self.client.get(self.resource, name, namespace)
        if obj is None:
            return
        has = self.finalizer in (obj["metadata"].get("finalizers") or ())
        if is_terminating(obj):
            if has and not self.in_use(obj):
                self._set(namespace, name, keep=False)
        elif not has:
            self._set(namespace, name, keep=True)

    def _set(self, namespace: str, name: str, *, keep: bool) -> None:
        def change(obj: Json) -> None:
            left = [item for item in obj["metadata"].get("finalizers") or () if item != self.finalizer]
            left += [self.finalizer] if keep else []
            if left:
                obj["metadata"]["finalizers"] = left
            else:
                obj["metadata"].pop("finalizers", None)

        self.client.change(self.resource, namespace, name, change)


class ClaimProtectionController(_Protection):
    """A claim stays while a pod that has not ended uses it."""

    name = "pvc-protection-controller"
    resource = "persistentvolumeclaims"
    finalizer = "kubernetes.io/pvc-protection"

    def setup(self) -> None:
        super().setup()
        self.watch("pods", self._pod_changed)

    def _pod_changed(self, event: Event) -> None:
        if event.type == "DELETED" or is_finished(event.obj):
            for name, _ in claim_names(event.obj):
                self.queue.add((event.obj["metadata"]["namespace"], name))

    def in_use(self, obj: Json) -> bool:
        meta = obj["metadata"]
        for pod in self.client.list("pods", meta["namespace"]):
            unused = is_terminating(pod) and not pod["spec"].get("nodeName")
            if not is_finished(pod) and not unused and any(name == meta["name"] for name, _ in claim_names(pod)):
                return True
        return False


class VolumeProtectionController(_Protection):
    """A volume stays while it is bound."""

    name = "pv-protection-controller"
    resource = "persistentvolumes"
    finalizer = "kubernetes.io/pv-protection"

    def in_use(self, obj: Json) -> bool:
        return bool((obj.get("status") or {}).get("phase") == "Bound")
