"""How cost grows with the number of pods, and what a day costs: wall-clock seconds, and the server's processor time.

Each size has a cluster of its own. Processor time a pod is what must not grow: it hardly depends on what else runs.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from k8s_tutor.client import Client
from k8s_tutor.providers.control import Control
from tools.bench.cluster import Running, cpu_seconds, pss_megabytes, running
from tools.bench.table import Figure

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
CRON_JOBS = "/apis/batch/v1/namespaces/default/cronjobs"
LIMIT = 300.0
LISTS = 5
DAY_RUNS = 3
CHANGES = (1000, 20)  # pods and nodes of the Service that selects all, the rollout and the deletion
# Pods, nodes, runs, and the goal for the seconds until all are ready.
SIZES = ((100, 2, 5, "≤ 1 s"), (500, 10, 3, ""), (1000, 20, 3, "≤ 10 s"), (2500, 50, 2, ""), (5000, 100, 2, ""))


def deployment(name: str, replicas: int) -> dict[str, Any]:
    """Return a Deployment of the pause image."""
    labels = {"app": name}
    spec = {"terminationGracePeriodSeconds": 0, "containers": [{"name": "c", "image": "registry.k8s.io/pause:3.10"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def ready_after(client: Client, replicas: int) -> float:
    """Return the real seconds from the creation of a Deployment until all its replicas are ready."""
    name = f"d{replicas}"
    begun = time.perf_counter()
    client.create(DEPLOYMENTS, deployment(name, replicas))
    while time.perf_counter() - begun < LIMIT:
        if client.get(f"{DEPLOYMENTS}/{name}").get("status", {}).get("readyReplicas") == replicas:
            return time.perf_counter() - begun
        time.sleep(0.01)
    raise TimeoutError(f"{replicas} replicas were not ready after {LIMIT:.0f} s")


def rollout() -> list[Figure]:
    """Deployments from 0 to ready, without start latency; a curve, with memory and lists of the largest."""
    figures: list[Figure] = []
    first = 0.0
    for replicas, nodes, runs, goal in SIZES:
        seconds, costs, largest = [], [], []
        for _ in range(runs):
            with running("--bare", "--nodes", str(nodes), "--no-start-latency") as cluster:
                _nodes_ready(cluster.client, nodes)
                begun = cpu_seconds(cluster.pid)
                seconds.append(ready_after(cluster.client, replicas))
                costs.append(1000 * (cpu_seconds(cluster.pid) - begun) / replicas)
                if replicas == SIZES[-1][0]:
                    largest.append(_listed(cluster))
        first = first or median(costs)
        figures += [
            Figure(f"Deployment 0→{replicas} ready, {nodes} nodes", goal, "s", seconds),
            Figure("  processor time a pod", "", "ms", costs),
            Figure("  against 100 pods", "≤ 1.5 ×", "×", [cost / first for cost in costs]),
        ]
        figures += [
            Figure(figure.what, figure.goal, figure.unit, [value for run in same for value in run.runs])
            for same in zip(*largest, strict=True)
            for figure in same[:1]
        ]
    return figures


def _nodes_ready(client: Client, nodes: int) -> None:
    """Wait until pods can be scheduled: one that nodes refuse that are not ready yet backs off for a second."""

    def ready() -> bool:
        items = client.get("/api/v1/nodes")["items"]
        return len(items) == nodes and not any(node["spec"].get("taints") for node in items)

    _wait(ready)


def changes() -> list[Figure]:
    """A Service that selects every pod, a rollout of all of them, and their deletion: processor time a pod."""
    replicas, nodes = CHANGES
    with running("--bare", "--nodes", str(nodes), "--no-start-latency") as cluster:
        client, path = cluster.client, f"{DEPLOYMENTS}/d{replicas}"
        spec = {"selector": {"app": f"d{replicas}"}, "ports": [{"port": 80}]}
        service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "all"}, "spec": spec}
        client.create("/api/v1/namespaces/default/services", service)
        created = _cost(cluster, lambda: ready_after(client, replicas))
        annotated = {"spec": {"template": {"metadata": {"annotations": {"bench": "again"}}}}}
        rolled = _cost(cluster, lambda: _rolled_out(client, path, annotated, replicas))
        deleted = _cost(cluster, lambda: _deleted(client, path))
    works = (("create, with a Service of all", created), ("rollout", rolled), ("delete", deleted))
    return [Figure(f"{replicas} pods: {what}, a pod", "", "ms", [1000 * cost / replicas]) for what, cost in works]


def _cost(cluster: Running, work: Callable[[], object]) -> float:
    begun = cpu_seconds(cluster.pid)
    work()
    return cpu_seconds(cluster.pid) - begun


def _rolled_out(client: Client, path: str, change: dict[str, Any], replicas: int) -> None:
    wanted = client.patch(path, change)["metadata"]["generation"]
    _wait(lambda: _is_complete(client.get(path)["status"], wanted, replicas))


def _is_complete(status: dict[str, Any], generation: int, replicas: int) -> bool:
    counts = [status.get(f"{key}eplicas") for key in ("r", "updatedR", "readyR")]
    return status.get("observedGeneration") == generation and counts == [replicas] * 3


def _deleted(client: Client, path: str) -> None:
    client.request("DELETE", f"{path}?propagationPolicy=Background")
    _wait(lambda: not client.get("/api/v1/namespaces/default/pods", limit=1)["items"])


def _wait(over: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT
    while not over():
        if time.monotonic() > end:
            raise TimeoutError(f"not over after {LIMIT:.0f} s")
        time.sleep(0.2)


def _listed(cluster: Running) -> list[Figure]:
    """Return what so many pods take, and how long it takes to show them."""
    real = Path(sys.executable).with_name("kubectl")
    env = os.environ | {"KUBECONFIG": str(cluster.kubeconfig), "HOME": "/nonexistent"}
    memory = pss_megabytes(cluster.pid)
    shown, served = [], []
    for _ in range(LISTS):
        begun, cost = time.perf_counter(), cpu_seconds(cluster.pid)
        subprocess.run([real, "get", "pods", "-A"], env=env, check=True, capture_output=True)
        shown.append(time.perf_counter() - begun)
        served.append(cpu_seconds(cluster.pid) - cost)
    return [
        Figure("  cluster's memory (PSS)", "≤ 1000 MB", "MB", [memory]),
        Figure("  real kubectl get pods -A", "≤ 2 s", "s", shown),
        Figure("    of it the server's processor time", "", "s", served),
    ]


def day() -> list[Figure]:
    """24 hours of a cluster of the default shape, lived through at once: with ten hourly CronJobs, and with none."""
    figures = []
    for count in (10, 0):
        seconds, costs = [], []
        for _ in range(DAY_RUNS):
            with running("--nodes", "2", "--clock-rate", "0") as cluster:
                control = Control(cluster.kubeconfig)
                control.call("POST", "/clock/advance", {"seconds": 120})
                for number in range(count):
                    cluster.client.create(CRON_JOBS, _cron_job(number))
                begun, cost = time.perf_counter(), cpu_seconds(cluster.pid)
                control.call("POST", "/clock/advance", {"seconds": 86_400}, timeout=LIMIT)
                seconds.append(time.perf_counter() - begun)
                costs.append(cpu_seconds(cluster.pid) - cost)
        figures += [
            Figure(f"24 h with {count} hourly CronJobs", "< 5 s", "s", seconds),
            Figure("  the server's processor time", "", "s", costs),
        ]
    return figures


def _cron_job(number: int) -> dict[str, Any]:
    command = ["sh", "-c", "date; echo Hello from the Kubernetes cluster"]
    containers = [{"name": "hello", "image": "busybox:1.36", "command": command}]
    template = {"spec": {"restartPolicy": "OnFailure", "containers": containers}}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": f"hourly-{number}"},
        "spec": {"schedule": f"{5 * number} * * * *", "jobTemplate": {"spec": {"template": template}}},
    }
