"""MutatingAdmissionPolicyBindings (upstream: ``registry/admissionregistration/mutatingadmissionpolicybinding``)."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.admission import admission_rules, policies
from k8s_tutor.sim.resources.shared.check import At


class MutatingAdmissionPolicyBindingStrategy(policies.BindingStrategy):
    """The kind MutatingAdmissionPolicyBinding."""

    resource = "mutatingadmissionpolicybindings.admissionregistration.k8s.io"
    allow_unconditional_update = False

    def check(self, v: At, old: Json | None) -> None:
        v.at("spec").need("policyName")
        super().check(v, old)
        admission_rules.check_mutating_operations(v.at("spec"), "matchResources")
