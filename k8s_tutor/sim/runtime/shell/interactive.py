"""The prompt: a shell on a terminal, reading commands line by line."""

import posixpath
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime import signals
from k8s_tutor.sim.runtime.nodes import Directory
from k8s_tutor.sim.runtime.processes import ExitProcess
from k8s_tutor.sim.runtime.shell.bash_parser import parser_for
from k8s_tutor.sim.runtime.shell.expansion import ExpansionError
from k8s_tutor.sim.runtime.shell.flow import BreakLoop, ReturnFunction
from k8s_tutor.sim.runtime.shell.syntax import IncompleteError, Sequence, ShellSyntaxError

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.shell.interpreter import Shell


def prompt(shell: "Shell") -> str:
    """Return the primary prompt of this kind of shell."""
    own = shell.get("PS1")
    container = shell.process.container
    root = shell.process.credentials.uid == 0
    if own is not None:
        home = shell.get("HOME") or ""
        cwd = "~" if shell.process.cwd == home else shell.process.cwd
        for mark, text in (
            ("\\w", cwd),
            ("\\W", posixpath.basename(cwd) or "/"),
            ("\\h", container.hostname),
            ("\\u", "root" if root else "user"),
            ("\\$", "#" if root else "$"),
            ("\\n", "\n"),
        ):
            own = own.replace(mark, text)
        return own
    sign = "#" if root else "$"
    if shell.words.flavour == "bash":
        home = shell.get("HOME") or ""
        cwd = "~" if shell.process.cwd == home else shell.process.cwd
        return f"{'root' if root else 'I have no name!'}@{container.hostname}:{cwd}{sign} "
    if shell.words.flavour == "dash":
        return f"{sign} "
    home = shell.get("HOME") or ""
    cwd = "~" if shell.process.cwd == home and home != "/" else shell.process.cwd
    return f"{cwd} {sign} "


class Interaction:
    """Reads commands from a terminal (or from a pipe, with ``sh -i``) and runs them."""

    def __init__(self, shell: "Shell") -> None:
        self._shell = shell
        self._interrupted = False
        shell.interactive = shell.words.interactive = True
        shell.options.add("i")
        shell.process.handlers[signals.SIGINT] = self._interrupt
        shell.process.handlers[signals.SIGTERM] = None
        terminal = shell.process.terminal
        if terminal is not None:
            terminal.completer = self.complete

    def _interrupt(self, number: int) -> None:
        del number
        self._interrupted = True
        terminal = self._shell.process.terminal
        if terminal is not None and terminal._waiting:  # noqa: SLF001 - the line discipline wakes its reader
            terminal._deliver(b"\n")  # noqa: SLF001

    async def run(self) -> int:
        """Read and run until the end of input or ``exit``."""
        shell = self._shell
        pending = ""
        while True:
            if shell.pending:
                await shell.run_traps()
            line = await self._line("> " if pending else prompt(shell))
            if line is None:
                if shell.process.terminal is not None and shell.words.flavour != "ash":
                    await shell.process.err("exit\n" if shell.words.flavour == "bash" else "\n")
                return shell.status
            if self._interrupted:
                self._interrupted, pending = False, ""
                shell.status = 130
                continue
            pending += line
            try:
                program = parser_for(shell.words.flavour, pending, shell.aliases, shell.options).program()
            except IncompleteError:
                continue
            except ShellSyntaxError as error:
                shell.words.line = 1
                await shell.process.err(shell.words.syntax(error.message, error.token))
                shell.status, pending = 2, ""
                continue
            pending = ""
            await self._run(program)

    async def _run(self, program: Sequence) -> None:
        shell = self._shell
        try:
            await shell.sequence(program)
        except ExitProcess:
            raise
        except ExpansionError as error:
            await shell.process.err(str(error))
            shell.status = 2
        except (BreakLoop, ReturnFunction):
            pass
        if self._interrupted:
            self._interrupted = False
            shell.status = 130

    async def _line(self, prompt: str) -> str | None:
        process = self._shell.process
        terminal = process.terminal
        if terminal is not None:
            terminal.prompt = prompt
        await process.err(prompt)
        found = b""
        while not found.endswith(b"\n"):
            data = await process.read(0)
            if not data:
                return None if not found else found.decode("utf-8", "replace")
            head, feed, rest = data.partition(b"\n")
            found += head + feed
            if rest:
                process.fds[0].unread(rest)
        return found.decode("utf-8", "replace")

    def complete(self, line: str) -> list[str]:
        """Return how the last word may go on."""
        word = line.rsplit(" ", 1)[-1]
        shell = self._shell
        files = shell.process.files
        if " " not in line.strip() and "/" not in word:
            found: set[str] = set()
            for folder in (shell.get("PATH") or "").split(":"):
                try:
                    found.update(name for name, _ in files.list(folder) if name.startswith(word))
                except OSError:
                    continue
            return sorted(name + " " for name in found)
        folder, _, start = word.rpartition("/")
        base = folder or ("/" if word.startswith("/") else ".")
        try:
            entries = list(files.list(base, shell.process.cwd))
        except OSError:
            return []
        prefix = f"{folder}/" if "/" in word else ""
        return [
            f"{prefix}{name}{'/' if isinstance(node, Directory) else ' '}"
            for name, node in entries
            if name.startswith(start) and (start or not name.startswith("."))
        ]
