"""The cluster's process and its flags: taken ports, other flags, sudden death in the middle of writes, old kubeconfigs."""

import contextlib
import json
import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from k8s_tutor.client import ApiError, Client
from k8s_tutor.errors import TutorError
from k8s_tutor.providers import open_provider
from tests.badinput.conftest import Tutor


@pytest.fixture
def practice(tutor: Tutor, home: Path) -> Iterator[Tutor]:
    """The command line, and no cluster of this HOME left behind."""
    yield tutor
    for folder in (home / ".local/state/k8s-tutor/clusters").glob("*"):
        open_provider("practice", name=folder.name).remove()


def test_flags_names_and_ports(practice: Tutor) -> None:
    practice("cluster", "start", "--nodes", "1", "--no-start-latency").told(0, "1 worker(s)")
    practice("cluster", "start").told(0, "1 worker(s)")
    practice("cluster", "start", "--nodes", "3").told(6, "has nodes 1, not 3", "would be lost", "cluster delete --yes")
    practice("cluster", "start", "--bare").told(6, "has bare False, not True")
    port = json.loads(practice("cluster", "status", "--json").out)["port"]
    practice("cluster", "start", "--name", "other", "--port", str(port)).told(
        7, f"port {port}", "in use", "Type: k8s-tutor cluster start"
    )
    practice("cluster", "start", "--name", "other", "--bare", "--nodes", "0").told(0, "«other»", "bare, 0 worker(s)")
    practice("cluster", "status").told(0, "«default»", "1 worker(s)")
    practice("cluster", "restore", "77").told(2, "nothing of that name", 'snapshots "77" not found', "cluster status")
    practice("cluster", "stop").told(0, "stopped; its state is kept")
    practice("cluster", "start", "--nodes", "3").told(6, "has nodes 1, not 3")
    practice("cluster", "delete", "--yes").told(0, "not made yet")
    practice("cluster", "stop", "--name", "../x").told(2, "is no name for a practice cluster")


def test_a_port_that_is_taken(practice: Tutor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        practice("cluster", "start", "--port", str(port)).told(7, "did not start", f"port {port}", "--port 0")


def test_killed_in_the_middle_of_writes_it_comes_back_with_every_acknowledged_one(practice: Tutor) -> None:
    provider = open_provider("practice", nodes=0, bare=True, start_latency=False)
    provider.start()
    server = str(provider.status().details["port"])
    pid = provider.status().details["pid"]
    assert isinstance(pid, int)
    acknowledged: list[str] = []
    enough = threading.Event()

    def write() -> None:
        with Client.from_kubeconfig(provider.kubeconfig()) as client, contextlib.suppress(ApiError, TutorError):
            for number in range(5000):
                metadata = {"name": f"w{number}"}
                client.create("/api/v1/namespaces/default/configmaps", {"metadata": metadata, "data": {"n": "x" * 500}})
                acknowledged.append(metadata["name"])
                if number == 60:
                    enough.set()

    thread = threading.Thread(target=write)
    thread.start()
    assert enough.wait(60)
    os.kill(pid, signal.SIGKILL)
    thread.join(60)
    practice("cluster", "status").told(0, "stopped; its state is kept")
    provider.start()
    assert str(provider.status().details["port"]) == server
    with Client.from_kubeconfig(provider.kubeconfig()) as client:
        found = {item["metadata"]["name"] for item in client.list("/api/v1/namespaces/default/configmaps")}
    assert set(acknowledged) <= found
    assert len(found - set(acknowledged)) <= 2  # the last one may be there without its answer


def test_a_kubeconfig_of_a_cluster_that_is_gone(practice: Tutor, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    practice("cluster", "start", "--nodes", "0", "--bare").told(0)
    file = Path(practice("cluster", "kubeconfig").out.strip())
    practice("cluster", "stop").told(0)
    monkeypatch.setenv("KUBECONFIG", str(file))
    practice("kubectl", "get", "pods").told(1, "was refused - did you specify the right host or port?")
    monkeypatch.delenv("KUBECONFIG")
    file.write_text("clusters: [")
    practice("kubectl", "get", "nodes").told(0)  # written anew by the start
    practice("cluster", "stop").told(0)
    practice("cluster", "clock", "--advance", "1").told(4, "does not answer", "Type: k8s-tutor cluster start")


def test_a_cluster_state_that_cannot_be_read(practice: Tutor, home: Path) -> None:
    folder = home / ".local/state/k8s-tutor/clusters/default"
    folder.mkdir(parents=True)
    (folder / "state.db").write_bytes(b"nothing of ours" * 400)
    practice("cluster", "start").told(4, "did not start", "state.db", "Type: k8s-tutor cluster delete --yes")
