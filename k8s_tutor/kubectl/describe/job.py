"""Job."""

from k8s_tutor.apimachinery.times import human_duration
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.templates import write_template
from k8s_tutor.kubectl.describing.view import View, controlled_by
from k8s_tutor.kubectl.text import go_value, long_time, parse_time, set_based

GROUP = "batch"
MAX_INDEXES = 50


def describe(view: View, body: Json) -> None:
    """Describe a job."""
    metadata, spec, status = body.get("metadata", {}), body.get("spec", {}), body.get("status") or {}
    view.heading(body, labels=False)
    view.field(0, "Selector", set_based(spec.get("selector")))
    view.labels("Labels", metadata.get("labels"))
    view.annotations("Annotations", metadata.get("annotations"))
    controlled_by(view, body)
    if spec.get("parallelism") is not None:
        view.field(0, "Parallelism", spec["parallelism"])
    view.field(0, "Completions", spec["completions"] if spec.get("completions") is not None else "<unset>")
    for title, key in (
        ("Completion Mode", "completionMode"),
        ("Suspend", "suspend"),
        ("Backoff Limit", "backoffLimit"),
        ("TTL Seconds After Finished", "ttlSecondsAfterFinished"),
    ):
        if spec.get(key) is not None:
            view.field(0, title, go_value(spec[key]))
    _times(view, status)
    if spec.get("activeDeadlineSeconds") is not None:
        view.field(0, "Active Deadline Seconds", f"{spec['activeDeadlineSeconds']}s")
    ready = f" ({status['ready']} Ready)" if status.get("ready") is not None else ""
    view.field(
        0,
        "Pods Statuses",
        f"{status.get('active', 0)} Active{ready} / {status.get('succeeded', 0)} Succeeded / "
        f"{status.get('failed', 0)} Failed",
    )
    if spec.get("completionMode") == "Indexed":
        view.field(0, "Completed Indexes", _indexes(status.get("completedIndexes", "")))
    write_template(view, spec.get("template"))
    write_events(view, body)


def _times(view: View, status: Json) -> None:
    started, ended = parse_time(status.get("startTime")), parse_time(status.get("completionTime"))
    if started:
        view.field(0, "Start Time", long_time(status["startTime"]))
    if ended:
        view.field(0, "Completed At", long_time(status["completionTime"]))
    if started and ended:
        view.field(0, "Duration", human_duration((ended - started).total_seconds()))


def _indexes(text: str) -> str:
    comma = text.find(",", MAX_INDEXES)
    return f"{text[: comma + 1]}..." if comma >= 0 else text or "<none>"
