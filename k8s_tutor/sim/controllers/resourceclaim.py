"""Makes the ResourceClaims that pods ask for by template (upstream: ``pkg/controller/resourceclaim``).

A claim made so belongs to its pod; its name, which is made up, is written to the pod's status. Nothing here allocates
devices: that is the scheduler's part with drivers that no node of ours has.
"""

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.index import owner_index
from k8s_tutor.sim.controllers.pods import is_finished, is_terminating
from k8s_tutor.sim.machinery.recorder import Recorder
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event

CLAIMS = "resourceclaims.resource.k8s.io"
TEMPLATES = "resourceclaimtemplates.resource.k8s.io"
CLAIM_NAME = "resource.kubernetes.io/pod-claim-name"
MAX_PREFIX = 57


class ResourceClaimController(Controller):
    """Makes claims."""

    name = "resource-claim-controller"

    def setup(self) -> None:
        self.events = Recorder(self.clock, self.client, "resource_claim")
        self._claims = owner_index(self.client.store, CLAIMS)
        self._applier = self.kit.client(f"system:serviceaccount:kube-system:{self.name}", "ResourceClaimController")
        self.watch("pods", self._pod_changed)
        self.watch(TEMPLATES, self._template_changed)

    def _pod_changed(self, event: Event) -> None:
        if event.type != "DELETED" and event.obj["spec"].get("resourceClaims"):
            self.enqueue(event.obj)

    def _template_changed(self, event: Event) -> None:
        if event.type == "ADDED":
            name = event.obj["metadata"]["name"]
            for pod in self.client.list("pods", event.obj["metadata"]["namespace"]):
                wanted = pod["spec"].get("resourceClaims") or ()
                if any(claim.get("resourceClaimTemplateName") == name for claim in wanted):
                    self.enqueue(pod)

    def reconcile(self, namespace: str, name: str) -> None:
        pod = self.client.get("pods", name, namespace)
        if pod is None or is_terminating(pod) or is_finished(pod):
            return
        known = {item["name"]: item for item in (pod.get("status") or {}).get("resourceClaimStatuses") or ()}
        statuses: list[Json] = []
        for wanted in pod["spec"].get("resourceClaims") or ():
            if not wanted.get("resourceClaimTemplateName"):
                continue
            noted = known.get(wanted["name"], {}).get("resourceClaimName")
            if not noted or self.client.get(CLAIMS, noted, namespace) is None:
                noted = self._claim_of(pod, wanted)
            statuses.append({"name": wanted["name"], "resourceClaimName": noted})
        if statuses and statuses != list(known.values()):
            meta = {"name": name, "namespace": namespace}
            self._applier.apply("pods", {"metadata": meta, "status": {"resourceClaimStatuses": statuses}}, "status")

    def _claim_of(self, pod: Json, wanted: Json) -> str:
        """Return the name of the pod's claim, made if it is not there."""
        for claim in self._claims.owned(pod["metadata"]["uid"]):
            if (claim["metadata"].get("annotations") or {}).get(CLAIM_NAME) == wanted["name"]:
                return str(claim["metadata"]["name"])
        template_name, namespace = wanted["resourceClaimTemplateName"], pod["metadata"]["namespace"]
        template = self.client.get(TEMPLATES, template_name, namespace)
        try:
            if template is None:
                missing = f'resourceclaimtemplate.resource.k8s.io "{template_name}" not found'
                raise ApiError(404, "NotFound", f'resource claim template "{template_name}": {missing}')
            made = self.client.create(CLAIMS, _make(pod, wanted["name"], template))
        except ApiError as error:
            text = f"PodResourceClaim {wanted['name']}: {error.message}"
            self.events.event(pod, "Warning", "FailedResourceClaimCreation", text)
            raise
        return str(made["metadata"]["name"])


def _make(pod: Json, name: str, template: Json) -> Json:
    meta, wanted = pod["metadata"], template["spec"].get("metadata") or {}
    prefix = f"{meta['name']}-{name}-"
    if len(prefix) > MAX_PREFIX:  # both parts are shortened by their share
        share = MAX_PREFIX / len(prefix)
        prefix = f"{meta['name'][: int(len(meta['name']) * share)]}-{name[: int(len(name) * share)]}"
    owner = {"apiVersion": "v1", "kind": "Pod", "name": meta["name"], "uid": meta["uid"], "controller": True}
    made: Json = {
        "generateName": prefix,
        "namespace": meta["namespace"],
        "annotations": dict(wanted.get("annotations") or {}) | {CLAIM_NAME: name},
        "ownerReferences": [owner],
    }
    if wanted.get("labels"):
        made["labels"] = dict(wanted["labels"])
    return {"metadata": made, "spec": clone(template["spec"].get("spec") or {})}
