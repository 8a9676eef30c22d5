"""When a Job's failed pods count, end it, or make it wait; and when it has succeeded (upstream: ``pkg/controller/job``)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from k8s_tutor.apimachinery.times import parse_time
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers.job_indexes import parse
from k8s_tutor.sim.controllers.pods import condition, created, phase

BASE_BACKOFF = 10.0
MAX_BACKOFF = 600.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a failure policy makes of a failed pod; ``message`` if it ends the Job."""

    counts: bool = True
    action: str = ""
    message: str = ""


def judge_failure(policy: Mapping[str, Any] | None, pod: Json) -> Verdict:
    """Apply the first rule that matches."""
    for index, rule in enumerate((policy or {}).get("rules") or ()):
        what = _matching(rule, pod)
        if what is None:
            continue
        action = rule["action"]
        if action == "Ignore":
            return Verdict(counts=False, action=action)
        text = f"{what} matching {action} rule at index {index}" if action == "FailJob" else ""
        return Verdict(action=action, message=text)
    return Verdict()


def _matching(rule: Json, pod: Json) -> str | None:
    meta = pod["metadata"]
    name = f"{meta['namespace']}/{meta['name']}"
    if rule.get("onExitCodes"):
        for container, code in _exits(pod, rule["onExitCodes"].get("containerName")):
            listed = code in rule["onExitCodes"]["values"]
            if listed == (rule["onExitCodes"]["operator"] == "In"):
                return f"Container {container} for pod {name} failed with exit code {code}"
        return None
    for found in (pod.get("status") or {}).get("conditions") or ():
        for pattern in rule.get("onPodConditions") or ():
            if found["type"] == pattern["type"] and found["status"] == (pattern.get("status") or "True"):
                return f"Pod {name} has condition {found['type']}"
    return None


def _exits(pod: Json, only: str | None) -> Iterator[tuple[str, int]]:
    status = pod.get("status") or {}
    for key in ("containerStatuses", "initContainerStatuses"):
        for item in status.get(key) or ():
            ended = (item.get("state") or {}).get("terminated")
            if ended and ended.get("exitCode") and only in {None, item["name"]}:
                yield item["name"], ended["exitCode"]


def judge_success(policy: Mapping[str, Any] | None, completions: int, succeeded: set[int]) -> str:
    """Return in what words a success policy is met, or ""."""
    if not succeeded:
        return ""
    for index, rule in enumerate((policy or {}).get("rules") or ()):
        count = rule.get("succeededCount")
        if rule.get("succeededIndexes") is not None:
            wanted = parse(rule["succeededIndexes"], completions)
            have = len(wanted & succeeded)
            met = bool(wanted) and (have == len(wanted) or (count is not None and have >= count))
        else:
            met = count is not None and len(succeeded) >= count
        if met:
            return f"Matched rules at index {index}"
    return ""


def finished_at(pod: Json) -> float:
    """Return when a pod ended: its last container, else when it stopped being ready, else when it was deleted."""
    latest: float | None = None
    sidecars = {c["name"] for c in pod["spec"].get("initContainers") or () if c.get("restartPolicy") == "Always"}
    status = pod.get("status") or {}
    items = [*(status.get("containerStatuses") or ())]
    items += [item for item in status.get("initContainerStatuses") or () if item["name"] in sidecars]
    for item in items:
        ended = ((item.get("state") or {}).get("terminated") or {}).get("finishedAt")
        if not ended:
            latest = None
            break
        latest = max(latest or 0.0, parse_time(ended))
    if latest is not None:
        return latest
    ready = condition(pod, "Ready")
    if ready and ready["status"] == "False" and ready.get("lastTransitionTime"):
        return parse_time(ready["lastTransitionTime"])
    meta = pod["metadata"]
    if meta.get("deletionTimestamp"):
        return parse_time(meta["deletionTimestamp"]) - (meta.get("deletionGracePeriodSeconds") or 0)
    return created(pod)


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often pods failed since the last success, and when last."""

    failures: int = 0
    last: float | None = None

    def after(self, succeeded: Sequence[Json], failed: Sequence[Json]) -> "Backoff":
        """Return the record with newly ended pods."""
        times = sorted(map(finished_at, failed))
        if not succeeded:
            return Backoff(self.failures + len(times), times[-1]) if times else self
        since = [time for time in times if time > max(map(finished_at, succeeded))]
        return Backoff(len(since), since[-1] if since else None)

    def remaining(self, now: float) -> float:
        """Return the seconds to wait before the next pod."""
        if not self.failures or self.last is None:
            return 0.0
        pause = min(float(BASE_BACKOFF * 2 ** min(self.failures - 1, 30)), MAX_BACKOFF)
        return max(0.0, self.last + pause - now)


def is_failed(pod: Json, *, only_failed: bool) -> bool:
    """Tell whether a pod counts as failed; ``only_failed``: one that is being deleted does not yet."""
    if phase(pod) == "Failed":
        return True
    return not only_failed and bool(pod["metadata"].get("deletionTimestamp")) and phase(pod) != "Succeeded"


def restarts_exceeded(job: Json, pods: Iterable[Json]) -> bool:
    """Tell whether containers restarted in place too often (``restartPolicy: OnFailure``)."""
    if job["spec"]["template"]["spec"].get("restartPolicy") != "OnFailure":
        return False
    total = 0
    for pod in pods:
        if phase(pod) in {"Running", "Pending"}:
            status = pod.get("status") or {}
            for key in ("initContainerStatuses", "containerStatuses"):
                total += sum(item.get("restartCount", 0) for item in status.get(key) or ())
    limit = job["spec"].get("backoffLimit", 6)
    return total > 0 if limit == 0 else total >= limit
