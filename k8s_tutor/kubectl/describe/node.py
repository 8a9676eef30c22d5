"""Node, with its lease, its pods and what they ask for."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.describing.events import events_of, write
from k8s_tutor.kubectl.describing.usage import write_usage
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.text import go_value, long_time

GROUP = ""
_ROLE, _OLD_ROLE = "node-role.kubernetes.io/", "kubernetes.io/role"
_INFO = (
    ("Machine ID", "machineID"),
    ("System UUID", "systemUUID"),
    ("Boot ID", "bootID"),
    ("Kernel Version", "kernelVersion"),
    ("OS Image", "osImage"),
    ("Operating System", "operatingSystem"),
    ("Architecture", "architecture"),
    ("Container Runtime Version", "containerRuntimeVersion"),
    ("Kubelet Version", "kubeletVersion"),
)


def describe(view: View, body: Json) -> None:
    """Describe a node."""
    metadata, spec, status = body.get("metadata", {}), body.get("spec", {}), body.get("status") or {}
    view.field(0, "Name", metadata.get("name", ""))
    view.field(0, "Roles", ",".join(roles(body)) or "<none>")
    view.labels("Labels", metadata.get("labels"))
    view.annotations("Annotations", metadata.get("annotations"))
    view.field(0, "CreationTimestamp", long_time(metadata.get("creationTimestamp")))
    taints = sorted(spec.get("taints") or (), key=lambda one: (one.get("effect", ""), one.get("key", "")))
    view.column("Taints", [taint_text(one) for one in taints])
    view.field(0, "Unschedulable", go_value(bool(spec.get("unschedulable"))))
    _lease(view, metadata.get("name", ""))
    _conditions(view, status.get("conditions"))
    view.line(0, "Addresses:")
    for address in status.get("addresses") or ():
        view.field(1, address.get("type", ""), address.get("address", ""))
    for title, key in (("Capacity", "capacity"), ("Allocatable", "allocatable")):
        amounts = status.get(key)
        if amounts:
            view.line(0, f"{title}:")
            for name in sorted(amounts):
                view.field(1, name, amounts[name])
    view.line(0, "System Info:")
    for title, key in _INFO:
        view.field(1, title, (status.get("nodeInfo") or {}).get(key, ""))
    if spec.get("podCIDR"):
        view.field(0, "PodCIDR", spec["podCIDR"])
    if spec.get("podCIDRs"):
        view.field(0, "PodCIDRs", ",".join(spec["podCIDRs"]))
    if spec.get("providerID"):
        view.field(0, "ProviderID", spec["providerID"])
    _pods(view, body)
    _events(view, body)


def roles(body: Json) -> list[str]:
    """Return the roles that a node's labels name."""
    found = set()
    for key, value in (body.get("metadata", {}).get("labels") or {}).items():
        if key.startswith(_ROLE) and len(key) > len(_ROLE):
            found.add(key.removeprefix(_ROLE))
        elif key == _OLD_ROLE and value:
            found.add(value)
    return sorted(found)


def taint_text(taint: Json) -> str:
    """Return ``key=value:effect``."""
    value = f"={taint['value']}" if taint.get("value") else ""
    effect = f":{taint['effect']}" if taint.get("effect") else ""
    return f"{taint.get('key', '')}{value}{effect}"


def _lease(view: View, name: str) -> None:
    try:
        lease = view.call.client.get(f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{name}")
    except ApiError as error:
        view.field(0, "Lease", f"Failed to get lease: {error}")
        return
    spec = lease.get("spec") or {}
    view.line(0, "Lease:")
    view.field(1, "HolderIdentity", spec.get("holderIdentity") or "<unset>")
    for title, key in (("AcquireTime", "acquireTime"), ("RenewTime", "renewTime")):
        view.field(1, title, long_time(spec[key]) if spec.get(key) else "<unset>")


def _conditions(view: View, conditions: list[Json] | None) -> None:
    if not conditions:
        return
    view.line(0, "Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage")
    view.line(1, "----\t------\t-----------------\t------------------\t------\t-------")
    for one in conditions:
        times = f"{long_time(one.get('lastHeartbeatTime'))} \t{long_time(one.get('lastTransitionTime'))}"
        words = f"{one.get('type', '')} \t{one.get('status', '')} \t{times}"
        view.line(1, f"{words} \t{one.get('reason', '')} \t{one.get('message', '')}")


def _pods(view: View, body: Json) -> None:
    name = body["metadata"]["name"]
    selector = f"spec.nodeName={name},status.phase!=Failed,status.phase!=Succeeded"
    try:
        pods = view.call.client.list("/api/v1/pods", fieldSelector=selector)
    except ApiError as error:
        if error.status != 403:
            raise
        view.line(0, "Pods:\tnot authorized")
        return
    write_usage(view, body, pods)


def _events(view: View, body: Json) -> None:
    found = events_of(view, body)
    if found is None:
        return
    named = events_of(view, body, uid=body["metadata"]["name"]) or []
    write(view, found + named)
