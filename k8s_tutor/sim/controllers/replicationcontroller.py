"""The ReplicationController controller (upstream: ``pkg/controller/replication``, an adapter over ReplicaSet's)."""

from k8s_tutor.apimachinery.labels import Selector, from_map
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers.replicas import ReplicaManager


class ReplicationManager(ReplicaManager):
    """Keeps a ReplicationController's pods at the wanted number."""

    name = "replication-controller"
    resource = "replicationcontrollers"
    kind = "ReplicationController"

    def selector_of(self, owner: Json) -> Selector:
        return from_map(owner["spec"].get("selector"))
