"""CSINodes (upstream: ``registry/storage/csinode``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At, same
from k8s_tutor.sim.resources.shared.internal import internal
from k8s_tutor.sim.resources.shared.storage.volume_sources import csi_driver_name

_MAX_ID = 192


class CSINodeStrategy(KindStrategy):
    """The kind CSINode."""

    resource = "csinodes.storage.k8s.io"
    allow_unconditional_update = False
    columns = table.table(
        table.NAME,
        table.plain("Drivers", "Drivers indicates the number of CSI drivers registered on the node", "integer"),
        table.AGE,
    )

    def check(self, v: At, old: Json | None) -> None:
        seen: set[str] = set()
        for driver in v.at("spec").each("drivers"):
            csi_driver_name(driver, "name")
            driver.need("nodeID")
            if len(driver.text("nodeID").encode()) > _MAX_ID:
                driver.invalid("nodeID", f"must be {_MAX_ID} characters or less")
            driver.at("allocatable").not_negative("count")
            if driver.text("name") in seen:
                driver.duplicate("name")
            seen.add(driver.text("name"))
            self._check_keys(driver)

    def _check_keys(self, driver: At) -> None:
        keys: set[str] = set()
        for key in driver.get("topologyKeys") or ():
            if not key:
                driver.required()
            if key in keys:
                driver.duplicate("", key)
            keys.add(key)
            driver.judge("", names.is_qualified_name, key)

    def check_update(self, v: At, old: Json) -> None:
        self.check(v, old)
        drivers = (v.get("spec") or {}).get("drivers") or ()
        for before in (old.get("spec") or {}).get("drivers") or ():
            for driver in drivers:
                was, now = ({key: item[key] for key in item if key != "allocatable"} for item in (before, driver))
                if now.get("name") == was.get("name") and not same(now, was):
                    shown = internal("storage.CSINodeDriver", now)
                    v.at("spec").invalid("drivers", "field is immutable", shown)

    def row(self, obj: Json, now: float) -> list[Any]:
        return [obj["metadata"]["name"], len((obj.get("spec") or {}).get("drivers") or ()), table.created(obj, now)]
