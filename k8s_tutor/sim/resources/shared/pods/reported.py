"""What a pod's status reports of claims, users and devices (upstream: ``ValidatePodStatusUpdate`` and what it calls)."""

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.check import At

_LARGEST_USER, _LARGEST_GROUP = 2**32 - 1, 2**31 - 1
_HEALTH = ("Healthy", "Unhealthy", "Unknown")
_ENTRY = "must match the name of an entry in `spec.resourceClaims`"
_CONTAINER = "must match the name of an entry in spec.initContainers.name or spec.containers.name"
_RESOURCE = (
    "must match the extended resource name of an entry in spec.initContainers.resources.requests or "
    "spec.containers.resources.requests"
)
_CLAIM = (
    "must match one of the container's resource claims as 'claim:<claimName>/<requestName>' when "
    "container.resources.claims[*].request is set or 'claim:<claimName>' when it is empty"
)
_LISTS = (
    ("containerStatuses", "containers"),
    ("initContainerStatuses", "initContainers"),
    ("ephemeralContainerStatuses", ""),
)


def check_claims(status: At, spec: Json) -> None:
    """Check the claims that were made for the pod."""
    known = {claim.get("name") for claim in spec.get("resourceClaims") or ()}
    seen: set[str] = set()
    for claim in status.each("resourceClaimStatuses"):
        name = claim.text("name")
        if name not in known:
            claim.invalid("name", _ENTRY, name)
        if name in seen:
            claim.duplicate("name", name)
        seen.add(name)
        if claim.get("resourceClaimName") is not None:
            claim.judge("resourceClaimName", names.is_dns1123_subdomain)
    if status.get("extendedResourceClaimStatus") is not None:
        _check_extended(status.at("extendedResourceClaimStatus"), spec)


def _check_extended(v: At, spec: Json) -> None:
    containers = {
        item.get("name") or "": item for field in ("initContainers", "containers") for item in spec.get(field) or ()
    }
    if not v.get("requestMappings"):
        v.required("requestMappings", "at least one request mapping is required")
    seen: set[tuple[str, str, str]] = set()
    for mapping in v.each("requestMappings"):
        key = mapping.text("containerName"), mapping.text("resourceName"), mapping.text("requestName")
        container = containers.get(key[0])
        if container is None:
            mapping.invalid("containerName", _CONTAINER, key[0])
        elif key[1] not in ((container.get("resources") or {}).get("requests") or {}):
            mapping.invalid("resourceName", _RESOURCE, key[1])
        v.judge("requestName", names.is_dns1123_label, key[2])
        if key in seen:
            for field in ("containerName", "resourceName", "requestName"):
                mapping.duplicate(field, mapping.text(field))
        seen.add(key)
    v.need_judged("resourceClaimName", names.is_dns1123_subdomain)


def check_containers(status: At, spec: Json) -> None:
    """Check the users that containers run as, and the health of what they were given."""
    system = (spec.get("os") or {}).get("name") or "linux"
    for field, _ in _LISTS:
        for item in status.each(field):
            if item.get("user") is not None:
                _check_user(item.at("user"), system)
    for field, containers in _LISTS:
        known = {container.get("name"): container for container in spec.get(containers) or ()} if containers else {}
        for item in status.each(field):
            if not containers and item.get("allocatedResourcesStatus"):
                item.forbidden("allocatedResourcesStatus", "must not be specified in container status")
            elif containers:
                for resource in item.each("allocatedResourcesStatus"):
                    _check_resource(resource, known.get(item.text("name")))


def _check_user(user: At, system: str) -> None:
    linux = user.at("linux")
    if linux.value is None:
        return
    if system == "windows":
        user.forbidden("linux", "cannot be set for a windows pod")
    elif system == "linux":
        uid = linux.number("uid")
        if not 0 <= uid <= _LARGEST_USER:
            linux.invalid("uid", f"must be between 0 and {_LARGEST_USER}, inclusive", uid)
        groups = [("gid", linux.number("gid"))]
        groups += [(f"supplementalGroups[{at}]", gid) for at, gid in enumerate(linux.get("supplementalGroups") or ())]
        for field, gid in groups:
            if not 0 <= gid <= _LARGEST_GROUP:
                linux.invalid(field, f"must be between 0 and {_LARGEST_GROUP}, inclusive", gid)


def _check_resource(v: At, container: Json | None) -> None:
    name = v.text("name")
    if container is not None:
        resources = container.get("resources") or {}
        if name.startswith("claim:"):
            claims = [
                f"claim:{claim.get('name')}" + (f"/{claim['request']}" if claim.get("request") else "")
                for claim in resources.get("claims") or ()
            ]
            if name not in claims:
                v.invalid("name", _CLAIM, name)
        elif name not in (resources.get("requests") or {}):
            v.invalid("name", "must match one of the container's resource requests", name)
    seen: set[str] = set()
    for item in v.each("resources"):
        item.one_of("health", _HEALTH)
        identity = item.text("resourceID")
        if identity in seen:
            item.duplicate("resourceID", identity)
        seen.add(identity)
