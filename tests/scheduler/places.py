"""A scheduler over nodes and pods that a test names: the real algorithm, without an API server behind it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.cluster import Cluster
from k8s_tutor.sim.scheduler.algorithm import Algorithm, Chosen
from k8s_tutor.sim.scheduler.cache import Cache
from k8s_tutor.sim.scheduler.plugins.profile import default_profile
from k8s_tutor.sim.scheduler.podinfo import PodInfo

if TYPE_CHECKING:
    from k8s_tutor.sim.registry.client import LocalClient


class Places:
    """Nodes with pods; ``decide`` says where a pod would go, or in which words it is refused."""

    def __init__(self, cluster: Cluster) -> None:
        self.cache = Cache()
        self.client: LocalClient = cluster.client("system:kube-scheduler", "kube-scheduler")
        self.profile = default_profile(self)
        self.algorithm = Algorithm(self, self.profile)
        self._count = 0

    def namespace_labels(self, namespace: str) -> Mapping[str, str]:
        return {"kubernetes.io/metadata.name": namespace}

    def nominated(self, node_name: str) -> Sequence[PodInfo]:
        return ()

    def any_nominated(self) -> bool:
        return False

    def now(self) -> str:
        return "2026-01-01T00:00:00Z"

    def node(self, name: str, *, cpu: str = "4", memory: str = "8Gi", labels: Json | None = None, **spec: Any) -> None:
        allocatable = {"cpu": cpu, "memory": memory, "pods": "110"} | spec.pop("more", {})
        own = {"kubernetes.io/hostname": name} | (labels or {})
        self.cache.set_node(
            {
                "kind": "Node",
                "metadata": {"name": name, "labels": own},
                "spec": spec,
                "status": {"allocatable": allocatable},
            }
        )

    def pod(self, name: str = "p", *, labels: Json | None = None, requests: Json | None = None, **spec: Any) -> PodInfo:
        self._count += 1
        container = {"name": "c", "image": "busybox", "resources": {"requests": requests or {}}}
        container |= spec.pop("container", {})
        meta = {"name": name, "namespace": "x", "uid": f"{name}-{self._count}", "labels": labels or {}}
        return PodInfo({"kind": "Pod", "metadata": meta, "spec": {"containers": [container], **spec}})

    def run(self, node: str, **options: Any) -> PodInfo:
        pod = self.pod(**options)
        pod.node_name = node
        self.cache.add_pod(pod)
        return pod

    def decide(self, pod: PodInfo) -> str:
        result = self.algorithm.schedule(pod)
        return result.node.name if isinstance(result, Chosen) else result.message
