"""The node authorizer: a kubelet's user may do what its pods need, and no more.

Mirrors ``plugin/pkg/auth/authorizer/node``. Each subdivided resource has a judge, which answers with the reason why not;
objects are a node's own where a pod bound to it names them. All other resources go by a fixed table.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from k8s_tutor.apimachinery.fields import Term
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.auth.access import Access
from k8s_tutor.sim.machinery.store import Store

Judge = Callable[[str, Access], str | None]
PREFIX = "system:node:"
GROUP = "system:nodes"
LEASES = "kube-node-lease"
READ = frozenset(("get", "list", "watch"))
OWN = frozenset(("get", "create", "update", "patch", "delete"))
CHANGE = frozenset(("update", "patch"))
ALLOWED = None
REFUSED = ""
# What every node may do, by resource.
UNIFORM: dict[tuple[str, str], frozenset[str]] = {
    ("authentication.k8s.io", "tokenreviews"): frozenset(("create",)),
    ("authorization.k8s.io", "subjectaccessreviews"): frozenset(("create",)),
    ("authorization.k8s.io", "localsubjectaccessreviews"): frozenset(("create",)),
    ("", "services"): READ,
    ("", "events"): frozenset(("create", "update", "patch")),
    ("events.k8s.io", "events"): frozenset(("create", "update", "patch")),
    ("", "endpoints"): frozenset(("get",)),
    ("certificates.k8s.io", "certificatesigningrequests"): READ | {"create"},
    ("certificates.k8s.io", "clustertrustbundles"): READ,
    ("storage.k8s.io", "csidrivers"): READ,
    ("node.k8s.io", "runtimeclasses"): READ,
}
# Where a pod's spec names objects: the key of a reference, and the field with the name in it.
NAMED: dict[str, dict[str, str]] = {
    "secrets": {
        "secretRef": "name",
        "secretKeyRef": "name",
        "imagePullSecrets": "name",
        "nodePublishSecretRef": "name",
        "secret": "secretName",
    },
    "configmaps": {"configMapRef": "name", "configMapKeyRef": "name", "configMap": "name"},
    "persistentvolumeclaims": {"persistentVolumeClaim": "claimName"},
    "serviceaccounts": {"serviceAccountName": ""},
    "resourceclaims": {"resourceClaimName": ""},
}


class NodeAuthorizer:
    """Decides about nodes' users; has no opinion about others."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._judges: dict[tuple[str, str], Judge] = {
            ("", "secrets"): self._readable,
            ("", "configmaps"): self._readable,
            ("", "persistentvolumeclaims"): self._claim,
            ("", "persistentvolumes"): self._gettable,
            ("resource.k8s.io", "resourceclaims"): self._gettable,
            ("storage.k8s.io", "volumeattachments"): self._gettable,
            ("", "serviceaccounts"): self._account,
            ("coordination.k8s.io", "leases"): _lease,
            ("storage.k8s.io", "csinodes"): _csi_node,
            ("", "nodes"): _node,
            ("", "pods"): self._pod,
        }

    def authorize(self, access: Access) -> tuple[bool, str]:
        """Return whether a node's user may do this, and why not."""
        if not is_node(access.user.name, access.user.groups):
            return False, ""
        node = access.user.name[len(PREFIX) :]
        if not access.resource:
            return False, ""
        key = (access.group, access.resource)
        judge = self._judges.get(key)
        if judge is None:
            return not access.subresource and access.verb in UNIFORM.get(key, ()), ""
        why = judge(node, access)
        return why is None, why or ""

    def _readable(self, node: str, access: Access) -> str | None:
        if access.verb not in READ:
            return "can only read resources of this type"
        if access.subresource:
            return "cannot read subresource"
        if not access.namespace:
            return "can only read namespaced object of this type"
        return self._related(node, access)

    def _gettable(self, node: str, access: Access) -> str | None:
        if access.verb != "get":
            return "can only get individual resources of this type"
        return "cannot get subresource" if access.subresource else self._related(node, access)

    def _claim(self, node: str, access: Access) -> str | None:
        if access.subresource != "status":
            return self._gettable(node, access)
        if access.verb not in CHANGE:
            return "can only get/update/patch this type"
        return self._related(node, access)

    def _account(self, node: str, access: Access) -> str | None:
        if access.verb == "get" and not access.subresource:
            return self._readable(node, access)
        if access.verb != "create" or not access.name:
            return "can only create tokens for individual service accounts"
        if access.subresource != "token":
            return "can only create token subresource of serviceaccount"
        return self._related(node, access)

    def _pod(self, node: str, access: Access) -> str | None:
        what = (access.subresource, access.verb)
        if what == ("", "get"):
            return self._gettable(node, access)
        if access.verb in {"list", "watch"} and not access.subresource:
            if Term("spec.nodeName", True, node) in access.fields:
                return ALLOWED
            return (
                self._related(node, access)
                if access.name
                else "can only list/watch pods with spec.nodeName field selector"
            )
        own = {("", "create"), ("", "delete"), ("status", "update"), ("status", "patch"), ("eviction", "create")}
        return ALLOWED if what in own else REFUSED

    def _related(self, node: str, access: Access) -> str | None:
        """A pod on the node is the object, or mentions it by name."""
        if not access.name:
            return "No Object name found"
        everywhere = access.resource == "persistentvolumes"
        for entry in self._store.entries("pods", None if everywhere else access.namespace):
            spec = entry.obj["spec"]
            if spec.get("nodeName") == node and self._concerns(entry.obj, access):
                return ALLOWED
        return f"no relationship found between node '{node}' and this object"

    def _concerns(self, pod: Json, access: Access) -> bool:
        if access.resource == "pods":
            return bool(pod["metadata"]["name"] == access.name)
        if access.resource != "persistentvolumes":
            return access.name in _named(pod["spec"], NAMED.get(access.resource, {}))
        volume = self._store.get("persistentvolumes", "", access.name)
        claim = (volume.obj["spec"].get("claimRef") or {}) if volume else {}
        home = claim.get("namespace") == pod["metadata"]["namespace"]
        return home and claim["name"] in _named(pod["spec"], NAMED["persistentvolumeclaims"])


def is_node(name: str, groups: tuple[str, ...]) -> bool:
    """Whether a user is a node's."""
    return GROUP in groups and name.startswith(PREFIX)


def _lease(node: str, access: Access) -> str | None:
    if access.verb not in OWN:
        return "can only get, create, update, patch, or delete a node lease"
    if access.namespace != LEASES:
        return f'can only access leases in the "{LEASES}" system namespace'
    if access.verb != "create" and access.name != node:
        return "can only access node lease with the same name as the requesting node"
    return ALLOWED


def _csi_node(node: str, access: Access) -> str | None:
    if access.subresource:
        return "cannot authorize CSINode subresources"
    if access.verb not in OWN:
        return "can only get, create, update, patch, or delete a CSINode"
    if access.verb != "create" and access.name != node:
        return "can only access CSINode with the same name as the requesting node"
    return ALLOWED


def _node(node: str, access: Access) -> str | None:
    if access.subresource:
        return ALLOWED if access.subresource == "status" and access.verb in CHANGE else REFUSED
    if access.verb in {"create", "update", "patch"}:
        return ALLOWED
    if access.verb not in READ:
        return REFUSED
    if not access.name:
        return f"node '{node}' cannot read all nodes, only its own Node object"
    return ALLOWED if access.name == node else f"node '{node}' cannot read '{access.name}', only its own Node object"


def _named(value: Any, keys: Mapping[str, str]) -> Iterator[str]:
    """Yield the names that a pod's spec refers to under some keys."""
    if isinstance(value, list):
        for item in value:
            yield from _named(item, keys)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in keys:
                for one in item if isinstance(item, list) else [item]:
                    yield one if isinstance(one, str) else one.get(keys[key], "")
            yield from _named(item, keys)
