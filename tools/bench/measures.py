"""What is measured; each function returns a figure."""

import json
import os
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from k8s_tutor.client import Client
from tools.bench.cluster import Running, cpu_seconds, pss_megabytes, running
from tools.bench.scale import ready_after
from tools.bench.table import Figure

RUNS = 5
PROGRAM = Path(sys.executable).with_name("k8s-tutor")


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def first_paint() -> Figure:
    """From exec of the program in a pseudo-terminal to the first screen with its bar of views."""
    home = tempfile.mkdtemp(prefix="k8s-tutor-bench-")
    runs = [_paint(home) for _ in range(RUNS + 1)][1:]
    subprocess.run([PROGRAM, "cluster", "stop"], env=os.environ | {"HOME": home}, check=False, capture_output=True)
    shutil.rmtree(home, ignore_errors=True)
    return Figure("first paint", "≤ 0.4 s", "s", runs)


def _paint(home: str) -> float:
    begun = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(HOME=home, TERM="xterm-256color", COLUMNS="80", LINES="24", LC_ALL="C.UTF-8")
        os.execv(PROGRAM, [str(PROGRAM)])
    seen = b""
    while b"F2" not in seen and select.select([terminal], [], [], 10)[0]:
        seen += os.read(terminal, 65536)
    seconds = time.perf_counter() - begun
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    os.close(terminal)
    return seconds


def start() -> Figure:
    """From exec of the cluster's process to its word that /readyz is ok."""
    runs = []
    for _ in range(RUNS + 1):
        with running("--nodes", "2") as cluster:
            runs.append(cluster.seconds)
    return Figure("practice cluster: exec to /readyz", "≤ 0.5 s", "s", runs[1:])


def kubectl(cluster: Running) -> list[Figure]:
    """``kubectl get pods`` by the real program, and by ours as the app runs it (in its process)."""
    from k8s_tutor.kubectl import run

    real = Path(sys.executable).with_name("kubectl")
    env = os.environ | {"KUBECONFIG": str(cluster.kubeconfig), "HOME": "/nonexistent"}
    with Path(os.devnull).open("w") as nowhere:

        def ours() -> None:
            run(
                ["get", "pods", "-A"],
                kubeconfig=cluster.kubeconfig,
                client_factory=lambda: cluster.client,
                stdout=nowhere,
            )

        theirs = [
            timed(lambda: subprocess.run([real, "get", "pods", "-A"], env=env, check=True, capture_output=True))
            for _ in range(RUNS)
        ]
        ours()
        mine = [timed(ours) for _ in range(RUNS)]
    return [
        Figure("kubectl get pods -A, real", "", "ms", [1000 * value for value in theirs]),
        Figure("kubectl get pods -A, ours in the app", "", "ms", [1000 * value for value in mine]),
    ]


def requests(cluster: Running) -> list[Figure]:
    """What a request costs the server's processor: unlike requests a second, it does not depend on the client."""
    client, maps = cluster.client, "/api/v1/namespaces/default/configmaps"
    pods = "/api/v1/namespaces/default/pods"
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "spec": {"schedulerName": "nobody", "containers": [{"name": "c", "image": "nginx"}]},
    }

    def each(count: int, work: Callable[[int], object]) -> float:
        begun = cpu_seconds(cluster.pid)
        for number in range(count):
            work(number)
        return 1000 * (cpu_seconds(cluster.pid) - begun) / count

    def create_map(number: int) -> None:
        body = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"c{number}"},
            "data": {"key": "value " * 20},
        }
        client.create(maps, body)

    figures = [
        Figure("create ConfigMap, 1 client", "≤ 1.79 ms", "ms", [each(300, create_map)]),
        Figure(
            "create Pod, 1 client",
            "≤ 3.25 ms",
            "ms",
            [each(300, lambda n: client.create(pods, pod | {"metadata": {"name": f"p{n}"}}))],
        ),
        Figure(
            "get Pod, 1 client",
            "≤ 0.78 ms",
            "ms",
            [each(500, lambda n: client.get(f"{pods}/p{n % 300}")) for _ in range(3)],
        ),
        Figure(
            "list 300 Pods",
            "≤ 21 ms of 500",
            "ms",
            [each(20, lambda _: client.request("GET", pods)) for _ in range(3)],
        ),
    ]
    figures.append(Figure("watch: changes seen by one watcher", "", "/s", [_watched(client, maps)]))
    return figures


def _watched(client: Client, maps: str, count: int = 300) -> float:
    version = client.get(maps, limit=1)["metadata"]["resourceVersion"]
    stream = client.watch(maps, {"resourceVersion": version, "timeoutSeconds": 60})
    begun = time.perf_counter()
    for number in range(count):
        client.patch(f"{maps}/c0", {"data": {"n": str(number)}})
    for seen, _ in enumerate(stream, start=1):
        if seen == count:
            break
    stream.close()
    return count / (time.perf_counter() - begun)


def snapshots(cluster: Running) -> list[Figure]:
    """Snapshot and restore of a cluster of a lesson's size."""
    from k8s_tutor.providers.control import Control

    ready_after(cluster.client, 20)
    control = Control(cluster.kubeconfig)
    taken, restored = [], []
    for _ in range(RUNS):
        begun = time.perf_counter()
        name = control.call("POST", "/snapshots", {})["id"]
        taken.append(1000 * (time.perf_counter() - begun))
        restored.append(1000 * timed(partial(control.call, "POST", f"/snapshots/{name}/restore", {})))
    return [Figure("snapshot", "≤ 100 ms", "ms", taken), Figure("restore", "≤ 100 ms", "ms", restored)]


def checks() -> Figure:
    """All checks of one exercise of lesson 11, judged once on its solved state."""
    from k8s_tutor.checks.context import CheckContext
    from k8s_tutor.checks.runner import CheckRun
    from k8s_tutor.course import Course

    exercise = Course.builtin().exercise("deployment/first-deployment")
    with running("--nodes", "2", "--no-start-latency") as cluster:
        cluster.client.create(
            "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": exercise.namespace}}
        )
        run = CheckRun(exercise.checks, CheckContext.live(cluster.client, exercise.namespace), lesson=exercise.lesson)
        run.evaluate()
        return Figure("one exercise's checks", "≤ 50 ms", "ms", [1000 * timed(run.evaluate) for _ in range(RUNS)])


def memory() -> Figure:
    """PSS of the app with lesson 11 open, and of its cluster."""
    home = tempfile.mkdtemp(prefix="k8s-tutor-bench-")
    env = os.environ | {"HOME": home, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(env, COLUMNS="120", LINES="40")
        os.execv(PROGRAM, [str(PROGRAM), "11"])
    end = time.perf_counter() + 12
    while time.perf_counter() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            os.read(terminal, 65536)
    record = next(Path(home).rglob("cluster.json"), None)
    total = pss_megabytes(pid)
    if record is not None:
        total += pss_megabytes(json.loads(record.read_text())["pid"])
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    os.close(terminal)
    subprocess.run([PROGRAM, "cluster", "stop"], env=env, check=False, capture_output=True)
    shutil.rmtree(home, ignore_errors=True)
    return Figure("app + cluster, PSS, lesson 11 open", "≤ 150 MB", "MB", [total])
