"""Keeps the Endpoints and the EndpointSlice of the Service ``kubernetes``: where the API server itself is.

Mirrors kube-apiserver's endpoint reconciler (``pkg/controlplane/reconcilers``): no controller does this, for the Service
has no selector. On the bare shape, without a control-plane node, it is the nodes' gateway.
"""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.rest import Rest
from k8s_tutor.sim.registry.strategy import RequestContext, UserInfo

CONTROL_PLANE_ADDRESS, GATEWAY_ADDRESS = "172.18.0.2", "172.18.0.1"
SLICES = "endpointslices.discovery.k8s.io"
NAME = "kubernetes"
APISERVER = UserInfo("system:apiserver", ("system:masters", "system:authenticated"))


def address(*, bare: bool) -> str:
    """Return the API server's address in the cluster."""
    return GATEWAY_ADDRESS if bare else CONTROL_PLANE_ADDRESS


def reconcile(rest: Rest, where: str, port: int) -> None:
    """Write where the API server is, if it is not written yet."""
    ports = [{"name": "https", "port": port, "protocol": "TCP"}]
    labels = {"endpointslice.kubernetes.io/skip-mirror": "true"}
    _write(
        rest,
        "endpoints",
        {
            "metadata": {"name": NAME, "namespace": "default", "labels": labels},
            "subsets": [{"addresses": [{"ip": where}], "ports": ports}],
        },
    )
    _write(
        rest,
        SLICES,
        {
            "metadata": {"name": NAME, "namespace": "default", "labels": {"kubernetes.io/service-name": NAME}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": [where], "conditions": {"ready": True}}],
            "ports": ports,
        },
    )
    _write_port(rest, port)


def _write(rest: Rest, resource: str, obj: Json) -> None:
    ctx = RequestContext(APISERVER, "kube-apiserver")
    found = rest.store.get(resource, "default", NAME)
    if found is None:
        rest.create(ctx, resource, "default", obj)
        return

    def change(new: Json) -> None:
        new.update({key: value for key, value in obj.items() if key != "metadata"})

    rest.change(ctx, resource, "default", NAME, change)


def _write_port(rest: Rest, port: int) -> None:
    """A server that listens on another port than last time says so in its Service."""
    if rest.store.get("services", "default", NAME) is None:
        return

    def change(new: Json) -> None:
        new["spec"]["ports"][0]["targetPort"] = port

    rest.change(RequestContext(APISERVER, "kube-apiserver"), "services", "default", NAME, change)
