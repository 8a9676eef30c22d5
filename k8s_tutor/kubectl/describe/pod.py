"""Pod."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.containers import field_resolver, write_containers, write_resources
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.templates import tolerations, write_spread
from k8s_tutor.kubectl.describing.view import View, controlled_by
from k8s_tutor.kubectl.describing.volumes import write_volumes
from k8s_tutor.kubectl.text import age, long_time

GROUP = ""


def describe(view: View, body: Json) -> None:
    """Describe a pod."""
    metadata, spec, status = body.get("metadata", {}), body.get("spec", {}), body.get("status") or {}
    view.heading(body, labels=False)
    if spec.get("priority") is not None:
        view.field(0, "Priority", spec["priority"])
    for title, key in (
        ("Priority Class Name", "priorityClassName"),
        ("Runtime Class Name", "runtimeClassName"),
        ("Service Account", "serviceAccountName"),
    ):
        if spec.get(key):
            view.field(0, title, spec[key])
    view.field(0, "Node", f"{spec['nodeName']}/{status.get('hostIP', '')}" if spec.get("nodeName") else "<none>")
    if status.get("startTime"):
        view.field(0, "Start Time", long_time(status["startTime"]))
    view.labels("Labels", metadata.get("labels"))
    view.annotations("Annotations", metadata.get("annotations"))
    _status(view, body)
    view.field(0, "IP", status.get("podIP", ""))
    addresses = status.get("podIPs") or ()
    view.line(0, "IPs:" if addresses else "IPs:\t<none>")
    for address in addresses:
        view.field(1, "IP", address.get("ip", ""))
    controlled_by(view, body)
    if status.get("nominatedNodeName"):
        view.field(0, "NominatedNodeName", status["nominatedNodeName"])
    if spec.get("resources") is not None:
        view.line(0, "Resources:")
        write_resources(view, spec["resources"], 1)
    _containers(view, body)
    _conditions(view, body)
    write_volumes(view, spec.get("volumes"))
    view.field(0, "QoS Class", status.get("qosClass") or "BestEffort")
    view.labels("Node-Selectors", spec.get("nodeSelector"))
    view.column("Tolerations", tolerations(spec.get("tolerations")))
    write_spread(view, spec.get("topologySpreadConstraints"))
    write_events(view, body, kind=False)


def _status(view: View, body: Json) -> None:
    metadata, spec, status = body.get("metadata", {}), body.get("spec", {}), body.get("status") or {}
    phase = status.get("phase", "")
    if metadata.get("deletionTimestamp") and phase not in {"Failed", "Succeeded"}:
        view.field(0, "Status", f"Terminating (lasts {age(metadata['deletionTimestamp'], view.now())})")
        view.field(0, "Termination Grace Period", f"{metadata.get('deletionGracePeriodSeconds', 0)}s")
    else:
        view.field(0, "Status", phase)
    for title, key in (("Reason", "reason"), ("Message", "message")):
        if status.get(key):
            view.field(0, title, status[key])
    seccomp = (spec.get("securityContext") or {}).get("seccompProfile")
    if seccomp:
        view.field(0, "SeccompProfile", seccomp.get("type", ""))
        if seccomp.get("type") == "Localhost":
            view.field(0, "LocalhostProfile", seccomp.get("localhostProfile", ""))


def _containers(view: View, body: Json) -> None:
    spec, status, resolve = body.get("spec", {}), body.get("status") or {}, field_resolver(body)
    if spec.get("initContainers"):
        write_containers(
            view, "Init Containers", spec["initContainers"], status.get("initContainerStatuses") or [], resolve
        )
    write_containers(view, "Containers", spec.get("containers") or [], status.get("containerStatuses") or [], resolve)
    if spec.get("ephemeralContainers"):
        statuses = status.get("ephemeralContainerStatuses") or []
        write_containers(view, "Ephemeral Containers", spec["ephemeralContainers"], statuses, resolve)


def _conditions(view: View, body: Json) -> None:
    conditions = (body.get("status") or {}).get("conditions") or []
    gates = body.get("spec", {}).get("readinessGates")
    if gates:
        states = {one.get("type"): one.get("status", "") for one in conditions}
        view.line(0, "Readiness Gates:\n  Type\tStatus")
        for gate in gates:
            view.line(1, f"{gate['conditionType']} \t{states.get(gate['conditionType'], '<none>')} ")
    if conditions:
        view.line(0, "Conditions:\n  Type\tStatus")
        for one in conditions:
            view.line(1, f"{one.get('type', '')} \t{one.get('status', '')} ")
