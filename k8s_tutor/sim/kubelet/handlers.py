"""postStart and preStop hooks: exec, HTTP, sleep (upstream: ``kubelet/lifecycle/handlers.go``)."""

from collections.abc import Mapping
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.kubelet.capture import Capture
from k8s_tutor.sim.kubelet.probes.requests import container_port, probe_headers, probe_url
from k8s_tutor.sim.kubelet.spec import identity
from k8s_tutor.sim.network import Network, NetworkError
from k8s_tutor.sim.runtime.container import Container
from k8s_tutor.sim.runtime.contract import ExecError

HTTP_TIMEOUT = 30.0


class HookError(Exception):
    """The hook failed; the message is what a waiting container shows (events do not tell it)."""


class Handlers:
    """Runs hooks.

    Args:
        clock: cluster time.
        network: for HTTP hooks.
    """

    def __init__(self, clock: Clock, network: Network) -> None:
        self._clock = clock
        self._network = network

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
        try:
            url = probe_url(action, pod_ip, container_port(action["port"], spec))
            await self._network.http(None, "GET", url, probe_headers(action, "lifecycle"), timeout=HTTP_TIMEOUT)
        except (NetworkError, LookupError) as error:
            raise HookError(
                f'HTTP lifecycle hook ({action.get("path", "")}) for Container "{spec["name"]}" in Pod '
                f'"{identity(pod)}" failed - error: {error}'
            ) from error
