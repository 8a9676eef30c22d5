"""Pods that look alike are decided from what was computed for the last of them (upstream: opportunistic batching).

For a pod without constraints that look beyond a node, what a node says to it depends on the node alone. So verdict and
score are kept for each look (*signature*) and node, and recomputed only where the node has changed since.
"""

import math
import random
from collections import OrderedDict
from collections.abc import Sequence

import orjson

from k8s_tutor.apimachinery.labels import Selector
from k8s_tutor.sim.scheduler.cache import HOSTNAME, ZONE, NodeInfo
from k8s_tutor.sim.scheduler.framework import CycleState, Handle, PluginError, Profile, Refused, default_normalize
from k8s_tutor.sim.scheduler.plugins.pod_topology_spread import PodTopologySpread, count_matching, owner_selector
from k8s_tutor.sim.scheduler.podinfo import PodInfo

MAX_KEPT = 64
WORTHWHILE = 2  # nodes; with one the ordinary way is as quick
PER_NODE = ("NodeResourcesFit", "NodeResourcesBalancedAllocation", "ImageLocality")
_LOOK = ("tolerations", "nodeSelector", "affinity", "resources", "overhead", "priority", "runtimeClassName")


class _Verdict:
    """What one node says to one look of pods."""

    __slots__ = ("affinity", "fits", "generation", "matching", "score", "taints")

    def __init__(self) -> None:
        self.generation = -1
        self.fits = False
        self.score = self.taints = self.affinity = self.matching = 0


class _Look:
    __slots__ = ("selector", "topology", "verdicts")

    def __init__(self, topology: int, selector: Selector) -> None:
        self.topology = topology
        self.selector = selector
        self.verdicts: dict[str, _Verdict] = {}


def signature(pod: PodInfo) -> bytes | None:
    """Return what pods must share to be decided alike, or None if the pod looks beyond single nodes."""
    spec = pod.spec
    if spec.get("topologySpreadConstraints") or pod.has_affinity or spec.get("nodeName") or pod.nominated_node:
        return None
    for volume in spec.get("volumes") or ():
        if "persistentVolumeClaim" in volume or "ephemeral" in volume or "image" in volume:
            return None
    containers = [
        (c.get("image"), c.get("resources"), c.get("ports"), c.get("restartPolicy"))
        for c in (*spec.get("containers", ()), None, *spec.get("initContainers", ()))
        if c
    ]
    owners = pod.pod["metadata"].get("ownerReferences")
    return orjson.dumps([pod.namespace, pod.labels, containers, owners, [spec.get(key) for key in _LOOK]])


class Batch:
    """Decides for pods that look like earlier ones.

    Args:
        handle: the scheduler, with its cache.
        profile: the plug-ins.
    """

    def __init__(self, handle: Handle, profile: Profile) -> None:
        self._handle = handle
        self._profile = profile
        self._looks: OrderedDict[bytes, _Look] = OrderedDict()

    def choose(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> NodeInfo | None:
        """Return the node, or None where the ordinary way has to decide."""
        cache = self._handle.cache
        if len(nodes) < WORTHWHILE or len(nodes) > 100 or cache.pods_with_affinity or self._handle.any_nominated():
            return None
        key = signature(pod)
        if key is None or not self._profile.alike(pod):
            return None
        look = self._looks.get(key)
        selector = owner_selector(self._handle, pod)
        if look is None or look.topology != cache.topology or look.selector != selector:
            look = self._looks[key] = _Look(cache.topology, selector)
            if len(self._looks) > MAX_KEPT:
                self._looks.popitem(last=False)
        feasible = self._feasible(look, pod, nodes)
        if not feasible:
            return None
        if len(feasible) == 1:
            return feasible[0][0]
        scores = self._scores(look, feasible)
        highest = max(scores)
        return random.choice([node for (node, _), score in zip(feasible, scores, strict=True) if score == highest])

    def _feasible(self, look: _Look, pod: PodInfo, nodes: Sequence[NodeInfo]) -> list[tuple[NodeInfo, _Verdict]]:
        verdicts = look.verdicts
        state: CycleState | None = None
        found = []
        for node in nodes:
            verdict = verdicts.get(node.name)
            if verdict is None or verdict.generation != node.generation:
                if state is None:
                    state = self._prepare(pod, nodes)
                    if state is None:
                        return []
                if verdict is None:
                    verdict = verdicts[node.name] = _Verdict()
                self._judge(verdict, look, state, pod, node)
            if verdict.fits:
                found.append((node, verdict))
        return found

    def _prepare(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> CycleState | None:
        state = CycleState()
        try:
            names, _ = self._profile.pre_filter(state, pod, nodes)
            self._profile.by_name["NodeAffinity"].pre_score(state, pod, nodes)
        except (Refused, PluginError):
            return None
        return state if names is None else None

    def _judge(self, verdict: _Verdict, look: _Look, state: CycleState, pod: PodInfo, node: NodeInfo) -> None:
        plugins = self._profile.by_name
        verdict.generation = node.generation
        included = "NodeAffinity" in state.skip or state.data["NodeAffinity"](node.name, node.labels)
        verdict.matching = count_matching(node, look.selector, pod.namespace) if included else 0
        verdict.fits = self._profile.filter(state, pod, node) is None
        if not verdict.fits:
            return
        verdict.score = sum(
            plugins[name].weight * plugins[name].score(state, pod, node)
            for name in PER_NODE
            if name != "NodeResourcesBalancedAllocation" or plugins[name].pre_score(state, pod, ())
        )
        verdict.taints = plugins["TaintToleration"].score(state, pod, node)
        affinity = plugins["NodeAffinity"]
        verdict.affinity = affinity.score(state, pod, node) if "NodeAffinity/score" in state.data else 0

    def _scores(self, look: _Look, feasible: Sequence[tuple[NodeInfo, _Verdict]]) -> list[int]:
        totals = [verdict.score for _, verdict in feasible]
        for name, raw in (
            ("TaintToleration", [verdict.taints for _, verdict in feasible]),
            ("NodeAffinity", [verdict.affinity for _, verdict in feasible]),
        ):
            if any(raw):
                weight = self._profile.by_name[name].weight
                scaled = default_normalize(raw, reverse=name == "TaintToleration")
                totals = [total + weight * value for total, value in zip(totals, scaled, strict=True)]
        if not look.selector.empty:
            spread = self._spread(feasible, look)
            totals = [total + PodTopologySpread.weight * value for total, value in zip(totals, spread, strict=True)]
        return totals

    def _spread(self, feasible: Sequence[tuple[NodeInfo, _Verdict]], look: _Look) -> list[int]:
        """Score by the system's default spreading over hosts and zones."""
        zones: dict[str, int] = {node.labels.get(ZONE, ""): 0 for node, _ in feasible}
        for node in self._handle.cache.list():
            zone = node.labels.get(ZONE, "")
            if zone in zones:
                zones[zone] += look.verdicts[node.name].matching
        by_host, by_zone = math.log(len(feasible) + 2), math.log(len(zones) + 2)
        raw = []
        for node, verdict in feasible:
            score = verdict.matching * by_host + 2 if HOSTNAME in node.labels else 0.0
            here = node.labels.get(ZONE)
            raw.append(math.floor(score + (zones[here] * by_zone + 4 if here is not None else 0.0) + 0.5))
        highest, lowest = max(raw), min(raw)
        return [100 if highest == 0 else 100 * (highest + lowest - value) // highest for value in raw]
