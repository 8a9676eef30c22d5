"""Quotas and limits, as they stand in their own descriptions and in their namespace's."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.view import View

_SCOPES = {
    "Terminating": "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before "
    "being actively terminated by the system.",
    "NotTerminating": "Matches all pods that do not have an active deadline. These pods usually include long running "
    "pods whose container command is not expected to terminate.",
    "BestEffort": "Matches all pods that do not have resource requirements set. These pods have a best effort quality "
    "of service.",
    "NotBestEffort": "Matches all pods that have at least one resource requirement set. These pods have a burstable or "
    "guaranteed quality of service.",
}


def write_scopes(view: View, quota: Json, level: int, bullet: str) -> None:
    """Add a quota's scopes and what they mean."""
    scopes = sorted(quota.get("spec", {}).get("scopes") or ())
    if scopes:
        view.field(level, "Scopes", ", ".join(scopes))
    for scope in scopes:
        if scope in _SCOPES:
            view.line(level, f"{bullet}{_SCOPES[scope]}")


def write_usage(view: View, quota: Json, level: int) -> None:
    """Add what is used of each hard limit."""
    status = quota.get("status") or {}
    hard, used = status.get("hard") or {}, status.get("used") or {}
    for name in sorted(hard):
        view.line(level, f"{name}\t{used.get(name, '0')}\t{hard[name]}")


def write_limits(view: View, limit_range: Json, prefix: str) -> None:
    """Add the rows of a limit range."""
    for item in limit_range.get("spec", {}).get("limits") or ():
        columns = [item.get(key) or {} for key in ("min", "max", "defaultRequest", "default", "maxLimitRequestRatio")]
        for name in sorted({name for column in columns for name in column}):
            cells = [str(column.get(name, "-")) for column in columns]
            view.line(0, f"{prefix}{item.get('type', '')}\t{name}\t" + "\t".join(cells))
