"""What a running command asks of the learner, from its thread: a yes before harm, and the editor of ``kubectl edit``.

The thread waits until the screen that was pushed for it is left; leaving the app, or Ctrl+C, leaves the screen too.
"""

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from k8s_tutor.tui.host import Host

if TYPE_CHECKING:
    from textual.screen import Screen


class Asking:
    """Asks through screens; every method is called from a worker thread.

    Args:
        app: the app.
        language: gives the learner's language.
    """

    def __init__(self, app: Host, language: Callable[[], str]) -> None:
        self._app = app
        self._language = language

    def confirm(self, what: str) -> bool:
        """Ask before something is harmed that is not the lesson's."""
        from k8s_tutor.tui.screens.confirm import ConfirmScreen

        return self._wait(lambda: ConfirmScreen(what, self._language()))

    def edit(self, text: str, suffix: str) -> str:
        """Let the learner edit a text; what was left unsaved comes back as it was."""
        from k8s_tutor.tui.screens.editor import EditorScreen

        with tempfile.TemporaryDirectory(prefix="k8s-tutor-edit-") as folder:
            file = Path(folder) / f"kubectl-edit{suffix}"
            file.write_text(text, encoding="utf-8")
            saved = self._wait(lambda: EditorScreen(file, self._language(), keep=False))
            return file.read_text(encoding="utf-8") if saved else text

    def _wait(self, screen: "Callable[[], Screen[bool]]") -> bool:
        done = threading.Event()
        answers: list[bool] = []

        def answered(answer: bool | None) -> None:
            answers.append(bool(answer))
            done.set()

        self._app.tell(lambda: self._app.push_screen(screen(), answered) and None)
        while not done.wait(0.1):
            if self._app.is_leaving:
                return False
        return answers[0]
