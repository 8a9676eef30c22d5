"""``k8s-tutor reset``: the starting state of an exercise again."""

import click

from k8s_tutor.cli.asked import language_of
from k8s_tutor.cli.opening import at_exercise, opened
from k8s_tutor.cli.words import say


@click.command(epilog="Example: k8s-tutor reset pods/first-manifest")
@click.argument("exercise", default="")
@click.pass_context
def command(ctx: click.Context, exercise: str) -> None:
    """Set up the starting state of EXERCISE (default: where you are) again."""
    with opened(language=language_of(ctx)) as session:
        full_id = at_exercise(session, exercise)
        session.reset(full_id)
        click.echo(say(session.language, "start-stands", exercise=full_id))
