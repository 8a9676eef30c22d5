"""Which nodes a DaemonSet's pods belong on, and what its pods get so that they stay there (upstream: ``daemon/util``)."""

from collections.abc import Sequence

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.scheduler.nodematch import required_affinity, untolerated

GENERATION = "deprecated.daemonset.template.generation"
GENERATION_LABEL = "pod-template-generation"
HASH_LABEL = "controller-revision-hash"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_ADDED = (
    ("not-ready", "NoExecute"),
    ("unreachable", "NoExecute"),
    ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"),
    ("pid-pressure", "NoSchedule"),
    ("unschedulable", "NoSchedule"),
)


def tolerations(spec: Json) -> list[Json]:
    """Return a template's tolerations with those that every daemon has."""
    added = [*_ADDED, ("network-unavailable", "NoSchedule")] if spec.get("hostNetwork") else list(_ADDED)
    found = list(spec.get("tolerations") or ())
    for key, effect in added:
        item = {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": effect}
        if not any(all(other.get(k) == v for k, v in item.items() if k != "operator") for other in found):
            found.append(item)
    return found


def should_run(daemon_set: Json, node: Json) -> tuple[bool, bool]:
    """Return whether a pod should be started on the node, and whether one that is there may stay."""
    spec = daemon_set["spec"]["template"]["spec"]
    meta = node["metadata"]
    if spec.get("nodeName") and spec["nodeName"] != meta["name"]:
        return False, False
    affinity = required_affinity(spec)
    if affinity is not None and not affinity(meta["name"], meta.get("labels") or {}):
        return False, False
    taints = (node.get("spec") or {}).get("taints") or ()
    tolerated = tolerations(spec)
    if untolerated(taints, tolerated):
        return False, not untolerated(taints, tolerated, frozenset({"NoExecute"}))
    return True, True


def pod_template(daemon_set: Json, revision_hash: str, node_name: str) -> Json:
    """Return the template of the pod for one node."""
    template: Json = clone(daemon_set["spec"]["template"])
    labels = template.setdefault("metadata", {}).setdefault("labels", {})
    generation = (daemon_set["metadata"].get("annotations") or {}).get(GENERATION)
    if generation:
        labels[GENERATION_LABEL] = generation
    labels[HASH_LABEL] = revision_hash
    spec = template["spec"]
    spec["tolerations"] = tolerations(spec)
    node_affinity = spec.setdefault("affinity", {}).setdefault("nodeAffinity", {})
    field = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node_name]}]}
    terms = (node_affinity.get(_REQUIRED) or {}).get("nodeSelectorTerms")
    # The node is found by name; the other requirements were judged already.
    node_affinity[_REQUIRED] = {"nodeSelectorTerms": [dict(field) for _ in terms] if terms else [field]}
    return template


def node_of(pod: Json) -> str:
    """Return the node a daemon pod is on, or is meant for."""
    spec = pod["spec"]
    if spec.get("nodeName"):
        return str(spec["nodeName"])
    required = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(_REQUIRED) or {}
    for term in required.get("nodeSelectorTerms") or ():
        for item in term.get("matchFields") or ():
            if item["key"] == "metadata.name" and item["operator"] == "In" and len(item["values"]) == 1:
                return str(item["values"][0])
    return ""


def is_updated(pod: Json, revision_hash: str) -> bool:
    """Tell whether a pod is of the present template."""
    return bool((pod["metadata"].get("labels") or {}).get(HASH_LABEL) == revision_hash)


def split(pods: Sequence[Json], revision_hash: str) -> tuple[Json | None, Json | None, bool]:
    """Return a node's new pod and old pod, and whether there is at most one of each."""
    alive = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    new = [pod for pod in alive if is_updated(pod, revision_hash)]
    old = [pod for pod in alive if not is_updated(pod, revision_hash)]
    return (new[0] if new else None), (old[0] if old else None), len(new) <= 1 and len(old) <= 1
