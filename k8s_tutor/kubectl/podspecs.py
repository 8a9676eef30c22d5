"""Where a pod's specification stands in each kind of workload, and changing it (kubectl, ``polymorphichelpers``)."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.errors import CommandError

_TEMPLATED = {
    "Deployment",
    "ReplicaSet",
    "DaemonSet",
    "StatefulSet",
    "Job",
    "ReplicationController",
}


def template_of(body: Json) -> Json | None:
    """Return the pod template inside a workload, or the pod itself; None for other kinds."""
    kind = body.get("kind", "")
    if kind == "Pod":
        return body
    if kind == "CronJob":
        found = body["spec"]["jobTemplate"]["spec"].get("template")
    elif kind in _TEMPLATED:
        found = body.get("spec", {}).get("template")
    else:
        return None
    return found if isinstance(found, dict) else None


def pod_spec(body: Json) -> Json:
    """Return the pod specification inside an object, to read or to change.

    Raises:
        CommandError: there is none.
    """
    template = template_of(body)
    if template is None:
        version = body.get("apiVersion", "").rpartition("/")[2]
        raise CommandError(
            f"the object is not a pod or does not have a pod template: *{version}.{body.get('kind', '')}"
        )
    spec: Json = template.setdefault("spec", {})
    return spec


def selector_text(body: Json) -> str:
    """Return the selector of the pods that belong to a workload or service.

    Raises:
        CommandError: there is none.
    """
    from k8s_tutor.kubectl.text import set_based

    spec = body.get("spec", {})
    kind = body.get("kind", "")
    if kind in {"Service", "ReplicationController"}:
        if not spec.get("selector"):
            raise CommandError(f"invalid service '{body['metadata']['name']}': Service is defined without a selector")
        return set_based({"matchLabels": spec["selector"]})
    if isinstance(spec.get("selector"), dict):
        return set_based(spec["selector"])
    raise CommandError(f"selector for {kind} not implemented")
