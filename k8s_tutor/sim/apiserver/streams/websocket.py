"""The server's side of a WebSocket (RFC 6455): handshake, frames, pings, close."""

import asyncio
import base64
import hashlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from k8s_tutor.sim.apiserver.http.message import Channel, Request
from k8s_tutor.sim.machinery.status import bad_request

MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MAX_MESSAGE = 32 << 20


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the client."""

    text: bool
    data: bytes


def wants_websocket(request: Request) -> bool:
    """Whether the client asks for a WebSocket."""
    return request.headers.get("upgrade", "").lower() == "websocket"


def offered(request: Request) -> list[str]:
    """Return the sub-protocols that the client offers."""
    found: list[str] = []
    for name, value in request.header_lists:
        if name == "sec-websocket-protocol":
            found += [item.strip() for item in value.split(",") if item.strip()]
    return found


def choose(request: Request, served: Sequence[str]) -> str:
    """Return the first of the client's sub-protocols that is served; "" if it offers none.

    Raises:
        ApiError: 400 if none fits.
    """
    wanted = offered(request)
    if not wanted:
        return ""
    for name in wanted:
        if name in served:
            return name
    shown = " ".join(wanted)
    raise bad_request(f"unable to upgrade: unable to negotiate protocol: client supports [{shown}]")


def handshake(request: Request, protocol: str) -> list[tuple[str, str]]:
    """Return the headers of the answer 101.

    Raises:
        ApiError: 400.
    """
    key = request.headers.get("sec-websocket-key", "")
    if not key:
        raise bad_request("not a websocket handshake: 'Sec-WebSocket-Key' header is missing or blank")
    accept = base64.b64encode(hashlib.sha1(f"{key}{MAGIC}".encode()).digest()).decode()  # noqa: S324 - RFC 6455 says so
    headers = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept)]
    if protocol:
        headers.append(("Sec-WebSocket-Protocol", protocol))
    return headers


class WebSocket:
    """An open WebSocket over a connection that was taken over."""

    def __init__(self, connection: Channel) -> None:
        self._connection = connection
        self._buffer = bytearray()
        self._messages: deque[Message | None] = deque()
        self._waiting: asyncio.Future[None] | None = None
        self._parts: list[bytes] = []
        self._kind = BINARY
        self._closed = False
        connection.take_over(self._received)

    @property
    def closed(self) -> bool:
        """Nothing more can be sent."""
        return self._closed or self._connection.closed

    async def receive(self) -> Message | None:
        """Return the next message, None at the end."""
        while not self._messages:
            if self.closed:
                return None
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        message = self._messages.popleft()
        if message is None:
            self._messages.append(None)
        return message

    async def send(self, data: bytes, *, text: bool = False) -> None:
        """Send one message, waiting while the client is slow; BrokenPipeError if it has gone."""
        if self.closed:
            raise BrokenPipeError
        self._frame(TEXT if text else BINARY, data)
        try:
            await self._connection.drain()
        except ConnectionResetError:
            raise BrokenPipeError from None

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Send the closing frame."""
        if not self.closed:
            self._frame(CLOSE, code.to_bytes(2, "big") + reason.encode()[:120])
        self._closed = True

    def _frame(self, opcode: int, data: bytes) -> None:
        size = len(data)
        if size < 126:
            head = bytes((0x80 | opcode, size))
        elif size < 1 << 16:
            head = bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big")
        else:
            head = bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big")
        self._connection.write(head + data)

    def _received(self, data: bytes) -> None:
        if not data:
            self._end()
            return
        self._buffer += data
        while self._take():
            pass

    def _take(self) -> bool:
        """Take one frame out of the buffer; whether there was a whole one."""
        buffer = self._buffer
        if len(buffer) < 2:
            return False
        opcode, final, masked, size, at = buffer[0] & 15, buffer[0] & 128, buffer[1] & 128, buffer[1] & 127, 2
        if size >= 126:
            width = 2 if size == 126 else 8
            if len(buffer) < at + width:
                return False
            size = int.from_bytes(buffer[at : at + width], "big")
            at += width
        if size > MAX_MESSAGE:
            self.close(1009)
            self._end()
            return False
        mask = b""
        if masked:
            if len(buffer) < at + 4:
                return False
            mask = bytes(buffer[at : at + 4])
            at += 4
        if len(buffer) < at + size:
            return False
        payload = _unmask(bytes(buffer[at : at + size]), mask)
        del buffer[: at + size]
        self._handle(opcode, payload, final=bool(final))
        return True

    def _handle(self, opcode: int, payload: bytes, *, final: bool) -> None:
        if opcode == PING:
            self._frame(PONG, payload)
        elif opcode == CLOSE:
            self.close()
            self._end()
        elif opcode in {TEXT, BINARY, CONTINUATION}:
            if opcode != CONTINUATION:
                self._kind, self._parts = opcode, []
            self._parts.append(payload)
            if final:
                self._push(Message(self._kind == TEXT, b"".join(self._parts)))
                self._parts = []

    def _push(self, message: Message | None) -> None:
        self._messages.append(message)
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _end(self) -> None:
        self._closed = True
        self._push(None)


def _unmask(data: bytes, mask: bytes) -> bytes:
    """XOR with the repeated mask, as one big number: fast without a loop."""
    size = len(data)
    if not mask or not size:
        return data
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")
