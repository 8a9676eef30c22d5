"""Nobody gives away more than she has: checks of roles and bindings that are written.

Mirrors ``pkg/registry/rbac/*/policybased`` and ``pkg/registry/rbac/validation`` (Covers, CompactRules).
"""

from collections.abc import Iterable, Iterator
from itertools import product

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.auth.rbac import CLUSTER_ROLES, GROUP, Access, Rbac, allows
from k8s_tutor.sim.machinery.status import forbidden, not_found
from k8s_tutor.sim.registry.rest import Attributes
from k8s_tutor.sim.registry.strategy import UserInfo

MASTERS = "system:masters"


class Escalation:
    """Refuses writes of roles and bindings that grant more than the writer holds."""

    def __init__(self, rbac: Rbac) -> None:
        self._rbac = rbac

    def check(self, attributes: Attributes) -> None:
        """Raise 403 if the write of a role or binding would be an escalation."""
        user = attributes.ctx.user
        if MASTERS in user.groups or attributes.obj is None:
            return
        resource, obj = attributes.resource.plural, attributes.obj
        old = attributes.old
        if resource in {"roles", "clusterroles"}:
            if self._may(user, "escalate", attributes, resource) or (old and _same(old, obj, "rules")):
                return
            self._confirm(attributes, obj.get("rules") or [])
            return
        reference = obj["roleRef"]
        kind = "clusterroles" if reference.get("kind") == "ClusterRole" else "roles"
        if old and _same(old, obj, "roleRef", "subjects"):
            return
        if self._may(user, "bind", attributes, kind, reference["name"]):
            return
        rules = self._rbac.rules_of(reference, attributes.namespace)
        if rules is None:
            raise not_found(kind, GROUP, reference["name"])
        self._confirm(attributes, rules)

    def _may(self, user: UserInfo, verb: str, attributes: Attributes, resource: str, name: str = "") -> bool:
        access = Access(user, verb, attributes.namespace, GROUP, resource, name=name or attributes.name)
        return self._rbac.authorize(access)[0]

    def _confirm(self, attributes: Attributes, rules: list[Json]) -> None:
        user = attributes.ctx.user
        owned = [grant.rule for grant in self._rbac.grants(user, attributes.namespace)]
        missing = [part for rule in rules for part in _parts(rule) if not _covered(part, owned)]
        if not missing:
            return
        groups = " ".join(f'"{group}"' for group in user.groups)
        lines = "\n".join(sorted({_text(rule) for rule in _compact(missing)}))
        why = f'user "{user.name}" (groups=[{groups}]) is attempting to grant RBAC permissions not currently held:\n{lines}'
        resource = attributes.resource
        raise forbidden(resource.plural, resource.group, attributes.name, why)


def _same(old: Json, new: Json, *keys: str) -> bool:
    return all((old.get(key) or []) == (new.get(key) or []) for key in keys)


def _parts(rule: Json) -> Iterator[Json]:
    """Yield a rule's simple parts: one group, resource, verb (and name) each."""
    verbs = rule["verbs"]
    for group, resource, verb in product(rule.get("apiGroups") or (), rule.get("resources") or (), verbs):
        for name in rule.get("resourceNames") or (None,):
            part: Json = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
            yield part | ({"resourceNames": [name]} if name is not None else {})
    for url, verb in product(rule.get("nonResourceURLs") or (), verbs):
        yield {"nonResourceURLs": [url], "verbs": [verb]}


def _covered(part: Json, owned: Iterable[Json]) -> bool:
    nobody = UserInfo("")
    verb = part["verbs"][0]
    if "nonResourceURLs" in part:
        access = Access(nobody, verb, path=part["nonResourceURLs"][0])
    else:
        resource, _, sub = part["resources"][0].partition("/")
        name = part.get("resourceNames", [""])[0]
        access = Access(nobody, verb, "", part["apiGroups"][0], resource, sub, name)
    return any(allows(rule, access) for rule in owned)


def _compact(parts: list[Json]) -> list[Json]:
    """Join parts that differ in their verb only (CompactRules)."""
    joined: dict[tuple[str, ...], Json] = {}
    for part in parts:
        if "nonResourceURLs" in part or "resourceNames" in part:
            key = ("", repr({k: v for k, v in part.items() if k != "verbs"}))
        else:
            key = (part["apiGroups"][0], part["resources"][0])
        found = joined.get(key)
        if found is None:
            joined[key] = part | {"verbs": list(part["verbs"])}
        else:
            found["verbs"] += [verb for verb in part["verbs"] if verb not in found["verbs"]]
    return list(joined.values())


def _text(rule: Json) -> str:
    names = {
        "apiGroups": "APIGroups",
        "resources": "Resources",
        "nonResourceURLs": "NonResourceURLs",
        "resourceNames": "ResourceNames",
        "verbs": "Verbs",
    }
    shown = [
        f"{label}:[{', '.join(f'{chr(34)}{item}{chr(34)}' for item in rule[key])}]"
        for key, label in names.items()
        if rule.get(key)
    ]
    return "{" + ", ".join(shown) + "}"


CHECKED = frozenset((f"roles.{GROUP}", CLUSTER_ROLES, f"rolebindings.{GROUP}", f"clusterrolebindings.{GROUP}"))
