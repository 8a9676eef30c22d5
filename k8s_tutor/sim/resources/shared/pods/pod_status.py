"""Updates of a pod's status (upstream: ``ValidatePodStatusUpdate``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.network.addresses import check_ip, dual_stack
from k8s_tutor.sim.resources.shared.pods import reported

_SYSTEM = ("PodScheduled", "Ready", "Initialized")
_NO_RETURN = "may not be transitioned to non-terminated state"


def mark_gated(status: Json, now: float) -> None:
    """Say in a new pod's status that its scheduling waits for gates."""
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "lastProbeTime": None,
        "lastTransitionTime": rfc3339(now),
        "reason": "SchedulingGated",
        "message": "Scheduling is blocked due to non-empty scheduling gates",
    }
    status.setdefault("conditions", []).append(condition)


def default_ips(status: Json) -> None:
    """Keep ``podIP`` and ``podIPs`` together."""
    ip, ips = status.get("podIP"), status.get("podIPs")
    if ip and (not ips or ips[0].get("ip") != ip):
        status["podIPs"] = [{"ip": ip}]
    elif ips and not ip:
        status["podIP"] = ips[0].get("ip")


def check_status(v: At, old: Json) -> None:
    """Check a pod whose status changes; the cursor stands at the pod."""
    status, before, spec = v.at("status"), old.get("status") or {}, v.get("spec") or {}
    for condition in status.each("conditions"):
        if (condition.get("observedGeneration") or 0) < 0:
            condition.invalid("observedGeneration", "must be a non-negative integer")
        if condition.text("type") not in _SYSTEM:
            for complaint in names.is_qualified_name(condition.text("type")):
                condition.invalid("Type", complaint, condition.text("type"))
    if spec.get("nodeName") != (old.get("spec") or {}).get("nodeName"):
        status.forbidden("nodeName", "may not be changed directly")
    _check_nominated(status, before, old)
    if (status.get("observedGeneration") or 0) < 0:
        status.invalid("observedGeneration", "must be a non-negative integer")
    status.immutable("qosClass", before)
    for field, containers in (("containerStatuses", "containers"), ("initContainerStatuses", "initContainers")):
        _check_returns(status, before, field, spec, spec.get(containers) or ())
    _check_returns(status, before, "ephemeralContainerStatuses", {}, ())
    reported.check_claims(status, spec)
    _check_ips(status, before)
    reported.check_containers(status, spec)


def _check_nominated(status: At, before: Json, old: Json) -> None:
    now, was = status.text("nominatedNodeName"), before.get("nominatedNodeName") or ""
    if now and now != was:
        status.judge("nominatedNodeName", names.is_dns1123_subdomain)
        if (old.get("spec") or {}).get("nodeName"):
            status.forbidden("nominatedNodeName", "may not be set on pods that are already bound to a node")


def _may_restart(spec: Json, container: Json, code: int) -> bool:
    for rule in container.get("restartPolicyRules") or ():
        codes = rule.get("exitCodes") or {}
        within = code in (codes.get("values") or ())
        if within == (codes.get("operator") == "In"):
            return True
    policy = container.get("restartPolicy") or spec.get("restartPolicy")
    return policy == "Always" or (policy == "OnFailure" and code != 0)


def _check_returns(status: At, before: Json, field: str, spec: Json, containers: Any) -> None:
    known = {container.get("name"): container for container in containers}
    if any(
        rule.get("action") == "RestartAllContainers"
        for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ()))
        for rule in container.get("restartPolicyRules") or ()
    ):
        return
    now = {item.get("name"): item for item in status.get(field) or ()}
    for number, was in enumerate(before.get(field) or ()):
        ended = (was.get("state") or {}).get("terminated")
        item = now.get(was.get("name"))
        if ended is None or item is None or (item.get("state") or {}).get("terminated") is not None:
            continue
        container = known.get(was.get("name"))
        if container is None or not _may_restart(spec, container, ended.get("exitCode") or 0):
            status.at(field).index(number).forbidden("state", _NO_RETURN)


def _check_ips(status: At, before: Json) -> None:
    for field, single in (("podIPs", "podIP"), ("hostIPs", "hostIP")):
        old = [item.get("ip") for item in before.get(field) or ()]
        items = status.get(field) or []
        texts = [item.get("ip") or "" for item in items]
        if field == "hostIPs":
            if items and status.text(single) != texts[0]:
                status.at(field).index(0).invalid("ip", f"must be equal to `{single}`", texts[0])
            if not items:
                continue
        for item in status.each(field):
            check_ip(At(item.errors, item.path, item.text("ip")), old=old)
        if len(texts) > 1 and (not dual_stack(texts) or len(texts) > 2):
            status.invalid(field, "may specify no more than one IP for each IP family")
        if field == "podIPs":
            if bool(status.text(single)) != bool(items):
                status.invalid(field, "podIP and podIPs must either both be set or both be unset")
            elif items and status.text(single) != texts[0]:
                status.at(field).index(0).invalid("ip", "must be equal to `podIP`", texts[0])
