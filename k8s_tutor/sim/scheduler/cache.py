"""Nodes and what runs on them, kept up to date change by change (upstream: ``backend/cache``)."""

from collections.abc import Iterable, Mapping

from k8s_tutor.apimachinery.labels import Selector
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.scheduler.podinfo import PodInfo
from k8s_tutor.sim.scheduler.requests import Amounts, amounts

HOSTNAME = "kubernetes.io/hostname"
ZONE = "topology.kubernetes.io/zone"
MAX_COUNTED = 64


class NodeInfo:
    """A node with the sums over its pods; ``generation`` grows with every change."""

    __slots__ = (
        "allocatable",
        "allowed_pods",
        "generation",
        "images",
        "labels",
        "matching",
        "name",
        "node",
        "nonzero_cpu",
        "nonzero_memory",
        "pods",
        "pods_with_affinity",
        "pods_with_anti_affinity",
        "ports",
        "requested",
        "taints",
        "unschedulable",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.node: Json | None = None
        self.labels: Mapping[str, str] = {}
        self.taints: list[Json] = []
        self.unschedulable = False
        self.allocatable: Amounts = {}
        self.allowed_pods = 0
        self.images: dict[str, int] = {}
        self.requested: Amounts = {}
        self.nonzero_cpu = self.nonzero_memory = 0
        self.pods: dict[str, PodInfo] = {}
        self.pods_with_affinity: dict[str, PodInfo] = {}
        self.pods_with_anti_affinity: dict[str, PodInfo] = {}
        self.ports: set[tuple[str, str, int]] = set()
        self.matching: dict[tuple[str, Selector], int] = {}
        self.generation = 0

    def set_node(self, node: Json) -> None:
        """Take over the node's object."""
        spec, status = node.get("spec") or {}, node.get("status") or {}
        self.node = node
        self.labels = node["metadata"].get("labels") or {}
        self.taints = spec.get("taints") or []
        self.unschedulable = bool(spec.get("unschedulable"))
        self.allocatable = amounts(status.get("allocatable"))
        self.allowed_pods = self.allocatable.get("pods", 0)
        self.images = {
            name: image.get("sizeBytes", 0) for image in status.get("images") or () for name in image["names"]
        }
        self.generation += 1

    def add(self, pod: PodInfo) -> None:
        """Count a pod in."""
        self.pods[pod.uid] = pod
        if pod.has_affinity:
            self.pods_with_affinity[pod.uid] = pod
            if pod.anti_affinity:
                self.pods_with_anti_affinity[pod.uid] = pod
        self._count(pod, 1)

    def remove(self, uid: str) -> PodInfo | None:
        """Count a pod out; returns it."""
        pod = self.pods.pop(uid, None)
        if pod is not None:
            self.pods_with_affinity.pop(uid, None)
            self.pods_with_anti_affinity.pop(uid, None)
            self._count(pod, -1)
        return pod

    def count_matching(self, selector: Selector, namespace: str) -> int:
        """Count the pods of a namespace that match and are not being deleted; counted once, then kept up to date."""
        key = (namespace, selector)
        count = self.matching.get(key)
        if count is None:
            if len(self.matching) >= MAX_COUNTED:
                self.matching.clear()
            count = self.matching[key] = sum(_counts(pod, key) for pod in self.pods.values())
        return count

    def _count(self, pod: PodInfo, sign: int) -> None:
        for key in self.matching:
            if _counts(pod, key):
                self.matching[key] += sign
        for name, value in pod.requests.items():
            self.requested[name] = self.requested.get(name, 0) + sign * value
        self.nonzero_cpu += sign * pod.nonzero_cpu
        self.nonzero_memory += sign * pod.nonzero_memory
        for port in pod.ports:
            # A set, as upstream's HostPortInfo: of two pods on one port, the first to go frees it.
            if sign > 0:
                self.ports.add(port)
            else:
                self.ports.discard(port)
        self.generation += 1

    def copy(self) -> "NodeInfo":
        """Return a copy on which victims may be tried out."""
        other = NodeInfo(self.name)
        for name in NodeInfo.__slots__:
            value = getattr(self, name)
            setattr(other, name, value.copy() if isinstance(value, dict | set) and name != "node" else value)
        return other


def _counts(pod: PodInfo, key: tuple[str, Selector]) -> bool:
    return pod.namespace == key[0] and not pod.terminating and key[1].matches(pod.labels)


class Cache:
    """All nodes, with bound and assumed pods."""

    def __init__(self) -> None:
        self.nodes: dict[str, NodeInfo] = {}
        self.where: dict[str, str] = {}
        self.assumed: set[str] = set()
        self.image_nodes: dict[str, int] = {}
        self.pods_with_affinity = 0
        self.topology = 0  # grows when nodes come, go or change their images
        self._listed: list[NodeInfo] | None = None

    def __len__(self) -> int:
        return len(self.list())

    def list(self) -> list[NodeInfo]:
        """Return the nodes that exist, zone by zone in turn (upstream's node tree)."""
        if self._listed is None:
            self._listed = _interleave(node for node in self.nodes.values() if node.node is not None)
        return self._listed

    def get(self, name: str) -> NodeInfo | None:
        """Return a node that exists, or None."""
        node = self.nodes.get(name)
        return node if node is not None and node.node is not None else None

    def set_node(self, node: Json) -> None:
        """Take over a node's object."""
        name = node["metadata"]["name"]
        info = self.nodes.get(name)
        if info is None:
            info = self.nodes[name] = NodeInfo(name)
        old_images, was = info.images, (info.node is None, info.labels.get(ZONE))
        info.set_node(node)
        self._count_images(old_images, info.images)
        if was != (False, info.labels.get(ZONE)):
            self._listed = None
            self.topology += 1
        elif old_images != info.images:
            self.topology += 1

    def remove_node(self, name: str) -> None:
        """Forget a node; its pods stay known until they are gone themselves."""
        info = self.nodes.get(name)
        if info is None:
            return
        self._count_images(info.images, {})
        info.node, info.images, self._listed = None, {}, None
        self.topology += 1
        if not info.pods:
            del self.nodes[name]

    def add_pod(self, pod: PodInfo) -> None:
        """Count a bound pod in, or replace what is known of it."""
        self.remove_pod(pod.uid)
        info = self.nodes.get(pod.node_name)
        if info is None:
            info = self.nodes[pod.node_name] = NodeInfo(pod.node_name)
        info.add(pod)
        self.where[pod.uid] = pod.node_name
        self.pods_with_affinity += pod.has_affinity

    def assume(self, pod: PodInfo, node_name: str) -> None:
        """Count a pod in that is about to be bound."""
        pod.node_name = node_name
        self.add_pod(pod)
        self.assumed.add(pod.uid)

    def remove_pod(self, uid: str) -> PodInfo | None:
        """Count a pod out."""
        name = self.where.pop(uid, None)
        self.assumed.discard(uid)
        info = self.nodes.get(name) if name is not None else None
        if info is None:
            return None
        pod = info.remove(uid)
        if info.node is None and not info.pods:
            del self.nodes[info.name]
        if pod is not None:
            self.pods_with_affinity -= pod.has_affinity
        return pod

    def _count_images(self, old: Iterable[str], new: Iterable[str]) -> None:
        for name in old:
            self.image_nodes[name] = self.image_nodes.get(name, 1) - 1
        for name in new:
            self.image_nodes[name] = self.image_nodes.get(name, 0) + 1


def _interleave(nodes: Iterable[NodeInfo]) -> list[NodeInfo]:
    zones: dict[str, list[NodeInfo]] = {}
    for node in nodes:
        zones.setdefault(node.labels.get(ZONE, ""), []).append(node)
    queues = [iter(zone) for zone in zones.values()]
    found: list[NodeInfo] = []
    while queues:
        for queue in tuple(queues):
            following = next(queue, None)
            if following is None:
                queues.remove(queue)
            else:
                found.append(following)
    return found
