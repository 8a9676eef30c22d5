"""Static pods: from the node's own manifests, shown in the API by mirror pods (upstream: ``kubelet/pod/mirror_client.go``).

The pod runs whether or not an API server answers; its mirror is made anew when somebody deletes it. The control plane's
components are such pods; a component that is taken away (its manifest is moved) takes its pod along.
"""

import hashlib
import json
from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.times import rfc3339_micro
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.kubelet import spec, stages
from k8s_tutor.sim.machinery.status import ApiError

if TYPE_CHECKING:
    from k8s_tutor.sim.kubelet.kubelet import Kubelet

HASH = "kubernetes.io/config.hash"
SEEN = "kubernetes.io/config.seen"
SOURCE = "kubernetes.io/config.source"
PRIORITY = 2_000_001_000


def manifest_images() -> tuple[str, ...]:
    """Return the images of the control plane, which its node has from the beginning."""
    return tuple(one["image"] for manifest in stages.load("control_plane") for _, one in spec.containers(manifest))


class StaticPods:
    """The static pods of one node."""

    def __init__(self, kubelet: "Kubelet") -> None:
        self._kubelet = kubelet
        self._pods: dict[str, Json] = {}

    def start(self, *, control_plane: bool) -> None:
        """Run the manifests that the node has."""
        if control_plane:
            for manifest in stages.load("control_plane"):
                self.add(clone(manifest))

    def add(self, manifest: Json) -> None:
        """Run a pod from a manifest."""
        pod = self._complete(manifest)
        uid = pod["metadata"]["uid"]
        if uid in self._pods:
            return
        self._pods[uid] = pod
        self._mirror(pod)
        self._kubelet.add_static(pod)

    def remove(self, name: str, namespace: str = "kube-system") -> None:
        """End the pod of a manifest that was taken away, and its mirror."""
        full = f"{name}-{self._kubelet.name}"
        for uid, pod in list(self._pods.items()):
            meta = pod["metadata"]
            if (meta["namespace"], meta["name"]) == (namespace, full):
                del self._pods[uid]
                self._delete_mirror(pod)
                self._kubelet.remove_static(pod)

    def mirror_changed(self, type_: str, mirror: Json) -> None:
        """Somebody touched a mirror: one that goes is made again."""
        uid = (mirror["metadata"].get("annotations") or {}).get(spec.MIRROR)
        pod = self._pods.get(uid or "")
        if type_ == "DELETED":
            if pod is not None:
                self._mirror(pod)
                self._kubelet.statuses.write_again(uid or "")
        elif pod is None or mirror["metadata"].get("deletionTimestamp"):
            self._delete_mirror(mirror)

    def _complete(self, manifest: Json) -> Json:
        """Return the pod as the kubelet runs it: node, identity, tolerations."""
        kubelet = self._kubelet
        pod: Json = clone(manifest)
        meta = pod["metadata"]
        meta.setdefault("namespace", "kube-system")
        text = json.dumps(pod, sort_keys=True) + kubelet.name
        uid = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        meta["name"] = f"{meta['name']}-{kubelet.name}"
        meta["uid"] = uid
        seen = rfc3339_micro(kubelet.clock.now())
        meta["annotations"] = (meta.get("annotations") or {}) | {HASH: uid, SEEN: seen, SOURCE: "file"}
        pod["apiVersion"], pod["kind"] = "v1", "Pod"
        details = pod["spec"]
        details["nodeName"] = kubelet.name
        details.setdefault("enableServiceLinks", True)
        details.setdefault("restartPolicy", "Always")
        details.setdefault("terminationGracePeriodSeconds", spec.DEFAULT_GRACE)
        details["tolerations"] = [{"operator": "Exists", "effect": "NoExecute"}]
        details.setdefault("priority", PRIORITY)
        return pod

    def _mirror(self, pod: Json) -> None:
        mirror = clone(pod)
        meta = mirror["metadata"]
        meta["annotations"][spec.MIRROR] = meta.pop("uid")
        node = self._kubelet.reporter.node["metadata"]
        meta["ownerReferences"] = [
            {"apiVersion": "v1", "kind": "Node", "name": node["name"], "uid": node.get("uid", ""), "controller": True}
        ]
        try:
            self._kubelet.client.create("pods", mirror)
        except ApiError as error:
            self._kubelet.kit.log("kubelet", f"mirror pod {meta['name']}: {error}")

    def _delete_mirror(self, pod: Json) -> None:
        meta = pod["metadata"]
        try:
            self._kubelet.client.delete("pods", meta["name"], meta["namespace"], grace=0)
        except ApiError:
            return  # gone already
