"""Names of compute resources and their quantities (upstream ``core/helper``, ``core/validation``)."""

from collections.abc import Callable, Iterable
from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.quantity import Quantity, QuantityError
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.check import NEGATIVE, At

NameCheck = Callable[[At, str], bool]

HUGE = "hugepages-"
COMPUTE = ("cpu", "memory", "ephemeral-storage")
COUNTED = (
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
)
QUOTA = frozenset(
    (*COMPUTE, *(f"{side}.{name}" for side in ("requests", "limits") for name in COMPUTE), "requests.storage", *COUNTED)
)
STANDARD = QUOTA | {"storage"}
POD_LEVEL = ("cpu", "memory")


def is_huge(name: str) -> bool:
    """Tell whether this is a huge page resource."""
    return name.startswith(HUGE)


def is_native(name: str) -> bool:
    """Tell whether Kubernetes itself defines the resource."""
    return "/" not in name or "kubernetes.io/" in name


def is_extended(name: str) -> bool:
    """Tell whether the name follows the standard of extended resources."""
    return not is_native(name) and not name.startswith("requests.") and not names.is_qualified_name(f"requests.{name}")


def overcommit_allowed(name: str) -> bool:
    """Tell whether request and limit may differ."""
    return is_native(name) and not is_huge(name)


def is_integer(name: str) -> bool:
    """Tell whether the resource is counted in whole numbers."""
    return name in COUNTED or is_extended(name)


def is_standard_quota(name: str) -> bool:
    """Tell whether quota knows this unprefixed name."""
    return name in QUOTA or name.startswith((HUGE, f"requests.{HUGE}"))


def check_name(v: At, name: str) -> bool:
    """Check the name of any resource; tells whether it is good."""
    if not v.judge("", names.is_qualified_name, name):
        return False
    if "/" not in name and not (name in STANDARD or name.startswith((HUGE, f"requests.{HUGE}"))):
        v.invalid("", "must be a standard resource type or fully qualified", name)
        return False
    return True


def check_container_name(v: At, name: str) -> bool:
    """Check the name of a resource a container may ask for."""
    good = check_name(v, name)
    if "/" not in name:
        if not (name in COMPUTE or is_huge(name)):
            v.invalid("", "must be a standard resource for containers", name)
            return False
    elif not is_native(name) and not is_extended(name):
        v.invalid("", "doesn't follow extended resource name standard", name)
        return False
    return good


def check_pod_name(v: At, name: str) -> bool:
    """Check the name of a resource of a whole pod."""
    if not check_name(v, name):
        return False
    if name not in POD_LEVEL and not is_huge(name):
        v.unsupported("", POD_LEVEL, name)
        return False
    return True


def check_quota_name(v: At, name: str) -> bool:
    """Check the name of a resource under quota."""
    good = check_name(v, name)
    if "/" not in name and not is_standard_quota(name):
        v.invalid("", "must be a standard resource for quota", name)
        return False
    return good


def parse(text: Any) -> Quantity:
    """Return a quantity; what decoding let through counts as zero."""
    try:
        return Quantity.parse(text)
    except QuantityError:
        return Quantity(0)


def check_value(v: At, name: str, text: Any) -> None:
    """Check the quantity of a resource: not negative, and whole where the resource is counted."""
    quantity = parse(text)
    if quantity.nanos < 0:
        v.invalid("", NEGATIVE, str(quantity))
    if is_integer(name) and quantity.milli() % 1000:
        v.invalid("", "must be an integer", str(quantity))


def check_list(v: At, check: NameCheck) -> None:
    """Check a map of resources to quantities."""
    for name, text in (v.value or {}).items():
        item = v.key(name)
        check(item, name)
        check_value(item, name, text)


def _check_huge(v: At, name: str, quantity: Quantity) -> None:
    size = parse(name.removeprefix(HUGE))
    if size.nanos <= 0 or size.milli() % 1000 or quantity.value() % size.value():
        v.invalid("", f"{quantity} is not positive integer multiple of {name}", str(quantity))


def _check_request(v: At, name: str, quantity: Quantity, limits: Json) -> None:
    if name in limits:
        limit = parse(limits[name])
        if quantity != limit and not overcommit_allowed(name):
            v.invalid("requests", f"must be equal to {name} limit of {limit}", str(quantity))
        elif quantity > limit:
            v.invalid("requests", f"must be less than or equal to {name} limit of {limit}", str(quantity))
    elif not overcommit_allowed(name):
        v.required("limits", "Limit must be set for non overcommitable resources")


def check_requirements(v: At, claims: Iterable[str] = (), check: NameCheck = check_container_name) -> None:
    """Check limits, requests and claims of a container or pod."""
    if not v.value:
        return
    limits = v.get("limits") or {}
    seen: set[str] = set()
    for side in ("limits", "requests"):
        for name, text in (v.get(side) or {}).items():
            item = v.at(side).key(name)
            check(item, name)
            check_value(item, name, text)
            quantity = parse(text)
            if side == "requests":
                _check_request(v, name, quantity, limits)
            if is_huge(name):
                seen.add("huge")
                _check_huge(item, name, quantity)
            elif name in POD_LEVEL:
                seen.add("compute")
    if seen == {"huge"}:
        v.forbidden("", "HugePages require cpu or memory")
    _check_claims(v, list(claims))


def _check_claims(v: At, known: list[str]) -> None:
    used: set[str] = set()
    for claim in v.each("claims"):
        name, request = claim.text("name"), claim.text("request")
        if not name:
            claim.required()
            continue
        if name in used:
            claim.duplicate("", name)
        else:
            key = f"{name}/{request}" if request else name
            if request:
                claim.judge("request", names.is_dns1123_label)
            if key in used or (not request and any(other.startswith(f"{name}/") for other in used)):
                claim.duplicate("", key)
            used.add(key)
        if name not in known:
            detail = "must be one of the names in pod.spec.resourceClaims"
            claim.not_found("", name, detail + (f": {', '.join(sorted(known))}" if known else " which is empty"))
