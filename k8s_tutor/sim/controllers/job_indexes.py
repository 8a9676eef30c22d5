"""Sets of completion indexes as Jobs write them: ``0,2-5,7`` (upstream: ``indexed_job_utils.go``)."""

from collections.abc import Iterable

from k8s_tutor.apimachinery.unstructured import Json

INDEX = "batch.kubernetes.io/job-completion-index"
FAILURE_COUNT = "batch.kubernetes.io/job-index-failure-count"
IGNORED_COUNT = "batch.kubernetes.io/job-index-ignored-failure-count"
ENV_NAME = "JOB_COMPLETION_INDEX"


def parse(text: str | None, completions: int) -> set[int]:
    """Return the indexes a text names, below ``completions``."""
    found: set[int] = set()
    for part in (text or "").split(","):
        first, _, last = part.partition("-")
        if first.isdigit() and (not last or last.isdigit()):
            found.update(range(int(first), min(int(last or first), completions - 1) + 1))
    return found


def spell(indexes: Iterable[int]) -> str:
    """Return the text of a set of indexes: runs of three or more with a dash."""
    parts: list[str] = []
    run: list[int] = []
    for index in (*sorted(indexes), None):
        if run and (index is None or index != run[-1] + 1):
            parts += [f"{run[0]}-{run[-1]}"] if len(run) > 2 else map(str, run)
            run = []
        if index is not None:
            run.append(index)
    return ",".join(parts)


def index_of(pod: Json) -> int | None:
    """Return a pod's completion index, or None."""
    text = (pod["metadata"].get("annotations") or {}).get(INDEX, "")
    return int(text) if text.isdigit() else None


def _number(pod: Json, annotation: str) -> int:
    text = (pod["metadata"].get("annotations") or {}).get(annotation, "")
    return int(text) if text.isdigit() else 0


def failure_count(pod: Json) -> int:
    """Return how often the pod's index had failed before it."""
    return _number(pod, FAILURE_COUNT)


def absolute_failure_count(pod: Json) -> int:
    """Return the same, with failures that a policy ignored."""
    return _number(pod, FAILURE_COUNT) + _number(pod, IGNORED_COUNT)


def first_pending(count: int, completions: int, taken: set[int]) -> list[int]:
    """Return the first indexes without a pod."""
    found: list[int] = []
    for index in range(completions):
        if len(found) >= count:
            break
        if index not in taken:
            found.append(index)
    return found


def mark(template: Json, index: int, job_name: str) -> str:
    """Write an index into a pod template, in place; returns the prefix of the pod's name."""
    meta = template.setdefault("metadata", {})
    meta.setdefault("annotations", {})[INDEX] = str(index)
    meta.setdefault("labels", {})[INDEX] = str(index)
    template["spec"]["hostname"] = f"{job_name}-{index}"
    ending = f"-{index}-"
    return job_name[: 58 - len(ending)] + ending


def add_env(template: Json) -> None:
    """Give every container the variable ``JOB_COMPLETION_INDEX``, in place."""
    spec = template["spec"]
    for container in (*(spec.get("initContainers") or ()), *spec["containers"]):
        if not any(variable["name"] == ENV_NAME for variable in container.get("env") or ()):
            source = {"fieldRef": {"fieldPath": f"metadata.labels['{INDEX}']"}}
            container.setdefault("env", []).append({"name": ENV_NAME, "valueFrom": source})
