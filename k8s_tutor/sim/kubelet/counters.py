"""What a kubelet has counted since it began: its metrics (upstream: ``pkg/kubelet/metrics``).

A counter's name is the metric's, its labels are pairs; ``text`` writes them as Prometheus reads them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

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
Sample = tuple[str, Mapping[str, str], float]


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


def text(samples: Iterable[Sample], help_: Mapping[str, tuple[str, str]] = HELP) -> str:
    """Return samples in Prometheus' text format, each metric with its type and meaning first."""
    lines: dict[str, list[str]] = {}
    for metric, labels, value in samples:
        shown = ",".join(f'{name}="{_escaped(label)}"' for name, label in labels.items())
        lines.setdefault(metric, []).append(f"{metric}{{{shown}}} {value:g}" if shown else f"{metric} {value:g}")
    out = []
    for metric, found in sorted(lines.items()):
        kind, meaning = help_.get(metric, ("untyped", ""))
        out += [f"# HELP {metric} {meaning}", f"# TYPE {metric} {kind}", *found]
    return "\n".join(out) + "\n"


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
