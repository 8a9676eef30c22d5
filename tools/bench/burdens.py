"""What a cluster costs that nobody uses, and what its API is like while containers misbehave."""

import time
from typing import Any

from k8s_tutor.client import Client
from tools.bench.cluster import Running, cpu_seconds, pss_megabytes, running
from tools.bench.table import Figure

PODS = "/api/v1/namespaces/default/pods"
IDLE_SECONDS = 30.0
REQUESTS = 300
HOSTILE = {
    "nothing (to compare)": "sleep 9999",
    "a fork bomb": "f() { f | f & }; f; sleep 9999",
    "20 busy loops": "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do (while :; do :; done) & done; wait",
    "yes": "yes",
    "yes through pipes": "yes | sed s/y/yyyy/ | cat > /dev/null",
    "a full file system": "while true; do dd if=/dev/zero of=/tmp/f$RANDOM bs=1M count=1000; done",
    "endless connections": "while true; do nc 127.0.0.1 80 < /dev/null & done",
    "a hostile pattern": "yes aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa | grep -E '(a+)+b'",
    "big substitutions": "while true; do a=$(yes | head -c 10000000); done",
    "words of many fields": "a=$(yes | head -c 2000000); while true; do for i in $a; do :; done; done",
    "sorting and comparing": "while true; do seq 500000 | sort -r | tail -n 1; seq 9000 > a; sort -r a | diff - a; done",
    "patches of a big file": "dd if=/dev/zero of=/x bs=1M count=900; while true; do "
    "dd if=/dev/zero of=/x bs=1 count=1 conv=notrunc seek=5; done",
    "many files": "i=0; while true; do i=$((i+1)); echo $i > /tmp/f$i; ls /tmp > /dev/null; done",
}


def idle() -> list[Figure]:
    """A cluster of the default shape, half a minute after its start, with nobody asking."""
    with running("--nodes", "2") as cluster:
        time.sleep(IDLE_SECONDS)
        begun = cpu_seconds(cluster.pid)
        time.sleep(IDLE_SECONDS)
        used = 100 * (cpu_seconds(cluster.pid) - begun) / IDLE_SECONDS
        return [
            Figure("idle cluster, processor", "< 1 %", "%", [used]),
            Figure("idle cluster, PSS", "", "MB", [pss_megabytes(cluster.pid)]),
        ]


def hostile() -> list[Figure]:
    """GET of a Pod by a client in another process while one container does its worst: the 99th percentile."""
    figures = []
    with running("--bare", "--nodes", "1", "--no-start-latency") as cluster:
        for what, script in HOSTILE.items():
            figures.append(Figure(f"p99 of GET beside {what}", "≤ 50 ms", "ms", [_beside(cluster, script)]))
    return figures


def _beside(cluster: Running, script: str) -> float:
    client = cluster.client
    limits = {"limits": {"cpu": "2", "memory": "256Mi"}, "requests": {"cpu": "100m"}}
    container = {"name": "c", "image": "busybox:1.36", "command": ["sh", "-c", script], "resources": limits}
    pod: dict[str, Any] = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "hostile"}}
    client.create(PODS, pod | {"spec": {"terminationGracePeriodSeconds": 0, "containers": [container]}})
    _until_started(client)
    spent = []
    for _ in range(REQUESTS):
        begun = time.perf_counter()
        client.get(f"{PODS}/hostile")
        spent.append(time.perf_counter() - begun)
        time.sleep(0.01)
    client.request("DELETE", f"{PODS}/hostile?gracePeriodSeconds=0")
    time.sleep(1)
    return 1000 * sorted(spent)[int(REQUESTS * 0.99)]


def _until_started(client: Client, limit: float = 20.0) -> None:
    end = time.monotonic() + limit
    while time.monotonic() < end:
        states = client.get(f"{PODS}/hostile").get("status", {}).get("containerStatuses", [])
        if any("waiting" not in each["state"] for each in states):
            return
        time.sleep(0.1)
    raise TimeoutError("the hostile container did not start")
