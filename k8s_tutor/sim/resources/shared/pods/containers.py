"""Containers of a pod: regular, init (with sidecars) and ephemeral (upstream: ``validateContainers`` and its kin)."""

from collections.abc import Iterator
from dataclasses import dataclass

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.pods import probes
from k8s_tutor.sim.resources.shared.pods.env import check_env, check_env_from
from k8s_tutor.sim.resources.shared.pods.mounts import check_mounts
from k8s_tutor.sim.resources.shared.pods.security import check_container_security
from k8s_tutor.sim.resources.shared.quantities import check_requirements

PROTOCOLS = ("SCTP", "TCP", "UDP")
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
RESTART_POLICIES = ("Always", "Never", "OnFailure")
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_NOT_FOR_INIT = "may not be set for init containers without restartPolicy=Always"
_NOT_FOR_EPHEMERAL = "cannot be set for an Ephemeral Container"


@dataclass(slots=True)
class PodFacts:
    """What the checks of a container need to know of its pod."""

    volumes: dict[str, Json]
    claims: list[str]
    grace: int | None
    restart_policy: str
    host_users: bool
    has_os: bool


def _check_ports(v: At) -> None:
    seen: set[str] = set()
    for item in v.each("ports"):
        name = item.text("name")
        if name:
            if not item.judge("name", names.is_port_name):
                pass
            elif name in seen:
                item.duplicate("name")
            else:
                seen.add(name)
        if not item.number("containerPort"):
            item.required("containerPort")
        else:
            _port(item, "containerPort")
        if item.number("hostPort"):
            _port(item, "hostPort")
        item.one_of("protocol", PROTOCOLS, required=True)


def _port(v: At, name: str) -> None:
    for complaint in names.is_port_num(v.number(name)):
        v.invalid(name, complaint)


def _check_resize_policy(v: At, pod_restart: str) -> None:
    seen: set[str] = set()
    base = v.at("resizePolicy")
    for item in base.items():
        name, policy = item.text("resourceName"), item.text("restartPolicy")
        if name in seen:
            item.duplicate("", name)
        seen.add(name)
        for value, allowed in ((name, ("cpu", "memory")), (policy, ("NotRequired", "RestartContainer"))):
            if not value:
                base.required()
            elif value not in allowed:
                base.unsupported("", allowed, value)
        if pod_restart == "Never" and policy != "NotRequired":
            base.invalid("", "must be 'NotRequired' when pod `restartPolicy` is 'Never'", policy)


def _check_common(v: At, pod: PodFacts) -> None:
    v.need_judged("name", names.is_dns1123_label)
    v.need("image")
    v.one_of("terminationMessagePolicy", ("File", "FallbackToLogsOnError"), required=True)
    _check_ports(v)
    check_env(v)
    check_env_from(v)
    check_mounts(v, pod.volumes)
    v.one_of("imagePullPolicy", PULL_POLICIES, required=True)
    check_requirements(v.at("resources"), pod.claims)
    _check_resize_policy(v, pod.restart_policy)
    check_container_security(v.at("securityContext"), host_users=pod.host_users)


def _check_restart_rules(v: At) -> None:
    policy, rules = v.get("restartPolicy"), v.get("restartPolicyRules") or ()
    if policy is None:
        if rules:
            v.required("restartPolicy", "must specify restartPolicy when restart rules are used")
    elif policy not in RESTART_POLICIES:
        v.unsupported("restartPolicy", RESTART_POLICIES)
    if len(rules) > 20:
        v.too_many("restartPolicyRules", len(rules), 20)
    for rule in v.each("restartPolicyRules"):
        rule.one_of("action", ("Restart", "RestartAllContainers"))
        codes = rule.at("exitCodes")
        if codes.value is None:
            rule.required("exitCodes", "must be specified")
            continue
        codes.one_of("operator", ("In", "NotIn"))
        if len(codes.get("values") or ()) > 255:
            codes.too_many("values", len(codes.get("values")), 255)


def _check_life(v: At, pod: PodFacts) -> None:
    lifecycle = v.get("lifecycle")
    if lifecycle is not None:
        probes.check_lifecycle(v.at("lifecycle"), pod.grace)
    for kind in PROBES:
        probes.check_probe(v, kind, pod.grace)


def _check_host_ports(items: Iterator[At] | list[At]) -> None:
    seen: set[str] = set()
    for item in items:
        for port in item.each("ports"):
            if port.number("hostPort"):
                shown = f"{port.text('protocol')}/{port.text('hostIP')}/{port.number('hostPort')}"
                if shown in seen:
                    port.duplicate("hostPort", shown)
                seen.add(shown)


def check_containers(v: At, pod: PodFacts) -> None:
    """Check ``spec.containers``; the cursor stands at the pod's spec."""
    if not v.get("containers"):
        v.required("containers")
        return
    seen: set[str] = set()
    items = list(v.each("containers"))
    for item in items:
        _check_common(item, pod)
        name = item.text("name")
        if name in seen:
            item.duplicate("name", name)
        seen.add(name)
        _check_life(item, pod)
        _check_restart_rules(item)
    _check_host_ports(items)


def check_init_containers(v: At, pod: PodFacts) -> None:
    """Check ``spec.initContainers``."""
    seen = {item.get("name") for item in v.get("containers") or ()}
    for item in v.each("initContainers"):
        _check_common(item, pod)
        _check_restart_rules(item)
        name = item.text("name")
        if name in seen:
            item.duplicate("name", name)
        elif name:
            seen.add(name)
        _check_host_ports([At(item.errors, f"{v.path}.initContainers[0]", item.value)])
        sidecar = item.get("restartPolicy") == "Always"
        if sidecar:
            _check_life(item, pod)
            continue
        for field in ("lifecycle", *PROBES):
            if item.get(field) is not None:
                item.forbidden(field, _NOT_FOR_INIT)
        for policy in item.each("resizePolicy"):
            if policy.get("restartPolicy") == "RestartContainer":
                detail = "must not be set to 'RestartContainer' for non-sidecar initContainers"
                policy.invalid("restartPolicy", detail)


_EPHEMERAL_REFUSED = (
    "ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules", *PROBES, "lifecycle",
)  # fmt: skip


def check_ephemeral_containers(v: At, pod: PodFacts) -> None:
    """Check ``spec.ephemeralContainers``."""
    others = {item.get("name") for field in ("containers", "initContainers") for item in v.get(field) or ()}
    seen = set(others)
    for item in v.each("ephemeralContainers"):
        _check_common(item, pod)
        check_image_spaces(item)
        name, target = item.text("name"), item.text("targetContainerName")
        if name in seen:
            item.duplicate("name", name)
        seen.add(name)
        if target and target not in others:
            item.not_found("targetContainerName")
        _refuse_ephemeral(item)


def _refuse_ephemeral(item: At) -> None:
    for field in _EPHEMERAL_REFUSED:
        if item.get(field):
            item.forbidden(field, _NOT_FOR_EPHEMERAL)
    for mount in item.each("volumeMounts"):
        for field in ("subPath", "subPathExpr"):
            if mount.text(field):
                mount.forbidden(field, _NOT_FOR_EPHEMERAL)


def check_image_spaces(v: At) -> None:
    """Refuse images with blanks around (pods only, not templates)."""
    image = v.text("image")
    if image.strip() != image:
        v.invalid("image", "must not have leading or trailing whitespace")
