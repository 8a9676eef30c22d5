"""An admission webhook of our own, on loopback or in the pod network: a real HTTPS server with a certificate of the cluster's CA."""

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from k8s_tutor.sim.auth.pki import issue
from tests.conftest import Server

Json = dict[str, Any]
Decide = Callable[[Json], Json]


def allow(**more: Any) -> Decide:
    """Allow everything, with these further fields of the response."""
    return lambda _request: {"allowed": True} | more


def deny(message: str = "", code: int = 0) -> Decide:
    """Deny everything."""
    status = ({"message": message} if message else {}) | ({"code": code} if code else {})
    return lambda _request: {"allowed": False, "status": status}


def patch(*operations: Json) -> Json:
    """Return a response that patches."""
    return {
        "allowed": True,
        "patchType": "JSONPatch",
        "patch": base64.b64encode(json.dumps(operations).encode()).decode(),
    }


class Webhook:
    """The served webhook and what it was asked."""

    def __init__(self, decide: Decide, authority: str) -> None:
        self.decide = decide
        self.authority = base64.b64encode(authority.encode()).decode()
        self.requests: list[Json] = []
        self.port = 0
        self.lines: list[str] = []

    @property
    def url(self) -> str:
        """Where it is."""
        return f"https://127.0.0.1:{self.port}/review"

    def configuration(self, kind: str, name: str, **fields: Any) -> Json:
        """Return a configuration with this one webhook, for pods unless said otherwise."""
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
        hook = {
            "name": f"{name}.example.com",
            "clientConfig": {"url": self.url, "caBundle": self.authority},
            "rules": [rule],
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }
        api = "admissionregistration.k8s.io/v1"
        return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, "webhooks": [hook | fields]}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one review."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.lines.append(head.split("\r\n")[0])
        length = next(
            int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length")
        )
        review = json.loads(await reader.readexactly(length))
        self.requests.append(review["request"])
        response = {"uid": review["request"]["uid"]} | self.decide(review["request"])
        body = json.dumps(
            {"apiVersion": review["apiVersion"], "kind": "AdmissionReview", "response": response}
        ).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def webhook(server: Server, decide: Decide, folder: Path) -> AsyncIterator[Webhook]:
    """Serve a webhook on loopback."""
    identity = server.cluster.identity
    pair = issue(identity.ca, "webhook", hosts=("127.0.0.1", "localhost"))
    file = folder / "webhook.pem"
    file.write_text(pair.certificate + pair.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    made = Webhook(decide, identity.ca_pem)
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=context)
    made.port = listening.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        listening.close()
