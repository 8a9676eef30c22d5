"""PodTemplates (upstream: ``registry/core/podtemplate``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.strategy import RequestContext
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy, respecified
from k8s_tutor.sim.resources.shared.check import At, same
from k8s_tutor.sim.resources.shared.pods.pod_defaults import default_template
from k8s_tutor.sim.resources.shared.pods.pod_template import check_template
from k8s_tutor.sim.resources.shared.pods.pod_warnings import template_warnings


class PodTemplateStrategy(KindStrategy):
    """The kind PodTemplate."""

    resource = "podtemplates"
    has_generation = True
    columns = table.table(
        table.NAME,
        table.plain("Containers", table.CONTAINERS.description),
        table.plain("Images", table.IMAGES.description),
        table.plain("Pod Labels", "The labels for the pod template."),
    )

    def default(self, obj: Json) -> None:
        default_template(obj.setdefault("template", {}))

    def prepare_update(self, ctx: RequestContext, new: Json, old: Json) -> None:
        if not same(new.get("template"), old.get("template")):
            new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1

    def check(self, v: At, old: Json | None) -> None:
        check_template(v.at("template"))

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        return template_warnings("template", obj["template"]) if respecified(obj, old) else []

    def row(self, obj: Json, now: float) -> list[Any]:
        template = obj.get("template") or {}
        labels = table.labels_text((template.get("metadata") or {}).get("labels"))
        return [obj["metadata"]["name"], *table.containers_cells(template), labels]
