"""Subshells of a shell: forks, pipelines, background jobs, substitutions.

A subshell is a process of its own with a copy of the shell's state, as ``fork`` gives it.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime import signals
from k8s_tutor.sim.runtime.descriptors import OpenFile, ReadEnd, WriteEnd
from k8s_tutor.sim.runtime.processes import ExitProcess, Process
from k8s_tutor.sim.runtime.shell import syntax
from k8s_tutor.sim.runtime.shell.state import TEXT_BYTES
from k8s_tutor.sim.runtime.streams import Pipe

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.shell.interpreter import Shell

FORK_COST = 4e-4


async def fork(
    shell: "Shell", body: "Callable[[Shell], Awaitable[int]]", prepare: Callable[[Process], None] | None = None
) -> Process:
    """Start a subshell.

    Raises:
        ExitProcess: the limit of processes is reached.
    """
    await shell.process.work(FORK_COST)
    container = shell.process.container
    if len(container.processes) >= container.config.limits.pids:
        await shell.process.err(shell.words.cannot_fork())
        raise ExitProcess(2)
    child = Process(container, list(shell.process.argv), shell.process.env, shell.process.cwd, parent=shell.process)
    child.inherit(shell.process)
    if prepare is not None:
        prepare(child)
    child.memory_base = shell.process.memory_base
    container.cgroup.set_memory(child, child.memory_base)
    shell = shell.copy(child)
    child.run(shell.main(lambda: body(shell)))
    return child


async def wait_for(shell: "Shell", child: Process, command: str = "") -> int:
    """Wait for a child in the foreground; return its status."""
    code = int(await shell.process.pause(child.wait()))
    shell.process.rested()
    await mourn(shell, child, command)
    return code


async def mourn(shell: "Shell", child: Process, command: str, *, background: bool = False) -> None:
    """Say that a child has died of a signal."""
    if child.signal_number and child.signal_number not in {signals.SIGPIPE, signals.SIGINT}:
        word = signals.WORDS.get(child.signal_number, "")
        if word and not shell.is_subshell:
            await shell.process.err(shell.words.died(child.pid, word, command, background=background))


async def pipeline(shell: "Shell", node: syntax.Pipeline) -> int:
    """Run commands joined by pipes; the last one's status counts, or with pipefail the last that failed."""
    if len(node.commands) == 1:
        shell.checking += 1
        try:
            status = await shell.node(node.commands[0])
        finally:
            shell.checking -= 1
        return int(status == 0) if node.negated else status
    children = await _start_pipeline(shell, node.commands)
    statuses = [await wait_for(shell, child) for child in children]
    if shell.words.flavour == "bash":
        shell.arrays["PIPESTATUS"] = {at: str(code) for at, code in enumerate(statuses)}
    status = statuses[-1]
    if "pipefail" in shell.options:
        status = next((code for code in reversed(statuses) if code), 0)
    return int(status == 0) if node.negated else status


async def _start_pipeline(shell: "Shell", commands: list[syntax.Node]) -> list[Process]:
    children: list[Process] = []
    incoming: OpenFile | None = None
    for index, command in enumerate(commands):
        pipe = Pipe() if index < len(commands) - 1 else None
        outgoing = WriteEnd(pipe) if pipe is not None else None

        def prepare(child: Process, source: OpenFile | None = incoming, sink: OpenFile | None = outgoing) -> None:
            if source is not None:
                child.set_fd(0, source)
            if sink is not None:
                child.set_fd(1, sink)

        children.append(await fork(shell, lambda shell, command=command: shell.node(command, last=True), prepare))  # type: ignore[misc]
        incoming = ReadEnd(pipe) if pipe is not None else None
    return children


async def start_background(shell: "Shell", node: syntax.Node) -> int:
    """Start a command that nobody waits for."""

    def prepare(child: Process) -> None:
        if shell.process.terminal is None:
            child.set_fd(0, OpenFile())
            child.handlers[signals.SIGINT] = None

    if isinstance(node, syntax.Pipeline) and len(node.commands) > 1:
        child = (await _start_pipeline(shell, node.commands))[-1]
    else:
        child = await fork(shell, lambda shell: shell.node(node, last=True), prepare)
    shell.background = child
    shell.jobs = [*[job for job in shell.jobs if job.alive][-256:], child]
    shell.job_texts = {job.pid: shell.job_texts.get(job.pid, "") for job in shell.jobs}
    shell.job_texts[child.pid] = node.text if isinstance(node, syntax.Simple) else ""
    return 0


async def substitute(shell: "Shell", body: syntax.Sequence, *, whole: bool = False) -> str:
    """Return the output of a command substitution, ``whole`` with its last line feeds."""
    pipe = Pipe()
    run = _reading(body) if shell.words.flavour == "bash" else None
    child = await fork(
        shell, run or (lambda shell: shell.sequence(body, last=True)), lambda process: process.set_fd(1, WriteEnd(pipe))
    )
    data = bytearray()
    while chunk := pipe.read_now() or await shell.process.pause(pipe.read()):
        data += chunk
        await shell.process.keep(len(data), TEXT_BYTES)
    pipe.close_reader()
    shell.status = shell.substituted = await wait_for(shell, child)
    if data:
        await shell.process.keep(shell.memory, TEXT_BYTES)
    text = data.decode("utf-8", "surrogateescape").replace("\0", "")
    return text if whole else text.rstrip("\n")


async def substitute_file(shell: "Shell", body: syntax.Sequence) -> str:
    """Return the path of a file with the output of a process substitution."""
    text = await substitute(shell, body, whole=True)
    path = f"/tmp/sh-np.{shell.process.pid}.{next(shell.file_numbers)}"  # noqa: S108 - in the container
    shell.process.files.write_file(path, text.encode("utf-8", "surrogateescape"))
    return path


def _reading(body: syntax.Sequence) -> Callable[["Shell"], Awaitable[int]] | None:
    """Return what runs bash's ``$(< file)``; None for any other substitution."""
    node = body.items[0][0] if len(body.items) == 1 else None
    if not isinstance(node, syntax.Simple) or node.words or node.assignments or len(node.redirects) != 1:
        return None
    redirects = node.redirects

    async def run(shell: "Shell") -> int:
        if not await shell.redirector.apply(redirects):
            return 1
        while data := await shell.process.read(0):
            await shell.process.write(1, data)
        return 0

    return run if redirects[0].operator == "<" else None
