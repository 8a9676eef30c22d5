"""Pod templates and what pods and templates share: tolerations, spread constraints, counts of pods."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.describing.containers import write_containers
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.describing.volumes import write_volumes
from k8s_tutor.kubectl.text import label_selector, set_based


def write_template(view: View, template: Json | None) -> None:
    """Add a pod template."""
    view.line(0, "Pod Template:")
    if template is None:
        view.write(1, "<unset>")
        return
    metadata, spec = template.get("metadata") or {}, template.get("spec") or {}
    view.labels("  Labels", metadata.get("labels"))
    if metadata.get("annotations"):
        view.annotations("  Annotations", metadata["annotations"])
    if spec.get("serviceAccountName"):
        view.field(1, "Service Account", spec["serviceAccountName"])
    if spec.get("initContainers"):
        write_containers(view, "Init Containers", spec["initContainers"], space="  ")
    write_containers(view, "Containers", spec.get("containers") or [], space="  ")
    write_volumes(view, spec.get("volumes"), "  ")
    write_spread(view, spec.get("topologySpreadConstraints"), "  ")
    if spec.get("priorityClassName"):
        view.field(1, "Priority Class Name", spec["priorityClassName"])
    view.labels("  Node-Selectors", spec.get("nodeSelector"))
    view.column("  Tolerations", tolerations(spec.get("tolerations")))


def write_spread(view: View, constraints: list[Json] | None, space: str = "") -> None:
    """Add topology spread constraints."""
    if not constraints:
        return
    view.write(0, f"{space}Topology Spread Constraints:\t")
    for at, one in enumerate(sorted(constraints, key=lambda one: one.get("topologyKey", ""))):
        selector = f" for selector {label_selector(one['labelSelector'])}" if one.get("labelSelector") else ""
        view.line(
            0,
            (f"{space}\t" if at else "")
            + f"{one.get('topologyKey', '')}:{one.get('whenUnsatisfiable', '')} when max skew "
            f"{one.get('maxSkew', 0)} is exceeded{selector}",
        )


def tolerations(values: list[Json] | None) -> list[str]:
    """Return tolerations as describe shows them, by key."""
    return [_toleration(one) for one in sorted(values or (), key=lambda one: one.get("key", ""))]


def _toleration(one: Json) -> str:
    text = one.get("key", "")
    if one.get("value"):
        text += f"={one['value']}"
    if one.get("effect"):
        text += f":{one['effect']}"
    if one.get("operator") == "Exists" and not one.get("value"):
        text += " op=Exists" if text else "op=Exists"
    if one.get("tolerationSeconds") is not None:
        text += f" for {one['tolerationSeconds']}s"
    return str(text)


def pods_status(view: View, body: Json, selector: Json | None) -> str:
    """Count the pods that an object controls by phase."""
    metadata = body.get("metadata", {})
    path = f"/api/v1/namespaces/{metadata.get('namespace', '')}/pods"
    try:
        pods = view.call.client.list(path, labelSelector=set_based(selector))
    except ApiError as error:
        return f"error in fetching pods: {error}"
    counts = dict.fromkeys(("Running", "Pending", "Succeeded", "Failed"), 0)
    for pod in pods:
        owners = pod.get("metadata", {}).get("ownerReferences") or ()
        if any(owner.get("controller") and owner.get("uid") == metadata.get("uid") for owner in owners):
            phase = (pod.get("status") or {}).get("phase")
            if phase in counts:
                counts[phase] += 1
    return (
        f"{counts['Running']} Running / {counts['Pending']} Waiting / {counts['Succeeded']} Succeeded / "
        f"{counts['Failed']} Failed"
    )


def write_conditions(view: View, body: Json) -> None:
    """Add the conditions of a workload: type, status, reason."""
    conditions = (body.get("status") or {}).get("conditions")
    if not conditions:
        return
    view.line(0, "Conditions:\n  Type\tStatus\tReason")
    view.line(1, "----\t------\t------")
    for one in conditions:
        view.line(1, f"{one.get('type', '')} \t{one.get('status', '')}\t{one.get('reason', '')}")
