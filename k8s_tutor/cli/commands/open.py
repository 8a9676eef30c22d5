"""``k8s-tutor [LESSON]``: the app, or with ``--plain`` the line mode."""

import os
import sys
from typing import TYPE_CHECKING

import click

from k8s_tutor.cli.opening import language_of

if TYPE_CHECKING:
    from k8s_tutor.providers import Provider


@click.command(hidden=True, epilog="Example: k8s-tutor 02-pods")
@click.argument("lesson", default="")
@click.pass_context
def command(ctx: click.Context, lesson: str) -> int:
    """Open the tutor where you stopped, or at LESSON."""
    from k8s_tutor.providers import open_provider

    options = ctx.find_root().obj or {}
    if lesson:
        _check_lesson(lesson)
    provider = open_provider()
    if options.get("plain") or not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        from k8s_tutor.cli.plain import run_plain

        return run_plain(provider, lesson, language_of(ctx))
    return _app(provider, lesson, language_of(ctx))


def _app(provider: "Provider", lesson: str, language: str) -> int:
    from k8s_tutor.tui.app import TutorApp

    def open_session() -> object:
        from k8s_tutor.session import Session

        return Session.open(provider=provider, language=language)

    app = TutorApp(open_session, provider, lesson=lesson, language=language or _locale_language())
    return app.run() or 0


def _check_lesson(lesson: str) -> None:
    """Refuse an unknown lesson before a cluster is started or the screen taken over."""
    from k8s_tutor.course import Course

    Course.builtin().lesson(lesson)


def _locale_language() -> str:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return value.split("_", 1)[0].split(".", 1)[0].lower()
    return "en"
