"""What one sync of a pod is to do: pure arithmetic on the spec and the snapshot (upstream: ``computePodActions``)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet import spec
from k8s_tutor.sim.kubelet.container_status import should_start
from k8s_tutor.sim.kubelet.records import Observed, View

Probe = Literal["liveness", "startup"]
ProbeFailed = Callable[[str, Probe], bool | None]  # container id, probe: failed? None: no result yet
NeedsRestart = Callable[[Json, View], bool]  # a resize that only a restart can make


@dataclass(frozen=True, slots=True)
class Kill:
    """A running container to be killed, and what its event says."""

    name: str
    container_id: str
    message: str = ""
    reason: Literal["", "liveness", "startup"] = ""


@dataclass(slots=True)
class Actions:
    """The outcome.

    Attributes:
        kill_pod: kill everything and stop the sandbox.
        create_sandbox: make a (new) sandbox, then ``init`` or ``main``.
        ephemeral, init, main: names to be started, in order.
        kill: single containers to be killed first.
    """

    kill_pod: bool = False
    create_sandbox: bool = False
    ephemeral: list[str] = field(default_factory=list)
    init: list[str] = field(default_factory=list)
    main: list[str] = field(default_factory=list)
    kill: list[Kill] = field(default_factory=list)


def compute(pod: Json, observed: Observed, probe_failed: ProbeFailed, needs_restart: NeedsRestart) -> Actions:
    """Return what to do so that the pod runs as its spec says."""
    sandbox = observed.sandbox
    if sandbox is None or not sandbox.ready:
        return _new_sandbox(pod, observed)
    actions = Actions()
    for _, container in spec.containers(pod, "ephemeral"):
        if observed.latest(container["name"]) is None:
            actions.ephemeral.append(container["name"])
    initialized = _Init(pod, observed, probe_failed, needs_restart, actions).compute()
    if actions.kill_pod or not initialized:
        return actions
    kept = sum(
        _main(pod, one, observed, probe_failed, needs_restart, actions) for _, one in spec.containers(pod, "main")
    )
    if kept == 0 and not actions.main:
        actions.kill_pod = True
        actions.init = []
    return actions


def _new_sandbox(pod: Json, observed: Observed) -> Actions:
    actions = Actions(kill_pod=True, create_sandbox=True)
    mains = [one for _, one in spec.containers(pod, "main")]
    inits = [one for _, one in spec.containers(pod, "init")]
    restarts = pod["spec"].get("restartPolicy", "Always") != "Never"
    if not restarts and observed.sandbox is not None and observed.containers:
        actions.create_sandbox = False
        return actions
    start = [one["name"] for one in mains if not _succeeded_once(pod, one, observed)]
    if not start and any(observed.latest(one["name"]) for one in mains):
        actions.create_sandbox = False
    elif inits:
        actions.init = [inits[0]["name"]]
    else:
        actions.main = start
    return actions


def _succeeded_once(pod: Json, container: Json, observed: Observed) -> bool:
    policy = container.get("restartPolicy") or pod["spec"].get("restartPolicy", "Always")
    view = observed.latest(container["name"])
    return policy == "OnFailure" and view is not None and view.state == "exited" and view.exit_code == 0


def _main(
    pod: Json,
    container: Json,
    observed: Observed,
    probe_failed: ProbeFailed,
    needs_restart: NeedsRestart,
    actions: Actions,
) -> bool:
    """Decide on one main container; returns whether it is kept running."""
    name = container["name"]
    view = observed.latest(name)
    if view is None or view.state != "running":
        if should_start(pod, container, observed):
            actions.main.append(name)
        return False
    kill = _reason_to_kill(container, view, probe_failed, "Container")
    if kill is None:
        if not needs_restart(container, view):
            return True
        kill = Kill(name, view.id, f"Container {name} resize requires restart")
    if spec.restart_on_failure(pod, container) or not kill.reason:
        kill = Kill(name, view.id, f"{kill.message}, will be restarted", kill.reason)
        actions.main.append(name)
    actions.kill.append(kill)
    return False


def _reason_to_kill(container: Json, view: View, probe_failed: ProbeFailed, word: str) -> Kill | None:
    name = container["name"]
    if _image_changed(container, view):
        return Kill(name, view.id, f"{word} {name} definition changed")
    if container.get("livenessProbe") and probe_failed(view.id, "liveness"):
        return Kill(name, view.id, f"{word} {name} failed liveness probe", "liveness")
    if container.get("startupProbe") and probe_failed(view.id, "startup"):
        return Kill(name, view.id, f"{word} {name} failed startup probe", "startup")
    return None


def _image_changed(container: Json, view: View) -> bool:
    """The spec's image is the only field of a running container that may be changed and needs a restart."""
    return bool(view.spec_image) and view.spec_image != container["image"]


class _Init:
    """Walks the init containers backwards, so that ended ones whose records are gone do not matter."""

    def __init__(
        self, pod: Json, observed: Observed, failed: ProbeFailed, needs_restart: NeedsRestart, actions: Actions
    ) -> None:
        self._pod = pod
        self._observed = observed
        self._failed = failed
        self._needs_restart = needs_restart
        self._actions = actions
        self._all = [one for _, one in spec.containers(pod, "init")]
        started = (observed.active(one["name"]) for _, one in spec.containers(pod, "main"))
        self._initialized = any(view is not None and view.state != "created" for view in started)

    def compute(self) -> bool:
        """Fill the actions; returns whether all init containers are through."""
        if not self._all:
            return True
        earlier_done = self._initialized
        start: list[int] = []
        for index in range(len(self._all) - 1, -1, -1):
            container = self._all[index]
            view = self._observed.active(container["name"])
            if view is None:
                if earlier_done and spec.is_sidecar(container):
                    start.append(index)
                continue
            if earlier_done and not spec.is_sidecar(container):
                continue
            if not self._step(index, view, start, first_time=not earlier_done):
                return False
            earlier_done = True
        if not earlier_done:
            start.append(0)
        self._actions.init = [self._all[index]["name"] for index in reversed(start)]
        return self._initialized

    def _step(self, index: int, view: View, start: list[int], *, first_time: bool) -> bool:
        """Decide on one init container; returns False if the pod has failed."""
        container = self._all[index]
        if view.state == "created":
            start.append(index)
        elif view.state == "running":
            if spec.is_sidecar(container):
                self._running_sidecar(index, view, start, first_time=first_time)
        elif spec.is_sidecar(container):
            start.append(index)
        elif view.exit_code == 0 and view.state == "exited":
            self._done(index, start, first_time=True)
        elif not should_start(self._pod, container, self._observed):
            self._actions.kill_pod = True
            self._actions.init = []
            return False
        else:
            start.append(index)
        return True

    def _done(self, index: int, start: list[int], *, first_time: bool) -> None:
        if index == len(self._all) - 1:
            self._initialized = True
        elif first_time:
            start.append(index + 1)

    def _running_sidecar(self, index: int, view: View, start: list[int], *, first_time: bool) -> None:
        container = self._all[index]
        name = container["name"]
        if container.get("startupProbe"):
            failed = self._failed(view.id, "startup")
            if failed:
                self._kill(Kill(name, view.id, f"Init container {name} failed startup probe", "startup"), index, start)
            if failed is None or failed:
                return
        self._done(index, start, first_time=first_time)
        if _image_changed(container, view):
            self._kill(Kill(name, view.id, f"Init container {name} definition changed"), index, start)
        elif container.get("livenessProbe") and self._failed(view.id, "liveness"):
            self._kill(Kill(name, view.id, f"Init container {name} failed liveness probe", "liveness"), index, start)
        elif self._needs_restart(container, view):
            self._kill(Kill(name, view.id, f"Container {name} resize requires restart"), index, start)

    def _kill(self, kill: Kill, index: int, start: list[int]) -> None:
        self._actions.kill.append(kill)
        start.append(index)
