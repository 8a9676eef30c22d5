"""``k8s-tutor hint``: the next hint of an exercise."""

import click

from k8s_tutor.cli.asked import language_of
from k8s_tutor.cli.opening import at_exercise, opened
from k8s_tutor.cli.words import say


@click.command(epilog="Example: k8s-tutor hint pods/first-manifest")
@click.argument("exercise", default="")
@click.pass_context
def command(ctx: click.Context, exercise: str) -> None:
    """Show the next hint of EXERCISE (default: where you are), and what it costs."""
    with opened(cluster=False, language=language_of(ctx)) as session:
        full_id = at_exercise(session, exercise)
        found = session.hint(full_id)
        if found is None:
            click.echo(say(session.language, "more-hints"))
        else:
            number, text, cost = found
            name = "hint" if cost else "free-hint"
            click.echo(say(session.language, name, number=number, cost=f"{cost:g}", text=text))
