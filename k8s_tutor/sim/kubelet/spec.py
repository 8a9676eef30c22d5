"""Questions about a pod's spec that many parts of the kubelet ask (upstream: ``pkg/api/v1/pod``, ``kubelet/types``)."""

from collections.abc import Iterator
from typing import Literal

from k8s_tutor.apimachinery.unstructured import Json

Kind = Literal["init", "main", "ephemeral"]
FIELD: dict[Kind, str] = {"init": "initContainers", "main": "containers", "ephemeral": "ephemeralContainers"}
STATIC_SOURCE = "kubernetes.io/config.source"
MIRROR = "kubernetes.io/config.mirror"
CRITICAL_PRIORITY = 2_000_000_000
DEFAULT_GRACE = 30


def containers(pod: Json, *kinds: Kind) -> Iterator[tuple[Kind, Json]]:
    """Yield the containers with their kinds, all kinds if none is named."""
    for kind in kinds or FIELD:
        for container in pod["spec"].get(FIELD[kind]) or ():
            yield kind, container


def find_container(pod: Json, name: str) -> tuple[Kind, Json] | None:
    """Return a container of any kind by name."""
    return next(((kind, one) for kind, one in containers(pod) if one["name"] == name), None)


def field_path(pod: Json, name: str) -> str:
    """Return what events about a container refer to: ``spec.containers{main}``."""
    found = find_container(pod, name)
    return f"spec.{FIELD[found[0] if found else 'main']}{{{name}}}"


def container_type(pod: Json, name: str) -> str:
    """Return what metrics call a container's kind."""
    found = find_container(pod, name)
    kind = found[0] if found else "main"
    return {"init": "init_container", "ephemeral": "ephemeral_container"}.get(kind, "container")


def is_sidecar(container: Json) -> bool:
    """A restartable init container."""
    return container.get("restartPolicy") == "Always"


def is_static(pod: Json) -> bool:
    """A pod from the node's manifests, of which the API shows a mirror."""
    return bool((pod["metadata"].get("annotations") or {}).get(STATIC_SOURCE, "api") != "api")


def is_critical(pod: Json) -> bool:
    """Static, or of a system priority: admitted by preempting others, evicted last."""
    return is_static(pod) or (pod["spec"].get("priority") or 0) >= CRITICAL_PRIORITY


def is_terminal(status: Json) -> bool:
    """Whether a phase is final."""
    return status.get("phase") in ("Succeeded", "Failed")


def identity(pod: Json) -> str:
    """Return the pod as messages name it: ``name_namespace(uid)``."""
    meta = pod["metadata"]
    return f"{meta['name']}_{meta['namespace']}({meta['uid']})"


def grace_period(pod: Json) -> int:
    """Return the seconds between SIGTERM and SIGKILL of the whole pod."""
    value = pod["spec"].get("terminationGracePeriodSeconds")
    return DEFAULT_GRACE if value is None else int(value)


def restarts_after(pod: Json, container: Json, exit_code: int) -> bool:
    """Tell whether a container that ended is started again: its rules, its own policy, the pod's policy."""
    policy = container.get("restartPolicy")
    if policy is not None:
        for rule in container.get("restartPolicyRules") or ():
            if _rule_matches(rule, exit_code):
                return True  # Restart and RestartAllContainers are the only actions
    policy = policy or pod["spec"].get("restartPolicy", "Always")
    if policy == "OnFailure":
        return exit_code != 0
    return bool(policy != "Never")


def restarts_all(container: Json, exit_code: int) -> bool:
    """Tell whether a rule of the container restarts the whole pod in place."""
    return any(
        rule.get("action") == "RestartAllContainers" and _rule_matches(rule, exit_code)
        for rule in container.get("restartPolicyRules") or ()
    )


def _rule_matches(rule: Json, exit_code: int) -> bool:
    codes = rule.get("exitCodes") or {}
    values = codes.get("values") or []
    if codes.get("operator") == "In":
        return exit_code in values
    return codes.get("operator") == "NotIn" and exit_code not in values


def restart_on_failure(pod: Json, container: Json) -> bool:
    """Tell whether a container that is killed for its probes will be started again."""
    policy = container.get("restartPolicy") or pod["spec"].get("restartPolicy", "Always")
    return bool(policy != "Never")
