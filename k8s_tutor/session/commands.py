"""The learner's shell lines: run in the working folder, kept in the history, taken back by snapshots.

``run_line`` is the one way in which the product runs a line of the command language; stages (an exercise's start) use
it as well.
"""

import io
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from k8s_tutor.client import Client
from k8s_tutor.errors import TutorError
from k8s_tutor.providers.contract import Capability, Provider

UNDO_DEPTH: Final = 20
_CHANGING: Final = frozenset(
    [
        "annotate",
        "apply",
        "autoscale",
        "cordon",
        "create",
        "debug",
        "delete",
        "drain",
        "edit",
        "expose",
        "label",
        "patch",
        "replace",
        "rollout",
        "run",
        "scale",
        "set",
        "taint",
        "uncordon",
        "exec",
        "cp",
    ]
)


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a shell line gave: exit code, and output where no writer was given."""

    line: str
    exit_code: int
    output: str


class Output(io.TextIOBase):
    """A text stream that hands bytes on as they come."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        super().__init__()
        self._write = write

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if text:
            self._write(text.encode())
        return len(text)


class Commands:
    """Runs lines, one at a time.

    Args:
        client: gives the session's client (made when the cluster is there).
        provider: takes snapshots where it can; None: nothing can be undone.
    """

    def __init__(self, client: Callable[[], Client], provider: Provider | None) -> None:
        self._client = client
        self._provider = provider
        self._lock = threading.Lock()
        self._running: Any = None
        self._undo: list[str] = []

    def run(
        self,
        line: str,
        workdir: Path,
        kubeconfig: Path,
        *,
        stdin: IO[bytes] | None = None,
        write: Callable[[bytes], None] | None = None,
    ) -> CommandResult:
        """Run a line; output goes to ``write`` as it comes, or into the result."""
        from k8s_tutor.kubectl.shellline import ShellLine

        gathered = bytearray()
        output = Output(write or gathered.extend)
        with self._lock:
            if changes(line):
                self._remember()
            shell = self._running = ShellLine(workdir, kubeconfig, client_factory=lambda *_: self._client())
        text_in = None if stdin is None else io.TextIOWrapper(stdin, encoding="utf-8", errors="replace")
        try:
            exit_code = shell.run(line, output, output, text_in)
        finally:
            with self._lock:
                self._running = None
            if text_in is not None:
                text_in.detach()  # the stream is the caller's to close
        return CommandResult(line, exit_code, gathered.decode("utf-8", "replace"))

    def interrupt(self) -> None:
        """End the line that runs."""
        with self._lock:
            if self._running is not None:
                self._running.cancel()

    def undo(self) -> bool:
        """Return to before the last line that could change something; False if there is none."""
        if self._provider is None or not self._undo:
            return False
        self._provider.restore(self._undo.pop())
        return True

    def forget(self) -> None:
        """Another exercise begins: what was before is not to be undone."""
        self._undo.clear()

    def _remember(self) -> None:
        if self._provider is None or Capability.SNAPSHOT not in self._provider.capabilities:
            return
        try:
            self._undo.append(self._provider.snapshot())
        except TutorError:
            # The line itself will say what is wrong with the cluster.
            return
        del self._undo[:-UNDO_DEPTH]


def changes(line: str) -> bool:
    """Tell whether a line may change the cluster."""
    words = line.replace("|", " ").replace(";", " ").replace("&", " ").split()
    return any(
        word in {"kubectl", "k"} and _CHANGING.intersection(words[at + 1 : at + 8]) for at, word in enumerate(words)
    )
