"""Makes the claims of ephemeral volumes, owned by their pod (upstream: ``pkg/controller/volume/ephemeral``)."""

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.pods import is_terminating
from k8s_tutor.sim.machinery.meta import controller_of, controller_reference
from k8s_tutor.sim.machinery.recorder import Recorder
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event

CLAIMS = "persistentvolumeclaims"


class EphemeralVolumeController(Controller):
    """Makes claims."""

    name = "ephemeral-volume-controller"

    def setup(self) -> None:
        self.events = Recorder(self.clock, self.client, "ephemeral_volume")
        self.watch("pods", self._pod_changed)

    def _pod_changed(self, event: Event) -> None:
        volumes = event.obj["spec"].get("volumes") or ()
        if event.type != "DELETED" and any("ephemeral" in volume for volume in volumes):
            self.enqueue(event.obj)

    def reconcile(self, namespace: str, name: str) -> None:
        pod = self.client.get("pods", name, namespace)
        if pod is None or is_terminating(pod):
            return
        for volume in pod["spec"].get("volumes") or ():
            if volume.get("ephemeral"):
                self._make(pod, volume)

    def _make(self, pod: Json, volume: Json) -> None:
        meta = pod["metadata"]
        name = f"{meta['name']}-{volume['name']}"
        existing = self.client.get(CLAIMS, name, meta["namespace"])
        if existing is not None:
            if (controller_of(existing) or {}).get("uid") == meta["uid"]:
                return
            where = meta["namespace"]
            text = f"PVC {where}/{name} was not created for pod {where}/{meta['name']} (pod is not owner)"
            self.events.event(pod, "Warning", "FailedBinding", f"ephemeral volume {volume['name']}: {text}")
            raise ApiError(409, "Conflict", text)
        template = volume["ephemeral"]["volumeClaimTemplate"]
        wanted = template.get("metadata") or {}
        claim: Json = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "namespace": meta["namespace"], "ownerReferences": [controller_reference(pod)]},
            "spec": clone(template["spec"]),
        }
        claim["metadata"] |= {key: dict(wanted[key]) for key in ("labels", "annotations") if wanted.get(key)}
        try:
            self.client.create(CLAIMS, claim)
        except ApiError as error:
            text = f"ephemeral volume {volume['name']}: create PVC {name}: {error.message}"
            self.events.event(pod, "Warning", "FailedBinding", text)
            raise
