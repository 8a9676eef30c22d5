"""Nobody gives away more than she has: checks of roles and bindings that are written.

Mirrors ``pkg/registry/rbac/*/policybased`` and ``pkg/registry/rbac/validation`` (Covers, CompactRules).
"""

import json
from collections.abc import Iterable, Iterator
from itertools import product

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.auth.access import Access
from k8s_tutor.sim.auth.rbac import CLUSTER_ROLES, GROUP, Rbac, aggregate, allows
from k8s_tutor.sim.machinery.status import ApiError, forbidden, not_found
from k8s_tutor.sim.registry.rest import Attributes
from k8s_tutor.sim.registry.strategy import UserInfo

MASTERS = "system:masters"
NOBODY = UserInfo("")
EVERYTHING: list[Json] = [
    {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
    {"verbs": ["*"], "nonResourceURLs": ["*"]},
]


class Escalation:
    """Refuses writes of roles and bindings that grant more than the writer holds."""

    def __init__(self, rbac: Rbac) -> None:
        self._rbac = rbac

    def check(self, attributes: Attributes) -> None:
        """Raise 403 if the write of a role or binding would be an escalation."""
        user = attributes.ctx.user
        if MASTERS in user.groups or attributes.obj is None:
            return
        if attributes.resource.plural in {"roles", "clusterroles"}:
            self._check_role(attributes, attributes.obj)
        else:
            self._check_binding(attributes, attributes.obj)

    def _check_role(self, attributes: Attributes, obj: Json) -> None:
        name = attributes.name if attributes.operation == "UPDATE" else ""  # a creation's path has no name
        if self._may("escalate", attributes, attributes.resource.plural, name) or _only_owners_change(attributes):
            return
        if why := self._lacking(attributes, obj.get("rules") or []):
            raise _refused(attributes, why)
        if (_aggregates(obj) or _aggregates(attributes.old or {})) and self._lacking(attributes, EVERYTHING):
            raise _refused(attributes, "must have cluster-admin privileges to use the aggregationRule")

    def _check_binding(self, attributes: Attributes, obj: Json) -> None:
        reference = obj["roleRef"]
        if _only_owners_change(attributes):
            return
        kind = "clusterroles" if reference.get("kind") == "ClusterRole" else "roles"
        if self._may("bind", attributes, kind, reference["name"]):
            return
        rules = self._rbac.rules_of(reference, attributes.namespace)
        if rules is None:
            # The storage names the resource of the request, whatever it looked for.
            raise not_found(attributes.resource.plural, GROUP, reference["name"])
        if why := self._lacking(attributes, rules):
            raise _refused(attributes, why)

    def _may(self, verb: str, attributes: Attributes, resource: str, name: str) -> bool:
        access = Access(attributes.ctx.user, verb, attributes.namespace, GROUP, resource, name=name)
        return self._rbac.authorize(access)[0]

    def _lacking(self, attributes: Attributes, rules: list[Json]) -> str:
        """Return what is wrong with giving these rules away, or ""."""
        user = attributes.ctx.user
        held = self._rbac.holdings(user, attributes.namespace)
        owned = [grant.rule for grant in held.grants]
        missing = [part for rule in rules for part in _parts(rule) if not _covered(part, owned)]
        if not missing:
            return ""
        groups = " ".join(_quoted(group) for group in user.groups)
        lines = "\n".join(sorted({_text(rule) for rule in _compact(missing)}))
        unread = aggregate(f'{attributes.resource.name} "{reference["name"]}" not found' for reference in held.missing)
        unread = f"; resolution errors: [{unread}]" if unread else ""
        return (
            f"user {_quoted(user.name)} (groups=[{groups}]) is attempting to grant RBAC permissions not currently held:\n"
            f"{lines}{unread}"
        )


def _refused(attributes: Attributes, why: str) -> ApiError:
    resource = attributes.resource
    return forbidden(resource.plural, resource.group, attributes.name, why)


def _aggregates(role: Json) -> bool:
    return bool((role.get("aggregationRule") or {}).get("clusterRoleSelectors"))


def _only_owners_change(attributes: Attributes) -> bool:
    """An update of nothing but what the garbage collector touches: owners and finalizers."""
    old, new = attributes.old, attributes.obj
    return old is not None and new is not None and _without_owners(old) == _without_owners(new)


def _without_owners(obj: Json) -> Json:
    passing = ("ownerReferences", "finalizers", "managedFields")
    meta = {key: value for key, value in obj["metadata"].items() if key not in passing and value}
    return {key: value for key, value in obj.items() if value} | {"metadata": meta}


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
    """Whether one of the owned rules has all that a part wants: patterns match only patterns."""
    verb = part["verbs"][0]
    if "nonResourceURLs" in part:
        access = Access(NOBODY, verb, path=part["nonResourceURLs"][0])
    else:
        resource, _, sub = part["resources"][0].partition("/")
        name = part.get("resourceNames", [""])[0]
        access = Access(NOBODY, verb, "", part["apiGroups"][0], resource, sub, name)
    return any(allows(rule, access) for rule in owned)


def _compact(parts: list[Json]) -> list[Json]:
    """Join parts that differ in their verb only (CompactRules); those of paths stay as they are."""
    joined: dict[tuple[str, ...], Json] = {}
    alone: list[Json] = []
    for part in parts:
        if "nonResourceURLs" in part:
            alone.append(part)
            continue
        key = (part["apiGroups"][0], part["resources"][0], *part.get("resourceNames", ()))
        found = joined.get(key)
        if found is None:
            joined[key] = part | {"verbs": list(part["verbs"])}
        else:
            found["verbs"] += part["verbs"]
    return alone + list(joined.values())


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _text(rule: Json) -> str:
    names = {
        "apiGroups": "APIGroups",
        "resources": "Resources",
        "nonResourceURLs": "NonResourceURLs",
        "resourceNames": "ResourceNames",
        "verbs": "Verbs",
    }
    shown = [
        f"{label}:[{' '.join(f'{chr(34)}{item}{chr(34)}' for item in rule[key])}]"
        for key, label in names.items()
        if rule.get(key)
    ]
    return "{" + ", ".join(shown) + "}"


CHECKED = frozenset((f"roles.{GROUP}", CLUSTER_ROLES, f"rolebindings.{GROUP}", f"clusterrolebindings.{GROUP}"))
