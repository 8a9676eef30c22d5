"""The kubelet's own HTTP paths, which the API server's node proxy leads to (upstream: ``pkg/kubelet/server``).

``/healthz``, ``/pods``, ``/runningpods/``, ``/configz``, ``/stats/summary``, ``/metrics`` and its parts ``/resource``
and ``/probes``. Logs and sessions take their own ways (``streaming.py``).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet import counters, stages
from k8s_tutor.sim.machinery.prometheus import CONTENT_TYPE, Sample, text

if TYPE_CHECKING:
    from k8s_tutor.sim.kubelet.kubelet import Kubelet
    from k8s_tutor.sim.kubelet.worker import PodWorker
    from k8s_tutor.sim.runtime.contract import Usage

JSON, PLAIN = "application/json", "text/plain; charset=utf-8"
RESOURCE_HELP = {
    "container_cpu_usage_seconds_total": (
        "counter",
        "[STABLE] Cumulative cpu time consumed by the container in core-seconds",
    ),
    "container_memory_working_set_bytes": ("gauge", "[STABLE] Current working set of the container in bytes"),
    "container_start_time_seconds": (
        "gauge",
        "[STABLE] Start time of the container since unix epoch in seconds",
    ),
    "node_cpu_usage_seconds_total": ("counter", "[STABLE] Cumulative cpu time consumed by the node in core-seconds"),
    "node_memory_working_set_bytes": ("gauge", "[STABLE] Current working set of the node in bytes"),
    "pod_cpu_usage_seconds_total": ("counter", "[STABLE] Cumulative cpu time consumed by the pod in core-seconds"),
    "pod_memory_working_set_bytes": ("gauge", "[STABLE] Current working set of the pod in bytes"),
    "resource_scrape_error": (
        "gauge",
        "[STABLE] 1 if there was an error while getting container metrics, 0 otherwise",
    ),
}


@dataclass(frozen=True, slots=True)
class Page:
    """An answer."""

    body: bytes
    type: str
    status: int = 200


class Server:
    """Answers GET requests to one kubelet."""

    def __init__(self, kubelet: "Kubelet") -> None:
        self._kubelet = kubelet
        self._pages: dict[str, Callable[[], Page]] = {
            "healthz": lambda: Page(b"ok", PLAIN),
            "pods": lambda: self._pods(kubelet.workers.values()),
            "runningpods": lambda: self._pods(one for one in kubelet.workers.values() if any(one.runtime.running())),
            "configz": self._configuration,
            "stats/summary": self._summary,
            "metrics": self._metrics,
            "metrics/resource": self._resources,
            "metrics/probes": self._probes,
        }

    def answer(self, path: str) -> Page:
        """Return the answer to a path."""
        page = self._pages.get(path.strip("/"))
        return page() if page is not None else Page(b"404 page not found\n", PLAIN, 404)

    def _pods(self, workers: Iterable["PodWorker"]) -> Page:
        items = [one.pod for one in workers]
        return Page(orjson.dumps({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items}), JSON)

    def _configuration(self) -> Page:
        shown = {
            "kind": "KubeletConfiguration",
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "staticPodPath": "/etc/kubernetes/manifests",
            "syncFrequency": "1m0s",
            "nodeStatusUpdateFrequency": f"{stages.timing('node_status'):g}s",
            "nodeStatusReportFrequency": "5m0s",
            "nodeLeaseDurationSeconds": 40,
            "imageGCHighThresholdPercent": 85,
            "imageGCLowThresholdPercent": 80,
            "clusterDomain": "cluster.local",
            "clusterDNS": ["10.96.0.10"],
            "maxPods": 110,
            "serializeImagePulls": True,
            "evictionHard": {"imagefs.available": "15%", "memory.available": "100Mi", "nodefs.available": "10%"},
            "containerLogMaxSize": "10Mi",
            "containerLogMaxFiles": 5,
            "enableServer": True,
            "port": 10250,
        }
        return Page(orjson.dumps({"kubeletconfig": shown}), JSON)

    # -- metrics

    def _metrics(self) -> Page:
        kubelet = self._kubelet
        pods = [one for one in kubelet.workers.values() if one.runtime.sandbox and one.runtime.sandbox.ready]
        states = [found[0].view.state for one in pods for found in one.runtime.instances.values() if found]
        gauges: list[Sample] = [
            ("kubelet_node_name", {"node": kubelet.name}, 1),
            ("kubelet_running_pods", {}, len(pods)),
            *(
                ("kubelet_running_containers", {"container_state": state}, states.count(state))
                for state in sorted(set(states))
            ),
        ]
        counted = (one for one in kubelet.counters.samples() if one[0].startswith("kubelet_"))
        return Page(text([*gauges, *counted], counters.HELP).encode(), CONTENT_TYPE)

    def _probes(self) -> Page:
        counted = (one for one in self._kubelet.counters.samples() if one[0].startswith("prober_"))
        return Page(text(counted, counters.HELP).encode(), CONTENT_TYPE)

    def _resources(self) -> Page:
        samples: list[Sample] = [("resource_scrape_error", {}, 0)]
        whole = self._kubelet.node_usage()
        samples += _resource_samples("node", {}, [whole])
        for worker, found in self._used():
            meta = worker.pod["metadata"]
            pod = {"namespace": meta["namespace"], "pod": meta["name"]}
            samples += _resource_samples("pod", pod, found.values())
            for name, usage in found.items():
                labels = {"container": name} | pod
                samples += _resource_samples("container", labels, [usage])
                view = worker.lookup(name)
                if view is not None:
                    samples.append(("container_start_time_seconds", labels, view.started_at))
        return Page(text(samples, RESOURCE_HELP).encode(), CONTENT_TYPE)

    def _used(self) -> list[tuple["PodWorker", dict[str, "Usage"]]]:
        kubelet = self._kubelet
        found = ((kubelet.worker_of(*key), usage) for key, usage in sorted(kubelet.usage().items()))
        return [(worker, usage) for worker, usage in found if worker is not None]

    # -- the summary

    def _summary(self) -> Page:
        kubelet = self._kubelet
        now = rfc3339(kubelet.clock.now())
        node = {"nodeName": kubelet.name} | _amounts([kubelet.node_usage()], now)
        pods = [self._pod_summary(worker, found, now) for worker, found in self._used()]
        return Page(orjson.dumps({"node": node, "pods": pods}, option=orjson.OPT_INDENT_2), JSON)

    def _pod_summary(self, worker: "PodWorker", found: dict[str, "Usage"], now: str) -> Json:
        meta = worker.pod["metadata"]
        return {
            "podRef": {"name": meta["name"], "namespace": meta["namespace"], "uid": worker.uid},
            "startTime": (worker.pod.get("status") or {}).get("startTime"),
            "containers": [
                {"name": name, "startTime": _since(worker, name)} | _amounts([usage], now) | _disk(usage, now)
                for name, usage in found.items()
            ],
            "process_stats": {"process_count": sum(one.processes for one in found.values())},
        } | _amounts(found.values(), now)


def _since(worker: "PodWorker", name: str) -> str | None:
    view = worker.lookup(name)
    return rfc3339(view.started_at) if view is not None else None


def _amounts(usages: Iterable["Usage"], now: str) -> dict[str, Any]:
    found = list(usages)
    memory = sum(one.memory_bytes for one in found)
    return {
        "cpu": {
            "time": now,
            "usageNanoCores": int(sum(one.cpu_millicores for one in found) * 1e6),
            "usageCoreNanoSeconds": int(sum(one.cpu_seconds for one in found) * 1e9),
        },
        "memory": {"time": now, "usageBytes": memory, "workingSetBytes": memory, "rssBytes": memory},
    }


def _disk(usage: "Usage", now: str) -> dict[str, Any]:
    return {
        "rootfs": {"time": now, "usedBytes": usage.disk_bytes},
        "logs": {"time": now, "usedBytes": usage.log_bytes},
    }


def _resource_samples(what: str, labels: dict[str, str], usages: Iterable["Usage"]) -> list[Sample]:
    found = list(usages)
    return [
        (f"{what}_cpu_usage_seconds_total", labels, sum(one.cpu_seconds for one in found)),
        (f"{what}_memory_working_set_bytes", labels, sum(one.memory_bytes for one in found)),
    ]
