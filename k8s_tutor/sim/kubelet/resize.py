"""In-place resize: what is allocated to a pod's containers, and how a wish becomes it (upstream: ``allocation``).

A pod runs with its *allocated* resources. A changed spec is allocated if the node has room (else the resize is pending,
Deferred or Infeasible), then actuated: limits of running containers change, or the container restarts if its
``resizePolicy`` says so.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.kubelet import admission, container_config, spec
from k8s_tutor.sim.kubelet.conditions import condition
from k8s_tutor.sim.kubelet.records import Instance, View
from k8s_tutor.sim.scheduler.requests import Amounts, amounts, pod_requests

if TYPE_CHECKING:
    from k8s_tutor.sim.kubelet.worker import PodWorker

Report = Callable[[Json, str, str, str], None]  # pod, type, reason, message
RESIZABLE = ("cpu", "memory")


class Resizer:
    """One for each kubelet.

    Args:
        node: returns the node.
        used: returns what the pods beside one (by uid) request.
        report: records events about pods.
    """

    def __init__(self, node: Callable[[], Json], used: Callable[[str], Amounts], report: Report) -> None:
        self._node = node
        self._used = used
        self._report = report
        self._allocated: dict[str, dict[str, Json]] = {}
        self._conditions: dict[str, dict[str, Json]] = {}

    def allocated(self, pod: Json) -> Json:
        """Return the pod with the resources that are allocated to it."""
        held = self._allocated.get(pod["metadata"]["uid"])
        if not held:
            return pod
        copy = pod | {"spec": dict(pod["spec"])}
        for field in ("initContainers", "containers"):
            if field in copy["spec"]:
                copy["spec"][field] = [
                    one | {"resources": held[one["name"]]} if one["name"] in held else one
                    for one in copy["spec"][field]
                ]
        return copy

    def changed(self, worker: "PodWorker", before: Json, after: Json) -> None:
        """Notice other resources in the spec, and try to allocate them."""
        uid = worker.uid
        if _resources(before) != _resources(after):
            self._allocated.setdefault(uid, _resources(before))
        if uid in self._allocated:
            self._allocate(worker, after)

    def retry(self, worker: "PodWorker") -> None:
        """Room may have become free: try deferred resizes again."""
        if self._conditions.get(worker.uid, {}).get("PodResizePending"):
            self._allocate(worker, worker.pod)
            worker.wake()

    def _allocate(self, worker: "PodWorker", pod: Json) -> None:
        uid = worker.uid
        found = self._conditions.setdefault(uid, {})
        if self._allocated[uid] == _resources(pod):
            found.pop("PodResizePending", None)
            return
        generation = pod["metadata"].get("generation") or 0
        refusal = self._refusal(pod)
        if refusal is None:
            self._allocated[uid] = clone(_resources(pod))
            found.pop("PodResizePending", None)
            found["PodResizeInProgress"] = condition("PodResizeInProgress", generation, status=True)
            self._report(pod, "Normal", "ResizeStarted", _message("Pod resize started", pod, generation))
            return
        reason, why = refusal
        known = found.get("PodResizePending")
        found["PodResizePending"] = condition("PodResizePending", generation, status=True, reason=reason, message=why)
        if known is None or known["reason"] != reason or known["observedGeneration"] != generation:
            message = _message(f"Pod resize {reason}", pod, generation, why)
            self._report(pod, "Warning", f"Resize{reason}", message)

    def _refusal(self, pod: Json) -> tuple[str, str] | None:
        node = self._node()
        capacity = amounts((node.get("status") or {}).get("allocatable"))
        wanted = pod_requests(pod)
        if spec.is_static(pod):
            return "Infeasible", "In-place resize of static-pods is not supported"
        for name in RESIZABLE:
            if wanted.get(name, 0) > capacity.get(name, 0):
                why = f"Node didn't have enough capacity: {name}, requested: {wanted[name]}, capacity: {capacity[name]}"
                return "Infeasible", why
        short = admission.lacking(pod, self._used(pod["metadata"]["uid"]), node)
        return ("Deferred", admission.short_of(*short[0])) if short else None

    # -- making it so

    def needs_restart(self, container: Json, view: View) -> bool:
        """Tell whether a running container must restart to get its allocated resources."""
        policies = {one["resourceName"]: one["restartPolicy"] for one in container.get("resizePolicy") or ()}
        wanted = container.get("resources") or {}
        return any(
            policies.get(name) == "RestartContainer" and _side(wanted, name) != _side(view.resources, name)
            for name in RESIZABLE
        )

    def actuate(self, worker: "PodWorker", pod: Json) -> None:
        """Set the limits of running containers, and end the resize when all have theirs."""
        found = self._conditions.get(worker.uid)
        if not found or "PodResizeInProgress" not in found:
            return
        complete = True
        for _, container in spec.containers(pod, "init", "main"):
            instance = worker.runtime.find(container["name"])
            if instance is None or instance.view.state != "running":
                continue
            wanted = container.get("resources") or {}
            if instance.view.resources != wanted:
                complete = complete and self._set(pod, container, instance)
        worker.resized()
        if complete:
            generation = found.pop("PodResizeInProgress")["observedGeneration"]
            self._report(pod, "Normal", "ResizeCompleted", _message("Pod resize completed", pod, generation))

    def _set(self, pod: Json, container: Json, instance: Instance) -> bool:
        limits = container_config.limits(pod, container)
        running = instance.container
        if running is None:
            return False
        if limits.memory is not None and running.cgroup.memory > limits.memory:
            return False  # shrinking below what is in use waits
        running.cgroup.limits = replace(limits, pids=running.cgroup.limits.pids)
        instance.change(resources=container.get("resources") or {})
        return True

    def conditions(self, worker: "PodWorker") -> tuple[Json, ...]:
        """Return the conditions of a resize."""
        return tuple(self._conditions.get(worker.uid, {}).values())

    def forget(self, uid: str) -> None:
        """Drop a pod that is gone."""
        self._allocated.pop(uid, None)
        self._conditions.pop(uid, None)

    def snapshot(self) -> Json:
        """Return what is allocated."""
        return clone(self._allocated)

    def restore(self, state: Json) -> None:
        """Take over what was allocated."""
        self._allocated = clone(state)


def _side(resources: Json, name: str) -> tuple[Any, Any]:
    return (resources.get("requests") or {}).get(name), (resources.get("limits") or {}).get(name)


def _resources(pod: Json) -> dict[str, Json]:
    return {one["name"]: one.get("resources") or {} for _, one in spec.containers(pod, "init", "main")}


def _message(head: str, pod: Json, generation: int, error: str = "") -> str:
    summary: Json = {}
    for kind, key in (("init", "initContainers"), ("main", "containers")):
        found = [
            {"name": one["name"], "resources": one.get("resources") or {}}
            for _, one in spec.containers(pod, kind)  # type: ignore[arg-type]
        ]
        if found:
            summary[key] = found
    summary["generation"] = generation
    if error:
        summary["error"] = error
    return f"{head}: {json.dumps(summary, separators=(',', ':'), sort_keys=False)}"
