"""``pods/log`` (upstream: ``core/pod/rest/log.go``; the text comes from the kubelet)."""

import asyncio
import base64
from collections.abc import Awaitable

from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.apiserver.http.message import Answer, Channel, Request, Response, Streaming, StreamWriter, Upgrade
from k8s_tutor.sim.apiserver.options import boolean, integer
from k8s_tutor.sim.apiserver.streams.websocket import WebSocket, choose, handshake, wants_websocket
from k8s_tutor.sim.apiserver.subresources.nodes import choose_container, kubelet_of, pod_of
from k8s_tutor.sim.machinery.status import FieldError, bad_request, invalid, not_allowed
from k8s_tutor.sim.network.streams import Pipe

TEXT = "text/plain"
BASE64 = "base64.binary.k8s.io"
PROTOCOLS = ("binary.k8s.io", BASE64)
STARTING = 0.02


class _Collector:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    async def write(self, data: bytes) -> None:
        self.parts.append(data)

    def close(self) -> None:
        """Nothing to do."""


def handle(call: Call) -> Answer | Awaitable[Answer]:
    """Answer with a container's log."""
    if call.request.method not in {"GET", "HEAD"}:
        raise not_allowed()
    _check(call)
    pod = pod_of(call)
    container = choose_container(pod, call.request.param("container"))
    if not pod["spec"].get("nodeName"):
        return Response(204)
    return _read(call, container, pod["spec"]["nodeName"])


def _check(call: Call) -> None:
    errors = []
    for name, least in (("tailLines", 0), ("limitBytes", 1), ("sinceSeconds", 1)):
        value = integer(call.request, name)
        if value is not None and value < least:
            text = f"Invalid value: {value}: must be greater than or equal to {least}"
            if least:
                text = f"Invalid value: {value}: must be greater than 0"
            errors.append(FieldError("FieldValueInvalid", name, text))
    if call.request.param("sinceSeconds") and call.request.param("sinceTime"):
        text = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified"
        errors.append(FieldError("FieldValueForbidden", "", text))
    if errors:
        raise invalid("PodLogOptions", "", call.info.name, errors)


async def _read(call: Call, container: str, node: str) -> Answer:
    request = call.request
    kubelet = kubelet_of(call, node)
    follow = boolean(request, "follow")
    options: dict[str, object] = {
        "follow": follow,
        "previous": boolean(request, "previous"),
        "since_seconds": integer(request, "sinceSeconds"),
        "since_time": request.param("sinceTime") or None,
        "tail_lines": integer(request, "tailLines"),
        "limit_bytes": integer(request, "limitBytes"),
        "timestamps": boolean(request, "timestamps"),
        "stream": request.param("stream") or None,
    }
    if not follow:
        collected = _Collector()
        try:
            await kubelet.logs(call.namespace, call.info.name, container, out=collected, **options)
        except ValueError as error:
            raise bad_request(str(error)) from None
        text = b"".join(collected.parts)
        if wants_websocket(request):
            pipe = Pipe()
            pipe.write_now(text)
            pipe.close()
            return _over_websocket(request, pipe)
        return Response(200, text, TEXT)
    pipe = Pipe()
    task = asyncio.get_running_loop().create_task(_fill(call, kubelet, container, pipe, options))
    done, _ = await asyncio.wait((task,), timeout=STARTING)
    if done and task.exception() is not None:
        raise task.exception() or RuntimeError
    if wants_websocket(request):
        return _over_websocket(request, pipe, task)
    return Streaming(_Follower(call, pipe, task).run, TEXT)


def _over_websocket(request: Request, pipe: Pipe, task: "asyncio.Task[None] | None" = None) -> Upgrade:
    """Send the text in messages, base64 if the client asks for that (upstream: ``wsstream.Reader``)."""
    protocol = choose(request, PROTOCOLS)

    async def serve(connection: Channel) -> None:
        socket = WebSocket(connection)
        try:
            while data := await pipe.read():
                coded = protocol == BASE64
                await socket.send(base64.b64encode(data) if coded else data, text=coded)
        except BrokenPipeError:
            return
        finally:
            if task is not None:
                task.cancel()
        socket.close()

    return Upgrade(serve, handshake(request, protocol))


async def _fill(call: Call, kubelet: object, container: str, pipe: Pipe, options: dict[str, object]) -> None:
    try:
        await kubelet.logs(call.namespace, call.info.name, container, out=pipe, **options)  # type: ignore[attr-defined]
    finally:
        pipe.close()


class _Follower:
    """Copies the log to the client until the container ends or the client leaves."""

    def __init__(self, call: Call, pipe: Pipe, task: "asyncio.Task[None]") -> None:
        self._call = call
        self._pipe = pipe
        self._task = task

    async def run(self, writer: StreamWriter) -> None:
        """Copy."""
        gone = asyncio.ensure_future(self._call.server.until_stopped(writer))
        copying = asyncio.ensure_future(self._copy(writer))
        try:
            await asyncio.wait((gone, copying), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (gone, copying, self._task):
                task.cancel()

    async def _copy(self, writer: StreamWriter) -> None:
        while data := await self._pipe.read():
            writer.write(data)
            await writer.drain()
