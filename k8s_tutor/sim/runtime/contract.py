"""What a kubelet and a container runtime say to each other: small frozen records, and the errors in runc's words.

Mirrors the CRI (``k8s.io/cri-api``) in spirit: the kubelet prepares a :class:`ContainerConfig`, the runtime answers
with :class:`ExitInfo`, :class:`Usage` and :class:`ImageInfo`. All times are cluster time, seconds since the epoch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import ProcessTable
    from k8s_tutor.sim.runtime.volume import Volume

DEFAULT_PIDS = 1024
DEFAULT_CAPABILITIES = 0xA80425FB
MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Mount:
    """A volume, or a part of it, at a path of the container."""

    path: str
    volume: "Volume"
    read_only: bool = False
    sub_path: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """The cgroup's limits; None is no limit.

    Args:
        cpu: millicores.
        memory: bytes.
        ephemeral_storage: bytes the container may write outside volumes; beyond: "No space left on device".
        pids: processes at a time.
        cpu_request: millicores, the share under contention (``cpu.weight``).
    """

    cpu: int | None = None
    memory: int | None = None
    ephemeral_storage: int | None = None
    pids: int = DEFAULT_PIDS
    cpu_request: int = 0


@dataclass(frozen=True, slots=True)
class SecurityContext:
    """The parts of a container's security context that a process can notice.

    Args:
        strict_groups: memberships that the image's ``/etc/group`` tells do not count.
        no_new_privileges: set-user-ID bits have no effect.
        seccomp: a filter of system calls is in force.
        capabilities: the bounding set, as in ``/proc/PID/status``.
    """

    run_as_user: int | None = None
    run_as_group: int | None = None
    supplemental_groups: tuple[int, ...] = ()
    fs_group: int | None = None
    read_only_root_filesystem: bool = False
    privileged: bool = False
    strict_groups: bool = False
    no_new_privileges: bool = False
    seccomp: bool = False
    capabilities: int = DEFAULT_CAPABILITIES


@dataclass(frozen=True, slots=True)
class DnsConfig:
    """What stands in ``/etc/resolv.conf``."""

    nameservers: tuple[str, ...] = ("10.96.0.10",)
    searches: tuple[str, ...] = ()
    options: tuple[str, ...] = ("ndots:5",)


@dataclass(frozen=True, slots=True)
class ContainerConfig:
    """One container to run, all variables expanded and the image's environment merged in by the kubelet.

    Args:
        command: replaces the image's entrypoint if not None (Kubernetes' ``command``).
        args: replaces the image's cmd if not None; an own command drops the image's cmd.
        env: in order; the image's first.
        host_aliases: (ip, names) lines for ``/etc/hosts``.
        processes: the process table to join (``shareProcessNamespace``, an ephemeral container's target); None: own.
        seed: makes the id; the same seed gives the same id.
        host_network: the pod's address is the node's.
        sysctls: settings of the pod's namespaces in ``/proc/sys``.
        oom_score_adjust: how readily the kernel kills its processes when the node lacks memory.
    """

    namespace: str
    pod_name: str
    pod_uid: str
    name: str
    image: str
    pod_ip: str = ""
    command: Sequence[str] | None = None
    args: Sequence[str] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    working_dir: str | None = None
    mounts: Sequence[Mount] = ()
    limits: Limits = Limits()
    security: SecurityContext = SecurityContext()
    hostname: str = ""
    domain: str = ""
    host_aliases: Sequence[tuple[str, Sequence[str]]] = ()
    dns: DnsConfig = DnsConfig()
    node_name: str = ""
    stdin: bool = False
    stdin_once: bool = False
    tty: bool = False
    termination_message_path: str = "/dev/termination-log"
    processes: "ProcessTable | None" = None
    host_network: bool = False
    seed: str = ""
    sysctls: Mapping[str, str] = field(default_factory=dict)
    oom_score_adjust: int = 0


@dataclass(frozen=True, slots=True)
class ExitInfo:
    """How a container ended; ``reason`` is Completed, Error or OOMKilled as containerd says it."""

    exit_code: int
    signal: int
    reason: str
    started_at: float
    finished_at: float


@dataclass(frozen=True, slots=True)
class Usage:
    """What a container uses now.

    Args:
        cpu_millicores: mean since the sample before (about 15 s), as metrics-server computes it.
        cpu_seconds: total since the start.
        memory_bytes: working set.
        throttled_periods: CFS periods in which the limit was hit, of ``periods``.
    """

    cpu_millicores: float
    cpu_seconds: float
    memory_bytes: int
    disk_bytes: int
    log_bytes: int
    processes: int
    periods: int = 0
    throttled_periods: int = 0


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What a pull gives: the image's configuration and how long the pull takes, in cluster seconds."""

    reference: str
    digest: str
    size: int
    pull_seconds: float
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    working_dir: str = "/"
    user: str = ""
    ports: tuple[int, ...] = ()


class StartError(Exception):
    """The container could not be started; nothing of it runs.

    Args:
        reason: of the terminated state (``StartError``) .
        message: containerd's and runc's words.
        exit_code: 128, as the kubelet reports it.
    """

    def __init__(self, reason: str, message: str, exit_code: int = 128) -> None:
        super().__init__(message)
        self.reason, self.message, self.exit_code = reason, message, exit_code


class ExecError(Exception):
    """A command could not be executed in a container; the message is containerd's and runc's."""

    def __init__(self, message: str, exit_code: int = 126) -> None:
        super().__init__(message)
        self.message, self.exit_code = message, exit_code


class CatalogueError(Exception):
    """An image that cannot be pulled; the message is a registry's, with how to add the image."""


class ByteReader(Protocol):
    """Where bytes come from."""

    async def read(self, size: int = 65536) -> bytes:
        """Return up to ``size`` bytes; empty at the end."""
        ...


class ByteWriter(Protocol):
    """Where bytes go."""

    async def write(self, data: bytes) -> None:
        """Write all of it, waiting while the other side is full; BrokenPipeError if nobody reads any more."""
        ...

    def close(self) -> None:
        """Say that no more will come."""
        ...
