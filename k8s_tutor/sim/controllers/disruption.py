"""The disruption controller: how many pods of a budget may be disrupted now (upstream: ``pkg/controller/disruption``)."""

from collections.abc import Sequence

from k8s_tutor.apimachinery.labels import from_label_selector
from k8s_tutor.apimachinery.times import parse_time, rfc3339
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.conditions import set_in_place
from k8s_tutor.sim.controllers.pods import condition, is_finished, is_ready, is_terminating, phase
from k8s_tutor.sim.controllers.scaled import scaled
from k8s_tutor.sim.machinery.meta import controller_of
from k8s_tutor.sim.machinery.recorder import Recorder
from k8s_tutor.sim.machinery.store import Event

BUDGETS = "poddisruptionbudgets.policy"
DELETION_TIMEOUT = 120.0
STALE_DISRUPTION = 120.0
SCALED = {
    "ReplicaSet": "replicasets.apps",
    "StatefulSet": "statefulsets.apps",
    "ReplicationController": "replicationcontrollers",
    "Deployment": "deployments.apps",
}


class DisruptionController(Controller):
    """Keeps the statuses of PodDisruptionBudgets."""

    name = "disruption-controller"

    def setup(self) -> None:
        self.events = Recorder(self.clock, self.client, "controllermanager")
        self.watch(BUDGETS, self._budget_changed)
        self.watch("pods", self._pod_changed)

    def _budget_changed(self, event: Event) -> None:
        if event.type != "DELETED":
            self.enqueue(event.obj)

    def _pod_changed(self, event: Event) -> None:
        if not self.client.store.count(BUDGETS):
            return
        self._enqueue_for(event.obj)
        self._drop_stale_mark(event)

    def _enqueue_for(self, pod: Json) -> None:
        """One budget is looked at, though a pod may be of several: a mistake that its events tell of."""
        namespace, labels = pod["metadata"]["namespace"], pod["metadata"].get("labels") or {}
        found = [
            budget
            for budget in self.client.list(BUDGETS, namespace)
            if from_label_selector(budget["spec"].get("selector")).matches(labels)
        ]
        if len(found) > 1:
            chosen = found[0]["metadata"]["name"]
            text = (
                f'Pod "{namespace}"/"{pod["metadata"]["name"]}" matches multiple PodDisruptionBudgets.  '
                f'Chose "{chosen}" arbitrarily.'
            )
            self.events.event(pod, "Warning", "MultiplePodDisruptionBudgets", text)
        for budget in found[:1]:
            self.enqueue(budget)

    def _drop_stale_mark(self, event: Event) -> None:
        """A pod that was to be disrupted but lives on is looked at again later."""
        mark = condition(event.obj, "DisruptionTarget")
        if event.type == "DELETED" or is_terminating(event.obj) or mark is None or mark["status"] != "True":
            return
        left = parse_time(mark["lastTransitionTime"]) + STALE_DISRUPTION - self.clock.now()
        meta = event.obj["metadata"]
        self.clock.call_later(max(0.0, left), self._clear_mark, meta["namespace"], meta["name"], meta["uid"])

    def _clear_mark(self, namespace: str, name: str, uid: str) -> None:
        pod = self.client.get("pods", name, namespace)
        if pod is None or pod["metadata"]["uid"] != uid or is_terminating(pod) or is_finished(pod):
            return
        now = rfc3339(self.clock.now())

        def change(obj: Json) -> None:
            for item in (obj.get("status") or {}).get("conditions") or ():
                if item["type"] == "DisruptionTarget":
                    item |= {"status": "False", "lastTransitionTime": now}

        self.client.change("pods", namespace, name, change, "status")

    # -- one budget

    def reconcile(self, namespace: str, name: str) -> None:
        budget = self.client.get(BUDGETS, name, namespace)
        if budget is None:
            return
        selector = from_label_selector(budget["spec"].get("selector"))
        pods = self.client.list("pods", namespace, lambda pod: selector.matches(pod["metadata"].get("labels")))
        if not pods:
            self.events.event(budget, "Normal", "NoPods", "No matching pods found")
        expected, desired = self._expected(budget, pods)
        now = self.clock.now()
        disrupted, recheck = self._disrupted(budget, pods, now)
        healthy = sum(
            is_ready(pod) and not is_terminating(pod) and pod["metadata"]["name"] not in disrupted for pod in pods
        )
        allowed = max(0, healthy - desired) if expected > 0 else 0
        self._write(
            budget, disrupted, {"healthy": healthy, "desired": desired, "expected": expected, "allowed": allowed}
        )
        if recheck is not None:
            self.queue.add_after((namespace, name), max(0.0, recheck - now))

    def _expected(self, budget: Json, pods: Sequence[Json]) -> tuple[int, int]:
        """Return how many pods there should be, and how many of them have to be healthy."""
        spec = budget["spec"]
        least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
        if most is not None:
            expected = self._scale_of(budget, pods)
            return expected, max(0, expected - scaled(most, expected, round_up=True))
        if isinstance(least, str):
            expected = self._scale_of(budget, pods)
            return expected, scaled(least, expected, round_up=True)
        return len(pods), int(least or 0)

    def _scale_of(self, budget: Json, pods: Sequence[Json]) -> int:
        """Sum the sizes of the workloads that the pods belong to."""
        sizes: dict[str, int] = {}
        unmanaged = False
        for pod in pods:
            owner = controller_of(pod)
            if owner is None:
                unmanaged = True
                continue
            if owner["uid"] not in sizes:
                sizes[owner["uid"]] = self._size(owner, pod["metadata"]["namespace"])
        if unmanaged:
            selector = from_label_selector(budget["spec"].get("selector"))
            text = (
                f"Pods selected by this PodDisruptionBudget (selector: {_spelt(budget, str(selector))}) were found to be "
                "unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in "
                'undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an '
                "integer value."
            )
            self.events.event(budget, "Warning", "UnmanagedPods", text)
        return sum(sizes.values())

    def _size(self, owner: Json, namespace: str) -> int:
        resource = SCALED.get(owner["kind"])
        workload = self.client.get(resource, owner["name"], namespace) if resource else None
        if workload is None:
            return 0
        parent = controller_of(workload)
        if parent is not None and parent["kind"] == "Deployment":
            return self._size(parent, namespace)
        return int(workload["spec"].get("replicas", 1))

    def _disrupted(self, budget: Json, pods: Sequence[Json], now: float) -> tuple[dict[str, str], float | None]:
        """Return the evictions that are granted but not seen yet, and when the next of them is forgotten."""
        found: dict[str, str] = {}
        recheck: float | None = None
        by_name = {pod["metadata"]["name"]: pod for pod in pods}
        for name, time in ((budget.get("status") or {}).get("disruptedPods") or {}).items():
            pod = by_name.get(name)
            if pod is None or is_terminating(pod) or phase(pod) in {"Failed", "Succeeded"}:
                continue
            ends = parse_time(time) + DELETION_TIMEOUT
            if ends <= now:
                text = (
                    f"Pod {pod['metadata']['namespace']}/{name} was expected by PDB {budget['metadata']['namespace']}/"
                )
                text += f"{budget['metadata']['name']} to be deleted but it wasn't"
                self.events.event(pod, "Warning", "NotDeleted", text)
                continue
            found[name] = time
            recheck = ends if recheck is None else min(recheck, ends)
        return found, recheck

    def _write(self, budget: Json, disrupted: dict[str, str], counts: dict[str, int]) -> None:
        old = budget.get("status") or {}
        generation = budget["metadata"].get("generation", 0)
        status: Json = {
            "observedGeneration": generation,
            "disruptionsAllowed": counts["allowed"],
            "currentHealthy": counts["healthy"],
            "desiredHealthy": counts["desired"],
            "expectedPods": counts["expected"],
        }
        if disrupted:
            status["disruptedPods"] = disrupted
        if old.get("conditions"):
            status["conditions"] = clone(old["conditions"])
        can = counts["allowed"] > 0
        set_in_place(
            status,
            {
                "type": "DisruptionAllowed",
                "status": "True" if can else "False",
                "observedGeneration": generation,
                "lastTransitionTime": rfc3339(self.clock.now()),
                "reason": "SufficientPods" if can else "InsufficientPods",
                "message": "",
            },
        )
        if status != old:
            new = clone(budget)
            new["status"] = status
            self.client.update_status(BUDGETS, new)


def _spelt(budget: Json, text: str) -> str:
    """Upstream prints the selector's structure."""
    labels = (budget["spec"].get("selector") or {}).get("matchLabels") or {}
    if (budget["spec"].get("selector") or {}).get("matchExpressions"):
        return text
    inner = "".join(f"{key}: {value}," for key, value in sorted(labels.items()))
    return (
        f"&LabelSelector{{MatchLabels:map[string]string{{{inner}}},MatchExpressions:[]LabelSelectorRequirement{{}},}}"
    )
