"""Keeps the latest status of each pod and writes it to the API (upstream: ``pkg/kubelet/status``).

Statuses that follow one another at the same moment are written once. A final phase is held back while containers may
still run; a pod that is being deleted is removed (grace 0) once its end was written.
"""

from collections.abc import Callable
from functools import partial

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.kubelet import conditions, spec
from k8s_tutor.sim.kubelet.container_status import lost
from k8s_tutor.sim.kubelet.counters import Counters
from k8s_tutor.sim.kubelet.quality import qos_class
from k8s_tutor.sim.machinery.pending import attempt
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.registry.client import LocalClient

OWNED = (*conditions.OWNED, *conditions.RESIZE, "DisruptionTarget")
UID = str
TYPES = {
    "initContainerStatuses": "init_container",
    "containerStatuses": "container",
    "ephemeralContainerStatuses": "ephemeral_container",
}


class StatusManager:
    """One for each kubelet.

    Args:
        clock: cluster time.
        client: the kubelet's.
        could_run: whether containers of the pod (by uid) may still be running.
        counters: metrics.
    """

    def __init__(self, clock: Clock, client: LocalClient, could_run: Callable[[UID], bool], counters: Counters) -> None:
        self._counters = counters
        self._clock = clock
        self._client = client.reviewed()
        self._could_run = could_run
        self._statuses: dict[UID, Json] = {}
        self._keys: dict[UID, tuple[str, str]] = {}
        self._finished: set[UID] = set()
        self._dirty: dict[UID, None] = {}
        self._flushing = False
        self.paused = False

    def get(self, uid: UID) -> Json | None:
        """Return the latest status, written or not."""
        return self._statuses.get(uid)

    def set(self, pod: Json, status: Json) -> None:
        """Take a new status; it is written soon if it differs."""
        uid = pod["metadata"]["uid"]
        old = self._statuses.get(uid) or pod.get("status") or {}
        status.setdefault("startTime", old.get("startTime") or rfc3339(self._clock.now()))
        self._keep_transition_times(status, old)
        self._count_ends(status, old)
        self._update(pod, status)

    def reject(self, pod: Json, status: Json) -> None:
        """Report a pod that was not admitted; it never ran. It may be gone already."""
        meta = pod["metadata"]
        present = self._client.get("pods", meta["name"], meta["namespace"])
        if present is None or not _is_shown_by(present, meta["uid"]):
            return
        self._finished.add(meta["uid"])
        generation = meta.get("generation") or 0
        self.set(pod, {"observedGeneration": generation} | status | {"qosClass": qos_class(pod), "conditions": []})

    def ready_to_start(self, pod: Json) -> None:
        """Set PodReadyToStartContainers at once when the sandbox is there (1.37's ``OnPodSandboxReady``)."""
        uid = pod["metadata"]["uid"]
        old = self._statuses.get(uid)
        if old is None:
            return
        generation = pod["metadata"].get("generation") or 0
        fresh = conditions.condition("PodReadyToStartContainers", generation, status=True)
        self.set(pod, _with_conditions(old, [fresh]))

    def container_ready(self, pod: Json, container_id: str, *, ready: bool) -> None:
        """Set a container's readiness at once after its probe's result."""
        self._change_container(pod, container_id, "ready", ready)

    def container_started(self, pod: Json, container_id: str, *, started: bool) -> None:
        """Set ``started`` at once after a startup probe's result."""
        self._change_container(pod, container_id, "started", started)

    def terminate(self, pod: Json) -> None:
        """Note that nothing of the pod is left on the node: containers of unknown end failed, the phase is final."""
        uid = pod["metadata"]["uid"]
        status = dict(self._statuses.get(uid) or pod.get("status") or {})
        if _has_initialized(pod, status):
            status["containerStatuses"] = [_ended(one) for one in status.get("containerStatuses") or ()]
        inits = status.get("initContainerStatuses")
        if inits:
            begun = max((index for index, one in enumerate(inits) if _was_started(one)), default=0)
            status["initContainerStatuses"] = [
                _ended(one) if index <= begun else one for index, one in enumerate(inits)
            ]
        if not spec.is_static(pod) and not spec.is_terminal(status):
            status["phase"] = "Failed"
        self._finished.add(uid)
        status.setdefault("startTime", rfc3339(self._clock.now()))
        self._update(pod, status, force=True)

    def is_finished(self, uid: UID) -> bool:
        """Whether ``terminate`` was called."""
        return uid in self._finished

    def forget(self, uid: UID) -> None:
        """Drop a pod that the API has no longer."""
        for table in (self._statuses, self._keys, self._dirty):
            table.pop(uid, None)
        self._finished.discard(uid)

    def flush(self) -> None:
        """Write all that waits."""
        self._flushing = False
        if self.paused:
            return
        waiting, self._dirty = self._dirty, {}
        for uid in waiting:
            attempt(partial(self._write, uid))

    def write_again(self, uid: UID) -> None:
        """Write once more, because the pod in the API has changed (a deletion of a pod that has ended)."""
        if uid in self._statuses:
            self._mark(uid)

    # -- inside

    def _update(self, pod: Json, status: Json, *, force: bool = False) -> None:
        meta = pod["metadata"]
        uid = meta["uid"]
        if not force and self._statuses.get(uid) == status:
            return
        self._statuses[uid] = status
        self._keys[uid] = (meta["namespace"], meta["name"])
        self._mark(uid)

    def _mark(self, uid: UID) -> None:
        self._dirty[uid] = None
        if not self._flushing:
            self._flushing = True
            self._clock.call_soon(self.flush)

    def _keep_transition_times(self, status: Json, old: Json) -> None:
        before = {one["type"]: one for one in old.get("conditions") or ()}
        now = rfc3339(self._clock.now())
        for index, one in enumerate(status.setdefault("conditions", [])):
            was = before.get(one["type"])
            same = was is not None and was["status"] == one["status"]
            since = was["lastTransitionTime"] if same and was else now
            status["conditions"][index] = {"lastProbeTime": None} | one | {"lastTransitionTime": since}

    def _count_ends(self, status: Json, old: Json) -> None:
        """Count the containers that have ended since the status before."""
        for field, kind in TYPES.items():
            before = {one["name"]: one["state"].get("terminated") for one in old.get(field) or ()}
            for one in status.get(field) or ():
                ended = one["state"].get("terminated")
                known = before.get(one["name"])
                if ended and (known is None or known.get("containerID") != ended.get("containerID")):
                    self._counters.add(
                        "kubelet_terminated_containers_total",
                        container_type=kind,
                        exit_code=str(ended["exitCode"]),
                        reason=ended.get("reason", ""),
                    )

    def _change_container(self, pod: Json, container_id: str, key: str, value: bool) -> None:
        old = self._statuses.get(pod["metadata"]["uid"])
        if old is None:
            return
        status = dict(old)
        found = False
        for field in ("initContainerStatuses", "containerStatuses"):
            if field not in old:
                continue
            status[field] = list(old[field])
            for index, one in enumerate(status[field]):
                if one.get("containerID", "").endswith(container_id) and one.get(key) != value:
                    status[field][index] = one | {key: value}
                    found = True
        if not found:
            return
        all_statuses = status.get("initContainerStatuses", []) + status["containerStatuses"]
        fresh = conditions.readiness(pod, all_statuses, status["phase"], old["conditions"])
        self.set(pod, _with_conditions(status, fresh))

    def _write(self, uid: UID) -> None:
        status = self._statuses.get(uid)
        if status is None:
            return
        namespace, name = self._keys[uid]
        pod = self._client.get("pods", name, namespace)
        if pod is None or not _is_shown_by(pod, uid):
            return
        merged = self._merge(pod, status, uid)
        try:
            if merged != pod.get("status"):
                pod = self._client.update_status("pods", pod | {"metadata": dict(pod["metadata"]), "status": merged})
            self._delete_if_over(pod, uid)
        except ApiError:
            # Gone or changed meanwhile: the next status, or the pod's deletion, follows.
            return

    def _merge(self, pod: Json, status: Json, uid: UID) -> Json:
        """Other components' conditions stay, and a final phase waits for the last container."""
        old = pod.get("status") or {}
        merged = dict(status)
        could_run = self._could_run(uid)
        ending = not spec.is_terminal(old) and spec.is_terminal(status)
        foreign = [one for one in old.get("conditions") or () if one["type"] not in OWNED]
        foreign += [one for one in old.get("conditions") or () if one["type"] == "DisruptionTarget"]
        own = [
            one for one in status.get("conditions") or () if one["type"] in OWNED and one["type"] != "DisruptionTarget"
        ]
        if ending and not could_run:
            fresh = [one for one in status.get("conditions") or () if one["type"] == "DisruptionTarget"]
            if fresh:
                foreign = [one for one in foreign if one["type"] != "DisruptionTarget"] + fresh
        merged["conditions"] = foreign + own
        if ending and could_run:
            merged["phase"] = old.get("phase", "Pending")
            for key in ("reason", "message"):
                merged.pop(key, None)
                if key in old:
                    merged[key] = old[key]
        for key in ("resourceClaimStatuses", "nominatedNodeName"):
            if key in old:
                merged[key] = old[key]
        if spec.is_terminal(merged):
            merged["conditions"] = [_not_ready(one, merged["phase"]) for one in merged["conditions"]]
        return merged

    def _delete_if_over(self, pod: Json, uid: UID) -> None:
        meta = pod["metadata"]
        annotations = meta.get("annotations") or {}
        if not meta.get("deletionTimestamp") or spec.MIRROR in annotations or uid not in self._finished:
            return
        if spec.is_terminal(pod.get("status") or {}):
            self._client.delete("pods", meta["name"], meta["namespace"], grace=0, uid=uid)


def _is_shown_by(pod: Json, uid: UID) -> bool:
    """Tell whether the API's pod is the kubelet's, or its mirror."""
    meta = pod["metadata"]
    return meta["uid"] == uid or (meta.get("annotations") or {}).get(spec.MIRROR) == uid


def _not_ready(one: Json, phase: str) -> Json:
    if one["type"] not in ("Ready", "ContainersReady") or one["status"] != "True":
        return one
    return one | {"status": "False", "reason": "PodCompleted" if phase == "Succeeded" else "PodFailed"}


def _with_conditions(status: Json, fresh: list[Json]) -> Json:
    by_type = {one["type"]: one for one in fresh}
    replaced = [by_type.pop(one["type"], one) for one in status.get("conditions") or ()]
    return status | {"conditions": [*replaced, *by_type.values()]}


def _has_initialized(pod: Json, status: Json) -> bool:
    inits = [one for _, one in spec.containers(pod, "init")]
    if not inits:
        return True
    mains = status.get("containerStatuses") or ()
    if any(_was_started(one) for one in mains):
        return True
    last = (status.get("initContainerStatuses") or [None])[-1]
    if last is None:
        return False
    if spec.is_sidecar(inits[-1]):
        return bool(last.get("started"))
    ended = last["state"].get("terminated") or last.get("lastState", {}).get("terminated")
    return bool(ended and ended["exitCode"] == 0)


def _was_started(one: Json) -> bool:
    return "waiting" not in one["state"] or "terminated" in (one.get("lastState") or {})


def _ended(one: Json) -> Json:
    return one if "terminated" in one["state"] else one | {"state": {"terminated": lost()}}
