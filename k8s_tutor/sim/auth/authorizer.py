"""What somebody may do: masters everything, nodes their own, else RBAC.

Mirrors ``apiserver/pkg/authorization/union`` with the modes ``Node,RBAC``.
"""

import json

from k8s_tutor.sim.auth.access import Access
from k8s_tutor.sim.auth.node import NodeAuthorizer
from k8s_tutor.sim.auth.rbac import Rbac
from k8s_tutor.sim.machinery.status import ApiError, qualified
from k8s_tutor.sim.machinery.store import Store

MASTERS = "system:masters"


class Authorizer:
    """Decides by all modes in order."""

    def __init__(self, store: Store) -> None:
        self.rbac = Rbac(store)
        self._nodes = NodeAuthorizer(store)

    def authorize(self, access: Access) -> tuple[bool, str]:
        """Return whether it is allowed, and the reason of the decision (often empty)."""
        if MASTERS in access.user.groups:
            return True, ""
        reasons = []
        for name, mode in (("node", self._nodes), ("rbac", self.rbac)):
            allowed, reason = mode.authorize(access)
            if allowed:
                return True, reason
            if reason:
                reasons.append(f"{name}: {reason}")
        return False, "\n".join(reasons)

    def require(self, access: Access) -> None:
        """Raise 403 in upstream's words unless it is allowed."""
        if MASTERS in access.user.groups:
            return
        allowed, reason = self.authorize(access)
        if not allowed:
            raise denied(access, reason)


def denied(access: Access, reason: str = "") -> ApiError:
    """403 as ``responsewriters.Forbidden`` words it."""
    user, verb = json.dumps(access.user.name, ensure_ascii=False), access.verb
    if access.path:
        text = f'User {user} cannot {verb} path "{access.path}"'
    else:
        scope = f'in the namespace "{access.namespace}"' if access.namespace else "at the cluster scope"
        text = f'User {user} cannot {verb} resource "{access.full_resource}" in API group "{access.group}" {scope}'
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if reason:
        text = f"{text}: {reason}"
    if access.path:
        return ApiError(403, "Forbidden", f"forbidden: {text}", {})
    what = qualified(access.resource, access.group)
    details = {"kind": access.resource}
    if access.group:
        details["group"] = access.group
    if access.name:
        details["name"] = access.name
        return ApiError(403, "Forbidden", f'{what} "{access.name}" is forbidden: {text}', details)
    return ApiError(403, "Forbidden", f"{what} is forbidden: {text}", details)
