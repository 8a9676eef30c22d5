"""HTTP probes: the request, redirects on the same host, and what the answer means (upstream: ``pkg/probe/http``).

Certificates are not looked at. A redirect to another host ends the probe with a warning, which counts as success.
"""

import urllib.parse
from dataclasses import dataclass
from typing import Literal

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet.probes.requests import dial_words, probe_headers, probe_url
from k8s_tutor.sim.network import HttpResponse, Network, NetworkError

Result = Literal["success", "failure", "warning"]
MAX_REDIRECTS = 10
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Asked:
    """An ``httpGet`` action, the pod's address, and the port by number."""

    action: Json
    pod_ip: str
    port: int


async def ask(network: Network, asked: Asked, timeout: float) -> tuple[Result, str]:  # noqa: ASYNC109 - cluster time
    """Ask once; returns the result and what an event says of it."""
    url = probe_url(asked.action, asked.pod_ip, asked.port)
    host = urllib.parse.urlsplit(url).hostname
    headers = probe_headers(asked.action, "probe")
    for _ in range(MAX_REDIRECTS):
        try:
            response = await network.http(None, "GET", url, headers, timeout=timeout)
        except NetworkError as error:
            return "failure", f'Get "{url}": {request_words(error, url)}'
        target = _target(response, url)
        if not target or urllib.parse.urlsplit(target).hostname != host:
            return _judge(response)
        url = target
    return "failure", f'Get "{url}": stopped after 10 redirects'


def _target(response: HttpResponse, url: str) -> str:
    """Return where a redirect leads, "" if the answer is none."""
    if response.status not in REDIRECTS:
        return ""
    location = next((value for name, value in response.headers.items() if name.lower() == "location"), "")
    return urllib.parse.urljoin(url, location) if location else ""


def _judge(response: HttpResponse) -> tuple[Result, str]:
    if 200 <= response.status < 300:
        return "success", response.text
    if 300 <= response.status < 400:
        return "warning", f"Probe terminated redirects, Response body: {response.text}"
    return "failure", f"HTTP probe failed with statuscode: {response.status}"


def request_words(error: NetworkError, url: str) -> str:
    """Return what Go's HTTP client says of a request that failed."""
    if error.kind == "timeout":
        return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    if error.kind == "reset":
        return "EOF"
    if error.kind == "tls":
        return "http: server gave HTTP response to HTTPS client"
    parts = urllib.parse.urlsplit(url)
    return f"dial tcp {parts.hostname}:{parts.port}: {dial_words(error)}"
