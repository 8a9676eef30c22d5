"""A pod with a node carries its node's zone and region as labels (``plugin/pkg/admission/podtopologylabels``).

They come with the binding (``registry/subresources/binding.py``) or, for a pod that names its node itself, at its creation;
what the pod says of them is overwritten.
"""

from k8s_tutor.sim.admission.plugin import Plugin
from k8s_tutor.sim.machinery.meta import topology_of
from k8s_tutor.sim.registry.attributes import Attributes


class PodTopologyLabels(Plugin):
    """Copies the labels."""

    name = "PodTopologyLabels"
    resources = frozenset(("pods",))
    operations = frozenset(("CREATE",))

    def admit(self, attributes: Attributes) -> None:
        pod = attributes.obj
        if pod is None or attributes.subresource or not pod["spec"].get("nodeName"):
            return
        node = self.store.get("nodes", "", pod["spec"]["nodeName"])
        copied = topology_of(node.obj) if node else {}
        if copied:
            pod["metadata"].setdefault("labels", {}).update(copied)
