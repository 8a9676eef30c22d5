"""What clients of HTTP share: a request to an address that the program has looked up itself."""

from typing import TYPE_CHECKING

from k8s_tutor.sim.network import HttpResponse, Tls
from k8s_tutor.sim.network.http import split_url

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

MAX_REDIRECTS = 10


async def request(
    process: "Process",
    method: str,
    url: str,
    address: str,
    headers: dict[str, str],
    body: bytes,
    patience: float | None,
    tls: Tls | None = None,
) -> HttpResponse:
    """Make a request to an address that is already known."""
    host, port, target = split_url(url)
    given = {name.lower() for name in headers}
    named = headers if "host" in given else {"Host": host if port in {80, 443} else f"{host}:{port}", **headers}
    scheme = "https" if url.startswith("https://") else "http"
    network = process.container.runtime.network
    await process.work(0.0008)
    return await process.pause(  # type: ignore[no-any-return]
        network.http(
            process.container.config.pod_ip, method, f"{scheme}://{address}:{port}{target}", named, body, patience, tls
        )
    )
