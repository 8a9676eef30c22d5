"""``pods/eviction``: a delete that asks disruption budgets first (upstream: ``core/pod/storage/eviction.go``)."""

from k8s_tutor.apimachinery import labels
from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.machinery.status import ApiError, bad_request
from k8s_tutor.sim.registry.attributes import DeleteOptions
from k8s_tutor.sim.registry.rest import Rest
from k8s_tutor.sim.registry.scheme import Resource
from k8s_tutor.sim.registry.strategy import RequestContext
from k8s_tutor.sim.registry.subresources.binding import SUCCESS

BUDGETS = "poddisruptionbudgets.policy"
DISRUPTION_CAUSE = "DisruptionBudget"
VIOLATES = "Cannot evict pod as it would violate the pod's disruption budget."
SEVERAL = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
MAX_DISRUPTED = 2000
FREE = frozenset(("Succeeded", "Failed", "Pending"))


class Eviction:
    """Evicts pods."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def __call__(self, ctx: RequestContext, resource: Resource, namespace: str, name: str, body: Json) -> Json:
        if (body.get("metadata") or {}).get("name", name) != name:
            raise bad_request("name in URL does not match name in Eviction object")
        raw = body.get("deleteOptions") or {}
        preconditions = {key: value for key, value in (raw.get("preconditions") or {}).items() if value}
        options = DeleteOptions(raw.get("gracePeriodSeconds"), raw.get("propagationPolicy"), preconditions)
        pod = self._rest.entry(resource, namespace, name).obj
        dry_run = ctx.dry_run or "All" in (raw.get("dryRun") or ())
        if not _is_free(pod):
            self._ask_budgets(pod, dry_run=dry_run)
        self._mark(ctx, resource, pod, dry_run=dry_run)
        deleting = RequestContext(ctx.user, ctx.manager, dry_run, ctx.warnings)
        self._rest.delete(deleting, resource.name, namespace, name, options)
        return dict(SUCCESS)

    def _ask_budgets(self, pod: Json, *, dry_run: bool) -> None:
        meta = pod["metadata"]
        budgets = [
            entry.obj
            for entry in self._rest.store.entries(BUDGETS, meta["namespace"])
            if labels.from_label_selector(entry.obj["spec"].get("selector")).matches(meta.get("labels") or {})
        ]
        if len(budgets) > 1:
            raise ApiError(500, "", SEVERAL)
        if not budgets:
            return
        budget = budgets[0]
        status, spec = budget.get("status") or {}, budget["spec"]
        if not _is_ready(pod):
            if spec.get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
                return
            desired = status.get("desiredHealthy", 0)
            if status.get("currentHealthy", 0) >= desired > 0:
                return
        self._take(budget, meta["name"], dry_run=dry_run)

    def _take(self, budget: Json, pod: str, *, dry_run: bool) -> None:
        """Count one disruption against the budget, or refuse with 429."""
        status, meta = budget.get("status") or {}, budget["metadata"]
        if status.get("observedGeneration", 0) < meta.get("generation", 0):
            text = f"The disruption budget {meta['name']} is still being processed by the server."
            raise _too_many(text, 10)
        if len(status.get("disruptedPods") or ()) > MAX_DISRUPTED:
            text = "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
            raise ApiError(403, "Forbidden", f'poddisruptionbudget.policy "{meta["name"]}" is forbidden: {text}')
        if status.get("disruptionsAllowed", 0) <= 0:
            raise _too_many(_why(meta["name"], status), 0)
        if dry_run:
            return
        new = clone(budget)
        new["status"]["disruptionsAllowed"] -= 1
        now = rfc3339(self._rest.store.clock.now())
        new["status"].setdefault("disruptedPods", {})[pod] = now
        if new["status"]["disruptionsAllowed"] == 0:
            _no_more(new, now)
        resource = self._rest.resource(BUDGETS)
        self._rest.store.put(BUDGETS, (meta["namespace"], meta["name"]), resource.encode(new))

    def _mark(self, ctx: RequestContext, resource: Resource, pod: Json, *, dry_run: bool) -> None:
        """Set the condition DisruptionTarget before the pod is deleted."""
        if dry_run:
            return
        new = clone(pod)
        conditions = new.setdefault("status", {}).setdefault("conditions", [])
        now = rfc3339(self._rest.store.clock.now())
        fresh: Json = {
            "type": "DisruptionTarget",
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": now,
            "reason": "EvictionByEvictionAPI",
            "message": "Eviction API: evicting",
        }
        conditions[:] = [c for c in conditions if c["type"] != "DisruptionTarget"] + [fresh]
        key = (pod["metadata"]["namespace"], pod["metadata"]["name"])
        status_ctx = RequestContext(ctx.user, ctx.manager, subresource="status")
        self._rest.fields.track(status_ctx, resource, new, pod)
        self._rest.store.put(resource.name, key, resource.encode(new))


def _is_free(pod: Json) -> bool:
    """Whether no budget guards the pod: it has ended, not begun, or is going."""
    return pod.get("status", {}).get("phase") in FREE or bool(pod["metadata"].get("deletionTimestamp"))


def _is_ready(pod: Json) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions") or ())


def _too_many(message: str, seconds: int) -> ApiError:
    details: Json = {"causes": [{"reason": DISRUPTION_CAUSE, "message": message}]}
    headers = {}
    if seconds:
        details["retryAfterSeconds"] = seconds
        headers["Retry-After"] = str(seconds)
    return ApiError(429, "TooManyRequests", VIOLATES, details, headers)


def _why(name: str, status: Json) -> str:
    current, desired = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
    condition = next((c for c in status.get("conditions") or () if c["type"] == "DisruptionAllowed"), None)
    failed = condition is not None and condition["status"] == "False" and condition.get("message")
    if condition and failed and condition.get("reason") == "SyncFailed":
        return (
            f"The disruption budget {name} does not allow evicting pods currently because it failed sync: "
            f"{condition['message']}"
        )
    if current <= desired:
        return f"The disruption budget {name} needs {desired} healthy pods and has {current} currently"
    if condition and failed:
        return (
            f"The disruption budget {name} does not allow evicting pods currently "
            f"({condition.get('reason', '')}): {condition['message']}"
        )
    return f"The disruption budget {name} does not allow evicting pods currently"


def _no_more(budget: Json, now: str) -> None:
    for condition in budget["status"].get("conditions") or ():
        if condition["type"] == "DisruptionAllowed" and condition["status"] != "False":
            condition |= {
                "status": "False",
                "reason": "InsufficientPods",
                "message": "",
                "lastTransitionTime": now,
                "observedGeneration": budget["status"].get("observedGeneration", 0),
            }
