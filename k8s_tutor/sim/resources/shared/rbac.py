"""Rules, role references and subjects of RBAC (upstream: ``apis/rbac/validation``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At, same
from k8s_tutor.sim.resources.shared.internal import internal

# In the words of the beta version, which the Table kept.
_ROLE = "roleRef can {what} in the global namespace. If the RoleRef cannot be resolved, the Authorizer must return an error."
_REFERENCES = {
    "roleBinding": "reference a Role in the current namespace or a ClusterRole",
    "clusterRoleBinding": "only reference a ClusterRole",
}
GROUP = "rbac.authorization.k8s.io"
SUBJECTS = ("ServiceAccount", "User", "Group")
_BOTH = "rules cannot apply to both regular resources and non-resource URLs"


def check_rules(v: At, *, namespaced: bool) -> None:
    """Check the rules of a role."""
    for rule in v.each("rules"):
        if rule.get("nonResourceURLs"):
            if namespaced:
                rule.invalid("nonResourceURLs", "namespaced rules cannot apply to non-resource URLs")
            if any(rule.get(field) for field in ("apiGroups", "resources", "resourceNames")):
                rule.invalid("nonResourceURLs", _BOTH)
            continue
        rule.need("apiGroups", "resource rules must supply at least one api group")
        rule.need("resources", "resource rules must supply at least one resource")


def declared_rules(v: At) -> None:
    """Check that all rules have verbs."""
    for rule in v.each("rules"):
        rule.need("verbs")


class BindingStrategy(KindStrategy):
    """Base of RoleBinding and ClusterRoleBinding."""

    allow_create_on_update = True
    name_rule = staticmethod(names.is_path_segment)
    role_kinds: tuple[str, ...] = ("ClusterRole",)
    namespaced = False

    def default(self, obj: Json) -> None:
        reference = obj.get("roleRef") or {}
        obj["roleRef"] = reference
        if not reference.get("apiGroup"):
            reference["apiGroup"] = GROUP
        for subject in obj.get("subjects") or ():
            if not subject.get("apiGroup") and subject.get("kind") in ("User", "Group"):
                subject["apiGroup"] = GROUP

    def check(self, v: At, old: Json | None) -> None:
        reference = v.at("roleRef")
        reference.one_of("apiGroup", (GROUP,))
        reference.one_of("kind", self.role_kinds)
        reference.judge_if("name", names.is_path_segment)
        for subject in v.each("subjects"):
            self._check_subject(subject)

    def _check_subject(self, v: At) -> None:
        kind = v.text("kind")
        if kind == "ServiceAccount":
            v.judge_if("name", names.is_dns1123_subdomain)
            if v.text("apiGroup"):
                v.unsupported("apiGroup", ("",))
            if not self.namespaced:
                v.need("namespace")
        elif kind in SUBJECTS:
            v.one_of("apiGroup", (GROUP,))
        else:
            v.unsupported("kind", SUBJECTS)

    def declared(self, v: At, old: Json | None) -> None:
        for subject in v.each("subjects"):
            subject.need("name")
        v.at("roleRef").need("name")
        if old is not None and not same(v.get("roleRef"), old.get("roleRef")):
            v.invalid("roleRef", "field is immutable", internal("rbac.RoleRef", v.get("roleRef")))

    def row(self, obj: Json, now: float) -> list[Any]:
        reference = obj.get("roleRef") or {}
        found: dict[str, list[str]] = {kind: [] for kind in SUBJECTS}
        for subject in obj.get("subjects") or ():
            name, namespace = subject.get("name") or "", subject.get("namespace")
            kind = subject.get("kind")
            if kind == "ServiceAccount":
                found[kind].append(f"{namespace}/{name}" if namespace else name)
            elif kind in found:
                found[kind].append(name)
        return [
            obj["metadata"]["name"],
            f"{reference.get('kind') or ''}/{reference.get('name') or ''}",
            table.created(obj, now),
            *(", ".join(found[kind]) for kind in ("User", "Group", "ServiceAccount")),
        ]


def binding_columns(word: str) -> table.Columns:
    """Return the columns of a kind of binding."""
    return table.table(
        table.NAME,
        table.plain("Role", _ROLE.format(what=_REFERENCES[word])),
        table.AGE,
        *(table.plain(what, f"{what} in the {word}", wide=True) for what in ("Users", "Groups", "ServiceAccounts")),
    )
