"""The ReplicaSet controller (upstream: ``pkg/controller/replicaset``)."""

from k8s_tutor.apimachinery.labels import Selector, from_label_selector
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers.index import owner_index
from k8s_tutor.sim.controllers.replicas import ReplicaManager
from k8s_tutor.sim.machinery.meta import controller_of


class ReplicaSetController(ReplicaManager):
    """Keeps a ReplicaSet's pods at the wanted number."""

    name = "replicaset-controller"
    resource = "replicasets.apps"
    kind = "ReplicaSet"

    def selector_of(self, owner: Json) -> Selector:
        return from_label_selector(owner["spec"]["selector"])

    def related(self, owner: Json) -> list[Json]:
        """All ReplicaSets of the same Deployment count, so that old pods leave nodes that new ones have reached."""
        parent = controller_of(owner)
        return owner_index(self.client.store, self.resource).owned(parent["uid"]) if parent else [owner]

    def add_terminating(self, status: Json, terminating: int) -> None:
        status["terminatingReplicas"] = terminating
