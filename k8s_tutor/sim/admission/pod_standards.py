"""The Pod Security Standards: what the levels baseline and restricted forbid (``pod-security-admission/policy``).

A check looks at a pod and says what is wrong as (reason, detail). A ``…-version`` label takes away the checks and
exemptions that came later.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from k8s_tutor.apimachinery.unstructured import Json

Fault = tuple[str, str]
Check = Callable[[Json, Json], Fault | None]
CAPABILITIES = frozenset(
    [
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    ]
)
# The sysctls each minor version added to the allowed ones.
SYSCTLS = {
    0: {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
    },
    27: {"net.ipv4.ip_local_reserved_ports"},
    29: {
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
    },
    32: {"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"},
    37: {"net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat"},
}
LATEST = 37
SELINUX_TYPES = frozenset(("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"))
VOLUMES = frozenset(
    [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ]
)
APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
PROFILES = frozenset(("RuntimeDefault", "Localhost"))


def containers(spec: Json) -> Iterator[Json]:
    """Yield init, regular and ephemeral containers."""
    for key in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(key) or ()


def _context(container: Json) -> Json:
    return container.get("securityContext") or {}


def _quote(items: Iterable[str]) -> str:
    return ", ".join(f'"{item}"' for item in items)


def _many(word: str, items: Iterable[str]) -> str:
    found = list(items)
    return f"{word if len(found) == 1 else word + 's'} {_quote(found)}"


def _setters(pod: bool, names: list[str]) -> str:
    return " and ".join([*(["pod"] if pod else []), *([_many("container", names)] if names else [])])


def _in_user_namespace(spec: Json) -> bool:
    return spec.get("hostUsers") is False


def _app_armor(meta: Json, spec: Json) -> Fault | None:
    def bad(holder: Json) -> str:
        kind: str = (_context(holder).get("appArmorProfile") or {}).get("type", "RuntimeDefault")
        return "" if kind in PROFILES else kind

    names = [c["name"] for c in containers(spec) if bad(c)]
    values = sorted({kind for kind in (bad(spec), *(bad(c) for c in containers(spec))) if kind})
    setters = [_setters(bool(bad(spec)), names)] if bad(spec) or names else []
    notes = [
        f'{key}="{value}"'
        for key, value in sorted((meta.get("annotations") or {}).items())
        if key.startswith(APPARMOR_ANNOTATION) and value not in {"", "runtime/default"}
        if not value.startswith("localhost/")
    ]
    if notes:
        setters.append("annotation" if len(notes) == 1 else "annotations")
    if not setters:
        return None
    values += notes
    reason = "forbidden AppArmor profile" + ("" if len(values) == 1 else "s")
    return reason, f"{' and '.join(setters)} must not set AppArmor profile type to {_quote(values)}"


def _added(container: Json, allowed: frozenset[str]) -> list[str]:
    return [name for name in (_context(container).get("capabilities") or {}).get("add") or () if name not in allowed]


def _baseline_capabilities(_: Json, spec: Json) -> Fault | None:
    names = [c["name"] for c in containers(spec) if _added(c, CAPABILITIES)]
    if not names:
        return None
    bad = sorted({cap for c in containers(spec) for cap in _added(c, CAPABILITIES)})
    where = _many("container", names)
    return "non-default capabilities", f"{where} must not include {_quote(bad)} in securityContext.capabilities.add"


def _host_namespaces(_: Json, spec: Json) -> Fault | None:
    found = [f"{key}=true" for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    return ("host namespaces", ", ".join(found)) if found else None


def _host_paths(_: Json, spec: Json) -> Fault | None:
    names = [volume["name"] for volume in spec.get("volumes") or () if volume.get("hostPath") is not None]
    return ("hostPath volumes", _many("volume", names)) if names else None


def _host_ports(_: Json, spec: Json) -> Fault | None:
    def ports(container: Json) -> list[str]:
        return [str(port["hostPort"]) for port in container.get("ports") or () if port.get("hostPort")]

    names = [c["name"] for c in containers(spec) if ports(c)]
    if not names:
        return None
    bad = sorted({port for c in containers(spec) for port in ports(c)})
    uses = "uses" if len(names) == 1 else "use"
    return "hostPort", f"{_many('container', names)} {uses} hostPort{'' if len(bad) == 1 else 's'} {', '.join(bad)}"


def _host_probes(_: Json, spec: Json) -> Fault | None:
    def hosts(container: Json) -> list[str]:
        lifecycle = container.get("lifecycle") or {}
        handlers = [container.get(f"{kind}Probe") for kind in ("liveness", "readiness", "startup")]
        handlers += [lifecycle.get("postStart"), lifecycle.get("preStop")]
        return [
            (handler.get(kind) or {})["host"]
            for handler in handlers
            if handler
            for kind in ("httpGet", "tcpSocket")
            if (handler.get(kind) or {}).get("host")
        ]

    names = sorted({c["name"] for c in containers(spec) if hosts(c)})
    if not names:
        return None
    bad = sorted({host for c in containers(spec) for host in hosts(c)})
    uses = "uses" if len(names) == 1 else "use"
    return "probe or lifecycle host", f"{_many('container', names)} {uses} {_many('probe or lifecycle host', bad)}"


def _privileged(_: Json, spec: Json) -> Fault | None:
    names = [c["name"] for c in containers(spec) if _context(c).get("privileged")]
    where = _many("container", names)
    return ("privileged", f"{where} must not set securityContext.privileged=true") if names else None


def _proc_mount(_: Json, spec: Json) -> Fault | None:
    if _in_user_namespace(spec):
        return None
    return _any_proc_mount(_, spec)


def _any_proc_mount(_: Json, spec: Json) -> Fault | None:
    bad = {c["name"]: _context(c)["procMount"] for c in containers(spec) if _context(c).get("procMount")}
    bad = {name: kind for name, kind in bad.items() if kind != "Default"}
    if not bad:
        return None
    kinds = _quote(sorted(set(bad.values())))
    return "procMount", f"{_many('container', bad)} must not set securityContext.procMount to {kinds}"


def _selinux(_: Json, spec: Json, minor: int = LATEST) -> Fault | None:
    allowed = SELINUX_TYPES if minor >= 31 else SELINUX_TYPES - {"container_engine_t"}

    def options(holder: Json) -> Json:
        return _context(holder).get("seLinuxOptions") or {}

    def bad(holder: Json) -> bool:
        found = options(holder)
        return bool(found.get("type", "") not in allowed or found.get("user") or found.get("role"))

    holders = [spec, *containers(spec)]
    if not any(bad(holder) for holder in holders):
        return None
    types = sorted({options(h).get("type", "") for h in holders} - allowed)
    data = [_many("type", types)] if types else []
    data += [f"{key} may not be set" for key in ("user", "role") if any(options(h).get(key) for h in holders)]
    setters = _setters(bad(spec), [c["name"] for c in containers(spec) if bad(c)])
    return "seLinuxOptions", f"{setters} set forbidden securityContext.seLinuxOptions: {'; '.join(data)}"


def _seccomp(holder: Json) -> str | None:
    profile = _context(holder).get("seccompProfile")
    return None if profile is None else profile.get("type", "")


def _bad_seccomp(spec: Json) -> Fault | None:
    names = [c["name"] for c in containers(spec) if _seccomp(c) is not None and _seccomp(c) not in PROFILES]
    own = _seccomp(spec)
    pod = own is not None and own not in PROFILES
    if not pod and not names:
        return None
    kinds = {own} if pod else set()
    kinds |= {_seccomp(c) for c in containers(spec) if c["name"] in names}
    bad = _quote(sorted(str(kind) for kind in kinds))
    return "seccompProfile", f"{_setters(pod, names)} must not set securityContext.seccompProfile.type to {bad}"


def _baseline_seccomp(_: Json, spec: Json) -> Fault | None:
    return _bad_seccomp(spec)


def _sysctls(_: Json, spec: Json, minor: int = LATEST) -> Fault | None:
    allowed = {name for since, names in SYSCTLS.items() if since <= minor for name in names}
    names = [item["name"] for item in _context(spec).get("sysctls") or () if item["name"] not in allowed]
    return ("forbidden sysctls", ", ".join(names)) if names else None


def _windows_host_process(_: Json, spec: Json) -> Fault | None:
    def bad(holder: Json) -> bool:
        return bool((_context(holder).get("windowsOptions") or {}).get("hostProcess"))

    names = [c["name"] for c in containers(spec) if bad(c)]
    if not bad(spec) and not names:
        return None
    setters = _setters(bad(spec), names)
    return "hostProcess", f"{setters} must not set securityContext.windowsOptions.hostProcess=true"


def _is_windows(spec: Json) -> bool:
    return bool((spec.get("os") or {}).get("name") == "windows")


def _escalation(_: Json, spec: Json) -> Fault | None:
    if _is_windows(spec):
        return None
    names = [c["name"] for c in containers(spec) if _context(c).get("allowPrivilegeEscalation") is not False]
    if not names:
        return None
    where = _many("container", names)
    return "allowPrivilegeEscalation != false", f"{where} must set securityContext.allowPrivilegeEscalation=false"


def _restricted_capabilities(_: Json, spec: Json) -> Fault | None:
    if _is_windows(spec):
        return None
    only = frozenset(("NET_BIND_SERVICE",))
    keeping = [
        c["name"] for c in containers(spec) if "ALL" not in ((_context(c).get("capabilities") or {}).get("drop") or ())
    ]
    adding = [c["name"] for c in containers(spec) if _added(c, only)]
    details = []
    if keeping:
        details.append(f'{_many("container", keeping)} must set securityContext.capabilities.drop=["ALL"]')
    if adding:
        bad = _quote(sorted({cap for c in containers(spec) for cap in _added(c, only)}))
        details.append(f"{_many('container', adding)} must not include {bad} in securityContext.capabilities.add")
    return ("unrestricted capabilities", "; ".join(details)) if details else None


def _restricted_volumes(_: Json, spec: Json) -> Fault | None:
    bad: dict[str, str] = {}
    for volume in spec.get("volumes") or ():
        kinds = [key for key, value in volume.items() if key != "name" and value is not None]
        if not VOLUMES.intersection(kinds):
            bad[volume["name"]] = kinds[0] if kinds else "unknown"
    if not bad:
        return None
    uses = "uses" if len(bad) == 1 else "use"
    kinds_text = _many("restricted volume type", sorted(set(bad.values())))
    return "restricted volume types", f"{_many('volume', bad)} {uses} {kinds_text}"


def _non_root(_: Json, spec: Json) -> Fault | None:
    if _in_user_namespace(spec):
        return None
    own = _context(spec).get("runAsNonRoot")
    explicit = [c["name"] for c in containers(spec) if _context(c).get("runAsNonRoot") is False]
    reason = "runAsNonRoot != true"
    if own is False or explicit:
        return reason, f"{_setters(own is False, explicit)} must not set securityContext.runAsNonRoot=false"
    implicit = [c["name"] for c in containers(spec) if _context(c).get("runAsNonRoot") is None]
    if own or not implicit:
        return None
    return reason, f"pod or {_many('container', implicit)} must set securityContext.runAsNonRoot=true"


def _root_user(_: Json, spec: Json) -> Fault | None:
    if _in_user_namespace(spec):
        return None
    own = _context(spec).get("runAsUser") == 0
    names = [c["name"] for c in containers(spec) if _context(c).get("runAsUser") == 0]
    if not own and not names:
        return None
    return "runAsUser=0", f"{_setters(own, names)} must not set runAsUser=0"


def _restricted_seccomp(_: Json, spec: Json) -> Fault | None:
    if _is_windows(spec):
        return None
    bad = _bad_seccomp(spec)
    if bad or _seccomp(spec) is not None:
        return bad
    names = [c["name"] for c in containers(spec) if _seccomp(c) is None]
    if not names:
        return None
    text = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return "seccompProfile", f"pod or {_many('container', names)} {text}"


# By upstream's names, whose order is that of the faults. Restricted checks replace the baseline ones given with them.
BASELINE: dict[str, Check] = {
    "appArmorProfile": _app_armor,
    "capabilities_baseline": _baseline_capabilities,
    "hostNamespaces": _host_namespaces,
    "hostPathVolumes": _host_paths,
    "hostPorts": _host_ports,
    "hostProbesAndHostLifecycle": _host_probes,
    "privileged": _privileged,
    "procMount": _proc_mount,
    "seLinuxOptions": _selinux,
    "seccompProfile_baseline": _baseline_seccomp,
    "sysctls": _sysctls,
    "windowsHostProcess": _windows_host_process,
}
RESTRICTED: dict[str, tuple[Check, str]] = {
    "allowPrivilegeEscalation": (_escalation, ""),
    "capabilities_restricted": (_restricted_capabilities, "capabilities_baseline"),
    "procMount_restricted": (_any_proc_mount, "procMount"),
    "restrictedVolumes": (_restricted_volumes, "hostPathVolumes"),
    "runAsNonRoot": (_non_root, ""),
    "runAsUser": (_root_user, ""),
    "seccompProfile_restricted": (_restricted_seccomp, "seccompProfile_baseline"),
}


# The minor versions that brought a check; all others are there from the beginning.
SINCE = {
    "hostProbesAndHostLifecycle": 34,
    "seccompProfile_baseline": 19,
    "allowPrivilegeEscalation": 8,
    "capabilities_restricted": 22,
    "procMount_restricted": 35,
    "runAsUser": 23,
    "seccompProfile_restricted": 19,
}


def evaluate(level: str, meta: Json, spec: Json, minor: int = LATEST) -> list[Fault]:
    """Return what a level (``baseline``, ``restricted``, ``privileged``) has against a pod, as of a minor version."""
    if level == "privileged":
        return []
    # Older versions know neither user namespaces' (1.35) nor Windows' (1.25) exemptions.
    unknown = {key for key, since in (("hostUsers", 35), ("os", 25)) if minor < since}
    seen = {key: value for key, value in spec.items() if key not in unknown}
    strict = {
        name: found for name, found in RESTRICTED.items() if level == "restricted" and SINCE.get(name, 0) <= minor
    }
    replaced = {old for _, old in strict.values()}
    checks = {name: check for name, check in BASELINE.items() if SINCE.get(name, 0) <= minor and name not in replaced}
    checks |= {name: check for name, (check, _) in strict.items()}
    checks |= {"sysctls": partial(_sysctls, minor=minor), "seLinuxOptions": partial(_selinux, minor=minor)}
    return [fault for check in checks.values() if (fault := check(meta, seen)) is not None]
