"""kill -9 at random moments under load: nothing acknowledged is lost, time never goes backwards, controllers converge.

``K8S_TUTOR_KILLS`` says how often; CI kills 40 times.
"""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.durability.loading import MAPS, WEB, Json, Memory, ask, connect, load

KILLS = int(os.environ.get("K8S_TUTOR_KILLS", "6"))
PARTS = 2
ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": "nginx:1.27"}], "terminationGracePeriodSeconds": 0},
        },
    },
}


@contextmanager
def life(state: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """One life of the process: started, and at the end killed."""
    words = ["--state", str(state), "--bare", "--nodes", "0", "--token", "T"]
    process = subprocess.Popen([sys.executable, "-m", "k8s_tutor.sim", *words], stdout=subprocess.PIPE, cwd=ROOT)
    try:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        assert first.get("ready"), first
        yield process, first["port"]
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


def check(port: int, memory: Memory) -> None:
    """Compare what is there with what was acknowledged; what was under way may have happened or not."""
    with closing(connect(port)) as to:
        _, found = ask(to, "GET", MAPS)
    assert int(found["metadata"]["resourceVersion"]) >= memory.seen
    numbers = {item["metadata"]["name"]: int(item["data"]["n"]) for item in found["items"] if "n" in item["data"]}
    for name in memory.values.keys() | memory.trying.keys():
        allowed = {memory.values.get(name)} | ({memory.trying[name]} if name in memory.trying else set())
        actual = numbers.get(name)
        assert actual in allowed, (name, actual, allowed)
        memory.values[name] = actual
    memory.trying.clear()
    assert memory.backwards == []


def converges(port: int, memory: Memory) -> None:
    """Wait until the Deployment's controllers have brought about what was last asked for."""
    end = time.monotonic() + PATIENCE
    wanted: object = None
    pods: list[Json] = []
    with closing(connect(port)) as to:
        while time.monotonic() < end:
            wanted = ask(to, "GET", WEB)[1]["spec"]["replicas"]
            pods = ask(to, "GET", "/api/v1/namespaces/default/pods?labelSelector=app%3Dweb")[1]["items"]
            if len(pods) == wanted:
                break
        assert len(pods) == wanted, _story(to, pods)
    assert wanted in memory.replicas
    memory.replicas = {len(pods)}


def _story(to: http.client.HTTPSConnection, pods: list[Json]) -> str:
    """Tell all that may say why nothing happens."""
    paths = (WEB, "/apis/apps/v1/namespaces/default/replicasets", "/api/v1/namespaces/default/events", LEASES)
    return json.dumps({"pods": pods, **{path: ask(to, "GET", path)[1] for path in paths}}, indent=1)


@pytest.mark.parametrize("part", range(PARTS))
def test_kills_at_random_moments_lose_nothing(part: int, tmp_path: Path) -> None:
    chance = random.Random(part)
    kills = KILLS // PARTS
    memory = Memory(replicas={1})
    with life(tmp_path) as (_, port), closing(connect(port)) as to:
        assert ask(to, "POST", WEB.removesuffix("/web"), DEPLOYMENT)[0] == 201
    for round_number in range(kills):
        with life(tmp_path) as (process, port):
            check(port, memory)
            if round_number % 5 == 4:
                converges(port, memory)
            threads = load(port, memory)
            time.sleep(chance.uniform(0, 0.4))  # real time: the process lives in it
            process.send_signal(signal.SIGKILL)
            for thread in threads:
                thread.join()
    with life(tmp_path) as (_, port):
        check(port, memory)
        converges(port, memory)
    assert memory.counter  # how much was written depends on the machine; that something was shows that there was a load
