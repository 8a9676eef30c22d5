"""``k8s-tutor env``: shell lines that point the learner's own kubectl at the tutor's cluster."""

import os
import shlex

import click

from k8s_tutor.cli.opening import learners_kubeconfig
from k8s_tutor.errors import UsageError
from k8s_tutor.providers import open_provider

SHELLS = ("bash", "zsh", "sh", "fish", "powershell")


@click.command(epilog='Example: eval "$(k8s-tutor env)"')
@click.option("--shell", type=click.Choice(SHELLS), default=None, help="For which shell (default: yours).")
@click.option("--unset", is_flag=True, help="Undo it.")
def command(shell: str | None, *, unset: bool) -> None:
    """Print what makes your own kubectl talk to the tutor's cluster."""
    provider = open_provider()
    if not unset:
        provider.start()
    path = "" if unset else str(learners_kubeconfig(provider))
    click.echo(lines(shell or _own_shell(), path), nl=False)


def lines(shell: str, kubeconfig: str) -> str:
    """Return the shell's lines; an empty kubeconfig undoes the setting."""
    if shell == "fish":
        text = f"set -gx KUBECONFIG {shlex.quote(kubeconfig)}" if kubeconfig else "set -e KUBECONFIG"
        return f"{text}\n# Run: k8s-tutor env --shell fish | source\n"
    if shell == "powershell":
        quoted = kubeconfig.replace("'", "''")
        text = f"$Env:KUBECONFIG = '{quoted}'" if kubeconfig else "Remove-Item Env:KUBECONFIG"
        return f"{text}\n# Run: k8s-tutor env --shell powershell | Invoke-Expression\n"
    if shell not in SHELLS:
        raise UsageError(f"The shell «{shell}» is not known.", f"Known: {', '.join(SHELLS)}.", "Use --shell.")
    text = f"export KUBECONFIG={shlex.quote(kubeconfig)}" if kubeconfig else "unset KUBECONFIG"
    hint = "" if kubeconfig else " --unset"
    return f'{text}\n# Run: eval "$(k8s-tutor env{hint})"\n'


def _own_shell() -> str:
    name = os.path.basename(os.environ.get("SHELL", "sh"))  # noqa: PTH119 - a word, not a path to open
    return name if name in SHELLS else "sh"
