"""``k8s-tutor kubectl …``: our kubectl on the tutor's cluster; everything after it belongs to kubectl.

``KUBECONFIG`` is honoured only where it names a cluster of the tutor's on this machine (as ``k8s-tutor env`` sets it):
whoever has a production cluster there must not hit it through the tutor.
"""

import os
import sys
from pathlib import Path

import click


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": []},
    epilog="Example: k8s-tutor kubectl get pods",
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def command(words: tuple[str, ...]) -> int:
    """Run kubectl's command language on the tutor's cluster; exits as kubectl does."""
    from k8s_tutor.kubectl import run
    from k8s_tutor.kubectl.terminal import terminal_of

    return run(
        words,
        kubeconfig=_own_from_environment() or _provided(),
        stdin=sys.stdin,
        stdout=sys.stdout,
        stderr=sys.stderr,
        terminal=terminal_of(sys.stdin),
    )


def _provided() -> Path:
    from k8s_tutor.providers import open_provider

    provider = open_provider()
    provider.start()
    return provider.kubeconfig()


def _own_from_environment() -> Path | None:
    """Return ``KUBECONFIG`` where its current context is a loopback cluster with one of our names."""
    named = os.environ.get("KUBECONFIG", "")
    if not named or os.pathsep in named:
        return None
    from k8s_tutor.client import KubeconfigError, load_target
    from k8s_tutor.providers.kinds.context import is_loopback

    try:
        target = load_target(named)
    except KubeconfigError:
        return None
    ours = "k8s-tutor" in target.context_name
    return Path(named) if ours and is_loopback(target.server) else None
