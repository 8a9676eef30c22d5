"""The Node object: registration, conditions, images, and the Lease that says the kubelet lives.

Mirrors ``kubelet_node_status.go`` and ``component-helpers/apimachinery/lease``: a lease renewed every ten seconds, a
status reported when something changes and every five minutes. While time is being advanced, those that nobody watches are
left out but the last ones.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.times import rfc3339, rfc3339_micro
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.kubelet import stages
from k8s_tutor.sim.machinery.pending import attempt
from k8s_tutor.sim.machinery.recorder import Recorder
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.registry.client import LocalClient
from k8s_tutor.sim.runtime.procfs import KERNEL
from k8s_tutor.sim.ticking import Ticker, never

if TYPE_CHECKING:
    from k8s_tutor.sim.timers import Timer

VERSION = "v1.37.2"
RUNTIME = "containerd://2.4.2"
LEASES = "leases.coordination.k8s.io"
LEASE_NAMESPACE = "kube-node-lease"
LEASE_SECONDS = 40
PORT = 10250
# What 1.37 declares with its default feature gates, for the scheduler and for admission.
DECLARED_FEATURES = (
    "ExtendWebSocketsToKubelet",
    "InPlacePodLevelResourcesVerticalScaling",
    "InPlacePodVerticalScalingInitContainers",
    "RestartAllContainersOnContainerExits",
)


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a node has."""

    cpu: str = "4"
    memory: str = "8Gi"
    pods: str = "110"
    ephemeral_storage: str = "100Gi"

    def resources(self) -> dict[str, str]:
        """Return the ResourceList."""
        return {
            "cpu": self.cpu,
            "ephemeral-storage": self.ephemeral_storage,
            "hugepages-1Gi": "0",
            "hugepages-2Mi": "0",
            "memory": self.memory,
            "pods": self.pods,
        }


@dataclass(frozen=True)
class Profile:
    """Who the node is."""

    name: str
    address: str
    pod_cidr: str
    boot_id: str
    control_plane: bool = False
    capacity: Capacity = field(default_factory=Capacity)


class NodeReporter:
    """Keeps the Node and its Lease.

    Args:
        clock: cluster time.
        client: the kubelet's.
        profile: who the node is.
        images: the list of images for the status.
        pressure: whether the node is short of memory or ephemeral-storage.
    """

    def __init__(
        self,
        clock: Clock,
        client: LocalClient,
        profile: Profile,
        images: Callable[[], list[Json]],
        pressure: Callable[[str], bool],
    ) -> None:
        self._clock = clock
        self._client = client
        self._profile = profile
        self._images = images
        self._pressure = pressure
        self._events = Recorder(clock, client, "kubelet", profile.name)
        self._ticker: Ticker | None = None
        self._image_timer: Timer | None = None
        self._reported = 0.0
        self.shutting_down = False

    # -- life

    def start(self) -> None:
        """Register the node, or take it over, and begin to report."""
        self._event("Normal", "Starting", "Starting kubelet.")
        if self._client.get("nodes", self._profile.name) is None:
            self._register()
        else:
            self.report()
        self._event("Normal", "NodeAllocatableEnforced", "Updated Node Allocatable limit across pods")
        self._beat()
        self._client.store.beating.add(self._profile.name)
        self._ticker = self._clock.every(stages.timing("heartbeat"), self._beat, silent=True, limit=self._unwatched)

    def stop(self) -> None:
        """Report no more."""
        self._client.store.beating.discard(self._profile.name)
        for timer in (self._ticker, self._image_timer):
            if timer is not None:
                timer.cancel()

    @property
    def node(self) -> Json:
        """The Node as the API has it."""
        return self._client.get("nodes", self._profile.name) or self._object()

    def _register(self) -> None:
        try:
            self._client.create("nodes", self._object())
        except ApiError:
            return  # registered by somebody else meanwhile
        self._reported = self._clock.now()
        for reason in ("NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID", "NodeReady"):
            self._status_event(reason)

    def _status_event(self, reason: str) -> None:
        self._event("Normal", reason, f"Node {self._profile.name} status is now: {reason}")

    def _event(self, type_: str, reason: str, message: str) -> None:
        name = self._profile.name
        about = {"kind": "Node", "apiVersion": "v1", "metadata": {"name": name, "uid": name}}
        self._events.event(about, type_, reason, message)

    # -- the object

    def _object(self) -> Json:
        name = self._profile.name
        labels = {
            "beta.kubernetes.io/arch": "amd64",
            "beta.kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/hostname": name,
            "kubernetes.io/os": "linux",
        }
        spec: Json = {"podCIDR": self._profile.pod_cidr, "podCIDRs": [self._profile.pod_cidr]}
        if self._profile.control_plane:
            labels["node-role.kubernetes.io/control-plane"] = ""
            labels["node.kubernetes.io/exclude-from-external-load-balancers"] = ""
            spec["taints"] = [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]
        annotations = {"volumes.kubernetes.io/controller-managed-attach-detach": "true"}
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": labels, "annotations": annotations},
            "spec": spec,
            "status": self._status({}),
        }

    def _status(self, old: Json) -> Json:
        profile = self._profile
        # What somebody else has put into the capacity stays, and can be allocated: extended resources.
        resources = dict(old.get("capacity") or {}) | profile.capacity.resources()
        return {
            "addresses": [
                {"type": "InternalIP", "address": profile.address},
                {"type": "Hostname", "address": profile.name},
            ],
            "allocatable": dict(resources),
            "capacity": dict(resources),
            "conditions": self._conditions(old),
            "daemonEndpoints": {"kubeletEndpoint": {"Port": PORT}},
            "declaredFeatures": list(DECLARED_FEATURES),
            "features": {"supplementalGroupsPolicy": True},
            "images": self._images(),
            "nodeInfo": self._info(),
            "runtimeHandlers": [
                {"name": name, "features": {"recursiveReadOnlyMounts": True, "userNamespaces": True}}
                for name in ("", "runc")
            ],
        }

    def _info(self) -> Json:
        machine = hashlib.md5(self._profile.name.encode(), usedforsecurity=False).hexdigest()
        return {
            "architecture": "amd64",
            "bootID": self._profile.boot_id,
            "containerRuntimeVersion": RUNTIME,
            "kernelVersion": KERNEL,
            "kubeProxyVersion": "",
            "kubeletVersion": VERSION,
            "machineID": machine,
            "operatingSystem": "linux",
            "osImage": "k8s-tutor simulated node",
            "systemUUID": f"{machine[:8]}-{machine[8:12]}-{machine[12:16]}-{machine[16:20]}-{machine[20:]}",
        }

    def _conditions(self, old: Json) -> list[Json]:
        before = {one["type"]: one for one in old.get("conditions") or ()}
        now = rfc3339(self._clock.now())
        made = [
            self._pressure_condition("MemoryPressure", "memory", "SufficientMemory", "InsufficientMemory", "memory"),
            self._pressure_condition("DiskPressure", "ephemeral-storage", "NoDiskPressure", "DiskPressure", "disk"),
            {
                "type": "PIDPressure",
                "status": "False",
                "reason": "KubeletHasSufficientPID",
                "message": "kubelet has sufficient PID available",
            },
            self._ready(),
        ]
        out = []
        for one in made:
            was = before.pop(one["type"], None)
            same = was is not None and was["status"] == one["status"]
            changed = was["lastTransitionTime"] if same and was else now
            out.append(one | {"lastHeartbeatTime": now, "lastTransitionTime": changed})
        return [*before.values(), *out]

    def _pressure_condition(self, type_: str, resource: str, good: str, bad: str, word: str) -> Json:
        if self._pressure(resource):
            message = "kubelet has insufficient memory available" if word == "memory" else "kubelet has disk pressure"
            return {"type": type_, "status": "True", "reason": f"KubeletHas{bad}", "message": message}
        message = "kubelet has sufficient memory available" if word == "memory" else "kubelet has no disk pressure"
        return {"type": type_, "status": "False", "reason": f"KubeletHas{good}", "message": message}

    def _ready(self) -> Json:
        if self.shutting_down:
            return {"type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": "node is shutting down"}
        return {
            "type": "Ready",
            "status": "True",
            "reason": "KubeletReady",
            "message": "kubelet is posting ready status",
        }

    # -- reporting

    def report(self) -> None:
        """Write the status now."""
        attempt(self._report)

    def _report(self) -> None:
        node = self._client.get("nodes", self._profile.name)
        if node is None:
            return  # deleted by somebody: only a kubelet that starts registers its node
        old = node.get("status") or {}
        status = old | self._status(old)
        before = {one["type"]: one["status"] for one in old.get("conditions") or ()}
        try:
            self._client.reviewed().update_status(
                "nodes", node | {"metadata": dict(node["metadata"]), "status": status}
            )
        except ApiError:
            return  # the next report comes
        self._reported = self._clock.now()
        self._tell_changes(before, status)

    def _tell_changes(self, before: dict[str, str], status: Json) -> None:
        words = {
            ("MemoryPressure", "True"): "NodeHasInsufficientMemory",
            ("MemoryPressure", "False"): "NodeHasSufficientMemory",
            ("DiskPressure", "True"): "NodeHasDiskPressure",
            ("DiskPressure", "False"): "NodeHasNoDiskPressure",
            ("Ready", "True"): "NodeReady",
            ("Ready", "False"): "NodeNotReady",
        }
        for one in status["conditions"]:
            reason = words.get((one["type"], one["status"]))
            if reason and before.get(one["type"]) != one["status"]:
                self._status_event(reason)

    def images_changed(self) -> None:
        """A pull is done: the list is reported with the next look at the status, within ten seconds."""
        if self._image_timer is None:
            self._image_timer = self._clock.call_later(stages.timing("node_status"), self._report_images)

    def _report_images(self) -> None:
        self._image_timer = None
        self.report()

    def _beat(self) -> None:
        self._renew()
        if self._clock.now() - self._reported >= stages.timing("node_report") or self._has_new_resources():
            self.report()

    def _has_new_resources(self) -> bool:
        """Tell whether the capacity has changed by somebody else's hand."""
        status = (self._client.get("nodes", self._profile.name) or {}).get("status") or {}
        return (status.get("capacity") or {}).keys() != (status.get("allocatable") or {}).keys()

    def _unwatched(self) -> float:
        """Return until when nobody would see a beat."""
        store = self._client.store
        if store.is_watched(LEASES):
            return self._clock.now()
        return self._reported + stages.timing("node_report") if store.is_watched("nodes") else never()

    def _renew(self) -> None:
        name = self._profile.name
        now = rfc3339_micro(self._clock.now())
        try:
            lease = self._client.get(LEASES, name, LEASE_NAMESPACE)
            if lease is None:
                self._client.create(LEASES, self._lease(now))
            else:
                # Straight into the store: a time is all that changes, and a day has thousands of renewals.
                renewed = lease | {"metadata": dict(lease["metadata"]), "spec": lease["spec"] | {"renewTime": now}}
                self._client.store.put(LEASES, (LEASE_NAMESPACE, name), renewed)
        except ApiError:
            return  # tried again at the next beat

    def _lease(self, now: str) -> Json:
        name = self._profile.name
        meta: Json = {"name": name, "namespace": LEASE_NAMESPACE}
        node = self._client.get("nodes", name)
        if node is not None:
            owner = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": node["metadata"]["uid"]}
            meta["ownerReferences"] = [owner]
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": meta,
            "spec": {"holderIdentity": name, "leaseDurationSeconds": LEASE_SECONDS, "renewTime": now},
        }
