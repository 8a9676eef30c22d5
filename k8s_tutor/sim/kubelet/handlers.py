"""postStart and preStop hooks: exec, HTTP, sleep (upstream: ``kubelet/lifecycle/handlers.go``)."""

from collections.abc import Callable, Mapping
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.kubelet.capture import Capture
from k8s_tutor.sim.kubelet.probes.http import request_words
from k8s_tutor.sim.kubelet.probes.requests import container_port, probe_headers, probe_url
from k8s_tutor.sim.kubelet.spec import identity
from k8s_tutor.sim.network import Network, NetworkError
from k8s_tutor.sim.runtime.container import Container
from k8s_tutor.sim.runtime.contract import ExecError

HTTP_TIMEOUT = 30.0
Report = Callable[[Json, str, str, str, str], None]  # pod, container ("" for the pod), type, reason, message


class HookError(Exception):
    """The hook failed; the message is what a waiting container shows (events do not tell it)."""


class Handlers:
    """Runs hooks.

    Args:
        clock: cluster time.
        network: for HTTP hooks.
        report: records events about pods.
    """

    def __init__(self, clock: Clock, network: Network, report: Report) -> None:
        self._clock = clock
        self._network = network
        self._report = report

    async def run(self, pod: Json, spec: Json, container: Container, handler: Mapping[str, Any], pod_ip: str) -> None:
        """Run one hook to its end.

        Raises:
            HookError: it failed.
        """
        if handler.get("exec"):
            await self._exec(pod, spec, container, handler["exec"]["command"])
        elif handler.get("httpGet"):
            await self._http(pod, spec, handler["httpGet"], pod_ip)
        elif handler.get("sleep"):
            await self._clock.sleep(float(handler["sleep"]["seconds"]))

    async def _exec(self, pod: Json, spec: Json, container: Container, command: list[str]) -> None:
        output = Capture()
        try:
            code = await container.exec(command, None, output, output)
            error = f"command '{' '.join(command)}' exited with {code}: {output.text}" if code else ""
        except ExecError as failed:
            error = failed.message
        if error:
            shown = f"[{' '.join(command)}]"
            raise HookError(
                f'Exec lifecycle hook ({shown}) for Container "{spec["name"]}" in Pod "{identity(pod)}" failed - '
                f'error: {error}, message: "{output.text}"'
            )

    async def _http(self, pod: Json, spec: Json, action: Json, pod_ip: str) -> None:
        """Ask by HTTP; a server that answers HTTPS in plain text is asked again so (``LifecycleHTTPFallback``)."""
        try:
            url = probe_url(action, pod_ip, container_port(action["port"], spec))
        except LookupError as error:
            raise self._http_error(pod, spec, action, str(error)) from error
        headers = probe_headers(action, "lifecycle")
        try:
            await self._network.http(None, "GET", url, headers, timeout=HTTP_TIMEOUT)
        except NetworkError as error:
            if error.kind != "tls" or not await self._plain(pod, url, headers):
                raise self._http_error(pod, spec, action, f'Get "{url}": {request_words(error, url)}') from error

    async def _plain(self, pod: Json, url: str, headers: dict[str, str]) -> bool:
        plain = "http" + url.removeprefix("https")
        kept = {name: value for name, value in headers.items() if name.lower() != "authorization"}
        try:
            await self._network.http(None, "GET", plain, kept, timeout=HTTP_TIMEOUT)
        except NetworkError:
            return False
        host = url.split("/")[2]
        message = f"request to HTTPS lifecycle hook {host} got HTTP response, retry with HTTP succeeded"
        self._report(pod, "", "Warning", "LifecycleHTTPFallback", message)
        return True

    @staticmethod
    def _http_error(pod: Json, spec: Json, action: Json, error: str) -> HookError:
        where = f'for Container "{spec["name"]}" in Pod "{identity(pod)}"'
        return HookError(f"HTTP lifecycle hook ({action.get('path', '')}) {where} failed - error: {error}")
