"""Calls to admission webhooks: to a Service of the cluster, or to a URL on this machine's loopback.

Mirrors ``apiserver/pkg/util/webhook``: TLS always, the CA of ``caBundle``, one POST with the timeout in the query. Nothing
outside this machine is ever called: other hosts are as unknown as they are to a cluster without a way out.
"""

import asyncio
import ipaddress
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.admission.webhook_review import CallFailed
from k8s_tutor.sim.network import NetworkError, tls
from k8s_tutor.sim.network.http import HttpRequest, HttpResponse, Incoming, read_response, request_bytes, split_url

if TYPE_CHECKING:
    from k8s_tutor.sim.clock import Clock
    from k8s_tutor.sim.machinery.store import Store
    from k8s_tutor.sim.network import Network

NAME_MISMATCHES = frozenset((62, 64))  # X509_V_ERR_HOSTNAME_MISMATCH, …_IP_ADDRESS_MISMATCH
STATUS_WORDS = {
    401: "the server has asked for the client to provide credentials",
    403: "the server does not allow access to the requested resource",
    404: "the server could not find the requested resource",
    503: "the server is currently unable to handle the request",
}


class Kit(Protocol):
    """What the caller needs of a cluster."""

    clock: "Clock"
    store: "Store"

    @property
    def network(self) -> "Network":
        """The cluster's network."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """Where a webhook is: what is called, and the authorities (PEM) that are believed."""

    url: str
    authorities: str
    service: Json | None = None


class WebhookCaller:
    """Calls webhooks for one cluster."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def call(self, target: Target, body: bytes, timeout: int) -> bytes:  # noqa: ASYNC109 - the webhook's own
        """Send a review; returns the answer's body.

        Raises:
            CallFailed: no answer with status 200.
        """
        shown = f"{target.url}?timeout={timeout}s"
        try:
            response = await asyncio.wait_for(self._post(target, shown, body, timeout), timeout + 1)
        except TimeoutError:
            raise _failed(shown, "context deadline exceeded") from None
        except tls.TlsError as error:
            raise _failed(shown, _tls_words(error, split_url(target.url)[0])) from None
        except (OSError, ValueError) as error:
            raise _failed(shown, str(error) or "EOF") from None
        if response.status >= 300:
            raise CallFailed(f"failed to call webhook: {_status_words(response)}")
        return response.body

    async def _post(self, target: Target, url: str, body: bytes, patience: int) -> HttpResponse:
        host, port, path = split_url(url)
        context = tls.client_context(target.authorities)
        headers = {"Host": host if port == 443 else f"{host}:{port}", "Content-Type": "application/json"}
        request = HttpRequest("POST", path, headers | {"Accept": "application/json, */*", "Connection": "close"}, body)
        if target.service is not None:
            return await self._inside(target.service, context, request, patience)
        with self._kit.clock.hold():
            return await asyncio.wait_for(_outside(host, port, context, request), patience)

    async def _inside(
        self, service: Json, context: ssl.SSLContext, request: HttpRequest, patience: int
    ) -> HttpResponse:
        namespace, name, port = service["namespace"], service["name"], service.get("port") or 443
        found = self._kit.store.get("services", namespace, name)
        if found is None:
            raise ConnectionError(f'service "{name}" not found')
        ports = found.obj["spec"].get("ports") or ()
        if not any(entry["port"] == port for entry in ports):
            raise ConnectionError(f'no service port {port} found for service "{name}"')
        address = self._kit.network.services.endpoint_of(namespace, name, port)
        if address is None:
            raise ConnectionError(f'no endpoints available for service "{name}"')
        try:
            stream = await self._kit.network.connect(None, *address, patience)
        except NetworkError as error:
            if error.kind == "timeout":
                raise TimeoutError from None
            words = f"connect: {error.message.lower()}"
            raise ConnectionError(f"dial tcp {address[0]}:{address[1]}: {words}") from None
        try:
            secure = await tls.client(stream, context, f"{name}.{namespace}.svc")
            await secure.write(request_bytes(request))
            return await read_response(secure)
        finally:
            stream.close()


async def _outside(host: str, port: int, context: ssl.SSLContext, request: HttpRequest) -> HttpResponse:
    """POST to a port of this machine."""
    _require_loopback(host, port)
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        raise tls.TlsError(str(error), verify=error.verify_message, code=error.verify_code) from None
    except ssl.SSLError as error:
        raise tls.TlsError(str(error), plain="VERSION" in str(error.reason)) from None
    except ConnectionRefusedError:
        raise ConnectionError(f"dial tcp 127.0.0.1:{port}: connect: connection refused") from None
    try:
        writer.write(request_bytes(request))
        return await read_response(_Reading(reader))
    finally:
        writer.close()


def _require_loopback(host: str, port: int) -> None:
    if host == "localhost":
        return
    try:
        if ipaddress.ip_address(host).is_loopback:
            return
    except ValueError:
        raise ConnectionError(f"dial tcp: lookup {host}: no such host") from None
    raise ConnectionError(f"dial tcp {host}:{port}: connect: network is unreachable")


class _Reading(Incoming):
    """asyncio's reader as the messages' reader wants it."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def read(self, size: int = 65536) -> bytes:
        return await self._reader.read(size)

    async def read_line(self, limit: int = 65536) -> bytes:
        del limit
        return await self._reader.readline()

    async def read_exactly(self, size: int) -> bytes:
        return await self._reader.readexactly(size)


def _failed(url: str, why: str) -> CallFailed:
    return CallFailed(f'failed to call webhook: Post "{url}": {why}')


def _tls_words(error: tls.TlsError, host: str) -> str:
    if error.plain:
        return "http: server gave HTTP response to HTTPS client"
    if error.code in NAME_MISMATCHES:
        return f"tls: failed to verify certificate: x509: certificate is valid for other names, not {host}"
    if error.verify == "certificate has expired":
        return "tls: failed to verify certificate: x509: certificate has expired or is not yet valid"
    if error.verify:
        return "tls: failed to verify certificate: x509: certificate signed by unknown authority"
    return f"remote error: tls: {error}"


def _status_words(response: HttpResponse) -> str:
    if response.status in STATUS_WORDS:
        return STATUS_WORDS[response.status]
    if response.status >= 500:
        text = response.body.decode("utf-8", "replace").strip()
        return f'an error on the server ("{text}") has prevented the request from succeeding'
    return "the server rejected our request for an unknown reason"
