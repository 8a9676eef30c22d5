"""One look at one Job, and the counting of its ended pods (upstream: ``trackJobStatusAndRemoveFinalizers``)."""

from dataclasses import dataclass, field

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers import job_indexes
from k8s_tutor.sim.controllers.job_policies import Backoff, is_failed, judge_failure
from k8s_tutor.sim.controllers.pods import is_terminating, phase
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.registry.client import LocalClient

FINALIZER = "batch.kubernetes.io/job-tracking"
MAX_UNCOUNTED = 500


def has_finalizer(pod: Json) -> bool:
    """Tell whether a pod is still to be counted."""
    return FINALIZER in (pod["metadata"].get("finalizers") or ())


def untrack(client: LocalClient, pod: Json) -> None:
    """Take the finalizer from a pod: it is counted, or nobody will count it."""
    meta = pod["metadata"]

    def change(obj: Json) -> None:
        left = [item for item in obj["metadata"].get("finalizers") or () if item != FINALIZER]
        if left:
            obj["metadata"]["finalizers"] = left
        else:
            obj["metadata"].pop("finalizers", None)

    try:
        client.change("pods", meta["namespace"], meta["name"], change)
    except ApiError as error:
        if error.code != 404:
            raise


def ending(type_: str, reason: str, message: str, now: float) -> Json:
    """Return a condition of a Job that is true from now on."""
    time = rfc3339(now)
    return {
        "type": type_,
        "status": "True",
        "lastProbeTime": time,
        "lastTransitionTime": time,
        "reason": reason,
        "message": message,
    }


@dataclass(slots=True)
class JobPass:
    """One look at one Job: ``job`` is a copy whose status is worked on."""

    job: Json
    pods: list[Json]
    active: list[Json]
    ready: int
    terminating: int
    succeeded: int = 0
    failed: int = 0
    backoff: Backoff = field(default_factory=Backoff)
    finished: Json | None = None
    done_before: set[int] = field(default_factory=set)
    done: set[int] = field(default_factory=set)
    lost: set[int] | None = None
    delayed: dict[int, Json] = field(default_factory=dict)

    @property
    def spec(self) -> Json:
        """The Job's spec."""
        spec: Json = self.job["spec"]
        return spec

    @property
    def status(self) -> Json:
        """The Job's status, to be changed."""
        status: Json = self.job["status"]
        return status

    @property
    def uncounted(self) -> Json:
        """Uids written to the status that are not counted yet."""
        uncounted: Json = self.status["uncountedTerminatedPods"]
        return uncounted

    @property
    def suspended(self) -> bool:
        """Tell whether the Job is to have no pods for now."""
        return bool(self.spec.get("suspend"))

    @property
    def indexed(self) -> bool:
        """Whether each pod has an index."""
        return self.spec.get("completionMode") == "Indexed"

    @property
    def per_index(self) -> bool:
        """Whether each index has a back-off limit of its own."""
        return self.spec.get("backoffLimitPerIndex") is not None

    @property
    def only_failed(self) -> bool:
        """Whether a pod is replaced only when it has ended."""
        return self.spec.get("podReplacementPolicy") == "Failed"

    @property
    def completions(self) -> int | None:
        """How many pods are to succeed, if that is fixed."""
        value: int | None = self.spec.get("completions")
        return value

    def index_of(self, pod: Json) -> int | None:
        """Return the pod's index if it is one of this Job's."""
        index = job_indexes.index_of(pod)
        return index if index is not None and index < (self.completions or 0) else None

    def is_failed(self, pod: Json) -> bool:
        """Tell whether a pod counts as failed."""
        return is_failed(pod, only_failed=self.only_failed)


def settle(this: JobPass, tracked: set[str]) -> bool:
    """Turn the uids of pods without finalizer into counts."""
    changed = False
    for kind in ("succeeded", "failed"):
        uids = this.uncounted.get(kind) or []
        left = [uid for uid in uids if uid in tracked]
        if len(left) != len(uids):
            changed = True
            this.status[kind] = this.status.get(kind, 0) + len(uids) - len(left)
            if left:
                this.uncounted[kind] = left
            else:
                del this.uncounted[kind]
    return changed


def note_ended(this: JobPass) -> tuple[list[Json], set[int], bool]:
    """Return pods whose finalizer may go, indexes newly done, and whether the status has changed."""
    uncounted = this.uncounted
    removable: list[Json] = []
    newly_done: set[int] = set()
    changed = False
    for pod in this.pods:
        if not has_finalizer(pod) or not _may_release(this, pod):
            continue
        removable.append(pod)
        uid, index = pod["metadata"]["uid"], this.index_of(pod)
        lost = uncounted.get("failed") or ()
        if phase(pod) == "Succeeded" and uid not in lost:
            if this.indexed:
                if index is not None and index not in this.done_before:
                    newly_done.add(index)
                    changed = True
            elif uid not in (uncounted.get("succeeded") or ()):
                uncounted.setdefault("succeeded", []).append(uid)
                changed = True
        elif _counts_as_failed(this, pod) and uid not in lost and (not this.indexed or index is not None):
            if judge_failure(this.spec.get("podFailurePolicy"), pod).counts:
                uncounted.setdefault("failed", []).append(uid)
                changed = True
        if len(newly_done) + sum(map(len, uncounted.values())) >= MAX_UNCOUNTED:
            break
    return removable, newly_done, changed


def _counts_as_failed(this: JobPass, pod: Json) -> bool:
    return this.is_failed(pod) or (this.finished is not None and not is_true(this.finished, "SuccessCriteriaMet"))


def _may_release(this: JobPass, pod: Json) -> bool:
    if is_terminating(this.job) or this.finished is not None or phase(pod) == "Succeeded":
        return True
    if not this.is_failed(pod):
        return False
    index = this.index_of(pod)
    last = this.delayed.get(index) if this.per_index and index is not None else None
    return last is None or last["metadata"]["uid"] != pod["metadata"]["uid"]


def tell_indexes(this: JobPass, newly_done: set[int]) -> bool:
    """Write done and failed indexes to the status; tells whether they changed."""
    status = this.status
    this.done |= newly_done
    before = (status.get("completedIndexes") or "", status.get("failedIndexes"))
    status["succeeded"] = len(this.done)
    status["completedIndexes"] = job_indexes.spell(this.done)
    if this.lost is not None:
        status["failedIndexes"] = job_indexes.spell(this.lost)
    return before != (status["completedIndexes"], status.get("failedIndexes"))


def end(this: JobPass) -> bool:
    """Write that the Job has ended, if it has and all its pods are counted."""
    if this.finished is None or any(this.uncounted.values()) or this.terminating > 0:
        return False
    this.status["conditions"] = [*(this.status.get("conditions") or ()), this.finished]
    if this.finished["type"] == "Complete":
        this.status["completionTime"] = this.finished["lastTransitionTime"]
    return True


def is_true(condition: Json, type_: str) -> bool:
    """Tell whether a condition is of this type and true."""
    return bool(condition["type"] == type_ and condition["status"] == "True")
