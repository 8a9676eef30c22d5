"""A terminal: the kernel's line discipline between a client and the processes of an ``exec -it``.

Input is echoed and edited by line (arrows, backspace, ^A ^E ^U ^W ^R, history of the shell), ^C sends SIGINT to the
processes on the terminal, ^D on an empty line is the end of input. Output has its line feeds made CR LF. The client's
raw bytes come in by ``feed``.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime import signals
from k8s_tutor.sim.runtime.descriptors import OpenFile
from k8s_tutor.sim.runtime.streams import ResizeQueue

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

ESCAPES = {
    "A": "up",
    "B": "down",
    "C": "right",
    "D": "left",
    "H": "home",
    "F": "end",
    "3~": "delete",
    "1~": "home",
    "4~": "end",
}
CONTROLS = {
    1: "home",
    5: "end",
    2: "left",
    6: "right",
    16: "up",
    14: "down",
    8: "erase",
    127: "erase",
    21: "kill",
    23: "word",
    11: "cut",
    12: "clear",
}


class Terminal(OpenFile):
    """One pseudo terminal.

    Args:
        send: where output goes.
        size: the window, as the client reports it.
    """

    __slots__ = (
        "_at",
        "_escape",
        "_history_at",
        "_line",
        "_lines",
        "_search",
        "_waiting",
        "completer",
        "echo",
        "history",
        "processes",
        "prompt",
        "send",
        "size",
    )
    is_tty = True
    waits = True

    def __init__(self, send: Callable[[bytes], Awaitable[None]], size: ResizeQueue | None = None) -> None:
        super().__init__()
        self.send = send
        self.size = size or ResizeQueue()
        self.processes: Callable[[], Iterable[Process]] = lambda: ()
        self.prompt = ""
        self.history: list[str] = []
        self.completer: Callable[[str], list[str]] | None = None
        self.echo = True
        self._history_at = 0
        self._line = ""
        self._at = 0
        self._escape = ""
        self._search: str | None = None
        self._lines: deque[bytes] = deque()
        self._waiting: list[asyncio.Future[None]] = []

    # -- the processes' side

    async def read(self, size: int = 65536) -> bytes:
        while not self._lines:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future
        return self._take(size)

    def read_now(self, size: int = 65536) -> bytes | None:
        return self._take(size) if self._lines else None

    def _take(self, size: int) -> bytes:
        line = self._lines.popleft()
        if len(line) > size:
            self._lines.appendleft(line[size:])
        return line[:size]

    def unread(self, data: bytes) -> None:
        if data:
            self._lines.appendleft(data)

    async def write(self, data: bytes) -> None:
        await self.send(data.replace(b"\n", b"\r\n"))

    # -- the client's side

    async def pump(self, read: Callable[[], Awaitable[bytes]]) -> None:
        """Feed what the client types until it goes."""
        while data := await read():
            await self.feed(data)
        self._deliver(b"")

    async def feed(self, data: bytes) -> None:
        """Take typed bytes."""
        for character in data.decode("utf-8", "replace"):
            await self._key(character)

    async def _key(self, character: str) -> None:
        if character == "\x12" and self.completer is not None:
            await self._look_back(older=self._search is not None)
        elif self._search is not None and await self._searching(character):
            return
        elif self._escape or character == "\x1b":
            await self._escaped(character)
        elif character in "\r\n":
            await self._enter()
        elif character == "\x03":
            await self._show("^C\r\n")
            self._line, self._at = "", 0
            for process in tuple(self.processes()):
                process.signal(signals.SIGINT)
        elif character == "\x04":
            if self._line:
                self._deliver(self._line.encode())
                self._line, self._at = "", 0
            else:
                self._deliver(b"")
        elif character == "\t" and self.completer is not None:
            await self._complete()
        elif ord(character) in CONTROLS:
            await self._edit(CONTROLS[ord(character)])
        elif character >= " ":
            rest = self._line[self._at :]
            self._line = self._line[: self._at] + character + rest
            self._at += 1
            await self._show(character + rest + "\b" * len(rest))

    async def _searching(self, character: str) -> bool:
        """Take a key of a search; tell whether that was all of it (what ends a search is a key of the line as well)."""
        if character >= " " and character != "\x7f":
            self._search = (self._search or "") + character
        elif character in "\x08\x7f":
            self._search = (self._search or "")[:-1]
        else:
            self._search = None
            if character in "\x03\x07":
                self._line = ""
            self._at = len(self._line)
            await self._show(f"\r\x1b[K{self.prompt}{self._line}")
            return character in "\x07\x1b"
        self._history_at = len(self.history)
        await self._look_back(older=False)
        return True

    async def _look_back(self, *, older: bool) -> None:
        """Find the last line of the history that holds what is searched (^R)."""
        self._search = self._search or ""
        last = self._history_at if older else len(self.history)
        found = next((at for at in range(last - 1, -1, -1) if self._search in self.history[at]), None)
        if found is not None and self._search:
            self._history_at, self._line = found, self.history[found]
            self._at = len(self._line)
        await self._show(f"\r\x1b[K(reverse-i-search)`{self._search}': {self._line if self._search else ''}")

    async def _escaped(self, character: str) -> None:
        self._escape += character
        body = self._escape[2:]
        if len(self._escape) == 2 and character not in "[O":
            self._escape = ""
        elif body and (character.isalpha() or character == "~"):
            self._escape = ""
            await self._edit(ESCAPES.get(body, ""))

    async def _enter(self) -> None:
        await self._show("\r\n")
        if self._line.strip() and self.completer is not None:
            self.history.append(self._line)
        self._history_at = len(self.history)
        line, self._line, self._at = self._line, "", 0
        self._deliver(line.encode() + b"\n")

    async def _edit(self, action: str) -> None:
        line, at = self._line, self._at
        if action in {"up", "down"}:
            self._history_at = min(max(self._history_at + (1 if action == "down" else -1), 0), len(self.history))
            line = self.history[self._history_at] if self._history_at < len(self.history) else ""
            at = len(line)
        elif action == "left":
            at = max(0, at - 1)
        elif action == "right":
            at = min(len(line), at + 1)
        elif action == "home":
            at = 0
        elif action == "end":
            at = len(line)
        elif action == "erase" and at:
            line, at = line[: at - 1] + line[at:], at - 1
        elif action == "delete":
            line = line[:at] + line[at + 1 :]
        elif action == "kill":
            line, at = line[at:], 0
        elif action == "cut":
            line = line[:at]
        elif action == "word":
            kept = line[:at].rstrip()
            kept = kept[: kept.rfind(" ") + 1]
            line, at = kept + line[at:], len(kept)
        elif action == "clear":
            await self._show("\x1b[H\x1b[J" + self.prompt)
        await self._redraw(line, at)

    async def _redraw(self, line: str, at: int) -> None:
        """Show the line anew, from its beginning."""
        blank = max(0, len(self._line) - len(line))
        text = "\b" * self._at + line + " " * blank + "\b" * (blank + len(line) - at)
        self._line, self._at = line, at
        await self._show(text)

    async def _complete(self) -> None:
        found = self.completer(self._line[: self._at]) if self.completer else []
        word = self._line[: self._at].rsplit(" ", 1)[-1]
        common = _common(found)
        if len(common) > len(word):
            await self._redraw(
                self._line[: self._at - len(word)] + common + self._line[self._at :],
                self._at - len(word) + len(common),
            )
        elif found:
            names = "  ".join(name.rstrip("/ ").rsplit("/", 1)[-1] for name in found)
            await self._show(f"\r\n{names}\r\n{self.prompt}{self._line}")

    def _deliver(self, data: bytes) -> None:
        self._lines.append(data)
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()

    async def _show(self, text: str) -> None:
        if self.echo and text:
            await self.send(text.encode())


def _common(texts: list[str]) -> str:
    """Return what all begin with."""
    found = min(texts, key=len, default="")
    while not all(text.startswith(found) for text in texts):
        found = found[:-1]
    return found
