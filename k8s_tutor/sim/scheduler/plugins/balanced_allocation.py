"""NodeResourcesBalancedAllocation: CPU and memory of a node should be used to the same degree.

Since 1.34 what counts is how the pod changes the balance, not the balance it leads to.
"""

from collections.abc import Sequence

from k8s_tutor.sim.scheduler.cache import NodeInfo
from k8s_tutor.sim.scheduler.framework import MAX_SCORE, CycleState, Plugin
from k8s_tutor.sim.scheduler.podinfo import PodInfo

HALF = MAX_SCORE // 2


def balance(cpu: int, cpu_capacity: int, memory: int, memory_capacity: int) -> int:
    """Return 100 for equal fractions of both resources, down to 50."""
    if cpu_capacity == 0 or memory_capacity == 0:
        return MAX_SCORE
    difference = abs(min(cpu / cpu_capacity, 1.0) - min(memory / memory_capacity, 1.0)) / 2
    return int((1 - difference) * MAX_SCORE)


def truncated_half(value: int) -> int:
    """Halve as Go's integers do."""
    return int(value / 2)


class BalancedAllocation(Plugin):
    """Scores by balance."""

    name = "NodeResourcesBalancedAllocation"
    weight = 1

    def pre_score(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo]) -> bool:
        return bool(pod.requests.get("cpu") or pod.requests.get("memory"))

    def score(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> int:
        cpu_capacity, memory_capacity = node.allocatable.get("cpu", 0), node.allocatable.get("memory", 0)
        cpu, memory = node.requested.get("cpu", 0), node.requested.get("memory", 0)
        before = balance(cpu, cpu_capacity, memory, memory_capacity)
        cpu += pod.requests.get("cpu", 0)
        memory += pod.requests.get("memory", 0)
        after = balance(cpu, cpu_capacity, memory, memory_capacity)
        return HALF + truncated_half(HALF + after - before)
