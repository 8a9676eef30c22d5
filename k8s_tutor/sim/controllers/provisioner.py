"""The default provisioner: makes a volume on the node where the claim's first pod goes, and deletes it again.

Stands where kind's ``rancher.io/local-path`` and minikube's hostpath provisioner stand. It serves every StorageClass that
names it; a cluster that is not bare gets the default class ``standard``.
"""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.persistentvolume import CLAIMS, CLASSES, PROVISIONER, VOLUMES
from k8s_tutor.sim.controllers.pods import is_terminating
from k8s_tutor.sim.machinery.recorder import Recorder
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event
from k8s_tutor.sim.scheduler.volumes import SELECTED_NODE, class_of, is_bound

NAME = "rancher.io/local-path"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
FOLDER = "/var/local-path-provisioner"
PROVISION_SECONDS = 2.0
HOSTNAME = "kubernetes.io/hostname"
DEFAULT_CLASS: Json = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
    "provisioner": NAME,
    "reclaimPolicy": "Delete",
    "volumeBindingMode": "WaitForFirstConsumer",
}


class LocalPathProvisioner(Controller):
    """Makes and deletes volumes; a key without namespace is a volume."""

    name = "local-path-provisioner"
    manager = "local-path-provisioner"

    def setup(self) -> None:
        self.events = Recorder(self.clock, self.client, f"{NAME}_local-path-provisioner")
        if not self.kit.shape.bare and self.client.get(CLASSES, "standard") is None:
            self.client.create(CLASSES, {**DEFAULT_CLASS, "metadata": dict(DEFAULT_CLASS["metadata"])})
        if not self.kit.shape.bare:
            self.watch(CLAIMS, self._claim_changed)
            self.watch_keys(VOLUMES)

    def _claim_changed(self, event: Event) -> None:
        annotations = event.obj["metadata"].get("annotations") or {}
        if event.type != "DELETED" and annotations.get(PROVISIONER) == NAME and not is_bound(event.obj):
            meta = event.obj["metadata"]
            if self.client.get(VOLUMES, f"pvc-{meta['uid']}") is None:
                self._begin(event.obj)

    def _begin(self, claim: Json) -> None:
        meta = claim["metadata"]
        text = f'External provisioner is provisioning volume for claim "{meta["namespace"]}/{meta["name"]}"'
        if (meta["namespace"], meta["name"]) not in self._under_way:
            self._under_way.add((meta["namespace"], meta["name"]))
            self.events.event(claim, "Normal", "Provisioning", text)
            delay = PROVISION_SECONDS if self.kit.start_latency else 0.0
            self.queue.add_after((meta["namespace"], meta["name"]), delay)

    @property
    def _under_way(self) -> set[tuple[str, str]]:
        found: set[tuple[str, str]] = self.__dict__.setdefault("_claims", set())
        return found

    def reconcile(self, namespace: str, name: str) -> None:
        if namespace:
            self._under_way.discard((namespace, name))
            claim = self.client.get(CLAIMS, name, namespace)
            if claim is not None and not is_bound(claim) and not is_terminating(claim):
                self._provision(claim)
            return
        volume = self.client.get(VOLUMES, name)
        if volume is not None:
            self._delete_if_released(volume)

    def _provision(self, claim: Json) -> None:
        meta = claim["metadata"]
        name = f"pvc-{meta['uid']}"
        storage_class = self.client.get(CLASSES, class_of(claim))
        node_name = (meta.get("annotations") or {}).get(SELECTED_NODE)
        node = self.client.get("nodes", node_name) if node_name else None
        if storage_class is None or self.client.get(VOLUMES, name) is not None:
            return
        if node_name and node is None:
            text = f'failed to provision volume with StorageClass "{class_of(claim)}": failed to get target node'
            self.events.event(claim, "Warning", "ProvisioningFailed", text)
            return
        self.client.create(VOLUMES, self._volume(name, claim, storage_class, node))
        self.events.event(claim, "Normal", "ProvisioningSucceeded", f"Successfully provisioned volume {name}")

    def _volume(self, name: str, claim: Json, storage_class: Json, node: Json | None) -> Json:
        meta, spec = claim["metadata"], claim["spec"]
        path = f"{FOLDER}/{name}_{meta['namespace']}_{meta['name']}"
        volume: Json = {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": name, "annotations": {PROVISIONED_BY: NAME}},
            "spec": {
                "accessModes": list(spec.get("accessModes") or ()),
                "capacity": {"storage": spec["resources"]["requests"]["storage"]},
                "claimRef": {
                    "apiVersion": "v1",
                    "kind": "PersistentVolumeClaim",
                    "namespace": meta["namespace"],
                    "name": meta["name"],
                    "uid": meta["uid"],
                    "resourceVersion": meta["resourceVersion"],
                },
                "hostPath": {"path": path, "type": "DirectoryOrCreate"},
                "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
                "storageClassName": storage_class["metadata"]["name"],
                "volumeMode": spec.get("volumeMode", "Filesystem"),
            },
        }
        if node is not None:
            hostname = (node["metadata"].get("labels") or {}).get(HOSTNAME, node["metadata"]["name"])
            term = {"matchExpressions": [{"key": HOSTNAME, "operator": "In", "values": [hostname]}]}
            volume["spec"]["nodeAffinity"] = {"required": {"nodeSelectorTerms": [term]}}
        return volume

    def _delete_if_released(self, volume: Json) -> None:
        annotations = volume["metadata"].get("annotations") or {}
        released = (volume.get("status") or {}).get("phase") == "Released"
        if annotations.get(PROVISIONED_BY) != NAME or not released or is_terminating(volume):
            return
        if volume["spec"].get("persistentVolumeReclaimPolicy") != "Delete":
            return
        try:
            self.client.delete(VOLUMES, volume["metadata"]["name"])
        except ApiError as error:
            if error.code != 404:
                raise
