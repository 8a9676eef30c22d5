"""``proxy`` of pods, services and nodes: HTTP requests passed on into the cluster network.

Mirrors ``apimachinery/pkg/util/proxy`` and ``core/*/rest/proxy``: names may carry scheme and port
(``https:web:8080``); the proxy's own path without its last slash is a redirect, so that relative links work.
"""

import asyncio
import random

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.apiserver.http.message import Response
from k8s_tutor.sim.apiserver.subresources.nodes import kubelet_of
from k8s_tutor.sim.apiserver.subresources.rewriting import Links
from k8s_tutor.sim.machinery.status import ApiError, bad_request, not_found
from k8s_tutor.sim.network import HttpResponse, NetworkError

TIMEOUT = 30.0
HOP_BY_HOP = frozenset(
    [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "content-length",
        "content-type",
        "date",
    ]
)
NOT_SENT = frozenset(
    ["host", "connection", "authorization", "content-length", "accept-encoding", "upgrade", "transfer-encoding"]
)


async def handle(call: Call) -> Response:
    """Pass the request on."""
    if call.resource.name == "nodes":
        return await _node(call)
    scheme, name, port = _split(call.info.name)
    if call.resource.name == "pods":
        host, number = _pod(call, name, port)
    else:
        host, number = _service(call, name, port)
    query = f"?{call.request.raw_query}" if call.request.raw_query else ""
    if not call.info.rest and call.request.method in {"GET", "HEAD"} and not call.request.path.endswith("/"):
        return Response(301, b"", "text/plain", [("Location", f"{call.request.path}/{query}")])
    url = f"{scheme or 'http'}://{host}:{number}/{call.info.rest}{_slash(call)}{query}"
    headers = {key: value for key, value in call.request.headers.items() if key not in NOT_SENT}
    headers["x-forwarded-uri"] = call.request.path
    try:
        done = await asyncio.wait_for(
            call.server.cluster.network.http(None, call.request.method, url, headers, call.request.body), TIMEOUT
        )
    except (NetworkError, TimeoutError) as error:
        text = f"error trying to reach service: {error}"
        raise ApiError(503, "ServiceUnavailable", text) from None
    return _answer(call, done, f"{host}:{number}")


def _answer(call: Call, done: HttpResponse, host: str) -> Response:
    """Return a server's answer with its links led back here."""
    kept = [(key, value) for key, value in done.headers.items() if key.lower() not in HOP_BY_HOP]
    kind = next((value for key, value in done.headers.items() if key.lower() == "content-type"), "text/plain")
    prefix = call.request.path.removesuffix("/").removesuffix(call.info.rest.removesuffix("/")).removesuffix("/")
    links = Links(prefix, host, call.request.headers.get("host", ""))
    if any(key.lower() == "location" for key, _ in kept):
        kept = [(key, links.url(value) if key.lower() == "location" else value) for key, value in kept]
    elif kind.split(";")[0].strip() == "text/html" and not any(key.lower() == "content-encoding" for key, _ in kept):
        return Response(done.status, links.page(done.text).encode(), kind, kept)
    return Response(done.status, done.body, kind, kept)


def _slash(call: Call) -> str:
    return "/" if call.info.rest and call.request.path.endswith("/") else ""


def _split(name: str) -> tuple[str, str, str]:
    """Return scheme, name and port of ``name``, ``name:port`` or ``scheme:name:port``."""
    parts = name.split(":")
    if len(parts) == 1:
        return "", parts[0], ""
    if len(parts) == 2:
        return "", parts[0], parts[1]
    if len(parts) == 3 and parts[0] in {"", "http", "https"}:
        return parts[0], parts[1], parts[2]
    raise bad_request(f'invalid service request "{name}"')


def _pod(call: Call, name: str, port: str) -> tuple[str, str]:
    entry = call.server.rest.store.get("pods", call.namespace, name)
    if entry is None:
        raise not_found("pods", "", name)
    address = entry.obj.get("status", {}).get("podIP", "")
    if not address:
        raise bad_request("address not allowed")
    if not port:
        ports = [p for c in entry.obj["spec"].get("containers") or () for p in c.get("ports") or ()]
        port = str(ports[0]["containerPort"]) if ports else "80"
    return address, port


def _service(call: Call, name: str, port: str) -> tuple[str, str]:
    """Return an endpoint of the service, chosen from its slices as the API server does."""
    entry = call.server.rest.store.get("services", call.namespace, name)
    if entry is None:
        raise ApiError(503, "ServiceUnavailable", f'no endpoints available for service "{name}"')
    wanted = _service_port(entry.obj, port)
    ready: list[tuple[str, str]] = []
    for found in call.server.rest.store.entries("endpointslices.discovery.k8s.io", call.namespace):
        slice_ = found.obj
        if (slice_["metadata"].get("labels") or {}).get("kubernetes.io/service-name") != name:
            continue
        for candidate in slice_.get("ports") or ():
            if wanted is None or (candidate.get("name") or "") == wanted:
                ready.extend(
                    (endpoint["addresses"][0], str(candidate["port"]))
                    for endpoint in slice_.get("endpoints") or ()
                    if (endpoint.get("conditions") or {}).get("ready", True)
                )
    if ready:
        return random.choice(ready)
    text = f'no endpoints available for service "{call.info.name}"'
    raise ApiError(503, "ServiceUnavailable", text)


def _service_port(service: Json, port: str) -> str | None:
    """Return the name of the service's port; None: any."""
    ports = service["spec"].get("ports") or ()
    if not port:
        return next((found.get("name") or "" for found in ports), "") if len(ports) == 1 else None
    for found in ports:
        if port in {found.get("name", ""), str(found["port"])}:
            return found.get("name") or ""
    name = service["metadata"]["name"]
    raise ApiError(503, "ServiceUnavailable", f'no service port "{port}" found for service "{name}"')


async def _node(call: Call) -> Response:
    """What the kubelet itself serves: ``/healthz``, ``/pods``, ``/metrics``, ``/stats/summary`` and others."""
    name = call.info.name.split(":")[0]
    if call.server.rest.store.get("nodes", "", name) is None:
        raise not_found("nodes", "", name)
    page = kubelet_of(call, name).answer(call.info.rest)
    return Response(page.status, page.body, page.type)
