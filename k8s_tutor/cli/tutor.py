"""Opening the tutor: the app, or with ``--plain`` (and where there is no screen) the line mode.

The bare call of ``k8s-tutor`` comes straight here, and nothing here is imported before the first paint but the app
itself: provider, session and course are opened behind it, by the app's worker thread. Objects made while modules load
live as long as the program, so the garbage collector need not look at them meanwhile.
"""

import contextlib
import gc
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from k8s_tutor.providers import Provider
    from k8s_tutor.session import Session


def open_tutor(*, lesson: str = "", plain: bool = False, language: str = "") -> int:
    """Open the tutor at a lesson, or where the learner stopped; returns the exit code.

    Args:
        lesson: number or name; an unknown one is refused before a cluster is started or the screen taken over.
        plain: line mode, for screen readers and pipes.
        language: ``en`` or ``ru``; empty: as the learner chose last, at first the locale's.

    Raises:
        TutorError: no such lesson; in line mode also what keeps a cluster from starting.
    """
    if lesson:
        from k8s_tutor.course import Course

        Course.builtin().lesson(lesson)
    if plain or not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        from k8s_tutor.cli.plain import run_plain
        from k8s_tutor.providers import open_provider

        return run_plain(open_provider(), lesson, language)
    return _app(lesson, language)


def _app(lesson: str, language: str) -> int:
    gc.disable()
    with _left_out("attr"):  # rich would load it only to print objects of its classes, and nobody does
        from k8s_tutor.tui.app import TutorApp

    def opened() -> "tuple[Session, Provider]":
        gc.freeze()
        gc.enable()
        from k8s_tutor.providers import open_provider
        from k8s_tutor.session import Session

        provider = open_provider()
        return Session.open(provider=provider, language=language), provider

    app = TutorApp(opened, lesson=lesson, language=language or locale_language())
    code = app.run()
    if app.last_words:
        print(app.last_words, file=sys.stderr)
    return code or 0


@contextlib.contextmanager
def _left_out(module: str) -> Iterator[None]:
    """Let what is imported meanwhile find no such module; afterwards it can be imported as ever."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # how importlib spells "there is none"
    try:
        yield
    finally:
        del sys.modules[module]


def locale_language() -> str:
    """Return the language of the locale; ``en`` where there is none."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return value.split("_", 1)[0].split(".", 1)[0].lower()
    return "en"
