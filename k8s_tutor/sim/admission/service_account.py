"""Pods run as a ServiceAccount and get its token projected (``plugin/pkg/admission/serviceaccount``)."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.admission.plugin import Plugin
from k8s_tutor.sim.machinery.meta import suffix
from k8s_tutor.sim.machinery.status import forbidden
from k8s_tutor.sim.registry.attributes import Attributes

DEFAULT = "default"
MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
PREFIX = "kube-api-access-"
MIRROR = "kubernetes.io/config.mirror"
SECONDS = 3607


class ServiceAccount(Plugin):
    """Sets the account, its image pull secrets, and the token volume."""

    name = "ServiceAccount"
    resources = frozenset(("pods",))
    operations = frozenset(("CREATE",))

    def admit(self, attributes: Attributes) -> None:
        pod = attributes.obj
        if attributes.subresource or pod is None or MIRROR in (pod["metadata"].get("annotations") or {}):
            return
        spec = pod["spec"]
        name = spec.setdefault("serviceAccountName", DEFAULT) or DEFAULT
        spec["serviceAccountName"] = spec["serviceAccount"] = name
        entry = self.store.get("serviceaccounts", attributes.namespace, name)
        if entry is None:
            why = f'error looking up service account {attributes.namespace}/{name}: serviceaccount "{name}" not found'
            named = attributes.name or pod["metadata"].get("generateName", "")  # no name is made up yet
            raise forbidden("pods", "", named, why)
        account = entry.obj
        if _wants_token(account, spec):
            _mount_token(spec)
        if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
            spec["imagePullSecrets"] = [dict(secret) for secret in account["imagePullSecrets"]]


def _wants_token(account: Json, spec: Json) -> bool:
    own = spec.get("automountServiceAccountToken")
    if own is not None:
        return bool(own)
    return account.get("automountServiceAccountToken", True) is not False


def _mount_token(spec: Json) -> None:
    """Mount the token into every container that has nothing at its place."""
    volumes = spec.get("volumes") or []
    name = next((v["name"] for v in volumes if v["name"].startswith(PREFIX)), "")
    taken = {volume["name"] for volume in volumes}
    fresh = name or PREFIX + suffix()
    while not name and fresh in taken:
        fresh = PREFIX + suffix()
    mounted = False
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        mounts = container.get("volumeMounts") or []
        if any(mount.get("mountPath") == MOUNT for mount in mounts):
            continue
        container["volumeMounts"] = [*mounts, {"name": fresh, "readOnly": True, "mountPath": MOUNT}]
        mounted = True
    if mounted and not name:
        spec["volumes"] = [*volumes, {"name": fresh, "projected": _projection()}]


def _projection() -> Json:
    return {
        "defaultMode": 0o644,
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": SECONDS, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {
                "downwardAPI": {
                    "items": [
                        {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
                    ]
                }
            },
        ],
    }
