"""Restarts all containers of a pod in place when one ends with a code that its rule names (``RestartAllContainers``).

The pod first shows the condition ``AllContainersRestarting``; then all its containers are killed and removed, the one
that asked for it last, and the pod starts anew in its sandbox, init containers first (upstream: ``kubelet.SyncPod``,
``kuberuntime``'s ``getContainersToReset``, ``status.GenerateAllContainersRestartingCondition``).
"""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet import spec
from k8s_tutor.sim.kubelet.conditions import RESTARTING_ALL, condition
from k8s_tutor.sim.kubelet.records import Observed, View
from k8s_tutor.sim.kubelet.spec import Kind

STARTED = "RestartAllContainersStarted"
MESSAGE = "container exited with restart policy rule"
TYPE = RESTARTING_ALL


def possible(pod: Json) -> bool:
    """Whether a container has such a rule: only then does the pod show the condition."""
    return any(
        rule.get("action") == "RestartAllContainers"
        for _, container in spec.containers(pod, "init", "main")
        for rule in container.get("restartPolicyRules") or ()
    )


def due(pod: Json, observed: Observed, old: Json) -> bool:
    """Tell whether all containers are to be restarted, or are being."""
    if not possible(pod):
        return False
    if _marked(old):
        return True
    reported = {
        status["name"]: status["state"].get("terminated")
        for status in (*(old.get("initContainerStatuses") or ()), *(old.get("containerStatuses") or ()))
    }
    for _, container in spec.containers(pod, "init", "main"):
        name = container["name"]
        view = observed.latest(name)
        ended = reported.get(name)
        if view is not None and _asks(container, view):
            return True
        if ended and spec.restarts_all(container, ended["exitCode"]):
            return True
    return False


def conditions(pod: Json, observed: Observed, old: Json, phase: str) -> list[Json]:
    """Return the pod's ``AllContainersRestarting``, if it has one."""
    if not possible(pod):
        return []
    generation = pod["metadata"].get("generation") or 0
    if phase in ("Succeeded", "Failed"):
        reason = "PodCompleted" if phase == "Succeeded" else "PodFailed"
        return [condition(TYPE, generation, status=False, reason=reason)]
    if due(pod, observed, old) and any(_views(pod, observed, "init", "main")):
        return [condition(TYPE, generation, status=True, reason=STARTED, message=MESSAGE)]
    return [condition(TYPE, generation, status=False)]


def to_reset(pod: Json, status: Json, observed: Observed) -> list[View]:
    """Return the containers to be removed, in order; none unless the pod's status has the condition."""
    if not _marked(status):
        return []
    order = [*_views(pod, observed, "main"), *_views(pod, observed, "init")]
    return [view for asks, view in order if not asks] + [view for asks, view in order if asks]


def _views(pod: Json, observed: Observed, *kinds: Kind) -> list[tuple[bool, View]]:
    return [
        (_asks(container, view), view)
        for _, container in spec.containers(pod, *kinds)
        for view in observed.containers.get(container["name"], ())
    ]


def _asks(container: Json, view: View) -> bool:
    return view.state == "exited" and spec.restarts_all(container, view.exit_code)


def _marked(status: Json) -> bool:
    return any(one["type"] == TYPE and one["status"] == "True" for one in status.get("conditions") or ())
