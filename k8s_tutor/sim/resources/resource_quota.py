"""ResourceQuotas (upstream: ``registry/core/resourcequota``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.strategy import RequestContext
from k8s_tutor.sim.resources.shared import quantities, table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import IMMUTABLE, At
from k8s_tutor.sim.resources.shared.gotext import Typed
from k8s_tutor.sim.resources.shared.internal import internal
from k8s_tutor.sim.resources.shared.pods.pod_defaults import round_milli

_POD_SCOPES = ("Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "CrossNamespacePodAffinity")
SCOPES = (*_POD_SCOPES, "PriorityClass", "VolumeAttributesClass")
_COMPUTE = {"pods", *quantities.POD_LEVEL, *(f"{s}.{n}" for s in ("limits", "requests") for n in quantities.POD_LEVEL)}
_ALLOWED = {"BestEffort": {"pods"}, "VolumeAttributesClass": {"persistentvolumeclaims", "requests.storage"}}
_PAIRS = (("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating"))
_EXISTS_ONLY = (
    "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
    "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
)


class ResourceQuotaStrategy(KindStrategy):
    """The kind ResourceQuota."""

    resource = "resourcequotas"
    has_status = True
    columns = table.table(
        table.NAME,
        table.plain("Request", "Request represents a minimum amount of cpu/memory that a container may consume."),
        table.plain(
            "Limit",
            "Limits control the maximum amount of cpu/memory that a container may use independent of contention on "
            "the node.",
        ),
        table.AGE,
    )

    def default(self, obj: Json) -> None:
        round_milli((obj.get("spec") or {}).get("hard"))
        for side in ("hard", "used"):
            round_milli((obj.get("status") or {}).get(side))

    def prepare_create(self, ctx: RequestContext, obj: Json) -> None:
        obj["status"] = {}

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        quantities.check_list(spec.at("hard"), quantities.check_quota_name)
        self._check_scopes(spec)
        if spec.get("scopeSelector") is not None:
            self._check_selector(spec)
        if old is not None:
            before = (old.get("spec") or {}).get("scopes") or []
            if set(before) != set(spec.get("scopes") or []):
                spec.invalid("scopes", IMMUTABLE)

    def _unfit(self, scope: str, hard: Json) -> int:
        """Count the limited resources for which a scope makes no sense."""
        allowed = _ALLOWED.get(scope, _COMPUTE if scope in SCOPES else None)
        if allowed is None:
            return 0
        return sum(quantities.is_standard_quota(name) and name not in allowed for name in hard)

    def _check_scopes(self, spec: At) -> None:
        scopes, hard = spec.get("scopes") or [], spec.get("hard") or {}
        for scope in scopes:
            if scope not in SCOPES:
                spec.invalid("scopes", "unsupported scope")
            for _ in range(self._unfit(scope, hard)):
                spec.invalid("scopes", "unsupported scope applied to resource")
        for pair in _PAIRS:
            if set(pair) <= set(scopes):
                spec.invalid("scopes", "conflicting scopes")

    def _check_selector(self, spec: At) -> None:
        selector, hard = spec.at("scopeSelector"), spec.get("hard") or {}
        at = selector.at("matchExpressions")
        seen: set[str] = set()
        for item in at.items():
            # Upstream's errors name the list here, not its item.
            scope, operator, values = item.text("scopeName"), item.text("operator"), item.get("values") or []
            place = At(at.errors, at.path, item.value)
            if scope not in SCOPES:
                place.invalid("scopeName", "unsupported scope", Typed(scope))
            for _ in range(self._unfit(scope, hard)):
                shown = internal("core.ScopeSelector", selector.value)
                place.invalid("", "unsupported scope applied to resource", shown)
            if scope in _POD_SCOPES and operator != "Exists":
                place.invalid("operator", _EXISTS_ONLY, Typed(operator))
            if operator in ("In", "NotIn"):
                if not values:
                    detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
                    place.required("values", detail)
            elif operator in ("Exists", "DoesNotExist"):
                if values:
                    detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
                    place.invalid("values", detail)
            else:
                place.invalid("operator", "not a valid selector operator", Typed(operator))
            seen.add(scope)
        for pair in _PAIRS:
            if set(pair) <= seen:
                spec.invalid("scopes", "conflicting scopes")

    def check_status(self, v: At, old: Json) -> None:
        for side in ("hard", "used"):
            quantities.check_list(v.at("status").at(side), quantities.check_quota_name)

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        if old is not None:
            return []
        hard = (obj.get("spec") or {}).get("hard") or {}
        found = []
        for name in ("cpu", "memory", "storage", "ephemeral-storage"):
            request, limit = f"requests.{name}", f"limits.{name}"
            if request not in hard and name in ("cpu", "memory"):
                request = name
            if request in hard and limit in hard:
                asked, most = quantities.parse(hard[request]), quantities.parse(hard[limit])
                if asked > most:
                    found.append(f"ResourceQuota {request} ({asked}) should be less than {limit} ({most})")
        return found

    def row(self, obj: Json, now: float) -> list[Any]:
        status = obj.get("status") or {}
        cells: dict[bool, list[str]] = {False: [], True: []}
        for name, hard in sorted((status.get("hard") or {}).items()):
            used = (status.get("used") or {}).get(name, "0")
            cells[name.startswith("limits.")].append(f"{name}: {used}/{hard}")
        return [obj["metadata"]["name"], ", ".join(cells[False]), ", ".join(cells[True]), table.created(obj, now)]
