"""Lets pods in: asks the admission rules, makes room for critical pods, reports what is refused."""

from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet import admission, spec, stages
from k8s_tutor.sim.kubelet.conditions import condition
from k8s_tutor.sim.kubelet.eviction import SIGNALS

if TYPE_CHECKING:
    from k8s_tutor.sim.kubelet.kubelet import Kubelet

PREEMPTING = "Preempted in order to admit critical pod"
WHY = "Pod was preempted by Kubelet to accommodate a critical pod."


class Gate:
    """The admission of one kubelet."""

    def __init__(self, kubelet: "Kubelet") -> None:
        self._kubelet = kubelet

    def admit(self, pod: Json) -> bool:
        """Return whether the pod may run; a refusal is reported as its end."""
        kubelet = self._kubelet
        uid = pod["metadata"]["uid"]
        others, used, node = kubelet.others(uid), kubelet.requested(uid), kubelet.reporter.node
        pressure = [name for resource, name in SIGNALS.items() if kubelet.eviction.pressure(resource)]
        refusal = admission.refuse(pod, others, used, node, pressure=pressure, shutting_down=kubelet.shutting_down)
        if refusal is None or self._make_room(pod, others, node, refusal[0]):
            return True
        reason, message = refusal
        kubelet.event(pod, "Warning", reason, message)
        status = {"phase": "Failed", "reason": reason, "message": f"Pod was rejected: {message}"}
        # A refusal takes time: a ReplicaSet's next pod may be refused as well, and so on for as long as the cause stays.
        kubelet.clock.call_later(stages.timing("reject"), kubelet.statuses.reject, pod, status)
        return False

    def _make_room(self, pod: Json, others: list[Json], node: Json, reason: str) -> bool:
        if not spec.is_critical(pod) or not reason.startswith("OutOf"):
            return False
        chosen = admission.victims(pod, others, node)
        for victim in chosen:
            self._preempt(victim)
        return bool(chosen)

    def _preempt(self, pod: Json) -> None:
        meta = pod["metadata"]
        self._kubelet.event(pod, "Warning", "Preempting", PREEMPTING)
        disruption = condition(
            "DisruptionTarget", meta.get("generation") or 0, status=True, reason="TerminationByKubelet", message=WHY
        )
        status = {"phase": "Failed", "reason": "Preempting", "message": PREEMPTING}
        self._kubelet.workers[meta["uid"]].evict(status, None, disruption)
