"""exec, attach and port-forward: the channels of Kubernetes' websocket protocols over the official package's socket.

Protocol ``v5.channel.k8s.io``: the first byte of a frame is the channel (0 stdin, 1 stdout, 2 stderr, 3 the final
Status, 4 terminal size, 255 closes the channel named by the next byte). A port-forward socket has two channels a port,
data and error, each opened by a frame with the port's number.
"""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import orjson

from k8s_tutor.client import official
from k8s_tutor.client.errors import ApiError, ConnectionFailedError
from k8s_tutor.client.kubeconfig import Target

STDIN, STDOUT, STDERR, STATUS, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
EXEC_PROTOCOLS = "v5.channel.k8s.io,v4.channel.k8s.io"
FORWARD_PROTOCOL = "portforward.k8s.io"
_CHOSEN = "sec-websocket-protocol"


class Channels:
    """One open websocket with channels.

    Args:
        sock: the connected websocket.
    """

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._send = threading.Lock()
        self._closed = threading.Event()
        self.status: dict[str, Any] | None = None
        # The library reports a subprotocol only if it was asked for through its own option, not through a header.
        headers = sock.getheaders() or {}
        self.protocol: str = next((value for name, value in headers.items() if name.lower() == _CHOSEN), "")

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """Yield (channel, data) until the other side closes; the Status is kept, not yielded."""
        websocket = official.part("kubernetes.stream.ws_client")
        while not self._closed.is_set():
            try:
                opcode, frame = self._sock.recv_data_frame(True)
            except (websocket.WebSocketConnectionClosedException, OSError):
                return
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                return
            if opcode not in {websocket.ABNF.OPCODE_BINARY, websocket.ABNF.OPCODE_TEXT} or not frame.data:
                continue
            channel, data = frame.data[0], bytes(frame.data[1:])
            if channel == STATUS and self.protocol != FORWARD_PROTOCOL:
                self.status = orjson.loads(data)
            elif channel != CLOSE and data:
                yield channel, data

    def write(self, channel: int, data: bytes) -> None:
        """Send data to a channel; large data goes in several frames."""
        for start in range(0, len(data), 32768):
            self._frame(bytes([channel]) + data[start : start + 32768])

    def close_stdin(self) -> None:
        """Tell the program that its input ended."""
        if self.protocol.startswith("v5"):
            self._frame(bytes([CLOSE, STDIN]))

    def resize(self, width: int, height: int) -> None:
        """Tell the size of the terminal, in characters."""
        self.write(RESIZE, orjson.dumps({"Width": width, "Height": height}))

    def close(self) -> None:
        """Cut the stream, also under a reader in another thread."""
        if not self._closed.is_set():
            self._closed.set()
            inner = getattr(self._sock, "sock", None)
            try:
                if inner is not None:
                    inner.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            self._sock.close(timeout=0)
            # After the other side's close frame `close` does nothing any more: the socket itself is still open.
            self._sock.shutdown()

    def _frame(self, payload: bytes) -> None:
        websocket = official.part("kubernetes.stream.ws_client")
        with self._send:
            try:
                self._sock.send(payload, opcode=websocket.ABNF.OPCODE_BINARY)
            except (websocket.WebSocketConnectionClosedException, OSError):
                # The program ended first: what it did not read is lost, as in a closed pipe.
                self._closed.set()


def open_channels(target: Target, configuration: Any, path: str, protocols: str) -> Channels:
    """Connect a websocket to a subresource.

    Raises:
        ApiError: the server refused the upgrade, with its Status.
        ConnectionFailedError: nobody answers.
    """
    stream = official.part("kubernetes.stream.ws_client")
    websocket = official.part("websocket")
    headers = target.headers()
    extra = [f"{name}: {value}" for name, value in headers.items() if name != "Authorization"]
    extra += [f"Impersonate-Group: {group}" for group in target.impersonate_groups]
    wanted = {"sec-websocket-protocol": protocols}
    if "Authorization" in headers:
        wanted["authorization"] = "\r\n".join([headers["Authorization"], *extra])
    elif extra:
        wanted["sec-websocket-protocol"] = "\r\n".join([protocols, *extra])
    url = stream.get_websocket_url(target.server + path)
    try:
        return Channels(stream.create_websocket(configuration, url, wanted))
    except websocket.WebSocketBadStatusException as error:
        body = error.resp_body or b""
        raise ApiError.from_answer(error.status_code, body if isinstance(body, bytes) else body.encode()) from None
    except ConnectionRefusedError as error:
        raise ConnectionFailedError(target.server, "refused", str(error)) from None
    except (websocket.WebSocketException, OSError) as error:
        raise ConnectionFailedError(target.server, "network", str(error)) from None


def exit_code(status: dict[str, Any] | None) -> int | None:
    """Read the exit code from the final Status; None if the failure is not an exit of the program."""
    if status is None or status.get("status") == "Success":
        return 0
    if status.get("reason") == "NonZeroExitCode":
        for cause in status.get("details", {}).get("causes", ()):
            if cause.get("reason") == "ExitCode":
                return int(cause["message"])
    return None


class PortStream:
    """One forwarded connection: bytes to and from a port of the pod."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._opened: set[int] = set()
        self.error = ""

    def write(self, data: bytes) -> None:
        """Send to the pod."""
        self._channels.write(0, data)

    def chunks(self) -> Iterator[bytes]:
        """Yield what the pod sends, until it closes or fails; a failure is kept in ``error``."""
        for channel, data in self._channels.frames():
            if channel not in self._opened:
                # The first frame of each channel carries the port's number.
                self._opened.add(channel)
                payload = data[2:]
            else:
                payload = data
            if channel == 1 and payload:
                self.error += payload.decode("utf-8", "replace")
                return
            if channel == 0 and payload:
                yield payload

    def close(self) -> None:
        """End the connection."""
        self._channels.close()
