"""Deletes Jobs some time after they have ended (upstream: ``pkg/controller/ttlafterfinished``)."""

from k8s_tutor.apimachinery.times import parse_time
from k8s_tutor.sim.controllers import conditions
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.job import JOBS, is_finished_job
from k8s_tutor.sim.controllers.pods import is_terminating
from k8s_tutor.sim.machinery.store import Event


class TtlAfterFinishedController(Controller):
    """Follows ``spec.ttlSecondsAfterFinished``."""

    name = "ttl-after-finished-controller"

    def setup(self) -> None:
        self.watch(JOBS, self._changed)

    def _changed(self, event: Event) -> None:
        job = event.obj
        if event.type != "DELETED" and job["spec"].get("ttlSecondsAfterFinished") is not None and is_finished_job(job):
            self.enqueue(job)

    def reconcile(self, namespace: str, name: str) -> None:
        job = self.client.get(JOBS, name, namespace)
        if job is None or is_terminating(job) or not is_finished_job(job):
            return
        seconds = job["spec"].get("ttlSecondsAfterFinished")
        if seconds is None:
            return
        status = job["status"]
        ended = next(filter(None, (conditions.get(status, kind) for kind in ("Complete", "Failed"))))
        left = parse_time(ended["lastTransitionTime"]) + seconds - self.clock.now()
        if left > 0:
            self.queue.add_after((namespace, name), left)
            return
        self.client.delete(JOBS, name, namespace, propagation="Foreground", uid=job["metadata"]["uid"])
