"""``exec``, ``attach`` and ``portforward`` over WebSockets (upstream: ``core/pod/rest/subresources.go``)."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.apiserver.http.message import Channel, Upgrade
from k8s_tutor.sim.apiserver.options import boolean
from k8s_tutor.sim.apiserver.streams import portforward
from k8s_tutor.sim.apiserver.streams.channels import (
    EXEC_PROTOCOLS,
    STDERR,
    STDOUT,
    Channels,
    ChannelWriter,
    exited,
    failed,
    success,
)
from k8s_tutor.sim.apiserver.streams.websocket import WebSocket, choose, handshake, wants_websocket
from k8s_tutor.sim.apiserver.subresources.nodes import choose_container, kubelet_of, pod_of
from k8s_tutor.sim.machinery.status import ApiError, bad_request, not_allowed
from k8s_tutor.sim.network import Stream
from k8s_tutor.sim.runtime.contract import ExecError

Run = Callable[[Channels], Awaitable[Json]]
ENDED = frozenset(("Succeeded", "Failed"))


def handle(call: Call) -> Upgrade:
    """Answer."""
    if call.request.method not in {"GET", "POST"}:
        raise not_allowed()
    pod = pod_of(call)
    name = pod["metadata"]["name"]
    if call.info.subresource == "portforward":
        return _forward(call, _node(pod, name))
    container = choose_container(pod, call.request.param("container"))
    if pod.get("status", {}).get("phase") in ENDED:
        phase = pod["status"]["phase"]
        raise bad_request(f"cannot {call.info.subresource} a container in a completed pod; current phase is {phase}")
    kubelet = kubelet_of(call, _node(pod, name))
    if call.info.subresource == "exec":
        return _streams(call, _exec(call, kubelet, container))
    return _streams(call, _attach(call, kubelet, container))


def _node(pod: Json, name: str) -> str:
    node: str = pod["spec"].get("nodeName", "")
    if not node:
        raise bad_request(f"pod {name} does not have a host assigned")
    return node


def _upgrade_required(call: Call) -> None:
    if not wants_websocket(call.request):
        raise bad_request("Upgrade request required")


def _streams(call: Call, run: Run) -> Upgrade:
    _upgrade_required(call)
    protocol = choose(call.request, EXEC_PROTOCOLS)

    async def serve(connection: Channel) -> None:
        channels = Channels(WebSocket(connection), protocol)
        pump = asyncio.get_running_loop().create_task(channels.pump())
        work = asyncio.ensure_future(run(channels))
        # A client that leaves ends its command, as the kubelet's streaming server does.
        await asyncio.wait((pump, work), return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            work.cancel()
        with contextlib.suppress(asyncio.CancelledError, BrokenPipeError):
            await channels.finish(await work)
        pump.cancel()

    return Upgrade(serve, handshake(call.request, protocol))


def _exec(call: Call, kubelet: Any, container: str) -> Run:
    request = call.request
    command = list(request.query.get("command", ()))
    if not command:
        raise bad_request("you must specify at least 1 command for the container")
    tty = boolean(request, "tty")

    async def run(channels: Channels) -> Json:
        try:
            code = await kubelet.exec(
                call.namespace,
                call.info.name,
                container,
                command,
                stdin=channels.stdin if boolean(request, "stdin") else None,
                stdout=ChannelWriter(channels, STDOUT),
                stderr=None if tty else ChannelWriter(channels, STDERR),
                tty=tty,
                resize=channels.resize if tty else None,
            )
        except (ExecError, ApiError) as error:
            return failed(error)
        return exited(code)

    return run


def _attach(call: Call, kubelet: Any, container: str) -> Run:
    request = call.request
    tty = boolean(request, "tty")

    async def run(channels: Channels) -> Json:
        try:
            await kubelet.attach(
                call.namespace,
                call.info.name,
                container,
                stdin=channels.stdin if boolean(request, "stdin") else None,
                stdout=ChannelWriter(channels, STDOUT),
                stderr=None if tty else ChannelWriter(channels, STDERR),
                tty=tty,
                resize=channels.resize if tty else None,
            )
        except (ExecError, ApiError) as error:
            return failed(error)
        return success()

    return run


def _forward(call: Call, node: str) -> Upgrade:
    _upgrade_required(call)
    kubelet = kubelet_of(call, node)
    protocol = choose(call.request, portforward.PROTOCOLS)
    ports = [
        int(text) for value in call.request.query.get("ports", ()) for text in value.split(",") if text.isdecimal()
    ]
    name = call.info.name

    async def dial(port: int) -> Stream:
        stream: Stream = await kubelet.dial(call.namespace, name, port)
        return stream

    async def serve(connection: Channel) -> None:
        socket = WebSocket(connection)
        if protocol == portforward.SPDY:
            await portforward.tunnel(socket, dial, name)
        else:
            await portforward.channels(socket, ports, dial, name)

    return Upgrade(serve, handshake(call.request, protocol))
