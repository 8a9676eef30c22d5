"""The cluster as a process: ready line, files, locks, kills, idle end."""

import asyncio
import json
import signal
import socket
import ssl
import sys
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from k8s_tutor.apimachinery.unstructured import Json

ROOT = Path(__file__).parents[2]


class Process:
    """A running ``python -m k8s_tutor.sim``."""

    def __init__(self, state: Path, process: asyncio.subprocess.Process, first: Json) -> None:
        self.state = state
        self.process = process
        self.first = first

    async def request(self, method: str, path: str, body: Json | None = None) -> Json:
        def send() -> Json:
            headers = {"Authorization": "Bearer T", "Content-Type": "application/json"}
            data = json.dumps(body).encode() if body is not None else None
            url = f"https://127.0.0.1:{self.first['port']}{path}"
            request = urllib.request.Request(url, data, headers, method=method)
            context = ssl.create_default_context(cafile=self.state / "pki" / "ca.crt")
            with urllib.request.urlopen(request, context=context, timeout=20) as reply:  # noqa: S310 - our own https URL
                answer: Json = json.loads(reply.read())
                return answer

        return await asyncio.to_thread(send)

    async def end(self, number: int) -> int:
        self.process.send_signal(number)
        return await self.process.wait()


class Starter:
    """Starts processes over one state folder."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.started: list[Process] = []

    async def __call__(self, *arguments: str) -> Process:
        options = ["--state", str(self.state), "--bare", "--nodes", "0", "--token", "T", *arguments]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "k8s_tutor.sim", *options, stdout=asyncio.subprocess.PIPE, cwd=ROOT
        )
        assert process.stdout is not None
        started = Process(self.state, process, json.loads(await process.stdout.readline()))
        self.started.append(started)
        return started


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Starter]:
    starter = Starter(tmp_path / "state")
    yield starter
    for started in starter.started:
        if started.process.returncode is None:
            await started.end(signal.SIGKILL)


CONFIGMAPS = "/api/v1/namespaces/default/configmaps"


async def test_what_was_acknowledged_survives_a_kill(start: Starter) -> None:
    first = await start()
    names = [f"c{number}" for number in range(20)]
    for name in names:
        await first.request("POST", CONFIGMAPS, {"metadata": {"name": name}})
    before = await first.request("GET", CONFIGMAPS)
    await first.end(signal.SIGKILL)
    second = await start()
    assert second.first["port"] == first.first["port"]
    after = await second.request("GET", CONFIGMAPS)
    assert set(names) <= {item["metadata"]["name"] for item in after["items"]}
    assert int(after["metadata"]["resourceVersion"]) >= int(before["metadata"]["resourceVersion"])


async def test_files_and_an_orderly_end(start: Starter) -> None:
    running = await start()
    facts = json.loads((start.state / "cluster.json").read_text())
    assert (facts["port"], facts["bare"]) == (running.first["port"], True)
    assert (start.state / "kubeconfig").stat().st_mode & 0o777 == 0o600
    assert await running.end(signal.SIGTERM) == 0
    assert not (start.state / "cluster.json").exists()


async def test_one_process_a_folder(start: Starter) -> None:
    await start()
    second = await start()
    assert await second.process.wait() == 6
    assert "another process" in second.first["error"]


async def test_a_taken_port_is_told(start: Starter) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = await start("--port", str(taken.getsockname()[1]))
    assert await refused.process.wait() == 7


async def test_a_damaged_state_is_told(start: Starter) -> None:
    start.state.mkdir()
    (start.state / "state.db").write_bytes(b"nonsense" * 1000)
    refused = await start()
    assert await refused.process.wait() == 4
    assert "state.db" in refused.first["error"]


async def test_clock_and_reset_by_the_control_api(start: Starter) -> None:
    running = await start("--clock-rate", "0")
    control = "/k8s-tutor/v1"
    before = (await running.request("GET", f"{control}/clock"))["now"]
    after = (await running.request("POST", f"{control}/clock/advance", {"seconds": 3600}))["now"]
    assert before[14:16] == after[14:16]
    assert before != after
    await running.request("POST", CONFIGMAPS, {"metadata": {"name": "a"}})
    await running.request("POST", f"{control}/reset", {})
    names = [item["metadata"]["name"] for item in (await running.request("GET", CONFIGMAPS))["items"]]
    assert "a" not in names
