"""The Job controller (upstream: ``pkg/controller/job``).

Pods carry a finalizer until they are counted: an ended pod's uid is first written to the Job's status, then its finalizer
is removed, then the uid is turned into a count; so none is lost or counted twice. Changes of pods are gathered for a
second before the Job is looked at.
"""

from collections.abc import Sequence

from k8s_tutor.apimachinery.labels import from_label_selector
from k8s_tutor.apimachinery.times import parse_time, rfc3339
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers import conditions, job_indexes
from k8s_tutor.sim.controllers.adoption import Claims
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.index import owner_index
from k8s_tutor.sim.controllers.job_pass import (
    FINALIZER,
    JobPass,
    end,
    has_finalizer,
    is_true,
    note_ended,
    settle,
    tell_indexes,
)
from k8s_tutor.sim.controllers.job_policies import (
    Backoff,
    finished_at,
    judge_failure,
    judge_success,
    restarts_exceeded,
)
from k8s_tutor.sim.controllers.pods import (
    deletion_rank,
    from_template,
    is_active,
    is_finished,
    is_ready,
    is_terminating,
    phase,
)
from k8s_tutor.sim.controllers.replicas import ends_with_namespace
from k8s_tutor.sim.machinery.meta import controller_of
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event

JOBS = "jobs.batch"
BATCH_SECONDS = 1.0
BURST = 500
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
        self.watch(JOBS, self._job_changed)
        self.watch("pods", self._pod_changed)

    def _job_changed(self, event: Event) -> None:
        job, old = event.obj, event.old.obj if event.old else None
        uid = job["metadata"]["uid"]
        if event.type == "DELETED" or is_finished_job(job):
            self._backoffs.pop(uid, None)
            for pod in self._pods.owned(uid):
                self._release_if_orphan(pod)
            return
        same = old is not None and old["metadata"].get("generation") == job["metadata"].get("generation")
        self.queue.add_after((job["metadata"]["namespace"], job["metadata"]["name"]), BATCH_SECONDS if same else 0)

    def _pod_changed(self, event: Event) -> None:
        pod = event.obj
        owner = controller_of(pod)
        if owner is None:
            if has_finalizer(pod) and event.type != "DELETED":
                self._release_if_orphan(pod)
            return
        if owner["kind"] != "Job":
            return
        namespace = pod["metadata"]["namespace"]
        job = self.client.get(JOBS, owner["name"], namespace)
        if job is None or job["metadata"]["uid"] != owner["uid"] or is_finished_job(job):
            if has_finalizer(pod) and event.type != "DELETED" and is_terminating(pod):
                self._release_if_orphan(pod)
            return
        self.queue.add_after((namespace, owner["name"]), BATCH_SECONDS)

    def _release_if_orphan(self, pod: Json) -> None:
        """Take the finalizer from a pod that nobody will count any more."""
        owner = controller_of(pod)
        job = self.client.get(JOBS, owner["name"], pod["metadata"]["namespace"]) if owner else None
        if job and owner and job["metadata"]["uid"] == owner["uid"] and not is_finished_job(job):
            return
        if has_finalizer(pod):
            self._remove_finalizer(pod)

    def _remove_finalizer(self, pod: Json) -> None:
        meta = pod["metadata"]

        def change(obj: Json) -> None:
            left = [item for item in obj["metadata"].get("finalizers") or () if item != FINALIZER]
            if left:
                obj["metadata"]["finalizers"] = left
            else:
                obj["metadata"].pop("finalizers", None)

        try:
            self.client.change("pods", meta["namespace"], meta["name"], change)
        except ApiError as error:
            if error.code != 404:
                raise

    # -- one pass

    def reconcile(self, namespace: str, name: str) -> None:
        stored = self.client.get(JOBS, name, namespace)
        if stored is None or is_finished_job(stored):
            return
        if stored["spec"].get("managedBy", OWN_CONTROLLER) != OWN_CONTROLLER:
            return
        this = self._look(stored)
        self._count(this)
        self._judge(this)
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
        selector = from_label_selector(stored["spec"]["selector"])
        claims = Claims(self.client, "pods", stored, selector, FINALIZER)
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

    def _condition(self, type_: str, reason: str, message: str) -> Json:
        time = rfc3339(self.clock.now())
        return {
            "type": type_,
            "status": "True",
            "lastProbeTime": time,
            "lastTransitionTime": time,
            "reason": reason,
            "message": message,
        }

    def _judge(self, this: JobPass) -> None:
        """Find out whether the Job is to end, and why."""
        status, spec = this.status, this.spec
        this.finished = next(
            (found for found in status.get("conditions") or () if is_true(found, "SuccessCriteriaMet")), None
        )
        target = conditions.get(status, "FailureTarget")
        if this.finished is None and target is not None and target["status"] == "True":
            this.finished = self._condition("Failed", target["reason"], target["message"])
        if this.finished is None:
            for pod in this.pods if spec.get("podFailurePolicy") else ():
                text = judge_failure(spec["podFailurePolicy"], pod).message if this.is_failed(pod) else ""
                if text:
                    this.finished = self._condition("FailureTarget", "PodFailurePolicy", text)
                    break
        if this.finished is None:
            self._judge_limits(this)
        if this.indexed:
            self._judge_indexes(this)

    def _judge_limits(self, this: JobPass) -> None:
        spec, meta = this.spec, this.job["metadata"]
        deadline = spec.get("activeDeadlineSeconds")
        if this.failed > spec.get("backoffLimit", 6) or restarts_exceeded(this.job, this.pods):
            text = "Job has reached the specified backoff limit"
            this.finished = self._condition("FailureTarget", "BackoffLimitExceeded", text)
        elif deadline is not None and not this.suspended:
            left = parse_time(this.status["startTime"]) + deadline - self.clock.now()
            if left <= 0:
                text = "Job was active longer than specified deadline"
                this.finished = self._condition("FailureTarget", "DeadlineExceeded", text)
            else:
                self.queue.add_after((meta["namespace"], meta["name"]), left)

    def _judge_indexes(self, this: JobPass) -> None:
        spec, completions = this.spec, this.completions or 0
        this.done_before = job_indexes.parse(this.status.get("completedIndexes"), completions)
        ended = {this.index_of(pod) for pod in this.pods if phase(pod) == "Succeeded" and has_finalizer(pod)}
        this.done = this.done_before | {index for index in ended if index is not None}
        this.succeeded = len(this.done)
        if this.per_index:
            this.lost = job_indexes.parse(this.status.get("failedIndexes"), completions)
            this.lost |= {
                index
                for pod in this.pods
                if (index := this.index_of(pod)) is not None and has_finalizer(pod) and self._index_failed(this, pod)
            }
            most = spec.get("maxFailedIndexes")
            if this.finished is None and most is not None and len(this.lost) > most:
                text = "Job has exceeded the specified maximal number of failed indexes"
                this.finished = self._condition("FailureTarget", "MaxFailedIndexesExceeded", text)
            elif this.finished is None and this.lost and len(this.lost) + len(this.done) >= completions:
                this.finished = self._condition("FailureTarget", "FailedIndexes", "Job has failed indexes")
            this.delayed = self._delayed(this)
        if this.finished is None:
            text = judge_success(spec.get("successPolicy"), completions, this.done)
            if text:
                this.finished = self._condition("SuccessCriteriaMet", "SuccessPolicy", text)

    def _index_failed(self, this: JobPass, pod: Json) -> bool:
        if not this.is_failed(pod):
            return False
        verdict = judge_failure(this.spec.get("podFailurePolicy"), pod)
        if verdict.action == "FailIndex":
            return True
        limit = this.spec["backoffLimitPerIndex"]
        return verdict.counts and job_indexes.failure_count(pod) >= int(limit)

    def _delayed(self, this: JobPass) -> dict[int, Json]:
        """Failed pods that stay until their index has a new one, so that its failures are not forgotten."""
        busy = {job_indexes.index_of(pod) for pod in this.active} | this.done | (this.lost or set())
        found: dict[int, Json] = {}
        for pod in this.pods:
            index = this.index_of(pod)
            if index is None or index in busy or not has_finalizer(pod) or not this.is_failed(pod):
                continue
            last = found.get(index)
            if last is None or (
                job_indexes.absolute_failure_count(last) <= job_indexes.absolute_failure_count(pod)
                and finished_at(pod) >= finished_at(last)
            ):
                found[index] = pod
        return found

    # -- acting on pods

    def _act(self, this: JobPass) -> tuple[bool, ApiError | None, int]:
        """Create or delete pods; returns whether suspension changed, what went wrong, and how many are active now."""
        if this.finished is not None:
            error = self._delete(this, this.active, untrack=False)
            if error is not None:
                this.finished = None
            return False, error, 0 if error is None else len(this.active)
        managed = not is_terminating(this.job)
        active, error = self._manage(this) if managed else (len(this.active), None)
        wanted = this.completions
        complete = this.succeeded > 0 if wanted is None else this.succeeded >= wanted
        if complete and active == 0:
            text = "Reached expected number of succeeded pods"
            this.finished = self._condition("SuccessCriteriaMet", "CompletionsReached", text)
            return False, error, active
        return managed and self._tell_suspension(this), error, active

    def _tell_suspension(self, this: JobPass) -> bool:
        status = this.status
        old = conditions.get(status, "Suspended")
        new = self._condition("Suspended", "JobSuspended", "Job suspended")
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

    def _manage(self, this: JobPass) -> tuple[int, ApiError | None]:
        active = len(this.active)
        if this.suspended:
            return self._shrink(this, self._removable(this, active))
        parallelism = this.spec.get("parallelism", 1)
        if this.completions is None:
            wanted = active if this.succeeded > 0 else parallelism
        else:
            wanted = max(0, min(this.completions - this.succeeded, parallelism))
        surplus = self._removable(this, max(0, active - wanted))[:BURST]
        if surplus:
            return self._shrink(this, surplus)
        missing = wanted - active - (this.terminating if this.only_failed else 0)
        return self._grow(this, min(missing, BURST)) if missing > 0 else (active, None)

    def _shrink(self, this: JobPass, pods: Sequence[Json]) -> tuple[int, ApiError | None]:
        error = self._delete(this, pods, untrack=True)
        return len(this.active) - (len(pods) if error is None else 0), error

    def _removable(self, this: JobPass, at_least: int) -> list[Json]:
        """Pods to remove: all but one of each index, those of no index, and as many others as needed."""
        now = self.clock.now()
        ranked = sorted(this.active, key=lambda pod: deletion_rank(pod, 0, now))
        if not this.indexed:
            return ranked[:at_least]
        keep: dict[int, Json] = {}
        for pod in ranked:
            index = this.index_of(pod)
            if index is not None:
                keep[index] = pod
        kept = {pod["metadata"]["uid"] for pod in keep.values()}
        removed = [pod for pod in ranked if pod["metadata"]["uid"] not in kept]
        left = [pod for pod in ranked if pod["metadata"]["uid"] in kept]
        return removed + left[: max(0, at_least - len(removed))]

    def _delete(self, this: JobPass, pods: Sequence[Json], *, untrack: bool) -> ApiError | None:
        failure: ApiError | None = None
        for pod in pods:
            meta = pod["metadata"]
            if untrack and has_finalizer(pod):
                self._remove_finalizer(pod)
            try:
                self.client.delete("pods", meta["name"], meta["namespace"])
                self.events.event(this.job, "Normal", "SuccessfulDelete", f"Deleted pod: {meta['name']}")
            except ApiError as error:
                if error.code != 404:
                    self.events.event(this.job, "Warning", "FailedDelete", f"Error deleting: {error.message}")
                    failure = error
                    continue
            this.ready -= is_ready(pod)
            this.terminating += 1
        return failure

    def _grow(self, this: JobPass, count: int) -> tuple[int, ApiError | None]:
        now, active, meta = self.clock.now(), len(this.active), this.job["metadata"]
        wait = 0.0 if this.per_index else this.backoff.remaining(now)
        indexes: list[int | None] = [None] * count
        if this.indexed:
            pending = job_indexes.first_pending(count, this.completions or 0, self._taken(this))
            if this.per_index:
                pending, wait = self._ready_indexes(this, pending, now)
            indexes = [*pending]
        if wait > 0:
            self.queue.add_after((meta["namespace"], meta["name"]), max(wait, BATCH_SECONDS))
            return active, None
        failure: ApiError | None = None
        batch, done = 1, 0
        while done < len(indexes) and failure is None:
            for index in indexes[done : done + batch]:
                error = self._create(this, index)
                active += error is None
                failure = failure or error
            done += batch
            batch *= 2
        return active, None if failure is not None and ends_with_namespace(failure) else failure

    def _taken(self, this: JobPass) -> set[int]:
        taken = {index for pod in this.active if (index := job_indexes.index_of(pod)) is not None} | this.done
        if this.only_failed:
            going = (pod for pod in this.pods if is_terminating(pod) and not is_finished(pod))
            taken |= {index for pod in going if (index := job_indexes.index_of(pod)) is not None}
        return taken | (this.lost or set())

    def _ready_indexes(self, this: JobPass, pending: Sequence[int], now: float) -> tuple[list[int], float]:
        ready: list[int] = []
        waits: list[float] = []
        for index in pending:
            last = this.delayed.get(index)
            record = Backoff()
            if last is not None:
                record = Backoff(job_indexes.absolute_failure_count(last) + 1, finished_at(last))
            left = record.remaining(now)
            if left > 0:
                waits.append(left)
            else:
                ready.append(index)
        return ready, 0.0 if ready else min(waits, default=0.0)

    def _create(self, this: JobPass, index: int | None) -> ApiError | None:
        template, prefix = clone(this.spec["template"]), ""
        meta = template.setdefault("metadata", {})
        meta["finalizers"] = [*(meta.get("finalizers") or ()), FINALIZER]
        if this.indexed:
            job_indexes.add_env(template)
        if index is not None:
            prefix = job_indexes.mark(template, index, this.job["metadata"]["name"])
            if this.per_index:
                self._note_failures(this, meta["annotations"], this.delayed.get(index))
        try:
            pod = self.client.create("pods", from_template(template, this.job, prefix))
        except ApiError as error:
            if not ends_with_namespace(error):
                self.events.event(this.job, "Warning", "FailedCreate", f"Error creating: {error.message}")
            return error
        self.events.event(this.job, "Normal", "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")
        return None

    def _note_failures(self, this: JobPass, annotations: Json, last: Json | None) -> None:
        counted = ignored = 0
        if last is not None:
            counted = job_indexes.failure_count(last)
            ignored = job_indexes.absolute_failure_count(last) - counted
            if judge_failure(this.spec.get("podFailurePolicy"), last).counts:
                counted += 1
            else:
                ignored += 1
        annotations[job_indexes.FAILURE_COUNT] = str(counted)
        if ignored:
            annotations[job_indexes.IGNORED_COUNT] = str(ignored)

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
            self._remove_finalizer(pod)
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
        this.finished = self._condition(last, finished["reason"], finished["message"])
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
