"""CronJob."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.templates import write_template
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.text import boolean, long_time, set_based

GROUP = "batch"


def describe(view: View, body: Json) -> None:
    """Describe a cron job."""
    spec, status = body.get("spec", {}), body.get("status") or {}
    view.heading(body)
    view.field(0, "Schedule", spec.get("schedule", ""))
    view.field(0, "Concurrency Policy", spec.get("concurrencyPolicy", ""))
    view.field(0, "Suspend", boolean(spec["suspend"]) if spec.get("suspend") is not None else "<unset>")
    view.field(0, "Time Zone", _or_unset(spec.get("timeZone")))
    view.field(0, "Successful Job History Limit", _or_unset(spec.get("successfulJobsHistoryLimit")))
    view.field(0, "Failed Job History Limit", _or_unset(spec.get("failedJobsHistoryLimit")))
    deadline = spec.get("startingDeadlineSeconds")
    view.field(0, "Starting Deadline Seconds", "<unset>" if deadline is None else f"{deadline}s")
    _job_template(view, (spec.get("jobTemplate") or {}).get("spec") or {})
    last = status.get("lastScheduleTime")
    view.field(0, "Last Schedule Time", long_time(last) if last else "<unset>")
    names = [one.get("name", "") for one in status.get("active") or ()]
    view.field(0, "Active Jobs", ", ".join(names) or "<none>")
    write_events(view, body)


def _job_template(view: View, job: Json) -> None:
    view.field(0, "Selector", set_based(job["selector"]) if job.get("selector") is not None else "<unset>")
    view.field(0, "Parallelism", _or_unset(job.get("parallelism")))
    view.field(0, "Completions", _or_unset(job.get("completions")))
    if job.get("activeDeadlineSeconds") is not None:
        view.field(0, "Active Deadline Seconds", f"{job['activeDeadlineSeconds']}s")
    write_template(view, job.get("template"))


def _or_unset(value: object) -> object:
    return "<unset>" if value is None else value
