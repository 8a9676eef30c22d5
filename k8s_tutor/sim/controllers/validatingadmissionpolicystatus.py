"""Policies' status: what of their expressions can not fit the kinds they match.

Mirrors ``pkg/controller/validatingadmissionpolicystatus``; what does not compile at all is refused when the policy is
written.
"""

from k8s_tutor.apimachinery.schema import type_for
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers.base import Controller

POLICIES = "validatingadmissionpolicies.admissionregistration.k8s.io"


class PolicyStatusController(Controller):
    """Applies ``observedGeneration`` and ``typeChecking``."""

    name = "validatingadmissionpolicy-status-controller"
    manager = "validatingadmissionpolicy-status"

    def setup(self) -> None:
        self.watch_keys(POLICIES)

    def reconcile(self, namespace: str, name: str) -> None:
        policy = self.client.get(POLICIES, name)
        if policy is None:
            return
        generation = policy["metadata"].get("generation", 0)
        if (policy.get("status") or {}).get("observedGeneration") == generation:
            return
        found = self._warnings(policy)
        status = {"observedGeneration": generation, "typeChecking": {"expressionWarnings": found} if found else {}}
        self.client.apply(POLICIES, {"metadata": {"name": name}, "status": status}, "status")

    def _warnings(self, policy: Json) -> list[Json]:
        from k8s_tutor.sim.resources.shared.admission import typechecking  # brings CEL along: 50 ms

        named = set(typechecking.matched(policy))
        kinds = [
            typechecking.Kind(resource.group, resource.version, resource.kind, resource.schema)
            for resource in self.kit.rest.scheme
            if (resource.group, resource.version, resource.plural) in named and resource.schema is not None
        ]
        params = (policy.get("spec") or {}).get("paramKind") or {}
        group, _, version = (params.get("apiVersion") or "").rpartition("/")
        return typechecking.warnings(policy, kinds, type_for(group, version, params.get("kind") or ""))
