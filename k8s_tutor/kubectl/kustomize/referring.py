"""Who names whom: renamed objects are followed by those that use them (kustomize, ``nameReference``)."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.kustomize.paths import holders
from k8s_tutor.kubectl.kustomize.resource import Resource

_CONTAINERS = ("pod:containers", "pod:initContainers")
_REFERENCES: dict[str, tuple[str, ...]] = {
    "ConfigMap": (
        "pod:volumes/configMap/name",
        "pod:volumes/projected/sources/configMap/name",
        *(f"{where}/env/valueFrom/configMapKeyRef/name" for where in _CONTAINERS),
        *(f"{where}/envFrom/configMapRef/name" for where in _CONTAINERS),
    ),
    "Secret": (
        "pod:volumes/secret/secretName",
        "pod:volumes/projected/sources/secret/name",
        "pod:imagePullSecrets/name",
        *(f"{where}/env/valueFrom/secretKeyRef/name" for where in _CONTAINERS),
        *(f"{where}/envFrom/secretRef/name" for where in _CONTAINERS),
        "imagePullSecrets/name",
        "secrets/name",
        "spec/tls/secretName",
    ),
    "PersistentVolumeClaim": ("pod:volumes/persistentVolumeClaim/claimName",),
    "ServiceAccount": ("pod:serviceAccountName",),
    "PriorityClass": ("pod:priorityClassName",),
    "PersistentVolume": ("spec/volumeName",),
    "StorageClass": ("spec/storageClassName", "spec/volumeClaimTemplates/spec/storageClassName"),
    "IngressClass": ("spec/ingressClassName",),
    "Service": (
        "spec/serviceName",
        "spec/defaultBackend/service/name",
        "spec/rules/http/paths/backend/service/name",
        "spec/service/name",
        "webhooks/clientConfig/service/name",
    ),
}
_BY_KIND = ("spec/scaleTargetRef", "roleRef")


def follow(resources: list[Resource]) -> None:
    """Write the present names of all objects wherever others use a former one."""
    renamed = {(one.kind, old): one for one in resources for old in one.former}
    for resource in resources:
        for kind, paths in _REFERENCES.items():
            for path in paths:
                for holder, key in holders(resource.body, path):
                    _rewrite(holder, key, renamed.get((kind, holder.get(key, ""))))
        for path in _BY_KIND:
            for holder, _ in holders(resource.body, f"{path}/name"):
                _rewrite(holder, "name", renamed.get((holder.get("kind", ""), holder.get("name", ""))))
        if resource.kind in {"Role", "ClusterRole"}:
            _resource_names(resource.body, renamed)
        if resource.kind.endswith("RoleBinding"):
            _subjects(resource, resources, renamed)


def _rewrite(holder: Json, key: str, target: Resource | None) -> None:
    if target is not None:
        holder[key] = target.name


def _resource_names(body: Json, renamed: dict[tuple[str, str], Resource]) -> None:
    for rule in body.get("rules") or ():
        kinds = [
            kind
            for kind, plural in (("ConfigMap", "configmaps"), ("Secret", "secrets"))
            if plural in (rule.get("resources") or ())
        ]
        for at, name in enumerate(rule.get("resourceNames") or ()):
            found = next((renamed[kind, name] for kind in kinds if (kind, name) in renamed), None)
            if found is not None:
                rule["resourceNames"][at] = found.name


def _subjects(binding: Resource, resources: list[Resource], renamed: dict[tuple[str, str], Resource]) -> None:
    accounts = {one.name: one for one in resources if one.kind == "ServiceAccount"}
    for subject in binding.body.get("subjects") or ():
        if subject.get("kind") != "ServiceAccount":
            continue
        target = renamed.get(("ServiceAccount", subject.get("name", ""))) or accounts.get(subject.get("name", ""))
        if target is not None:
            subject["name"] = target.name
            if target.namespace:
                subject["namespace"] = target.namespace
