"""Signs ``cluster-info`` for those who know a bootstrap token (upstream: ``bootstrap/bootstrapsigner.go``).

The signature lies beside what it signs, under the token's id; who joins can so trust what anybody may read. ``kubeadm``
switches this controller on.
"""

import base64
import hashlib
import hmac
import json

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.bootstraptokens import is_bootstrap_token, signing_key
from k8s_tutor.sim.machinery.store import Event

NAMESPACE, NAME, CONTENT, SIGNATURE = "kube-public", "cluster-info", "kubeconfig", "jws-kubeconfig-"


def signature(content: str, token_id: str, key: str) -> str:
    """Return a JWS without what it signs."""
    header = _encoded(json.dumps({"alg": "HS256", "kid": token_id}, separators=(",", ":")).encode())
    signed = f"{header}.{_encoded(content.encode())}".encode()
    return f"{header}..{_encoded(hmac.digest(key.encode(), signed, hashlib.sha256))}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class BootstrapSigner(Controller):
    """Keeps the signatures."""

    name = "bootstrap-signer"

    def setup(self) -> None:
        if not self.kit.shape.bare:
            self.watch("secrets", self._secret_changed)
            self.watch("configmaps", self._map_changed)

    def _secret_changed(self, event: Event) -> None:
        if is_bootstrap_token(event.obj):
            self.queue.add((NAMESPACE, NAME))

    def _map_changed(self, event: Event) -> None:
        meta = event.obj["metadata"]
        if event.type != "DELETED" and (meta["namespace"], meta["name"]) == (NAMESPACE, NAME):
            self.enqueue(event.obj)

    def reconcile(self, namespace: str, name: str) -> None:
        info = self.client.get("configmaps", name, namespace)
        content = ((info or {}).get("data") or {}).get(CONTENT)
        if content is None:
            return
        now = self.clock.now()
        tokens = (signing_key(secret, now) for secret in self.client.list("secrets") if is_bootstrap_token(secret))
        signatures = {SIGNATURE + token[0]: signature(content, *token) for token in tokens if token}

        def change(obj: Json) -> None:
            kept = {key: value for key, value in obj["data"].items() if not key.startswith(SIGNATURE)}
            obj["data"] = kept | signatures

        self.client.change("configmaps", namespace, name, change)
