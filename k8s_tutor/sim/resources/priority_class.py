"""PriorityClasses (upstream: ``registry/scheduling/priorityclass``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.pods.pod_spec import check_preemption

HIGHEST = 1_000_000_000
_SYSTEM = {"system-node-critical": HIGHEST * 2 + 1000, "system-cluster-critical": HIGHEST * 2}
_RESERVED = "priority class names with 'system-' prefix are reserved for system use only. error: "


def _system_problem(name: str, value: int, default: bool) -> str:
    if name not in _SYSTEM:
        return f"{name} is not a known system priority class"
    if value != _SYSTEM[name]:
        return f"value of {name} PriorityClass must be {_SYSTEM[name]}"
    return f"globalDefault of {name} PriorityClass must be false" if default else ""


class PriorityClassStrategy(KindStrategy):
    """The kind PriorityClass."""

    resource = "priorityclasses.scheduling.k8s.io"
    has_generation = True
    columns = table.table(
        table.NAME,
        table.doc("scheduling.v1", "PriorityClass", "value", "Value", "integer"),
        table.doc("scheduling.v1", "PriorityClass", "globalDefault", "Global-Default", "boolean"),
        table.AGE,
        table.doc("scheduling.v1", "PriorityClass", "preemptionPolicy", "PreemptionPolicy"),
    )

    def default(self, obj: Json) -> None:
        if obj.get("preemptionPolicy") is None:
            obj["preemptionPolicy"] = "PreemptLowerPriority"

    def check(self, v: At, old: Json | None) -> None:
        name = (v.get("metadata") or {}).get("name") or ""
        if name.startswith("system-"):
            problem = _system_problem(name, v.number("value"), bool(v.get("globalDefault")))
            if problem:
                v.at("metadata").forbidden("name", _RESERVED + problem)
        elif v.number("value") > HIGHEST:
            v.forbidden("value", f"maximum allowed value of a user defined priority is {HIGHEST}")
        check_preemption(v)

    def check_update(self, v: At, old: Json) -> None:
        if v.number("value") != (old.get("value") or 0):
            v.forbidden("value", "may not be changed in an update.")
        v.immutable("preemptionPolicy", old)

    def row(self, obj: Json, now: float) -> list[Any]:
        return [
            obj["metadata"]["name"],
            obj.get("value") or 0,
            bool(obj.get("globalDefault")),
            table.created(obj, now),
            obj.get("preemptionPolicy") or "",
        ]
