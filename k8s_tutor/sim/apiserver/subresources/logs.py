"""``pods/log`` (upstream: ``core/pod/rest/log.go``; the text comes from the kubelet)."""

import asyncio
from collections.abc import Awaitable

from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.apiserver.http.message import Answer, Response, Streaming, StreamWriter
from k8s_tutor.sim.apiserver.options import boolean, integer
from k8s_tutor.sim.apiserver.subresources.nodes import choose_container, kubelet_of, pod_of
from k8s_tutor.sim.machinery.status import FieldError, bad_request, invalid, not_allowed
from k8s_tutor.sim.network.streams import Pipe

TEXT = "text/plain"
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
        return Response(200, b"".join(collected.parts), TEXT)
    pipe = Pipe()
    task = asyncio.get_running_loop().create_task(_fill(call, kubelet, container, pipe, options))
    done, _ = await asyncio.wait((task,), timeout=STARTING)
    if done and task.exception() is not None:
        raise task.exception() or RuntimeError
    return Streaming(_Follower(call, pipe, task).run, TEXT)


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
