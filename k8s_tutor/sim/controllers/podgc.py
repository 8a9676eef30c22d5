"""The pod garbage collector (upstream: ``pkg/controller/podgc``): every 20 s, pods that nobody will end."""

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.pods import created, is_finished, is_terminating
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.ticking import never

PERIOD = 20.0
QUARANTINE = 40.0
THRESHOLD = 12_500
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
TICK = ("", "")


class PodGarbageCollector(Controller):
    """Deletes pods of nodes that are gone, unscheduled ones that are being deleted, and ended ones beyond a threshold."""

    name = "pod-garbage-collector"

    def setup(self) -> None:
        self._missing: dict[str, float] = {}
        self.every(PERIOD, TICK, limit=self._until)

    def _until(self) -> float:
        return self.clock.now() if self._missing else never()

    def reconcile(self, namespace: str, name: str) -> None:
        pods = self.client.list("pods")
        self._terminated(pods)
        nodes = {node["metadata"]["name"]: node for node in self.client.list("nodes")}
        self._out_of_service(pods, nodes)
        self._orphaned(pods, nodes)
        for pod in pods:
            if is_terminating(pod) and not pod["spec"].get("nodeName"):
                self._delete(pod, "")

    def _terminated(self, pods: list[Json]) -> None:
        ended = [pod for pod in pods if is_finished(pod)]
        if len(ended) <= THRESHOLD:
            return
        for pod in sorted(ended, key=created)[: len(ended) - THRESHOLD]:
            self._delete(pod, "")

    def _out_of_service(self, pods: list[Json], nodes: dict[str, Json]) -> None:
        out = {
            name
            for name, node in nodes.items()
            if any(taint["key"] == OUT_OF_SERVICE for taint in (node.get("spec") or {}).get("taints") or ())
        }
        for pod in pods if out else ():
            if is_terminating(pod) and pod["spec"].get("nodeName") in out:
                self._delete(pod, "")

    def _orphaned(self, pods: list[Json], nodes: dict[str, Json]) -> None:
        now = self.clock.now()
        names = {pod["spec"].get("nodeName") for pod in pods} - {None, "", *nodes}
        self._missing = {name: self._missing.get(name, now) for name in names}
        for pod in pods if names else ():
            since = self._missing.get(pod["spec"].get("nodeName", ""))
            if since is not None and now - since >= QUARANTINE:
                self._delete(pod, "PodGC: node no longer exists")

    def _delete(self, pod: Json, why: str) -> None:
        meta = pod["metadata"]
        now = rfc3339(self.clock.now())

        def fail(obj: Json) -> None:
            status = obj.setdefault("status", {})
            status["phase"] = "Failed"
            conditions = [c for c in status.get("conditions") or () if c["type"] != "DisruptionTarget"]
            mark = {
                "type": "DisruptionTarget",
                "status": "True",
                "lastProbeTime": None,
                "lastTransitionTime": now,
                "reason": "DeletionByPodGC",
                "message": why,
            }
            if obj["metadata"].get("generation"):
                mark["observedGeneration"] = obj["metadata"]["generation"]
            status["conditions"] = [*conditions, mark]

        try:
            if not is_finished(pod):
                if why:
                    self.client.change("pods", meta["namespace"], meta["name"], fail, "status")
                else:
                    self.client.change("pods", meta["namespace"], meta["name"], _end, "status")
            self.client.delete("pods", meta["name"], meta["namespace"], grace=0)
        except ApiError as error:
            if error.code != 404:
                raise


def _end(obj: Json) -> None:
    obj.setdefault("status", {})["phase"] = "Failed"
