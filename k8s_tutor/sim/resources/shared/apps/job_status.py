"""Updates of a Job's status (upstream: ``ValidateJobUpdateStatus``)."""

from k8s_tutor.apimachinery.times import parse_time
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.indexes import IndexTextError, intervals
from k8s_tutor.sim.resources.shared.internal import internal


def _true(status: Json | None) -> set[str]:
    return {c.get("type", "") for c in (status or {}).get("conditions") or () if c.get("status") == "True"}


def _plain(v: At, name: str, detail: str) -> None:
    v.add("FieldValueInvalid", name, f"Invalid value: {detail}")


def check_status(v: At, old: Json) -> None:
    """Check a Job whose status changes; the cursor stands at the Job."""
    status, spec, before = v.at("status"), v.get("spec") or {}, old.get("status") or {}
    now, was = _true(status.value), _true(before)
    status.not_negative("active", "succeeded", "failed", "ready", "terminating")
    _check_uncounted(status)
    _check_conditions(status, now, spec)
    _check_times(status, now)
    _check_finished(status, now)
    _check_indexes(status, spec)
    if (status.get("ready") or 0) > status.number("active"):
        status.invalid("ready", "cannot set more ready pods than active")
    for kind in ("Failed", "Complete", "FailureTarget"):
        if kind in was and kind not in now:
            _plain(status, "conditions", f"cannot disable the terminal {kind}=True condition")
    for name in ("failed", "succeeded"):
        if status.number(name) < (before.get(name) or 0):
            status.invalid(name, f"cannot decrease the {name} counter", status.number(name))
    ended, start = before.get("completionTime"), before.get("startTime")
    if status.get("completionTime") and ended and status.get("completionTime") != ended:
        status.invalid("completionTime", "field is immutable")
    if start and status.get("startTime") != start and not spec.get("suspend"):
        status.invalid("startTime", "field is immutable for unsuspended job once set")
    if "SuccessCriteriaMet" in was and "SuccessCriteriaMet" not in now:
        _plain(status, "conditions", "cannot disable the SuccessCriteriaMet=True condition")
    if "Complete" in was and "SuccessCriteriaMet" not in was and "SuccessCriteriaMet" in now:
        text = "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions"
        _plain(status, "conditions", text)


def _check_uncounted(status: At) -> None:
    uncounted = status.at("uncountedTerminatedPods")
    seen: set[str] = set()
    for field in ("succeeded", "failed"):
        for item in uncounted.each(field):
            if not item.value:
                item.invalid("", "must not be empty", "")
            elif item.value in seen:
                item.duplicate()
            seen.add(item.value)


def _check_conditions(status: At, now: set[str], spec: Json) -> None:
    met = "SuccessCriteriaMet" in now
    for one, other in (("Complete", "Failed"), ("Complete", "FailureTarget")):
        if one in now and other in now:
            _plain(status, "conditions", f"cannot set {one}=True and {other}=true conditions")
    if "Failed" in now and "FailureTarget" not in now:
        _plain(status, "conditions", "cannot set Failed=True condition without the FailureTarget=true condition")
    if "Complete" in now and not met:
        _plain(status, "conditions", "cannot set Complete=True condition without the SuccessCriteriaMet=true condition")
    for other in ("Failed", "FailureTarget"):
        if met and other in now:
            _plain(status, "conditions", f"cannot set SuccessCriteriaMet=True and {other}=true conditions")
    if spec.get("successPolicy") is not None and not met and "Complete" in now:
        text = "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True"
        _plain(status, "conditions", text)


def _check_times(status: At, now: set[str]) -> None:
    start, end = status.get("startTime"), status.get("completionTime")
    if end and "Complete" not in now:
        status.invalid("completionTime", "cannot set completionTime when there is no Complete=True condition")
    if not end and "Complete" in now:
        status.required("completionTime", "completionTime is required for Complete jobs")
    if start and end and parse_time(end) < parse_time(start):
        status.invalid("completionTime", "must be equal to or after `startTime`")


def _check_finished(status: At, now: set[str]) -> None:
    if not now & {"Complete", "Failed"}:
        return
    if status.number("active") > 0:
        status.invalid("active", "active>0 is invalid for finished job")
    if not status.get("startTime"):
        status.required("startTime", "startTime is required for finished job")
    uncounted = status.get("uncountedTerminatedPods") or {}
    if uncounted.get("failed") or uncounted.get("succeeded"):
        shown = internal("batch.UncountedTerminatedPods", uncounted)
        status.invalid("uncountedTerminatedPods", "must be empty for finished job", shown)
    if (status.get("terminating") or 0) > 0:
        status.invalid("terminating", "terminating>0 is invalid for finished job")


def _check_indexes(status: At, spec: Json) -> None:
    completions, per_index = spec.get("completions"), spec.get("backoffLimitPerIndex")
    parsed: dict[str, list[tuple[int, int]]] = {}
    for field in ("completedIndexes", "failedIndexes"):
        text = status.get(field)
        if completions is None or text is None or (field == "failedIndexes" and per_index is None):
            continue
        try:
            parsed[field] = intervals(text, completions)
        except IndexTextError as error:
            status.invalid(field, f"error parsing {field}: {error}")
    if status.text("completedIndexes") and spec.get("completionMode") != "Indexed":
        detail = "cannot set non-empty completedIndexes when non-indexed completion mode"
        status.invalid("completedIndexes", detail)
    if per_index is None and status.get("failedIndexes") is not None:
        detail = "cannot set non-null failedIndexes when backoffLimitPerIndex is null"
        status.invalid("failedIndexes", detail)
    for first, last in parsed.get("failedIndexes", ()):
        for start, end in parsed.get("completedIndexes", ()):
            if start <= last and first <= end:
                at = max(start, first)
                status.invalid("failedIndexes", f"failedIndexes and completedIndexes overlap at index: {at}")
                return
