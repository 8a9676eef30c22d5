"""Pods that a check goes into (exec, logs, requests from inside), and how several verdicts become one."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from k8s_tutor.checks.causes import explain, explain_absence, next_command
from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.objects import QUERY_SCHEMA, Object, ObjectQuery, label, version
from k8s_tutor.checks.result import CheckResult, Difference, State

RETRY: Final = 2.0  # what runs inside a container can change without any object changing
SCHEMA: Final[Mapping[str, Any]] = {
    "pod": QUERY_SCHEMA,
    "container": {"type": "string"},
    "pods": {"enum": ["any", "all"]},
}
Judge = Callable[[Object], CheckResult]


def over_pods(
    context: CheckContext, query: ObjectQuery, how: str, judge: Judge, *, running: bool = True
) -> CheckResult:
    """Judge the pods that a query selects: one passing is enough, or all must pass.

    Args:
        context: where.
        query: which pods.
        how: ``any`` or ``all``.
        judge: the verdict on one pod.
        running: look only at pods that run and are not being deleted.
    """
    pods = context.find(query)
    usable = [pod for pod in pods if _runs(pod)] if running else pods
    if not usable:
        pod = pods[0] if pods else None
        found = "nothing" if pod is None else f"{label(pod)} is {(pod.get('status') or {}).get('phase', 'Pending')}"
        return CheckResult(
            State.FAILED,
            about=str(query),
            differences=(Difference("", f"a running {query}" if running else str(query), found),),
            causes=explain_absence(context, query) if pod is None else explain(context, pod),
            next=next_command(context, pod, query),
            retry_after=RETRY if pods else None,
        )
    results = []
    for pod in usable:
        results.append(judge(pod).changed(about=label(pod), basis=(version(pod),)))
        if results[-1].passed and how == "any":
            return results[-1]
    bad = [result for result in results if not result.passed]
    return bad[0].changed(retry_after=RETRY) if bad else results[0].changed(basis=tuple(map(version, usable)))


def _runs(pod: Object) -> bool:
    return (pod.get("status") or {}).get("phase") == "Running" and not pod["metadata"].get("deletionTimestamp")
