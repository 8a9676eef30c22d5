"""Whether a Job is to end now, and why (upstream: the first half of ``syncJob``, with its policies).

What was announced in an earlier pass stays; then come the failure policy, the limits of the whole Job, those of its
indexes, and at last the success policy.
"""

from k8s_tutor.apimachinery.times import parse_time
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers import conditions, job_indexes
from k8s_tutor.sim.controllers.job_pass import JobPass, ending, has_finalizer, is_true
from k8s_tutor.sim.controllers.job_policies import finished_at, judge_failure, judge_success, restarts_exceeded
from k8s_tutor.sim.controllers.pods import phase


def judge(this: JobPass, now: float) -> float | None:
    """Set ``finished`` and what is known of the indexes; returns the seconds until the deadline, if there is one."""
    this.finished = _announced(this, now) or _by_failure_policy(this, now)
    left = None
    if this.finished is None:
        this.finished, left = _by_limits(this, now)
    if this.indexed:
        _judge_indexes(this, now)
    return left


def _announced(this: JobPass, now: float) -> Json | None:
    status = this.status
    for found in status.get("conditions") or ():
        if is_true(found, "SuccessCriteriaMet"):
            return found  # type: ignore[no-any-return]
    target = conditions.get(status, "FailureTarget")
    if target is not None and target["status"] == "True":
        return ending("Failed", target["reason"], target["message"], now)
    return None


def _by_failure_policy(this: JobPass, now: float) -> Json | None:
    policy = this.spec.get("podFailurePolicy")
    for pod in this.pods if policy else ():
        text = judge_failure(policy, pod).message if this.is_failed(pod) else ""
        if text:
            return ending("FailureTarget", "PodFailurePolicy", text, now)
    return None


def _by_limits(this: JobPass, now: float) -> tuple[Json | None, float | None]:
    spec = this.spec
    deadline = spec.get("activeDeadlineSeconds")
    if this.failed > spec.get("backoffLimit", 6) or restarts_exceeded(this.job, this.pods):
        text = "Job has reached the specified backoff limit"
        return ending("FailureTarget", "BackoffLimitExceeded", text, now), None
    if deadline is None or this.suspended:
        return None, None
    left = parse_time(this.status["startTime"]) + deadline - now
    if left > 0:
        return None, left
    text = "Job was active longer than specified deadline"
    return ending("FailureTarget", "DeadlineExceeded", text, now), None


# -- indexes


def _judge_indexes(this: JobPass, now: float) -> None:
    completions = this.completions or 0
    this.done_before = job_indexes.parse(this.status.get("completedIndexes"), completions)
    ended = {this.index_of(pod) for pod in this.pods if phase(pod) == "Succeeded" and has_finalizer(pod)}
    this.done = this.done_before | {index for index in ended if index is not None}
    this.succeeded = len(this.done)
    if this.per_index:
        this.lost = job_indexes.parse(this.status.get("failedIndexes"), completions)
        this.lost |= {
            index
            for pod in this.pods
            if (index := this.index_of(pod)) is not None and has_finalizer(pod) and _index_failed(this, pod)
        }
        this.finished = this.finished or _by_lost_indexes(this, this.lost, now)
        this.delayed = _delayed(this)
    if this.finished is None:
        text = judge_success(this.spec.get("successPolicy"), completions, this.done)
        if text:
            this.finished = ending("SuccessCriteriaMet", "SuccessPolicy", text, now)


def _by_lost_indexes(this: JobPass, lost: set[int], now: float) -> Json | None:
    most = this.spec.get("maxFailedIndexes")
    if most is not None and len(lost) > most:
        text = "Job has exceeded the specified maximal number of failed indexes"
        return ending("FailureTarget", "MaxFailedIndexesExceeded", text, now)
    if lost and len(lost) + len(this.done) >= (this.completions or 0):
        return ending("FailureTarget", "FailedIndexes", "Job has failed indexes", now)
    return None


def _index_failed(this: JobPass, pod: Json) -> bool:
    if not this.is_failed(pod):
        return False
    verdict = judge_failure(this.spec.get("podFailurePolicy"), pod)
    if verdict.action == "FailIndex":
        return True
    limit = this.spec["backoffLimitPerIndex"]
    return verdict.counts and job_indexes.failure_count(pod) >= int(limit)


def _delayed(this: JobPass) -> dict[int, Json]:
    """Return the failed pods that stay until their index has a new one, so that its failures are not forgotten."""
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
