"""CSIDrivers (upstream: ``registry/storage/csidriver``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.strategy import RequestContext
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At, same

_DEFAULTS: Json = {
    "attachRequired": True,
    "podInfoOnMount": False,
    "storageCapacity": False,
    "fsGroupPolicy": "ReadWriteOnceWithFSType",
    "requiresRepublish": False,
    "seLinuxMount": False,
    "preventPodSchedulingIfMissing": False,
}
_GROUP_POLICIES = ("File", "None", "ReadWriteOnceWithFSType")
_MODES = ("Persistent", "Ephemeral")
_TOKENS = (
    "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging "
    "of tokens in volume attributes"
)
_LEAST_TOKEN, _MOST_TOKEN, _LEAST_PERIOD = 600, 2**32, 10


class CSIDriverStrategy(KindStrategy):
    """The kind CSIDriver."""

    resource = "csidrivers.storage.k8s.io"
    allow_unconditional_update = False
    columns = table.table(
        table.NAME,
        table.doc("storage.v1", "CSIDriverSpec", "attachRequired", "AttachRequired", "boolean"),
        table.doc("storage.v1", "CSIDriverSpec", "podInfoOnMount", "PodInfoOnMount", "boolean"),
        table.doc("storage.v1", "CSIDriverSpec", "storageCapacity", "StorageCapacity", "boolean"),
        table.doc("storage.v1", "CSIDriverSpec", "tokenRequests", "TokenRequests"),
        table.doc("storage.v1", "CSIDriverSpec", "requiresRepublish", "RequiresRepublish", "boolean"),
        table.doc("storage.v1", "CSIDriverSpec", "volumeLifecycleModes", "Modes"),
        table.AGE,
    )

    def default(self, obj: Json) -> None:
        spec = obj.setdefault("spec", {})
        for name, value in _DEFAULTS.items():
            if spec.get(name) is None:
                spec[name] = value
        if not spec.get("volumeLifecycleModes"):
            spec["volumeLifecycleModes"] = ["Persistent"]

    def prepare_update(self, ctx: RequestContext, new: Json, old: Json) -> None:
        # Unlike other kinds, a new one has no generation yet.
        if not same(new.get("spec"), old.get("spec")):
            new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        spec = obj.get("spec") or {}
        requests = spec.get("tokenRequests")
        if not requests or spec.get("serviceAccountTokenInSecrets") is not None:
            return []
        if old is not None and same(requests, (old.get("spec") or {}).get("tokenRequests")):
            return []
        return [_TOKENS]

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        spec.one_of_if("fsGroupPolicy", _GROUP_POLICIES)
        self._check_tokens(spec)
        for mode in spec.get("volumeLifecycleModes") or ():
            if mode not in _MODES:
                spec.unsupported("volumeLifecycleModes", _MODES, mode)
        period = spec.get("nodeAllocatableUpdatePeriodSeconds")
        if period is not None and period < _LEAST_PERIOD:
            spec.invalid("nodeAllocatableUpdatePeriodSeconds", "must be greater than or equal to 10 seconds")
        if spec.get("serviceAccountTokenInSecrets") is not None and not spec.get("tokenRequests"):
            complaint = "serviceAccountTokenInSecrets is set but no tokenRequests are specified"
            spec.invalid("serviceAccountTokenInSecrets", complaint)

    def _check_tokens(self, spec: At) -> None:
        seen: set[str] = set()
        for request in spec.each("tokenRequests"):
            audience, seconds = request.text("audience"), request.get("expirationSeconds")
            if audience in seen:
                request.duplicate("audience", audience)
                continue
            seen.add(audience)
            if seconds is not None and seconds < _LEAST_TOKEN:
                request.invalid("expirationSeconds", "may not specify a duration less than 10 minutes")
            if seconds is not None and seconds > _MOST_TOKEN:
                request.invalid("expirationSeconds", "may not specify a duration larger than 2^32 seconds")

    def check_update(self, v: At, old: Json) -> None:
        self.check(v, old)
        spec, before = v.at("spec"), old.get("spec") or {}
        if spec.get("attachRequired") != before.get("attachRequired"):
            spec.invalid("attachedRequired", "field is immutable", spec.get("attachRequired"))
        spec.immutable("volumeLifecycleModes", before)

    def row(self, obj: Json, now: float) -> list[Any]:
        spec = obj.get("spec") or {}
        tokens = spec.get("tokenRequests")
        return [
            obj["metadata"]["name"],
            bool(spec.get("attachRequired", True)),
            bool(spec.get("podInfoOnMount")),
            bool(spec.get("storageCapacity")),
            table.UNSET if tokens is None else ",".join(item.get("audience") or "" for item in tokens),
            bool(spec.get("requiresRepublish")),
            ",".join(spec.get("volumeLifecycleModes") or ()) or table.NONE,
            table.created(obj, now),
        ]
