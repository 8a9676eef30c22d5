"""ResourceClaimTemplates (upstream: ``registry/resource/resourceclaimtemplate``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.internal import internal
from k8s_tutor.sim.resources.shared.pods.device_claims import check_claim, default_claim
from k8s_tutor.sim.resources.shared.storage.claims import check_template_metadata


class ResourceClaimTemplateStrategy(KindStrategy):
    """The kind ResourceClaimTemplate."""

    resource = "resourceclaimtemplates.resource.k8s.io"
    shows = {  # noqa: RUF012 - a constant of the class
        "spec": lambda spec: internal("resource.ResourceClaimTemplateSpec", spec or {})
    }
    columns = table.table(table.NAME, table.AGE)

    def default(self, obj: Json) -> None:
        default_claim((obj.get("spec") or {}).get("spec"))

    def check(self, v: At, old: Json | None) -> None:
        check_template_metadata(v.at("spec").at("metadata"))
        check_claim(v.at("spec").at("spec"))

    def check_update(self, v: At, old: Json) -> None:
        self.check(v, old)
        self.unchanged(v, old, "spec")

    def row(self, obj: Json, now: float) -> list[Any]:
        return [obj["metadata"]["name"], table.created(obj, now)]
