"""FlowSchemas: which requests belong to which priority level (upstream: ``registry/flowcontrol/flowschema``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import WithStatus
from k8s_tutor.sim.resources.shared.check import At

_METHODS = ("ByNamespace", "ByUser")
_SUBJECTS = {"Group": "group", "ServiceAccount": "serviceAccount", "User": "user"}
_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch")
_MAX_PRECEDENCE = 10000
_NAMESPACE = "each member of this list must be '*' or a DNS-1123 label; "


def _check_wildcard(v: At, name: str, empty: str, others: str) -> bool:
    """Check a list that may be just ``*``; tells whether its items are still to be checked."""
    items = v.get(name) or []
    if not items:
        v.required(name, empty)
    elif "*" in items and len(items) > 1:
        v.invalid(name, f"if '*' is present, must not specify other {others}")
    return bool(items) and "*" not in items


def _url_problem(url: str) -> str:
    if not url:
        return "must not be empty"
    if url == "/":
        return ""
    for bad, problem in (
        (not url.startswith("/"), "must start with slash"),
        (" " in url, "must not contain white-space"),
        ("//" in url, "must not contain double slash"),
        (url.count("*") > 1 or ("*" in url and not url.endswith("/*")), "wildcard can only do suffix matching"),
    ):
        if bad:
            return problem
    return ""


class FlowSchemaStrategy(WithStatus):
    """The kind FlowSchema."""

    resource = "flowschemas.flowcontrol.apiserver.k8s.io"
    columns = table.table(
        table.NAME,
        table.doc("flowcontrol.v1", "PriorityLevelConfigurationReference", "name", "PriorityLevel"),
        table.doc("flowcontrol.v1", "FlowSchemaSpec", "matchingPrecedence", "MatchingPrecedence"),
        table.doc("flowcontrol.v1", "FlowSchemaSpec", "distinguisherMethod", "DistinguisherMethod"),
        table.AGE,
        table.plain("MissingPL", "references a broken or non-existent PriorityLevelConfiguration"),
    )

    def default(self, obj: Json) -> None:
        spec = obj.setdefault("spec", {})
        if not spec.get("matchingPrecedence"):
            spec["matchingPrecedence"] = 1000

    def check(self, v: At, old: Json | None) -> None:
        spec, field = v.at("spec"), "matchingPrecedence"
        precedence = spec.number(field)
        if precedence <= 0:
            spec.invalid(field, "must be a positive value", precedence)
        if precedence > _MAX_PRECEDENCE:
            spec.invalid(field, f"must not be greater than {_MAX_PRECEDENCE}")
        if precedence == 1 and v.at("metadata").text("name") != "exempt":
            spec.invalid(field, "only the schema named 'exempt' may have matchingPrecedence 1")
        method = spec.get("distinguisherMethod")
        if method is not None and method.get("type") not in _METHODS:
            shown = {"Type": method.get("type") or ""}
            spec.at("distinguisherMethod").unsupported("type", _METHODS, shown)
        level = spec.at("priorityLevelConfiguration")
        if level.need("name", "must reference a priority level"):
            level.judge("name", names.is_dns1123_subdomain)
        for rule in spec.each("rules"):
            self._check_rule(rule)
        self.check_status(v, old or {})

    def check_status(self, v: At, old: Json) -> None:
        check_condition_types(v.at("status"))

    def _check_rule(self, v: At) -> None:
        v.need("subjects", "subjects must contain at least one value")
        for subject in v.each("subjects"):
            self._check_subject(subject)
        if not v.get("resourceRules") and not v.get("nonResourceRules"):
            v.required("", "at least one of resourceRules and nonResourceRules has to be non-empty")
        for rule in v.each("resourceRules"):
            self._check_verbs(rule)
            _check_wildcard(rule, "apiGroups", "resource rules must supply at least one api group", "api groups")
            _check_wildcard(rule, "resources", "resource rules must supply at least one resource", "resources")
            self._check_namespaces(rule)
        for rule in v.each("nonResourceRules"):
            self._check_verbs(rule)
            empty = "nonResourceURLs must contain at least one value"
            if _check_wildcard(rule, "nonResourceURLs", empty, "non-resource URLs"):
                for url in rule.each("nonResourceURLs"):
                    problem = _url_problem(url.value)
                    if problem:
                        url.invalid("", problem)

    def _check_verbs(self, v: At) -> None:
        if _check_wildcard(v, "verbs", "verbs must contain at least one value", "verbs"):
            verbs = v.get("verbs")
            if not set(verbs) <= set(_VERBS):
                v.unsupported("verbs", _VERBS)

    def _check_namespaces(self, v: At) -> None:
        if v.get("clusterScope") and not v.get("namespaces"):
            return
        empty = "resource rules that are not cluster scoped must supply at least one namespace"
        if _check_wildcard(v, "namespaces", empty, "namespaces"):
            for namespace in v.each("namespaces"):
                for complaint in names.is_dns1123_label(namespace.value):
                    namespace.invalid("", _NAMESPACE + complaint)

    def _check_subject(self, v: At) -> None:
        kind = v.text("kind")
        if kind not in _SUBJECTS:
            v.unsupported("kind", tuple(_SUBJECTS))
            return
        field = _SUBJECTS[kind]
        subject = v.at(field)
        if subject.value is None:
            v.required(field, f"{field} is required when subject kind is '{kind}'")
        else:
            if subject.need("name") and kind == "ServiceAccount" and subject.text("name") != "*":
                subject.judge("name", names.is_dns1123_subdomain)
            if kind == "ServiceAccount" and subject.need("namespace", "must specify namespace for service account"):
                subject.judge("namespace", names.is_dns1123_label)
        for other in ("ServiceAccount", "User", "Group"):
            name = _SUBJECTS[other]
            if other != kind and v.get(name) is not None:
                v.forbidden(name, f"{name} is forbidden when subject kind is not '{other}'")

    def row(self, obj: Json, now: float) -> list[Any]:
        spec = obj.get("spec") or {}
        method = spec.get("distinguisherMethod")
        conditions = (obj.get("status") or {}).get("conditions") or ()
        missing = [item.get("status") or "" for item in conditions if item.get("type") == "Dangling"]
        return [
            obj["metadata"]["name"],
            (spec.get("priorityLevelConfiguration") or {}).get("name") or "",
            spec.get("matchingPrecedence") or 0,
            table.NONE if method is None else method.get("type") or "",
            table.created(obj, now),
            missing[0] if missing else "?",
        ]


def check_condition_types(status: At) -> None:
    """Each condition has a type, and no other has the same."""
    seen: set[str] = set()
    for condition in status.each("conditions"):
        kind = condition.text("type")
        if kind in seen:
            condition.duplicate("type", kind)
        seen.add(kind)
        condition.need("type")
