"""Leases (upstream: ``registry/coordination/lease``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.strategy import RequestContext
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At


class LeaseStrategy(KindStrategy):
    """The kind Lease."""

    resource = "leases.coordination.k8s.io"
    allow_create_on_update = True
    allow_unconditional_update = False
    columns = table.table(table.NAME, table.doc("coordination.v1", "LeaseSpec", "holderIdentity", "Holder"), table.AGE)

    def _drop_alpha(self, obj: Json) -> None:
        # Fields of the alpha feature CoordinatedLeaderElection, which is off.
        for field in ("strategy", "preferredHolder"):
            (obj.get("spec") or {}).pop(field, None)

    def prepare_create(self, ctx: RequestContext, obj: Json) -> None:
        self._drop_alpha(obj)

    def prepare_update(self, ctx: RequestContext, new: Json, old: Json) -> None:
        self._drop_alpha(new)

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        seconds, transitions = spec.get("leaseDurationSeconds"), spec.get("leaseTransitions")
        if seconds is not None and seconds <= 0:
            spec.invalid("leaseDurationSeconds", "must be greater than 0")
        if transitions is not None and transitions < 0:
            spec.invalid("leaseTransitions", "must be greater than or equal to 0")

    def row(self, obj: Json, now: float) -> list[Any]:
        holder = (obj.get("spec") or {}).get("holderIdentity") or ""
        return [obj["metadata"]["name"], holder, table.created(obj, now)]
