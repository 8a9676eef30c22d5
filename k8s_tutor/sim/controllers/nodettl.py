"""Tells kubelets how long they may keep Secrets and ConfigMaps (upstream: ``pkg/controller/ttl``).

The annotation ``node.alpha.kubernetes.io/ttl`` is 0 in a small cluster and grows with the number of nodes; the bounds of
the steps overlap, so that a node more or less does not rewrite all of them.
"""

from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.machinery.store import Event

ANNOTATION = "node.alpha.kubernetes.io/ttl"
# From and up to how many nodes a step holds, and its seconds.
STEPS = ((0, 100, 0), (90, 500, 15), (450, 1000, 30), (900, 2000, 60), (1800, 2**31, 300))


class NodeTtlController(Controller):
    """Annotates nodes."""

    name = "ttl-controller"

    def setup(self) -> None:
        self._step = 0
        self.watch("nodes", self._changed)

    def _changed(self, event: Event) -> None:
        count = self.client.store.count("nodes")
        if count > STEPS[self._step][1]:
            self._step += 1
        elif count < STEPS[self._step][0]:
            self._step -= 1
        if event.type != "DELETED":
            self.enqueue(event.obj)

    def reconcile(self, namespace: str, name: str) -> None:
        node = self.client.get("nodes", name)
        wanted = str(STEPS[self._step][2])
        if node is None or (node["metadata"].get("annotations") or {}).get(ANNOTATION) == wanted:
            return
        self.client.change(
            "nodes", "", name, lambda obj: obj["metadata"].setdefault("annotations", {}).update({ANNOTATION: wanted})
        )
