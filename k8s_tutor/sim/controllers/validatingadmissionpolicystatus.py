"""Policies' status: that their expressions were looked at (upstream: ``pkg/controller/validatingadmissionpolicystatus``).

The compiler here takes objects for dynamic values, so type checking finds nothing; what does not compile at all is refused
when the policy is written.
"""

from k8s_tutor.sim.controllers.base import Controller

POLICIES = "validatingadmissionpolicies.admissionregistration.k8s.io"


class PolicyStatusController(Controller):
    """Applies ``observedGeneration`` and an empty ``typeChecking``."""

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
        status = {"observedGeneration": generation, "typeChecking": {}}
        self.client.apply(POLICIES, {"metadata": {"name": name}, "status": status}, "status")
