"""ValidatingAdmissionPolicyBindings (upstream: ``registry/admissionregistration/validatingadmissionpolicybinding``)."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.admission import policies
from k8s_tutor.sim.resources.shared.check import At

_ACTIONS = ("Audit", "Deny", "Warn")
_TWICE = (
    "must not contain both Deny and Warn (repeating the same validation failure information in the API response and "
    "headers serves no purpose)"
)


class ValidatingAdmissionPolicyBindingStrategy(policies.BindingStrategy):
    """The kind ValidatingAdmissionPolicyBinding."""

    resource = "validatingadmissionpolicybindings.admissionregistration.k8s.io"
    allow_unconditional_update = False

    def check(self, v: At, old: Json | None) -> None:
        super().check(v, old)
        spec = v.at("spec")
        seen: set[str] = set()
        for action in spec.each("validationActions"):
            if action.value not in _ACTIONS:
                action.unsupported("", _ACTIONS)
            if action.value in seen:
                action.duplicate()
            seen.add(action.value)
        if {"Deny", "Warn"} <= seen:
            spec.invalid("validationActions", _TWICE)

    def declared(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        spec.need("policyName")
        spec.need("validationActions")
