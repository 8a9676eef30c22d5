"""NodePorts: a host port can be used by one pod of a node, address by address."""

from collections.abc import Sequence

from k8s_tutor.sim.scheduler.cache import NodeInfo
from k8s_tutor.sim.scheduler.framework import ClusterEvent, CycleState, Plugin, Skip, Status
from k8s_tutor.sim.scheduler.podinfo import PodInfo, host_ports

ANY = "0.0.0.0"


def conflicts(wanted: tuple[str, str, int], used: tuple[str, str, int]) -> bool:
    """Tell whether two (protocol, address, port) exclude each other: 0.0.0.0 covers every address."""
    if wanted[0] != used[0] or wanted[2] != used[2]:
        return False
    return wanted[1] == used[1] or ANY in {wanted[1], used[1]}


class NodePorts(Plugin):
    """Filters by host ports."""

    name = "NodePorts"
    filters = True
    events = frozenset({"AssignedPod/Delete", "Node/Add"})

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo]) -> set[str] | None:
        if not pod.ports:
            raise Skip
        return None

    def filter(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> Status | None:
        if any(conflicts(wanted, used) for wanted in pod.ports for used in node.ports):
            return self.refuse("node(s) didn't have free ports for the requested pod ports")
        return None

    def hint(self, pod: PodInfo, event: ClusterEvent) -> bool:
        if event.name != "AssignedPod/Delete" or event.old is None:
            return True
        freed = host_ports(event.old["spec"])
        return any(conflicts(wanted, used) for wanted in pod.ports for used in freed)
