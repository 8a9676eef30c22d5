"""Containers of the practice cluster: images, processes, file systems, logs, shells.

The contract, for the kubelet and for the API server's streams:

``Runtime(kit, catalogue=None)``
    ``image_info(ref) -> ImageInfo | None`` (entrypoint, cmd, env, working_dir, user, ports, size, digest,
    pull_seconds), ``pull_error(ref) -> str``, ``create(config) -> Container`` (CatalogueError), ``running``,
    ``async close()``.
``ContainerConfig``, ``Mount``, ``Limits``, ``SecurityContext``, ``DnsConfig``
    frozen records of ``contract``; ``env`` has the image's variables first.
``Volume(limit, memory=…, mode=…, gid=…)``
    a tree shared by who mounts it; ``write(files, mode, modes, now=…)`` projects atomically; ``used``.
``Container``
    ``id``; ``start()`` (StartError: reason, message, exit_code); ``on_exit(callback(ExitInfo))``; ``exit_info``;
    ``signal(number)``, ``kill()``, ``remove()``; ``async exec(command, stdin, stdout, stderr, tty=…, resize=…) -> int``
    (ExecError with containerd's words; cancel it when the client goes); ``async attach(stdin, stdout, stderr,
    resize=…)`` (returns when the container ends); ``logs`` (``read``, ``lines``, ``follow``, ``size``);
    ``usage() -> Usage``; ``files`` (``read_file``, ``write_file``, ``exists``, ``list`` …);
    ``termination_message(fallback_to_logs=…)``; ``snapshot()`` and ``restore(state)`` (before ``start``).
``ProcessTable()``
    a PID namespace: give the same one to all containers of a pod with ``shareProcessNamespace``
    (``ProcessTable(2)``: number 1 is the pause process), or a target's ``container.processes`` to an ephemeral one.
Streams
    ``ByteReader.read(n) -> bytes`` (empty: end), ``ByteWriter.write(data)``/``close()``; ``Pipe`` is both;
    ``ResizeQueue.put(width, height)``; ``Network.connect(None, ip, port) -> Stream`` serves port-forward.
"""

from k8s_tutor.sim.runtime.container import Container
from k8s_tutor.sim.runtime.contract import (
    ByteReader,
    ByteWriter,
    CatalogueError,
    ContainerConfig,
    DnsConfig,
    ExecError,
    ExitInfo,
    ImageInfo,
    Limits,
    Mount,
    SecurityContext,
    StartError,
    Usage,
)
from k8s_tutor.sim.runtime.engine import Runtime
from k8s_tutor.sim.runtime.images import Catalogue
from k8s_tutor.sim.runtime.logs import LogBuffer, LogLine
from k8s_tutor.sim.runtime.processes import ProcessTable
from k8s_tutor.sim.runtime.streams import Pipe, ResizeQueue, Stream
from k8s_tutor.sim.runtime.volume import Volume

__all__ = [
    "ByteReader",
    "ByteWriter",
    "Catalogue",
    "CatalogueError",
    "Container",
    "ContainerConfig",
    "DnsConfig",
    "ExecError",
    "ExitInfo",
    "ImageInfo",
    "Limits",
    "LogBuffer",
    "LogLine",
    "Mount",
    "Pipe",
    "ProcessTable",
    "ResizeQueue",
    "Runtime",
    "SecurityContext",
    "StartError",
    "Stream",
    "Usage",
    "Volume",
]
