"""DynamicResources: a pod goes where the devices of its claims can be had, and holds them from then on.

A pod whose claims do not exist is not tried at all. Claims that are allocated bind the pod to the nodes that reach their
devices; for the others each node is searched, and what was found on the node that is chosen is written to the claims
before the pod is bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.scheduler.cache import NodeInfo
from k8s_tutor.sim.scheduler.devices import extended
from k8s_tutor.sim.scheduler.devices.allocated import held_by
from k8s_tutor.sim.scheduler.devices.allocator import AllocationError, Allocator, NodeDevicesError
from k8s_tutor.sim.scheduler.devices.claims import (
    CLAIMS,
    ClaimError,
    allocation_of,
    can_be_reserved,
    check_owner,
    consumers,
    is_reserved_for,
    use_of,
)
from k8s_tutor.sim.scheduler.devices.conditions import BindingFailedError, is_ready
from k8s_tutor.sim.scheduler.devices.reserving import Reservation
from k8s_tutor.sim.scheduler.devices.taints import with_rules
from k8s_tutor.sim.scheduler.devices.wanted import preference
from k8s_tutor.sim.scheduler.framework import (
    UNRESOLVABLE,
    ClusterEvent,
    CycleState,
    Plugin,
    PluginError,
    Refused,
    Skip,
    Status,
    default_normalize,
)
from k8s_tutor.sim.scheduler.nodematch import selector_matches
from k8s_tutor.sim.scheduler.podinfo import PodInfo

SLICES = "resourceslices.resource.k8s.io"


@dataclass(slots=True)
class _State:
    """What one cycle knows: the pod's own claims, the one for its extended resources, and what each node would give."""

    claims: list[Json]
    special: Json | None = None
    classes: dict[str, Json] = field(default_factory=dict)
    allocator: Allocator | None = None
    unavailable: set[int] = field(default_factory=set)
    found: dict[str, Reservation] = field(default_factory=dict)


class DynamicResources(Plugin):
    """Filters by devices, scores by the alternatives that are preferred, and reserves."""

    name = "DynamicResources"
    weight = 2
    filters = True
    events = frozenset(
        {
            "Node/Add",
            "Node/UpdateNodeLabel",
            "Node/UpdateNodeAllocatable",
            "ResourceClaim/Add",
            "ResourceClaim/Update",
            "ResourceClaim/Delete",
            "TargetPod/UpdatePodGeneratedResourceClaim",
            "DeviceClass/Add",
            "DeviceClass/Update",
            "ResourceSlice/Add",
            "ResourceSlice/Update",
        }
    )

    # -- the pod's claims

    def _claims(self, pod: PodInfo) -> list[Json]:
        """Return the claims a pod names; raises ClaimError if one can not be used."""
        found = []
        for wanted in pod.spec.get("resourceClaims") or ():
            use = use_of(pod.pod, wanted)
            if use is None:
                continue
            claim = self.handle.client.get(CLAIMS, use.name, pod.namespace)
            if claim is None:
                raise ClaimError(f'resourceclaim.resource.k8s.io "{use.name}" not found')
            if claim["metadata"].get("deletionTimestamp"):
                raise ClaimError(f'resourceclaim "{use.name}" is being deleted')
            if use.generated:
                check_owner(pod.pod, claim)
            found.append(claim)
        return found

    def pre_enqueue(self, pod: PodInfo) -> bool:
        try:
            self._claims(pod)
        except ClaimError:
            return False
        return True

    def alike(self, pod: PodInfo) -> bool:
        return not pod.spec.get("resourceClaims") and not extended.delegated(self.handle.client, pod.requests)

    # -- filtering

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo]) -> set[str] | None:
        data = state.data[self.name] = _State([])
        try:
            claims = self._claims(pod)
        except ClaimError as error:
            raise self._refused(str(error)) from None
        data.classes = extended.delegated(self.handle.client, (name for name, value in pod.requests.items() if value))
        if data.classes:
            stored = self.handle.client.list(CLAIMS, pod.namespace)
            data.special = extended.claim_of(pod, stored) or extended.new_claim(pod)
        every = [*claims, data.special] if data.special is not None else claims
        if not every:
            raise Skip
        for claim in every:
            self._check(pod, claim)
        if any(allocation_of(claim) is None for claim in every):
            client = self.handle.client
            slices = with_rules(client, client.list(SLICES))
            classes = {item["metadata"]["name"]: item for item in client.list(extended.CLASSES)}
            data.allocator = Allocator(slices, classes, held_by(client.list(CLAIMS)))
        data.claims = claims
        return None

    def _check(self, pod: PodInfo, claim: Json) -> None:
        """Check what no node could mend: the claim is in use, or a class is missing."""
        if allocation_of(claim) is not None:
            if not can_be_reserved(claim) and not is_reserved_for(claim, pod.pod):
                raise self._refused("resourceclaim in use")
            return
        for request in claim["spec"]["devices"].get("requests") or ():
            exactly = request.get("exactly")
            parts = [(request["name"], exactly)] if exactly is not None else []
            parts += [(f"{request['name']}/{one['name']}", one) for one in request.get("firstAvailable") or ()]
            for name, part in parts:
                device_class = part["deviceClassName"]
                if self.handle.client.get(extended.CLASSES, device_class) is None:
                    raise self._refused(f"request {name}: device class {device_class} does not exist")

    def _refused(self, why: str) -> Refused:
        return Refused(self.refuse(why, code=UNRESOLVABLE))

    def filter(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> Status | None:
        data: _State = state.data[self.name]
        special, needs = self._special(data, pod, node)
        if isinstance(special, Status):
            return special
        if special is None and not data.claims:
            return None
        unavailable = {index for index, claim in enumerate(data.claims) if not _available(claim, node)}
        reservation = Reservation(pod, special, needs.mappings)
        if data.allocator is not None:
            pending = [claim for claim in (*data.claims, special) if claim and allocation_of(claim) is None]
            status = self._allocate(data.allocator, node, pending, reservation)
            if status is not None:
                return status
        if unavailable:
            data.unavailable |= unavailable
            return self.refuse("resourceclaim not available on the node", code=UNRESOLVABLE)
        data.found[node.name] = reservation
        return None

    def _special(self, data: _State, pod: PodInfo, node: NodeInfo) -> tuple[Json | Status | None, extended.Requests]:
        """Return the claim for the resources that this node's device plug-ins do not offer."""
        needs = extended.Requests()
        if data.special is None:
            return None, needs
        if data.special["spec"]["devices"].get("requests"):
            return self.refuse("cannot schedule extended resource claim", code=UNRESOLVABLE), needs
        classes = {}
        for name, value in pod.requests.items():
            if not value or not extended.is_extended(name):
                continue
            if name in data.classes and not node.allocatable.get(name):
                classes[name] = data.classes[name]
            elif name not in node.allocatable:
                return self.refuse("cannot fit resource", code=UNRESOLVABLE), needs
        if not classes and not data.claims:
            return None, needs
        needs = extended.requests_for(pod, classes)
        return {**data.special, "spec": {"devices": {"requests": needs.requests}}}, needs

    def _allocate(
        self, allocator: Allocator, node: NodeInfo, claims: Sequence[Json], reservation: Reservation
    ) -> Status | None:
        try:
            results = allocator.allocate(node, claims)
        except AllocationError as error:
            raise PluginError(str(error)) from None
        except NodeDevicesError as error:
            return self.refuse(str(error), code=UNRESOLVABLE)
        if results is None:
            return self.refuse("cannot allocate all claims", code=UNRESOLVABLE)
        reservation.allocations = list(zip(claims, results, strict=True))
        return None

    def post_filter(self, state: CycleState, pod: PodInfo) -> str:
        """Take a claim's devices away from it if they are what no node reaches, and nobody else uses it."""
        data: _State | None = state.data.get(self.name)
        if data is None:
            raise PluginError("not found")
        for index in data.unavailable:
            claim = data.claims[index]
            if all(one["uid"] == pod.uid for one in consumers(claim)):
                self._release(claim)
                return "deallocation of ResourceClaim completed"
        return ""

    def _release(self, claim: Json) -> None:
        def release(obj: Json) -> None:
            for name in ("reservedFor", "allocation", "devices"):
                obj.get("status", {}).pop(name, None)

        meta = claim["metadata"]
        self.handle.client.change(CLAIMS, meta["namespace"], meta["name"], release, "status")

    # -- scoring

    def pre_score(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo]) -> bool:
        data: _State | None = state.data.get(self.name)
        return data is not None and bool(data.claims)

    def score(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> int:
        data: _State | None = state.data.get(self.name)
        reservation = data.found.get(node.name) if data is not None else None
        if data is None or reservation is None:
            return 0
        new = {id(claim): allocation for claim, allocation in reservation.allocations}
        total = 0
        for claim in data.claims:
            allocation = allocation_of(claim) or new[id(claim)]
            results = allocation["devices"].get("results") or ()
            total += preference(claim, {result["request"] for result in results})
        return total

    def normalize(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo], scores: list[int]) -> list[int]:
        return default_normalize(scores, reverse=False)

    # -- reserving

    def pre_bind(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> None:
        data: _State | None = state.data.get(self.name)
        if data is not None and node.name in data.found:
            data.found[node.name].write(self.handle.client, data.claims, self.handle.now())

    def ready(self, state: CycleState, pod: PodInfo) -> bool:
        """Tell whether the devices have become what they must be; raises PluginError if one has failed."""
        data: _State | None = state.data.get(self.name)
        names = [claim["metadata"]["name"] for claim in data.claims] if data is not None else []
        claims = (self.handle.client.get(CLAIMS, name, pod.namespace) for name in names)
        try:
            return all(claim is None or is_ready(claim) for claim in claims)
        except BindingFailedError as error:
            raise PluginError(str(error)) from None

    def unreserve(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> None:
        data: _State | None = state.data.get(self.name)
        if data is not None and node.name in data.found:
            data.found[node.name].withdraw(self.handle.client, data.claims)

    # -- what may end a refusal

    def hint(self, pod: PodInfo, event: ClusterEvent) -> bool:
        if event.name.startswith("TargetPod/"):
            return self.pre_enqueue(PodInfo(event.new) if event.new is not None else pod)
        if not event.name.startswith("ResourceClaim/"):
            return True
        old, new = event.old, event.new
        if new is None:
            return old is not None and allocation_of(old) is not None
        try:
            mine = {claim["metadata"]["uid"] for claim in self._claims(pod)}
        except ClaimError:
            return False
        if old is not None and allocation_of(old) is not None and allocation_of(new) is None:
            return True
        if new["metadata"]["uid"] not in mine:
            return False
        return old is None or (old.get("status") or {}) != (new.get("status") or {})


def _available(claim: Json, node: NodeInfo) -> bool:
    """Tell whether what a claim has, if it has anything, can be used from a node."""
    selector = (allocation_of(claim) or {}).get("nodeSelector")
    if selector is not None and not selector_matches(selector, node.name, node.labels):
        return False
    try:
        is_ready(claim)
    except BindingFailedError:
        return False
    return True
