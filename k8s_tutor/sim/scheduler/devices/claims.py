"""Which ResourceClaims a pod uses, and for whom a claim is reserved (upstream: ``dynamic-resource-allocation/resourceclaim``).

Used by the scheduler, by the controller that makes and releases claims, and by kubelets.
"""

from collections.abc import Iterator
from typing import NamedTuple

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.meta import controller_of

CLAIMS = "resourceclaims.resource.k8s.io"
FINALIZER = "resource.kubernetes.io/delete-protection"
MAX_CONSUMERS = 256


class ClaimError(Exception):
    """A pod's claim cannot be used; the words are those shown to people."""


class Use(NamedTuple):
    """A claim that a pod uses: its name, and whether it was made for this pod alone."""

    name: str
    generated: bool


def use_of(pod: Json, wanted: Json) -> Use | None:
    """Return the claim behind one entry of ``spec.resourceClaims``; None if none is needed.

    Raises:
        ClaimError: it has not been made yet.
    """
    if wanted.get("resourceClaimName"):
        return Use(wanted["resourceClaimName"], generated=False)
    meta = pod["metadata"]
    if not wanted.get("resourceClaimTemplateName"):
        where = f'pod "{meta["namespace"]}/{meta["name"]}", spec.resourceClaim "{wanted["name"]}"'
        raise ClaimError(f"{where}: none of the supported fields are set")
    for status in (pod.get("status") or {}).get("resourceClaimStatuses") or ():
        if status["name"] == wanted["name"]:
            name = status.get("resourceClaimName")
            return Use(name, generated=True) if name else None
    raise ClaimError(f'pod "{meta["namespace"]}/{meta["name"]}": ResourceClaim not created yet')


def names_of(pod: Json) -> Iterator[str]:
    """Yield the names of all claims a pod uses, the one for its extended resources too; not those yet to be made."""
    for wanted in pod["spec"].get("resourceClaims") or ():
        try:
            use = use_of(pod, wanted)
        except ClaimError:
            continue
        if use is not None:
            yield use.name
    extended = (pod.get("status") or {}).get("extendedResourceClaimStatus")
    if extended:
        yield extended["resourceClaimName"]


def check_owner(pod: Json, claim: Json) -> None:
    """Check that a claim was made for the pod.

    Raises:
        ClaimError: it belongs to another.
    """
    owner = controller_of(claim)
    if owner is None or owner["uid"] != pod["metadata"]["uid"]:
        mine, its = pod["metadata"], claim["metadata"]
        what = (
            f"ResourceClaim {its['namespace']}/{its['name']} was not created for Pod {mine['namespace']}/{mine['name']}"
        )
        raise ClaimError(f"{what} (Pod is not owner)")


def allocation_of(claim: Json) -> Json | None:
    """Return what was allocated to a claim."""
    allocation: Json | None = (claim.get("status") or {}).get("allocation")
    return allocation


def consumers(claim: Json) -> list[Json]:
    """Return for whom a claim is reserved."""
    return (claim.get("status") or {}).get("reservedFor") or []


def is_reserved_for(claim: Json, pod: Json) -> bool:
    """Tell whether a pod may use a claim."""
    return any(one["uid"] == pod["metadata"]["uid"] for one in consumers(claim))


def can_be_reserved(claim: Json) -> bool:
    """Tell whether one more may use a claim."""
    return len(consumers(claim)) < MAX_CONSUMERS


def reserve(claim: Json, pod: Json) -> None:
    """Add a pod to a claim's users, in place."""
    meta = pod["metadata"]
    entry = {"resource": "pods", "name": meta["name"], "uid": meta["uid"]}
    claim.setdefault("status", {}).setdefault("reservedFor", []).append(entry)
