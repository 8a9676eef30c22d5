"""Every namespace has the cluster's CA in a ConfigMap (upstream: ``pkg/controller/certificates/rootcacertpublisher``)."""

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event

NAME = "kube-root-ca.crt"
DESCRIPTION = {
    "kubernetes.io/description": (
        "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as "
        "the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of "
        "Kubernetes clusters."
    )
}


class RootCaPublisher(Controller):
    """Writes the ConfigMap, and rights it when somebody changes it."""

    name = "root-ca-cert-publisher"

    def setup(self) -> None:
        self._certificate: str = self.kit.identity.ca_pem
        self.watch_keys("namespaces")
        self.watch("configmaps", self._changed)

    def _changed(self, event: Event) -> None:
        if event.obj["metadata"]["name"] == NAME:
            self.queue.add(("", event.obj["metadata"]["namespace"]))

    def reconcile(self, namespace: str, name: str) -> None:
        found = self.client.get("namespaces", name)
        if found is None or found.get("status", {}).get("phase") != "Active":
            return
        data = {"ca.crt": self._certificate}
        old = self.client.get("configmaps", NAME, name)
        if old is None:
            meta = {"name": NAME, "namespace": name, "annotations": dict(DESCRIPTION)}
            new: Json = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}
            try:
                self.client.create("configmaps", new)
            except ApiError as error:
                if error.reason != "AlreadyExists" and error.code != 403:
                    raise
        elif old.get("data") != data or not all(
            (old["metadata"].get("annotations") or {}).get(key) for key in DESCRIPTION
        ):
            new = clone(old)
            new["data"] = data
            new["metadata"].setdefault("annotations", {}).update(DESCRIPTION)
            self.client.update("configmaps", new)
