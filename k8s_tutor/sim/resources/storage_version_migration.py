"""StorageVersionMigrations (upstream: ``registry/storagemigration/storagemigration``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.apps.conditions import check_conditions
from k8s_tutor.sim.resources.shared.base import WithStatus
from k8s_tutor.sim.resources.shared.check import At

_STATES = ("Running", "Failed", "Succeeded")


def _is(obj: Json, kind: str) -> bool:
    conditions = (obj.get("status") or {}).get("conditions") or ()
    return any(item.get("type") == kind and item.get("status") == "True" for item in conditions)


class StorageVersionMigrationStrategy(WithStatus):
    """The kind StorageVersionMigration."""

    resource = "storageversionmigrations.storagemigration.k8s.io"
    allow_unconditional_update = False
    columns = table.table(
        table.plain("Name", table.NAME.description),
        table.plain("Resource", "GroupResource to migrate"),
        table.plain("Status", "Status of the migration"),
    )

    def check(self, v: At, old: Json | None) -> None:
        resource = v.at("spec").at("resource")
        if not resource.text("resource"):
            resource.required("resource", "resource is required to be set")
        elif complaints := names.is_dns1035_label(resource.text("resource")):
            resource.invalid("resource", ",".join(complaints))
        if resource.text("group") and (complaints := names.is_dns1123_subdomain(resource.text("group"))):
            resource.invalid("group", ",".join(complaints))

    def check_update(self, v: At, old: Json) -> None:
        self.check(v, old)
        self.unchanged(v, old, "spec")

    def check_status(self, v: At, old: Json) -> None:
        status, before = v.at("status"), old.get("status") or {}
        check_conditions(status)
        if before.get("resourceVersion"):
            status.immutable("resourceVersion", before)
        if _is(v.value, "Succeeded") and _is(v.value, "Failed"):
            status.invalid("conditions", "Both success and failed conditions cannot be true at the same time")
        for kind, word in (("Succeeded", "Success"), ("Failed", "Failed")):
            if _is(old, kind) and not _is(v.value, kind):
                status.invalid("conditions", f"{word} condition cannot be set to false once it is true")

    def row(self, obj: Json, now: float) -> list[Any]:
        resource = (obj.get("spec") or {}).get("resource") or {}
        shown = ".".join(filter(None, (resource.get("resource") or "", resource.get("group"))))
        states = [kind for kind in _STATES if _is(obj, kind)]
        return [obj["metadata"]["name"], shown, states[-1] if states else "Unknown"]
