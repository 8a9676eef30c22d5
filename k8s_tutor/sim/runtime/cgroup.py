"""A container's control group: who uses how much memory and CPU, in cluster time.

CPU: work is *consumed*. A process that computes sleeps in cluster time as long as the work would take; while more is
wanted than the limit, all of it takes longer (CFS bandwidth control) and periods of 100 ms count as throttled. Steady
loads (stress workers, servers' idle load) are rates, integrated when somebody asks.
Memory: each process has a figure. Over the limit the kernel kills; Kubernetes sets ``memory.oom.group`` on cgroup v2
(kubelet, singleProcessOOMKill false), so the whole container goes.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.contract import Limits

if TYPE_CHECKING:
    from k8s_tutor.sim.clock import Clock
    from k8s_tutor.sim.runtime.processes import Process

PERIOD = 0.1
SAMPLE_SECONDS = 15.0
NODE_CORES = 4.0
NODE_MEMORY = 8 << 30


class Cgroup:
    """Accounts of one container.

    Args:
        on_oom: called when memory goes over the limit; must kill.
    """

    __slots__ = (
        "_at",
        "_busy",
        "_clock",
        "_extra",
        "_loads",
        "_memory",
        "_on_oom",
        "_samples",
        "_total",
        "limits",
        "periods",
        "throttled",
    )

    def __init__(self, clock: "Clock", limits: Limits, on_oom: Callable[[], None]) -> None:
        self._clock = clock
        self.limits = limits
        self._on_oom = on_oom
        self._memory: dict[Process, int] = {}
        self._extra: Callable[[], int] | None = None
        self._loads: dict[Process, float] = {}
        self._total = 0.0
        self._at = clock.now()
        self._busy = 0
        self._samples: list[tuple[float, float]] = [(self._at, 0.0)]
        self.periods = 0.0
        self.throttled = 0.0

    # -- memory

    @property
    def memory(self) -> int:
        """Bytes in use, of processes and of memory-backed volumes."""
        return sum(self._memory.values()) + (self._extra() if self._extra else 0)

    @property
    def memory_limit(self) -> int:
        """The limit, or the node's memory."""
        return self.limits.memory or NODE_MEMORY

    def also(self, extra: Callable[[], int]) -> None:
        """Count bytes that belong to no process."""
        self._extra = extra

    def memory_of(self, process: "Process") -> int:
        """Return a process's bytes."""
        return self._memory.get(process, 0)

    def set_memory(self, process: "Process", size: int) -> None:
        """Set a process's bytes; over the limit, the kernel kills."""
        grows = size > self._memory.get(process, 0)
        self._memory[process] = size
        if grows and self.memory > self.memory_limit:
            self._on_oom()

    def forget(self, process: "Process") -> None:
        """A process has ended."""
        self._memory.pop(process, None)
        if process in self._loads:
            self.set_load(process, 0)

    # -- cpu

    @property
    def cpu_limit(self) -> float:
        """Cores that may be used."""
        return NODE_CORES if self.limits.cpu is None else min(NODE_CORES, self.limits.cpu / 1000)

    @property
    def _demand(self) -> float:
        return sum(self._loads.values()) + self._busy

    def set_load(self, process: "Process", cores: float) -> None:
        """Set how many cores a process wants steadily."""
        self.cpu_seconds()
        if cores:
            self._loads[process] = cores
        else:
            self._loads.pop(process, None)

    def cpu_seconds(self) -> float:
        """Return the total used until now."""
        now = self._clock.now()
        elapsed = now - self._at
        if elapsed > 0 and self._loads:
            wanted = sum(self._loads.values())
            share = min(1.0, self.cpu_limit / max(self._demand, 1e-9))
            self._total += elapsed * wanted * share
            self._count(elapsed, throttled=self._demand > self.cpu_limit)
        self._at = now
        return self._total

    async def consume(self, seconds: float) -> None:
        """Compute for ``seconds`` of one core; takes longer when throttled."""
        self.cpu_seconds()
        self._busy += 1
        stretch = max(1.0, self._demand / self.cpu_limit)
        self._total += seconds
        self._count(seconds * stretch, throttled=stretch > 1)
        try:
            with self._clock.release():
                await self._clock.sleep(seconds * stretch)
        finally:
            self._busy -= 1

    def spend(self, seconds: float) -> None:
        """Account for work done without waiting (a server's answer)."""
        self._total += seconds

    def cpu_millicores(self) -> float:
        """Return the mean of the last window: since the sample that is 15 s old, at least."""
        now, total = self._clock.now(), self.cpu_seconds()
        if now - self._samples[-1][0] >= SAMPLE_SECONDS:
            self._samples = [self._samples[-1], (now, total)]
        when, before = self._samples[0]
        return max(0.0, (total - before) / (now - when) * 1000) if now > when else 0.0

    def _count(self, seconds: float, *, throttled: bool) -> None:
        self.periods += seconds / PERIOD
        if throttled:
            self.throttled += seconds / PERIOD
