"""Processes and their table (a PID namespace).

A process is either a task (a program that runs) or *resident*: a server that reacts to timers, requests and signals
and costs nothing meanwhile. A running program holds the clock, and releases it while it waits, so that cluster time
jumps only when nobody computes. PID 1 has the kernel's protection: signals without a handler do not reach it, except
SIGKILL from outside its namespace.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any

from k8s_tutor.apimachinery.backtracking import BacktrackingError
from k8s_tutor.sim.runtime import signals
from k8s_tutor.sim.runtime.cgroup import NODE_MEMORY
from k8s_tutor.sim.runtime.descriptors import OpenFile
from k8s_tutor.sim.runtime.filesystem import Credentials, FileSystem
from k8s_tutor.sim.runtime.turns import Measured

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.container import Container
    from k8s_tutor.sim.runtime.tty import Terminal

SLICE = 0.005
REAL_BYTES = 128 << 20
DULL_AFTER = 3.0
DULLEST = 1000.0


class Process:
    """One process of a container.

    Args:
        argv: with the program's name first.
        parent: None for what the runtime itself starts (pid 1, an exec).
    """

    __slots__ = (
        "_burnt",
        "_debt",
        "_program",
        "_waiters",
        "argv",
        "at_exit",
        "container",
        "credentials",
        "cwd",
        "env",
        "exit_code",
        "fds",
        "handlers",
        "memory_base",
        "parent",
        "pid",
        "root",
        "signal_number",
        "started_at",
        "table",
        "task",
        "terminal",
        "umask",
    )

    def __init__(
        self,
        container: "Container",
        argv: list[str],
        env: dict[str, str],
        cwd: str,
        *,
        parent: "Process | None" = None,
        credentials: Credentials | None = None,
    ) -> None:
        self.container = container
        self.credentials: Credentials = credentials or (parent.credentials if parent else Credentials())
        self.umask: int = parent.umask if parent else 0o022
        self.root: FileSystem | None = parent.root if parent else None
        self.table = container.processes
        self.argv = argv
        self.env = env
        self.cwd = cwd
        self.parent = parent
        self.fds: dict[int, OpenFile] = {}
        self.terminal: Terminal | None = parent.terminal if parent else None
        self.handlers: dict[int, Callable[[int], None] | None] = {}
        self.at_exit: list[Callable[[], None]] = []
        self.exit_code: int | None = None
        self.signal_number = 0
        self.task: asyncio.Task[Any] | None = None
        self.started_at = container.clock.now()
        self._waiters: list[asyncio.Future[None]] = []
        # A child goes on with its parent's debt: a chain of forks that each do little takes time all the same.
        self._debt: float = parent._debt if parent else 0.0  # noqa: SLF001 - the same class
        self._burnt: float = parent._burnt if parent else 0.0  # noqa: SLF001 - the same class
        self._program: Coroutine[Any, Any, int] | None = None
        self.memory_base = 0
        self.pid = self.table.add(self)

    # -- life

    @property
    def files(self) -> FileSystem:
        """The file system as it sees it: the container's, or what it was confined to (``chroot``)."""
        return self.root or self.container.files

    @property
    def userland(self) -> str:
        """Whose tools it works with: busybox or debian."""
        return (self.root.userland if self.root else "") or self.container.image.userland

    @property
    def alive(self) -> bool:
        """It has not ended."""
        return self.exit_code is None

    def run(self, program: Coroutine[Any, Any, int]) -> None:
        """Run a program as this process's task."""
        self._program = program
        container = self.container
        self.task = container.clock.spawn(Measured(self._run(program), container.runtime.turns))

    async def _run(self, program: Coroutine[Any, Any, int]) -> None:
        code = 1
        with self.container.clock.hold():
            try:
                await self.container.runtime.turns.take(self.container)
                self._program = None
                code = await program
            except BrokenPipeError:
                self.signal_number = signals.SIGPIPE
                code = 128 + signals.SIGPIPE
            except (RecursionError, BacktrackingError):
                # What recurses without end overflows its stack, and so may a pattern that is tried again and again.
                self.signal_number = signals.NUMBERS["SEGV"]
                code = 128 + self.signal_number
            except asyncio.CancelledError:
                code = 128 + (self.signal_number or signals.SIGKILL)
            except ExitProcess as leaving:
                code = leaving.code
            finally:
                self.end(code)

    def end(self, code: int) -> None:
        """The process is over (called once; later calls do nothing)."""
        if self.exit_code is not None:
            return
        self.exit_code = code & 0xFF if code >= 0 else code
        for action in self.at_exit:
            action()
        self.at_exit.clear()
        self.close_all()
        # What handlers and the task know of this process would keep all of it until a collection.
        self.handlers.clear()
        task, self.task = self.task, None
        if task is not None and not task.done() and task is not asyncio.current_task():
            # It ended itself from a handler while its program waits.
            task.cancel()
        self.container.cgroup.forget(self)
        self.table.remove(self)
        for future in self._waiters:
            if not future.done():
                future.set_result(None)
        self._waiters.clear()
        self.container.process_ended(self)

    async def wait(self) -> int:
        """Return the exit code when it has ended."""
        if self.exit_code is None:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(future)
            await future
        return self.exit_code if self.exit_code is not None else 0

    def signal(self, number: int, *, inside: bool = False) -> None:
        """Deliver a signal; ``inside``: the sender is in the same namespace."""
        if not self.alive or number == 0:
            return
        if number == signals.SIGKILL:
            if self.pid == 1 and inside:
                return
            self.terminate(number)
            return
        if number in self.handlers:
            handler = self.handlers[number]
            if handler is not None:
                handler(number)
        elif self.pid != 1 and number not in signals.HARMLESS:
            self.terminate(number)

    def terminate(self, number: int) -> None:
        """End by a signal."""
        self.signal_number = number
        if self._program is not None:
            # Killed before its first step: the task would never reach its own end.
            self._program.close()
            self._program = None
            if self.task is not None:
                self.task.cancel()
            self.end(128 + number)
        elif self.task is not None and not self.task.done():
            self.task.cancel()
        else:
            self.end(128 + number)

    # -- waiting and working

    async def pause(self, awaitable: Awaitable[Any]) -> Any:
        """Await something of the world, letting cluster time go on."""
        with self.container.clock.release():
            return await awaitable

    async def sleep(self, seconds: float) -> None:
        """Sleep in cluster time."""
        with self.container.clock.release():
            await self.container.clock.sleep(seconds)

    async def forever(self) -> None:
        """Wait for a signal that ends the process."""
        with self.container.clock.release():
            await asyncio.get_running_loop().create_future()

    async def work(self, seconds: float) -> None:
        """Use CPU. Small amounts add up to slices of 5 ms; who burns on and on works in ever coarser steps."""
        self._debt += seconds * min(DULLEST, 1.0 + (self._burnt / DULL_AFTER) ** 2)
        if self._debt >= SLICE:
            debt, self._debt = self._debt, 0.0
            self._burnt += debt
            await self.container.cgroup.consume(debt)
            await self.container.runtime.turns.take(self.container)
        elif self.container.runtime.turns.over():
            await self.container.runtime.turns.take(self.container)

    async def compute(self, seconds: float) -> None:
        """Use CPU for a known time."""
        await self.container.cgroup.consume(seconds)

    def rested(self) -> None:
        """It waited for something: it does not burn on and on."""
        self._burnt = 0.0

    async def allocate(self, size: int) -> None:
        """Set the bytes held beyond the program's own; may be killed for it."""
        self.container.cgroup.set_memory(self, self.memory_base + size)
        if self.signal_number == signals.SIGKILL:
            await asyncio.sleep(0)

    async def keep(self, size: int, most: int = REAL_BYTES) -> None:
        """Set the bytes held, where they are real memory of this program: beyond a cap the node is out of memory."""
        await self.allocate(size if size <= most else NODE_MEMORY + size)

    # -- descriptors

    def set_fd(self, number: int, file: OpenFile) -> None:
        """Make a descriptor refer to an open file (dup2)."""
        file.references += 1
        old = self.fds.pop(number, None)
        self.fds[number] = file
        if old is not None:
            old.release()

    def close_fd(self, number: int) -> None:
        """Close a descriptor."""
        file = self.fds.pop(number, None)
        if file is not None:
            file.release()

    def close_all(self) -> None:
        """Close all descriptors."""
        for number in tuple(self.fds):
            self.close_fd(number)

    def inherit(self, other: "Process") -> None:
        """Take over another's descriptors (fork)."""
        for number, file in other.fds.items():
            self.set_fd(number, file)

    async def read(self, fd: int = 0, size: int = 65536) -> bytes:
        """Read from a descriptor; empty at the end."""
        file = self._file(fd)
        data = file.read_now(size)
        if data is None:
            self.rested()
            with self.container.clock.release():
                data = await file.read(size)
        await self.work(2e-6 + len(data) * 4e-10)
        return data

    async def write(self, fd: int, data: bytes) -> None:
        """Write to a descriptor; BrokenPipeError (SIGPIPE) if nobody reads any more."""
        file = self._file(fd)
        if file.waits:
            with self.container.clock.release():
                await file.write(data)
        else:
            await file.write(data)
        await self.work(2e-6 + len(data) * 4e-10)

    async def out(self, text: str) -> None:
        """Write text to stdout."""
        await self.write(1, text.encode("utf-8", "surrogateescape"))

    async def err(self, text: str) -> None:
        """Write text to stderr."""
        await self.write(2, text.encode("utf-8", "surrogateescape"))

    def say(self, text: str, fd: int = 1) -> None:
        """Write text without waiting (servers)."""
        file = self.fds.get(fd)
        if file is not None:
            try:
                file.write_now(text.encode("utf-8", "surrogateescape"))
            except BrokenPipeError:
                self.terminate(signals.SIGPIPE)

    def _file(self, fd: int) -> OpenFile:
        file = self.fds.get(fd)
        if file is None:
            import errno

            from k8s_tutor.sim.runtime.nodes import fail

            raise fail(errno.EBADF)
        return file


class ExitProcess(Exception):  # noqa: N818 - a message, not an error
    """Leave the process from anywhere in its program."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class ProcessTable:
    """A PID namespace: of one container, or of a pod (``shareProcessNamespace``)."""

    __slots__ = ("_numbers", "_processes")

    def __init__(self, first: int = 1) -> None:
        self._numbers = itertools.count(first)
        self._processes: dict[int, Process] = {}

    def add(self, process: Process) -> int:
        """Enter a process; return its number."""
        number = next(self._numbers)
        self._processes[number] = process
        return number

    def remove(self, process: Process) -> None:
        """A process has ended."""
        self._processes.pop(process.pid, None)

    def get(self, pid: int) -> Process | None:
        """Return a process by number."""
        return self._processes.get(pid)

    def __iter__(self) -> Iterator[Process]:
        return iter(sorted(self._processes.values(), key=lambda process: process.pid))

    def __len__(self) -> int:
        return len(self._processes)

    def of(self, container: "Container") -> list[Process]:
        """Return the processes of one container."""
        return [process for process in self._processes.values() if process.container is container]
