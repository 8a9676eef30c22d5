"""One pod's worker: it syncs, then ends the pod, then cleans up; never two things at a time (upstream: ``pod_workers.go``).

A sync decides on the *observed* state: it waits until the runtime was listed after the sync before. It is woken by
changes of the pod, of its containers (at the next relist), by probes, and by its own back-off (at a sync tick).
"""

import asyncio
import enum
from collections.abc import Callable
from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.times import parse_time
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet import actions, killing, pod_status, restart_all, spec, stages
from k8s_tutor.sim.kubelet.records import NOTHING, Observed, PodRuntime, View
from k8s_tutor.sim.kubelet.runner import Result, Subject
from k8s_tutor.sim.scheduler.requests import Amounts, pod_requests

if TYPE_CHECKING:
    from k8s_tutor.sim.kubelet.kubelet import Kubelet
    from k8s_tutor.sim.timers import Timer

DEADLINE = {
    "phase": "Failed",
    "reason": "DeadlineExceeded",
    "message": "Pod was active on the node longer than the specified deadline",
}


class Stage(enum.Enum):
    """What the worker does with its pod."""

    SYNC = "sync"
    TERMINATING = "terminating"
    TERMINATED = "terminated"
    FINISHED = "finished"


class PodWorker:
    """The worker of one pod.

    Args:
        kubelet: its kubelet.
        pod: the pod as first seen.
    """

    __slots__ = (
        "_busy",
        "_deadline",
        "_disruption",
        "_killing",
        "_kubelet",
        "_last_sync",
        "_limits_storage",
        "_on_stopped",
        "_pending",
        "_requests",
        "_seen_at",
        "eviction",
        "failures",
        "gone",
        "grace",
        "observed",
        "pod",
        "runtime",
        "stage",
        "uid",
    )  # fmt: skip

    def __init__(self, kubelet: "Kubelet", pod: Json) -> None:
        self._kubelet = kubelet
        self.pod = pod
        self.uid: str = pod["metadata"]["uid"]
        self.stage = Stage.SYNC
        self.runtime = PodRuntime()
        self.observed: Observed = NOTHING
        self.failures: dict[str, tuple[str, str]] = {}
        self.eviction: Json | None = None  # phase, reason and message that end the pod
        self.grace: int | None = None  # overrides the pod's own
        self.gone = False  # the API has it no longer
        self._busy = False
        self._pending = False
        self._requests: tuple[Json, Amounts] | None = None
        self._limits_storage: tuple[Json, bool] | None = None
        self._last_sync = -1.0
        self._seen_at = 0.0
        self._deadline: Timer | None = None
        self._disruption: Json | None = None
        self._killing: asyncio.Future[None] | None = None
        self._on_stopped: Callable[[], None] | None = None

    # -- from outside

    @property
    def ending(self) -> bool:
        """The pod is to end: it was deleted, evicted, or is over."""
        return self.stage is not Stage.SYNC

    def update(self, pod: Json) -> None:
        """Take a newer version of the pod."""
        before, self.pod = self.pod, pod
        meta = pod["metadata"]
        if self.stage is Stage.FINISHED:
            if meta.get("deletionTimestamp"):
                self._kubelet.statuses.write_again(self.uid)
            return
        if meta.get("deletionTimestamp"):
            if self.stage is Stage.SYNC:
                self.stage = Stage.TERMINATING
                self.wake()
            elif _grace(pod) < (_grace(before) if self.grace is None else self.grace):
                self._kill_again()
            return
        if _worth_a_sync(before, pod):
            self._kubelet.resize.changed(self, before, pod)
            self.wake()

    def evict(self, status: Json, grace: int | None, disruption: Json | None = None) -> None:
        """End the pod with this phase, reason and message, and a DisruptionTarget condition."""
        if self.stage is Stage.SYNC:
            self.eviction = status
            self.grace = grace
            self._disruption = disruption
            self.stage = Stage.TERMINATING
            self.wake()

    def resized(self) -> None:
        """Resources of running containers have changed: report that without waiting for a relist."""
        self.observed = self.runtime.observe()
        self._pending = True

    def wake(self) -> None:
        """Sync soon, or again after the present sync."""
        if self.stage is Stage.FINISHED or not self._kubelet.running:
            return
        if self._busy:
            self._pending = True
            return
        self._busy = True
        self._kubelet.clock.spawn(self._run())

    @property
    def busy(self) -> bool:
        """A sync is going on."""
        return self._busy

    def relisted(self, *, wake: bool) -> None:
        """The runtime was listed: if something of this pod has changed, or it waits for this, go on."""
        self._seen_at = self._kubelet.clock.now()
        seen = self.runtime.observe()
        if seen != self.observed or wake:
            self.observed = seen
            self.wake()

    def removed(self) -> None:
        """The pod was deleted without grace: end what runs, soon."""
        self.gone = True
        if self.stage is Stage.SYNC:
            self.stage = Stage.TERMINATING
            self.grace = killing.MINIMUM_GRACE
            self.wake()
            return
        self.grace = killing.MINIMUM_GRACE
        self._kill_again()

    def _kill_again(self) -> None:
        """The grace has become shorter: leave off killing, and begin anew after the next relist."""
        if self._killing is not None:
            self._killing.cancel()

    def requests(self) -> Amounts:
        """Return what the pod requests, as it is allocated."""
        pod = self._kubelet.resize.allocated(self.pod)
        if self._requests is None or self._requests[0] is not pod["spec"]:
            self._requests = (pod["spec"], pod_requests(pod))
        return self._requests[1]

    def limits_storage(self) -> bool:
        """Whether the pod has any limit of local storage."""
        details = self.pod["spec"]
        if self._limits_storage is None or self._limits_storage[0] is not details:
            limited = any(
                "ephemeral-storage" in ((one.get("resources") or {}).get("limits") or {})
                for _, one in spec.containers(self.pod, "init", "main")
            )
            sized = any((one.get("emptyDir") or {}).get("sizeLimit") for one in details.get("volumes") or ())
            self._limits_storage = (details, limited or sized)
        return self._limits_storage[1]

    def when_stopped(self, callback: Callable[[], None]) -> None:
        """Call back when no container runs any more."""
        if self.could_run():
            self._on_stopped = callback
        else:
            callback()

    def could_run(self) -> bool:
        """Whether containers may still run."""
        return self.stage in (Stage.SYNC, Stage.TERMINATING)

    def drop(self) -> None:
        """Forget timers: the pod is gone."""
        self.stage = Stage.FINISHED
        if self._deadline is not None:
            self._deadline.cancel()

    # -- the loop

    async def _run(self) -> None:
        try:
            self._pending = True
            while self._pending and self.stage is not Stage.FINISHED:
                self._pending = False
                await self._fresh()
                if self._kubelet.alive():
                    await self._work()
        except Exception as error:  # noqa: BLE001 - one faulty pod must not stop the node: it is tried again
            self._kubelet.failed(self, error)
        finally:
            self._busy = False

    async def _fresh(self) -> None:
        """Wait for an observation newer than the last sync (the pod cache's ``GetNewerThan``)."""
        if max(self._seen_at, self._kubelet.last_relist(self)) <= self._last_sync:
            await self._kubelet.next_relist(self)
            self._seen_at = self._kubelet.clock.now()
            self.observed = self.runtime.observe()

    async def _work(self) -> None:
        if self.stage is Stage.SYNC:
            await self._sync()
        elif self.stage is Stage.TERMINATING:
            await self._terminate()
        elif self.stage is Stage.TERMINATED:
            await self._clean_up()

    def _done(self) -> None:
        self._last_sync = self._kubelet.clock.now()

    # -- sync

    async def _sync(self) -> None:
        kubelet = self._kubelet
        if kubelet.has_saved(self):
            await self._resume()
        status = self.generate()
        self._watch_deadline(status)
        kubelet.statuses.set(self.pod, status)
        if spec.is_terminal(status):
            self.stage = Stage.TERMINATING
            self._done()
            kubelet.at_sync_tick(self, 0.0)
            return
        pod = kubelet.resize.allocated(self.pod)
        if not await kubelet.volumes.wait(pod, latency=kubelet.latency, ending=lambda: self.ending):
            self._done()
            self._pending = True
            return
        kubelet.probes.add(pod)
        reset = restart_all.to_reset(pod, status, self.observed)
        if reset:
            result = await kubelet.runner.reset(self._subject(pod), reset)
        else:
            todo = actions.compute(pod, self.observed, kubelet.probes.failed, kubelet.resize.needs_restart)
            result = await kubelet.runner.sync(self._subject(pod), todo)
        kubelet.resize.actuate(self, pod)
        self._complete(result)

    async def _resume(self) -> None:
        """Take over what a snapshot has of this pod, before anything is reported."""
        kubelet = self._kubelet
        pod = kubelet.resize.allocated(self.pod)
        if await kubelet.volumes.wait(pod, latency=False, ending=lambda: self.ending):
            kubelet.resume(self, pod)
            self.observed = self.runtime.observe()

    def _subject(self, pod: Json) -> Subject:
        return Subject(pod, self.observed, self.runtime, self._kubelet.volumes.mounted(self.uid), lambda: self.ending)

    def _complete(self, result: Result) -> None:
        """Note the failures and decide when to sync again."""
        kubelet = self._kubelet
        for name, failure in result.tried.items():
            if failure is None:
                self.failures.pop(name, None)
            else:
                self.failures[name] = failure
        self._done()
        if self.ending:
            self._pending = True
        elif result.failed:
            now = kubelet.clock.now()
            delay = stages.timing("error_backoff")
            if result.backoff_until is not None:
                delay = min(max(0.0, result.backoff_until - now), stages.timing("resync"))
            kubelet.at_sync_tick(self, delay * (1 + stages.timing("backoff_jitter")))
        else:
            kubelet.not_due(self)
        if result.acted and not result.failed:
            # A relist of this pod alone follows a sync that did something.
            self._seen_at = kubelet.clock.now() + 1e-6
            seen = self.runtime.observe()
            if seen != self.observed:
                self.observed = seen
                self._pending = True

    def generate(self, *, over: bool = False) -> Json:
        """Return the pod's status as observed."""
        kubelet = self._kubelet
        override = self.eviction
        if override is None and self._deadline_passed():
            override = DEADLINE
            kubelet.event(self.pod, "Normal", DEADLINE["reason"], DEADLINE["message"])
        old = kubelet.statuses.get(self.uid) or self.pod.get("status") or {}
        frame = pod_status.Frame(
            old=old,
            failures=self.failures,
            host_ip=kubelet.address,
            override=override,
            resize=kubelet.resize.conditions(self),
            over=over,
            disruption=self._disruption,
        )
        return pod_status.generate(kubelet.resize.allocated(self.pod), self.observed, kubelet.probes, frame)

    # -- deadline

    def _watch_deadline(self, status: Json) -> None:
        seconds = self.pod["spec"].get("activeDeadlineSeconds")
        if not seconds or self._deadline is not None:
            return
        begun = status.get("startTime") or (self.pod.get("status") or {}).get("startTime")
        start = parse_time(begun) if begun else self._kubelet.clock.now()
        due = self._kubelet.sync_tick_after(self, start + seconds)
        self._deadline = self._kubelet.clock.call_at(due, self.wake)

    def _deadline_passed(self) -> bool:
        seconds = self.pod["spec"].get("activeDeadlineSeconds")
        begun = (self._kubelet.statuses.get(self.uid) or self.pod.get("status") or {}).get("startTime")
        return bool(seconds and begun and self._kubelet.clock.now() - parse_time(begun) >= seconds)

    # -- the end

    async def _terminate(self) -> None:
        """Kill all containers and report how they ended."""
        kubelet = self._kubelet
        kubelet.statuses.set(self.pod, self.generate())
        kubelet.probes.stop_liveness_and_startup(self.uid)
        self._killing = asyncio.ensure_future(kubelet.runner.kill_pod(self.pod, self.runtime, self.grace))
        try:
            await self._killing
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            self._pending = True
            self._done()
            return
        finally:
            self._killing = None
        kubelet.probes.remove(self.uid)
        self.observed = self.runtime.observe()
        self.stage = Stage.TERMINATED
        kubelet.statuses.set(self.pod, self.generate(over=True))
        if self._on_stopped is not None:
            self._on_stopped()
        self._done()
        kubelet.at_relist(self)

    async def _clean_up(self) -> None:
        """Unmount, and let the API's object go if it is being deleted."""
        kubelet = self._kubelet
        kubelet.statuses.set(self.pod, self.generate(over=True))
        if kubelet.latency:
            await kubelet.clock.sleep(stages.timing("unmount"))
        self.stage = Stage.FINISHED
        kubelet.volumes.unmount(self.uid)
        kubelet.terminated(self)
        kubelet.statuses.terminate(self.pod)
        self._done()

    def lookup(self, name: str, *, previous: bool = False) -> View | None:
        """Return an instance of a container: the newest, or the one before."""
        found = self.runtime.instances.get(name, [])
        index = 1 if previous else 0
        return found[index].view if len(found) > index else None


def _worth_a_sync(before: Json, after: Json) -> bool:
    """Tell whether a change concerns the kubelet: not if only the status that it wrote itself differs."""
    if before["spec"] != after["spec"]:
        return True
    old, new = before["metadata"], after["metadata"]
    if any(old.get(key) != new.get(key) for key in ("labels", "annotations")):
        return True
    gates = {one["conditionType"] for one in after["spec"].get("readinessGates") or ()}
    return bool(gates) and _gates(before, gates) != _gates(after, gates)


def _grace(pod: Json) -> int:
    """Return the seconds that a pod has to end: a deletion may have set others than its spec."""
    seconds = pod["metadata"].get("deletionGracePeriodSeconds")
    return spec.grace_period(pod) if seconds is None else int(seconds)


def _gates(pod: Json, gates: set[str]) -> dict[str, str]:
    found = (pod.get("status") or {}).get("conditions") or ()
    return {one["type"]: one["status"] for one in found if one["type"] in gates}
