"""``k8s-tutor hint``: the next hint of an exercise."""

import click

from k8s_tutor.cli.asked import language_of
from k8s_tutor.cli.opening import at_exercise, opened


@click.command(epilog="Example: k8s-tutor hint pods/first-pod")
@click.argument("exercise", default="")
@click.pass_context
def command(ctx: click.Context, exercise: str) -> None:
    """Show the next hint of EXERCISE (default: where you are), and what it costs."""
    with opened(cluster=False, language=language_of(ctx)) as session:
        full_id = at_exercise(session, exercise)
        found = session.hint(full_id)
        if found is None:
            click.echo("There are no more hints. Type: k8s-tutor solution")
        else:
            number, text, cost = found
            click.echo(f"Hint {number} (costs {cost:g} points): {text}")
