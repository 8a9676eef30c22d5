"""MutatingAdmissionPolicies (upstream: ``registry/admissionregistration/mutatingadmissionpolicy``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.admission import admission_rules, policies
from k8s_tutor.sim.resources.shared.admission.expressions import Expressions
from k8s_tutor.sim.resources.shared.check import At

_PATCH_TYPES = {"ApplyConfiguration": "applyConfiguration", "JSONPatch": "jsonPatch"}
_RESULTS = {"ApplyConfiguration": "Object", "JSONPatch": "list(JSONPatch)"}


class MutatingAdmissionPolicyStrategy(policies.PolicyStrategy):
    """The kind MutatingAdmissionPolicy."""

    resource = "mutatingadmissionpolicies.admissionregistration.k8s.io"
    allow_unconditional_update = False
    columns = table.table(
        table.NAME,
        table.plain(
            "Mutations", "Mutation indicates the number of mutations rules defined in this configuration", "integer"
        ),
        table.plain("ParamKind", "ParamKind specifies the kind of resources used to parameterize this policy"),
        table.AGE,
    )

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        self.begin_spec(spec)
        admission_rules.check_mutating_operations(spec, "matchConstraints")
        expressions = Expressions(params=spec.get("paramKind") is not None, composed=True)
        admission_rules.check_conditions(spec, expressions)
        policies.check_variables(spec, expressions)
        if not spec.get("mutations"):
            spec.required("mutations", "mutations must contain at least one item")
        for mutation in spec.each("mutations"):
            _check_mutation(mutation, expressions)
        spec.one_of("reinvocationPolicy", admission_rules.REINVOCATION_POLICIES, required=True)

    def row(self, obj: Json, now: float) -> list[Any]:
        return self.policy_row(obj, now, "mutations")


def _check_mutation(v: At, expressions: Expressions) -> None:
    """Check one mutation: its type says which of the two expressions it has."""
    kind = v.text("patchType")
    if not v.need("patchType"):
        return
    if kind not in _PATCH_TYPES:
        v.unsupported("patchType", _PATCH_TYPES)
        return
    for name, field in sorted(_PATCH_TYPES.items(), key=lambda item: item[0] != kind):
        if name == kind:
            if v.get(field) is None:
                v.required(field, f"must be specified when patchType is {kind}")
            elif not v.at(field).text("expression").strip():
                v.at(field).required("expression")
            else:
                expressions.check_initializers(v.at(field), v.at(field).text("expression").strip(), _RESULTS[name])
        elif v.get(field) is not None:
            v.invalid(field, f"must not be specified when patchType is {kind}", f"{{{field}}}")
