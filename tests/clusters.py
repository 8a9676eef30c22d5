"""A provider over the cluster that a test serves in its own process: for sessions and authors' tools, in virtual time."""

import asyncio
from pathlib import Path
from typing import ClassVar

from k8s_tutor.providers.contract import Capability, Provider, ProviderStatus
from tests.conftest import Server


class InProcess(Provider):
    """The served cluster; its clock is advanced from threads."""

    name: ClassVar[str] = "in-process"
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.CLOCK, Capability.CREATE})

    def __init__(self, server: Server) -> None:
        self.server = server
        self.loop = asyncio.get_running_loop()

    def start(self) -> None:
        return

    def stop(self) -> None:
        return

    def status(self) -> ProviderStatus:
        return ProviderStatus(running=True, summary=self.server.url)

    def reset(self) -> None:
        raise self._cannot(Capability.CREATE)

    def kubeconfig(self) -> Path:
        return self.server.kubeconfig

    def advance(self, seconds: float) -> None:
        asyncio.run_coroutine_threadsafe(self.server.cluster.clock.advance(seconds), self.loop).result(60)

    def set_rate(self, rate: float) -> None:
        self.loop.call_soon_threadsafe(self.server.cluster.clock.set_rate, rate)
