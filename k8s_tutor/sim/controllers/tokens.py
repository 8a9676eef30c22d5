"""Secrets with tokens of a ServiceAccount: filled in when asked for, deleted with their account.

Upstream: ``pkg/controller/serviceaccount/tokens_controller.go``. Tokens are no longer made for each account; a Secret of
type ``kubernetes.io/service-account-token`` that names one gets one.
"""

import base64

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.auth.tokens import Bound
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.machinery.store import Event

LIFETIME = 10 * 365 * 24 * 3600
TYPE = "kubernetes.io/service-account-token"
ACCOUNT = "kubernetes.io/service-account.name"
UID = "kubernetes.io/service-account.uid"


class TokensController(Controller):
    """Follows token Secrets."""

    name = "tokens-controller"

    def setup(self) -> None:
        self.watch("secrets", self._secret_changed)
        self.watch("serviceaccounts", self._account_changed)

    def _secret_changed(self, event: Event) -> None:
        if event.type != "DELETED" and event.obj.get("type") == TYPE:
            self.enqueue(event.obj)

    def _account_changed(self, event: Event) -> None:
        for secret in self.client.list("secrets", event.obj["metadata"]["namespace"]):
            if secret.get("type") == TYPE and _annotation(secret, ACCOUNT) == event.obj["metadata"]["name"]:
                self.enqueue(secret)

    def reconcile(self, namespace: str, name: str) -> None:
        secret = self.client.get("secrets", name, namespace)
        if secret is None or secret.get("type") != TYPE or not _annotation(secret, ACCOUNT):
            return
        account = self.client.get("serviceaccounts", _annotation(secret, ACCOUNT), namespace)
        uid = _annotation(secret, UID)
        if account is None or (uid and uid != account["metadata"]["uid"]):
            self.client.delete("secrets", name, namespace, uid=secret["metadata"]["uid"])
            return
        data = secret.get("data") or {}
        if uid and all(data.get(key) for key in ("token", "ca.crt", "namespace")):
            return
        new = clone(secret)
        new["metadata"]["annotations"][UID] = account["metadata"]["uid"]
        bound = Bound("Secret", name, secret["metadata"]["uid"])
        token = self.kit.tokens.issue(account, seconds=LIFETIME, bound=bound)
        wanted = {"ca.crt": self.kit.identity.ca_pem, "namespace": namespace, "token": token}
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in wanted.items()}
        new["data"] = encoded | {key: value for key, value in data.items() if value}
        self.client.update("secrets", new)


def _annotation(obj: Json, key: str) -> str:
    return str((obj["metadata"].get("annotations") or {}).get(key, ""))
