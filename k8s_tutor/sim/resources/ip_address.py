"""IPAddresses: which Service has which address (upstream: ``registry/networking/ipaddress``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At, begin
from k8s_tutor.sim.resources.shared.network.addresses import check_canonical_ip


class IPAddressStrategy(KindStrategy):
    """The kind IPAddress."""

    resource = "ipaddresses.networking.k8s.io"
    # The row has a third cell, the age, which no column names.
    columns = table.table(table.NAME, table.doc("networking.v1", "IPAddressSpec", "parentRef", "ParentRef"))

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        v = begin({"name": name})
        check_canonical_ip(v, "name")
        return [error.message.partition('": ')[2] for error in v.errors]

    def default(self, obj: Json) -> None:
        parent = (obj.get("spec") or {}).get("parentRef") or {}
        for name in [name for name, value in parent.items() if not value]:
            del parent[name]

    def check(self, v: At, old: Json | None) -> None:
        parent = v.at("spec").at("parentRef")
        if parent.value is None:
            return
        parent.judge_if("group", names.is_dns1123_subdomain)
        for name in ("resource", "name", "namespace"):
            parent.judge_if(name, names.is_path_segment)

    def declared(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        missing = spec.get("parentRef") is None
        if missing:
            spec.required("parentRef")
        for name in () if missing else ("resource", "name"):
            spec.at("parentRef").need(name)
        if old is not None:
            spec.immutable_declared("parentRef", old.get("spec"))

    def row(self, obj: Json, now: float) -> list[Any]:
        parent = (obj.get("spec") or {}).get("parentRef")
        shown = table.NONE
        if parent is not None:
            group = f".{parent['group']}" if parent.get("group") else ""
            resource = f"{parent.get('resource') or ''}{group}".lower()
            shown = "/".join(filter(None, (resource, parent.get("namespace"), parent.get("name") or "")))
        return [obj["metadata"]["name"], shown, table.created(obj, now)]
