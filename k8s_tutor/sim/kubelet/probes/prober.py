"""Executes one probe against a container: exec, HTTP, TCP, gRPC; and says what came out in upstream's words.

Mirrors ``pkg/kubelet/prober/prober.go`` and ``pkg/probe``. Timeouts are in cluster time. gRPC's health check goes as one
request of that protocol's path through the simulated network, which servers of the catalogue answer.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Literal, TypeVar

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.kubelet.capture import Capture
from k8s_tutor.sim.kubelet.environment import expand
from k8s_tutor.sim.kubelet.probes.requests import container_port, probe_headers, probe_url
from k8s_tutor.sim.network import HttpResponse, Network, NetworkError
from k8s_tutor.sim.runtime.container import Container
from k8s_tutor.sim.runtime.contract import ExecError

T = TypeVar("T")
MAX_REDIRECTS = 10
HEALTH = "/grpc.health.v1.Health/Check"


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
            return Outcome("failure", f'command timed out: "{words}" timed out after {_go_seconds(timeout)}')
        except ExecError as error:
            return Outcome("error", f"rpc error: code = Unknown desc = {error.message}")
        return Outcome("failure" if code else "success", output.text)

    async def _http(self, action: Json, spec: Json, pod_ip: str, timeout: float) -> Outcome:  # noqa: ASYNC109 - cluster time
        port = container_port(action["port"], spec)
        url = probe_url(action, pod_ip, port)
        headers = probe_headers(action, "probe")
        for _ in range(MAX_REDIRECTS):
            try:
                response = await self._network.http(None, "GET", url, headers, timeout=timeout)
            except NetworkError as error:
                return Outcome("failure", f'Get "{url}": {_http_words(error, action.get("host") or pod_ip, port)}')
            target = _local_redirect(response, action.get("host") or pod_ip, port)
            if target is None:
                return _judge(response)
            url = target
        return Outcome("failure", f'Get "{url}": stopped after 10 redirects')

    async def _tcp(self, action: Json, spec: Json, pod_ip: str, timeout: float) -> Outcome:  # noqa: ASYNC109 - cluster time
        port = container_port(action["port"], spec)
        host = action.get("host") or pod_ip
        try:
            stream = await self._network.connect(None, host, port, timeout)
        except NetworkError as error:
            return Outcome("failure", f"dial tcp {host}:{port}: {_dial_words(error)}")
        stream.close()
        return Outcome("success")

    async def _grpc(self, action: Json, pod_ip: str, timeout: float) -> Outcome:  # noqa: ASYNC109 - cluster time
        port, service = action["port"], action.get("service") or ""
        address = f"{pod_ip}:{port}"
        headers = {"content-type": "application/grpc"}
        url = f"http://{address}{HEALTH}"
        begun = self._clock.now()
        try:
            response = await self._network.http(None, "POST", url, headers, service.encode(), timeout)
        except NetworkError as error:
            # A gRPC client goes on trying to connect until its time is up.
            await self._clock.sleep(max(0.0, timeout - (self._clock.now() - begun)))
            if error.kind == "reset":
                return Outcome("failure", f'error: failed to connect service at "{address}": {error.message}')
            within = _go_seconds(timeout)
            words = f'timeout: failed to connect service "{address}" within {within}: context deadline exceeded'
            return Outcome("failure", words)
        status = response.headers.get("grpc-status", "12")
        if status == "5":
            return Outcome("failure", f"error: service {service} not found")
        if status != "0":
            protocol = "(grpc.health.v1.Health)"
            return Outcome("failure", f"error: this server does not implement the grpc health protocol {protocol}: ")
        if response.text != "SERVING":
            return Outcome("failure", f'service unhealthy (responded with "{response.text}")')
        return Outcome("success", f'service healthy (responded with "{response.text}")')

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


def _judge(response: HttpResponse) -> Outcome:
    if 200 <= response.status < 300:
        return Outcome("success", response.text)
    if 300 <= response.status < 400:
        return Outcome("warning", f"Probe terminated redirects, Response body: {response.text}")
    return Outcome("failure", f"HTTP probe failed with statuscode: {response.status}")


def _local_redirect(response: HttpResponse, host: str, port: int) -> str | None:
    """Return where a redirect leads if it stays on the same host."""
    if response.status not in (301, 302, 303, 307, 308):
        return None
    location = next((value for name, value in response.headers.items() if name.lower() == "location"), "")
    if location.startswith("/"):
        return f"http://{host}:{port}{location}"
    return location if location.startswith((f"http://{host}/", f"http://{host}:")) else None


def _http_words(error: NetworkError, host: str, port: int) -> str:
    if error.kind == "timeout":
        return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    if error.kind == "reset":
        return "http: server gave HTTP response to HTTPS client" if "version" in error.message else "EOF"
    return f"dial tcp {host}:{port}: {_dial_words(error)}"


def _dial_words(error: NetworkError) -> str:
    words = {
        "refused": "connect: connection refused",
        "timeout": "i/o timeout",
        "unreachable": "connect: no route to host",
        "reset": "read: connection reset by peer",
    }
    return words.get(error.kind, f"lookup failed: {error.message}")


def _go_seconds(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole}s" if whole < 60 else f"{whole // 60}m{whole % 60}s"
