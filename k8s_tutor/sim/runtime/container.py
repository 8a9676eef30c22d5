"""One container: its processes, file system, log and control group, from created to exited.

What costs memory is made when it is needed: the file system when something reads or writes it, shells and programs
when they run. A container of a server is its main process's few objects and its log.
"""

import hashlib
import posixpath
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from k8s_tutor.sim.runtime import identity, launching, sessions, signals, snapshots
from k8s_tutor.sim.runtime.cgroup import Cgroup
from k8s_tutor.sim.runtime.contract import (
    ByteReader,
    ByteWriter,
    ContainerConfig,
    ExecError,
    ExitInfo,
    StartError,
    Usage,
)
from k8s_tutor.sim.runtime.descriptors import LogFile, OpenFile, ReadEnd
from k8s_tutor.sim.runtime.filesystem import FileSystem
from k8s_tutor.sim.runtime.images import Image
from k8s_tutor.sim.runtime.logs import LogBuffer
from k8s_tutor.sim.runtime.mounting import assemble
from k8s_tutor.sim.runtime.nodes import Directory, Quota
from k8s_tutor.sim.runtime.processes import Process, ProcessTable
from k8s_tutor.sim.runtime.streams import Pipe, ResizeQueue
from k8s_tutor.sim.runtime.tty import Terminal

if TYPE_CHECKING:
    from k8s_tutor.sim.clock import Clock
    from k8s_tutor.sim.runtime.engine import Runtime

CREATE_FAILED = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
    "unable to start container process: "
)
EXEC_FAILED = "OCI runtime exec failed: exec failed: unable to start container process: "
MESSAGE_BYTES = 4096


class Container:
    """A created container; ``start`` runs it once."""

    __slots__ = (
        "_callbacks",
        "_exec_serial",
        "_files",
        "_overlay",
        "cgroup",
        "clock",
        "config",
        "current",
        "env",
        "exit_info",
        "id",
        "image",
        "logs",
        "main",
        "oom_kills",
        "outputs",
        "processes",
        "runtime",
        "started_at",
        "stdin",
        "terminal",
    )

    def __init__(self, runtime: "Runtime", config: ContainerConfig, image: Image) -> None:
        self.runtime = runtime
        self.clock: Clock = runtime.clock
        self.config = config
        self.image = image
        seed = config.seed or f"{config.pod_uid}/{config.name}/{runtime.next_serial()}"
        self.id = hashlib.sha256(seed.encode()).hexdigest()
        self.logs = LogBuffer()
        self.cgroup = Cgroup(runtime.clock, config.limits, self._out_of_memory)
        if any(mount.volume.memory for mount in config.mounts):
            self.cgroup.also(lambda: sum(mount.volume.used for mount in config.mounts if mount.volume.memory))
        self.processes = config.processes or ProcessTable()
        self.main: Process | None = None
        self.current: Process | None = None
        self.env: dict[str, str] = {}
        self.started_at = 0.0
        self.exit_info: ExitInfo | None = None
        self.oom_kills = 0
        self.outputs: tuple[LogFile, LogFile] | None = None
        self.stdin: Pipe | None = None
        self.terminal: Terminal | None = None
        self._callbacks: list[Callable[[ExitInfo], None]] = []
        self._overlay: Directory | None = None
        self._files: FileSystem | None = None
        self._exec_serial = 0

    # -- what it is made of

    @property
    def overlay(self) -> Directory:
        """What was written over the image."""
        if self._overlay is None:
            self._overlay = Directory.over(self.image.root, Quota(self.config.limits.ephemeral_storage))
        return self._overlay

    @property
    def files(self) -> FileSystem:
        """The file system with all mounts."""
        if self._files is None:
            self._files = assemble(self)
        return self._files

    @property
    def hostname(self) -> str:
        """The host name processes see."""
        return self.config.hostname or self.config.pod_name

    @property
    def running(self) -> bool:
        """Started, not exited."""
        return self.main is not None and self.exit_info is None

    @property
    def exited(self) -> bool:
        """It ran, and ended."""
        return self.exit_info is not None

    def command(self) -> list[str]:
        """Return the arguments of the main process, as the kubelet's rules combine them with the image's."""
        config, info = self.config, self.image.info
        if config.command:
            return [*config.command, *(config.args or ())]
        return [*info.entrypoint, *(config.args or info.cmd)]

    # -- life

    def start(self) -> None:
        """Run the main process.

        Raises:
            StartError: its command cannot be executed; the message is containerd's.
        """
        argv = self.command()
        if not argv:
            raise StartError(
                "CreateContainerError",
                f'failed to generate container "{self.id}" spec: failed to generate spec: no command specified',
                128,
            )
        user = identity.resolve(self)
        self.env = launching.environment(self.config.env, self.hostname, user.home, tty=self.config.tty)
        cwd = self.config.working_dir or self.image.info.working_dir or "/"
        executable = self._find(argv, cwd, user.credentials)
        self.started_at = self.clock.now()
        process = Process(self, argv, dict(self.env), cwd, credentials=user.credentials)
        self.main = process
        self._connect(process)
        self.runtime.container_started(self)
        launching.begin(process, executable)

    def _find(self, argv: list[str], cwd: str, who: Any) -> launching.Executable:
        command = argv[0]
        try:
            files = self.lookup(command, cwd)
            if not files.exists(cwd):
                files = self.files
                files.make_directories(cwd, force=True)
            path = launching.search(files, command, self.env.get("PATH", ""), cwd, who)
            return launching.resolve(files, path, argv, cwd, who)
        except (launching.NotFoundInPathError, OSError) as error:
            if isinstance(error, OSError) and error.errno == identity.ENOEXEC:
                return launching.Executable(command, "exec-format-error", tuple(argv))
            raise StartError("StartError", CREATE_FAILED + launching.runc_words(command, error)) from error

    def lookup(self, *paths: str) -> FileSystem:
        """Return where programs are looked up: the image's own files while nothing is mounted or written over them."""
        if self._files is not None or not self.untouched(*paths, *self.env.get("PATH", "").split(":")):
            return self.files
        return self.image.files

    def untouched(self, *paths: str) -> bool:
        """Tell whether the top directories of these paths are the image's own, without mounts."""
        tops = {path.strip("/").split("/")[0] for path in paths if path.startswith("/")}
        mounted = {mount.path.strip("/").split("/")[0] for mount in self.config.mounts}
        return self._overlay is None and not tops & mounted and "" not in mounted

    def _connect(self, process: Process) -> None:
        now = self.clock.now
        out, err = LogFile(self.logs, "stdout", now), LogFile(self.logs, "stderr", now)
        out.references = err.references = 1
        self.outputs = (out, err)
        if self.config.tty:
            terminal = self.terminal = Terminal(out.write)
            terminal.references = 1
            terminal.processes = lambda: [p for p in self.processes.of(self) if p.terminal is terminal]
            process.terminal = terminal
            files: tuple[OpenFile, OpenFile, OpenFile] = (terminal, terminal, terminal)
        elif self.config.stdin:
            self.stdin = Pipe()
            files = (ReadEnd(self.stdin), out, err)
        else:
            files = (OpenFile(), out, err)
        for number, file in enumerate(files):
            process.set_fd(number, file)

    def on_exit(self, callback: Callable[[ExitInfo], None]) -> None:
        """Call back once when the container has ended."""
        if self.exit_info is not None:
            self.clock.call_soon(callback, self.exit_info)
        else:
            self._callbacks.append(callback)

    def signal(self, number: int) -> None:
        """Send a signal to the main process, as ``StopContainer`` does."""
        if self.main is not None:
            self.main.signal(number)

    def kill(self) -> None:
        """SIGKILL."""
        self.signal(signals.SIGKILL)

    def remove(self) -> None:
        """End it if it runs and let go of what it holds."""
        self.kill()
        self.runtime.container_removed(self)

    def process_ended(self, process: Process) -> None:
        """One of the processes has ended; with the main one the container has."""
        if process is not self.main or self.exit_info is not None:
            return
        code = process.exit_code or 0
        reason = "OOMKilled" if self.oom_kills and code == 137 else "Completed" if code == 0 else "Error"
        now = self.clock.now()
        self.exit_info = ExitInfo(code, 0, reason, self.started_at, now)
        for other in self.processes.of(self):
            other.terminate(signals.SIGKILL)
        self.logs.close(now)
        if self.stdin is not None:
            self.stdin.close_reader()
        self.runtime.container_ended(self)
        for callback in self._callbacks:
            callback(self.exit_info)
        self._callbacks.clear()

    def _out_of_memory(self) -> None:
        """The kernel's OOM killer with ``memory.oom.group``: all processes go."""
        self.oom_kills += 1
        for process in self.processes.of(self):
            if process is not self.main:
                process.terminate(signals.SIGKILL)
        if self.main is not None:
            self.main.terminate(signals.SIGKILL)

    # -- from outside

    async def exec(
        self,
        command: Sequence[str],
        stdin: ByteReader | None = None,
        stdout: ByteWriter | None = None,
        stderr: ByteWriter | None = None,
        *,
        tty: bool = False,
        resize: ResizeQueue | None = None,
    ) -> int:
        """Run a command in the container and return its exit code; the caller leaving (cancel) kills it.

        Raises:
            ExecError: it cannot be executed; the message is containerd's and runc's.
        """
        return await sessions.execute(self, list(command), stdin, stdout, stderr, tty=tty, resize=resize)

    async def attach(
        self,
        stdin: ByteReader | None = None,
        stdout: ByteWriter | None = None,
        stderr: ByteWriter | None = None,
        *,
        resize: ResizeQueue | None = None,
    ) -> None:
        """Connect to the main process's streams until it ends or the caller leaves."""
        await sessions.attach(self, stdin, stdout, stderr, resize=resize)

    def exec_failure(self, command: str, error: Exception) -> ExecError:
        """Return the error of a command that cannot be executed."""
        self._exec_serial += 1
        serial = hashlib.sha256(f"{self.id}/{self._exec_serial}".encode()).hexdigest()
        words = launching.runc_words(command, error)
        return ExecError(f'failed to exec in container: failed to start exec "{serial}": {EXEC_FAILED}{words}', 127)

    @property
    def disk(self) -> int:
        """Bytes in its own layer of the file system and in its log."""
        quota = None if self._overlay is None else self._overlay.quota
        return self.logs.size + (0 if quota is None else quota.used)

    def usage(self) -> Usage:
        """Return what it uses now."""
        return Usage(
            cpu_millicores=self.cgroup.cpu_millicores() if self.running else 0.0,
            cpu_seconds=self.cgroup.cpu_seconds(),
            memory_bytes=self.cgroup.memory,
            disk_bytes=0 if self._overlay is None or self._overlay.quota is None else self._overlay.quota.used,
            log_bytes=self.logs.size,
            processes=len(self.processes.of(self)),
            periods=int(self.cgroup.periods),
            throttled_periods=int(self.cgroup.throttled),
        )

    def termination_message(self, *, fallback_to_logs: bool = False) -> str:
        """Return what the container left in its termination log, or the end of its log if it failed."""
        text = b""
        path = posixpath.normpath(self.config.termination_message_path)
        if self._files is not None and path != "/":
            try:
                text = self.files.read_file(path)
            except OSError:
                text = b""
        if not text and fallback_to_logs and self.exit_info is not None and self.exit_info.exit_code:
            return self.logs.read(tail=80)[-2048:].decode("utf-8", "replace")
        return text[:MESSAGE_BYTES].decode("utf-8", "replace")

    # -- outliving the process

    def snapshot(self) -> dict[str, Any]:
        """Return file system and log as JSON-able data."""
        return {
            "id": self.id,
            "files": snapshots.save(self._overlay) if self._overlay is not None else None,
            "logs": self.logs.snapshot(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over file system and log of a snapshot, before ``start``: commands start anew."""
        self.id = state["id"]
        if state["files"] is not None:
            snapshots.load(self.overlay, state["files"])
        self.logs = LogBuffer.restore(state["logs"])
