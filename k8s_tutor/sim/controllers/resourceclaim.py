"""Makes the ResourceClaims that pods ask for by template, and releases those no longer in use.

A claim made so belongs to its pod; its name, which is made up, is written to the pod's status. A pod that was bound
without the scheduler is entered as a user of its claims here, if they are allocated. Devices are allocated by the
scheduler; ``resourceclaim_release`` takes them back (upstream: ``pkg/controller/resourceclaim``).
"""

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers.base import Controller, Key
from k8s_tutor.sim.controllers.index import owner_index
from k8s_tutor.sim.controllers.pods import is_finished, is_terminating
from k8s_tutor.sim.controllers.resourceclaim_release import release
from k8s_tutor.sim.machinery.recorder import Recorder
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event
from k8s_tutor.sim.machinery.workqueue import WorkQueue
from k8s_tutor.sim.scheduler.devices.claims import (
    CLAIMS,
    ClaimError,
    allocation_of,
    can_be_reserved,
    check_owner,
    is_reserved_for,
    names_of,
    reserve,
    use_of,
)

TEMPLATES = "resourceclaimtemplates.resource.k8s.io"
CLAIM_NAME = "resource.kubernetes.io/pod-claim-name"
MAX_PREFIX = 57


class ResourceClaimController(Controller):
    """Makes, reserves and releases claims."""

    name = "resource-claim-controller"

    def setup(self) -> None:
        self.events = Recorder(self.clock, self.client, "resource_claim")
        self._owned = owner_index(self.client.store, CLAIMS)
        self._applier = self.kit.client(f"system:serviceaccount:kube-system:{self.name}", "ResourceClaimController")
        self._releases: WorkQueue[Key] = WorkQueue(self.clock, self._release, self._failed, self.retry)
        self.watch("pods", self._pod_changed)
        self.watch(TEMPLATES, self._template_changed)
        self.watch(CLAIMS, self._claim_changed)

    def stop(self) -> None:
        super().stop()
        self._releases.close()

    # -- watching

    def _pod_changed(self, event: Event) -> None:
        pod = event.obj
        if not pod["spec"].get("resourceClaims") and not (pod.get("status") or {}).get("extendedResourceClaimStatus"):
            return
        over = event.type == "DELETED" or is_finished(pod) or (is_terminating(pod) and not pod["spec"].get("nodeName"))
        if over:
            for name in names_of(pod):
                self._releases.add((pod["metadata"]["namespace"], name))
        if event.type != "DELETED":
            self.enqueue(pod)

    def _template_changed(self, event: Event) -> None:
        if event.type == "ADDED":
            name = event.obj["metadata"]["name"]
            for pod in self.client.list("pods", event.obj["metadata"]["namespace"]):
                wanted = pod["spec"].get("resourceClaims") or ()
                if any(claim.get("resourceClaimTemplateName") == name for claim in wanted):
                    self.enqueue(pod)

    def _claim_changed(self, event: Event) -> None:
        meta = event.obj["metadata"]
        if event.type != "DELETED":
            self._releases.add((meta["namespace"], meta["name"]))
        for pod in self.client.list("pods", meta["namespace"]):
            if pod["spec"].get("resourceClaims") and meta["name"] in names_of(pod):
                self.enqueue(pod)

    # -- making and reserving

    def reconcile(self, namespace: str, name: str) -> None:
        pod = self.client.get("pods", name, namespace)
        if pod is None or is_terminating(pod):
            return
        self._make_claims(pod)
        if pod["spec"].get("nodeName"):
            for wanted in pod["spec"].get("resourceClaims") or ():
                self._reserve(pod, wanted)

    def _make_claims(self, pod: Json) -> None:
        meta = pod["metadata"]
        known = {item["name"]: item for item in (pod.get("status") or {}).get("resourceClaimStatuses") or ()}
        names = {name: item["resourceClaimName"] for name, item in known.items() if item.get("resourceClaimName")}
        made = False
        for wanted in pod["spec"].get("resourceClaims") or ():
            if wanted.get("resourceClaimTemplateName") and self._is_missing(pod, wanted):
                names[wanted["name"]] = self._claim_of(pod, wanted)
                made = True
        if made:
            statuses = [{"name": name, "resourceClaimName": names[name]} for name in sorted(names)]
            config = {
                "metadata": {"name": meta["name"], "namespace": meta["namespace"]},
                "status": {"resourceClaimStatuses": statuses},
            }
            self._applier.apply("pods", config, "status")

    def _is_missing(self, pod: Json, wanted: Json) -> bool:
        try:
            use = use_of(pod, wanted)
            claim = self.client.get(CLAIMS, use.name, pod["metadata"]["namespace"]) if use else None
            if claim is not None:
                check_owner(pod, claim)
        except ClaimError:
            return True
        return use is not None and claim is None

    def _claim_of(self, pod: Json, wanted: Json) -> str:
        """Return the name of the pod's claim, made if it is not there."""
        for claim in self._owned.owned(pod["metadata"]["uid"]):
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

    def _reserve(self, pod: Json, wanted: Json) -> None:
        """Enter a pod as a user of a claim: it was bound without the scheduler."""
        namespace = pod["metadata"]["namespace"]
        try:
            use = use_of(pod, wanted)
            claim = self.client.get(CLAIMS, use.name, namespace) if use else None
            if claim is None:
                return
            if use is not None and use.generated:
                check_owner(pod, claim)
        except ClaimError:
            return
        if allocation_of(claim) is not None and not is_reserved_for(claim, pod) and can_be_reserved(claim):
            self.client.change(CLAIMS, namespace, claim["metadata"]["name"], lambda obj: reserve(obj, pod), "status")

    def _release(self, key: Key) -> None:
        release(self.client, *key)


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
