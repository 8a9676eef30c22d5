"""The learner's shell lines: run in the working folder, kept in the history, taken back by snapshots.

``run_line`` is the one way in which the product runs a line of the command language; stages (an exercise's start) use
it as well.
"""

import contextlib
import io
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from k8s_tutor.client import Client
from k8s_tutor.errors import TutorError
from k8s_tutor.providers.contract import Capability, Provider
from k8s_tutor.session.guard import Confirm, Guard, guard_for

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

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


class _Sink(io.BytesIO):
    """Hands bytes on as they come, and keeps none."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        super().__init__()
        self._write = write

    def write(self, data: "ReadableBuffer", /) -> int:
        piece = bytes(data)
        if piece:
            self._write(piece)
        return len(piece)


class Commands:
    """Runs lines, one at a time.

    Args:
        client: gives the session's client (made when the cluster is there).
        provider: takes snapshots where it can; None: nothing can be undone.

    Attributes:
        confirm: asks the learner before a command harms what is not the lesson's on a real cluster; None refuses.
        edit: the editor of ``kubectl edit``: text and suffix to the edited text; None takes $EDITOR.
    """

    def __init__(self, client: Callable[[], Client], provider: Provider | None) -> None:
        self._client = client
        self._provider = provider
        self._lock = threading.Lock()
        self._shell: Any = None
        self._place: tuple[Path, Path] | None = None
        self._remembered = False
        self._undo: list[str] = []
        self._guard: Guard | None = None
        self.confirm: Confirm | None = None
        self.edit: Callable[[str, str], str] | None = None

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
        gathered = bytearray()
        output = io.TextIOWrapper(
            _Sink(write or gathered.extend), encoding="utf-8", errors="replace", newline="", write_through=True
        )
        text_in = None if stdin is None else io.TextIOWrapper(stdin, encoding="utf-8", errors="replace")
        shell = self._shell_in(workdir, kubeconfig)
        self._remembered = False
        if self._guard is not None:
            self._guard.begin()
        try:
            exit_code = shell.run(line, output, output, text_in)
        finally:
            if text_in is not None:
                with contextlib.suppress(ValueError):
                    text_in.detach()  # the caller's to close
        return CommandResult(line, exit_code, gathered.decode("utf-8", "replace"))

    def interrupt(self) -> None:
        """End the line that runs."""
        with self._lock:
            if self._shell is not None:
                self._shell.cancel()

    def _shell_in(self, workdir: Path, kubeconfig: Path) -> Any:
        """The shell of a working folder: the same as long as the folder is, so that ``cd`` and variables stay."""
        from k8s_tutor.kubectl.shellline import ShellLine

        with self._lock:
            if self._place != (workdir, kubeconfig):
                self._place = (workdir, kubeconfig)
                self._guard = guard_for(self._provider, self._client, self.confirm)
                self._shell = ShellLine(
                    workdir,
                    kubeconfig,
                    client_factory=self._client,
                    edit=self.edit,
                    before=self._before,
                    guard=self._guard,
                )
            return self._shell

    def _before(self, words: list[str]) -> None:
        if not self._remembered and changes(words):
            self._remembered = True
            self._remember()

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


def changes(words: list[str]) -> bool:
    """Tell whether a kubectl call may change the cluster."""
    return bool(_CHANGING.intersection(words[:8]))
