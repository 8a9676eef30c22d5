"""Mirrors hand-made Endpoints of Services without selector into slices (upstream: ``endpointslicemirroring``)."""

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.index import owner_index
from k8s_tutor.sim.machinery.meta import controller_reference
from k8s_tutor.sim.machinery.store import Event

SLICES = "endpointslices.discovery.k8s.io"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
MANAGER = "endpointslicemirroring-controller.k8s.io"
SERVICE_NAME = "kubernetes.io/service-name"
SKIP = "endpointslice.kubernetes.io/skip-mirror"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
LEADER = "control-plane.alpha.kubernetes.io/leader"


class EndpointSliceMirroringController(Controller):
    """Keeps mirrored slices."""

    name = "endpointslice-mirroring-controller"
    retry = (1.0, 100.0)

    def setup(self) -> None:
        self._slices = owner_index(self.client.store, SLICES)
        for resource in ("endpoints", "services"):
            self.watch(resource, self._changed)

    def _changed(self, event: Event) -> None:
        self.enqueue(event.obj)

    def reconcile(self, namespace: str, name: str) -> None:
        endpoints = self.client.get("endpoints", name, namespace)
        service = self.client.get("services", name, namespace)
        if endpoints is None:
            return
        existing = self._slices.owned(endpoints["metadata"]["uid"])
        if service is None or service["spec"].get("selector") or not _is_mirrored(endpoints):
            for slice_ in existing:
                self.client.delete(SLICES, slice_["metadata"]["name"], namespace)
            return
        subsets = endpoints.get("subsets") or []
        for index, subset in enumerate(subsets):
            self._write(endpoints, subset, existing[index] if index < len(existing) else None)
        for slice_ in existing[len(subsets) :]:
            self.client.delete(SLICES, slice_["metadata"]["name"], namespace)

    def _write(self, endpoints: Json, subset: Json, old: Json | None) -> None:
        meta = endpoints["metadata"]
        found = [_endpoint(address, ready=True) for address in subset.get("addresses") or ()]
        found += [_endpoint(address, ready=False) for address in subset.get("notReadyAddresses") or ()]
        ports = [{"name": "", "protocol": "TCP"} | port for port in subset.get("ports") or ()]
        labels = dict(meta.get("labels") or {}) | {SERVICE_NAME: meta["name"], MANAGED_BY: MANAGER}
        notes = {key: value for key, value in (meta.get("annotations") or {}).items() if key != LAST_APPLIED}
        if old is not None:
            same = old.get("endpoints") == found and old.get("ports") == ports
            own = old["metadata"]
            if same and own.get("labels") == labels and (own.get("annotations") or {}) == notes:
                return
            new = clone(old)
            new["endpoints"], new["ports"], new["metadata"]["labels"] = found, ports, labels
            new["metadata"]["annotations"] = notes
            self.client.update(SLICES, new)
            return
        address = (found[0]["addresses"] if found else [""])[0]
        slice_: Json = {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "generateName": meta["name"] + "-",
                "namespace": meta["namespace"],
                "labels": labels,
                "annotations": notes,
                "ownerReferences": [controller_reference(endpoints)],
            },
            "addressType": "IPv6" if ":" in address else "IPv4",
            "endpoints": found,
            "ports": ports,
        }
        self.client.create(SLICES, slice_)


def _is_mirrored(endpoints: Json) -> bool:
    meta = endpoints["metadata"]
    return (meta.get("labels") or {}).get(SKIP) != "true" and LEADER not in (meta.get("annotations") or {})


def _endpoint(address: Json, *, ready: bool) -> Json:
    found: Json = {"addresses": [address["ip"]], "conditions": {"ready": ready}}
    for key in ("hostname", "nodeName", "targetRef"):
        if address.get(key):
            found[key] = address[key]
    return found
