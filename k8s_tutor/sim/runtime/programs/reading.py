"""What filters share: the inputs named on the command line, as chunks and as lines."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.descriptors import OpenFile
from k8s_tutor.sim.runtime.opening import open_to_read
from k8s_tutor.sim.runtime.programs.options import complain

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

FD = 9
LINE_BYTES = 90  # what a line takes beside its text
WINDOW = 1 << 16
BUSYBOX = "can't open '{path}': {error}"


class Input:
    """One input: a file or standard input."""

    def __init__(self, process: "Process", file: OpenFile, name: str) -> None:
        self._process, self._file, self.name = process, file, name

    async def read(self, size: int = 65536) -> bytes:
        """Return up to ``size`` bytes; empty at the end."""
        process = self._process
        data = self._file.read_now(size)
        if data is None:
            process.rested()
            data = await process.pause(self._file.read(size))
        await process.work(1e-6 + len(data) * 4e-10)
        return data

    def unread(self, data: bytes) -> None:
        """Give back what was read too much."""
        self._file.unread(data)

    async def whole(self) -> bytes:
        """Return all of it; memory is accounted for."""
        found: list[bytes] = []
        size = 0
        while data := await self.read():
            found.append(data)
            size += len(data)
            if size > 1 << 18:
                await self._process.keep(size)
        return found[0] if len(found) == 1 else b"".join(found)

    async def lines(self) -> AsyncIterator[bytes]:
        """Yield lines with their line feeds (the last may lack it)."""
        rest = b""
        while data := await self.read():
            if rest:
                data = rest + data
                if len(data) > 1 << 20:
                    await self._process.keep(len(data))
            lines = data.split(b"\n")
            rest = lines.pop()
            for line in lines:
                yield line + b"\n"
        if rest:
            yield rest


async def inputs(
    process: "Process", paths: list[str], failures: list[int], busybox: str = BUSYBOX, gnu_text: str = "{path}: {error}"
) -> AsyncIterator[Input]:
    """Yield each input (standard input without paths and for ``-``); what cannot be opened is said and counted."""
    for path in paths or ["-"]:
        if path == "-":
            file = process.fds.get(0) or OpenFile()
            yield Input(process, file, "-")
            continue
        try:
            file = open_to_read(process, path)
        except OSError as error:
            busy = busybox if error.errno != 21 else "read error: Is a directory"
            failures.append(await complain(process, path, error, busy, gnu_text))
            continue
        process.set_fd(FD, file)
        yield Input(process, file, path)
        process.close_fd(FD)


async def read_all(process: "Process", paths: list[str], failures: list[int]) -> bytes:
    """Return all inputs, joined."""
    found = b""
    async for source in inputs(process, paths, failures):
        found += await source.whole()
    return found


async def lines_of(process: "Process", paths: list[str], failures: list[int]) -> list[bytes]:
    """Return all lines of all inputs, without line feeds."""
    data = await read_all(process, paths, failures)
    await process.keep(len(data) + LINE_BYTES * data.count(b"\n"))
    lines: list[bytes] = []
    at = 0
    while at < len(data):
        end = data.find(b"\n", at + WINDOW) + 1 or len(data)
        lines += data[at:end].split(b"\n")
        if not lines[-1]:
            lines.pop()
        at = end
        await process.work((end - at) * 1e-8)
    return lines
