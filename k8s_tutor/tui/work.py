"""Slow work of the app: in a thread, with errors told in the terminal."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from k8s_tutor.tui.app import TutorApp


def slowly(app: "TutorApp", work: Callable[[], Any]) -> None:
    """Run something slow in a thread; a TutorError becomes lines in the terminal."""

    def run() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - a fault of ours is told; the app goes on
            text = app.complaint(error)
            app.tell(lambda: app.main.terminal.note(text, "bold red"))

    app.run_worker(run, thread=True, group="slow")
