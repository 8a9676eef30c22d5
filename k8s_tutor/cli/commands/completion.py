"""``k8s-tutor completion SHELL``: completion for the learner's shell."""

import click
from click.shell_completion import get_completion_class

from k8s_tutor.errors import UsageError


@click.command(epilog='Example: eval "$(k8s-tutor completion bash)"')
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print shell code that completes k8s-tutor's commands."""
    found = get_completion_class(shell)
    if found is None:  # pragma: no cover - the three are click's own
        raise UsageError(f"No completion for {shell}.")
    click.echo(found(ctx.find_root().command, {}, "k8s-tutor", "_K8S_TUTOR_COMPLETE").source())
