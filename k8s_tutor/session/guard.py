"""Asks before a command harms what is not the lesson's, on a cluster whose state the tutor cannot bring back.

It stands before every request of the learner's kubectl (`Client.guarded`), so it sees what will really be changed:
flags, files, pipes and ``-A`` make no difference. Deleting, replacing, patching and evicting ask, once a line; reading
and making new objects do not. On a cluster that the tutor made, only the system's namespaces are out of scope; on
somebody else's, everything is but the namespaces that the tutor made (label ``k8s-tutor/owned=true``).
"""

import re
from collections.abc import Callable
from typing import Final

from k8s_tutor.checks.stage import OWNED
from k8s_tutor.client import Client
from k8s_tutor.errors import RefusedError
from k8s_tutor.providers.contract import Capability, Provider

Confirm = Callable[[str], bool]
_NAMESPACE: Final = re.compile(r"^/(?:api/v1|apis/[^/]+/[^/]+)/namespaces/([^/]+)")


class Guard:
    """See the module.

    Args:
        client: to the cluster, unguarded: tells which namespaces are ours.
        cluster: what the learner is asked about: the provider's name and server.
        made_by_us: the tutor made the whole cluster.
        confirm: asks the learner; False, or no ``confirm``, refuses.
    """

    def __init__(
        self, client: Callable[[], Client], cluster: str, *, made_by_us: bool, confirm: Confirm | None
    ) -> None:
        self._client = client
        self._cluster = cluster
        self._made_by_us = made_by_us
        self._confirm = confirm
        self._scope: frozenset[str] | None = None
        self._allowed = False

    def begin(self) -> None:
        """Another line begins: ask anew."""
        self._scope, self._allowed = None, False

    def __call__(self, method: str, path: str) -> None:
        """Let a request pass, or ask.

        Raises:
            RefusedError: the learner said no, or nobody can be asked.
        """
        path = path.partition("?")[0]
        if method in ("GET", "HEAD") or (method == "POST" and not path.endswith("/eviction")):
            return
        if self._allowed or self._in_scope(path):
            return
        if self._confirm is None or not self._confirm(f"{method} {path} ({self._cluster})"):
            raise RefusedError(
                f"Refused: {method} {path} on {self._cluster}.",
                "It lies outside the lesson, on a real cluster: nothing could bring it back.",
                "Type it in the tutor's own prompt and answer yes, or with your own kubectl, if you are sure.",
            )
        self._allowed = True

    def _in_scope(self, path: str) -> bool:
        found = _NAMESPACE.match(path)
        if found is None:
            return self._made_by_us
        if self._scope is None:
            items = self._client().list("/api/v1/namespaces", labelSelector=f"{OWNED}=true")
            names = {item["metadata"]["name"] for item in items}
            self._scope = frozenset(names | {"default"} if self._made_by_us else names)
        return found[1] in self._scope


def guard_for(provider: Provider | None, client: Callable[[], Client], confirm: Confirm | None) -> Guard | None:
    """Return the guard that a provider's cluster needs; none where a snapshot brings everything back."""
    if provider is None or Capability.SNAPSHOT in provider.capabilities:
        return None
    made_by_us = Capability.CREATE in provider.capabilities
    return Guard(client, provider.name, made_by_us=made_by_us, confirm=confirm)
