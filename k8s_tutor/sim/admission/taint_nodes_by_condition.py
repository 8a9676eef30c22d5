"""A new node is tainted as not ready until its kubelet reports (``plugin/pkg/admission/nodetaint``)."""

from k8s_tutor.sim.admission.plugin import Plugin
from k8s_tutor.sim.registry.attributes import Attributes

KEY = "node.kubernetes.io/not-ready"


class TaintNodesByCondition(Plugin):
    """Adds the taint."""

    name = "TaintNodesByCondition"
    resources = frozenset(("nodes",))
    operations = frozenset(("CREATE",))

    def admit(self, attributes: Attributes) -> None:
        node = attributes.obj
        if node is None or attributes.subresource:
            return
        spec = node.get("spec")
        if spec is None:
            spec = node["spec"] = {}
        taints = spec.get("taints") or []
        if not any(taint.get("key") == KEY and taint.get("effect") == "NoSchedule" for taint in taints):
            spec["taints"] = [*taints, {"key": KEY, "effect": "NoSchedule"}]
