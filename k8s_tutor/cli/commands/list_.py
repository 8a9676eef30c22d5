"""``k8s-tutor list``: the lessons and what is done."""

import json

import click

from k8s_tutor.cli.asked import language_of
from k8s_tutor.cli.opening import opened


@click.command(epilog="Example: k8s-tutor list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """List the lessons with their exercises and what you have passed."""
    with opened(cluster=False, language=language_of(ctx)) as session:
        lessons = session.lessons()
        if as_json:
            rows = [
                {
                    "id": lesson.info.id,
                    "folder": lesson.info.folder,
                    "title": lesson.info.title.get(session.language),
                    "exercises": list(lesson.info.exercises),
                    "passed": lesson.passed,
                    "total": lesson.total,
                    "points": lesson.points,
                    "current": lesson.current,
                    "missing": sorted(lesson.missing),
                }
                for lesson in lessons
            ]
            click.echo(json.dumps(rows, ensure_ascii=False))
            return
        for lesson in lessons:
            mark = "✓" if lesson.total and lesson.passed == lesson.total else ">" if lesson.current else " "
            count = f"{lesson.passed}/{lesson.total}" if lesson.total else ""
            click.echo(f"{mark} {lesson.info.folder:<24} {count:>5}  {lesson.info.title.get(session.language)}")
