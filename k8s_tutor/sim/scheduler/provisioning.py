"""Whether a node can have a new volume for a claim: its class must make volumes there, and its driver have room for it.

A driver that tells how much room it has (``storageCapacity`` of its CSIDriver) is asked by way of the
CSIStorageCapacities that concern the node (upstream: ``volumebinding/binder.go``).
"""

from k8s_tutor.apimachinery.labels import from_label_selector
from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.client import LocalClient
from k8s_tutor.sim.scheduler.cache import NodeInfo
from k8s_tutor.sim.scheduler.volumes import NO_PROVISIONER, class_of, requested_storage

BIND_CONFLICT = "node(s) didn't find available persistent volumes to bind"
NO_SPACE = "node(s) did not have enough free storage"


def provisioning_refusal(client: LocalClient, claim: Json, node: NodeInfo) -> str:
    """Return why no volume can be made for a claim on a node, or ""."""
    storage_class = client.get("storageclasses.storage.k8s.io", class_of(claim))
    if storage_class is None or storage_class.get("provisioner") in {None, "", NO_PROVISIONER}:
        return BIND_CONFLICT
    terms = storage_class.get("allowedTopologies")
    if terms and not any(_topology_matches(term, node) for term in terms):
        return BIND_CONFLICT
    return "" if _has_room(client, storage_class, claim, node) else NO_SPACE


def volume_limit(capacity: Json) -> Quantity:
    """Return how large a volume may be, as far as a CSIStorageCapacity tells; less than nothing if it does not."""
    limit = capacity.get("maximumVolumeSize", capacity.get("capacity"))
    return Quantity(-1) if limit is None else Quantity.parse(limit)


def _has_room(client: LocalClient, storage_class: Json, claim: Json, node: NodeInfo) -> bool:
    driver = client.get("csidrivers.storage.k8s.io", storage_class["provisioner"])
    if driver is None or not driver["spec"].get("storageCapacity"):
        return True
    wanted, name = requested_storage(claim), storage_class["metadata"]["name"]
    return any(
        capacity.get("storageClassName") == name
        and volume_limit(capacity) >= wanted
        and capacity.get("nodeTopology") is not None
        and from_label_selector(capacity["nodeTopology"]).matches(node.labels)
        for capacity in client.list("csistoragecapacities.storage.k8s.io")
    )


def _topology_matches(term: Json, node: NodeInfo) -> bool:
    expressions = term.get("matchLabelExpressions") or ()
    return all(node.labels.get(item["key"]) in item["values"] for item in expressions)
