"""Pods that have a node but wait for their volumes before they are bound (upstream: ``PreBind`` of VolumeBinding).

Upstream looks once a second, beginning a second after the node was chosen, for ten minutes at most. Here the looks that
would see nothing new are left out: one is taken at the next of those seconds after something has changed.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.scheduler.algorithm import Chosen
from k8s_tutor.sim.scheduler.framework import PluginError
from k8s_tutor.sim.scheduler.podinfo import PodInfo
from k8s_tutor.sim.timers import Timer

PERIOD = 1.0
TIMEOUT = 600.0
TIMED_OUT = 'running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded'


@dataclass(slots=True, eq=False)
class _Wait:
    pod: PodInfo
    chosen: Chosen
    since: float
    end: Timer
    look: Timer | None = None


class Waits:
    """The pods that wait.

    Args:
        clock: cluster time.
        ready: tells whether a pod can be bound; raises PluginError if it never will be.
        over: called when a wait is over, with why it was in vain, or "".
    """

    def __init__(
        self, clock: Clock, ready: Callable[[PodInfo, Chosen], bool], over: Callable[[PodInfo, Chosen, str], None]
    ) -> None:
        self._clock = clock
        self._ready = ready
        self._over = over
        self._waits: dict[str, _Wait] = {}

    def add(self, pod: PodInfo, chosen: Chosen) -> None:
        """Let a pod wait."""
        end = self._clock.call_later(TIMEOUT, lambda: self._finish(wait, TIMED_OUT))
        wait = self._waits[pod.uid] = _Wait(pod, chosen, self._clock.now(), end)
        self._look_soon(wait)

    def drop(self, uid: str) -> None:
        """Forget a pod."""
        wait = self._waits.pop(uid, None)
        if wait is not None:
            wait.end.cancel()
            if wait.look is not None:
                wait.look.cancel()

    def stir(self) -> None:
        """Look at all pods again: something has changed."""
        for wait in self._waits.values():
            self._look_soon(wait)

    def close(self) -> None:
        """Forget all."""
        for uid in tuple(self._waits):
            self.drop(uid)

    def _look_soon(self, wait: _Wait) -> None:
        if wait.look is None:
            passed = self._clock.now() - wait.since
            delay = (math.floor(passed / PERIOD) + 1) * PERIOD - passed
            wait.look = self._clock.call_later(delay, lambda: self._look(wait))

    def _look(self, wait: _Wait) -> None:
        wait.look = None
        try:
            if self._ready(wait.pod, wait.chosen):
                self._finish(wait, "")
        except PluginError as error:
            self._finish(wait, str(error))

    def _finish(self, wait: _Wait, why: str) -> None:
        self.drop(wait.pod.uid)
        self._over(wait.pod, wait.chosen, why)
