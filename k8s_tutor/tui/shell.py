"""Commands at the prompt: run in a thread, fed by a pipe, their output gathered into as few repaints as possible."""

import contextlib
import os
import re
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from k8s_tutor.kubectl.continuing import wants_more
from k8s_tutor.session import Session
from k8s_tutor.tui.host import Host
from k8s_tutor.tui.texts import say

if TYPE_CHECKING:
    from k8s_tutor.client import Client

PAGED = re.compile(r"(^|\|)\s*(less|more)(\s+[\w./-]+)?\s*$")


class Commands:
    """The learner's shell lines, one at a time.

    Args:
        app: the app.
        session: runs the lines.
        enter: does what a typed line says.
        page: shows the last output in the pager.
    """

    def __init__(self, app: Host, session: Session, *, enter: Callable[[str], None], page: Callable[[], None]) -> None:
        self.app = app
        self.session = session
        self._enter = enter
        self._page = page
        self.running = False
        self.client: Client | None = None
        self.begun = ""
        self._stdin: int | None = None
        self._paged = False
        self._chunks: list[str] = []
        self._chunk_lock = threading.Lock()

    def enter(self, line: str) -> None:
        """Take a line: it is run with those before it as soon as they are a whole command."""
        self.app.main.terminal.begin(line, again=bool(self.begun))
        text = f"{self.begun}\n{line}" if self.begun else line
        goes_on = wants_more(text)
        self.begun = text if goes_on else ""
        self._ask(more=goes_on)
        if not goes_on:
            self._run(text)

    def paste(self, lines: Sequence[str]) -> None:
        """Take lines that are not to be run before the last one, which waits in the prompt, is entered."""
        for line in lines:
            self.app.main.terminal.begin(line, again=bool(self.begun))
            self.begun = f"{self.begun}\n{line}" if self.begun else line
        self._ask(more=bool(self.begun))

    def give_up(self) -> None:
        """Forget the lines of a command that is not whole."""
        self.begun = ""
        self._ask(more=False)

    def _ask(self, *, more: bool) -> None:
        terminal = self.app.main.terminal
        terminal.ask(more=more)
        terminal.prompt.placeholder = say(self.session.language, "goes-on" if more else "prompt-help")

    def run(self, line: str) -> None:
        """Run a shell line that the tutor itself enters."""
        self.app.main.terminal.begin(line)
        self._run(line)

    def _run(self, line: str) -> None:
        terminal = self.app.main.terminal
        terminal.prompt.placeholder = say(self.session.language, "running")
        self.running = True
        self._paged = PAGED.search(line) is not None
        read, self._stdin = os.pipe()

        def work() -> None:
            code = 1
            try:
                with os.fdopen(read, "rb", buffering=0, closefd=False) as stdin:
                    code = self.session.run_command(line, stdin=stdin, write=self._output).exit_code
            finally:
                self.app.tell(lambda: self._finished(code, read))

        self.app.slowly(work)

    def answer(self, line: str) -> None:
        """Send a line to the running command's input."""
        if self._stdin is not None:
            self._output(f"{line}\n".encode())
            try:
                os.write(self._stdin, f"{line}\n".encode())
            except OSError:
                self._close_stdin()

    def interrupt(self) -> None:
        """Stop the running command."""
        if self.running:
            self._close_stdin()
            self.session.interrupt()

    def _close_stdin(self) -> None:
        descriptor, self._stdin = self._stdin, None
        if descriptor is not None:
            os.close(descriptor)

    def _output(self, data: bytes) -> None:
        """Take output, from any thread; one message carries what has come together."""
        with self._chunk_lock:
            self._chunks.append(data.decode("utf-8", "replace"))
            if len(self._chunks) > 1:
                return
        self.app.tell(self._flush)

    def _flush(self) -> None:
        with self._chunk_lock:
            text, self._chunks = "".join(self._chunks), []
        self.app.main.terminal.feed(text)

    def _finished(self, code: int, pipe: int) -> None:
        """Show how the command ended; what was typed while it ran and it did not read is entered now."""
        unread = _left_in(pipe)
        self._flush()
        self._close_stdin()
        self.running = False
        terminal = self.app.main.terminal
        terminal.finish(code)
        terminal.prompt.placeholder = say(self.session.language, "prompt-help")
        if self._paged and code == 0:
            self._page()
        for typed in unread.splitlines():
            self._enter(typed)

    def complete(self, line: str, cursor: int) -> None:
        """Offer completions for the prompt's line."""
        client = self.client
        if client is None:
            return

        def work() -> None:
            from k8s_tutor.kubectl.complete import complete

            found = complete(line, cursor, client)
            self.app.tell(lambda: self._offer(line, cursor, [(c.text, c.description) for c in found]))

        self.app.slowly(work)

    def _offer(self, line: str, cursor: int, found: list[tuple[str, str]]) -> None:
        if not found:
            return
        terminal = self.app.main.terminal
        before = line[:cursor]
        word = before.rsplit(" ", 1)[-1]
        common = shared_start([text for text, _ in found])
        if len(common) > len(word):
            end = " " if len(found) == 1 else ""
            new = before[: len(before) - len(word)] + common + end
            terminal.prompt.offer(line, cursor, lambda old: (new + old[cursor:], len(new)))
        if len(found) > 1:
            terminal.note("  ".join(text for text, _ in found[:60]), "dim")

    def edit(self, name: str) -> None:
        """Open a file of the working folder in the editor; apply it where asked."""
        from k8s_tutor.tui.screens.editor import EditorScreen

        folder = self.session.workdir.resolve()
        file = (folder / name).resolve()
        if not file.is_relative_to(folder):
            self.app.main.terminal.note(f"{name}: outside {folder}", "red")
            return
        file.parent.mkdir(parents=True, exist_ok=True)

        def done(apply: bool | None) -> None:
            if apply:
                self.run(f"kubectl apply -f {name}")

        self.app.push_screen(EditorScreen(file, self.session.language), done)


def _left_in(pipe: int) -> str:
    """Return what nobody read from a pipe, and close it."""
    os.set_blocking(pipe, False)
    left = b""
    with contextlib.suppress(BlockingIOError):
        while piece := os.read(pipe, 65536):
            left += piece
    os.close(pipe)
    return left.decode("utf-8", "replace")


def shared_start(words: list[str]) -> str:
    """Return the longest text with which all words begin."""
    first, last = min(words), max(words)
    same = next((i for i, letter in enumerate(first) if i >= len(last) or last[i] != letter), len(first))
    return first[:same]
