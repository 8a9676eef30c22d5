"""``k8s-tutor doctor``: what is on this machine, what works without it, and what the tutor keeps."""

import json
import shutil
import sys
from pathlib import Path

import click

from k8s_tutor import __version__, paths

TOOLS = {
    "kubectl": "your own kubectl can talk to the cluster; the tutor's prompt works without it",
    "docker": "kind needs Docker or Podman; the practice cluster needs neither",
    "podman": "kind needs Docker or Podman; the practice cluster needs neither",
    "kind": "real clusters on this machine; the practice cluster works without it",
    "minikube": "real clusters on this machine; the practice cluster works without it",
    "helm": "charts; lessons work without it",
}


@click.command(epilog="Example: k8s-tutor doctor")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def command(*, as_json: bool) -> None:
    """Say what is on this machine, and how much disk the tutor uses."""
    from k8s_tutor.providers import current, open_provider

    tools = {name: shutil.which(name) for name in TOOLS}
    folders = {"state": paths.state_dir(), "cache": paths.cache_dir(), "configuration": paths.config_dir()}
    sizes = {name: (str(folder), _size(folder)) for name, folder in folders.items()}
    chosen = str(current().get("provider", "practice"))
    cluster = open_provider().status()
    if as_json:
        answer = {
            "version": __version__,
            "python": sys.version.split()[0],
            "provider": chosen,
            "cluster": cluster.summary,
            "tools": tools,
            "folders": {name: {"path": path, "bytes": size} for name, (path, size) in sizes.items()},
        }
        click.echo(json.dumps(answer))
        return
    click.echo(f"k8s-tutor {__version__}, Python {sys.version.split()[0]}")
    click.echo(f"provider   {chosen}: {cluster.summary}")
    for name, path in tools.items():
        click.echo(f"{name:<10} {path or 'not here; ' + TOOLS[name]}")
    for name, (path, size) in sizes.items():
        click.echo(f"{name:<13} {path} ({size / 1e6:.1f} MB)")


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
