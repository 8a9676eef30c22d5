"""What the app's parts need of it: its main screen, its thread, threads for slow work, and words for errors."""

import threading
from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.message import Message

from k8s_tutor.errors import TutorError
from k8s_tutor.faults import told
from k8s_tutor.tui.screens.main import MainScreen


class Told(Message):
    """Something a worker thread or the session tells; ``act`` runs in the app's own thread."""

    def __init__(self, act: Callable[[], Any]) -> None:
        super().__init__()
        self.act = act


class Host(App[int]):
    """An app with a main screen, told things by other threads.

    Args:
        language: in which errors are told.
    """

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language = language
        self._leaving = threading.Event()

    @property
    def main(self) -> MainScreen:
        """The main screen, at the bottom of the stack."""
        return next(screen for screen in self.screen_stack if isinstance(screen, MainScreen))

    @property
    def is_leaving(self) -> bool:
        """Whether the app is being left: nobody will answer any more."""
        return self._leaving.is_set()

    def tell(self, act: Callable[[], Any]) -> None:
        """Have something run in the app's own thread; from any thread."""
        if not self._leaving.is_set():
            self.post_message(Told(act))

    async def on_told(self, message: Told) -> None:
        """Run it."""
        result = message.act()
        if result is not None and hasattr(result, "__await__"):
            await result

    def slowly(self, work: Callable[[], Any]) -> None:
        """Run something slow in a thread; an error becomes lines in the terminal."""

        def run() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - a fault of ours is told; the app goes on
                text = self.complaint(error)
                self.tell(lambda: self.main.terminal.note(text, "bold red"))

        self.run_worker(run, thread=True, group="slow")

    def complaint(self, error: Exception) -> str:
        """Return what is told of an error, in the learner's language."""
        from k8s_tutor.session import complaints

        return complaints.told(error, self.language) if isinstance(error, TutorError) else told(error)
