"""Pods get their priority from their class (``plugin/pkg/admission/priority``)."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.admission.plugin import Plugin, refused
from k8s_tutor.sim.machinery.status import forbidden
from k8s_tutor.sim.registry.attributes import Attributes

CLASSES = "priorityclasses.scheduling.k8s.io"
PREEMPT = "PreemptLowerPriority"


class Priority(Plugin):
    """Resolves ``priorityClassName``; guards the one global default."""

    name = "Priority"
    resources = frozenset(("pods", CLASSES))

    def admit(self, attributes: Attributes) -> None:
        pod = attributes.obj
        if attributes.resource.name != "pods" or pod is None or attributes.subresource:
            return
        if attributes.operation == "UPDATE":
            self._keep(pod, attributes.old or {})
            return
        spec = pod["spec"]
        name = spec.get("priorityClassName", "")
        if not name:
            default = self._default()
            name, value, policy = default or ("", 0, PREEMPT)
            if name:
                spec["priorityClassName"] = name
        else:
            entry = self.store.get(CLASSES, "", name)
            if entry is None:
                raise refused(attributes, f"no PriorityClass with name {name} was found")
            value, policy = entry.obj.get("value", 0), entry.obj.get("preemptionPolicy", PREEMPT)
        self._set(attributes, spec, value, policy)

    def validate(self, attributes: Attributes) -> None:
        obj = attributes.obj
        if attributes.resource.name != CLASSES or obj is None or not obj.get("globalDefault"):
            return
        for entry in self.store.entries(CLASSES):
            other = entry.obj
            if other.get("globalDefault") and other["metadata"]["name"] != attributes.name:
                why = (
                    f"PriorityClass {other['metadata']['name']} is already marked as default. "
                    "Only one default can exist"
                )
                raise forbidden(attributes.resource.plural, attributes.resource.group, attributes.name, why)

    def _default(self) -> tuple[str, int, str] | None:
        found = [entry.obj for entry in self.store.entries(CLASSES) if entry.obj.get("globalDefault")]
        if not found:
            return None
        lowest = min(found, key=lambda obj: obj.get("value", 0))
        return lowest["metadata"]["name"], lowest.get("value", 0), lowest.get("preemptionPolicy", PREEMPT)

    def _set(self, attributes: Attributes, spec: Json, value: int, policy: str) -> None:
        if spec.get("priority") is not None and spec["priority"] != value:
            why = (
                f"the integer value of priority ({spec['priority']}) must not be provided in pod spec; "
                f"priority admission controller computed {value} from the given PriorityClass name"
            )
            raise refused(attributes, why)
        if spec.get("preemptionPolicy") is not None and spec["preemptionPolicy"] != policy:
            why = (
                f"the string value of PreemptionPolicy ({spec['preemptionPolicy']}) must not be provided in pod spec; "
                f"priority admission controller computed {policy} from the given PriorityClass name"
            )
            raise refused(attributes, why)
        spec["priority"], spec["preemptionPolicy"] = value, policy

    def _keep(self, pod: Json, old: Json) -> None:
        """An update that leaves the computed fields out keeps them."""
        for key in ("priority", "preemptionPolicy"):
            if pod["spec"].get(key) is None and (old.get("spec") or {}).get(key) is not None:
                pod["spec"][key] = old["spec"][key]
