"""A pod as the scheduler sees it: parsed once, asked often (upstream: ``framework.PodInfo``)."""

from collections.abc import Mapping

from k8s_tutor.apimachinery import labels
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.scheduler.requests import Amounts, containers, non_zero, pod_requests

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


class Term:
    """One term of pod (anti-)affinity."""

    __slots__ = ("_namespace_selector", "_namespaces", "_selector", "topology_key", "weight")

    def __init__(self, namespace: str, term: Json, weight: int = 0) -> None:
        named = term.get("namespaces")
        by_label = term.get("namespaceSelector")
        self._namespaces = frozenset(named or (() if by_label is not None else (namespace,)))
        self._namespace_selector = labels.from_label_selector(by_label)
        self._selector = labels.from_label_selector(term.get("labelSelector"))
        self.topology_key: str = term.get("topologyKey", "")
        self.weight = weight

    def matches(self, pod: "PodInfo", namespace_labels: Mapping[str, str]) -> bool:
        """Tell whether the term is about this pod, which lives in a namespace of these labels."""
        if pod.namespace not in self._namespaces and not self._namespace_selector.matches(namespace_labels):
            return False
        return self._selector.matches(pod.labels)


def _required(namespace: str, affinity: Json, kind: str) -> tuple[Term, ...]:
    terms = (affinity.get(kind) or {}).get(_REQUIRED) or ()
    return tuple(Term(namespace, term) for term in terms)


def _preferred(namespace: str, affinity: Json, kind: str) -> tuple[Term, ...]:
    terms = (affinity.get(kind) or {}).get(_PREFERRED) or ()
    return tuple(Term(namespace, item["podAffinityTerm"], item["weight"]) for item in terms)


def host_ports(spec: Json) -> list[tuple[str, str, int]]:
    """Return protocol, address and port of every host port the pod wants."""
    found = []
    for container in containers(spec):
        if container.get("restartPolicy") == "Always" or container in (spec.get("containers") or ()):
            found += [
                (port.get("protocol") or "TCP", port.get("hostIP") or "0.0.0.0", port["hostPort"])
                for port in container.get("ports") or ()
                if port.get("hostPort")
            ]
    return found


class PodInfo:
    """What filters and scores want to know of a pod."""

    __slots__ = (
        "anti_affinity",
        "has_affinity",
        "labels",
        "name",
        "namespace",
        "node_name",
        "nonzero_cpu",
        "nonzero_memory",
        "pod",
        "ports",
        "preferred_affinity",
        "preferred_anti_affinity",
        "priority",
        "requests",
        "required_affinity",
        "terminating",
        "tolerations",
        "uid",
    )

    def __init__(self, pod: Json) -> None:
        meta, spec = pod["metadata"], pod["spec"]
        self.pod = pod
        self.uid: str = meta["uid"]
        self.namespace: str = meta.get("namespace", "")
        self.name: str = meta["name"]
        self.labels: Mapping[str, str] = meta.get("labels") or {}
        self.terminating = bool(meta.get("deletionTimestamp"))
        self.priority: int = spec.get("priority") or 0
        self.node_name: str = spec.get("nodeName") or ""
        self.tolerations: list[Json] = spec.get("tolerations") or []
        self.requests: Amounts = pod_requests(pod, from_status=bool(self.node_name))
        self.nonzero_cpu, self.nonzero_memory = non_zero(pod)
        self.ports = host_ports(spec)
        affinity = spec.get("affinity") or {}
        self.required_affinity = _required(self.namespace, affinity, "podAffinity")
        self.anti_affinity = _required(self.namespace, affinity, "podAntiAffinity")
        self.preferred_affinity = _preferred(self.namespace, affinity, "podAffinity")
        self.preferred_anti_affinity = _preferred(self.namespace, affinity, "podAntiAffinity")
        self.has_affinity = bool(
            self.required_affinity or self.anti_affinity or self.preferred_affinity or self.preferred_anti_affinity
        )

    @property
    def spec(self) -> Json:
        """The pod's spec."""
        spec: Json = self.pod["spec"]
        return spec

    @property
    def start_time(self) -> str:
        """When the kubelet took it, or ``~`` (later than all) if it has not."""
        return str((self.pod.get("status") or {}).get("startTime") or "~")

    @property
    def nominated_node(self) -> str:
        """The node on which room was made for it."""
        return str((self.pod.get("status") or {}).get("nominatedNodeName") or "")
