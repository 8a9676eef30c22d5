"""What pods may say about their operating system (upstream: ``validateLinux``, ``validateWindows``)."""

import re
from collections.abc import Iterator

from k8s_tutor.apimachinery import names
from k8s_tutor.sim.resources.shared.check import At

_NOT_LINUX = "windows options cannot be set for a linux pod"
_NOT_WINDOWS = "cannot be set for a windows pod"
_POD_FIELDS = (
    "appArmorProfile", "seLinuxOptions", "seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls", "runAsUser",
    "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy",
)  # fmt: skip
_CONTAINER_FIELDS = (
    "appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged",
    "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup",
)  # fmt: skip
_DNS_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_DOMAIN = re.compile(rf"{_DNS_LABEL}(?:\.{_DNS_LABEL})*")
_NET_BIOS = re.compile(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}')
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DOTS = re.compile(r"[. ]+")
_BAD_USER = re.compile(r'["/\\:;|=,+*?<>@\[\]]')


def containers(v: At) -> Iterator[At]:
    """Walk all containers of a pod's spec in upstream's order: init, regular, ephemeral."""
    for field in ("initContainers", "containers", "ephemeralContainers"):
        yield from v.each(field)


def check_os(v: At) -> None:
    """Check ``spec.os`` and that nothing contradicts it."""
    system = v.get("os")
    if system is None:
        return
    name = system.get("name") or ""
    if not name:
        v.at("os").required("name")
    elif name not in ("linux", "windows"):
        v.unsupported("os", ("linux", "windows"), name)
    elif name == "linux":
        for place in (v, *containers(v)):
            if (place.get("securityContext") or {}).get("windowsOptions") is not None:
                place.at("securityContext").forbidden("windowsOptions", _NOT_LINUX)
    else:
        _check_windows(v)


def _check_windows(v: At) -> None:
    context = v.at("securityContext")
    for field in _POD_FIELDS:
        if context.get(field):
            context.forbidden(field, _NOT_WINDOWS)
    for field in ("hostUsers", "hostPID", "hostIPC", "shareProcessNamespace"):
        if v.get(field) is not None and (v.get(field) or field in ("hostUsers", "shareProcessNamespace")):
            v.forbidden(field, _NOT_WINDOWS)
    for container in containers(v):
        context = container.at("securityContext")
        for field in _CONTAINER_FIELDS:
            if context.get(field) is not None:
                context.forbidden(field, _NOT_WINDOWS)


def check_host_process(v: At) -> None:
    """Check that host processes are all of a pod or none."""
    pod = ((v.get("securityContext") or {}).get("windowsOptions") or {}).get("hostProcess")
    count = total = 0
    for container in containers(v):
        total += 1
        own = ((container.get("securityContext") or {}).get("windowsOptions") or {}).get("hostProcess")
        if pod is not None and own is not None and pod != own:
            detail = f"pod hostProcess value must be identical if both are specified, was {str(pod).lower()}"
            container.at("securityContext").at("windowsOptions").invalid("hostProcess", detail)
        count += bool(pod if own is None else own)
    if not count:
        return
    if count != total:
        v.invalid(
            "", "If pod contains any hostProcess containers then all containers must be HostProcess containers", ""
        )
    if not v.get("hostNetwork"):
        v.invalid("hostNetwork", "hostNetwork must be true if pod contains any hostProcess containers", False)


def check_windows_options(v: At) -> None:
    """Check ``windowsOptions`` of a security context."""
    if not v.value:
        return
    if v.get("gmsaCredentialSpecName") is not None:
        v.judge("gmsaCredentialSpecName", names.is_dns1123_subdomain)
    spec = v.get("gmsaCredentialSpec")
    if spec is not None:
        if not spec:
            v.invalid("gmsaCredentialSpec", "gmsaCredentialSpec cannot be an empty string")
        elif len(spec) > 64 * 1024:
            v.invalid("gmsaCredentialSpec", "gmsaCredentialSpec size must be under 64 KiB")
    if v.get("runAsUserName") is not None:
        for complaint in _user_complaints(v.get("runAsUserName")):
            v.invalid("runAsUserName", f"runAsUserName{complaint}")


def _user_complaints(name: str) -> Iterator[str]:
    if not name:
        yield " cannot be an empty string"
    elif _CONTROL.search(name):
        yield " cannot contain control characters"
    elif name.count("\\") > 1:
        yield " cannot contain more than one backslash"
    else:
        domain, slash, user = name.rpartition("\\")
        if len(domain) >= 256:
            yield "'s Domain length must be under 256 characters"
        if slash and not (_NET_BIOS.fullmatch(domain) or _DOMAIN.fullmatch(domain)):
            yield "'s Domain doesn't match the NetBios nor the DNS format"
        if not user:
            yield "'s User cannot be empty"
        elif len(user) > 104:
            yield "'s User length must not be longer than 104 characters"
        if _DOTS.fullmatch(user):
            yield "'s User cannot contain only periods or spaces"
        if _BAD_USER.search(user):
            yield "'s User cannot contain the following characters: \"/\\:;|=,+*?<>@[]"
