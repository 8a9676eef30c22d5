"""A cluster without nodes of its own, with devices and claims that a test names; it runs in virtual time."""

from collections.abc import Sequence
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.cluster import Cluster

API = {"apiVersion": "resource.k8s.io/v1"}
DRIVER = "gpu.example.com"


class Devices:
    """Posts objects as a client would, and says what became of pods and claims."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.client = cluster.client("admin", "test")

    def post(self, resource: str, kind: str, name: str, spec: Json, *, namespaced: bool = False) -> None:
        """Create an object of ``resource.k8s.io``."""
        meta = {"name": name} | ({"namespace": "default"} if namespaced else {})
        self.client.create(f"{resource}.resource.k8s.io", {**API, "kind": kind, "metadata": meta, "spec": spec})

    def node(self, name: str, **labels: str) -> None:
        meta = {"name": name, "labels": labels | {"kubernetes.io/hostname": name}}
        self.client.create("nodes", {"apiVersion": "v1", "kind": "Node", "metadata": meta, "spec": {}})
        amounts = {"cpu": "4", "memory": "8Gi", "pods": "110"}

        def ready(obj: Json) -> None:
            obj["status"] = {
                "capacity": amounts,
                "allocatable": amounts,
                "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": ""}],
            }

        self.client.change("nodes", "", name, ready, "status")

    def slice(self, node: str, *devices: Json, pool: str = "", **spec: Any) -> None:
        place = {"nodeName": node} if node else {"allNodes": True}
        pooled = {"name": pool or node, "generation": 1, "resourceSliceCount": spec.pop("count", 1)}
        whole = {"driver": DRIVER, "pool": pooled, **place, **spec}
        name = f"{pool or node}-{len(self.client.list('resourceslices.resource.k8s.io'))}"
        self.post("resourceslices", "ResourceSlice", name, whole | ({"devices": list(devices)} if devices else {}))

    def device_class(self, name: str = "gpu", **spec: Any) -> None:
        self.post("deviceclasses", "DeviceClass", name, spec)

    def claim(self, name: str, *requests: Json, **devices: Any) -> None:
        self.post(
            "resourceclaims",
            "ResourceClaim",
            name,
            {"devices": {"requests": _named(requests), **devices}},
            namespaced=True,
        )

    def template(self, name: str, *requests: Json) -> None:
        spec = {"spec": {"devices": {"requests": _named(requests)}}}
        self.post("resourceclaimtemplates", "ResourceClaimTemplate", name, spec, namespaced=True)

    async def pod(self, name: str, *claims: str, template: str = "", resources: Json | None = None, **spec: Any) -> str:
        """Post a pod; returns its node, or the words in which it is refused."""
        used: list[Json] = [{"name": f"c{index}", "resourceClaimName": claim} for index, claim in enumerate(claims)]
        used += [{"name": "t", "resourceClaimTemplateName": template}] if template else []
        container = {"name": "c", "image": "busybox", "resources": resources or {}}
        body = {"containers": [container], **({"resourceClaims": used} if used else {}), **spec}
        meta = {"name": name, "namespace": "default"}
        self.client.create("pods", {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": body})
        await self.cluster.clock.advance(2)
        return self.fate(name)

    def fate(self, name: str) -> str:
        pod = self.client.get("pods", name, "default")
        assert pod is not None
        if pod["spec"].get("nodeName"):
            return str(pod["spec"]["nodeName"])
        conditions = (pod.get("status") or {}).get("conditions") or ()
        return next((str(one["message"]) for one in conditions if one["type"] == "PodScheduled"), "")

    def is_ending(self, name: str) -> bool:
        """Tell whether a pod is gone, or being deleted with this reason."""
        pod = self.client.get("pods", name, "default")
        if pod is None:
            return True
        reasons = [one.get("reason") for one in pod["status"].get("conditions") or ()]
        return "deletionTimestamp" in pod["metadata"] and "DeletionByDeviceTaintManager" in reasons

    async def delete(self, pod: str) -> None:
        self.client.delete("pods", pod, "default", grace=0)
        await self.cluster.clock.advance(2)

    def stored(self, name: str) -> Json:
        claim = self.client.get("resourceclaims.resource.k8s.io", name, "default")
        assert claim is not None
        return claim

    def results(self, name: str) -> list[Json]:
        """Return what was allocated to a claim, device by device."""
        allocation = (self.stored(name).get("status") or {}).get("allocation") or {}
        found: list[Json] = allocation.get("devices", {}).get("results") or []
        return found

    def devices_of(self, name: str) -> list[str]:
        return [result["device"] for result in self.results(name)]


def _named(requests: Sequence[Json]) -> list[Json]:
    return [
        {"name": f"r{index}", **(request if "firstAvailable" in request else {"exactly": request})}
        for index, request in enumerate(requests)
    ]


def wanted(device_class: str = "gpu", *, cel: str = "", **more: Any) -> Json:
    """Return an exact request."""
    selectors = {"selectors": [{"cel": {"expression": cel}}]} if cel else {}
    return {"deviceClassName": device_class, **selectors, **more}


def device(name: str, **more: Any) -> Json:
    """Return a device; ``model`` and ``numa`` become attributes, ``memory`` a capacity."""
    attributes = {key: more.pop(key) for key in ("model", "numa") if key in more}
    kinds = {str: "string", int: "int"}
    found: Json = {"name": name, **more}
    if attributes:
        found["attributes"] = {key: {kinds[type(value)]: value} for key, value in attributes.items()}
    if "memory" in found:
        found["capacity"] = {"memory": found.pop("memory")}
    return found
