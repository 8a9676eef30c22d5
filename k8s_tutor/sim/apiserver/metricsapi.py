"""``metrics.k8s.io``: what nodes and pods use, for ``kubectl top`` and autoscalers (upstream: metrics-server).

Served where the add-on is installed; the figures come from the kubelets' cgroups model.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.apiserver.http.message import Response
from k8s_tutor.sim.apiserver.selection import selection
from k8s_tutor.sim.controlplane.metrics_kinds import GROUP, VERSION
from k8s_tutor.sim.machinery.status import not_found

if TYPE_CHECKING:
    from k8s_tutor.sim.cluster import Cluster
    from k8s_tutor.sim.runtime.contract import Usage

WINDOW = "15s"


def handle(call: Call) -> Response:
    """Answer GET or LIST."""
    cluster = call.server.cluster
    objects = list(_nodes(cluster) if call.resource.plural == "nodes" else _pods(cluster))
    if call.info.name:
        for obj in objects:
            meta = obj["metadata"]
            if meta["name"] == call.info.name and meta.get("namespace", "") == call.namespace:
                return call.json(obj)
        group = f"{call.info.namespace}/{call.info.name}" if call.namespace else call.info.name
        raise not_found(f"{call.resource.plural}", GROUP, group)
    chosen = selection(call.request, call.resource)
    if call.namespace:
        objects = [obj for obj in objects if obj["metadata"]["namespace"] == call.namespace]
    items = [obj for obj in objects if chosen.fits(obj)]
    kind = f"{call.resource.kind}List"
    return call.json({"kind": kind, "apiVersion": f"{GROUP}/{VERSION}", "metadata": {}, "items": items})


def _kubelets(cluster: "Cluster") -> Iterator[tuple[str, Any]]:
    for name in cluster.components.names():
        if name.startswith("kubelet/"):
            for part in cluster.components.parts(name):
                yield name.removeprefix("kubelet/"), part


def _amounts(usages: "list[Usage]") -> Json:
    nano = int(sum(usage.cpu_millicores for usage in usages) * 1_000_000)
    kibibytes = sum(usage.memory_bytes for usage in usages) >> 10
    return {"cpu": f"{nano}n" if nano else "0", "memory": f"{kibibytes}Ki"}


def _object(cluster: "Cluster", kind: str, stored: Json) -> Json:
    meta = {key: stored["metadata"][key] for key in ("name", "namespace", "labels") if key in stored["metadata"]}
    now = rfc3339(cluster.clock.now())
    head = {"kind": kind, "apiVersion": f"{GROUP}/{VERSION}"}
    return head | {"metadata": meta | {"creationTimestamp": now}, "timestamp": now, "window": WINDOW}


def _nodes(cluster: "Cluster") -> Iterator[Json]:
    for name, kubelet in sorted(_kubelets(cluster)):
        entry = cluster.store.get("nodes", "", name)
        if entry is not None:
            yield _object(cluster, "NodeMetrics", entry.obj) | {"usage": _amounts([kubelet.node_usage()])}


def _pods(cluster: "Cluster") -> Iterator[Json]:
    found: dict[tuple[str, str], Json] = {}
    for _, kubelet in _kubelets(cluster):
        for key, containers in kubelet.usage().items():
            entry = cluster.store.get("pods", *key)
            if entry is not None:
                usage = [{"name": name, "usage": _amounts([used])} for name, used in sorted(containers.items())]
                found[key] = _object(cluster, "PodMetrics", entry.obj) | {"containers": usage}
    for key in sorted(found):
        yield found[key]
