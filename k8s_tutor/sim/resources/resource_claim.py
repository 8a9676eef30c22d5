"""ResourceClaims: requests for devices (upstream: ``registry/resource/resourceclaim``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import WithStatus
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.pods.device_claims import check_claim, default_claim

_MAX_RESERVED = 256


class ResourceClaimStrategy(WithStatus):
    """The kind ResourceClaim."""

    resource = "resourceclaims.resource.k8s.io"
    has_generation = False
    columns = table.table(
        table.NAME,
        table.plain("State", "A summary of the current state (allocated, pending, reserved, etc.)."),
        table.AGE,
    )

    def default(self, obj: Json) -> None:
        default_claim(obj.get("spec"))

    def check(self, v: At, old: Json | None) -> None:
        check_claim(v.at("spec"))

    def check_update(self, v: At, old: Json) -> None:
        v.immutable_declared("spec", old)

    def check_status(self, v: At, old: Json) -> None:
        status = v.at("status")
        reserved = status.get("reservedFor") or ()
        if len(reserved) > _MAX_RESERVED:
            status.too_many("reservedFor", len(reserved), _MAX_RESERVED)
        seen: set[str] = set()
        for user in status.each("reservedFor"):
            for name in ("resource", "name", "uid"):
                user.need(name)
            if user.text("uid") in seen:
                user.duplicate("uid")
            seen.add(user.text("uid"))
        if reserved and status.get("allocation") is None:
            status.forbidden("reservedFor", "may not be specified when `allocated` is not set")

    def row(self, obj: Json, now: float) -> list[Any]:
        status, ends = obj.get("status") or {}, "deletionTimestamp" in obj["metadata"]
        states = ["deleted"] if ends else []
        if status.get("allocation") is None:
            states += [] if ends else ["pending"]
        else:
            states += ["allocated", "reserved"] if status.get("reservedFor") else ["allocated"]
        return [obj["metadata"]["name"], ",".join(states), table.created(obj, now)]
