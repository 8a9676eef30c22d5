"""``k8s-tutor [LESSON]``: the app, or with ``--plain`` the line mode."""

import click

from k8s_tutor.cli.asked import language_of, plain_of
from k8s_tutor.cli.tutor import open_tutor


@click.command(hidden=True, epilog="Example: k8s-tutor 02-pods")
@click.argument("lesson", default="")
@click.pass_context
def command(ctx: click.Context, lesson: str) -> int:
    """Open the tutor where you stopped, or at LESSON."""
    return open_tutor(lesson=lesson, plain=plain_of(ctx), language=language_of(ctx))
