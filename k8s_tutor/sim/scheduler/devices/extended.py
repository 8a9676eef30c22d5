"""Extended resources that a driver's devices stand for (upstream: ``extendeddynamicresources.go``).

A DeviceClass may lend its devices the name of a resource, and always lends ``deviceclass.resource.kubernetes.io/NAME``.
For a pod that asks for such a resource, on a node whose device plug-in does not offer it, the scheduler makes a claim of
its own, with one request for each container.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.meta import controller_of
from k8s_tutor.sim.registry.client import LocalClient
from k8s_tutor.sim.scheduler.podinfo import PodInfo
from k8s_tutor.sim.scheduler.requests import amount, containers, is_sidecar

CLASSES = "deviceclasses.resource.k8s.io"
CLASS_PREFIX = "deviceclass.resource.kubernetes.io/"
ANNOTATION = "resource.kubernetes.io/extended-resource-claim"


def is_extended(name: str) -> bool:
    """Tell whether a resource may be one that devices stand for."""
    if name.startswith(CLASS_PREFIX):
        return True
    return "/" in name and "kubernetes.io/" not in name and not name.startswith("requests.")


def class_of(client: LocalClient, resource: str) -> Json | None:
    """Return the DeviceClass that stands for a resource: of several the newest, then the first by name."""
    if not is_extended(resource) or not client.store.count(CLASSES):
        return None
    if resource.startswith(CLASS_PREFIX):
        return client.get(CLASSES, resource.removeprefix(CLASS_PREFIX))
    candidates = [item for item in client.list(CLASSES) if item["spec"].get("extendedResourceName") == resource]
    candidates.sort(key=lambda item: str(item["metadata"]["name"]))
    return max(candidates, key=lambda item: str(item["metadata"]["creationTimestamp"]), default=None)


def delegated(client: LocalClient, requests: Iterable[str]) -> dict[str, Json]:
    """Return the classes of the resources that devices stand for."""
    found = ((name, class_of(client, name)) for name in requests)
    return {name: device_class for name, device_class in found if device_class is not None}


def claim_of(pod: PodInfo, claims: Iterable[Json]) -> Json | None:
    """Return the claim that was made for a pod's extended resources."""
    for claim in claims:
        owner = controller_of(claim)
        marked = (claim["metadata"].get("annotations") or {}).get(ANNOTATION) == "true"
        if marked and owner is not None and owner["uid"] == pod.uid:
            return claim
    return None


def new_claim(pod: PodInfo) -> Json:
    """Return the claim to be made; its requests depend on the node."""
    owner = {"apiVersion": "v1", "kind": "Pod", "name": pod.name, "uid": pod.uid, "controller": True}
    meta = {
        "namespace": pod.namespace,
        "name": "<extended-resources>",
        "generateName": f"{pod.name}-extended-resources-",
        "ownerReferences": [owner],
        "annotations": {ANNOTATION: "true"},
    }
    kind = {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim"}
    return {**kind, "metadata": meta, "spec": {"devices": {}}}


@dataclass(slots=True)
class Requests:
    """The requests of such a claim, and which of them serves which resource of which container."""

    requests: list[Json] = field(default_factory=list)
    mappings: list[Json] = field(default_factory=list)


def requests_for(pod: PodInfo, classes: Mapping[str, Json]) -> Requests:
    """Return what a pod's containers ask of these resources.

    Init containers that end before the others start use the devices of those; only what they need beyond is requested,
    once for all of them.
    """
    found = Requests()
    for resource in sorted(classes):
        _of_resource(
            found, list(containers(pod.spec)), _init_count(pod), resource, classes[resource]["metadata"]["name"]
        )
    found.requests.sort(key=lambda request: str(request["name"]))
    return found


def _init_count(pod: PodInfo) -> int:
    return len(pod.spec.get("initContainers") or ())


def _of_resource(found: Requests, items: list[Json], inits: int, resource: str, device_class: str) -> None:
    short = [index for index, item in enumerate(items) if index < inits and not is_sidecar(item)]
    lasting: dict[int, Json] = {}
    for index, item in enumerate(items):
        if index not in short:
            request = _request(found.mappings, index, item, resource, device_class, ())
            if request is not None:
                lasting[index] = request
    mappings: list[Json] = []
    extra: list[Json] = []
    for index in short:
        reusable = [request for other, request in lasting.items() if other >= index]
        request = _request(mappings, index, items[index], resource, device_class, reusable)
        if request is not None:
            extra.append(request)
    if extra:
        largest = max(extra, key=lambda request: int(request["exactly"]["count"]))
        others = {request["name"] for request in extra}
        for mapping in mappings:
            if mapping["requestName"] in others:
                mapping["requestName"] = largest["name"]
        found.requests.append(largest)
    found.requests += lasting.values()
    found.mappings += mappings


def _request(
    mappings: list[Json], index: int, container: Json, resource: str, device_class: str, reusable: Iterable[Json]
) -> Json | None:
    """Return the request of one container, for what the reusable ones do not give it."""
    wanted = (container.get("resources") or {}).get("requests") or {}
    missing = amount(resource, wanted.get(resource, "0"))
    if missing == 0:
        return None

    def served_by(name: str) -> None:
        mappings.append({"containerName": container["name"], "resourceName": resource, "requestName": name})

    for request in reusable:
        served_by(request["name"])
        missing -= request["exactly"]["count"]
        if missing <= 0:
            return None
    name = f"container-{index}-request-{sorted(wanted).index(resource)}"
    served_by(name)
    exactly = {"deviceClassName": device_class, "allocationMode": "ExactCount", "count": missing}
    return {"name": name, "exactly": exactly}
