"""ControllerRevisions (upstream: ``registry/apps/controllerrevision``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.meta import controller_of
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At


class ControllerRevisionStrategy(KindStrategy):
    """The kind ControllerRevision."""

    resource = "controllerrevisions.apps"
    columns = table.table(
        table.NAME,
        table.plain("Controller", "Controller of the object"),
        table.doc("apps.v1", "ControllerRevision", "revision", "Revision"),
        table.AGE,
    )

    def check(self, v: At, old: Json | None) -> None:
        v.not_negative("revision")
        data = v.get("data")
        if old is not None:
            v.immutable("data", old)
        elif data is None:
            v.required("data", "data is mandatory")
        elif not isinstance(data, dict):
            v.required("data", "data must be a valid JSON object")

    def row(self, obj: Json, now: float) -> list[Any]:
        owner = controller_of(obj)
        shown = table.NONE
        if owner is not None:
            group = owner["apiVersion"].rpartition("/")[0]
            kind = owner["kind"].lower()
            shown = f"{kind}.{group}/{owner['name']}" if group else f"{kind}/{owner['name']}"
        return [obj["metadata"]["name"], shown, obj.get("revision") or 0, table.created(obj, now)]
