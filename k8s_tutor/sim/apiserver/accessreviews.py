"""May she? ``SubjectAccessReview`` and its companions, which ask the authorizer and answer in their status.

Mirrors ``pkg/registry/authorization`` and ``pkg/apis/authorization/validation``.
"""

from collections.abc import Callable
from dataclasses import replace

from k8s_tutor.apimachinery import fields, labels
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.auth.access import Access
from k8s_tutor.sim.auth.node import is_node
from k8s_tutor.sim.auth.rbac import aggregate
from k8s_tutor.sim.machinery.status import FieldError, bad_request
from k8s_tutor.sim.registry.strategy import UserInfo
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.gotext import Struct
from k8s_tutor.sim.resources.shared.label_checks import check_requirement, parse

GROUP = "authorization.k8s.io"
ONE_OF = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
TWO_WAYS = "may not specified at the same time as requirements"
ENTRY = ("manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1", "subresource")
NOTHING: Json = {}
NO_NODE_RULES = "node authorizer does not support user rule resolution"


# -- checks


def self_access_errors(body: Json) -> list[FieldError]:
    """Check a SelfSubjectAccessReview."""
    errors: list[FieldError] = []
    _check_selectors(_check_kind(At(errors, "spec", body.get("spec") or NOTHING)))
    _check_metadata(errors, body, "must be empty")
    return errors


def subject_access_errors(body: Json) -> list[FieldError]:
    """Check a SubjectAccessReview."""
    errors: list[FieldError] = []
    _check_subject(At(errors, "spec", body.get("spec") or NOTHING))
    _check_metadata(errors, body, "must be empty")
    return errors


def local_access_errors(body: Json) -> list[FieldError]:
    """Check a LocalSubjectAccessReview."""
    errors: list[FieldError] = []
    spec = At(errors, "spec", body.get("spec") or NOTHING)
    _check_subject(spec)
    _check_metadata(errors, body, "must be empty except for namespace", "namespace")
    wanted = spec.at("resourceAttributes")
    if wanted and wanted.text("namespace") != body["metadata"].get("namespace", ""):
        wanted.invalid_text("namespace", "must match metadata.namespace")
    if spec.get("nonResourceAttributes") is not None:
        spec.invalid(
            "nonResourceAttributes", "disallowed on this kind of request", _shown(spec.get("nonResourceAttributes"))
        )
    return errors


def _check_kind(spec: At) -> At:
    wanted, other = spec.at("resourceAttributes"), spec.at("nonResourceAttributes")
    if bool(wanted) == bool(other):
        spec.invalid("", ONE_OF, _shown(other.value))
    return wanted


def _shown(attributes: Json | None) -> Struct | None:
    """Return attributes of a path as Go prints the internal type, whose fields have no names of their own in JSON."""
    if attributes is None:
        return None
    return Struct({"Path": attributes.get("path", ""), "Verb": attributes.get("verb", "")})


def _check_subject(spec: At) -> None:
    wanted = _check_kind(spec)
    if not spec.text("user") and not spec.get("groups"):
        spec.invalid_text("user", "at least one of user or group must be specified")
    _check_selectors(wanted)


def _check_metadata(errors: list[FieldError], body: Json, why: str, *allowed: str) -> None:
    meta = {key: value for key, value in body["metadata"].items() if value}
    if set(meta) - {*allowed, "managedFields"}:
        order = ("name", "generateName", "namespace", "labels", "annotations", "finalizers", "managedFields")
        shown = Struct({key: meta[key] for key in order if key in meta})
        if "managedFields" in shown:
            shown["managedFields"] = [
                Struct({key: entry[key] for key in ENTRY if key in entry}) for entry in meta["managedFields"]
            ]
        At(errors, "metadata", shown).invalid("", why)


def _check_selectors(wanted: At) -> None:
    for name, check in (("fieldSelector", _check_field_requirement), ("labelSelector", _check_label_requirement)):
        selector = wanted.at(name)
        if not selector:
            continue
        raw, requirements = selector.text("rawSelector"), selector.get("requirements")
        if raw and requirements:
            selector.invalid("rawSelector", TWO_WAYS)
        if not raw and not requirements:
            selector.required(
                "requirements", f"when {selector.path} is specified, requirements or rawSelector is required"
            )
        for requirement in selector.each("requirements"):
            check(requirement)


def _check_field_requirement(requirement: At) -> None:
    if not requirement.text("key"):
        requirement.required("key", "must be specified")
    operator, values = requirement.text("operator"), requirement.get("values")
    if operator in {"In", "NotIn"} and not values:
        requirement.required("values", "must be specified when `operator` is 'In' or 'NotIn'")
    if operator in {"Exists", "DoesNotExist"} and values:
        requirement.forbidden("values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")


def _check_label_requirement(requirement: At) -> None:
    check_requirement(requirement, any_operator=True)


# -- answers


def self_access(call: Call, body: Json) -> Json:
    """Answer a SelfSubjectAccessReview."""
    return _decide(call, body, call.user)


def subject_access(call: Call, body: Json) -> Json:
    """Answer a SubjectAccessReview."""
    spec = body["spec"]
    extra = {key: tuple(values) for key, values in (spec.get("extra") or {}).items()}
    return _decide(
        call, body, UserInfo(spec.get("user", ""), tuple(spec.get("groups") or ()), spec.get("uid", ""), extra)
    )


def local_access(call: Call, body: Json) -> Json:
    """Answer a LocalSubjectAccessReview."""
    if not call.info.namespace:
        raise bad_request("namespace is required on this type: ")
    return subject_access(call, body)


def self_rules(call: Call, body: Json) -> Json:
    """Answer a SelfSubjectRulesReview."""
    namespace = (body.get("spec") or {}).get("namespace", "")
    if not namespace:
        raise bad_request("no namespace on request")
    held = call.server.authorizer.rbac.holdings(call.user, namespace)
    resource_rules: list[Json] = []
    other_rules: list[Json] = []
    for rule in (grant.rule for grant in held.grants):
        if rule.get("resources"):
            keys = ("verbs", "apiGroups", "resources", "resourceNames")
            resource_rules.append({key: rule[key] for key in keys if rule.get(key)})
        if rule.get("nonResourceURLs"):
            other_rules.append({key: rule[key] for key in ("verbs", "nonResourceURLs")})
    errors = [aggregate(held.errors)] if held.missing else []
    node = is_node(call.user.name, call.user.groups)
    if node:
        errors.insert(0, NO_NODE_RULES)
    status: Json = {"resourceRules": resource_rules, "nonResourceRules": other_rules, "incomplete": node}
    if errors:
        status["evaluationError"] = aggregate(errors)
    return body | {"metadata": {}, "spec": {}, "status": status}


def _decide(call: Call, body: Json, user: UserInfo) -> Json:
    spec = body["spec"]
    wanted = spec.get("resourceAttributes")
    errors: list[str] = []
    if wanted is None:
        other = spec["nonResourceAttributes"]
        access = Access(user, other.get("verb", ""), path=other.get("path", ""))
    else:
        access, errors = _resource_access(user, wanted)
    allowed, reason = call.server.authorizer.authorize(access)
    status: Json = {"allowed": allowed}
    body["status"] = status
    if reason:
        status["reason"] = reason
    if errors:
        status["evaluationError"] = "; ".join(errors)
    return body


def _resource_access(user: UserInfo, wanted: Json) -> tuple[Access, list[str]]:
    """Return what is asked for, and which of its selectors could not be read as a whole."""
    access = Access(
        user,
        wanted.get("verb", ""),
        wanted.get("namespace", ""),
        wanted.get("group", ""),
        wanted.get("resource", ""),
        wanted.get("subresource", ""),
        wanted.get("name", ""),
    )
    errors = []
    terms, unread = _field_terms(wanted.get("fieldSelector") or NOTHING)
    for name, some, bad in (("field", terms, unread), ("label", *_label_terms(wanted.get("labelSelector") or NOTHING))):
        if bad:
            ignored = "partially ignored" if some else "ignored"
            errors.append(f"spec.resourceAttributes.{name}Selector {ignored} due to parse error")
    return replace(access, fields=terms), errors


def _field_terms(selector: Json) -> tuple[tuple[fields.Term, ...], bool]:
    """Return the conditions of a field selector, and whether some could not be read."""
    requirements = selector.get("requirements") or ()
    if not requirements:
        try:
            return fields.parse(selector.get("rawSelector", "")).terms, False
        except ValueError:
            return (), True
    read = [item for item in requirements if item.get("operator") in {"In", "NotIn"} and len(item["values"]) == 1]
    terms = tuple(fields.Term(item["key"], item["operator"] == "In", item["values"][0]) for item in read)
    return terms, len(terms) < len(requirements)


def _label_terms(selector: Json) -> tuple[bool, bool]:
    """Return whether some conditions of a label selector could be read, and whether some could not."""
    requirements = selector.get("requirements") or ()
    if not requirements:
        try:
            return bool(labels.parse(selector.get("rawSelector", "")).requirements), False
        except ValueError:
            return False, True
    read = [item for item in requirements if parse({"matchExpressions": [item]}) is not None]
    return bool(read), len(read) < len(requirements)


Handle = Callable[[Call, Json], Json]
Errors = Callable[[Json], list[FieldError]]
REVIEWS: dict[str, tuple[Handle, Errors | None]] = {
    f"selfsubjectaccessreviews.{GROUP}": (self_access, self_access_errors),
    f"subjectaccessreviews.{GROUP}": (subject_access, subject_access_errors),
    f"localsubjectaccessreviews.{GROUP}": (local_access, local_access_errors),
    f"selfsubjectrulesreviews.{GROUP}": (self_rules, None),
}
