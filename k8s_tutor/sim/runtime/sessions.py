"""Exec and attach: a client's streams joined to processes of a container.

The command runs as a process without a parent in the container's namespace. When the client goes (its task is
cancelled), the process gets SIGHUP on a terminal and SIGKILL else, so that nothing is left behind.
"""

import asyncio
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime import identity, launching, signals
from k8s_tutor.sim.runtime.contract import ByteReader, ByteWriter, ExecError
from k8s_tutor.sim.runtime.descriptors import Incoming, OpenFile, Outgoing
from k8s_tutor.sim.runtime.processes import Process
from k8s_tutor.sim.runtime.streams import ResizeQueue
from k8s_tutor.sim.runtime.tty import Terminal

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.container import Container


async def execute(
    container: "Container",
    argv: list[str],
    stdin: ByteReader | None,
    stdout: ByteWriter | None,
    stderr: ByteWriter | None,
    *,
    tty: bool,
    resize: ResizeQueue | None,
) -> int:
    """Run a command; see ``Container.exec``."""
    if not container.running:
        raise ExecError(f"container {container.id} is not running", 126)
    user = identity.resolve(container)
    cwd = container.config.working_dir or container.image.info.working_dir or "/"
    env = launching.environment(container.config.env, container.hostname, user.home, tty=tty)
    try:
        path = launching.search(container.files, argv[0], env["PATH"], cwd, user.credentials)
        executable = launching.resolve(container.files, path, argv, cwd, user.credentials)
    except (launching.NotFoundInPathError, OSError) as error:
        raise container.exec_failure(argv[0], error) from error
    process = Process(container, argv, env, cwd, credentials=user.credentials)
    pump = _connect(process, stdin, stdout, stderr, tty=tty, resize=resize)
    outputs = [file for file in process.fds.values() if isinstance(file, Outgoing)]
    launching.begin(process, executable)
    try:
        code = await process.wait()
        for file in outputs:
            await file.flush()
        return code
    finally:
        if pump is not None:
            pump.cancel()
        if process.alive:
            process.terminate(signals.SIGHUP if tty else signals.SIGKILL)


def _connect(
    process: Process,
    stdin: ByteReader | None,
    stdout: ByteWriter | None,
    stderr: ByteWriter | None,
    *,
    tty: bool,
    resize: ResizeQueue | None,
) -> asyncio.Task[None] | None:
    if not tty:
        process.set_fd(0, Incoming(stdin) if stdin else OpenFile())
        process.set_fd(1, Outgoing(stdout) if stdout else OpenFile())
        process.set_fd(2, Outgoing(stderr) if stderr else process.fds[1])
        return None
    terminal = Terminal(stdout.write if stdout else _nowhere, resize)
    container = process.container
    terminal.processes = lambda: [each for each in container.processes.of(container) if each.terminal is terminal]
    process.terminal = terminal
    for number in range(3):
        process.set_fd(number, terminal)
    return container.clock.spawn(terminal.pump(stdin.read)) if stdin else None


async def _nowhere(data: bytes) -> None:
    """Drop output that nobody wants."""
    del data


async def attach(
    container: "Container",
    stdin: ByteReader | None,
    stdout: ByteWriter | None,
    stderr: ByteWriter | None,
    *,
    resize: ResizeQueue | None,
) -> None:
    """Join a client to the main process; see ``Container.attach``."""
    main, outputs = container.main, container.outputs
    if main is None or outputs is None or not container.running:
        raise ExecError(f"container {container.id} is not running", 126)
    leave = [outputs[number].listen(writer) for number, writer in ((0, stdout), (1, stderr)) if writer is not None]
    pump: asyncio.Task[None] | None = None
    if container.terminal is not None:
        if resize is not None:
            container.terminal.size = resize
        if stdin is not None:
            pump = container.clock.spawn(container.terminal.pump(stdin.read))
    elif stdin is not None and container.stdin is not None:
        pump = container.clock.spawn(_forward(container, stdin))
    over = container.clock.spawn(main.wait())
    # A client whose input has ended is let go, unless its end is the container's too (containerd, ``ContainerIO.Attach``).
    stays = pump is None or (container.terminal is None and container.config.stdin_once)
    try:
        await asyncio.wait((over,) if pump is None or stays else (over, pump), return_when=asyncio.FIRST_COMPLETED)
    finally:
        over.cancel()
        if pump is not None:
            pump.cancel()
        for end in leave:
            end()


async def _forward(container: "Container", stdin: ByteReader) -> None:
    pipe = container.stdin
    if pipe is None:
        return
    while data := await stdin.read():
        await pipe.write(data)
    if container.config.stdin_once:
        pipe.close()
