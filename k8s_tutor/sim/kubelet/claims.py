"""Devices of a pod's ResourceClaims are prepared before its sandbox is made (upstream: ``pkg/kubelet/cm/dra``).

The claim must be there and reserved for the pod, and the driver of each of its devices registered with the kubelet. No
driver is on a simulated node: so a pod with devices stays where it is, and says why.
"""

from collections.abc import Callable

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.scheduler.devices.claims import (
    CLAIMS,
    ClaimError,
    Use,
    allocation_of,
    check_owner,
    is_reserved_for,
    use_of,
)

GetObject = Callable[[str, str, str], Json | None]


def check_devices(pod: Json, get: GetObject) -> None:
    """Check that all devices of a pod can be prepared.

    Raises:
        ClaimError: they can not.
    """
    for use in _uses(pod):
        claim = get(CLAIMS, use.name, pod["metadata"]["namespace"])
        if claim is None:
            raise ClaimError(f'fetch ResourceClaim {use.name}: resourceclaims.resource.k8s.io "{use.name}" not found')
        if use.generated:
            check_owner(pod, claim)
        if not is_reserved_for(claim, pod):
            who = f"pod {pod['metadata']['name']} ({pod['metadata']['uid']})"
            raise ClaimError(f"{who} is not allowed to use ResourceClaim {use.name} ({claim['metadata']['uid']})")
        results = (allocation_of(claim) or {}).get("devices", {}).get("results") or ()
        for driver in sorted({result["driver"] for result in results}):
            raise ClaimError(f"DRA driver {driver} is not registered")


def _uses(pod: Json) -> list[Use]:
    uses = [use_of(pod, wanted) for wanted in pod["spec"].get("resourceClaims") or ()]
    found = [use for use in uses if use is not None]
    extended = (pod.get("status") or {}).get("extendedResourceClaimStatus")
    if extended:
        found.append(Use(extended["resourceClaimName"], generated=False))
    return found
