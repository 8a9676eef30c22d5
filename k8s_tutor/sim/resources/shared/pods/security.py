"""Security contexts of pods and containers (upstream: ``ValidateSecurityContext`` and its parts)."""

import re

from k8s_tutor.apimachinery import names
from k8s_tutor.sim.resources.shared import paths
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.internal import internal
from k8s_tutor.sim.resources.shared.pods.windows import check_windows_options

PROFILE_TYPES = ("Localhost", "RuntimeDefault", "Unconfined")
_SEGMENT = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SYSCTL = rf"^({_SEGMENT}[\./])*{_SEGMENT}$"
_match_sysctl = re.compile(_SYSCTL).fullmatch
_NET, _IPC = ("net.",), ("kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue.")


def check_seccomp(v: At) -> None:
    """Check a ``seccompProfile``."""
    if v.value is None:
        return
    kind = v.text("type")
    if not kind:
        v.required("type", "type is required when seccompProfile is set")
    elif kind not in PROFILE_TYPES:
        v.unsupported("type", PROFILE_TYPES)
    profile = v.get("localhostProfile")
    if kind == "Localhost":
        if profile is None:
            v.required("localhostProfile", "must be set when seccomp type is Localhost")
        else:
            paths.descending(v.at("localhostProfile"), profile)
    elif profile is not None:
        v.invalid(
            "localhostProfile",
            "can only be set when seccomp type is Localhost",
            internal("core.SeccompProfile", v.value),
        )


def check_app_armor(v: At) -> None:
    """Check an ``appArmorProfile``."""
    if v.value is None:
        return
    kind, profile = v.text("type"), v.get("localhostProfile")
    if kind == "Localhost":
        if profile is None:
            v.required("localhostProfile", "must be set when AppArmor type is Localhost")
            return
        if profile.strip() != profile:
            v.invalid("localhostProfile", "must not be padded with whitespace")
        elif not profile:
            v.required("localhostProfile", "must be set when AppArmor type is Localhost")
        if len(profile) > 4095:
            v.too_long("localhostProfile", 4095)
    elif kind in PROFILE_TYPES:
        if profile is not None:
            v.invalid("localhostProfile", "can only be set when AppArmor type is Localhost")
    elif not kind:
        v.required("type", "type is required when appArmorProfile is set")
    else:
        v.unsupported("type", PROFILE_TYPES)


def _check_ids(v: At, *fields: str) -> None:
    for field in fields:
        value = v.get(field)
        if value is not None:
            for complaint in names.is_user_id(value):
                v.invalid(field, complaint)


def check_container_security(v: At, *, host_users: bool) -> None:
    """Check a container's ``securityContext``."""
    if v.value is None:
        return
    _check_ids(v, "runAsUser", "runAsGroup")
    mount = v.get("procMount")
    if mount is not None:
        if mount not in ("Default", "Unmasked"):
            v.unsupported("procMount", ("Default", "Unmasked"))
        if host_users and mount == "Unmasked":
            v.invalid("procMount", "`hostUsers` must be false to use `Unmasked`")
    check_seccomp(v.at("seccompProfile"))
    if v.get("allowPrivilegeEscalation") is False:
        if v.get("privileged"):
            shown = internal("core.SecurityContext", v.value)
            v.invalid("", "cannot set `allowPrivilegeEscalation` to false and `privileged` to true", shown)
        for capability in (v.get("capabilities") or {}).get("add") or ():
            if capability == "CAP_SYS_ADMIN":
                shown = internal("core.SecurityContext", v.value)
                v.invalid(
                    "", "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN", shown
                )
    check_windows_options(v.at("windowsOptions"))
    check_app_armor(v.at("appArmorProfile"))


def _check_sysctls(v: At, spec: At) -> None:
    seen: set[str] = set()
    for item in v.each("sysctls"):
        name = item.text("name")
        if not name:
            item.required("name")
        elif len(name) > 253 or not _match_sysctl(name):
            item.invalid("name", f"must have at most 253 characters and match regex {_SYSCTL}")
        elif name in seen:
            item.duplicate("name")
        dotted = name.replace("/", ".") if "/" in name.partition(".")[0] else name
        if spec.get("hostNetwork") and dotted.startswith(_NET):
            item.invalid_text("name", "may not be specified when 'hostNetwork' is true")
        elif spec.get("hostIPC") and dotted.startswith(_IPC):
            item.invalid_text("name", "may not be specified when 'hostIPC' is true")
        seen.add(name)


def check_pod_security(spec: At) -> None:
    """Check a pod's ``securityContext``."""
    v = spec.at("securityContext")
    if not v.value:
        return
    _check_ids(v, "fsGroup", "runAsUser", "runAsGroup")
    for group in v.each("supplementalGroups"):
        for complaint in names.is_user_id(group.value):
            group.invalid("", complaint)
    _check_sysctls(v, spec)
    v.one_of_if("fsGroupChangePolicy", ("Always", "OnRootMismatch"))
    check_seccomp(v.at("seccompProfile"))
    check_windows_options(v.at("windowsOptions"))
    check_app_armor(v.at("appArmorProfile"))
    v.one_of_if("supplementalGroupsPolicy", ("Merge", "Strict"))
    v.one_of_if("seLinuxChangePolicy", ("MountOption", "Recursive"))
