"""One look at a set of pods that are not interchangeable: what DaemonSets and StatefulSets ask of their specs alike."""

from dataclasses import dataclass

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers.pods import is_available


@dataclass(slots=True)
class SetPass:
    """One look at one DaemonSet or StatefulSet, at a time of the cluster."""

    set: Json
    now: float

    @property
    def seconds(self) -> int:
        """How long a pod must be ready to count as available."""
        return int(self.set["spec"].get("minReadySeconds") or 0)

    @property
    def rolling(self) -> Json:
        """The parameters of a rolling update."""
        rolling: Json = self.set["spec"]["updateStrategy"].get("rollingUpdate") or {}
        return rolling

    def available(self, pod: Json) -> bool:
        """Tell whether a pod has been ready for long enough."""
        return is_available(pod, self.seconds, self.now)
