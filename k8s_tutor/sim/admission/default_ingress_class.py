"""Ingresses without a class get the default one (``plugin/pkg/admission/network/defaultingressclass``)."""

from k8s_tutor.sim.admission.default_storage_class import is_default
from k8s_tutor.sim.admission.plugin import Plugin
from k8s_tutor.sim.registry.attributes import Attributes

CLASSES = "ingressclasses.networking.k8s.io"
DEFAULT = ("ingressclass.kubernetes.io/is-default-class",)
OLD = "kubernetes.io/ingress.class"


class DefaultIngressClass(Plugin):
    """Sets ``ingressClassName``; of several default classes the newest, then the first by name."""

    name = "DefaultIngressClass"
    resources = frozenset(("ingresses.networking.k8s.io",))
    operations = frozenset(("CREATE",))

    def admit(self, attributes: Attributes) -> None:
        ingress = attributes.obj
        if ingress is None or attributes.subresource or OLD in (ingress["metadata"].get("annotations") or {}):
            return
        if (ingress.get("spec") or {}).get("ingressClassName") is not None:
            return
        defaults = [entry.obj for entry in self.store.entries(CLASSES) if is_default(entry.obj, DEFAULT)]
        if defaults:
            newest = max(obj["metadata"]["creationTimestamp"] for obj in defaults)
            chosen = next(obj for obj in defaults if obj["metadata"]["creationTimestamp"] == newest)
            ingress.setdefault("spec", {})["ingressClassName"] = chosen["metadata"]["name"]
