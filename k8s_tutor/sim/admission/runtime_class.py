"""Pods of a runtime class get its overhead and scheduling (``plugin/pkg/admission/runtimeclass``)."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.admission.plugin import Plugin, refused
from k8s_tutor.sim.registry.attributes import Attributes

CLASSES = "runtimeclasses.node.k8s.io"


class RuntimeClass(Plugin):
    """Resolves ``runtimeClassName``."""

    name = "RuntimeClass"
    resources = frozenset(("pods",))
    operations = frozenset(("CREATE",))

    def admit(self, attributes: Attributes) -> None:
        found = self._class(attributes)
        if found is None or attributes.obj is None:
            return
        spec = attributes.obj["spec"]
        overhead = (found.get("overhead") or {}).get("podFixed")
        if overhead:
            if spec.get("overhead") and spec["overhead"] != overhead:
                why = f"pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead: {overhead}"
                raise refused(attributes, why)
            spec["overhead"] = dict(overhead)
        scheduling = found.get("scheduling") or {}
        selector = spec.get("nodeSelector") or {}
        for key, value in (scheduling.get("nodeSelector") or {}).items():
            if selector.get(key, value) != value:
                why = f"pod rejected: conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; "
                raise refused(attributes, f"{why}pod.spec.nodeSelector[{key}] = {selector[key]}")
            selector = selector | {key: value}
        if selector:
            spec["nodeSelector"] = selector
        extra = [t for t in scheduling.get("tolerations") or () if t not in (spec.get("tolerations") or ())]
        if extra:
            spec["tolerations"] = [*(spec.get("tolerations") or ()), *extra]

    def validate(self, attributes: Attributes) -> None:
        found = self._class(attributes)
        spec = (attributes.obj or {}).get("spec") or {}
        if found is None and spec.get("overhead") and not attributes.subresource:
            why = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
            raise refused(attributes, why)

    def _class(self, attributes: Attributes) -> Json | None:
        pod = attributes.obj
        name = (pod or {}).get("spec", {}).get("runtimeClassName")
        if not name or attributes.subresource:
            return None
        entry = self.store.get(CLASSES, "", name)
        if entry is None:
            raise refused(attributes, f'pod rejected: RuntimeClass "{name}" not found')
        return entry.obj
