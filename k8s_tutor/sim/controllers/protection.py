"""Claims in use, bound volumes and their classes are not removed (upstream: ``pvcprotection``, ``pvprotection``, ``vacprotection``).

Admission puts the finalizers on new objects; here they are taken off when nothing uses the object any more, and put back
where they are missing. Since 1.37 a bound claim also has a condition that tells since when no pod uses it.
"""

from collections.abc import Iterator
from typing import ClassVar

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.conditions import set_in_place
from k8s_tutor.sim.controllers.pods import condition, is_finished, is_terminating
from k8s_tutor.sim.machinery.meta import controller_of
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
    """A claim stays while a pod with a node names it; a bound one tells whether any pod that lives does."""

    name = "pvc-protection-controller"
    resource = "persistentvolumeclaims"
    finalizer = "kubernetes.io/pvc-protection"

    def setup(self) -> None:
        super().setup()
        self.watch("pods", self._pod_changed)

    def _pod_changed(self, event: Event) -> None:
        for name, _ in claim_names(event.obj):
            self.queue.add((event.obj["metadata"]["namespace"], name))

    def reconcile(self, namespace: str, name: str) -> None:
        claim = self.client.get(self.resource, name, namespace)
        if claim is not None and not is_terminating(claim) and (claim.get("status") or {}).get("phase") == "Bound":
            self._tell_use(claim)
        super().reconcile(namespace, name)

    def in_use(self, obj: Json) -> bool:
        return any(
            pod["spec"].get("nodeName") and not (own and _is_shut_down(pod)) for pod, own in self._pods_naming(obj)
        )

    def _pods_naming(self, claim: Json) -> Iterator[tuple[Json, bool]]:
        """Yield the pods that name the claim, and whether it was made for them."""
        meta = claim["metadata"]
        owner = controller_of(claim)
        for pod in self.client.list("pods", meta["namespace"]):
            for name, own in claim_names(pod):
                if name == meta["name"] and not (own and (owner or {}).get("uid") != pod["metadata"]["uid"]):
                    yield pod, own

    def _tell_use(self, claim: Json) -> None:
        used = any(not _is_over(pod) for pod, _ in self._pods_naming(claim))
        status = "False" if used else "True"
        old = condition(claim, "Unused")
        if old is not None and (old["status"] == "True") != used:
            return
        new = clone(claim)
        found = {
            "type": "Unused",
            "status": status,
            "lastProbeTime": None,
            "lastTransitionTime": rfc3339(self.clock.now()),
            "reason": "PodUsingPVC" if used else "NoPodsUsingPVC",
            "message": "A pod is currently referencing this PVC"
            if used
            else "No pods are currently referencing this PVC",
        }
        set_in_place(new["status"], found)
        self.client.update_status(self.resource, new)


def _is_shut_down(pod: Json) -> bool:
    return is_terminating(pod) and pod["metadata"].get("deletionGracePeriodSeconds") == 0


def _is_over(pod: Json) -> bool:
    """Tell whether the pod has ended, or is being deleted and none of its containers runs."""
    if is_finished(pod):
        return True
    states = ((item.get("state") or {}) for item in (pod.get("status") or {}).get("containerStatuses") or ())
    return is_terminating(pod) and not any("running" in state or not state for state in states)


class VolumeProtectionController(_Protection):
    """A volume stays while it is bound."""

    name = "pv-protection-controller"
    resource = "persistentvolumes"
    finalizer = "kubernetes.io/pv-protection"

    def in_use(self, obj: Json) -> bool:
        return bool((obj.get("status") or {}).get("phase") == "Bound")


class AttributesClassProtectionController(_Protection):
    """A VolumeAttributesClass stays while a claim or a volume names it."""

    name = "volumeattributesclass-protection-controller"
    resource = "volumeattributesclasses.storage.k8s.io"
    finalizer = "kubernetes.io/vac-protection"

    def setup(self) -> None:
        super().setup()
        for resource in ("persistentvolumeclaims", "persistentvolumes"):
            self.watch(resource, self._user_changed)

    def _user_changed(self, event: Event) -> None:
        """A class that a claim or volume no longer names may go."""
        before = event.old.obj if event.old else event.obj
        left = _classes(before) if event.type == "DELETED" else _classes(before) - _classes(event.obj)
        for name in left:
            self.queue.add(("", name))

    def in_use(self, obj: Json) -> bool:
        name = obj["metadata"]["name"]
        users = (*self.client.list("persistentvolumes"), *self.client.list("persistentvolumeclaims"))
        return any(name in _classes(user) for user in users)


def _classes(obj: Json) -> set[str]:
    """Return the classes that a claim or a volume wants, has, or is being changed to."""
    status = obj.get("status") or {}
    names = {
        obj["spec"].get("volumeAttributesClassName"),
        status.get("currentVolumeAttributesClassName"),
        (status.get("modifyVolumeStatus") or {}).get("targetVolumeAttributesClassName"),
    }
    return {name for name in names if name}
