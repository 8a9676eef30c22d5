"""``k8s-tutor solution``: the solutions of an exercise."""

import click

from k8s_tutor.cli.asked import language_of
from k8s_tutor.cli.opening import at_exercise, opened


@click.command(epilog="Example: k8s-tutor solution pods/first-manifest")
@click.argument("exercise", default="")
@click.pass_context
def command(ctx: click.Context, exercise: str) -> None:
    """Show the solutions of EXERCISE (default: where you are); it then earns no points until it is reset."""
    with opened(cluster=False, language=language_of(ctx)) as session:
        full_id = at_exercise(session, exercise)
        click.echo("\n\n".join(session.solution_text(way) for way in session.solutions(full_id)))
