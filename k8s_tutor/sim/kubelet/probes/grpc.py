"""gRPC probes: the health check of a server, and what its answer means (upstream: ``pkg/probe/grpc``).

The check goes as one request of the protocol's path through the simulated network, the service's name as its body;
servers of the catalogue answer with ``grpc-status`` and the state's name. What answers otherwise speaks no gRPC: a
client never gets through to it, and goes on trying until its time is up.
"""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.kubelet.probes.requests import go_seconds
from k8s_tutor.sim.network import Network, NetworkError

HEALTH = "/grpc.health.v1.Health/Check"
CODES = {"5": "NotFound", "13": "Internal", "14": "Unavailable", "16": "Unauthenticated"}
UNIMPLEMENTED = "12"


async def check(clock: Clock, network: Network, action: Json, pod_ip: str, timeout: float) -> str:  # noqa: ASYNC109 - cluster time
    """Ask once; returns what is wrong, "" if the service is healthy."""
    address = f"{pod_ip}:{action['port']}"
    headers = {"content-type": "application/grpc", "user-agent": "kube-probe/1.37"}
    service = action.get("service") or ""
    begun = clock.now()
    within = go_seconds(timeout)
    try:
        response = await network.http(None, "POST", f"http://{address}{HEALTH}", headers, service.encode(), timeout)
    except NetworkError:
        answer: dict[str, str] = {}
    else:
        answer = {name.lower(): value for name, value in response.headers.items()}
    status = answer.get("grpc-status")
    if status is None:
        await clock.sleep(max(0.0, timeout - (clock.now() - begun)))
        return f'timeout: failed to connect service "{address}" within {within}: context deadline exceeded'
    message = answer.get("grpc-message", "")
    if status == UNIMPLEMENTED:
        return f"error: this server does not implement the grpc health protocol (grpc.health.v1.Health): {message}"
    if status != "0":
        code = CODES.get(status, "Unknown")
        return f"error: health rpc probe failed: rpc error: code = {code} desc = {message}"
    return "" if response.text == "SERVING" else f'service unhealthy (responded with "{response.text}")'
