"""HorizontalPodAutoscaler (autoscaling/v2)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.text import long_time, quoted

GROUP = "autoscaling"
UNKNOWN = "<unknown>"


def describe(view: View, body: Json) -> None:
    """Describe an autoscaler."""
    spec, status = body.get("spec", {}), body.get("status") or {}
    target = spec.get("scaleTargetRef") or {}
    view.heading(body)
    view.field(0, "CreationTimestamp", long_time(body["metadata"].get("creationTimestamp")))
    view.field(0, "Reference", f"{target.get('kind', '')}/{target.get('name', '')}")
    view.field(0, "Metrics", "( current / target )")
    current = status.get("currentMetrics") or []
    for at, metric in enumerate(spec.get("metrics") or ()):
        _metric(view, metric, current[at] if at < len(current) else {})
    view.field(0, "Min replicas", spec["minReplicas"] if spec.get("minReplicas") is not None else "<unset>")
    view.field(0, "Max replicas", spec.get("maxReplicas", 0))
    behavior = spec.get("behavior")
    if behavior:
        view.line(0, "Behavior:")
        _rules(view, "Scale Up", behavior.get("scaleUp"))
        _rules(view, "Scale Down", behavior.get("scaleDown"))
    counts = f"{status.get('currentReplicas', 0)} current / {status.get('desiredReplicas', 0)} desired"
    view.field(0, f"{target.get('kind', '')} pods", counts)
    if status.get("conditions"):
        view.line(0, "Conditions:")
        view.line(1, "Type\tStatus\tReason\tMessage")
        view.line(1, "----\t------\t------\t-------")
        for one in status["conditions"]:
            view.line(1, "\t".join(one.get(key, "") for key in ("type", "status", "reason", "message")))
    write_events(view, body)


def _metric(view: View, metric: Json, current: Json) -> None:
    kind = metric.get("type", "")
    key = kind[:1].lower() + kind[1:]
    wanted, got = metric.get(key) or {}, (current.get(key) or {}).get("current") or {}
    target = wanted.get("target") or {}
    name = (wanted.get("metric") or {}).get("name", "")
    if kind == "External":
        words, field = (
            ("target average value", "averageValue") if "averageValue" in target else ("target value", "value")
        )
        view.line(1, f"{quoted(name)} ({words}):\t{got.get(field, UNKNOWN)} / {target.get(field, '')}")
    elif kind == "Pods":
        view.line(1, f"{quoted(name)} on pods:\t{got.get('averageValue', UNKNOWN)} / {target.get('averageValue', '')}")
    elif kind == "Object":
        which = wanted.get("describedObject") or {}
        average = target.get("type") == "AverageValue"
        words, field = ("target average value", "averageValue") if average else ("target value", "value")
        shown = f'"{name}" on {which.get("kind", "")}/{which.get("name", "")}'
        view.line(1, f"{shown} ({words}):\t{got.get(field, UNKNOWN)} / {target.get(field, '')}")
    elif kind in {"Resource", "ContainerResource"}:
        inside = f' of container "{wanted.get("container", "")}"' if kind == "ContainerResource" else ""
        _resource(view, f"resource {wanted.get('name', '')}{inside} on pods", target, got)
    else:
        view.line(1, f"<unknown metric type {quoted(kind)}>")


def _resource(view: View, title: str, target: Json, got: Json) -> None:
    if target.get("averageValue") is not None:
        view.line(1, f"{title}:\t{got.get('averageValue', UNKNOWN)} / {target['averageValue']}")
        return
    current: Any = UNKNOWN
    if got.get("averageUtilization") is not None:
        current = f"{got['averageUtilization']}% ({got.get('averageValue', '')})"
    goal = f"{target['averageUtilization']}%" if target.get("averageUtilization") is not None else "<auto>"
    view.line(1, f"{title}  (as a percentage of request):\t{current} / {goal}")


def _rules(view: View, direction: str, rules: Json | None) -> None:
    if rules is None:
        return
    view.line(1, f"{direction}:")
    if rules.get("stabilizationWindowSeconds") is not None:
        view.line(2, f"Stabilization Window: {rules['stabilizationWindowSeconds']} seconds")
    if rules.get("policies"):
        view.line(2, f"Select Policy: {rules.get('selectPolicy') or 'Max'}")
        view.line(2, "Policies:")
        for one in rules["policies"]:
            period = f"Period: {one.get('periodSeconds', 0)} seconds"
            view.line(3, f"- Type: {one.get('type', '')}\tValue: {one.get('value', 0)}\t{period}")
