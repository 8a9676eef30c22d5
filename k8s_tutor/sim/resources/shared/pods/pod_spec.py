"""A pod's specification as a whole, in upstream's order (``ValidatePodSpec``)."""

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import quantities
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.gotext import quote
from k8s_tutor.sim.resources.shared.internal import internal
from k8s_tutor.sim.resources.shared.label_checks import check_labels
from k8s_tutor.sim.resources.shared.network.addresses import check_ip
from k8s_tutor.sim.resources.shared.pods import scheduling_terms as terms
from k8s_tutor.sim.resources.shared.pods.containers import (
    PodFacts,
    check_containers,
    check_ephemeral_containers,
    check_init_containers,
)
from k8s_tutor.sim.resources.shared.pods.pod_resources import check_pod_resources
from k8s_tutor.sim.resources.shared.pods.security import check_pod_security
from k8s_tutor.sim.resources.shared.pods.windows import check_host_process, check_os, containers
from k8s_tutor.sim.resources.shared.storage.volumes import check_volumes

RESTART_POLICIES = ("Always", "OnFailure", "Never")
DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
PREEMPTION_POLICIES = ("PreemptLowerPriority", "Never")
_MAX_INT32 = 2**31 - 1
_MIRROR = "kubernetes.io/config.mirror"


def check_pod_spec(v: At, pod: Json | None = None) -> None:
    """Check a pod's spec; ``pod``: the metadata of the pod itself, None in a template."""
    if v.get("terminationGracePeriodSeconds") is None:
        v.required("terminationGracePeriodSeconds")
    volumes = check_volumes(v.at("volumes"), (pod or {}).get("name", ""))
    claims = [item["name"] for item in v.get("resourceClaims") or () if item.get("name")]
    _check_claims(v, pod)
    facts = PodFacts(
        volumes,
        claims,
        v.get("terminationGracePeriodSeconds"),
        v.text("restartPolicy"),
        v.get("hostUsers") is not False,
        v.get("os") is not None,
    )
    check_containers(v, facts)
    check_init_containers(v, facts)
    check_ephemeral_containers(v, facts)
    check_pod_resources(v, claims)
    _check_host_ports(v, is_pod=pod is not None)
    v.one_of("restartPolicy", RESTART_POLICIES, required=True)
    v.one_of("dnsPolicy", DNS_POLICIES, required=True)
    check_labels(v.at("nodeSelector"))
    check_pod_security(v)
    if v.get("shareProcessNamespace") and v.get("hostPID"):
        v.invalid("shareProcessNamespace", "ShareProcessNamespace and HostPID cannot both be enabled")
    if v.get("affinity"):
        terms.check_affinity(v.at("affinity"))
    _check_dns(v)
    terms.check_gates(v)
    if v.get("topologySpreadConstraints"):
        terms.check_spread(v.at("topologySpreadConstraints"))
    check_host_process(v)
    _check_host_users(v)
    _check_names(v)
    check_os(v)
    _check_file_refs(v)


def _check_claims(v: At, pod: Json | None) -> None:
    seen: set[str] = set()
    for item in v.each("resourceClaims"):
        if pod and _MIRROR in (pod.get("annotations") or {}):
            At(v.errors, "", None).forbidden("", "static pods do not support resource claims")
            continue
        name = item.text("name")
        if not name:
            item.required("name")
        elif name in seen:
            item.duplicate("name")
        else:
            item.judge("name", names.is_dns1123_label)
            seen.add(name)
        fields = ("resourceClaimName", "resourceClaimTemplateName")
        given = [field for field in fields if item.get(field) is not None]
        shown = internal("core.PodResourceClaim", item.value)
        if len(given) > 1:
            item.invalid(
                "", "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified", shown
            )
        if not given:
            item.invalid("", "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`", shown)
        for field in given:
            item.judge(field, names.is_dns1123_subdomain)


def _check_host_ports(v: At, *, is_pod: bool) -> None:
    if not v.get("hostNetwork"):
        return
    for container in v.each("containers"):
        for port in container.each("ports"):
            host = port.number("hostPort")
            if (is_pod or host) and host != port.number("containerPort"):
                port.invalid("hostPort", "must match `containerPort` when `hostNetwork` is true", host)


def _check_dns(v: At) -> None:
    config = v.at("dnsConfig")
    if v.get("dnsPolicy") == "None":
        if config.value is None:
            config.required("", "must provide `dnsConfig` when `dnsPolicy` is None")
            return
        if not config.get("nameservers"):
            config.required("nameservers", "must provide at least one DNS nameserver when `dnsPolicy` is None")
            return
    servers, searches = config.get("nameservers") or [], config.get("searches") or []
    if len(servers) > 3:
        config.invalid("nameservers", "must not have more than 3 nameservers")
    for server in config.each("nameservers"):
        check_ip(server)
    if len(searches) > 32:
        config.invalid("searches", "must not have more than 32 search paths")
    if len(" ".join(searches)) > 2048:
        config.invalid("searches", "must not have more than 2048 characters (including spaces) in the search list")
    for search in config.each("searches"):
        if search.value != ".":
            search.judge("", names.is_dns1123_subdomain_with_underscore, search.value.removesuffix("."))
    for option in config.each("options"):
        if not option.get("name"):
            option.required("", "must not be empty")


def _check_host_users(v: At) -> None:
    if v.get("hostUsers") is not False:
        return
    for field, shown in (("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")):
        if v.get(field):
            v.forbidden(shown, "when `hostUsers` is false")
    for container in containers(v):
        if container.get("volumeDevices"):
            container.forbidden("volumeDevices", "when `hostUsers` is false")


def _check_hostname_override(v: At) -> None:
    override = v.get("hostnameOverride")
    if override is None:
        return
    for field in ("setHostnameAsFQDN", "hostNetwork"):
        if v.get(field):
            v.forbidden("hostnameOverride", f"may not be specified when {field} is true")
    if len(override.encode()) > 64:
        v.too_long("hostnameOverride", 64)
    v.judge("hostnameOverride", names.is_dns1123_subdomain)


def _check_names(v: At) -> None:
    _check_hostname_override(v)
    v.judge_if("serviceAccountName", names.is_dns1123_subdomain)
    account, old_field = v.text("serviceAccountName"), v.text("serviceAccount")
    if account != old_field:
        v.invalid("deprecatedServiceAccount", f"must be the same as serviceAccountName: {quote(account)}", old_field)
    v.judge_if("nodeName", names.is_dns1123_subdomain)
    deadline = v.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= _MAX_INT32:
        v.invalid("activeDeadlineSeconds", names.inclusive_range_error(1, _MAX_INT32))
    v.judge_if("hostname", names.is_dns1123_label)
    v.judge_if("subdomain", names.is_dns1123_label)
    terms.check_tolerations(v.at("tolerations"))
    for alias in v.each("hostAliases"):
        check_ip(alias, "ip")
        for name in alias.each("hostnames"):
            name.judge("", names.is_dns1123_subdomain)
    v.judge_if("priorityClassName", names.is_dns1123_subdomain)
    if v.get("runtimeClassName") is not None:
        v.judge("runtimeClassName", names.is_dns1123_subdomain)
    check_preemption(v)
    if v.get("overhead"):
        overhead = At(v.errors, f"{v.path}.overhead", {"limits": v.get("overhead")})
        quantities.check_requirements(overhead)


def check_preemption(v: At) -> None:
    """Check a ``preemptionPolicy``."""
    if v.get("preemptionPolicy") is not None:
        v.one_of("preemptionPolicy", PREEMPTION_POLICIES, required=True)


def _check_file_refs(v: At) -> None:
    volumes = {item.get("name"): item for item in v.get("volumes") or ()}
    for container in containers(v):
        for item in container.each("env"):
            reference = (item.get("valueFrom") or {}).get("fileKeyRef")
            if reference is None:
                continue
            at = item.at("valueFrom").at("fileKeyRef")
            volume = volumes.get(reference.get("volumeName") or "")
            if volume is None:
                at.not_found("volumeName", at.text("volumeName"))
            elif volume.get("emptyDir") is None:
                at.invalid("volumeName", "referenced volume must be of type emptyDir")
