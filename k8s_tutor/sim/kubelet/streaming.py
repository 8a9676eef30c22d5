"""Logs, exec, attach and port-forward of a node's containers, as the API server asks for them (``pkg/kubelet/server``)."""

import datetime
from collections.abc import Callable, Iterable

from k8s_tutor.apimachinery.times import parse_time
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet import spec
from k8s_tutor.sim.kubelet.records import Instance
from k8s_tutor.sim.kubelet.worker import PodWorker
from k8s_tutor.sim.machinery.status import bad_request, not_found
from k8s_tutor.sim.network import Network
from k8s_tutor.sim.network.streams import Stream
from k8s_tutor.sim.runtime.container import Container
from k8s_tutor.sim.runtime.contract import ByteReader, ByteWriter
from k8s_tutor.sim.runtime.streams import ResizeQueue


class Streaming:
    """What a kubelet serves on its port.

    Args:
        find: returns the worker of a pod by namespace and name.
        network: reaches pods.
        now: cluster time.
        status: the latest status of a pod by uid.
        component_log: what a component of the control plane has logged; its static pod's container shows that.
    """

    def __init__(
        self,
        find: Callable[[str, str], PodWorker | None],
        network: Network,
        now: Callable[[], float],
        status: Callable[[str], Json | None],
        component_log: Callable[[str], Iterable[tuple[float, str]]],
    ) -> None:
        self._find = find
        self._status = status
        self._component_log = component_log
        self._network = network
        self._now = now

    async def logs(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        follow: bool = False,
        previous: bool = False,
        since_seconds: int | None = None,
        since_time: str | None = None,
        tail_lines: int | None = None,
        limit_bytes: int | None = None,
        timestamps: bool = False,
        stream: str | None = None,
        out: ByteWriter,
    ) -> None:
        """Write a container's log.

        Raises:
            ApiError: 400 while there is none yet, 404 if the pod or container is unknown.
        """
        instance = self._instance(namespace, pod, container, previous=previous)
        if instance.container is None:
            return
        if spec.is_static(self._worker(namespace, pod).pod) and self._component_log(container):
            text = _klog(container, self._component_log(container), tail_lines)
            await out.write(text if limit_bytes is None else text[:limit_bytes])
            return
        since = self._now() - since_seconds if since_seconds is not None else None
        if since_time:
            since = parse_time(since_time)
        one_stream = stream.lower() if stream and stream != "All" else None
        buffer = instance.container.logs
        if not follow:
            text = buffer.read(tail_lines, since, limit_bytes, one_stream, timestamps=timestamps)
            if text:
                await out.write(text)
            return
        left = limit_bytes
        async for chunk in buffer.follow(tail_lines, since, one_stream, timestamps=timestamps):
            await out.write(chunk if left is None else chunk[:left])
            if left is not None:
                left -= len(chunk)
                if left <= 0:
                    return

    async def exec(
        self,
        namespace: str,
        pod: str,
        container: str,
        command: list[str],
        *,
        stdin: ByteReader | None,
        stdout: ByteWriter | None,
        stderr: ByteWriter | None,
        tty: bool,
        resize: ResizeQueue | None,
    ) -> int:
        """Run a command; returns its exit code.

        Raises:
            ApiError: the container does not run.
            ExecError: the command cannot be executed.
        """
        running = self._running(namespace, pod, container)
        return await running.exec(command, stdin, stdout, stderr, tty=tty, resize=resize)

    async def attach(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        stdin: ByteReader | None,
        stdout: ByteWriter | None,
        stderr: ByteWriter | None,
        tty: bool,
        resize: ResizeQueue | None,
    ) -> None:
        """Connect to a container's main process until it ends or the caller leaves.

        Raises:
            ApiError: the container does not run.
        """
        running = self._running(namespace, pod, container)
        await running.attach(stdin, stdout, stderr, resize=resize)

    async def dial(self, namespace: str, pod: str, port: int) -> Stream:
        """Connect to a port of a pod, from inside its network namespace, as the runtime does it for port-forward.

        Raises:
            ApiError: the pod is unknown.
            NetworkError: nothing listens there.
        """
        worker = self._worker(namespace, pod)
        sandbox = worker.runtime.sandbox
        address = sandbox.ip if sandbox is not None else ""
        return await self._network.connect(address, "127.0.0.1", port)

    def _worker(self, namespace: str, pod: str) -> PodWorker:
        worker = self._find(namespace, pod)
        if worker is None:
            raise not_found("pods", "", pod)
        return worker

    def _instance(self, namespace: str, pod: str, container: str, *, previous: bool) -> Instance:
        """Return the instance whose log is meant, as the pod's status shows the container."""
        worker = self._worker(namespace, pod)
        status = self._container_status(worker, container)
        if status is None:
            raise bad_request(f'container "{container}" in pod "{pod}" is not available')
        state, last = status["state"], (status.get("lastState") or {}).get("terminated") or {}
        if previous:
            wanted = last.get("containerID")
            if not wanted:
                raise bad_request(f'previous terminated container "{container}" in pod "{pod}" not found')
        elif "running" in state:
            wanted = status.get("containerID")
        else:
            wanted = (state.get("terminated") or {}).get("containerID") or last.get("containerID")
            if not wanted and ("terminated" in state or last):
                raise bad_request(f'container "{container}" in pod "{pod}" is terminated')
        if not wanted:
            raise bad_request(_waiting(state.get("waiting") or {}, container, pod))
        instance = worker.runtime.find(container, wanted.removeprefix("containerd://"))
        if instance is None:
            raise not_found("pods/log", "", pod)
        return instance

    def _container_status(self, worker: PodWorker, container: str) -> Json | None:
        status = self._status(worker.uid) or {}
        for field in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
            for one in status.get(field) or ():
                if one["name"] == container:
                    return one  # type: ignore[no-any-return]
        return None

    def _running(self, namespace: str, pod: str, container: str) -> Container:
        worker = self._worker(namespace, pod)
        instance = worker.runtime.find(container)
        if instance is None or instance.container is None or instance.view.state != "running":
            raise bad_request(f'unable to upgrade connection: container not found ("{container}")')
        return instance.container


def _klog(component: str, lines: Iterable[tuple[float, str]], tail: int | None) -> bytes:
    """Return a component's log in klog's form."""
    shown = list(lines)
    out = []
    for when, text in shown if tail is None else shown[max(0, len(shown) - tail) :]:
        moment = datetime.datetime.fromtimestamp(when, datetime.UTC)
        out.append(f"I{moment:%m%d %H:%M:%S.%f}       1 {component}] {text}\n")
    return "".join(out).encode()


def _waiting(waiting: Json, container: str, pod: str) -> str:
    reason = waiting.get("reason", "")
    words = {
        "ErrImagePull": "image can't be pulled",
        "ImagePullBackOff": "trying and failing to pull image",
    }
    return f'container "{container}" in pod "{pod}" is waiting to start: {words.get(reason, reason)}'
