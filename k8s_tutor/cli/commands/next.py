"""``k8s-tutor next``: the next screen, as text."""

import click

from k8s_tutor.cli.asked import language_of
from k8s_tutor.cli.opening import opened


@click.command(epilog="Example: k8s-tutor next")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Go to the next screen and print it."""
    with opened(cluster=False, language=language_of(ctx)) as session:
        session.next()
        click.echo(session.screen.markdown)
