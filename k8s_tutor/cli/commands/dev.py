"""``k8s-tutor dev``: for authors of lessons: check, new, preview."""

import contextlib
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from k8s_tutor.errors import PackError, UsageError

if TYPE_CHECKING:
    from k8s_tutor.author import Playground
    from k8s_tutor.author.report import Case


@click.group(epilog="Example: k8s-tutor dev check . --only pods")
def command() -> None:
    """Write lessons: check them, begin new ones, preview."""


PACK = click.argument("pack", default="", metavar="[PACK]")


def _root(pack: str) -> Path:
    """The pack's folder: the one named, else the one around the present folder, else the built-in course."""
    if pack:
        if not (Path(pack) / "course.yaml").is_file():
            raise UsageError(
                f"«{pack}» is no course pack.", "It has no course.yaml.", f"Type: k8s-tutor dev new lesson {pack}/…"
            )
        return Path(pack)
    if Path("course.yaml").is_file():
        return Path()
    from k8s_tutor.content import builtin_course

    return builtin_course()


@command.command(epilog="Example: k8s-tutor dev check --only pods/first-manifest")
@PACK
@click.option("--only", default="", metavar="LESSON[/EXERCISE]", help="Only these exercises.")
@click.option("--lint", "lint_only", is_flag=True, help="Read only, play nothing.")
@click.option("--provider", "provider_name", default="practice", help="Play on this provider's cluster.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def check(pack: str, only: str, *, lint_only: bool, provider_name: str, as_json: bool) -> int:
    """Prove a pack: starts fail, solutions pass, mistakes fail as they should."""
    from k8s_tutor.author import check_pack

    root = _root(pack)

    def tell(case: "Case") -> None:
        if not as_json:
            click.echo(f"{'ok  ' if case.good else 'FAIL'} {case.exercise} {case.sort} {case.name}", err=True)

    if lint_only:
        report = check_pack(root, None, only)
    else:
        with _playground(provider_name) as ground:
            report = check_pack(root, ground, only, tell)
    click.echo(json.dumps(report.as_json(), ensure_ascii=False) if as_json else report.render())
    return 0 if report.good else PackError.exit_code


@command.command("test", epilog="Example: k8s-tutor dev test --provider kind --only pods")
@PACK
@click.option("--only", default="", metavar="LESSON[/EXERCISE]", help="Only these exercises.")
@click.option("--provider", "provider_name", default="practice", help="Play on this provider's cluster.")
@click.pass_context
def test_(ctx: click.Context, pack: str, only: str, *, provider_name: str) -> int:
    """Prove a pack on a provider's cluster: `dev check` by another name, for real clusters."""
    code: int = ctx.invoke(check, pack=pack, only=only, lint_only=False, provider_name=provider_name, as_json=False)
    return code


@contextlib.contextmanager
def _playground(provider_name: str) -> Iterator["Playground"]:
    """A cluster of its own, gone afterwards."""
    from k8s_tutor.author import Playground
    from k8s_tutor.providers import open_provider

    scratch = provider_name == "practice"
    provider = open_provider(provider_name, **({"name": f"dev-{os.getpid()}"} if scratch else {}))
    folder = Path(tempfile.mkdtemp(prefix="k8s-tutor-dev-"))
    try:
        with Playground(provider, folder) as ground:
            yield ground
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if scratch:
            provider.remove()


@command.group(epilog="Example: k8s-tutor dev new lesson 03-volumes")
def new() -> None:
    """Begin something new."""


@new.command(epilog="Example: k8s-tutor dev new lesson 03-volumes")
@click.argument("folder")
@click.option("--pack", default=".", metavar="FOLDER", help="The pack (default: the present folder).")
def lesson(folder: str, pack: str) -> None:
    """Write a lesson that is complete and green, to be rewritten."""
    from k8s_tutor.author import new_lesson

    for file in new_lesson(Path(pack), folder):
        click.echo(f"wrote {file}")
    click.echo(f"Type: k8s-tutor dev check {pack} --only {folder}")


@command.command(epilog="Example: k8s-tutor dev preview . pods")
@PACK
@click.argument("lesson_name", default="", metavar="[LESSON]")
@click.option("--once", is_flag=True, help="Show it once and end.")
def preview(pack: str, lesson_name: str, *, once: bool) -> None:
    """Show a pack's screens as text, again after every change of its files (Ctrl-C ends it)."""
    from k8s_tutor.author import Report
    from k8s_tutor.author import preview as follow
    from k8s_tutor.course import Course

    stop = threading.Event()

    def show(course: Course | None, report: Report) -> None:
        click.clear()
        if course is not None:
            for language in course.available_languages():
                for info in course.lessons():
                    if lesson_name in ("", info.id, info.folder):
                        for screen in course.screens(info.id, language):
                            click.echo(f"\n── {info.folder} · {language} · #{screen.anchor}\n{screen.markdown}")
        click.echo(report.render())
        if once:
            stop.set()

    follow(_root(pack), show, stop)
