"""``k8s-tutor kubectl …``: our kubectl on the tutor's cluster; everything after it belongs to kubectl.

``KUBECONFIG`` is honoured only where it names a cluster of the tutor's on this machine (as ``k8s-tutor env`` sets it):
whoever has a production cluster there must not hit it through the tutor.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from k8s_tutor.providers import Provider
    from k8s_tutor.session.guard import Guard


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": []},
    epilog="Example: k8s-tutor kubectl get pods",
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def command(words: tuple[str, ...]) -> int:
    """Run kubectl's command language on the tutor's cluster; exits as kubectl does."""
    from k8s_tutor.cli.opening import learners_kubeconfig
    from k8s_tutor.kubectl import run
    from k8s_tutor.kubectl.terminal import terminal_of
    from k8s_tutor.providers import open_provider

    provider = open_provider()
    kubeconfig = _own_from_environment()
    if kubeconfig is None:
        provider.start()
        kubeconfig = learners_kubeconfig(provider)
    return run(
        words,
        kubeconfig=kubeconfig,
        stdin=sys.stdin,
        stdout=sys.stdout,
        stderr=sys.stderr,
        terminal=terminal_of(sys.stdin),
        guard=_guard(provider, kubeconfig),
    )


def _guard(provider: "Provider", kubeconfig: Path) -> "Guard | None":
    """Return what asks before harm on a real cluster; somebody must be there to answer."""
    from k8s_tutor.providers import Capability

    if Capability.SNAPSHOT in provider.capabilities:
        return None
    from k8s_tutor.client import Client
    from k8s_tutor.session.guard import guard_for

    def asked(what: str) -> bool:
        return sys.stdin.isatty() and click.confirm(f"{what} is outside the tutor's namespaces. Do it?", err=True)

    return guard_for(provider, lambda: Client.from_kubeconfig(kubeconfig), asked)


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
