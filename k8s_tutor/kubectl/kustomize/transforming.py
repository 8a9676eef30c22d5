"""What a kustomization changes in all of its objects: namespace, names, labels, annotations, replicas, images.

The fields are those of kustomize's own tables (``builtinpluginconsts``): some are made if they are missing, such as a
Deployment's selector; others only changed if they are there.
"""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.kustomize.paths import holders, make
from k8s_tutor.kubectl.kustomize.resource import Resource

_CLUSTER = frozenset(
    {
        *("Namespace", "Node", "PersistentVolume", "ClusterRole", "ClusterRoleBinding", "StorageClass"),
        *("PriorityClass", "CustomResourceDefinition", "IngressClass", "APIService", "RuntimeClass", "CSIDriver"),
        *("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "ValidatingAdmissionPolicy"),
        "ValidatingAdmissionPolicyBinding",
    }
)
_UNTOUCHED_NAMES = frozenset({"CustomResourceDefinition", "APIService", "Namespace"})
_WORKLOADS = frozenset({"Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"})
_SCALED = frozenset({"Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"})
_TEMPLATES: dict[str, tuple[str, ...]] = dict.fromkeys(
    (*_WORKLOADS, "ReplicationController", "Job"), ("spec/template/metadata",)
)
_TEMPLATES["CronJob"] = ("spec/jobTemplate/metadata", "spec/jobTemplate/spec/template/metadata")
_AFFINITIES = tuple(
    f"spec/template/spec/affinity/{kind}/{when}/matchLabels"
    for kind in ("podAffinity", "podAntiAffinity")
    for when in (
        "preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector",
        "requiredDuringSchedulingIgnoredDuringExecution/labelSelector",
    )
)
_SPREAD = "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels"
_SELECTORS_IF_THERE: dict[str, tuple[str, ...]] = {
    "Deployment": (*_AFFINITIES, _SPREAD),
    "StatefulSet": (*_AFFINITIES, _SPREAD),
    "Job": ("spec/selector/matchLabels",),
    "CronJob": ("spec/jobTemplate/spec/selector/matchLabels",),
    "PodDisruptionBudget": ("spec/selector/matchLabels",),
    "NetworkPolicy": (
        "spec/podSelector/matchLabels",
        "spec/ingress/from/podSelector/matchLabels",
        "spec/egress/to/podSelector/matchLabels",
    ),
}


def transform(settings: Json, resources: list[Resource]) -> None:
    """Change all objects as the kustomization says."""
    for resource in resources:
        if settings.get("namespace"):
            _move(resource, settings["namespace"])
        if resource.kind not in _UNTOUCHED_NAMES:
            prefix, suffix = settings.get("namePrefix") or "", settings.get("nameSuffix") or ""
            resource.rename(f"{prefix}{resource.name}{suffix}")
        _label_all(settings, resource)
        if settings.get("commonAnnotations"):
            _annotate(resource, settings["commonAnnotations"])
        for entry in settings.get("replicas") or ():
            if entry.get("name") in resource.names and resource.kind in _SCALED:
                make(resource.body, "spec")["replicas"] = entry.get("count", 0)
        for path in ("pod:containers/image", "pod:initContainers/image"):
            for holder, key in holders(resource.body, path):
                holder[key] = image(str(holder.get(key, "")), settings.get("images") or [])


def _move(resource: Resource, namespace: str) -> None:
    if resource.kind == "Namespace":
        resource.rename(namespace)
    elif resource.kind not in _CLUSTER:
        resource.metadata["namespace"] = namespace
    if resource.kind.endswith("RoleBinding"):
        for subject in resource.body.get("subjects") or ():
            if subject.get("kind") == "ServiceAccount" and subject.get("name") == "default":
                subject["namespace"] = namespace


def _label_all(settings: Json, resource: Resource) -> None:
    if settings.get("commonLabels"):
        _label(resource, settings["commonLabels"], selectors=True, templates=True)
    for entry in settings.get("labels") or ():
        selectors = bool(entry.get("includeSelectors"))
        templates = selectors or bool(entry.get("includeTemplates"))
        _label(resource, entry.get("pairs") or {}, selectors=selectors, templates=templates)


def _label(resource: Resource, pairs: dict[str, str], *, selectors: bool, templates: bool) -> None:
    body, kind = resource.body, resource.kind
    _add(resource.metadata, "labels", pairs)
    if templates:
        for path in _TEMPLATES.get(kind, ()):
            _add(make(body, path), "labels", pairs)
        if kind == "StatefulSet":
            for template in (body.get("spec") or {}).get("volumeClaimTemplates") or ():
                _add(template.setdefault("metadata", {}), "labels", pairs)
    if not selectors:
        return
    if kind in {"Service", "ReplicationController"}:
        make(body, "spec/selector").update(pairs)
    elif kind in _WORKLOADS:
        make(body, "spec/selector/matchLabels").update(pairs)
    for path in _SELECTORS_IF_THERE.get(kind, ()):
        for holder, key in holders(body, path):
            if isinstance(holder.get(key), dict):
                holder[key].update(pairs)


def _annotate(resource: Resource, pairs: dict[str, str]) -> None:
    _add(resource.metadata, "annotations", pairs)
    for path in _TEMPLATES.get(resource.kind, ()):
        _add(make(resource.body, path), "annotations", pairs)


def _add(metadata: Json, key: str, pairs: dict[str, str]) -> None:
    metadata[key] = {**(metadata.get(key) or {}), **pairs}


def image(text: str, settings: list[Json]) -> str:
    """Return an image with the name, tag or digest that the settings give to its name."""
    name, tag, digest = _parts(text)
    for entry in settings:
        if entry.get("name") != name:
            continue
        name = entry.get("newName") or name
        new_tag, new_digest = str(entry.get("newTag") or ""), str(entry.get("digest") or "")
        if new_tag or new_digest:
            tag, digest = new_tag, new_digest
        elif entry.get("tagSuffix"):
            tag, digest = tag + entry["tagSuffix"], ""
    return name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")


def _parts(text: str) -> tuple[str, str, str]:
    whole, _, digest = text.partition("@")
    colon = whole.rfind(":")
    return (whole[:colon], whole[colon + 1 :], digest) if colon > whole.rfind("/") else (whole, "", digest)
