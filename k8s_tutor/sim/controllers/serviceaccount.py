"""Every namespace has a ServiceAccount ``default`` (upstream: ``pkg/controller/serviceaccount``)."""

from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event

ACCOUNTS = "serviceaccounts"
DEFAULT = "default"


class ServiceAccountsController(Controller):
    """Makes what is missing, and makes it again when it is deleted."""

    name = "service-account-controller"

    def setup(self) -> None:
        self.watch_keys("namespaces")
        self.watch(ACCOUNTS, self._deleted)

    def _deleted(self, event: Event) -> None:
        if event.type == "DELETED":
            self.queue.add(("", event.obj["metadata"]["namespace"]))

    def reconcile(self, namespace: str, name: str) -> None:
        found = self.client.get("namespaces", name)
        if found is None or found.get("status", {}).get("phase") != "Active":
            return
        if self.client.get(ACCOUNTS, DEFAULT, name) is not None:
            return
        account = {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": DEFAULT, "namespace": name},
        }
        try:
            self.client.create(ACCOUNTS, account)
        except ApiError as error:
            if error.reason != "AlreadyExists" and error.code != 403:
                raise
