"""Executes one probe against a container: exec, HTTP, TCP, gRPC; and says what came out in upstream's words.

Mirrors ``pkg/kubelet/prober/prober.go`` and ``pkg/probe``. Timeouts are in cluster time. What goes over the network
in more than a connection is in ``http.py`` and ``grpc.py``.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Literal, TypeVar

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.kubelet.capture import Capture
from k8s_tutor.sim.kubelet.environment import expand
from k8s_tutor.sim.kubelet.probes import grpc, http
from k8s_tutor.sim.kubelet.probes.requests import container_port, dial_words, go_seconds
from k8s_tutor.sim.network import Network, NetworkError
from k8s_tutor.sim.runtime.container import Container
from k8s_tutor.sim.runtime.contract import ExecError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a probe gave; ``error``: it could not be carried out, and counts for nothing."""

    result: Literal["success", "failure", "warning", "error"]
    output: str = ""


class Prober:
    """Executes probes.

    Args:
        clock: cluster time.
        network: how the node reaches pods.
    """

    def __init__(self, clock: Clock, network: Network) -> None:
        self._clock = clock
        self._network = network

    async def probe(self, probe: Json, spec: Json, container: Container, pod_ip: str) -> Outcome:
        """Carry out a probe once."""
        timeout = float(probe.get("timeoutSeconds") or 1)
        try:
            if probe.get("exec"):
                return await self._exec(probe["exec"].get("command") or [], spec, container, timeout)
            if probe.get("httpGet"):
                return await self._http(probe["httpGet"], spec, pod_ip, timeout)
            if probe.get("tcpSocket"):
                return await self._tcp(probe["tcpSocket"], spec, pod_ip, timeout)
            return await self._grpc(probe["grpc"], pod_ip, timeout)
        except LookupError as error:
            return Outcome("error", str(error))

    async def _exec(self, command: list[str], spec: Json, container: Container, timeout: float) -> Outcome:  # noqa: ASYNC109 - cluster time
        static = {one["name"]: one["value"] for one in spec.get("env") or () if one.get("value")}
        command = [expand(part, static) for part in command]
        output = Capture()
        try:
            code = await self._within(timeout, container.exec(command, None, output, output))
        except TimeoutError:
            words = " ".join(command)
            return Outcome("failure", f'command timed out: "{words}" timed out after {go_seconds(timeout)}')
        except ExecError as error:
            return Outcome("error", f"rpc error: code = Unknown desc = {error.message}")
        return Outcome("failure" if code else "success", output.text)

    async def _http(self, action: Json, spec: Json, pod_ip: str, timeout: float) -> Outcome:  # noqa: ASYNC109 - cluster time
        asked = http.Asked(action, pod_ip, container_port(action["port"], spec))
        result, output = await http.ask(self._network, asked, timeout)
        return Outcome(result, output)

    async def _tcp(self, action: Json, spec: Json, pod_ip: str, timeout: float) -> Outcome:  # noqa: ASYNC109 - cluster time
        port = container_port(action["port"], spec)
        host = action.get("host") or pod_ip
        try:
            stream = await self._network.connect(None, host, port, timeout)
        except NetworkError as error:
            return Outcome("failure", f"dial tcp {host}:{port}: {dial_words(error)}")
        stream.close()
        return Outcome("success")

    async def _grpc(self, action: Json, pod_ip: str, timeout: float) -> Outcome:  # noqa: ASYNC109 - cluster time
        fault = await grpc.check(self._clock, self._network, action, pod_ip, timeout)
        return Outcome("failure", fault) if fault else Outcome("success", "service healthy")

    async def _within(self, seconds: float, work: Awaitable[T]) -> T:
        """Await in cluster time.

        Raises:
            TimeoutError: it took longer; it was cancelled.
        """
        task = asyncio.ensure_future(work)
        late = False

        def stop() -> None:
            nonlocal late
            late = True
            task.cancel()

        timer = self._clock.call_later(seconds, stop)
        try:
            return await task
        except asyncio.CancelledError:
            if late:
                raise TimeoutError from None
            task.cancel()
            raise
        finally:
            timer.cancel()
