"""``k8s-tutor status``: where the learner is, and which cluster the tutor talks to."""

import json

import click

from k8s_tutor.cli import marks
from k8s_tutor.cli.asked import language_of
from k8s_tutor.cli.opening import opened
from k8s_tutor.cli.words import say


@click.command(epilog="Example: k8s-tutor status --json")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Say where you are, what is passed, and which cluster the tutor talks to."""
    from k8s_tutor.providers import open_provider

    cluster = open_provider().status()
    with opened(cluster=False, language=language_of(ctx)) as session:
        place = session.place
        exercise = session.exercise
        passed = sum(lesson.passed for lesson in session.lessons())
        total = sum(lesson.total for lesson in session.lessons())
        if as_json:
            answer = {
                "lesson": place.lesson,
                "screen": place.screen,
                "exercise": exercise.full_id if exercise else None,
                "started": session.started or None,
                "passed": passed,
                "total": total,
                "checks": [marks.as_json(check) for check in session.checks()],
                "cluster": {"running": cluster.running, "summary": cluster.summary},
            }
            click.echo(json.dumps(answer, ensure_ascii=False))
            return
        language = session.language
        lesson = f"{session.lesson.folder} ({session.lesson.title.get(language)})"
        told = {
            "lesson": say(language, "at-screen", lesson=lesson, screen=place.index + 1, screens=len(session.screens)),
            "exercise": exercise.full_id if exercise else say(language, "no-exercise"),
            "done": say(language, "of-exercises", passed=passed, total=total),
            "cluster": cluster.summary,
        }
        width = max(len(say(language, name)) for name in told)
        for name, text in told.items():
            click.echo(f"{say(language, name):<{width}} {text}")
