"""A small HTTPS client for tests: raw requests, no client library in between."""

import asyncio
import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from tests.conftest import Server


@dataclass
class Answer:
    """Status, body and headers."""

    status: int
    body: Any
    headers: dict[str, list[str]]


def _send(server: Server, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
    context = ssl.create_default_context(cadata=server.cluster.identity.ca_pem)
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(server.url + path, data, headers, method=method)  # noqa: S310 - our own URL
    try:
        with urllib.request.urlopen(request, context=context, timeout=20) as reply:  # noqa: S310 - as above
            raw, status, found = reply.read(), reply.status, reply.headers
    except urllib.error.HTTPError as error:
        raw, status, found = error.read(), error.code, error.headers
    lists: dict[str, list[str]] = {}
    for key, value in found.items():
        lists.setdefault(key.lower(), []).append(value)
    try:
        parsed = json.loads(raw)
    except ValueError:
        parsed = raw.decode("utf-8", "replace")
    return Answer(status, parsed, lists)


async def call(
    server: Server, method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str
) -> Answer:
    """Send a request; keyword arguments are headers (``content_type="…"``)."""
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    if body is not None:
        sent.setdefault("content-type", "application/json")
    if token is None:
        token = server.token
    if token:
        sent["authorization"] = f"Bearer {token}"
    return await asyncio.to_thread(_send, server, method, path, body, sent)


def configmap(name: str, **data: str) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


CONFIGMAPS = "/api/v1/namespaces/default/configmaps"
