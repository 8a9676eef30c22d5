"""VolumeAttributesClasses (upstream: ``registry/storage/volumeattributesclass``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At, same
from k8s_tutor.sim.resources.storage_class import check_parameters


class VolumeAttributesClassStrategy(KindStrategy):
    """The kind VolumeAttributesClass."""

    resource = "volumeattributesclasses.storage.k8s.io"
    columns = table.table(
        table.NAME, table.doc("storage.v1", "VolumeAttributesClass", "driverName", "DriverName"), table.AGE
    )

    def check(self, v: At, old: Json | None) -> None:
        if v.need("driverName"):
            lower = v.text("driverName").lower()
            v.judge("driverName", names.is_qualified_name, lower)
        check_parameters(v, empty=False)

    def check_update(self, v: At, old: Json) -> None:
        for name in ("driverName", "parameters"):
            if not same(v.get(name), old.get(name)):
                v.forbidden(name, f"updates to {name} are forbidden.")
        self.check(v, old)

    def row(self, obj: Json, now: float) -> list[Any]:
        return [obj["metadata"]["name"], obj.get("driverName") or "", table.created(obj, now)]
