"""``k8s-tutor cluster``: start, stop and steer the cluster of the chosen provider."""

import json
from typing import Any

import click

from k8s_tutor.providers import Provider, open_provider


@click.group(epilog="Example: k8s-tutor cluster start --nodes 3")
def command() -> None:
    """Start, stop, look at and steer the cluster."""


def _provider(name: str, **options: Any) -> Provider:
    """The practice cluster of that name where one is asked for; else the chosen provider."""
    given = {key: value for key, value in options.items() if value is not None}
    if name or given:
        return open_provider("practice", **({"name": name} if name else {}), **given)
    return open_provider()


def _tell(provider: Provider) -> None:
    click.echo(provider.status().summary)


NAME = click.option("--name", default="", metavar="NAME", help="Which practice cluster, if you keep several.")


@command.command(epilog="Example: k8s-tutor cluster start --bare --nodes 1")
@NAME
@click.option("--nodes", type=click.IntRange(0, 1000), default=None, help="Worker nodes (practice; default 2).")
@click.option("--bare", is_flag=True, default=None, help="Workers only: no control-plane node, no add-ons.")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="Ask for this port (0: any free one).")
@click.option("--no-start-latency", is_flag=True, help="Containers start at once, not as slowly as on a real node.")
@click.option("--clock-rate", type=click.FloatRange(0, 60), default=None, help="Cluster seconds a real second.")
def start(
    name: str,
    nodes: int | None,
    *,
    bare: bool | None,
    port: int | None,
    no_start_latency: bool,
    clock_rate: float | None,
) -> None:
    """Start the cluster; returns when its API answers."""
    options: dict[str, Any] = {"nodes": nodes, "bare": bare, "port": port, "clock_rate": clock_rate}
    options["start_latency"] = False if no_start_latency else None
    provider = _provider(name, **options)
    provider.start()
    _tell(provider)


@command.command(epilog="Example: k8s-tutor cluster stop")
@NAME
def stop(name: str) -> None:
    """Stop it; a practice cluster keeps its state."""
    provider = _provider(name)
    provider.stop()
    _tell(provider)


@command.command(epilog="Example: k8s-tutor cluster status --json")
@NAME
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(name: str, *, as_json: bool) -> None:
    """Say whether it runs, and where."""
    found = _provider(name).status()
    if as_json:
        click.echo(json.dumps({"running": found.running, "summary": found.summary, **found.details}, default=str))
    else:
        click.echo(found.summary)


@command.command(epilog="Example: k8s-tutor cluster reset")
@NAME
def reset(name: str) -> None:
    """Return to a fresh cluster; everything in it is gone."""
    provider = _provider(name)
    provider.reset()
    _tell(provider)


@command.command(epilog="Example: k8s-tutor cluster delete --name other")
@NAME
@click.confirmation_option(prompt="Delete the cluster with everything in it?")
def delete(name: str) -> None:
    """Stop it and forget its state; your progress in the course is kept."""
    provider = _provider(name)
    provider.remove()
    _tell(provider)


@command.command(epilog='Example: kubectl --kubeconfig "$(k8s-tutor cluster kubeconfig)" get nodes')
@NAME
def kubeconfig(name: str) -> None:
    """Print the path of its kubeconfig file."""
    click.echo(str(_provider(name).kubeconfig()))


@command.command(epilog="Example: k8s-tutor cluster clock --advance 3600")
@NAME
@click.option("--rate", type=click.FloatRange(0, 60), default=None, help="Cluster seconds a real second; 0 stops.")
@click.option("--advance", type=click.FloatRange(0), default=None, help="Live through so many seconds at once.")
def clock(name: str, rate: float | None, advance: float | None) -> None:
    """Steer the cluster's time (practice cluster)."""
    provider = _provider(name)
    if rate is not None:
        provider.set_rate(rate)
    if advance is not None:
        provider.advance(advance)
    _tell(provider)


@command.command(epilog="Example: k8s-tutor cluster snapshot")
@NAME
def snapshot(name: str) -> None:
    """Keep the whole cluster's state; prints an id for `restore`."""
    click.echo(_provider(name).snapshot())


@command.command(epilog="Example: k8s-tutor cluster restore 3")
@NAME
@click.argument("snapshot_id", metavar="ID")
def restore(name: str, snapshot_id: str) -> None:
    """Return to a snapshot."""
    provider = _provider(name)
    provider.restore(snapshot_id)
    _tell(provider)
