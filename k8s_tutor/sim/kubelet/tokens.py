"""Service account tokens for projected volumes, through the API's TokenRequest (upstream: ``pkg/kubelet/token``)."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.registry.client import LocalClient


def mint(client: LocalClient, pod: Json, audience: str, seconds: int) -> str:
    """Return a token of a pod's service account, bound to the pod; empty if the API makes none."""
    meta = pod["metadata"]
    bound = {"apiVersion": "v1", "kind": "Pod", "name": meta["name"], "uid": meta["uid"]}
    request: Json = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "metadata": {"namespace": meta["namespace"]},
        "spec": {"audiences": [audience] if audience else [], "expirationSeconds": seconds, "boundObjectRef": bound},
    }
    account = pod["spec"].get("serviceAccountName") or "default"
    try:
        made = client.create("serviceaccounts", request, "token", account)
    except ApiError:
        return ""
    return str((made.get("status") or {}).get("token", ""))
