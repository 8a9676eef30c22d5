"""Which requests a policy or webhook is about: rules, namespace and object selectors.

Mirrors ``apiserver/pkg/admission/plugin/policy/matching`` and ``.../webhook/predicates/rules``.
"""

from k8s_tutor.apimachinery import labels
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.store import Store
from k8s_tutor.sim.registry.attributes import Attributes


def matches(constraints: Json, attributes: Attributes, namespace: Json | None) -> bool:
    """Whether a request fits ``matchConstraints`` (or a binding's ``matchResources``)."""
    if not _selects(constraints.get("namespaceSelector"), namespace, cluster_wide=not attributes.namespace):
        return False
    objects = [obj for obj in (attributes.obj, attributes.old) if obj is not None]
    selector = constraints.get("objectSelector")
    if selector and not any(_selects(selector, obj) for obj in objects):
        return False
    if any(_rule_fits(rule, attributes) for rule in constraints.get("excludeResourceRules") or ()):
        return False
    rules = constraints.get("resourceRules")
    return not rules or any(_rule_fits(rule, attributes) for rule in rules)


def namespace_of(store: Store, attributes: Attributes) -> Json | None:
    """Return the namespace that a request is in, or is about."""
    if attributes.resource.name == "namespaces":
        return attributes.obj or attributes.old
    entry = store.get("namespaces", "", attributes.namespace) if attributes.namespace else None
    return entry.obj if entry else None


def _selects(selector: Json | None, obj: Json | None, *, cluster_wide: bool = False) -> bool:
    if not selector or (obj is None and cluster_wide):
        return True
    found = ((obj or {}).get("metadata") or {}).get("labels") or {}
    return labels.from_label_selector(selector).matches(found)


def _rule_fits(rule: Json, attributes: Attributes) -> bool:
    resource = attributes.resource
    names = rule.get("resourceNames")
    if names and attributes.name not in names:
        return False
    scope = rule.get("scope") or "*"
    if scope != "*" and (scope == "Namespaced") != resource.namespaced:
        return False
    return (
        _fits(rule.get("operations"), attributes.operation)
        and _fits(rule.get("apiGroups"), resource.group)
        and _fits(rule.get("apiVersions"), resource.version)
        and any(_resource_fits(name, resource.plural, attributes.subresource) for name in rule.get("resources") or ())
    )


def _fits(wanted: list[str] | None, value: str) -> bool:
    return bool(wanted) and ("*" in (wanted or ()) or value in (wanted or ()))


def _resource_fits(pattern: str, plural: str, subresource: str) -> bool:
    name, _, sub = pattern.partition("/")
    if pattern == "*/*":
        return True
    return name in {"*", plural} and sub in {subresource, "*"}
