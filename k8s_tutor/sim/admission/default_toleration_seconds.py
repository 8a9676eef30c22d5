"""Pods tolerate not-ready and unreachable nodes for five minutes (``plugin/pkg/admission/defaulttolerationseconds``)."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.admission.plugin import Plugin
from k8s_tutor.sim.registry.attributes import Attributes

KEYS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
SECONDS = 300


class DefaultTolerationSeconds(Plugin):
    """Adds the two tolerations unless the pod has its own."""

    name = "DefaultTolerationSeconds"
    resources = frozenset(("pods",))

    def admit(self, attributes: Attributes) -> None:
        pod = attributes.obj
        if pod is None or attributes.subresource:
            return
        spec = pod["spec"]
        tolerations = spec.get("tolerations") or []
        missing = [key for key in KEYS if not any(_tolerates(item, key) for item in tolerations)]
        if missing:
            spec["tolerations"] = tolerations + [
                {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": SECONDS}
                for key in missing
            ]


def _tolerates(toleration: Json, key: str) -> bool:
    return toleration.get("key", "") in {key, ""} and toleration.get("effect", "") in {"NoExecute", ""}
