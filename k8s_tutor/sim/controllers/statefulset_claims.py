"""A StatefulSet's claims: made from its templates, kept or deleted by its retention policy.

Upstream: ``stateful_pod_control.go`` and ``stateful_set_utils.go``. A claim that is to go with its pod, or with the set,
has that one as owner; the garbage collector does the rest.
"""

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.machinery.meta import controller_of, controller_reference
from k8s_tutor.sim.machinery.recorder import Recorder
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.registry.client import LocalClient

CLAIMS = "persistentvolumeclaims"
# The slip in "managing" is upstream's.
CONFLICT = (
    "PersistentVolumeClaim {} has a conflicting OwnerReference that acts as a manging controller, "
    "the retention policy is ignored for this claim"
)


def claim_name(template: Json, pod_name: str) -> str:
    """Return the name of the claim of one template for one pod."""
    return f"{template['metadata']['name']}-{pod_name}"


def mount(pod: Json, set_: Json) -> None:
    """Point the pod's volumes at its claims, in place."""
    templates = set_["spec"].get("volumeClaimTemplates") or ()
    if not templates:
        return
    names = {template["metadata"]["name"] for template in templates}
    own = [
        {
            "name": template["metadata"]["name"],
            "persistentVolumeClaim": {"claimName": claim_name(template, pod["metadata"]["name"])},
        }
        for template in templates
    ]
    pod["spec"]["volumes"] = own + [v for v in pod["spec"].get("volumes") or () if v["name"] not in names]


class SetClaims:
    """Writes claims.

    Args:
        client: with which they are written.
        events: where they are told.
    """

    def __init__(self, client: LocalClient, events: Recorder) -> None:
        self._client = client
        self._events = events

    def create(self, set_: Json, pod_name: str) -> None:
        """Make the claims that are missing for a pod."""
        namespace = set_["metadata"]["namespace"]
        for template in set_["spec"].get("volumeClaimTemplates") or ():
            name = claim_name(template, pod_name)
            existing = self._client.get(CLAIMS, name, namespace)
            if existing is not None:
                if existing["metadata"].get("deletionTimestamp"):
                    why = f"pvc {name} is being deleted"
                    raise ApiError(409, "Conflict", why)
                continue
            self._create_one(set_, template, name, pod_name)

    def _create_one(self, set_: Json, template: Json, name: str, pod_name: str) -> None:
        meta = template["metadata"]
        labels = dict(meta.get("labels") or {}) | dict(set_["spec"]["selector"].get("matchLabels") or {})
        claim: Json = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "namespace": set_["metadata"]["namespace"], "labels": labels},
            "spec": clone(template["spec"]),
        }
        if meta.get("annotations"):
            claim["metadata"]["annotations"] = dict(meta["annotations"])
        what = f"Claim {name} Pod {pod_name} in StatefulSet {set_['metadata']['name']}"
        try:
            self._client.create(CLAIMS, claim)
        except ApiError as error:
            text = f"Create {what.replace(' Pod ', ' for Pod ')} failed error: {error.message}"
            self._events.event(set_, "Warning", "FailedCreate", text)
            raise
        self._events.event(set_, "Normal", "SuccessfulCreate", f"Create {what} success")

    def own(self, set_: Json, pod: Json, *, condemned: bool) -> None:
        """Give each claim the owner that the retention policy wants: the set, the pod, or none."""
        policy = set_["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
        with_set = policy.get("whenDeleted") == "Delete"
        with_pod = policy.get("whenScaled") == "Delete" and condemned
        for template in set_["spec"].get("volumeClaimTemplates") or ():
            name = claim_name(template, pod["metadata"]["name"])
            claim = self._client.get(CLAIMS, name, set_["metadata"]["namespace"])
            if claim is None:
                continue
            controller = controller_of(claim)
            if controller and controller["uid"] not in {set_["metadata"]["uid"], pod["metadata"]["uid"]}:
                if "Delete" in policy.values():
                    self._events.event(set_, "Warning", "ConflictingController", CONFLICT.format(name))
                continue
            wanted = [pod] if with_pod else [set_] if with_set else []
            self._set_owners(claim, {set_["metadata"]["uid"], pod["metadata"]["uid"]}, wanted)

    def _set_owners(self, claim: Json, ours: set[str], wanted: list[Json]) -> None:
        references = [r for r in claim["metadata"].get("ownerReferences") or () if r["uid"] not in ours]
        references += [controller_reference(owner) for owner in wanted]
        if references == (claim["metadata"].get("ownerReferences") or []):
            return
        copy = clone(claim)
        if references:
            copy["metadata"]["ownerReferences"] = references
        else:
            copy["metadata"].pop("ownerReferences", None)
        self._client.update(CLAIMS, copy)
