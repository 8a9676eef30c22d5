"""Requests and answers as the handlers see them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
REASONS = {status.value: status.phrase for status in HTTPStatus}


class HttpError(Exception):
    """A request that is not HTTP; the connection ends after the answer."""

    def __init__(self, status: int, message: str, content_type: str = TEXT) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.content_type = content_type


class Request:
    """One request.

    Attributes:
        method, target: of the request line.
        path: decoded, without the query.
        raw_query: undecoded.
        headers: by lower-case name; of a repeated header the last.
        header_lists: (lower-case name, value) of all, in order.
        body: complete.
        connection: on which it came (for streams).
        warnings: texts for the answer's ``Warning`` headers.
        reviews: the answers of admission webhooks, where the request waited for some.
    """

    __slots__ = (
        "_query",
        "body",
        "connection",
        "header_lists",
        "headers",
        "method",
        "path",
        "raw_query",
        "reviews",
        "target",
        "warnings",
    )

    def __init__(self, method: str, target: str, header_lists: list[tuple[str, str]], connection: "Channel") -> None:
        self.method = method
        self.target = target
        path, _, self.raw_query = target.partition("?")
        self.path = unquote(path) if "%" in path else path
        self.header_lists = header_lists
        self.headers = dict(header_lists)
        self.body = b""
        self.warnings: list[str] = []
        self.reviews: Any = None
        self.connection = connection
        self._query: dict[str, list[str]] | None = None

    @property
    def query(self) -> Mapping[str, list[str]]:
        """The query's parameters."""
        if self._query is None:
            self._query = parse_qs(self.raw_query, keep_blank_values=True) if self.raw_query else {}
        return self._query

    def param(self, name: str, default: str = "") -> str:
        """Return a query parameter's first value."""
        values = self.query.get(name)
        return values[0] if values else default


@dataclass(slots=True)
class Response:
    """A complete answer."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Streaming:
    """An answer of unknown length: ``run`` writes it and returns at its end."""

    run: "Callable[[StreamWriter], Awaitable[None]]"
    content_type: str = JSON
    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Upgrade:
    """The connection is taken over (WebSocket, SPDY) after ``101 Switching Protocols`` with these headers."""

    run: "Callable[[Channel], Awaitable[None]]"
    headers: list[tuple[str, str]]


class Channel(Protocol):
    """The connection that a request came on, for what takes it over or asks who is at its other end."""

    @property
    def peer_certificate(self) -> bytes | None:
        """The client certificate (DER) that the TLS layer verified, or None."""

    @property
    def closed(self) -> bool:
        """The client has gone."""

    def write(self, data: bytes) -> None:
        """Send raw bytes."""

    async def drain(self) -> None:
        """Wait while the client reads more slowly than we write; ConnectionError when it has gone."""

    def take_over(self, receive: Callable[[bytes], None]) -> None:
        """Give all further bytes to ``receive`` (empty: the connection has ended)."""


class StreamWriter(Protocol):
    """Writes a streamed answer."""

    def write(self, data: bytes) -> None:
        """Send; never waits (see ``drain``)."""

    async def drain(self) -> None:
        """Wait while the client reads more slowly than we write; ConnectionError when it has gone."""

    @property
    def closed(self) -> bool:
        """The client has gone."""

    @property
    def backlog(self) -> int:
        """Bytes that the client has not taken yet."""

    def abort(self) -> None:
        """Cut the client off."""

    async def wait_closed(self) -> None:
        """Return when the client has gone."""


Answer = Response | Streaming | Upgrade
Handler = Callable[[Request], Answer | Awaitable[Answer]]
