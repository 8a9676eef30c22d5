"""A pod's whole status from what was observed (upstream: kubelet's ``generateAPIPodStatus``)."""

from dataclasses import dataclass
from typing import Protocol

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet import conditions, restart_all, spec
from k8s_tutor.sim.kubelet.container_status import StartFailures, Statuses
from k8s_tutor.sim.kubelet.phase import phase_of
from k8s_tutor.sim.kubelet.quality import allocated, effective, qos_class
from k8s_tutor.sim.kubelet.records import Observed


class Readiness(Protocol):
    """What probes say of containers."""

    def started(self, pod: Json, container: Json, status: Json) -> bool:
        """Tell whether the container has started (its startup probe, if any, succeeded)."""

    def ready(self, pod: Json, container: Json, status: Json) -> bool:
        """Tell whether the container is ready."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds the observation.

    Args:
        old: the status reported last (or the API's).
        failures: why containers could not be started.
        host_ip: the node's address.
        override: phase, reason and message by eviction or an exceeded deadline.
        resize: the conditions of a resize.
        over: nothing of the pod will be started again.
        disruption: a DisruptionTarget condition, by eviction or shutdown.
    """

    old: Json
    failures: StartFailures
    host_ip: str
    override: Json | None = None
    resize: tuple[Json, ...] = ()
    over: bool = False
    disruption: Json | None = None


def generate(pod: Json, observed: Observed, probes: Readiness, frame: Frame) -> Json:
    """Return the pod's status."""
    restarting = restart_all.due(pod, observed, frame.old)
    statuses = Statuses(pod, observed, frame.old, frame.failures, restarting_all=restarting)
    init, main, ephemeral = statuses.of("init"), statuses.of("main"), statuses.of("ephemeral")
    initialized = any(
        (view := observed.active(one["name"])) is not None and view.state != "created"
        for _, one in spec.containers(pod, "main")
    )
    phase = phase_of(pod, init + main, over=frame.over, initialized=initialized)
    status: Json = {"observedGeneration": pod["metadata"].get("generation") or 0}
    status |= _phase(pod, phase, frame)
    _judge(pod, probes, init, main)
    present = pod.get("status") or {}
    foreign = [one for one in present.get("conditions") or () if not _owned(one["type"])]
    disruption = [one for one in frame.old.get("conditions") or () if one["type"] == "DisruptionTarget"]
    if frame.disruption is not None:
        disruption = [frame.disruption]
    kept = [one for one in foreign if not disruption or one["type"] != "DisruptionTarget"] + disruption
    status["conditions"] = [
        *kept,
        *frame.resize,
        *conditions.generate(pod, observed, init + main, status["phase"], kept),
        *restart_all.conditions(pod, observed, frame.old, status["phase"]),
    ]
    status |= _addresses(pod, observed, frame)
    for key, found in (
        ("initContainerStatuses", init),
        ("containerStatuses", main),
        ("ephemeralContainerStatuses", ephemeral),
    ):
        if found:
            status[key] = found
    status["qosClass"] = qos_class(pod)
    total = allocated(pod)
    if total:
        status["allocatedResources"] = total
    status["resources"] = effective(pod)
    return status


def _owned(type_: str) -> bool:
    return type_ in conditions.OWNED or type_ in conditions.RESIZE


def _phase(pod: Json, phase: str, frame: Frame) -> Json:
    """Final phases stay; the reason stays with its phase; an override is last."""
    present = pod.get("status") or {}
    if phase not in ("Failed", "Succeeded"):
        for before in (frame.old, present):
            if spec.is_terminal(before):
                phase = before["phase"]
                break
    out: Json = {"phase": phase}
    if phase == frame.old.get("phase"):
        for key in ("reason", "message"):
            value = frame.old.get(key) or present.get(key)
            if value:
                out[key] = value
    if frame.override:
        out |= frame.override
    if spec.is_terminal(present):
        out["phase"] = present["phase"]
    return out


def _judge(pod: Json, probes: Readiness, init: list[Json], main: list[Json]) -> None:
    """Set ``started`` and ``ready`` by the probes' results; ephemeral containers have neither."""
    by_name = {status["name"]: status for status in (*init, *main)}
    for kind, container in spec.containers(pod, "init", "main"):
        status = by_name[container["name"]]
        status["started"] = probes.started(pod, container, status)
        if kind == "init" and not spec.is_sidecar(container):
            ended = status["state"].get("terminated")
            status["ready"] = bool(ended and ended["exitCode"] == 0)
        elif "running" not in status["state"]:
            status["ready"] = False
        elif status["started"]:
            status["ready"] = probes.ready(pod, container, status)


def _addresses(pod: Json, observed: Observed, frame: Frame) -> Json:
    out: Json = {"hostIP": frame.host_ip, "hostIPs": [{"ip": frame.host_ip}]}
    if pod["spec"].get("hostNetwork"):
        address = frame.host_ip
    else:
        address = observed.sandbox.ip if observed.sandbox else frame.old.get("podIP", "")
    if address:
        out |= {"podIP": address, "podIPs": [{"ip": address}]}
    return out
