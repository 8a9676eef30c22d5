"""Role-based access control evaluated over the stored roles and bindings.

Mirrors ``plugin/pkg/auth/authorizer/rbac`` and ``pkg/registry/rbac/validation``. What a user may do in a namespace is
gathered once and kept until a role or binding changes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.auth.access import Access
from k8s_tutor.sim.machinery.store import Event, Store
from k8s_tutor.sim.registry.strategy import UserInfo

GROUP = "rbac.authorization.k8s.io"
ROLES = f"roles.{GROUP}"
CLUSTER_ROLES = f"clusterroles.{GROUP}"
BINDINGS = f"rolebindings.{GROUP}"
CLUSTER_BINDINGS = f"clusterrolebindings.{GROUP}"
CACHE = 500


@dataclass(frozen=True, slots=True)
class Grant:
    """A rule that a user has, and where it comes from, in upstream's words."""

    rule: Json
    source: str


@dataclass(slots=True)
class Holdings:
    """What a user has in a namespace, and the role references of those of her bindings that lead nowhere."""

    grants: list[Grant] = field(default_factory=list)
    missing: list[Json] = field(default_factory=list)

    @property
    def errors(self) -> list[str]:
        """What the authorizer says of the missing roles."""
        return [f'{reference["kind"].lower()}.{GROUP} "{reference["name"]}" not found' for reference in self.missing]


def aggregate(errors: Iterable[str]) -> str:
    """Return several errors as upstream's ``utilerrors.Aggregate`` prints them: each once, a single one bare."""
    distinct = list(dict.fromkeys(errors))
    return distinct[0] if len(distinct) == 1 else f"[{', '.join(distinct)}]" if distinct else ""


class Rbac:
    """Evaluates roles and bindings."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._holdings: dict[tuple[str, tuple[str, ...], str], Holdings] = {}
        for resource in (ROLES, CLUSTER_ROLES, BINDINGS, CLUSTER_BINDINGS):
            store.subscribe(resource, self._changed)

    def authorize(self, access: Access) -> tuple[bool, str]:
        """Return whether it is allowed and by what, or which bindings could not be read."""
        held = self.holdings(access.user, access.namespace)
        for grant in held.grants:
            if allows(grant.rule, access):
                return True, f"RBAC: allowed by {grant.source}"
        return False, f"RBAC: {aggregate(held.errors)}" if held.missing else ""

    def holdings(self, user: UserInfo, namespace: str) -> Holdings:
        """Return the user's rules in a namespace ("": only those that hold in the whole cluster)."""
        if self._store.pending():
            self._holdings.clear()  # a role may have changed a moment ago
        key = (user.name, user.groups, namespace)
        found = self._holdings.get(key)
        if found is None:
            if len(self._holdings) > CACHE:
                self._holdings.clear()
            found = self._holdings[key] = self._gather(user, namespace)
        return found

    def rules_of(self, role_ref: Json, namespace: str) -> list[Json] | None:
        """Return the rules of the role that a binding refers to, or None if there is no such role."""
        if role_ref.get("kind") == "ClusterRole":
            entry = self._store.get(CLUSTER_ROLES, "", role_ref["name"])
        else:
            entry = self._store.get(ROLES, namespace, role_ref["name"]) if namespace else None
        return None if entry is None else entry.obj.get("rules") or []

    def _gather(self, user: UserInfo, namespace: str) -> Holdings:
        held = Holdings()
        for entry in self._store.entries(CLUSTER_BINDINGS):
            self._add(held, entry.obj, user, "", "ClusterRoleBinding")
        if namespace:
            for entry in self._store.entries(BINDINGS, namespace):
                self._add(held, entry.obj, user, namespace, "RoleBinding")
        return held

    def _add(self, held: Holdings, binding: Json, user: UserInfo, namespace: str, kind: str) -> None:
        subject = next((s for s in binding.get("subjects") or () if _is(s, user, namespace)), None)
        if subject is None:
            return
        reference = binding["roleRef"]
        rules = self.rules_of(reference, namespace)
        if rules is None:
            held.missing.append(reference)
            return
        name = binding["metadata"]["name"] + (f"/{namespace}" if namespace else "")
        source = f'{kind} "{name}" of {reference["kind"]} "{reference["name"]}" to {_describe(subject, namespace)}'
        held.grants += [Grant(rule, source) for rule in rules]

    def _changed(self, _: Event) -> None:
        self._holdings.clear()


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
    return bool(home) and user.name == f"system:serviceaccount:{home}:{name}"


def _describe(subject: Json, namespace: str) -> str:
    if subject["kind"] == "ServiceAccount":
        return f'ServiceAccount "{subject["name"]}/{subject.get("namespace") or namespace}"'
    return f'{subject["kind"]} "{subject["name"]}"'
