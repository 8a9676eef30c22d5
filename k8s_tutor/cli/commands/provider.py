"""``k8s-tutor provider``: choose where the cluster comes from."""

from typing import Any

import click

from k8s_tutor.errors import UsageError
from k8s_tutor.providers import current, names, open_provider, remember
from k8s_tutor.providers.kinds.context import ContextProvider


@click.group(epilog="Example: k8s-tutor provider use kind")
def command() -> None:
    """Choose where the cluster comes from: practice, kind, minikube, context."""


@command.command("list", epilog="Example: k8s-tutor provider list")
def list_() -> None:
    """List the providers; the chosen one is marked."""
    chosen = str(current().get("provider", "practice"))
    for name in names():
        click.echo(f"{'*' if name == chosen else ' '} {name}")


@command.command(epilog="Example: k8s-tutor provider use context --context my-kind --yes")
@click.argument("name")
@click.option("--context", "context_name", default="", metavar="NAME", help="Which context (provider context).")
@click.option("--yes", is_flag=True, help="Yes, use that real cluster.")
@click.option("--i-know-this-is-shared", "shared", is_flag=True, help="Allow a server that is not on this machine.")
def use(name: str, context_name: str, *, yes: bool, shared: bool) -> None:
    """Use this provider from now on, and start its cluster."""
    if name not in names():
        raise UsageError(
            f"There is no provider «{name}».", f"Known are: {', '.join(names())}.", "Type: k8s-tutor provider list"
        )
    options: dict[str, Any] = {}
    if name == "context":
        options = {"context": context_name, "shared": shared, "confirmed": yes}
        if context_name and not yes:
            options["confirmed"] = click.confirm(
                f"Let the tutor make and delete its own namespaces in «{context_name}»?"
            )
    provider = open_provider(name, **options)
    provider.start()
    if isinstance(provider, ContextProvider):
        options["source"] = str(provider.source.absolute())
    remember(name, options)
    click.echo(provider.status().summary)
