"""Which pods of a DaemonSet give way to new ones now (upstream: ``pkg/controller/daemon/update.go``).

Without surge, old pods are deleted, and the next pass starts new ones in their place, as many nodes at a time as may be
without an available pod. With surge, new pods start beside the old ones, which go once the new ones are available.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers.daemonset_nodes import should_run, split
from k8s_tutor.sim.controllers.pods import created
from k8s_tutor.sim.controllers.scaled import scaled
from k8s_tutor.sim.controllers.setpass import SetPass


@dataclass(slots=True)
class DaemonSetPass(SetPass):
    """One look at one DaemonSet; ``pods`` are by node, ``hash`` is that of the present template."""

    nodes: list[Json]
    pods: dict[str, list[Json]]
    hash: str
    acted: bool = False

    def oldest_first(self, pods: Sequence[Json]) -> list[Json]:
        """Sort pods of a node: those that are bound, then by age."""
        return sorted(pods, key=lambda pod: (not pod["spec"].get("nodeName"), created(pod), pod["metadata"]["name"]))


def roll(this: DaemonSetPass) -> tuple[list[Json], list[str]]:
    """Return the pods to delete, and the nodes on which to start new ones beside the old."""
    wanted = [node["metadata"]["name"] for node in this.nodes if should_run(this.set, node)[0]]
    surge = scaled(this.rolling.get("maxSurge"), len(wanted), round_up=True)
    unavailable = scaled(this.rolling.get("maxUnavailable", 1), len(wanted), round_up=True)
    by_node: dict[str, list[Json]] = {name: [] for name in wanted}
    by_node |= this.pods
    if surge > 0:
        return _beside(this, by_node, set(wanted), surge)
    return _in_place(this, by_node, unavailable if unavailable or not wanted else 1), []


def _in_place(this: DaemonSetPass, by_node: dict[str, list[Json]], most: int) -> list[Json]:
    down = 0
    replace: list[Json] = []
    candidates: list[Json] = []
    for pods in by_node.values():
        new, old, tidy = split(pods, this.hash)
        if not tidy or (new is None) == (old is None):
            down += 1
        elif new is not None:
            down += not this.available(new)
        elif old is not None and not this.available(old):
            replace.append(old)
            down += 1
        elif old is not None and down < most:
            candidates.append(old)
    return [*replace, *candidates[: max(0, most - down)]]


def _beside(
    this: DaemonSetPass, by_node: dict[str, list[Json]], wanted: set[str], most: int
) -> tuple[list[Json], list[str]]:
    surging = 0
    remove: list[Json] = []
    allowed: list[str] = []
    candidates: list[str] = []
    for name, pods in by_node.items():
        new, old, tidy = split(pods, this.hash)
        if not tidy:
            surging += 1
        elif old is None:
            continue
        elif new is not None:
            if this.available(new):
                remove.append(old)
            else:
                surging += 1
        elif name not in wanted:
            if not this.available(old):
                remove.append(old)
        elif not this.available(old):
            allowed.append(name)
        elif surging < most:
            candidates.append(name)
    return remove, [*allowed, *candidates[: max(0, most - surging)]]
