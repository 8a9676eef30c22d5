"""From a pod to the kubelet that runs it, and to one of its containers (upstream: ``registry/core/pod/strategy.go``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.machinery.status import ApiError, bad_request

KUBELET_PORT = 10250


def pod_of(call: Call) -> Json:
    """Return the pod of the path."""
    return call.server.rest.entry(call.resource, call.namespace, call.info.name).obj


def choose_container(pod: Json, wanted: str) -> str:
    """Return the container's name: the wanted one, or the only one.

    Raises:
        ApiError: 400.
    """
    spec, name = pod["spec"], pod["metadata"]["name"]
    regular: list[str] = [c["name"] for c in spec.get("containers") or ()]
    init = [c["name"] for c in spec.get("initContainers") or ()]
    ephemeral = [c["name"] for c in spec.get("ephemeralContainers") or ()]
    if wanted:
        if wanted not in {*regular, *init, *ephemeral}:
            raise bad_request(f"container {wanted} is not valid for pod {name}")
        return wanted
    if len(regular) == 1:
        return regular[0]
    text = f"a container name must be specified for pod {name}, choose one of: [{' '.join([*regular, *ephemeral])}]"
    if init:
        text += f" or one of the init containers: [{' '.join(init)}]"
    raise bad_request(text)


def kubelet_of(call: Call, node: str) -> Any:
    """Return the kubelet of a node.

    Raises:
        ApiError: 404 for an unknown node, 500 when its kubelet does not answer.
    """
    parts = call.server.cluster.components.parts(f"kubelet/{node}")
    if parts:
        return parts[0]
    entry = call.server.rest.store.get("nodes", "", node)
    if entry is None:
        raise ApiError(404, "NotFound", f'nodes "{node}" not found', {"name": node, "kind": "nodes"})
    addresses = (entry.obj.get("status") or {}).get("addresses") or ()
    address = next((a["address"] for a in addresses if a["type"] == "InternalIP"), node)
    text = f'Get "https://{address}:{KUBELET_PORT}/": dial tcp {address}:{KUBELET_PORT}: connect: connection refused'
    raise ApiError(500, "InternalError", f"Internal error occurred: {text}", {"causes": [{"message": text}]})
