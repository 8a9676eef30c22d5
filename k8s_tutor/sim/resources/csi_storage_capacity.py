"""CSIStorageCapacities (upstream: ``registry/storage/csistoragecapacity``)."""

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import quantities
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import NEGATIVE, At, same
from k8s_tutor.sim.resources.shared.label_checks import check_selector, shown


class CSIStorageCapacityStrategy(KindStrategy):
    """The kind CSIStorageCapacity."""

    resource = "csistoragecapacities.storage.k8s.io"
    allow_unconditional_update = False
    no_rows = None

    def check(self, v: At, old: Json | None) -> None:
        check_selector(v.at("nodeTopology"))
        v.judge("storageClassName", names.is_dns1123_subdomain)
        capacity = v.get("capacity")
        if capacity is not None and quantities.parse(capacity).nanos < 0:
            v.invalid("capacity", NEGATIVE)

    def check_update(self, v: At, old: Json) -> None:
        self.check(v, old)
        if not same(v.get("nodeTopology"), old.get("nodeTopology")):
            v.invalid("nodeTopology", "field is immutable", shown(v.get("nodeTopology")))
        v.immutable("storageClassName", old)
