"""Several byte streams in one WebSocket: each message begins with its channel (``v4``/``v5.channel.k8s.io``).

0 stdin, 1 stdout, 2 stderr, 3 status, 4 terminal size; in v5 a message ``255 n`` says that channel n has ended.
"""

import base64

import orjson

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.apiserver.streams.websocket import WebSocket
from k8s_tutor.sim.runtime.contract import ExecError
from k8s_tutor.sim.runtime.streams import Pipe, ResizeQueue

STDIN, STDOUT, STDERR, STATUS, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
V5, V4, V3, V2, V1 = (f"v{number}.channel.k8s.io" for number in (5, 4, 3, 2, 1))
PLAIN, BASE64 = "channel.k8s.io", "base64.channel.k8s.io"
EXEC_PROTOCOLS = (V5, V4, V3, V2, V1, PLAIN, BASE64, "v4.base64.channel.k8s.io")


class ChannelWriter:
    """Writes to one channel."""

    def __init__(self, channels: "Channels", number: int) -> None:
        self._channels = channels
        self._number = number

    async def write(self, data: bytes) -> None:
        """Send all of it; BrokenPipeError if the client has gone."""
        await self._channels.send(self._number, data)

    def close(self) -> None:
        """Nothing: channels end with the whole."""


class Channels:
    """The channels of an exec or attach.

    Args:
        socket: the WebSocket.
        protocol: the agreed sub-protocol.
    """

    def __init__(self, socket: WebSocket, protocol: str) -> None:
        self._socket = socket
        self._base64 = "base64" in protocol
        self._ends_channels = protocol == V5
        self._tells_status = protocol.startswith(("v4.", "v5."))
        self.stdin = Pipe()
        self.resize = ResizeQueue()
        self._stdin_open = True

    async def send(self, number: int, data: bytes) -> None:
        """Send bytes on a channel."""
        if self._base64:
            await self._socket.send(b"%d" % number + base64.b64encode(data), text=True)
        else:
            await self._socket.send(bytes((number,)) + data)

    async def pump(self) -> None:
        """Take the client's messages until it leaves; stdin waits while nobody reads it."""
        while (message := await self._socket.receive()) is not None:
            if not message.data:
                continue
            number, data = message.data[0], message.data[1:]
            if self._base64:
                number, data = number - ord("0"), base64.b64decode(data)
            if number == STDIN:
                await self._input(data)
            elif number == RESIZE:
                self._resized(data)
            elif number == CLOSE and self._ends_channels and data[:1] == bytes((STDIN,)):
                self.end_input()
        self.end_input()

    async def _input(self, data: bytes) -> None:
        if self._stdin_open:
            try:
                await self.stdin.write(data)
            except BrokenPipeError:
                self._stdin_open = False

    def _resized(self, data: bytes) -> None:
        try:
            size = orjson.loads(data)
            self.resize.put(int(size["Width"]), int(size["Height"]))
        except (ValueError, KeyError, TypeError):
            return  # a size that cannot be read changes nothing

    def end_input(self) -> None:
        """No more input will come."""
        if self._stdin_open:
            self._stdin_open = False
            self.stdin.close()

    async def finish(self, status: Json) -> None:
        """Send the final status and close; older protocols tell a failure as text, and a success not at all."""
        try:
            if self._tells_status:
                await self.send(STATUS, orjson.dumps(status))
            elif status["status"] != "Success":
                await self.send(STATUS, status["message"].encode())
        except BrokenPipeError:
            return
        self._socket.close()


def success() -> Json:
    """The command ended with 0."""
    return {"metadata": {}, "status": "Success"}


def exited(code: int) -> Json:
    """The status of a command that ended with this exit code."""
    if code == 0:
        return success()
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: exit status {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def failed(error: Exception) -> Json:
    """The status of a command that could not be executed, in the kubelet's words."""
    text = str(error)
    if isinstance(error, ExecError):
        text = f"Internal error occurred: error executing command in container: {error.message}"
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"Internal error occurred: {text}",
        "reason": "InternalError",
        "details": {"causes": [{"message": text}]},
        "code": 500,
    }
