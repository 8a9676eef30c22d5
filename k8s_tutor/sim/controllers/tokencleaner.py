"""Deletes bootstrap tokens whose time is over (upstream: ``bootstrap/tokencleaner.go``; ``kubeadm`` switches it on)."""

from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.bootstraptokens import is_bootstrap_token, seconds_left
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event


class TokenCleaner(Controller):
    """Looks at each token when it is there, and when it ends."""

    name = "token-cleaner"

    def setup(self) -> None:
        if not self.kit.shape.bare:
            self.watch("secrets", self._changed)

    def _changed(self, event: Event) -> None:
        if event.type != "DELETED" and is_bootstrap_token(event.obj):
            self.enqueue(event.obj)

    def reconcile(self, namespace: str, name: str) -> None:
        secret = self.client.get("secrets", name, namespace)
        left = seconds_left(secret, self.clock.now()) if secret and is_bootstrap_token(secret) else None
        if secret is None or left is None:
            return
        if left > 0:
            self.queue.add_after((namespace, name), left)
            return
        try:
            self.client.delete("secrets", name, namespace, uid=secret["metadata"]["uid"])
        except ApiError as error:
            if error.code not in {404, 409}:
                raise
