"""What admission policies have in common: parameters, variables and bindings.

Upstream: ``pkg/apis/admissionregistration/validation``.
"""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.admission import admission_rules
from k8s_tutor.sim.resources.shared.admission.expressions import Expressions, is_identifier
from k8s_tutor.sim.resources.shared.admission.registration import RegistrationStrategy
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.label_checks import check_selector

_EXCLUSIVE = "name and selector are mutually exclusive"
_NOT_FOUND_ACTIONS = ("Deny", "Allow")


def check_param_kind(v: At) -> None:
    """Check the kind of a policy's parameters."""
    version = v.text("apiVersion")
    if not version:
        v.required("apiVersion")
    elif version.count("/") > 1:
        v.invalid("apiVersion", f"unexpected GroupVersion string: {version}")
    else:
        _check_group_version(v, version)
    kind = v.text("kind")
    if not kind:
        v.required("kind")
    elif complaints := names.is_dns1035_label(kind.lower()):
        v.invalid("kind", f"may have mixed case, but should otherwise match: {','.join(complaints)}")


def _check_group_version(v: At, text: str) -> None:
    group, _, version = text.rpartition("/")
    if group and (complaints := names.is_dns1123_subdomain(group)):
        v.invalid("apiVersion", ",".join(complaints), group)
    if not version:
        v.invalid("apiVersion", "version must be specified")
    elif complaints := names.is_dns1035_label(version):
        v.invalid("apiVersion", ",".join(complaints), version)


def check_variables(v: At, expressions: Expressions) -> None:
    """Check the variables of a policy; each may use those before it."""
    for variable in v.each("variables"):
        if not variable.text("name").strip():
            variable.required("name", "name is not specified")
        elif not is_identifier(variable.text("name")):
            variable.invalid("name", "must be a valid CEL identifier")
        if not variable.text("expression").strip():
            variable.required("expression", "expression is not specified")
        else:
            expressions.check(variable, "expression", variable.text("expression"), (), composed=True)
            expressions.declare(variable.text("name"), variable.text("expression"))


def check_param_ref(v: At) -> None:
    """Check which parameters a binding takes."""
    if not v:
        return
    name, selector = v.text("name"), v.get("selector")
    if name:
        v.judge("name", names.is_path_segment)
        if selector is not None:
            v.forbidden("name", _EXCLUSIVE)
    if selector is not None:
        check_selector(v.at("selector"))
        if name:
            v.forbidden("selector", _EXCLUSIVE)
    if not name and selector is None:
        v.required("", "one of name or selector must be specified")
    v.one_of("parameterNotFoundAction", _NOT_FOUND_ACTIONS, required=True)


class PolicyStrategy(RegistrationStrategy):
    """A kind of admission policy."""

    def default(self, obj: Json) -> None:
        spec = obj.setdefault("spec", {})
        if spec.get("failurePolicy") is None:
            spec["failurePolicy"] = "Fail"
        admission_rules.default_match_resources(spec.get("matchConstraints"))

    def begin_spec(self, spec: At) -> None:
        """Check what stands before the match conditions."""
        spec.one_of("failurePolicy", admission_rules.FAILURE_POLICIES, required=True)
        if spec.get("paramKind") is not None:
            check_param_kind(spec.at("paramKind"))
        match = spec.at("matchConstraints")
        if not match:
            spec.required("matchConstraints")
        else:
            admission_rules.check_match_resources(match)
            match.need("resourceRules")

    def policy_row(self, obj: Json, now: float, items: str) -> list[Any]:
        """Return the cells of a policy with a number of such items."""
        spec = obj.get("spec") or {}
        kind = spec.get("paramKind")
        shown = table.UNSET if kind is None else f"{kind.get('apiVersion') or ''}/{kind.get('kind') or ''}"
        return [obj["metadata"]["name"], len(spec.get(items) or ()), shown, table.created(obj, now)]


class BindingStrategy(RegistrationStrategy):
    """A kind that binds an admission policy."""

    columns = table.table(
        table.NAME,
        table.plain("PolicyName", "PolicyName indicates the policy definition which the policy binding binded to"),
        table.plain("ParamRef", "ParamRef indicates the param resource which sets the configuration param"),
        table.AGE,
    )

    def default(self, obj: Json) -> None:
        admission_rules.default_match_resources((obj.get("spec") or {}).get("matchResources"))

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        spec.judge_if("policyName", names.is_dns1123_subdomain)
        check_param_ref(spec.at("paramRef"))
        admission_rules.check_match_resources(spec.at("matchResources"))

    def row(self, obj: Json, now: float) -> list[Any]:
        spec = obj.get("spec") or {}
        return [
            obj["metadata"]["name"],
            spec.get("policyName") or "",
            _param_text(spec.get("paramRef")),
            table.created(obj, now),
        ]


def _param_text(ref: Json | None) -> str:
    if ref is None:
        return table.UNSET
    if ref.get("name"):
        return f"{ref.get('namespace') or '*'}/{ref['name']}"
    return table.UNSET if ref.get("selector") is None else _selector_struct(ref["selector"])


def _selector_struct(selector: Json) -> str:
    labels = "".join(f"{key}: {value}," for key, value in sorted((selector.get("matchLabels") or {}).items()))
    shown = "".join(
        f"LabelSelectorRequirement{{Key:{item.get('key', '')},Operator:{item.get('operator', '')},"
        f"Values:[{' '.join(item.get('values') or ())}],}},"
        for item in selector.get("matchExpressions") or ()
    )
    return (
        f"&LabelSelector{{MatchLabels:map[string]string{{{labels}}},"
        f"MatchExpressions:[]LabelSelectorRequirement{{{shown}}},}}"
    )
