"""The CronJob controller: makes a Job at each time of its schedule (upstream: ``cronjob_controllerv2.go``)."""

import email.utils
from collections.abc import Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from k8s_tutor.apimachinery.times import parse_time, rfc3339
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers import conditions, cron
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.index import owner_index
from k8s_tutor.sim.controllers.job import is_finished_job
from k8s_tutor.sim.controllers.pods import created, is_terminating
from k8s_tutor.sim.machinery.meta import controller_reference
from k8s_tutor.sim.machinery.recorder import reference
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event

CRON_JOBS = "cronjobs.batch"
JOBS = "jobs.batch"
DELTA = 0.1  # a Job is made a moment after its time, never before
MANY = 100
SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"
TOO_MANY = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
FORBIDDEN = "Not starting job because prior execution is running and concurrency policy is Forbid"


def most_recent(
    cron_job: Json, schedule: cron.Schedule, now: float, *, deadline: bool
) -> tuple[float, float | None, int]:
    """Return from when times count, the last one due (None: none is), and how many were missed.

    Args:
        cron_job: it.
        schedule: its schedule.
        now: cluster time.
        deadline: leave out times older than the starting deadline.
    """
    earliest = created(cron_job)
    last = (cron_job.get("status") or {}).get("lastScheduleTime")
    if last:
        earliest = parse_time(last)
    limit = cron_job["spec"].get("startingDeadlineSeconds")
    if deadline and limit is not None:
        earliest = max(earliest, now - limit)
    first = schedule.next(earliest)
    if first is None or now < first:
        return earliest, None, 0
    second = schedule.next(first)
    if second is None or now < second:
        return earliest, first, 0
    between = max(1, round(second - first))
    missed = int(now - first) // between + 1
    recent = None
    moment = schedule.next(first + (missed - 2) * between)
    while moment is not None and moment <= now:
        recent, moment = moment, schedule.next(moment)
    return earliest, recent, missed


def until_next(cron_job: Json, schedule: cron.Schedule, now: float) -> float | None:
    """Return the seconds until the next Job is due."""
    earliest, recent, missed = most_recent(cron_job, schedule, now, deadline=False)
    base = recent if recent is not None else now if missed else earliest
    following = schedule.next(base)
    return None if following is None else following + DELTA - now


class CronJobController(Controller):
    """Makes Jobs by schedule, and deletes old ones."""

    name = "cronjob-controller"

    def setup(self) -> None:
        self._jobs = owner_index(self.client.store, JOBS)
        self.watch(CRON_JOBS, self._changed)
        self.watch_owned(JOBS, "CronJob")

    def _changed(self, event: Event) -> None:
        if event.type != "DELETED":
            self.enqueue(event.obj)

    def reconcile(self, namespace: str, name: str) -> None:
        stored = self.client.get(CRON_JOBS, name, namespace)
        if stored is None:
            return
        cron_job = stored | {"metadata": dict(stored["metadata"]), "status": clone(stored.get("status") or {})}
        jobs = self._jobs.owned(stored["metadata"]["uid"])
        failure: ApiError | None = None
        wait: float | None = None
        self._follow(cron_job, jobs)
        try:
            wait = self._start(cron_job)
        except ApiError as error:
            failure = error
        self._clean_up(cron_job, jobs)
        if cron_job["status"] != (stored.get("status") or {}):
            self.client.update_status(CRON_JOBS, cron_job)
        if wait is not None:
            self.queue.add_after((namespace, name), wait)
        if failure is not None:
            raise failure

    # -- what became of the Jobs

    def _follow(self, cron_job: Json, jobs: Sequence[Json]) -> None:
        status = cron_job["status"]
        known = {job["metadata"]["uid"] for job in jobs}
        for job in jobs:
            meta = job["metadata"]
            active = any(item["uid"] == meta["uid"] for item in status.get("active") or ())
            if not is_finished_job(job):
                if not active:
                    text = f"Saw a job that the controller did not create or forgot: {meta['name']}"
                    self.events.event(cron_job, "Warning", "UnexpectedJob", text)
                continue
            complete = conditions.is_true(job["status"], "Complete")
            if active:
                _drop(status, meta["uid"])
                text = f"Saw completed job: {meta['name']}, condition: {'Complete' if complete else 'Failed'}"
                self.events.event(cron_job, "Normal", "SawCompletedJob", text)
            ended = job["status"].get("completionTime")
            if complete and ended and ended > status.get("lastSuccessfulTime", ""):
                status["lastSuccessfulTime"] = ended
        for item in list(status.get("active") or ()):
            if item["uid"] not in known and self.client.get(JOBS, item["name"], item["namespace"]) is None:
                self.events.event(cron_job, "Normal", "MissingJob", f"Active job went missing: {item['name']}")
                _drop(status, item["uid"])

    def _clean_up(self, cron_job: Json, jobs: Sequence[Json]) -> None:
        spec = cron_job["spec"]
        complete = [job for job in jobs if conditions.is_true(job.get("status") or {}, "Complete")]
        failed = [job for job in jobs if conditions.is_true(job.get("status") or {}, "Failed")]
        limits = ((complete, "successfulJobsHistoryLimit"), (failed, "failedJobsHistoryLimit"))
        for ended, key in limits:
            limit = spec.get(key)
            if limit is None:
                continue
            ordered = sorted(ended, key=lambda job: (job["status"].get("startTime", ""), job["metadata"]["name"]))
            for job in ordered[: max(0, len(ordered) - limit)]:
                self._delete(cron_job, job)

    def _delete(self, cron_job: Json, job: Json) -> bool:
        meta = job["metadata"]
        try:
            self.client.delete(JOBS, meta["name"], meta["namespace"], propagation="Background")
        except ApiError as error:
            self.events.event(cron_job, "Warning", "FailedDelete", f"Deleted job: {error.message}")
            return False
        _drop(cron_job["status"], meta["uid"])
        self.events.event(cron_job, "Normal", "SuccessfulDelete", f"Deleted job {meta['name']}")
        return True

    # -- starting

    def _schedule(self, cron_job: Json) -> cron.Schedule | None:
        spec = cron_job["spec"]
        zone, text = spec.get("timeZone"), spec["schedule"]
        try:
            if zone:
                ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            why = f'invalid timeZone: "{zone}": unknown time zone {zone}'
            self.events.event(cron_job, "Warning", "UnknownTimeZone", why)
            return None
        try:
            return cron.parse(text, zone)
        except cron.CronError as error:
            self.events.event(cron_job, "Warning", "UnparseableSchedule", f'unparseable schedule: "{text}" : {error}')
            return None

    def _start(self, cron_job: Json) -> float | None:
        """Make the Job that is due, if one is; returns the seconds until the next."""
        spec, status, now = cron_job["spec"], cron_job["status"], self.clock.now()
        if is_terminating(cron_job) or spec.get("suspend"):
            return None
        schedule = self._schedule(cron_job)
        if schedule is None:
            return None
        if schedule.next(now) is None:
            text = f"invalid schedule: {spec['schedule']} : time difference between two schedules is less than 1 second"
            self.events.event(cron_job, "Warning", "InvalidSchedule", text)
            return None
        _, due, missed = most_recent(cron_job, schedule, now, deadline=True)
        if due is not None and missed > MANY:
            self.events.event(cron_job, "Warning", "TooManyMissedTimes", TOO_MANY)
        wait = until_next(cron_job, schedule, now)
        if due is None or self._is_handled(cron_job, due, now):
            return wait
        if spec.get("concurrencyPolicy") == "Forbid" and status.get("active"):
            self.events.event(cron_job, "Normal", "JobAlreadyActive", FORBIDDEN)
            return wait
        if spec.get("concurrencyPolicy") == "Replace":
            for item in list(status.get("active") or ()):
                job = self.client.get(JOBS, item["name"], item["namespace"])
                if job is not None:
                    self._delete(cron_job, job)
        self._create(cron_job, due)
        return until_next(cron_job, schedule, now)

    def _is_handled(self, cron_job: Json, due: float, now: float) -> bool:
        deadline = cron_job["spec"].get("startingDeadlineSeconds")
        if deadline is not None and due + deadline < now:
            when = email.utils.formatdate(due, usegmt=True).replace("GMT", "UTC")
            text = f"Missed scheduled time to start a job: {when}"
            self.events.event(cron_job, "Warning", "MissSchedule", text)
            return True
        status = cron_job["status"]
        name = job_name(cron_job, due)
        if any(item["name"] == name for item in status.get("active") or ()):
            return True
        return bool(status.get("lastScheduleTime") == rfc3339(due))

    def _create(self, cron_job: Json, due: float) -> None:
        status = cron_job["status"]
        try:
            job = self.client.create(JOBS, self._make(cron_job, due))
        except ApiError as error:
            if error.reason == "AlreadyExists":
                return
            self.events.event(cron_job, "Warning", "FailedCreate", f"Error creating job: {error.message}")
            raise
        name = job["metadata"]["name"]
        self.events.event(cron_job, "Normal", "SuccessfulCreate", f"Created job {name}")
        status["active"] = [*(status.get("active") or ()), reference(job)]
        status["lastScheduleTime"] = rfc3339(due)

    def _make(self, cron_job: Json, due: float) -> Json:
        template = clone(cron_job["spec"]["jobTemplate"])
        wanted = template.get("metadata") or {}
        zone = cron_job["spec"].get("timeZone")
        stamp = rfc3339(due)
        if zone:
            import datetime

            local = datetime.datetime.fromtimestamp(due, ZoneInfo(zone))
            stamp = local.isoformat().replace("+00:00", "Z")
        meta: Json = {
            "name": job_name(cron_job, due),
            "namespace": cron_job["metadata"]["namespace"],
            "annotations": dict(wanted.get("annotations") or {}) | {SCHEDULED: stamp},
            "ownerReferences": [controller_reference(cron_job)],
        }
        if wanted.get("labels"):
            meta["labels"] = wanted["labels"]
        return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": template["spec"]}


def job_name(cron_job: Json, due: float) -> str:
    """Return the name of the Job of one time: the CronJob's and the minutes since the epoch."""
    return f"{cron_job['metadata']['name']}-{int(due) // 60}"


def _drop(status: Json, uid: str) -> None:
    left = [item for item in status.get("active") or () if item["uid"] != uid]
    if left:
        status["active"] = left
    else:
        status.pop("active", None)
