"""What a kubelet has counted since it began: its metrics (upstream: ``pkg/kubelet/metrics``).

A counter's name is the metric's, its labels are pairs.
"""

from collections import Counter
from collections.abc import Iterable

from k8s_tutor.sim.machinery.prometheus import Sample

HELP = {
    "kubelet_node_name": ("gauge", "The node's name. The count is always 1."),
    "kubelet_running_containers": ("gauge", "Number of containers currently running"),
    "kubelet_running_pods": ("gauge", "Number of pods that have a running pod sandbox"),
    "kubelet_started_containers_total": ("counter", "Cumulative number of containers started"),
    "kubelet_started_pods_total": ("counter", "Cumulative number of pods started"),
    "kubelet_terminated_containers_total": ("counter", "Cumulative number of container terminations."),
    "kubelet_evictions": ("counter", "Cumulative number of pod evictions by eviction signal"),
    "prober_probe_total": (
        "counter",
        "Cumulative number of a liveness, readiness or startup probe for a container by result.",
    ),
}
Labels = tuple[tuple[str, str], ...]


class Counters:
    """Counts by metric and labels."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, Labels]] = Counter()

    def add(self, metric: str, **labels: str) -> None:
        """Count one."""
        self._counts[metric, tuple(sorted(labels.items()))] += 1

    def samples(self) -> Iterable[Sample]:
        """Yield all counts."""
        for (metric, labels), count in sorted(self._counts.items()):
            yield metric, dict(labels), count
