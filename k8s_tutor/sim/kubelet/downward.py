"""The downward API: a pod's own fields and resources as text (upstream: ``pkg/fieldpath``, ``api/v1/resource``)."""

import json
from typing import TYPE_CHECKING, Any

from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet import spec

if TYPE_CHECKING:
    from collections.abc import Callable

RESOURCES = ("cpu", "memory", "ephemeral-storage")


class FieldError(Exception):
    """A field that the downward API does not have."""


def format_map(pairs: dict[str, str] | None) -> str:
    """Return ``key="value"`` lines, sorted."""
    return "\n".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in sorted((pairs or {}).items()))


def field_value(pod: Json, path: str, addresses: Json) -> str:
    """Return a field's text.

    Args:
        pod: the pod.
        path: ``metadata.name``, ``metadata.labels['app']``, ``spec.nodeName``, ``status.podIP`` …
        addresses: ``podIP`` and ``hostIP``, which the API may not know yet.
    """
    meta = pod["metadata"]
    if path.endswith("']") and "['" in path:
        head, _, key = path[:-2].partition("['")
        if head not in ("metadata.labels", "metadata.annotations"):
            raise FieldError(f'fieldPath "{path}" does not support subscript')
        return str((meta.get(head.removeprefix("metadata.")) or {}).get(key, ""))
    simple: dict[str, Callable[[], Any]] = {
        "metadata.name": lambda: meta["name"],
        "metadata.namespace": lambda: meta["namespace"],
        "metadata.uid": lambda: meta["uid"],
        "metadata.labels": lambda: format_map(meta.get("labels")),
        "metadata.annotations": lambda: format_map(meta.get("annotations")),
        "spec.nodeName": lambda: pod["spec"].get("nodeName", ""),
        "spec.serviceAccountName": lambda: pod["spec"].get("serviceAccountName", ""),
        "status.podIP": lambda: addresses.get("podIP", ""),
        "status.podIPs": lambda: addresses.get("podIP", ""),
        "status.hostIP": lambda: addresses.get("hostIP", ""),
        "status.hostIPs": lambda: addresses.get("hostIP", ""),
    }
    read = simple.get(path)
    if read is None:
        raise FieldError(f"unsupported fieldPath: {path}")
    return str(read())


def resource_value(pod: Json, container: Json, reference: Json, allocatable: Json) -> str:
    """Return a container's request or limit in units of the divisor, rounded up; a missing limit is the node's."""
    name = reference.get("containerName")
    if name:
        found = spec.find_container(pod, name)
        if found is None:
            raise FieldError(f"container {name} not found")
        container = found[1]
    side, _, resource = reference["resource"].partition(".")
    if side not in ("limits", "requests") or not (resource in RESOURCES or resource.startswith("hugepages-")):
        raise FieldError(f"unsupported container resource : {reference['resource']}")
    resources = container.get("resources") or {}
    quantity = Quantity.parse((resources.get(side) or {}).get(resource, "0"))
    if not quantity and side == "limits" and resource in RESOURCES:
        quantity = Quantity.parse(allocatable.get(resource, "0"))
    divisor = Quantity.parse(reference.get("divisor") or "0")
    if not divisor:
        divisor = Quantity.parse("1")
    return str(-(-quantity.nanos // divisor.nanos))
