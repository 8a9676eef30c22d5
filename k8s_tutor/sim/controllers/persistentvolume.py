"""The volume binder: brings claims and volumes together (upstream: ``pkg/controller/volume/persistentvolume``).

Both sides are written in steps, volume first, so that a step may fail and be repeated. Claims that wait for a pod are left
to the scheduler until it has chosen a node; what has to be made is announced to a provisioner by annotation. Unbound
claims are looked at every 15 s.
"""

import re

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.machinery.store import Event
from k8s_tutor.sim.scheduler.volumes import (
    BIND_COMPLETED,
    BOUND_BY_CONTROLLER,
    SELECTED_NODE,
    claim_names,
    class_of,
    find_matching,
    mismatch,
    refers_to,
    reserved_for,
    waits_for_pod,
)
from k8s_tutor.sim.ticking import never

CLAIMS = "persistentvolumeclaims"
VOLUMES = "persistentvolumes"
CLASSES = "storageclasses.storage.k8s.io"
PROVISIONER = "volume.kubernetes.io/storage-provisioner"
BETA_PROVISIONER = "volume.beta.kubernetes.io/storage-provisioner"
RESYNC = 15.0
TICK = ("", "")
DELETABLE = re.compile(r"/tmp/.+")  # noqa: S108 - a path on a node, the only one that hostPath volumes are deleted at
IN_TREE = "kubernetes.io/"
# In-tree provisioners whose work CSI drivers have taken over.
MIGRATED = frozenset(("aws-ebs", "azure-disk", "azure-file", "cinder", "gce-pd", "portworx-volume", "vsphere-volume"))
NO_CLASS = "no persistent volumes available for this claim and no storage class is set"
FIRST_CONSUMER = "waiting for first consumer to be created before binding"
EXTERNAL = (
    "Waiting for a volume to be created either by the external provisioner '{}' or manually by the system administrator. "
    "If volume creation is delayed, please verify that the provisioner is running and correctly registered."
)


class PersistentVolumeController(Controller):
    """Binds claims; a key without namespace is a volume."""

    name = "persistentvolume-controller"

    def setup(self) -> None:
        self.watch(VOLUMES, self._volume_changed)
        self.watch(CLAIMS, self._claim_changed)
        self.every(RESYNC, TICK, limit=self._until)

    def _until(self) -> float:
        """Looks are in vain unless a claim waits; what has to be reclaimed is in the volumes' own events."""
        waits = any((claim.get("status") or {}).get("phase") == "Pending" for claim in self.client.list(CLAIMS))
        return self.clock.now() if waits else never()

    def _volume_changed(self, event: Event) -> None:
        self.enqueue(event.obj)
        reference = event.obj["spec"].get("claimRef")
        if reference:
            self.queue.add((reference.get("namespace", ""), reference.get("name", "")))

    def _claim_changed(self, event: Event) -> None:
        self.enqueue(event.obj)
        volume = event.obj["spec"].get("volumeName")
        if volume:
            self.queue.add(("", volume))

    def reconcile(self, namespace: str, name: str) -> None:
        if not name:
            for resource in (VOLUMES, CLAIMS):
                for obj in self.client.list(resource):
                    self.enqueue(obj)
            return
        if not namespace:
            volume = self.client.get(VOLUMES, name)
            if volume is not None:
                self._sync_volume(volume)
            return
        claim = self.client.get(CLAIMS, name, namespace)
        if claim is None:
            return
        if BIND_COMPLETED in (claim["metadata"].get("annotations") or {}):
            self._sync_bound(claim)
        else:
            self._sync_unbound(claim)

    # -- claims

    def _sync_bound(self, claim: Json) -> None:
        name = claim["spec"].get("volumeName")
        volume = self.client.get(VOLUMES, name) if name else None
        if not name or volume is None:
            text = "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!"
            if name:
                text = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
            self._claim_phase(claim, "Lost", None, ("Warning", "ClaimLost", text))
        elif volume["spec"].get("claimRef") is None or refers_to(volume, claim):
            self._bind(volume, claim)
        else:
            text = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
            self._claim_phase(
                claim,
                "Lost",
                None,
                ("Warning", "ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly"),
            )
            self.kit.log(self.manager, text)

    def _sync_unbound(self, claim: Json) -> None:
        name = claim["spec"].get("volumeName")
        if name:
            self._sync_prebound(claim, name)
            return
        storage_class = self.client.get(CLASSES, class_of(claim))
        delayed = waits_for_pod(storage_class) and SELECTED_NODE not in (claim["metadata"].get("annotations") or {})
        volume = find_matching(claim, self.client.list(VOLUMES), delay=delayed)
        if volume is not None:
            self._bind(volume, claim)
            return
        if delayed:
            waiting = self._waiting_pod(claim)
            text = f"waiting for pod {waiting} to be scheduled" if waiting else FIRST_CONSUMER
            reason = "WaitForPodScheduled" if waiting else "WaitForFirstConsumer"
            self.events.event(claim, "Normal", reason, text)
        elif class_of(claim):
            self._provision(claim, storage_class)
            return
        else:
            self.events.event(claim, "Normal", "FailedBinding", NO_CLASS)
        self._claim_phase(claim, "Pending", None)

    def _waiting_pod(self, claim: Json) -> str:
        """Return the name of a pod that uses the claim and has no node yet."""
        meta = claim["metadata"]
        for pod in self.client.list("pods", meta["namespace"]):
            if not pod["spec"].get("nodeName") and any(name == meta["name"] for name, _ in claim_names(pod)):
                return str(pod["metadata"]["name"])
        return ""

    def _provision(self, claim: Json, storage_class: Json | None) -> None:
        wanted = class_of(claim)
        if storage_class is None:
            text = f'storageclass.storage.k8s.io "{wanted}" not found'
            self.events.event(claim, "Warning", "ProvisioningFailed", text)
            self._claim_phase(claim, "Pending", None)
            return
        provisioner = storage_class.get("provisioner", "")
        if provisioner.startswith(IN_TREE) and provisioner.removeprefix(IN_TREE) not in MIGRATED:
            text = f"no volume plugin matched name: {provisioner}"
            self.events.event(claim, "Warning", "ProvisioningFailed", text)
        else:
            annotations = claim["metadata"].get("annotations") or {}
            if annotations.get(PROVISIONER) != provisioner:
                new = clone(claim)
                new["metadata"].setdefault("annotations", {}).update(
                    {PROVISIONER: provisioner, BETA_PROVISIONER: provisioner}
                )
                claim = self.client.update(CLAIMS, new)
            self.events.event(claim, "Normal", "ExternalProvisioning", EXTERNAL.format(provisioner))
        self._claim_phase(claim, "Pending", None)

    def _sync_prebound(self, claim: Json, name: str) -> None:
        """The user named the volume."""
        volume = self.client.get(VOLUMES, name)
        if volume is not None and refers_to(volume, claim):
            self._bind(volume, claim)
            return
        event = None
        if volume is not None and volume["spec"].get("claimRef"):
            event = "FailedBinding", f'volume "{name}" already bound to a different claim.'
        elif volume is not None:
            why = mismatch(volume, claim)
            if not why:
                self._bind(volume, claim)
                return
            event = "VolumeMismatch", f'Cannot bind to requested volume "{name}": {why}'
        if event:
            self.events.event(claim, "Warning", *event)
        self._claim_phase(claim, "Pending", None)

    # -- binding

    def _bind(self, volume: Json, claim: Json) -> None:
        volume = self._point_volume(volume, claim)
        volume = self._volume_phase(volume, "Bound")
        claim = self._point_claim(claim, volume)
        self._claim_phase(claim, "Bound", volume)

    def _point_volume(self, volume: Json, claim: Json) -> Json:
        reference = volume["spec"].get("claimRef")
        if reference and reference.get("uid") == claim["metadata"]["uid"]:
            return volume
        return self.client.update(VOLUMES, reserved_for(volume, claim))

    def _point_claim(self, claim: Json, volume: Json) -> Json:
        annotations = claim["metadata"].get("annotations") or {}
        name = volume["metadata"]["name"]
        if claim["spec"].get("volumeName") == name and BIND_COMPLETED in annotations:
            return claim
        new = clone(claim)
        added = {BIND_COMPLETED: "yes"}
        if claim["spec"].get("volumeName") != name:
            new["spec"]["volumeName"] = name
            added[BOUND_BY_CONTROLLER] = "yes"
        new["metadata"].setdefault("annotations", {}).update(added)
        return self.client.update(CLAIMS, new)

    def _claim_phase(
        self, claim: Json, phase: str, volume: Json | None, event: tuple[str, str, str] | None = None
    ) -> None:
        old = claim.get("status") or {}
        status = {key: value for key, value in old.items() if key not in {"accessModes", "capacity"}} | {"phase": phase}
        if volume is not None:
            status |= {"accessModes": volume["spec"].get("accessModes"), "capacity": volume["spec"].get("capacity")}
        if status == old:
            return
        new = clone(claim)
        new["status"] = clone(status)
        self.client.update_status(CLAIMS, new)
        if event is not None and old.get("phase") != phase:
            self.events.event(claim, *event)

    # -- volumes

    def _volume_phase(self, volume: Json, phase: str, message: str = "") -> Json:
        if (volume.get("status") or {}).get("phase") == phase:
            return volume
        new = clone(volume)
        status = new.setdefault("status", {})
        status["phase"] = phase
        status.pop("message", None)
        if message:
            status["message"] = message
        return self.client.update_status(VOLUMES, new)

    def _sync_volume(self, volume: Json) -> None:
        reference = volume["spec"].get("claimRef")
        if not reference:
            self._volume_phase(volume, "Available")
            return
        if not reference.get("uid"):
            self._volume_phase(volume, "Available")  # reserved for a claim that may come
            return
        claim = self.client.get(CLAIMS, reference.get("name", ""), reference.get("namespace", ""))
        if claim is not None and claim["metadata"]["uid"] == reference["uid"]:
            if claim["spec"].get("volumeName") == volume["metadata"]["name"]:
                self._volume_phase(volume, "Bound")
            return
        if (volume.get("status") or {}).get("phase") not in {"Released", "Failed"}:
            volume = self._volume_phase(volume, "Released")
        self._reclaim(volume)

    def _reclaim(self, volume: Json) -> None:
        policy = volume["spec"].get("persistentVolumeReclaimPolicy", "Retain")
        if policy == "Recycle":
            text = "Volume plugin does not support recycling"
            self._fail(volume, "VolumeFailedRecycle", text, "No recycler plugin found for the volume!")
        elif policy == "Delete" and not self._is_external(volume):
            self._delete_volume(volume)

    def _is_external(self, volume: Json) -> bool:
        """Tell whether somebody else deletes the volume: its provisioner, or the driver it belongs to."""
        maker = (volume["metadata"].get("annotations") or {}).get("pv.kubernetes.io/provisioned-by", "")
        return bool(maker and not maker.startswith(IN_TREE)) or "csi" in volume["spec"]

    def _delete_volume(self, volume: Json) -> None:
        name, path = volume["metadata"]["name"], (volume["spec"].get("hostPath") or {}).get("path")
        if path is None:
            text = f'error getting deleter volume plugin for volume "{name}": no deletable volume plugin matched'
        elif not DELETABLE.match(path):
            text = f"host_path deleter only supports /tmp/.+ but received provided {path}"
        else:
            self.client.delete(VOLUMES, name)
            return
        self._fail(volume, "VolumeFailedDelete", text, text)

    def _fail(self, volume: Json, reason: str, message: str, told: str) -> None:
        if (volume.get("status") or {}).get("phase") != "Failed":
            self._volume_phase(volume, "Failed", message)
            self.events.event(volume, "Warning", reason, told)
