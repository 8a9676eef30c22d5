"""ValidatingAdmissionPolicies (upstream: ``registry/admissionregistration/validatingadmissionpolicy``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.strategy import RequestContext
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.admission import admission_rules, policies
from k8s_tutor.sim.resources.shared.admission.expressions import Expressions
from k8s_tutor.sim.resources.shared.apps.conditions import check_conditions
from k8s_tutor.sim.resources.shared.check import At

_REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge")
_EMPTY = "validations or auditAnnotations must contain at least one item"
_BLANK = "must be non-empty if specified"
_MAX_ANNOTATIONS, _MAX_ANNOTATION = 20, 5 * 1024


def _old_expressions(spec: Json) -> frozenset[str]:
    found = [item.get("expression") or "" for item in spec.get("validations") or ()]
    found += [item.get("messageExpression") or "" for item in spec.get("validations") or ()]
    found += [(item.get("expression") or "").strip() for item in spec.get("matchConditions") or ()]
    found += [(item.get("valueExpression") or "").strip() for item in spec.get("auditAnnotations") or ()]
    return frozenset(found)


class ValidatingAdmissionPolicyStrategy(policies.PolicyStrategy):
    """The kind ValidatingAdmissionPolicy."""

    resource = "validatingadmissionpolicies.admissionregistration.k8s.io"
    allow_unconditional_update = False
    has_status = True
    columns = table.table(
        table.NAME,
        table.plain(
            "Validations",
            "Validations indicates the number of validation rules defined in this configuration",
            "integer",
        ),
        table.plain("ParamKind", "ParamKind specifies the kind of resources used to parameterize this policy"),
        table.AGE,
    )

    def prepare_create(self, ctx: RequestContext, obj: Json) -> None:
        obj["status"] = {}

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        params = spec.get("paramKind") is not None
        kept = _old_expressions((old or {}).get("spec") or {})
        self.begin_spec(spec)
        expressions = Expressions(params=params, composed=bool(spec.get("variables")), kept=kept)
        admission_rules.check_conditions(spec, expressions)
        policies.check_variables(spec, expressions)
        if not spec.get("validations") and not spec.get("auditAnnotations"):
            spec.required("validations", _EMPTY)
            spec.required("auditAnnotations", _EMPTY)
            return
        for validation in spec.each("validations"):
            _check_validation(validation, expressions)
        _check_annotations(spec, v.at("metadata").text("name"), expressions)

    def check_status(self, v: At, old: Json) -> None:
        status = v.at("status")
        for warning in status.at("typeChecking").each("expressionWarnings"):
            warning.need("warning")
            if not warning.text("fieldRef").strip():
                warning.required("fieldRef")
        check_conditions(status)

    def row(self, obj: Json, now: float) -> list[Any]:
        return self.policy_row(obj, now, "validations")


def _check_validation(v: At, expressions: Expressions) -> None:
    expression, message, words = v.text("expression"), v.text("message"), v.text("messageExpression")
    if not expression.strip():
        v.required("expression", "expression is not specified")
    else:
        expressions.check(v, "expression", expression, ("bool",))
    if words and not words.strip():
        v.invalid("messageExpression", _BLANK)
    elif words:
        expressions.check(v, "messageExpression", words, ("string",), authorizer=False)
    if message and not message.strip():
        v.invalid("message", _BLANK)
    elif "\n" in message.strip() or "\r" in message.strip():
        v.invalid("message", "must not contain line breaks")
    v.one_of_if("reason", _REASONS)


def _check_annotations(spec: At, name: str, expressions: Expressions) -> None:
    annotations = spec.get("auditAnnotations") or []
    if len(annotations) > _MAX_ANNOTATIONS:
        spec.invalid("auditAnnotations", f"must not have more than {_MAX_ANNOTATIONS} auditAnnotations")
    keys: set[str] = set()
    for annotation in spec.each("auditAnnotations"):
        key, expression = annotation.text("key"), annotation.text("valueExpression").strip()
        if name:
            annotation.judge("key", names.is_qualified_name, f"{name}/{key}")
        else:
            annotation.invalid_text("key", "requires metadata.name be non-empty")
        if not expression:
            annotation.required("valueExpression", "valueExpression is not specified")
        elif len(expression.encode()) > _MAX_ANNOTATION:
            annotation.required("valueExpression", f"must not exceed {_MAX_ANNOTATION} bytes in length")
        else:
            shown = annotation.text("valueExpression")
            expressions.check(annotation, "valueExpression", expression, ("string", "null_type"), shown=shown)
        if key in keys:
            annotation.duplicate("key")
        keys.add(key)
