"""HTTP/1.1 between containers: requests and responses as values, and their form on a byte stream.

A server is a function from request to response. Clients inside the cluster call it directly (no bytes are made);
whoever comes with a byte stream (port-forward, ``nc``) is served by ``serve``.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol
from urllib.parse import unquote

MAX_HEAD = 65536


class Incoming(Protocol):
    """A byte stream to read a message from (a connection, with TLS or without)."""

    async def read(self, size: int = ...) -> bytes:
        """Return up to ``size`` bytes; empty at the end."""
        ...

    async def read_line(self, limit: int = ...) -> bytes:
        """Return a line, or what there is at the end."""
        ...

    async def read_exactly(self, size: int) -> bytes:
        """Return ``size`` bytes, fewer only at the end."""
        ...


class Duplex(Incoming, Protocol):
    """A connection that a server answers on."""

    @property
    def peer(self) -> tuple[str, int]:
        """The client's address and port."""
        ...

    async def write(self, data: bytes) -> None:
        """Send; BrokenPipeError when the other side has gone."""
        ...

    def close(self) -> None:
        """Leave."""
        ...


@dataclass(slots=True)
class HttpRequest:
    """One request; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    peer: str = ""
    version: str = "1.1"
    peer_port: int = 0

    @property
    def path(self) -> str:
        """The target without query, decoded."""
        return unquote(self.target.split("?", 1)[0]) or "/"

    @property
    def query(self) -> dict[str, str]:
        """The query's fields (the last of each name)."""
        return _fields(self.target.partition("?")[2])

    @property
    def form(self) -> dict[str, str]:
        """The fields of the query and, over them, of a posted form."""
        if self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return {**self.query, **_fields(self.body.decode("utf-8", "replace"))}
        return self.query


@dataclass(slots=True)
class HttpResponse:
    """One response."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    version: str = "1.1"

    @property
    def reason(self) -> str:
        """The status's phrase."""
        return phrase(self.status)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


Handler = Callable[[HttpRequest], HttpResponse | Awaitable[HttpResponse]]


def _fields(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split("&") if part)
    return {unquote(name.replace("+", " ")): unquote(value.replace("+", " ")) for name, _, value in pairs}


def phrase(status: int) -> str:
    """Return the standard phrase of a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


async def answer(handler: Handler, request: HttpRequest) -> HttpResponse:
    """Return what a server answers."""
    result = handler(request)
    return await result if inspect.isawaitable(result) else result


def request_bytes(request: HttpRequest) -> bytes:
    """Return a request as it goes over the wire."""
    lines = [f"{request.method} {request.target} HTTP/{request.version}"]
    lines.extend(f"{name.title()}: {value}" for name, value in request.headers.items())
    if request.body and "content-length" not in request.headers:
        lines.append(f"Content-Length: {len(request.body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + request.body


def response_bytes(response: HttpResponse, *, head_only: bool = False, close: bool = False) -> bytes:
    """Return a response as it goes over the wire."""
    lines = [f"HTTP/{response.version} {response.status} {response.reason}"]
    names = {name.lower() for name in response.headers}
    lines.extend(f"{name}: {value}" for name, value in response.headers.items())
    if "content-length" not in names:
        lines.append(f"Content-Length: {len(response.body)}")
    if close and "connection" not in names:
        lines.append("Connection: close")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if head_only else response.body)


async def serve(stream: Duplex, handler: Handler) -> None:
    """Serve requests that come over a connection until one side closes it."""
    try:
        while True:
            request = await read_request(stream)
            if request is None:
                break
            keep = request.headers.get("connection", "").lower() != "close" and request.version != "1.0"
            response = await answer(handler, request)
            head = request.method == "HEAD"
            await stream.write(response_bytes(response, head_only=head, close=not keep))
            if not keep:
                break
    except (BrokenPipeError, ValueError):
        pass
    finally:
        stream.close()


async def read_request(stream: Duplex) -> HttpRequest | None:
    """Read one request; None at the end of the stream.

    Raises:
        ValueError: it is not HTTP.
    """
    first = await stream.read_line(MAX_HEAD)
    if not first.strip():
        return None
    parts = first.decode("latin-1").split()
    if len(parts) != 3 or not parts[2].startswith("HTTP/"):
        await stream.write(response_bytes(HttpResponse(400, b"Bad Request"), close=True))
        raise ValueError(first)
    headers = await _read_headers(stream)
    body = await _read_body(stream, headers)
    return HttpRequest(
        parts[0], parts[1], headers, body, stream.peer[0], parts[2].removeprefix("HTTP/"), stream.peer[1]
    )


async def read_response(stream: Incoming, *, head_only: bool = False) -> HttpResponse:
    """Read one response.

    Raises:
        ValueError: it is not HTTP.
    """
    first = (await stream.read_line(MAX_HEAD)).decode("latin-1").split(None, 2)
    if len(first) < 2 or not first[0].startswith("HTTP/") or not first[1].isdigit():
        raise ValueError(first)
    headers = await _read_headers(stream)
    body = b""
    if not head_only:
        if "content-length" in headers or headers.get("transfer-encoding") == "chunked":
            body = await _read_body(stream, headers)
        else:
            while data := await stream.read():
                body += data
    return HttpResponse(int(first[1]), body, headers, first[0].removeprefix("HTTP/"))


async def _read_headers(stream: Incoming) -> dict[str, str]:
    headers: dict[str, str] = {}
    while line := (await stream.read_line(MAX_HEAD)).decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers


async def _read_body(stream: Incoming, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while size := int((await stream.read_line()).strip() or b"0", 16):
            body += await stream.read_exactly(size)
            await stream.read_line()
        await stream.read_line()
        return body
    size = int(headers.get("content-length", "0") or 0)
    return await stream.read_exactly(size) if size else b""


def split_url(url: str, default_port: int = 80) -> tuple[str, int, str]:
    """Return host, port and target of an http URL (the scheme may be missing).

    Raises:
        ValueError: the port is no number.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "http", url
    for mark in "/?#":
        index = rest.find(mark)
        if index >= 0:
            authority, target = rest[:index], rest[index:]
            break
    else:
        authority, target = rest, "/"
    authority = authority.rsplit("@", 1)[-1]
    host, colon, port = authority.rpartition(":")
    if not colon or "]" in port:
        host, port = authority, ""
    number = int(port) if port else (443 if scheme == "https" else default_port)
    target = target.split("#", 1)[0]
    return host.strip("[]"), number, target if target.startswith("/") else "/" + target


def lower(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return headers with their names in lower case."""
    return {name.lower(): value for name, value in headers}
