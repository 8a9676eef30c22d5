"""Role-based access control evaluated over the stored roles and bindings.

Mirrors ``plugin/pkg/auth/authorizer/rbac`` and ``pkg/registry/rbac/validation``. What a user may do in a namespace is
gathered once and kept until a role or binding changes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.store import Event, Store
from k8s_tutor.sim.registry.strategy import UserInfo

GROUP = "rbac.authorization.k8s.io"
ROLES = f"roles.{GROUP}"
CLUSTER_ROLES = f"clusterroles.{GROUP}"
BINDINGS = f"rolebindings.{GROUP}"
CLUSTER_BINDINGS = f"clusterrolebindings.{GROUP}"
CACHE = 500


@dataclass(frozen=True, slots=True)
class Access:
    """What somebody wants to do (``authorizer.Attributes``).

    Attributes:
        user: who.
        verb: ``get``, ``list``, ``create`` …
        namespace, group, resource, subresource, name: of a resource request.
        path: of a request that is not for a resource, else "".
    """

    user: UserInfo
    verb: str
    namespace: str = ""
    group: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    path: str = ""

    @property
    def full_resource(self) -> str:
        """``pods`` or ``pods/log``."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


@dataclass(frozen=True, slots=True)
class Grant:
    """A rule that a user has, and where it comes from, in upstream's words."""

    rule: Json
    source: str


class Rbac:
    """Evaluates roles and bindings."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._grants: dict[tuple[str, tuple[str, ...], str], list[Grant]] = {}
        for resource in (ROLES, CLUSTER_ROLES, BINDINGS, CLUSTER_BINDINGS):
            store.subscribe(resource, self._changed)

    def authorize(self, access: Access) -> tuple[bool, str]:
        """Return whether it is allowed and, if so, by what."""
        for grant in self.grants(access.user, access.namespace):
            if allows(grant.rule, access):
                return True, f"RBAC: allowed by {grant.source}"
        return False, ""

    def grants(self, user: UserInfo, namespace: str) -> list[Grant]:
        """Return the user's rules in a namespace ("": only those that hold in the whole cluster)."""
        if self._store.pending():
            self._grants.clear()  # a role may have changed a moment ago
        key = (user.name, user.groups, namespace)
        found = self._grants.get(key)
        if found is None:
            if len(self._grants) > CACHE:
                self._grants.clear()
            found = self._grants[key] = list(self._gather(user, namespace))
        return found

    def rules_of(self, role_ref: Json, namespace: str) -> list[Json] | None:
        """Return the rules of the role that a binding refers to, or None if there is no such role."""
        if role_ref.get("kind") == "ClusterRole":
            entry = self._store.get(CLUSTER_ROLES, "", role_ref["name"])
        else:
            entry = self._store.get(ROLES, namespace, role_ref["name"])
        return None if entry is None else entry.obj.get("rules") or []

    def _gather(self, user: UserInfo, namespace: str) -> Iterator[Grant]:
        for entry in self._store.entries(CLUSTER_BINDINGS):
            yield from self._of_binding(entry.obj, user, "", "ClusterRoleBinding")
        if namespace:
            for entry in self._store.entries(BINDINGS, namespace):
                yield from self._of_binding(entry.obj, user, namespace, "RoleBinding")

    def _of_binding(self, binding: Json, user: UserInfo, namespace: str, kind: str) -> Iterator[Grant]:
        subject = next((s for s in binding.get("subjects") or () if _is(s, user, namespace)), None)
        if subject is None:
            return
        reference = binding["roleRef"]
        name = binding["metadata"]["name"] + (f"/{namespace}" if namespace else "")
        source = f'{kind} "{name}" of {reference["kind"]} "{reference["name"]}" to {_describe(subject, namespace)}'
        for rule in self.rules_of(reference, namespace) or ():
            yield Grant(rule, source)

    def _changed(self, _: Event) -> None:
        self._grants.clear()


def allows(rule: Json, access: Access) -> bool:
    """Whether one rule allows the access."""
    verbs = rule["verbs"]
    if access.verb not in verbs and "*" not in verbs:
        return False
    if access.path:
        return any(_path_fits(pattern, access.path) for pattern in rule.get("nonResourceURLs") or ())
    groups = rule.get("apiGroups") or ()
    if access.group not in groups and "*" not in groups:
        return False
    if not _resource_fits(rule.get("resources") or (), access.full_resource, access.subresource):
        return False
    names = rule.get("resourceNames")
    return not names or access.name in names


def _resource_fits(resources: Any, full: str, subresource: str) -> bool:
    if full in resources or "*" in resources:
        return True
    return bool(subresource) and f"*/{subresource}" in resources


def _path_fits(pattern: str, path: str) -> bool:
    return pattern in {"*", path} or (pattern.endswith("*") and path.startswith(pattern.rstrip("*")))


def _is(subject: Json, user: UserInfo, namespace: str) -> bool:
    kind, name = subject["kind"], subject["name"]
    if kind == "User":
        return bool(name == user.name)
    if kind == "Group":
        return name in user.groups
    home = subject.get("namespace") or namespace
    return user.name == f"system:serviceaccount:{home}:{name}"


def _describe(subject: Json, namespace: str) -> str:
    if subject["kind"] == "ServiceAccount":
        return f'ServiceAccount "{subject["name"]}/{subject.get("namespace") or namespace}"'
    return f'{subject["kind"]} "{subject["name"]}"'
