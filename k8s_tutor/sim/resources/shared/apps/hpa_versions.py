"""HorizontalPodAutoscalers between autoscaling/v1 and v2 (upstream: ``apis/autoscaling/v1/conversion.go``).

v1 knows one target of CPU; all else of v2 travels in annotations, as upstream does it.
"""

import json
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json

_PREFIX = "autoscaling.alpha.kubernetes.io/"
_METRICS, _BEHAVIOR = f"{_PREFIX}metrics", f"{_PREFIX}behavior"
_CURRENT, _CONDITIONS = f"{_PREFIX}current-metrics", f"{_PREFIX}conditions"


def _dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _is_cpu(metric: Json) -> bool:
    source = metric.get("resource") or {}
    return metric.get("type") == "Resource" and source.get("name") == "cpu"


def _flatten(metric: Json, side: str) -> Json:
    """Return a v2 metric in the form v1's annotations have."""
    kind = metric.get("type") or ""
    field = kind[:1].lower() + kind[1:]
    source = metric.get(field) or {}
    amount, name = source.get(side) or {}, (source.get("metric") or {}).get("name")
    value = {"target": "target", "current": "current"}[side]
    out: Json = {}
    if field in ("resource", "containerResource"):
        out["name"] = source.get("name")
        if field == "containerResource":
            out["container"] = source.get("container")
        for key in ("averageUtilization", "averageValue"):
            if amount.get(key) is not None:
                out[f"{value}A{key[1:]}"] = amount[key]
    elif field == "pods":
        out = {"metricName": name, f"{value}AverageValue": amount.get("averageValue")}
    else:
        if field == "object":
            out["target"] = source.get("describedObject")
        out["metricName"] = name
        for key in ("value", "averageValue"):
            if amount.get(key) is not None:
                plain = {"value": f"{value}Value", "averageValue": "averageValue"}[key]
                out[plain if field == "object" else f"{value}{key[:1].upper()}{key[1:]}"] = amount[key]
    selector = (source.get("metric") or {}).get("selector")
    if selector:
        out["selector"] = selector
    return {"type": kind, field: out}


def _raise(metric: Json) -> Json:
    """Return a metric of v1's annotations in the form of v2."""
    kind = metric.get("type") or ""
    field = kind[:1].lower() + kind[1:]
    source = metric.get(field) or {}
    percent = source.get("targetAverageUtilization")
    average = source.get("targetAverageValue") or source.get("averageValue")
    value = source.get("targetValue")
    target: Json = {}
    if percent is not None:
        target = {"type": "Utilization", "averageUtilization": percent}
    elif average is not None:
        target = {"type": "AverageValue", "averageValue": average}
    elif value is not None:
        target = {"type": "Value", "value": value}
    out: Json = {"target": target}
    for key in ("name", "container"):
        if source.get(key) is not None:
            out[key] = source[key]
    if "metricName" in source:
        out["metric"] = {"name": source["metricName"]} | (
            {"selector": source["selector"]} if source.get("selector") else {}
        )
    if source.get("target") is not None:
        out["describedObject"] = source["target"]
    return {"type": kind, field: out}


def to_v1(hpa: Json) -> Json:
    """Return a v2 object as autoscaling/v1 shows it."""
    spec, status = dict(hpa.get("spec") or {}), {"currentReplicas": 0, **(hpa.get("status") or {})}
    metadata = dict(hpa["metadata"])
    annotations = dict(metadata.get("annotations") or {})
    others = []
    for metric in spec.pop("metrics", None) or ():
        percent = ((metric.get("resource") or {}).get("target") or {}).get("averageUtilization")
        if _is_cpu(metric) and percent is not None and "targetCPUUtilizationPercentage" not in spec:
            spec["targetCPUUtilizationPercentage"] = percent
        else:
            others.append(_flatten(metric, "target"))
    if others:
        annotations[_METRICS] = _dump(others)
    behavior = spec.pop("behavior", None)
    if behavior is not None:
        annotations[_BEHAVIOR] = _dump(_ordered(behavior))
    current = status.pop("currentMetrics", None) or []
    for metric in current:
        percent = ((metric.get("resource") or {}).get("current") or {}).get("averageUtilization")
        if _is_cpu(metric) and percent is not None:
            status["currentCPUUtilizationPercentage"] = percent
    if current:
        annotations[_CURRENT] = _dump([_flatten(metric, "current") for metric in current])
    conditions = status.pop("conditions", None)
    if conditions:
        annotations[_CONDITIONS] = _dump(conditions)
    if annotations:
        metadata["annotations"] = annotations
    return {**hpa, "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": spec, "status": status}


def _ordered(behavior: Json) -> Json:
    """Return a behavior with the internal type's field names, which upstream's annotation has."""
    out: Json = {}
    for name in ("scaleUp", "scaleDown"):
        rules = behavior.get(name)
        if rules is not None:
            out[name[:1].upper() + name[1:]] = {
                "StabilizationWindowSeconds": rules.get("stabilizationWindowSeconds"),
                "SelectPolicy": rules.get("selectPolicy"),
                "Policies": [
                    {"Type": p.get("type"), "Value": p.get("value"), "PeriodSeconds": p.get("periodSeconds")}
                    for p in rules.get("policies") or ()
                ],
                "Tolerance": rules.get("tolerance"),
            }
    return out


def _lower(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _lower(item) for key, item in value.items() if item is not None}
    return [_lower(item) for item in value] if isinstance(value, list) else value


def _load(annotations: Json, key: str) -> Any:
    text = annotations.pop(key, None)
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def from_v1(hpa: Json) -> Json:
    """Return a v1 object as autoscaling/v2."""
    spec, status = dict(hpa.get("spec") or {}), dict(hpa.get("status") or {})
    metadata = dict(hpa.get("metadata") or {})
    annotations = dict(metadata.get("annotations") or {})
    metrics = [_raise(metric) for metric in _load(annotations, _METRICS) or ()]
    percent = spec.pop("targetCPUUtilizationPercentage", None)
    if percent is not None:
        target = {"type": "Utilization", "averageUtilization": percent}
        metrics.append({"type": "Resource", "resource": {"name": "cpu", "target": target}})
    if metrics:
        spec["metrics"] = metrics
    behavior = _load(annotations, _BEHAVIOR)
    if behavior is not None:
        spec["behavior"] = _lower(behavior)
    now = status.pop("currentCPUUtilizationPercentage", None)
    _load(annotations, _CURRENT)
    if now is not None:
        current = {"averageUtilization": now}
        status["currentMetrics"] = [{"type": "Resource", "resource": {"name": "cpu", "current": current}}]
    conditions = _load(annotations, _CONDITIONS)
    if conditions:
        status["conditions"] = conditions
    if annotations:
        metadata["annotations"] = annotations
    elif "annotations" in metadata:
        del metadata["annotations"]
    out = {**hpa, "apiVersion": "autoscaling/v2", "metadata": metadata, "spec": spec}
    if status:
        out["status"] = status
    return out
