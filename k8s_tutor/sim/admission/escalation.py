"""Roles and bindings are checked for escalation as they are written (upstream does it in their storage)."""

from k8s_tutor.sim.admission.plugin import Plugin
from k8s_tutor.sim.auth.escalation import CHECKED, Escalation
from k8s_tutor.sim.registry.attributes import Attributes


class RbacEscalation(Plugin):
    """Refuses to give away more than the writer holds."""

    name = "RbacEscalation"
    resources = CHECKED

    def admit(self, attributes: Attributes) -> None:
        Escalation(self.authorizer.rbac).check(attributes)
