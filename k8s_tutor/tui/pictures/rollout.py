"""A Deployment's rollout: its ReplicaSets as growing and shrinking rows, between the two bounds of the strategy."""

import math
from collections.abc import Callable, Iterable

from rich.text import Text

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.tui.pictures import pods as pod_picture

REVISION = "deployment.kubernetes.io/revision"


def rollouts(
    deployments: Iterable[Json],
    replica_sets: Iterable[Json],
    pods: Iterable[Json],
    say: Callable[[str], str],
    namespace: str = "",
) -> list[Text]:
    """Draw every Deployment of the namespace (of all but the system's, if none is given)."""
    sets, all_pods = list(replica_sets), list(pods)
    lines: list[Text] = []
    for deployment in deployments:
        where = deployment["metadata"].get("namespace")
        if where == namespace or (not namespace and where != "kube-system"):
            lines += _deployment(deployment, sets, all_pods, say)
            lines.append(Text(""))
    return lines or [Text(say("no-rollout"), "dim")]


def bounds(deployment: Json) -> tuple[int, int]:
    """Return the least available and the most pods that a rolling update allows.

    As upstream's ``deploymentutil``: surge rounds up, unavailable rounds down, and both zero means one unavailable.
    """
    desired = deployment["spec"].get("replicas", 1)
    strategy = deployment["spec"].get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return 0, desired
    rolling = strategy.get("rollingUpdate") or {}
    surge = _resolve(rolling.get("maxSurge", "25%"), desired, up=True)
    missing = _resolve(rolling.get("maxUnavailable", "25%"), desired, up=False)
    if surge == 0 and missing == 0:
        missing = 1
    return max(0, desired - min(missing, desired)), desired + surge


def _resolve(value: object, total: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    share = int(str(value).rstrip("%") or 0) * total / 100
    return math.ceil(share) if up else math.floor(share)


def _deployment(deployment: Json, sets: list[Json], pods: list[Json], say: Callable[[str], str]) -> list[Text]:
    meta, spec, status = deployment["metadata"], deployment["spec"], deployment.get("status", {})
    least, most = bounds(deployment)
    head = Text.assemble(
        ("Deployment ", "dim"),
        (meta["name"], "bold cyan"),
        f"  {status.get('readyReplicas', 0)}/{spec.get('replicas', 1)} {say('ready')}",
        (f"  ≥ {least} {say('ready')}, ≤ {most} pods", "dim"),
        ("  paused" if spec.get("paused") else "", "yellow"),
    )
    mine = [
        rs for rs in sets if any(r.get("uid") == meta.get("uid") for r in rs["metadata"].get("ownerReferences") or ())
    ]
    mine.sort(key=_revision)
    newest = mine[-1]["metadata"]["uid"] if mine else ""
    lines = [head]
    for rs in mine:
        own = [
            p
            for p in pods
            if any(r.get("uid") == rs["metadata"]["uid"] for r in p["metadata"].get("ownerReferences") or ())
        ]
        is_new = rs["metadata"]["uid"] == newest
        if not own and not rs["spec"].get("replicas") and not is_new:
            continue
        lines.append(_row(rs, own, say("new") if is_new else say("old")))
    lines += [Text(f"  {text}", "yellow") for text in _trouble(status)]
    return lines


def _revision(replica_set: Json) -> int:
    return int((replica_set["metadata"].get("annotations") or {}).get(REVISION, 0))


def _row(replica_set: Json, pods: list[Json], label: str) -> Text:
    images = ", ".join(
        c.get("image", "?").rsplit("/", 1)[-1] for c in replica_set["spec"]["template"]["spec"]["containers"]
    )
    row = Text(f"  {label:<7}#{_revision(replica_set)} ")
    order = "●◐✗○✓"
    for mark in sorted((pod_picture.sign(pod) for pod in pods), key=order.index):
        row.append(mark + " ", pod_picture.STYLES[mark])
    row.append(f"{len(pods)}/{replica_set['spec'].get('replicas', 0)}  {images}", "dim")
    return row


def _trouble(status: Json) -> list[str]:
    """Conditions that tell why a rollout does not go on."""
    return [
        f"{c['type']}: {c.get('reason', '')} {c.get('message', '')}"
        for c in status.get("conditions") or ()
        if (c["type"] == "Progressing" and c["status"] == "False") or c["type"] == "ReplicaFailure"
    ]
