"""RuntimeClasses (upstream: ``registry/node/runtimeclass``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import quantities, table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.internal import internal
from k8s_tutor.sim.resources.shared.label_checks import check_labels
from k8s_tutor.sim.resources.shared.pods.scheduling_terms import check_tolerations


class RuntimeClassStrategy(KindStrategy):
    """The kind RuntimeClass."""

    resource = "runtimeclasses.node.k8s.io"
    allow_unconditional_update = False
    columns = table.table(table.NAME, table.plain("Handler", ""), table.AGE)

    def check(self, v: At, old: Json | None) -> None:
        if v.get("overhead") is not None:
            limits = {"limits": v.at("overhead").get("podFixed")}
            quantities.check_requirements(At(v.errors, "overhead", limits))
        scheduling = v.at("scheduling")
        if scheduling.value is None:
            return
        check_labels(scheduling.at("nodeSelector"))
        check_tolerations(scheduling.at("tolerations"))
        seen = []
        for toleration in scheduling.each("tolerations"):
            key = [toleration.text(name) for name in ("key", "operator", "value", "effect")]
            if key in seen:
                toleration.duplicate("", internal("core.Toleration", toleration.value))
            seen.append(key)

    def declared(self, v: At, old: Json | None) -> None:
        if v.need("handler"):
            v.judge("handler", names.is_dns1123_label)
        if old is not None:
            v.immutable_declared("handler", old)

    def row(self, obj: Json, now: float) -> list[Any]:
        return [obj["metadata"]["name"], obj.get("handler") or "", table.created(obj, now)]
