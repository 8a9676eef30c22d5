"""What objects use of a ResourceQuota: usage, scopes, constraints (upstream: ``pkg/quota/v1/evaluator/core``).

Used by the admission plug-in, which charges, and by the quota controller, which recounts.
"""

from collections.abc import Iterable

from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.apimachinery.times import parse_time
from k8s_tutor.apimachinery.unstructured import Json

Amounts = dict[str, Quantity]
COMPUTE = ("cpu", "memory", "ephemeral-storage")
POD_LEVEL = frozenset(("cpu", "memory"))
MUST_SPECIFY = frozenset(("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"))
COUNTED = frozenset(
    ("configmaps", "secrets", "services", "replicationcontrollers", "resourcequotas", "persistentvolumeclaims")
)
POD_RESOURCES = frozenset(
    ("count/pods", "pods", *COMPUTE, *(f"requests.{n}" for n in COMPUTE), *(f"limits.{n}" for n in COMPUTE))
)
STANDARD = frozenset(("cpu", "memory", "ephemeral-storage"))
ONE = Quantity.parse("1")
ZERO = Quantity.parse("0")


def parsed(amounts: Json | None) -> Amounts:
    """Return a ResourceList as quantities."""
    return {name: Quantity.parse(text) for name, text in (amounts or {}).items()}


def printed(amounts: Amounts) -> dict[str, str]:
    """Return quantities as a ResourceList."""
    return {name: str(amounts[name]) for name in sorted(amounts)}


def add(one: Amounts, other: Amounts) -> Amounts:
    """Return the sum."""
    result = dict(one)
    for name, amount in other.items():
        result[name] = result[name] + amount if name in result else amount
    return result


def _largest(one: Amounts, other: Amounts) -> Amounts:
    result = dict(one)
    for name, amount in other.items():
        if name not in result or result[name] < amount:
            result[name] = amount
    return result


def pod_totals(spec: Json, side: str) -> Amounts:
    """Return what a pod needs (``requests`` or ``limits``): its containers, or the largest step of its init containers."""
    total: Amounts = {}
    for container in spec.get("containers") or ():
        total = add(total, parsed((container.get("resources") or {}).get(side)))
    sidecars: Amounts = {}
    peak: Amounts = {}
    for container in spec.get("initContainers") or ():
        own = parsed((container.get("resources") or {}).get(side))
        if container.get("restartPolicy") == "Always":
            total, sidecars = add(total, own), add(sidecars, own)
            peak = _largest(peak, sidecars)
        else:
            peak = _largest(peak, add(sidecars, own))
    total = _largest(total, peak)
    whole = parsed((spec.get("resources") or {}).get(side))
    total |= {name: amount for name, amount in whole.items() if name in POD_LEVEL or name.startswith("hugepages-")}
    if side == "requests" and spec.get("overhead"):
        total = add(total, parsed(spec["overhead"]))
    return total


def _compute(requests: Amounts, limits: Amounts) -> Amounts:
    result: Amounts = {"pods": ONE}
    for name in COMPUTE:
        if name in requests:
            result[name] = result[f"requests.{name}"] = requests[name]
        if name in limits:
            result[f"limits.{name}"] = limits[name]
    for name, amount in requests.items():
        if name.startswith("hugepages-"):
            result[name] = result[f"requests.{name}"] = amount
        elif "/" in name:
            result[f"requests.{name}"] = amount
    return result


def usage(resource: str, obj: Json, now: float) -> Amounts:
    """Return what an object counts for; ``resource`` is the store's name."""
    result: Amounts = {f"count/{resource}": ONE}
    if resource == "pods":
        if not pod_counts(obj, now):
            return result
        spec = obj["spec"]
        return result | _compute(pod_totals(spec, "requests"), pod_totals(spec, "limits"))
    if resource == "services":
        return result | _service(obj["spec"])
    if resource == "persistentvolumeclaims":
        return result | _claim(obj)
    if resource in COUNTED:
        result[resource] = ONE
    return result


def pod_counts(pod: Json, now: float) -> bool:
    """Whether a pod's compute resources are charged: not when it has ended, or is stuck in its end."""
    if pod.get("status", {}).get("phase") in {"Failed", "Succeeded"}:
        return False
    meta = pod["metadata"]
    if "deletionTimestamp" in meta and "deletionGracePeriodSeconds" in meta:
        return bool(now <= parse_time(meta["deletionTimestamp"]) + meta["deletionGracePeriodSeconds"])
    return True


def _service(spec: Json) -> Amounts:
    ports = spec.get("ports") or ()
    result = {"services": ONE, "services.loadbalancers": ZERO, "services.nodeports": ZERO}
    kind = spec.get("type")
    if kind == "NodePort":
        result["services.nodeports"] = Quantity.parse(len(ports))
    elif kind == "LoadBalancer":
        result["services.loadbalancers"] = ONE
        own = spec.get("allocateLoadBalancerNodePorts") is False
        result["services.nodeports"] = Quantity.parse(sum(1 for p in ports if p.get("nodePort") or not own))
    return result


def _claim(claim: Json) -> Amounts:
    result = {"persistentvolumeclaims": ONE}
    annotations = claim["metadata"].get("annotations") or {}
    cls = annotations.get("volume.beta.kubernetes.io/storage-class") or claim["spec"].get("storageClassName")
    prefix = f"{cls}.storageclass.storage.k8s.io/" if cls else ""
    if prefix:
        result[f"{prefix}persistentvolumeclaims"] = ONE
    storage = parsed((claim["spec"].get("resources") or {}).get("requests")).get("storage")
    if storage is not None:
        result["requests.storage"] = storage
        if prefix:
            result[f"{prefix}requests.storage"] = storage
    return result


def matching_resources(resource: str, names: Iterable[str]) -> list[str]:
    """Return those of a quota's hard resources that objects of the resource count for."""
    found = []
    for name in names:
        if resource == "pods":
            extended = name.startswith(("requests.", "hugepages-", "requests.hugepages-")) and (
                "/" in name or "hugepages-" in name
            )
            matches = name in POD_RESOURCES or (extended and "storageclass.storage.k8s.io" not in name)
        elif resource == "services":
            matches = name in {"services", "services.nodeports", "services.loadbalancers"}
        elif resource == "persistentvolumeclaims":
            matches = name in {"persistentvolumeclaims", "requests.storage"} or "storageclass.storage.k8s.io/" in name
        else:
            matches = name == resource and resource in COUNTED
        if matches or name == f"count/{resource}":
            found.append(name)
    return found


def matches(quota: Json, resource: str, obj: Json) -> bool:
    """Whether a quota concerns an object: it counts something of it, and all its scopes fit."""
    if not matching_resources(resource, quota.get("status", {}).get("hard") or quota["spec"].get("hard") or ()):
        return False
    scopes = [{"scopeName": name, "operator": "Exists"} for name in quota["spec"].get("scopes") or ()]
    scopes += (quota["spec"].get("scopeSelector") or {}).get("matchExpressions") or []
    return not scopes or (resource == "pods" and all(_scope_fits(scope, obj["spec"]) for scope in scopes))


def _scope_fits(scope: Json, spec: Json) -> bool:
    name = scope["scopeName"]
    if name in {"Terminating", "NotTerminating"}:
        return bool((spec.get("activeDeadlineSeconds") is not None) == (name == "Terminating"))
    if name in {"BestEffort", "NotBestEffort"}:
        return bool(_best_effort(spec) == (name == "BestEffort"))
    if name == "PriorityClass":
        return _priority_fits(scope, spec.get("priorityClassName", ""))
    return bool(name == "CrossNamespacePodAffinity") and _crosses(spec.get("affinity") or {})


def _best_effort(spec: Json) -> bool:
    groups = (spec.get("containers") or (), spec.get("initContainers") or (), (spec,) if spec.get("resources") else ())
    for container in (item for group in groups for item in group):
        resources = container.get("resources") or {}
        for side in ("requests", "limits"):
            if any(parsed({k: v}).get(k) for k, v in (resources.get(side) or {}).items() if k in POD_LEVEL):
                return False
    return True


def _priority_fits(scope: Json, name: str) -> bool:
    operator, values = scope["operator"], scope.get("values") or ()
    if operator == "Exists":
        return bool(name)
    if operator == "DoesNotExist":
        return not name
    return bool((name in values) == (operator == "In"))


def _crosses(affinity: Json) -> bool:
    for kind in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(kind) or {}
        plain = terms.get("requiredDuringSchedulingIgnoredDuringExecution") or []
        weighted = terms.get("preferredDuringSchedulingIgnoredDuringExecution") or []
        for term in [*plain, *(item["podAffinityTerm"] for item in weighted)]:
            if term.get("namespaces") or term.get("namespaceSelector") is not None:
                return True
    return False


def missing(spec: Json, required: Iterable[str]) -> dict[str, list[str]]:
    """Return which containers fail to specify which of the quota's compute resources."""
    if (spec.get("resources") or {}).get("requests") or (spec.get("resources") or {}).get("limits"):
        return {}
    wanted = sorted(MUST_SPECIFY.intersection(required))
    found: dict[str, list[str]] = {}
    for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        resources = container.get("resources") or {}
        given = _compute(parsed(resources.get("requests")), parsed(resources.get("limits")))
        for name in wanted:
            if name not in given:
                found.setdefault(name, []).append(container["name"])
    return found
