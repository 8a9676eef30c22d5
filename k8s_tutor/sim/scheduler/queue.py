"""The scheduling queue: pods that can be tried, pods that wait, pods that were refused (upstream: ``backend/queue``).

A refused pod stays aside until an event that may help (each plug-in says which), then backs off for 1 s, 2 s, 4 s … 10 s
at most; but when nothing else is to be tried, the pods that back off are tried at once (``SchedulerPopFromBackoffQ``).
Only a pod that failed by an error waits its time in any case.
"""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.scheduler.framework import ClusterEvent, Plugin
from k8s_tutor.sim.scheduler.podinfo import PodInfo

if TYPE_CHECKING:
    from k8s_tutor.sim.timers import Timer

INITIAL_BACKOFF = 1.0
MAX_BACKOFF = 10.0
MAX_UNSCHEDULABLE = 300.0
FLUSH_INTERVAL = 30.0


@dataclass(slots=True)
class QueuedPod:
    """A pod with its history in the queue."""

    info: PodInfo
    timestamp: float
    attempts: int = 0
    refusals: int = 0
    errors: int = 0
    rejectors: set[str] = field(default_factory=set)
    place: str = ""


class SchedulingQueue:
    """Pods without a node.

    Args:
        clock: cluster time.
        plugins: by name; their ``events`` and ``hint`` decide when a refused pod is tried again.
        wake: called when a pod may be popped.
        gate: names the plug-in that sees no sense in trying a pod yet, or "".
    """

    def __init__(
        self,
        clock: Clock,
        plugins: dict[str, Plugin],
        wake: Callable[[], None],
        gate: Callable[[PodInfo], str] = lambda _: "",
    ) -> None:
        self._clock = clock
        self._plugins = plugins
        self._wake = wake
        self._gate = gate
        self._pods: dict[str, QueuedPod] = {}
        self._active: list[tuple[int, float, int, QueuedPod]] = []
        self._backoff: list[tuple[float, int, QueuedPod]] = []
        self._refused: dict[str, QueuedPod] = {}
        self._order = itertools.count()
        self._timers: set[Timer] = set()
        self._closed = False

    def add(self, info: PodInfo) -> None:
        """Take in a new pod, or one that is no longer gated."""
        pod = QueuedPod(info, self._clock.now())
        self._pods[info.uid] = pod
        self._activate(pod)

    def update(self, info: PodInfo, events: tuple[ClusterEvent, ...]) -> None:
        """Take over a pod's change; what it changed may make it schedulable."""
        pod = self._pods.get(info.uid)
        if pod is None:
            self.add(info)
            return
        pod.info = info
        if pod.place == "refused" and any(self._worth(pod, event) for event in events):
            self._requeue(pod)

    def remove(self, uid: str) -> None:
        """Forget a pod."""
        pod = self._pods.pop(uid, None)
        if pod is not None:
            pod.place = "gone"
            self._refused.pop(uid, None)

    def get(self, uid: str) -> QueuedPod | None:
        """Return what is known of a pod, or None."""
        return self._pods.get(uid)

    def pop(self) -> QueuedPod | None:
        """Return the next pod to try, or None."""
        while self._active:
            pod = heapq.heappop(self._active)[3]
            if pod.place == "active":
                return self._popped(pod)
        while self._backoff:
            pod = heapq.heappop(self._backoff)[2]
            if pod.place == "backoff":
                return self._popped(pod)
        return None

    def _popped(self, pod: QueuedPod) -> QueuedPod:
        pod.attempts += 1
        pod.place = "popped"
        return pod

    def refuse(self, pod: QueuedPod, rejectors: set[str]) -> None:
        """Put a pod aside that no node took; without rejectors it failed by an error and is retried after back-off."""
        pod.rejectors = rejectors
        pod.timestamp = self._clock.now()
        if rejectors:
            pod.refusals += 1
            pod.errors = 0
            pod.place = "refused"
            self._refused[pod.info.uid] = pod
            self._later(MAX_UNSCHEDULABLE + FLUSH_INTERVAL, self._flush, pod)
        else:
            pod.errors += 1
            pod.place = "error"
            self._later(backoff(pod.errors), self._error_over, pod)

    def event(self, event: ClusterEvent) -> None:
        """Move the refused pods for which something has changed."""
        if not self._refused:
            return
        for pod in tuple(self._refused.values()):
            if self._worth(pod, event):
                self._requeue(pod)

    def _worth(self, pod: QueuedPod, event: ClusterEvent) -> bool:
        for name in pod.rejectors:
            plugin = self._plugins.get(name)
            if plugin is not None and event.name in plugin.events and plugin.hint(pod.info, event):
                return True
        return False

    def _requeue(self, pod: QueuedPod) -> None:
        self._refused.pop(pod.info.uid, None)
        if self._gated(pod):
            return
        expires = pod.timestamp + backoff(pod.refusals)
        if expires <= self._clock.now():
            self._activate(pod)
            return
        pod.place = "backoff"
        heapq.heappush(self._backoff, (expires, next(self._order), pod))
        self._wake()

    def _gated(self, pod: QueuedPod) -> bool:
        """Put a pod aside, without a word to anybody, that a plug-in does not want to be tried (PreEnqueue)."""
        plugin = self._gate(pod.info)
        if plugin:
            pod.rejectors, pod.place = {plugin}, "refused"
            self._refused[pod.info.uid] = pod
        return bool(plugin)

    def _activate(self, pod: QueuedPod) -> None:
        if self._gated(pod):
            return
        pod.place = "active"
        heapq.heappush(self._active, (-pod.info.priority, pod.timestamp, next(self._order), pod))
        self._wake()

    def _flush(self, pod: QueuedPod) -> None:
        if pod.place == "refused" and self._clock.now() - pod.timestamp >= MAX_UNSCHEDULABLE:
            self._requeue(pod)

    def _error_over(self, pod: QueuedPod) -> None:
        if pod.place == "error":
            self._activate(pod)

    def _later(self, delay: float, callback: Callable[[QueuedPod], None], pod: QueuedPod) -> None:
        if self._closed:
            return

        def due() -> None:
            self._timers.discard(timer)
            callback(pod)

        timer = self._clock.call_later(delay, due)
        self._timers.add(timer)

    def close(self) -> None:
        """Forget all timers."""
        self._closed = True
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()


def backoff(count: int) -> float:
    """Return the seconds of back-off after so many refusals."""
    doublings = min(max(count - 1, 0), 16)  # a power of thousands is no float
    return float(min(INITIAL_BACKOFF * 2**doublings, MAX_BACKOFF))
