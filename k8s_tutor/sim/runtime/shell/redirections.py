"""Redirections: for a command's time, or for good."""

import contextlib
import weakref
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.descriptors import OpenFile, ReadEnd
from k8s_tutor.sim.runtime.opening import open_to_read, open_to_write
from k8s_tutor.sim.runtime.shell.syntax import Redirect
from k8s_tutor.sim.runtime.streams import Pipe

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.shell.interpreter import Shell


class Redirector:
    """Applies redirections to a shell's process."""

    def __init__(self, shell: "Shell") -> None:
        self._shell: Shell = weakref.proxy(shell)  # the two would keep each other until a collection

    @contextlib.asynccontextmanager
    async def during(self, redirects: list[Redirect]) -> AsyncIterator[bool]:
        """Apply, give whether that worked, and undo."""
        process = self._shell.process
        saved: dict[int, OpenFile | None] = {}
        for redirect in redirects:
            for fd in (redirect.fd, 2) if redirect.operator in {"&>", "&>>"} else (redirect.fd,):
                if fd not in saved:
                    saved[fd] = process.fds.get(fd)
        for file in saved.values():
            if file is not None:
                file.references += 1
        try:
            yield await self.apply(redirects)
        finally:
            for fd, file in saved.items():
                if file is None:
                    process.close_fd(fd)
                else:
                    process.set_fd(fd, file)
                    file.release()

    async def apply(self, redirects: list[Redirect]) -> bool:
        """Apply for good; on failure say why and answer False."""
        shell = self._shell
        for redirect in redirects:
            target = redirect.target
            text = await shell.expander.text(target)
            try:
                if not await self._one(redirect, text):
                    return False
            except OSError as error:
                creating = redirect.operator in {">", ">>", ">|", "<>", "&>", "&>>"}
                await shell.process.err(shell.words.cannot_open(text, error.strerror or "", creating=creating))
                return False
        return True

    async def _one(self, redirect: Redirect, text: str) -> bool:
        process, operator = self._shell.process, redirect.operator
        if operator in {"<&", ">&"}:
            return await self._duplicate(redirect, text)
        if operator == "<":
            file = open_to_read(process, text)
        elif operator in {"<<", "<<<"}:
            pipe = Pipe()
            pipe.write_now(text.encode("utf-8", "surrogateescape") + (b"\n" if operator == "<<<" else b""))
            pipe.close()
            file = ReadEnd(pipe)
        else:
            clobber = operator != ">" or "C" not in self._shell.options
            file = open_to_write(
                process, text, append=operator in {">>", "&>>"}, clobber=clobber, read=operator == "<>"
            )
        process.set_fd(redirect.fd, file)
        if operator in {"&>", "&>>"}:
            process.set_fd(2, file)
        return True

    async def _duplicate(self, redirect: Redirect, text: str) -> bool:
        process = self._shell.process
        if text == "-":
            process.close_fd(redirect.fd)
            return True
        if not text.isdigit():
            if redirect.operator == ">&":
                file = open_to_write(process, text)
                process.set_fd(1, file)
                process.set_fd(2, file)
                return True
            await process.err(self._shell.words.say("syntax error: bad fd number"))
            return False
        source = process.fds.get(int(text))
        if source is None:
            await process.err(self._shell.words.say(f"{text}: Bad file descriptor"))
            return False
        process.set_fd(redirect.fd, source)
        return True
