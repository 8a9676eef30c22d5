"""The pods of a Job: made, after back-off and index by index, and removed (upstream: ``manageJob`` of ``job_controller.go``)."""

from collections.abc import Callable, Sequence

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.controllers import job_indexes
from k8s_tutor.sim.controllers.job_pass import FINALIZER, JobPass, has_finalizer, untrack
from k8s_tutor.sim.controllers.job_policies import Backoff, finished_at, judge_failure
from k8s_tutor.sim.controllers.podcontrol import PodControl, ends_with_namespace, slow_start
from k8s_tutor.sim.controllers.pods import deletion_rank, is_finished, is_ready, is_terminating
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.registry.client import LocalClient

BATCH_SECONDS = 1.0
BURST = 500


class JobPods:
    """Brings the number of a Job's pods to what it should be.

    Args:
        client: the controller's.
        pods: makes and deletes pods.
        clock: the cluster's time.
        look_again: has a Job reconciled after so many seconds.
    """

    def __init__(
        self, client: LocalClient, pods: PodControl, clock: Clock, look_again: Callable[[Json, float], None]
    ) -> None:
        self._client = client
        self._pods = pods
        self._clock = clock
        self._look_again = look_again

    def manage(self, this: JobPass) -> tuple[int, ApiError | None]:
        """Create or delete; returns how many pods are active now, and what went wrong."""
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

    # -- fewer

    def _shrink(self, this: JobPass, pods: Sequence[Json]) -> tuple[int, ApiError | None]:
        error = self.delete(this, pods, untrack_first=True)
        return len(this.active) - (len(pods) if error is None else 0), error

    def delete(self, this: JobPass, pods: Sequence[Json], *, untrack_first: bool) -> ApiError | None:
        """Delete pods; ``untrack_first``: they are not to be counted."""
        failure: ApiError | None = None
        for pod in pods:
            if untrack_first and has_finalizer(pod):
                untrack(self._client, pod)
            error = self._pods.delete(this.job, pod)
            if error is not None:
                failure = error
                continue
            this.ready -= is_ready(pod)
            this.terminating += 1
        return failure

    def _removable(self, this: JobPass, at_least: int) -> list[Json]:
        """Return pods to remove: all but one of each index, those of no index, and as many others as needed."""
        now = self._clock.now()
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

    # -- more

    def _grow(self, this: JobPass, count: int) -> tuple[int, ApiError | None]:
        now, active = self._clock.now(), len(this.active)
        wait = 0.0 if this.per_index else this.backoff.remaining(now)
        indexes: list[int | None] = [None] * count
        if this.indexed:
            pending = job_indexes.first_pending(count, this.completions or 0, self._taken(this))
            if this.per_index:
                pending, wait = self._ready_indexes(this, pending, now)
            indexes = [*pending]
        if wait > 0:
            self._look_again(this.job, max(wait, BATCH_SECONDS))
            return active, None
        made, failure = slow_start(len(indexes), lambda number: self._create(this, indexes[number]))
        return active + made, None if failure is not None and ends_with_namespace(failure) else failure

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
        return self._pods.create(this.job, template, prefix)

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
