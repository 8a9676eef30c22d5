"""Ending containers: the event, the preStop hook, the order of sidecars, SIGTERM, grace, SIGKILL.

Mirrors ``killContainer`` and ``terminationOrdering`` of ``pkg/kubelet/kuberuntime``. The time of the hook and of waiting
for one's turn counts as grace; two seconds are always left.
"""

import asyncio
from collections.abc import Callable, Iterable

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.kubelet import spec
from k8s_tutor.sim.kubelet.handlers import Handlers, HookError
from k8s_tutor.sim.kubelet.records import Instance
from k8s_tutor.sim.runtime import signals

MINIMUM_GRACE = 2
Report = Callable[[Json, str, str, str, str], None]  # pod, container, type, reason, message


class Turns:
    """Who may end when: sidecars after all main containers, and in reverse order of their start."""

    def __init__(self, clock: Clock, pod: Json, running: Iterable[str]) -> None:
        self._clock = clock
        self._ended = {name: asyncio.Event() for name in running}
        self._before: dict[str, list[str]] = {}
        mains = [one["name"] for _, one in spec.containers(pod, "main")]
        later = ""
        for _, container in reversed(list(spec.containers(pod, "init"))):
            if spec.is_sidecar(container):
                self._before[container["name"]] = mains + ([later] if later else [])
                later = container["name"]

    async def wait(self, name: str, grace: float) -> float:
        """Wait for one's turn, not longer than the grace; returns the seconds it took."""
        begun = self._clock.now()
        for other in self._before.get(name, ()):
            if other in self._ended:
                left = grace - (self._clock.now() - begun)
                if not await within(self._clock, self._ended[other], left):
                    break
        return self._clock.now() - begun

    def ended(self, name: str) -> None:
        """Note an end."""
        if name in self._ended:
            self._ended[name].set()


async def within(clock: Clock, event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, in cluster time; returns whether it came."""
    if event.is_set():
        return True
    task = asyncio.ensure_future(event.wait())
    timer = clock.call_later(seconds, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        current = asyncio.current_task()
        if current is not None and current.cancelling():
            raise
    finally:
        timer.cancel()
    return event.is_set()


class Killer:
    """Ends containers of one node.

    Args:
        clock: cluster time.
        handlers: runs preStop hooks.
        report: records events about containers.
    """

    def __init__(self, clock: Clock, handlers: Handlers, report: Report) -> None:
        self._clock = clock
        self._handlers = handlers
        self._report = report

    async def kill_all(self, pod: Json, running: list[Instance], pod_ip: str, override: int | None) -> None:
        """End all containers of a pod at the same time."""
        turns = Turns(self._clock, pod, [one.view.name for one in running])
        # A single container, the usual case, needs no task of its own.
        if len(running) == 1:
            await self.kill(pod, running[0], pod_ip, override=override, turns=turns)
        elif running:
            kills = (self.kill(pod, one, pod_ip, override=override, turns=turns) for one in running)
            await asyncio.gather(*kills)

    async def kill(
        self,
        pod: Json,
        instance: Instance,
        pod_ip: str,
        *,
        message: str = "",
        reason: str = "",
        override: int | None = None,
        turns: Turns | None = None,
    ) -> None:
        """End one container.

        Args:
            pod: its pod.
            instance: the running container.
            pod_ip: for an HTTP hook.
            message: of the event; the usual one if empty.
            reason: ``liveness`` or ``startup``: the probe may have a grace period of its own.
            override: the grace period, whatever the specs say.
            turns: the order among the pod's containers.
        """
        name = instance.view.name
        found = spec.find_container(pod, name)
        container: Json = found[1] if found else {"name": name}
        self._report(pod, name, "Normal", "Killing", message or f"Stopping container {name}")
        grace = float(_grace(pod, container, reason) if override is None else override)
        hook = (container.get("lifecycle") or {}).get("preStop")
        if hook and grace > 0:
            grace -= await self._pre_stop(pod, container, instance, hook, pod_ip, grace)
        if turns is not None and grace > 0:
            grace -= int(await turns.wait(name, grace))
        await self._stop(container, instance, max(grace, MINIMUM_GRACE))
        if turns is not None:
            turns.ended(name)

    async def _pre_stop(
        self, pod: Json, container: Json, instance: Instance, hook: Json, pod_ip: str, grace: float
    ) -> int:
        begun = self._clock.now()
        running = instance.container
        if running is None:
            return 0
        done = asyncio.Event()

        async def run() -> None:
            try:
                await self._handlers.run(pod, container, running, hook, pod_ip)
            except HookError:
                self._report(pod, container["name"], "Warning", "FailedPreStopHook", "PreStopHook failed")
            finally:
                done.set()

        task = self._clock.spawn(run())
        try:
            await within(self._clock, done, grace)
        finally:
            task.cancel()
        return int(self._clock.now() - begun)

    async def _stop(self, container: Json, instance: Instance, grace: float) -> None:
        running = instance.container
        if running is None or running.exited:
            return
        ended = asyncio.Event()
        running.on_exit(lambda _: ended.set())
        wanted = (container.get("lifecycle") or {}).get("stopSignal") or "SIGTERM"
        running.signal(signals.parse(wanted) or signals.SIGTERM)
        if not await within(self._clock, ended, grace):
            running.kill()
            await ended.wait()


def _grace(pod: Json, container: Json, reason: str) -> int:
    """Return the grace period in seconds."""
    deletion = pod["metadata"].get("deletionGracePeriodSeconds")
    if deletion is not None:
        return int(deletion)
    probe = container.get(f"{reason}Probe") if reason else None
    if probe and probe.get("terminationGracePeriodSeconds") is not None:
        return int(probe["terminationGracePeriodSeconds"])
    return spec.grace_period(pod)
