"""``containerStatuses`` from what was observed (upstream: kubelet's ``convertToAPIContainerStatuses``).

A container that should run and does not is *waiting* with the reason of the last failed start (``StartFailures``, the
kubelet's reason cache); without one its last state stays. What was reported before fills what the runtime has forgotten.
"""

from collections.abc import Mapping

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet import spec
from k8s_tutor.sim.kubelet.phase import RESTARTING_ALL
from k8s_tutor.sim.kubelet.records import Observed, View
from k8s_tutor.sim.kubelet.spec import Kind

StartFailures = Mapping[str, tuple[str, str]]  # container name to reason and message
STATUS_FIELD: dict[Kind, str] = {
    "init": "initContainerStatuses",
    "main": "containerStatuses",
    "ephemeral": "ephemeralContainerStatuses",
}
UNKNOWN = "ContainerStatusUnknown"
LOST = "The container could not be located when the pod was deleted.  The container used to be Running"
GONE = "The container could not be located when the pod was terminated"
INIT_FORGOTTEN = "Unable to get init container status from container runtime and pod has been initialized, treat it as exited normally"
REMOVED = "The container is removed because RestartAllContainers in place"


def should_start(pod: Json, container: Json, observed: Observed) -> bool:
    """Tell whether a container that does not run is to be started (``ShouldContainerBeRestarted``)."""
    if pod["metadata"].get("deletionTimestamp"):
        return False
    view = observed.latest(container["name"])
    if view is None or view.state in ("unknown", "created"):
        return True
    return view.state != "running" and spec.restarts_after(pod, container, view.exit_code)


class Statuses:
    """Builds the container statuses of one pod.

    Args:
        pod: the pod, its spec as allocated.
        observed: what runs.
        old: the status reported last.
        failures: why containers could not be started.
        restarting_all: all containers are being restarted in place.
    """

    def __init__(
        self, pod: Json, observed: Observed, old: Json, failures: StartFailures, *, restarting_all: bool = False
    ) -> None:
        self._pod = pod
        self._observed = observed
        self._old = old
        self._failures = failures
        self._restarting_all = restarting_all
        self._waiting = "PodInitializing" if pod["spec"].get("initContainers") else "ContainerCreating"
        self._mains_created = any(observed.latest(one["name"]) for _, one in spec.containers(pod, "main"))

    def of(self, kind: Kind) -> list[Json]:
        """Return the statuses of a kind in the API's order: init as in the spec, the others by name."""
        before = {status["name"]: status for status in self._old.get(STATUS_FIELD[kind]) or ()}
        found = [self._status(kind, one, before.get(one["name"])) for _, one in spec.containers(self._pod, kind)]
        return found if kind == "init" else sorted(found, key=lambda status: str(status["name"]))

    def _status(self, kind: Kind, container: Json, old: Json | None) -> Json:
        views = self._observed.containers.get(container["name"], ())
        status = self._seen(container, views, old) if views else self._unseen(container, old)
        self._wait(kind, container, status)
        status.setdefault("lastState", {})
        return status

    # -- known to the runtime

    def _seen(self, container: Json, views: tuple[View, ...], old: Json | None) -> Json:
        newest = views[0]
        status: Json = {
            "name": newest.name,
            "state": _state(newest, old),
            "lastState": _state(views[1], None) if len(views) > 1 else self._carried(newest, old),
            "ready": False,
            "restartCount": max(newest.restart_count, old["restartCount"] if old else 0),
            "image": newest.image,
            "imageID": newest.image_id,
            "containerID": f"containerd://{newest.id}",
        }
        if old and newest.state == "running" and "started" in old and old.get("containerID") == status["containerID"]:
            status["started"] = old["started"]
        requests = container.get("resources", {}).get("requests")
        if requests:
            status["allocatedResources"] = dict(requests)
        running = newest.state == "running"
        status["resources"] = dict(newest.resources if running else container.get("resources") or {})
        mounts = volume_mounts(container)
        if mounts:
            status["volumeMounts"] = mounts
        groups = list(newest.groups or (newest.gid,))
        status["user"] = {"linux": {"uid": newest.uid, "gid": newest.gid, "supplementalGroups": groups}}
        if newest.stop_signal:
            status["stopSignal"] = newest.stop_signal
        return status

    def _carried(self, newest: View, old: Json | None) -> Json:
        """Return the last termination as reported before, where the runtime has forgotten the instance."""
        if old is None:
            return {}
        terminated = old["state"].get("terminated")
        if terminated and terminated.get("containerID") != f"containerd://{newest.id}":
            return {"terminated": terminated}
        return dict(old.get("lastState") or {})

    # -- not known to the runtime

    def _unseen(self, container: Json, old: Json | None) -> Json:
        status: Json = {
            "name": container["name"],
            "state": {"waiting": {"reason": self._waiting}},
            "ready": False,
            "restartCount": 0,
            "image": container["image"],
            "imageID": "",
        }
        mounts = volume_mounts(container)
        if mounts:
            status["volumeMounts"] = mounts
        if old is None:
            return status
        if self._restarting_all and "waiting" not in old["state"]:
            return self._removed(status, old)
        if "terminated" in old["state"]:
            return dict(old)
        status |= {"restartCount": old["restartCount"], "lastState": dict(old.get("lastState") or {})}
        if "running" in old["state"] and "terminated" not in status["lastState"]:
            status["lastState"] = {"terminated": _lost(LOST)}
            if not self._pod["metadata"].get("deletionTimestamp"):
                status["restartCount"] += 1
        return status

    def _removed(self, status: Json, old: Json) -> Json:
        status["state"] = {"waiting": {"reason": RESTARTING_ALL, "message": REMOVED}}
        status["lastState"] = {"terminated": _lost(REMOVED) | {"reason": RESTARTING_ALL}}
        status["restartCount"] = old["restartCount"] + 1
        return status

    # -- waiting to be started

    def _wait(self, kind: Kind, container: Json, status: Json) -> None:
        name = container["name"]
        if kind == "init":
            view = self._observed.latest(name)
            if view is not None and view.state == "exited" and view.exit_code == 0:
                if not spec.is_sidecar(container):
                    return
            if view is None and self._mains_created and not spec.is_sidecar(container) and "waiting" in status["state"]:
                status["state"] = {"terminated": _lost(INIT_FORGOTTEN) | {"reason": "Completed", "exitCode": 0}}
                return
        failure = self._failures.get(name)
        if failure is None or not should_start(self._pod, container, self._observed):
            return
        if "terminated" in status["state"]:
            status["lastState"] = status["state"]
        reason, message = failure
        status["state"] = {"waiting": {"reason": reason} | ({"message": message} if message else {})}


def _lost(message: str) -> Json:
    return {"exitCode": 137, "reason": UNKNOWN, "message": message, "startedAt": None, "finishedAt": None}


def lost() -> Json:
    """Return the end of a container of which nothing is known."""
    return _lost(GONE)


def _state(view: View, old: Json | None) -> Json:
    if view.state == "running":
        return {"running": {"startedAt": rfc3339(view.started_at)}}
    if view.state == "exited":
        ended: Json = {"exitCode": view.exit_code}
        if view.signal:
            ended["signal"] = view.signal
        ended["reason"] = view.reason
        if view.message:
            ended["message"] = view.message
        ended |= {"startedAt": rfc3339(view.started_at), "finishedAt": rfc3339(view.finished_at)}
        return {"terminated": ended | {"containerID": f"containerd://{view.id}"}}
    if view.state == "unknown" and old is not None and "running" in old["state"]:
        return {"terminated": lost()}
    return {"waiting": {}}


def volume_mounts(container: Json) -> list[Json]:
    """Return the mounts as the status repeats them."""
    out = []
    for mount in container.get("volumeMounts") or ():
        shown = {"name": mount["name"], "mountPath": mount["mountPath"]}
        if mount.get("readOnly"):
            mode = mount.get("recursiveReadOnly", "Disabled")
            shown |= {"readOnly": True, "recursiveReadOnly": "Disabled" if mode == "Disabled" else "Enabled"}
        out.append(shown)
    return out
