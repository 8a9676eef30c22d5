"""The node authorizer, light: a kubelet's user may do what its pods need, and no more.

Mirrors ``plugin/pkg/auth/authorizer/node``: reads of secrets, config maps, claims and tokens only of pods bound to it.
"""

from typing import Any

from k8s_tutor.sim.auth.rbac import Access
from k8s_tutor.sim.machinery.store import Store

PREFIX = "system:node:"
GROUP = "system:nodes"
READ = frozenset(("get", "list", "watch"))
PUBLIC = frozenset(("services", "nodes", "pods", "runtimeclasses", "csidrivers", "persistentvolumes", "leases"))
OWN = frozenset(("create", "update", "patch", "delete", "get"))


class NodeAuthorizer:
    """Allows what a node's kubelet needs."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def allows(self, access: Access) -> bool:
        """Whether a node's user may do this (False also for all other users)."""
        if GROUP not in access.user.groups or not access.user.name.startswith(PREFIX) or access.path:
            return False
        node = access.user.name[len(PREFIX) :]
        resource, verb = access.resource, access.verb
        if resource in PUBLIC and verb in READ:
            return True
        if resource in {"secrets", "configmaps", "persistentvolumeclaims"}:
            return verb in READ and bool(access.name) and self._refers(node, access)
        if resource == "serviceaccounts":
            return access.subresource == "token" and verb == "create"
        if resource in {"nodes", "leases", "csinodes"}:
            return verb in OWN and access.name in {node, ""}
        if resource == "pods":
            return verb in OWN
        return resource == "events" and verb in {"create", "update", "patch"}

    def _refers(self, node: str, access: Access) -> bool:
        """A pod on the node mentions the object by name."""
        for entry in self._store.entries("pods", access.namespace):
            spec = entry.obj["spec"]
            if spec.get("nodeName") == node and _mentions(spec, access.name):
                return True
        return False


def _mentions(value: Any, name: str) -> bool:
    if isinstance(value, dict):
        return any(_mentions(item, name) for item in value.values())
    if isinstance(value, list):
        return any(_mentions(item, name) for item in value)
    return bool(value == name)
