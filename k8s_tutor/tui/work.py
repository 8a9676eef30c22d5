"""Slow work of the app: in a thread, with errors told in the terminal."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from k8s_tutor.errors import TutorError

if TYPE_CHECKING:
    from k8s_tutor.tui.app import TutorApp


def slowly(app: "TutorApp", work: Callable[[], Any]) -> None:
    """Run something slow in a thread; a TutorError becomes lines in the terminal."""

    def run() -> None:
        try:
            work()
        except TutorError as error:
            text = error.render()
            app.tell(lambda: app.main.terminal.note(text, "bold red"))

    app.run_worker(run, thread=True, group="slow")
