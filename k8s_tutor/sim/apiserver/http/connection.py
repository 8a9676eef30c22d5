"""One connection: reads requests, answers them in order, streams, and hands itself over on an upgrade.

A handler that answers at once is served inside ``data_received``, without a task; one that waits (a watch, ``logs -f``,
``exec``) gets a task, which is cancelled when the client leaves.
"""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import orjson

from k8s_tutor.sim.apiserver.http.message import (
    JSON,
    REASONS,
    Answer,
    Handler,
    HttpError,
    Request,
    Response,
    Streaming,
    Upgrade,
)
from k8s_tutor.sim.machinery.status import ApiError

MAX_HEAD = 1 << 16
MAX_BODY = 3 << 20  # as kube-apiserver's MaxRequestBodyBytes
NO_CACHE = ("Cache-Control", "no-cache, private")
BODYLESS = frozenset((HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED, HTTPStatus.SWITCHING_PROTOCOLS))
LINGER_SECONDS = 2.0
TOO_LARGE = ApiError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {MAX_BODY}")


class Connection(asyncio.Protocol):
    """The server's side of one connection.

    Args:
        handler: answers requests.
        date: gives the ``Date`` header's value.
        connections: the server's set of open connections.
    """

    def __init__(self, handler: Handler, date: Callable[[], str], connections: "set[Connection]") -> None:
        self._handler = handler
        self._date = date
        self._connections = connections
        self._buffer = bytearray()
        self._request: Request | None = None
        self._need = 0
        self._chunked = False
        self._task: asyncio.Task[None] | None = None
        self._keep_alive = True
        self._resume: asyncio.Future[None] | None = None
        self._paused = False
        self._raw: Callable[[bytes], None] | None = None
        self._closing: asyncio.Future[None] | None = None
        self.transport: asyncio.Transport
        self.closed = False

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._connections.discard(self)
        for future in (self._resume, self._closing):
            if future is not None and not future.done():
                future.set_result(None)
        if self._raw is not None:
            self._raw(b"")
        elif self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        if self._resume is not None and not self._resume.done():
            self._resume.set_result(None)

    def data_received(self, data: bytes) -> None:
        if self._raw is not None:
            self._raw(data)
            return
        self._buffer += data
        if self._task is None:
            self._serve()

    # -- for handlers

    @property
    def peer_certificate(self) -> bytes | None:
        """The client certificate (DER) that the TLS layer verified, or None."""
        tls = self.transport.get_extra_info("ssl_object")
        return tls.getpeercert(binary_form=True) if tls is not None else None

    @property
    def busy(self) -> bool:
        """A request is being answered that takes its time (a watch, a stream)."""
        return self._task is not None

    @property
    def peer(self) -> str:
        """The client's address."""
        name = self.transport.get_extra_info("peername")
        return name[0] if name else ""

    def write(self, data: bytes) -> None:
        """Send raw bytes."""
        if not self.closed:
            self.transport.write(data)

    async def drain(self) -> None:
        """Wait while the transport's buffer is over its limit."""
        if self._paused and not self.closed:
            self._resume = asyncio.get_running_loop().create_future()
            await self._resume
        if self.closed:
            raise ConnectionResetError

    async def wait_closed(self) -> None:
        """Return when the connection has ended."""
        if not self.closed:
            if self._closing is None:
                self._closing = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._closing)

    def take_over(self, receive: Callable[[bytes], None]) -> None:
        """Give all further bytes to ``receive`` (empty: the connection has ended); what is buffered first."""
        self._raw = receive
        if self._buffer:
            data, self._buffer = bytes(self._buffer), bytearray()
            receive(data)

    def close(self) -> None:
        """End the connection after what was written."""
        self.transport.close()

    # -- reading requests

    def _serve(self) -> None:
        """Answer the requests that are complete, until one waits."""
        while self._task is None and not self.closed:
            try:
                request = self._next()
                if request is None:
                    return
                answer = self._handler(request)
            except HttpError as error:
                self._refuse(error)
                return
            if isinstance(answer, Response):
                self._send(answer, head_only=request.method == "HEAD")
            else:
                self._task = asyncio.get_running_loop().create_task(self._finish(request, answer))

    def _refuse(self, error: HttpError) -> None:
        """Answer what cannot be served, and let the client finish sending, or it would not read the answer."""
        body = error.message.encode()
        headers = [
            NO_CACHE,
            ("Content-Type", error.content_type),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
        ]
        self.transport.write(self._head(error.status, headers) + body)
        self._buffer.clear()
        self._raw = _discard
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self.transport.close)

    async def _finish(self, request: Request, answer: Streaming | Upgrade | Awaitable[Answer]) -> None:
        try:
            done = answer if isinstance(answer, Streaming | Upgrade) else await answer
            if isinstance(done, Streaming):
                await self._stream(done)
            elif isinstance(done, Upgrade):
                await self._upgrade(done)
            else:
                self._send(done, head_only=request.method == "HEAD")
        except (ConnectionError, asyncio.CancelledError):
            self.close()
            raise
        finally:
            self._task = None
        self._serve()

    def _next(self) -> Request | None:
        """Return the next complete request, or None until more bytes come."""
        if self._request is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > MAX_HEAD:
                    raise HttpError(431, "request header too large")
                return None
            head = bytes(self._buffer[:end])
            del self._buffer[: end + 4]
            self._request = self._parse(head)
        request = self._request
        if self._chunked:
            if not self._take_chunks(request):
                return None
        elif self._need:
            if len(self._buffer) < self._need:
                return None
            request.body = bytes(self._buffer[: self._need])
            del self._buffer[: self._need]
        self._request = None
        return request

    def _parse(self, head: bytes) -> Request:
        lines = head.decode("utf-8", "replace").split("\r\n")
        parts = lines[0].split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            raise HttpError(400, "400 Bad Request")
        headers: list[tuple[str, str]] = []
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon:
                raise HttpError(400, "400 Bad Request")
            headers.append((name.lower(), value.strip()))
        request = Request(parts[0], parts[1], headers, self)
        connection = request.headers.get("connection", "").lower()
        self._keep_alive = connection != "close" and (parts[2] == "HTTP/1.1" or connection == "keep-alive")
        self._chunked = request.headers.get("transfer-encoding", "").lower() == "chunked"
        length = request.headers.get("content-length", "0")
        if not length.isdecimal():
            raise HttpError(400, "400 Bad Request")
        self._need = int(length)
        if self._need > MAX_BODY:
            raise _too_large()
        if request.headers.get("expect", "").lower() == "100-continue":
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return request

    def _take_chunks(self, request: Request) -> bool:
        """Move complete chunks into the body; whether the last has come."""
        while True:
            end = self._buffer.find(b"\r\n")
            if end < 0:
                return False
            try:
                size = int(bytes(self._buffer[:end]).split(b";")[0], 16)
            except ValueError:
                raise HttpError(400, "400 Bad Request") from None
            if len(self._buffer) < end + 2 + size + 2:
                return False
            request.body += self._buffer[end + 2 : end + 2 + size]
            if len(request.body) > MAX_BODY:
                raise _too_large()
            del self._buffer[: end + 2 + size + 2]
            if size == 0:
                return True

    # -- answering

    def _head(self, status: int, headers: list[tuple[str, str]]) -> bytes:
        lines = [f"HTTP/1.1 {status} {REASONS.get(status, '')}"]
        lines += [f"{name}: {value}" for name, value in headers]
        lines.append(f"Date: {self._date()}\r\n\r\n")
        return "\r\n".join(lines).encode("utf-8")

    def _send(self, answer: Response, *, head_only: bool = False) -> None:
        if self.closed:
            return
        headers = answer.headers
        if answer.status not in BODYLESS:
            headers = [
                *headers,
                ("Content-Type", answer.content_type),
                ("Content-Length", str(len(answer.body))),
            ]
        if not self._keep_alive:
            headers = [*headers, ("Connection", "close")]
        head = self._head(answer.status, headers)
        if head_only or not answer.body:
            self.transport.write(head)
        else:
            self.transport.write(head + answer.body)
        if not self._keep_alive:
            self.transport.close()

    async def _stream(self, answer: Streaming) -> None:
        cache = () if any(name == "Cache-Control" for name, _ in answer.headers) else (NO_CACHE,)
        headers = [*cache, *answer.headers, ("Content-Type", answer.content_type), ("Transfer-Encoding", "chunked")]
        self.write(self._head(answer.status, headers))
        await answer.run(Chunks(self))
        self.write(b"0\r\n\r\n")
        if not self._keep_alive:
            self.close()

    async def _upgrade(self, answer: Upgrade) -> None:
        self.write(self._head(101, answer.headers))
        try:
            await answer.run(self)
        finally:
            self.close()


def _discard(_: bytes) -> None:
    """Take the rest of a request that was refused."""


class Chunks:
    """Writes a chunked body."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def closed(self) -> bool:
        """The client has gone."""
        return self._connection.closed

    def write(self, data: bytes) -> None:
        """Send one chunk."""
        if data:
            self._connection.write(b"%x\r\n%b\r\n" % (len(data), data))

    async def drain(self) -> None:
        """Wait while the client reads more slowly than we write."""
        await self._connection.drain()

    @property
    def backlog(self) -> int:
        """Bytes that the client has not taken yet."""
        return self._connection.transport.get_write_buffer_size()

    def abort(self) -> None:
        """Cut the client off."""
        self._connection.transport.abort()

    async def wait_closed(self) -> None:
        """Return when the client has gone."""
        await self._connection.wait_closed()


def _too_large() -> HttpError:
    return HttpError(TOO_LARGE.code, orjson.dumps(TOO_LARGE.status()).decode() + "\n", JSON)
