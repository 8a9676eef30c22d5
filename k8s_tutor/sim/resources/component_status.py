"""ComponentStatuses: the deprecated health of control plane components (upstream: ``registry/core/componentstatus``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy


class ComponentStatusStrategy(KindStrategy):
    """The kind ComponentStatus, which is only read."""

    resource = "componentstatuses"
    columns = table.table(
        table.NAME,
        table.plain("Status", "Status of the component conditions"),
        table.plain("Message", "Message of the component conditions"),
        table.plain("Error", "Error of the component conditions"),
    )

    def row(self, obj: Json, now: float) -> list[Any]:
        status, message, error = "Unknown", "", ""
        for condition in obj.get("conditions") or ():
            if condition.get("type") == "Healthy":
                status = "Healthy" if condition.get("status") == "True" else "Unhealthy"
                message, error = condition.get("message") or "", condition.get("error") or ""
                break
        return [obj["metadata"]["name"], status, message, error]
