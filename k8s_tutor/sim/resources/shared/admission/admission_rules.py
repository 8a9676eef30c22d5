"""What webhooks and admission policies have in common: which requests they match.

Upstream: ``pkg/apis/admissionregistration/validation`` and ``…/v1/defaults.go``.
"""

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.admission.expressions import Expressions
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.label_checks import check_selector

FAILURE_POLICIES = ("Fail", "Ignore")
MATCH_POLICIES = ("Equivalent", "Exact")
REINVOCATION_POLICIES = ("IfNeeded", "Never")
OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
MUTATING_OPERATIONS = ("*", "CONNECT", "CREATE", "UPDATE")
_SCOPES = ("*", "Cluster", "Namespaced")
_MAX_CONDITIONS = 64
STATIC = ".static.k8s.io"
_RESERVED = (
    f'names ending with "{STATIC}" are reserved for static manifest-based configurations and cannot be managed via the '
    "API"
)


def default_matching(match: Json) -> None:
    """Fill in how requests are matched: equivalent versions count, everywhere."""
    if match.get("matchPolicy") is None:
        match["matchPolicy"] = "Equivalent"
    for selector in ("namespaceSelector", "objectSelector"):
        if match.get(selector) is None:
            match[selector] = {}


def default_rules(rules: list[Json] | None) -> None:
    """Fill in the scope of rules."""
    for rule in rules or ():
        if rule.get("scope") is None:
            rule["scope"] = "*"


def default_match_resources(match: Json | None) -> None:
    """Fill in the ``matchConstraints`` of a policy or the ``matchResources`` of a binding."""
    if match is not None:
        default_matching(match)
        default_rules(match.get("resourceRules"))
        default_rules(match.get("excludeResourceRules"))


def check_rule(v: At) -> None:
    """Check one rule: operations, groups, versions, resources, scope."""
    operations = v.get("operations") or []
    v.need("operations")
    if len(operations) > 1 and "*" in operations:
        v.invalid("operations", "if '*' is present, must not specify other operations")
    for operation in v.each("operations"):
        if operation.value not in OPERATIONS:
            operation.unsupported("", OPERATIONS)
    for field, words in (("apiGroups", "API groups"), ("apiVersions", "API versions")):
        items = v.get(field) or []
        v.need(field)
        if len(items) > 1 and "*" in items:
            v.invalid(field, f"if '*' is present, must not specify other {words}")
    for version in v.each("apiVersions"):
        if not version.value:
            version.required()
    _check_resources(v)
    if v.get("scope") is not None and v.get("scope") not in _SCOPES:
        v.unsupported("scope", _SCOPES)


def _check_resources(v: At) -> None:
    resources = v.get("resources") or []
    v.need("resources")
    whole: set[str] = set()  # resources named with all their subresources
    everywhere: set[str] = set()  # subresources named for all resources
    for resource in v.each("resources"):
        text = resource.value
        if not text:
            resource.required()
            continue
        kind, slash, sub = text.partition("/")
        if not slash:
            continue
        if kind in whole:
            resource.invalid("", f"if '{kind}/*' is present, must not specify {text}")
        if sub in everywhere:
            resource.invalid("", f"if '*/{sub}' is present, must not specify {text}")
        if sub == "*":
            whole.add(kind)
        if kind == "*":
            everywhere.add(sub)
    if len(resources) > 1 and "*/*" in resources:
        v.invalid("resources", "if '*/*' is present, must not specify other resources")
    # Whether there is a plain resource is decided by the last one that has no subresource.
    plain = [item for item in resources if item and "/" not in item]
    if "*" in resources and plain and plain[-1] != "*":
        v.invalid("resources", "if '*' is present, must not specify other resources without subresources")


def check_named_rule(v: At) -> None:
    """Check a rule of a policy, which may name objects."""
    seen: set[str] = set()
    for name in v.each("resourceNames"):
        name.judge("", names.is_path_segment)
        if name.value in seen:
            name.duplicate()
        seen.add(name.value)
    check_rule(v)


def check_match_resources(v: At) -> None:
    """Check the requests that a policy or binding is about."""
    if not v:
        return
    v.one_of("matchPolicy", MATCH_POLICIES, required=True)
    for selector in ("namespaceSelector", "objectSelector"):
        if v.get(selector) is None:
            v.required(selector)
        else:
            check_selector(v.at(selector))
    for rules in ("resourceRules", "excludeResourceRules"):
        for rule in v.each(rules):
            check_named_rule(rule)


def check_mutating_operations(v: At, field: str) -> None:
    """Refuse operations that a mutating policy can not take part in."""
    for rule in v.at(field).each("resourceRules"):
        for operation in rule.get("operations") or ():
            if operation not in MUTATING_OPERATIONS:
                v.unsupported(f"{field}.resourceRules.operations", MUTATING_OPERATIONS, operation)


def check_conditions(v: At, expressions: Expressions) -> None:
    """Check the ``matchConditions`` of a webhook or policy."""
    conditions = v.get("matchConditions") or ()
    if len(conditions) > _MAX_CONDITIONS:
        v.too_many("matchConditions", len(conditions), _MAX_CONDITIONS)
    seen: set[str] = set()
    for condition in v.each("matchConditions"):
        expression = condition.text("expression").strip()
        if not expression:
            condition.required("expression")
        else:
            expressions.check(condition, "expression", expression, ("bool",), composed=False)
        if condition.need("name"):
            condition.judge("name", names.is_qualified_name)
            if condition.text("name") in seen:
                condition.duplicate("name")
            seen.add(condition.text("name"))


def check_static_name(v: At, old: Json | None) -> None:
    """Refuse names that configurations in the server's own files have."""
    if old is None and v.at("metadata").text("name").endswith(STATIC):
        v.at("metadata").invalid("name", _RESERVED)


def static_warnings(obj: Json, old: Json | None) -> list[str]:
    """Warn about such a name that is there already."""
    reserved = old is not None and (obj["metadata"].get("name") or "").endswith(STATIC)
    return [f"metadata.name: {_RESERVED}"] if reserved else []
