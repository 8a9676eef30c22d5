"""``k8s-tutor uninstall``: remove all that the tutor ever wrote, and say what."""

import shutil

import click

from k8s_tutor import paths


@click.command(epilog="Example: k8s-tutor uninstall")
@click.confirmation_option(prompt="Remove your progress and the tutor's clusters?")
def command() -> None:
    """Stop the tutor's clusters and remove its state, cache and configuration."""
    from k8s_tutor.providers import open_provider

    clusters = paths.state_dir() / "clusters"
    for folder in sorted(clusters.iterdir()) if clusters.is_dir() else ():
        open_provider("practice", name=folder.name).stop()
        click.echo(f"stopped   practice cluster «{folder.name}»")
    for folder in (paths.state_dir(), paths.cache_dir(), paths.config_dir()):
        shutil.rmtree(folder)
        click.echo(f"removed   {folder}")
    click.echo("The program itself: pipx uninstall k8s-tutor (or remove the checkout).")
