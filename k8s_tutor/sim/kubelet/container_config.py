"""A container's configuration for the runtime: environment, mounts, limits, security (``generateContainerConfig``)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet import names
from k8s_tutor.sim.kubelet.environment import ConfigError, Sources, expand, variables
from k8s_tutor.sim.kubelet.quality import oom_score_adjust
from k8s_tutor.sim.kubelet.spec import identity
from k8s_tutor.sim.kubelet.volumes import Mounted
from k8s_tutor.sim.runtime.contract import (
    DEFAULT_CAPABILITIES,
    ContainerConfig,
    ImageInfo,
    Limits,
    Mount,
    SecurityContext,
)
from k8s_tutor.sim.runtime.processes import ProcessTable

POD_OR_CONTAINER = ("runAsUser", "runAsGroup", "runAsNonRoot", "seccompProfile")
# The kernel's numbers are the places in this list.
CAPABILITIES = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
]
ALL_CAPABILITIES = (1 << len(CAPABILITIES)) - 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a container is to run.

    Args:
        pod_ip: the sandbox's address.
        node_name: the node.
        mounts: the pod's volumes by name.
        processes: the process table to join, or None for one of its own.
        restart_count: makes the container's id its own.
    """

    pod_ip: str
    node_name: str
    mounts: Mapping[str, Mounted]
    processes: ProcessTable | None
    restart_count: int


def build(pod: Json, container: Json, image: ImageInfo, place: Place, sources: Sources) -> ContainerConfig:
    """Return the configuration.

    Raises:
        ConfigError: the container cannot be configured (CreateContainerConfigError).
    """
    own = variables(pod, container, sources)
    security = effective_security(pod, container)
    verify_non_root(pod, container, security, image)
    hostname, domain = names.host_name(pod, place.node_name)
    meta = pod["metadata"]
    values = dict(image.env) | own
    return ContainerConfig(
        namespace=meta["namespace"],
        pod_name=meta["name"],
        pod_uid=meta["uid"],
        name=container["name"],
        image=image.reference,
        pod_ip=place.pod_ip,
        command=_expanded(container.get("command"), own),
        args=_expanded(container.get("args"), own),
        env=values,
        working_dir=container.get("workingDir"),
        mounts=_mounts(container, place.mounts, own),
        limits=limits(pod, container),
        security=_security(pod, security),
        hostname=hostname,
        domain=domain,
        host_aliases=names.host_aliases(pod),
        dns=names.resolv_conf(pod),
        node_name=place.node_name,
        stdin=bool(container.get("stdin")),
        stdin_once=bool(container.get("stdinOnce")),
        tty=bool(container.get("tty")),
        termination_message_path=container.get("terminationMessagePath") or "/dev/termination-log",
        processes=place.processes,
        host_network=bool(pod["spec"].get("hostNetwork")),
        sysctls=_sysctls(pod),
        oom_score_adjust=oom_score_adjust(pod, container, Quantity.parse(sources.allocatable["memory"]).value()),
        seed=f"{meta['uid']}/{container['name']}/{place.restart_count}",
    )


def _expanded(words: list[str] | None, values: Mapping[str, str]) -> list[str] | None:
    return [expand(word, values) for word in words] if words else None


def _mounts(container: Json, volumes: Mapping[str, Mounted], values: Mapping[str, str]) -> tuple[Mount, ...]:
    out = []
    for mount in container.get("volumeMounts") or ():
        mounted = volumes[mount["name"]]
        sub_path = mount.get("subPath") or ""
        if mount.get("subPathExpr"):
            sub_path = expand(mount["subPathExpr"], values)
        if sub_path.startswith("/"):
            raise ConfigError(f"error SubPath `{sub_path}` must not be an absolute path")
        if ".." in sub_path.split("/"):
            raise ConfigError(f"unable to provision SubPath `{sub_path}`: must not contain '..'")
        inside = "/".join(part for part in (mounted.prefix.strip("/"), sub_path) if part)
        read_only = bool(mount.get("readOnly")) or mounted.read_only
        out.append(Mount(mount["mountPath"], mounted.volume, read_only, inside))
    return tuple(out)


def limits(pod: Json, container: Json) -> Limits:
    """Return the cgroup's limits; those of the pod stand in where the container has none."""
    own = (container.get("resources") or {}).get("limits") or {}
    whole = (pod["spec"].get("resources") or {}).get("limits") or {}
    found = {name: Quantity.parse(value) for name, value in (whole | own).items()}
    request = ((container.get("resources") or {}).get("requests") or {}).get("cpu")
    cpu, memory, disk = found.get("cpu"), found.get("memory"), found.get("ephemeral-storage")
    # Storage beyond the limit leads to eviction: the file system itself does not refuse.
    return Limits(
        cpu=cpu.milli() if cpu else None,
        memory=memory.value() if memory else None,
        ephemeral_storage=disk.value() * 2 if disk else None,
        cpu_request=Quantity.parse(request).milli() if request else 0,
    )


def effective_security(pod: Json, container: Json) -> Json:
    """Return the container's security context with what it takes over from the pod's."""
    whole = pod["spec"].get("securityContext") or {}
    inherited = {name: whole[name] for name in POD_OR_CONTAINER if whole.get(name) is not None}
    return inherited | (container.get("securityContext") or {})


def verify_non_root(pod: Json, container: Json, security: Json, image: ImageInfo) -> None:
    """Refuse to run as root where runAsNonRoot forbids it.

    Raises:
        ConfigError: in upstream's words.
    """
    if not security.get("runAsNonRoot"):
        return
    where = f'(pod: "{identity(pod)}", container: {container["name"]})'
    if security.get("runAsUser") is not None:
        if security["runAsUser"] == 0:
            raise ConfigError(f"container's runAsUser breaks non-root policy {where}")
        return
    user = image.user.split(":")[0]
    if user and not user.isdigit():
        why = f"container has runAsNonRoot and image has non-numeric user ({user}), cannot verify user is non-root"
        raise ConfigError(f"{why} {where}")
    if not user or int(user) == 0:
        raise ConfigError(f"container has runAsNonRoot and image will run as root {where}")


def _security(pod: Json, security: Json) -> SecurityContext:
    whole = pod["spec"].get("securityContext") or {}
    privileged = bool(security.get("privileged"))
    profile = security.get("seccompProfile") or {}
    return SecurityContext(
        run_as_user=security.get("runAsUser"),
        run_as_group=security.get("runAsGroup"),
        supplemental_groups=tuple(whole.get("supplementalGroups") or ()),
        fs_group=whole.get("fsGroup"),
        read_only_root_filesystem=bool(security.get("readOnlyRootFilesystem")),
        privileged=privileged,
        strict_groups=whole.get("supplementalGroupsPolicy") == "Strict",
        no_new_privileges=security.get("allowPrivilegeEscalation") is False,
        seccomp=not privileged and profile.get("type", "Unconfined") != "Unconfined",
        capabilities=ALL_CAPABILITIES if privileged else _capabilities(security.get("capabilities") or {}),
    )


def _sysctls(pod: Json) -> dict[str, str]:
    """Return the pod's own settings; a slash may stand for a dot."""
    wanted = (pod["spec"].get("securityContext") or {}).get("sysctls") or ()
    return {sysctl_name(one["name"]): one["value"] for one in wanted}


def sysctl_name(name: str) -> str:
    """Return a setting's name with dots between its parts (``net/ipv4/conf/eth0.5/x`` keeps its dot as a slash)."""
    first = min((name.find(mark) for mark in "./" if mark in name), default=-1)
    if first < 0 or name[first] == ".":
        return name
    return name.translate(str.maketrans("./", "/."))


def _capabilities(change: Json) -> int:
    """Return the bounding set after additions and drops, of which ``ALL`` comes first."""
    drop, add = change.get("drop") or (), change.get("add") or ()
    held = 0 if "ALL" in drop else ALL_CAPABILITIES if "ALL" in add else DEFAULT_CAPABILITIES
    return (held | _mask(add)) & ~_mask(drop)


def _mask(capabilities: Iterable[str]) -> int:
    known = (name.upper().removeprefix("CAP_") for name in capabilities)
    return sum(1 << CAPABILITIES.index(name) for name in set(known) if name in CAPABILITIES)
