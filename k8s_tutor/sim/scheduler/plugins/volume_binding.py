"""VolumeBinding: a pod goes where its volumes can be reached, found or made.

Claims with immediate binding must be bound before. For the others the filter looks for suitable volumes from each node,
or whether its class can make one there; the node that is chosen is then written on the claim (``reserve``), and the pod
is bound once the claim is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.machinery.meta import controller_of
from k8s_tutor.sim.scheduler.cache import NodeInfo
from k8s_tutor.sim.scheduler.framework import (
    UNRESOLVABLE,
    ClusterEvent,
    CycleState,
    Plugin,
    PluginError,
    Refused,
    Skip,
    Status,
)
from k8s_tutor.sim.scheduler.podinfo import PodInfo
from k8s_tutor.sim.scheduler.provisioning import BIND_CONFLICT, provisioning_refusal, volume_limit
from k8s_tutor.sim.scheduler.volumes import (
    SELECTED_NODE,
    claim_names,
    class_of,
    find_matching,
    is_bound,
    requested_storage,
    reserved_for,
    suits_node,
    waits_for_pod,
)

NODE_CONFLICT = "node(s) didn't match PersistentVolume's node affinity"
MISSING_VOLUME = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
MIGRATED = "storage.alpha.kubernetes.io/migrated-plugins"
UNBOUND = "pod has unbound immediate PersistentVolumeClaims"


@dataclass(slots=True)
class Plan:
    """What has to happen to a pod's claims if it goes to one node."""

    static: list[tuple[Json, Json]] = field(default_factory=list)
    provisions: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class _State:
    bound: list[Json]
    delayed: list[Json]
    plans: dict[str, Plan] = field(default_factory=dict)


class VolumeBinding(Plugin):
    """Filters by volumes, and reserves them."""

    name = "VolumeBinding"
    filters = True
    events = frozenset(
        {
            "CSIDriver/Update",
            "CSINode/Add",
            "CSINode/Update",
            "CSIStorageCapacity/Add",
            "CSIStorageCapacity/Update",
            "Node/Add",
            "Node/UpdateNodeLabel",
            "PersistentVolume/Add",
            "PersistentVolume/Update",
            "PersistentVolumeClaim/Add",
            "PersistentVolumeClaim/Update",
            "StorageClass/Add",
            "StorageClass/Update",
        }
    )

    def _claim(self, pod: PodInfo, name: str, *, ephemeral: bool) -> Json:
        claim = self.handle.client.get("persistentvolumeclaims", name, pod.namespace)
        if claim is None:
            why = f'persistentvolumeclaim "{name}" not found'
            if ephemeral:
                why = f'waiting for ephemeral volume controller to create the persistentvolumeclaim "{name}"'
            raise self._refused(why)
        if (claim.get("status") or {}).get("phase") == "Lost":
            volume = claim["spec"].get("volumeName", "")
            raise self._refused(f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{volume}"')
        if claim["metadata"].get("deletionTimestamp"):
            raise self._refused(f'persistentvolumeclaim "{name}" is being deleted')
        owner = controller_of(claim)
        if ephemeral and (owner is None or owner["uid"] != pod.uid):
            where, whose = f"{pod.namespace}/{name}", f"{pod.namespace}/{pod.name}"
            raise self._refused(f"PVC {where} was not created for pod {whose} (pod is not owner)")
        return claim

    def _refused(self, why: str) -> Refused:
        return Refused(self.refuse(why, code=UNRESOLVABLE))

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo]) -> set[str] | None:
        claims = [self._claim(pod, name, ephemeral=ephemeral) for name, ephemeral in claim_names(pod.pod)]
        if not claims:
            raise Skip
        bound = [claim for claim in claims if is_bound(claim)]
        delayed = []
        for claim in claims:
            if is_bound(claim):
                continue
            storage_class = self.handle.client.get("storageclasses.storage.k8s.io", class_of(claim))
            if claim["spec"].get("volumeName") or not waits_for_pod(storage_class):
                raise self._refused(UNBOUND)
            delayed.append(claim)
        state.data[self.name] = _State(bound, delayed)
        return None

    def filter(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> Status | None:
        data: _State = state.data[self.name]
        reasons: list[str] = []
        missing = False
        for claim in data.bound:
            volume = self.handle.client.get("persistentvolumes", claim["spec"]["volumeName"])
            if volume is None:
                missing = True
            elif not suits_node(volume, node.name, node.labels):
                reasons = [NODE_CONFLICT]
        if data.delayed:
            plan = self._plan(data.delayed, node)
            if isinstance(plan, str):
                reasons.append(plan)
            else:
                data.plans[node.name] = plan
        if missing:
            reasons.append(MISSING_VOLUME)
        return self.refuse(*reasons, code=UNRESOLVABLE) if reasons else None

    def _plan(self, claims: Sequence[Json], node: NodeInfo) -> Plan | str:
        """Return what the node would give to the claims, the smallest first; or why it can not."""
        plan = Plan()
        for claim in claims:
            selected = (claim["metadata"].get("annotations") or {}).get(SELECTED_NODE)
            if selected is not None:
                if selected != node.name:
                    return BIND_CONFLICT
                plan.provisions.append(claim)
        taken: set[str] = set()
        waiting = [claim for claim in claims if claim not in plan.provisions]
        volumes = self.handle.client.list("persistentvolumes") if waiting else ()
        for claim in sorted(waiting, key=requested_storage):
            volume = find_matching(claim, volumes, lambda v: suits_node(v, node.name, node.labels), taken, delay=True)
            if volume is None:
                plan.provisions.append(claim)
            else:
                taken.add(volume["metadata"]["name"])
                plan.static.append((claim, volume))
        for claim in plan.provisions:
            refusal = provisioning_refusal(self.handle.client, claim, node)
            if refusal:
                return refusal
        return plan

    def pre_bind(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> None:
        """Write on claims and volumes that they belong to the pod's node."""
        data: _State | None = state.data.get(self.name)
        plan = data.plans.get(node.name) if data else None
        if plan is None:
            return
        for claim, volume in plan.static:
            self.handle.client.update("persistentvolumes", reserved_for(volume, claim))
        for claim in plan.provisions:
            new = clone(claim)
            new["metadata"].setdefault("annotations", {})[SELECTED_NODE] = node.name
            self.handle.client.update("persistentvolumeclaims", new)

    def ready(self, state: CycleState, pod: PodInfo) -> bool:
        """Tell whether all of the pod's claims are bound."""
        data: _State | None = state.data.get(self.name)
        plan = data.plans.get(pod.node_name) if data else None
        if plan is None:
            return True
        if self.handle.cache.get(pod.node_name) is None:
            why = f'failed to get node "{pod.node_name}": node "{pod.node_name}" not found'
            raise PluginError(f"binding volumes: {why}")
        for claim in plan.provisions:
            name = claim["metadata"]["name"]
            now = self.handle.client.get("persistentvolumeclaims", name, pod.namespace)
            if now is not None and (now["metadata"].get("annotations") or {}).get(SELECTED_NODE) != pod.node_name:
                raise PluginError(f'binding volumes: provisioning failed for PVC "{name}"')
        names = [claim["metadata"]["name"] for claim in (*plan.provisions, *(claim for claim, _ in plan.static))]
        claims = (self.handle.client.get("persistentvolumeclaims", name, pod.namespace) for name in names)
        return all(claim is not None and is_bound(claim) for claim in claims)

    def hint(self, pod: PodInfo, event: ClusterEvent) -> bool:
        old, new = event.old, event.new
        kind, _, action = event.name.partition("/")
        if kind == "PersistentVolumeClaim" and new is not None:
            meta = new["metadata"]
            return meta["namespace"] == pod.namespace and any(meta["name"] == name for name, _ in claim_names(pod.pod))
        if action == "Add" or old is None or new is None:
            return True
        if kind == "StorageClass":
            return old.get("allowedTopologies") != new.get("allowedTopologies")
        if kind == "CSINode":
            return (old["metadata"].get("annotations") or {}).get(MIGRATED) != (
                new["metadata"].get("annotations") or {}
            ).get(MIGRATED)
        if kind == "CSIStorageCapacity":
            return volume_limit(new) > volume_limit(old)
        if kind == "CSIDriver":
            inline = ((volume.get("csi") or {}).get("driver") for volume in pod.spec.get("volumes") or ())
            ceased = old["spec"].get("storageCapacity") and not new["spec"].get("storageCapacity")
            return bool(ceased) and new["metadata"]["name"] in inline
        return True
