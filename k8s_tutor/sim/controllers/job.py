"""The Job controller (upstream: ``pkg/controller/job``).

Pods carry a finalizer until they are counted: an ended pod's uid is first written to the Job's status, then its finalizer
is removed, then the uid is turned into a count; so none is lost or counted twice. Changes of pods are gathered for a
second before the Job is looked at.
"""

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers import conditions
from k8s_tutor.sim.controllers.adoption import Claims
from k8s_tutor.sim.controllers.base import Controller, selector_of
from k8s_tutor.sim.controllers.index import owner_index
from k8s_tutor.sim.controllers.job_pass import (
    FINALIZER,
    JobPass,
    end,
    ending,
    has_finalizer,
    note_ended,
    settle,
    tell_indexes,
    untrack,
)
from k8s_tutor.sim.controllers.job_pods import BATCH_SECONDS, JobPods
from k8s_tutor.sim.controllers.job_policies import Backoff, judge_failure
from k8s_tutor.sim.controllers.job_verdict import judge
from k8s_tutor.sim.controllers.podcontrol import PodControl
from k8s_tutor.sim.controllers.pods import is_active, is_finished, is_ready, is_terminating, phase
from k8s_tutor.sim.machinery.meta import controller_of
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event

JOBS = "jobs.batch"
OWN_CONTROLLER = "kubernetes.io/job-controller"


def is_finished_job(job: Json) -> bool:
    """Tell whether a Job is complete or failed."""
    status = job.get("status") or {}
    return conditions.is_true(status, "Complete") or conditions.is_true(status, "Failed")


class JobController(Controller):
    """Runs Jobs to their end."""

    name = "job-controller"
    retry = (1.0, 60.0)

    def setup(self) -> None:
        self._pods = owner_index(self.client.store, "pods")
        self._backoffs: dict[str, Backoff] = {}
        self._job_pods = JobPods(self.client, PodControl(self.client, self.events), self.clock, self._look_again)
        self.watch(JOBS, self._job_changed)
        self.watch("pods", self._pod_changed)
        self.watch_orphans("pods", JOBS, after=BATCH_SECONDS)

    def _job_changed(self, event: Event) -> None:
        job, old = event.obj, event.old.obj if event.old else None
        uid = job["metadata"]["uid"]
        if event.type == "DELETED" or is_finished_job(job):
            self._backoffs.pop(uid, None)
            for pod in self._pods.owned(uid):
                self._release_if_orphan(pod)
            return
        same = old is not None and old["metadata"].get("generation") == job["metadata"].get("generation")
        self._look_again(job, BATCH_SECONDS if same else 0)

    def _pod_changed(self, event: Event) -> None:
        pod, old = event.obj, event.old.obj if event.old else None
        owner, before = controller_of(pod), controller_of(old) if old else None
        for reference in (owner, before if before != owner else None):
            job = self._job_of(pod, reference)
            if job is not None and not is_finished_job(job):
                self._look_again(job, BATCH_SECONDS)
        if event.type != "DELETED" and (owner is None or (owner["kind"] == "Job" and is_terminating(pod))):
            self._release_if_orphan(pod)

    def _job_of(self, pod: Json, reference: Json | None) -> Json | None:
        """Return the Job that a reference of a pod means, if it is there."""
        if reference is None or reference["kind"] != "Job":
            return None
        job = self.client.get(JOBS, reference["name"], pod["metadata"]["namespace"])
        return job if job is not None and job["metadata"]["uid"] == reference["uid"] else None

    def _release_if_orphan(self, pod: Json) -> None:
        """Take the finalizer from a pod that nobody will count any more."""
        job = self._job_of(pod, controller_of(pod))
        if has_finalizer(pod) and (job is None or is_finished_job(job)):
            untrack(self.client, pod)

    def _look_again(self, job: Json, seconds: float) -> None:
        self.queue.add_after((job["metadata"]["namespace"], job["metadata"]["name"]), seconds)

    # -- one pass

    def reconcile(self, namespace: str, name: str) -> None:
        stored = self.client.get(JOBS, name, namespace)
        if stored is None or is_finished_job(stored):
            return
        if stored["spec"].get("managedBy", OWN_CONTROLLER) != OWN_CONTROLLER:
            return
        this = self._look(stored)
        self._count(this)
        left = judge(this, self.clock.now())
        if left is not None:
            self._look_again(this.job, left)
        suspension_changed, error, active = self._act(this)
        status = this.status
        counts = {"active": active, "ready": this.ready, "terminating": this.terminating}
        changed = suspension_changed or any(
            status.get(key, 0 if key == "active" else None) != value for key, value in counts.items()
        )
        status |= counts
        self._track(this, changed)
        if error is not None:
            raise error

    def _look(self, stored: Json) -> JobPass:
        meta = stored["metadata"]
        job = stored | {"metadata": dict(meta), "status": clone(stored.get("status") or {})}
        job["status"].setdefault("uncountedTerminatedPods", {})
        claims = Claims(self.client, "pods", stored, selector_of(stored), FINALIZER)
        pods = claims.claim(self._pods.owned(meta["uid"]), self._pods.orphans(meta["namespace"]))
        active = [pod for pod in pods if is_active(pod)]
        terminating = sum(is_terminating(pod) and not is_finished(pod) for pod in pods)
        return JobPass(job, pods, active, sum(map(is_ready, active)), terminating)

    def _count(self, this: JobPass) -> None:
        """Count what has ended, whether it is in the status already or not."""
        uncounted, status, now = this.uncounted, this.status, self.clock.now()
        succeeded = [pod for pod in self._fresh(this, "succeeded") if phase(pod) == "Succeeded"]
        failed = [pod for pod in self._fresh(this, "failed") if this.is_failed(pod)]
        policy = this.spec.get("podFailurePolicy")
        this.succeeded = status.get("succeeded", 0) + len(succeeded) + len(uncounted.get("succeeded") or ())
        counting = sum(judge_failure(policy, pod).counts for pod in failed)
        this.failed = status.get("failed", 0) + counting + len(uncounted.get("failed") or ())
        this.backoff = self._backoffs.get(this.job["metadata"]["uid"], Backoff()).after(succeeded, failed)
        if not status.get("startTime") and not this.suspended:
            status["startTime"] = rfc3339(now)

    def _fresh(self, this: JobPass, kind: str) -> list[Json]:
        known = set(this.uncounted.get(kind) or ())
        pods = (pod for pod in this.pods if has_finalizer(pod) and pod["metadata"]["uid"] not in known)
        return [pod for pod in pods if not this.indexed or this.index_of(pod) is not None]

    # -- acting on pods

    def _act(self, this: JobPass) -> tuple[bool, ApiError | None, int]:
        """Create or delete pods; returns whether suspension changed, what went wrong, and how many are active now."""
        if this.finished is not None:
            error = self._job_pods.delete(this, this.active, untrack_first=False)
            if error is not None:
                this.finished = None
            return False, error, 0 if error is None else len(this.active)
        managed = not is_terminating(this.job)
        active, error = self._job_pods.manage(this) if managed else (len(this.active), None)
        wanted = this.completions
        complete = this.succeeded > 0 if wanted is None else this.succeeded >= wanted
        if complete and active == 0:
            text = "Reached expected number of succeeded pods"
            this.finished = ending("SuccessCriteriaMet", "CompletionsReached", text, self.clock.now())
            return False, error, active
        return managed and self._tell_suspension(this), error, active

    def _tell_suspension(self, this: JobPass) -> bool:
        status = this.status
        old = conditions.get(status, "Suspended")
        new = ending("Suspended", "JobSuspended", "Job suspended", self.clock.now())
        if not this.suspended:
            if old is None:
                return False
            new |= {"status": "False", "reason": "JobResumed", "message": "Job resumed"}
        if old is not None and all(old.get(key) == new[key] for key in ("status", "reason", "message")):
            return False
        if old is None:
            status["conditions"] = [*(status.get("conditions") or ()), new]
        else:
            status["conditions"] = [new if item is old else item for item in status["conditions"]]
        if this.suspended:
            self.events.event(this.job, "Normal", "Suspended", "Job suspended")
            status.pop("startTime", None)
        else:
            self.events.event(this.job, "Normal", "Resumed", "Job resumed")
            status["startTime"] = rfc3339(self.clock.now())
        return True

    # -- counting

    def _track(self, this: JobPass, changed: bool) -> None:
        """Write uids, remove finalizers, turn uids into counts, and end the Job if it is to end."""
        tracked = {pod["metadata"]["uid"] for pod in this.pods if has_finalizer(pod)}
        changed = settle(this, tracked) or changed
        removable, newly_done, noted = note_ended(this)
        changed = changed or noted
        if this.indexed:
            changed = tell_indexes(this, newly_done) or changed
        changed = self._announce(this) or changed
        if changed:
            self._write(this)
            self._backoffs[this.job["metadata"]["uid"]] = this.backoff
        for pod in removable:
            untrack(self.client, pod)
            tracked.discard(pod["metadata"]["uid"])
        changed = settle(this, tracked)
        ended = end(this)
        if changed or ended:
            self._write(this)
        if ended:
            self._tell_end(this)

    def _announce(self, this: JobPass) -> bool:
        """Write that the Job is about to end, before its pods are counted and gone."""
        finished, status = this.finished, this.status
        if finished is None or finished["type"] not in {"FailureTarget", "SuccessCriteriaMet"}:
            return False
        announced = conditions.get(status, finished["type"]) is None
        if announced:
            status["conditions"] = [*(status.get("conditions") or ()), finished]
        last = "Failed" if finished["type"] == "FailureTarget" else "Complete"
        this.finished = ending(last, finished["reason"], finished["message"], self.clock.now())
        return announced

    def _tell_end(self, this: JobPass) -> None:
        finished = this.finished or {}
        if finished["type"] != "Complete":
            self.events.event(this.job, "Warning", finished["reason"], finished["message"])
            return
        if this.completions is not None and this.status.get("succeeded", 0) > this.completions:
            text = "Too many succeeded pods running after completion count reached"
            self.events.event(this.job, "Warning", "TooManySucceededPods", text)
        self.events.event(this.job, "Normal", "Completed", "Job completed")

    def _write(self, this: JobPass) -> None:
        new = this.job | {"metadata": dict(this.job["metadata"]), "status": clone(this.status)}
        for key in ("active", "succeeded", "failed"):
            if not new["status"].get(key):
                new["status"].pop(key, None)
        updated = self.client.update_status(JOBS, new)
        this.job["metadata"]["resourceVersion"] = updated["metadata"]["resourceVersion"]
