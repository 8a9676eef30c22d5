"""``k8s-tutor undo``: take back the last command."""

import click

from k8s_tutor.cli.asked import language_of
from k8s_tutor.cli.opening import opened
from k8s_tutor.cli.words import say


@click.command(epilog="Example: k8s-tutor undo")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Take back the last command typed in the tutor (practice cluster)."""
    with opened(language=language_of(ctx)) as session:
        click.echo(say(session.language, "undone" if session.undo() else "nothing-undone"))
