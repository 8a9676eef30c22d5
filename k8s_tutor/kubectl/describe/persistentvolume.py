"""PersistentVolume."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.describing.volumes import access_modes, storage_class, write_phase, write_source
from k8s_tutor.kubectl.text import go_value

GROUP = ""


def describe(view: View, body: Json) -> None:
    """Describe a persistent volume."""
    spec, status = body.get("spec", {}), body.get("status") or {}
    view.heading(body, namespace=False)
    view.field(0, "Finalizers", go_value(body["metadata"].get("finalizers") or []))
    view.field(0, "StorageClass", storage_class(body))
    write_phase(view, body)
    claim = spec.get("claimRef")
    view.field(0, "Claim", f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "")
    view.field(0, "Reclaim Policy", spec.get("persistentVolumeReclaimPolicy", ""))
    view.field(0, "Access Modes", access_modes(spec.get("accessModes")))
    if spec.get("volumeMode"):
        view.field(0, "VolumeMode", spec["volumeMode"])
    view.field(0, "Capacity", (spec.get("capacity") or {}).get("storage", "0"))
    _affinity(view, spec.get("nodeAffinity"))
    view.field(0, "Message", status.get("message", ""))
    view.line(0, "Source:")
    write_source(view, spec)
    write_events(view, body)


def _affinity(view: View, affinity: Json | None) -> None:
    required = (affinity or {}).get("required")
    view.line(0, "Node Affinity:\t" + ("" if required else "<none>"))
    if not required:
        return
    terms = required.get("nodeSelectorTerms") or ()
    view.line(1, "Required Terms:\t" + ("" if terms else "<none>"))
    for at, term in enumerate(terms):
        view.write(2, f"Term {at}:\t")
        expressions = term.get("matchExpressions") or ()
        if not expressions:
            view.line(0, "<none>")
        for position, one in enumerate(expressions):
            if position:
                view.write(2, "\t")
            values = f" [{', '.join(one['values'])}]" if one.get("values") else ""
            view.line(0, f"{one.get('key', '')} {one.get('operator', '').lower()}{values}")
