"""``/proc``, ``/sys/fs/cgroup`` and ``/dev`` of a container: directories whose entries are made when asked for."""

import functools
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.cgroup import NODE_CORES, NODE_MEMORY
from k8s_tutor.sim.runtime.descriptors import OpenFile
from k8s_tutor.sim.runtime.nodes import Device, Directory, Node, Symlink, Virtual

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.container import Container
    from k8s_tutor.sim.runtime.processes import Process

KIB = 1024
KERNEL = "6.12.0-k8s-tutor"
SHORTEST_QUOTA = 1000  # µs in 100 ms: no limit of CPU is smaller
SYSCTLS = {  # what a container sees of the kernel's settings, unless its pod sets others
    "kernel.hostname": "localhost",
    "kernel.msgmax": "8192",
    "kernel.osrelease": KERNEL,
    "kernel.ostype": "Linux",
    "kernel.pid_max": "4194304",
    "kernel.sem": "32000\t1024000000\t500\t32000",
    "kernel.shm_rmid_forced": "0",
    "kernel.shmall": "18446744073692774399",
    "kernel.shmmax": "18446744073692774399",
    "net.core.somaxconn": "4096",
    "net.ipv4.ip_forward": "0",
    "net.ipv4.ip_local_port_range": "32768\t60999",
    "net.ipv4.ip_local_reserved_ports": "",
    "net.ipv4.ip_unprivileged_port_start": "0",
    "net.ipv4.ping_group_range": "0\t2147483647",
    "net.ipv4.tcp_fin_timeout": "60",
    "net.ipv4.tcp_keepalive_intvl": "75",
    "net.ipv4.tcp_keepalive_probes": "9",
    "net.ipv4.tcp_keepalive_time": "7200",
    "net.ipv4.tcp_notsent_lowat": "4294967295",
    "net.ipv4.tcp_rmem": "4096\t131072\t6291456",
    "net.ipv4.tcp_slow_start_after_idle": "1",
    "net.ipv4.tcp_syncookies": "1",
    "net.ipv4.tcp_wmem": "4096\t16384\t4194304",
    "vm.max_map_count": "65530",
    "vm.overcommit_memory": "0",
    "vm.swappiness": "60",
}


def settings(own: Mapping[str, str]) -> dict[str, str]:
    """Return the kernel's settings by name, sorted, with those of the pod."""
    return dict(sorted({**SYSCTLS, **own}.items()))


def _tree(values: Mapping[str, str]) -> "Made":
    """Return a directory of settings: ``net.core.somaxconn`` is ``net/core/somaxconn``."""
    folders: dict[str, dict[str, str]] = {}
    makers: dict[str, Callable[[], Node | bytes]] = {}
    for name, value in values.items():
        head, dot, rest = name.partition(".")
        if dot:
            folders.setdefault(head, {})[rest] = value
        else:
            makers[head] = f"{value}\n".encode
    makers |= {name: functools.partial(_tree, inner) for name, inner in folders.items()}
    return Made(makers)


FILTERED = 2  # /proc/PID/status: 0 no seccomp, 1 strict, 2 a filter


class Made(Directory):
    """A directory of makers by name; read only."""

    __slots__ = ("_makers",)

    def __init__(self, makers: dict[str, Callable[[], Node | bytes]], mode: int = 0o555) -> None:
        super().__init__(mode)
        self._makers = makers

    def get(self, name: str) -> Node | None:
        made = self._makers.get(name)
        if made is None:
            return None
        value = made()
        return value if isinstance(value, Node) else Virtual(lambda: value)

    def names(self) -> list[str]:
        return sorted(self._makers)


class Descriptor(Node):
    """``/proc/PID/fd/N``: the open file itself."""

    __slots__ = ("_file",)
    kind = "l"

    def __init__(self, file: OpenFile) -> None:
        super().__init__(0o700)
        self._file = file

    def open(self) -> OpenFile:
        """Return the open file."""
        return self._file


class ProcDirectory(Directory):
    """``/proc``: processes by number, and the node's figures."""

    __slots__ = ("_container", "_files")

    def __init__(self, container: "Container") -> None:
        super().__init__(0o555)
        self._container = container
        self._files: dict[str, Callable[[], bytes]] = {
            "uptime": functools.partial(_uptime, container),
            "loadavg": functools.partial(_load, container),
            "meminfo": _meminfo,
            "cpuinfo": _cpuinfo,
            "version": f"Linux version {KERNEL} (practice cluster) #1 SMP\n".encode,
            "mounts": lambda: _mounts(container),
            "filesystems": lambda: b"nodev\tproc\nnodev\ttmpfs\nnodev\toverlay\n\text4\n",
        }

    def get(self, name: str) -> Node | None:
        if name.isdigit():
            process = self._container.processes.get(int(name))
            return None if process is None else _process(process)
        if name == "sys":
            own = {"kernel.hostname": self._container.hostname, **self._container.config.sysctls}
            return _tree(settings(own))
        if name == "self":
            return _process(self._container.current) if self._container.current else None
        made = self._files.get(name)
        return None if made is None else Virtual(made)

    def names(self) -> list[str]:
        return [*(str(process.pid) for process in self._container.processes), *sorted(self._files), "self", "sys"]

    def remove(self, name: str) -> None:
        """Nothing here can be removed."""
        raise PermissionError(1, "Operation not permitted")


def _status(process: "Process") -> bytes:
    who, security = process.credentials, process.container.config.security
    permitted = security.capabilities if who.uid == 0 else 0
    lines = {
        "Name": process.argv[0].rsplit("/", 1)[-1][:15],
        "State": "S (sleeping)",
        "Pid": process.pid,
        "PPid": process.parent.pid if process.parent else 0,
        "Uid": "\t".join([str(who.uid)] * 4),
        "Gid": "\t".join([str(who.gid)] * 4),
        "Groups": "".join(f"{group} " for group in sorted({who.gid, *who.groups})),
        "VmRSS": f"{process.container.cgroup.memory_of(process) // KIB} kB",
        "Threads": 1,
        "CapInh": f"{0:016x}",
        "CapPrm": f"{permitted:016x}",
        "CapEff": f"{permitted:016x}",
        "CapBnd": f"{security.capabilities:016x}",
        "CapAmb": f"{0:016x}",
        "NoNewPrivs": int(security.no_new_privileges),
        "Seccomp": FILTERED if security.seccomp else 0,
        "Seccomp_filters": int(security.seccomp),
    }
    return "".join(f"{name}:\t{value}\n" for name, value in lines.items()).encode()


def _process(process: "Process") -> Directory:
    return Made(
        {
            "cmdline": lambda: b"".join(word.encode() + b"\0" for word in process.argv),
            "comm": lambda: process.argv[0].rsplit("/", 1)[-1].encode() + b"\n",
            "environ": lambda: b"".join(f"{name}={value}\0".encode() for name, value in process.env.items()),
            "status": lambda: _status(process),
            "stat": f"{process.pid} ({process.argv[0]}) S {process.parent.pid if process.parent else 0}\n".encode,
            "cgroup": lambda: b"0::/\n",
            "oom_score_adj": f"{process.container.config.oom_score_adjust}\n".encode,
            "cwd": lambda: Symlink(process.cwd),
            "root": lambda: Symlink("/"),
            "fd": lambda: Made({str(fd): functools.partial(Descriptor, file) for fd, file in process.fds.items()}),
            "mounts": lambda: _mounts(process.container),
        }
    )


def _uptime(container: "Container") -> bytes:
    seconds = container.clock.now() - container.runtime.booted
    return f"{seconds:.2f} {seconds * 3:.2f}\n".encode()


def _load(container: "Container") -> bytes:
    return f"0.10 0.08 0.05 1/{len(container.processes)} 1\n".encode()


def _meminfo() -> bytes:
    total, free = NODE_MEMORY // KIB, NODE_MEMORY // KIB // 2
    return (
        f"MemTotal:       {total:8} kB\nMemFree:        {free:8} kB\nMemAvailable:   {free:8} kB\n"
        f"Buffers:        {0:8} kB\nCached:         {0:8} kB\nSwapTotal:      {0:8} kB\nSwapFree:       {0:8} kB\n"
    ).encode()


def _cpuinfo() -> bytes:
    one = "processor\t: {0}\nvendor_id\t: practice\nmodel name\t: Practice CPU\ncpu MHz\t\t: 2400.000\n\n"
    return "".join(one.format(number) for number in range(int(NODE_CORES))).encode()


def _mounts(container: "Container") -> bytes:
    lines = [
        f"{mount.source} {mount.path} {mount.kind} {'ro' if mount.read_only else 'rw'},relatime 0 0"
        for mount in container.files.mounts
    ]
    return "".join(line + "\n" for line in lines).encode()


def weight(millicores: int) -> int:
    """Return ``cpu.weight`` of a request: its CPU shares (1,024 a core) by runc's curve, on which 1,024 are 100."""
    shares = max(2, min(millicores * 1024 // 1000, 262144))
    power = math.log2(shares)
    return math.ceil(10 ** ((power * power + 125 * power) / 612 - 7 / 34))


def cgroup_directory(container: "Container") -> Directory:
    """Return ``/sys/fs/cgroup`` (version 2) of the container."""
    group = container.cgroup

    def quota() -> str:
        return "max" if group.limits.cpu is None else str(max(group.limits.cpu * 100, SHORTEST_QUOTA))

    def events() -> str:
        kills = container.oom_kills
        return f"low 0\nhigh 0\nmax 0\noom {kills}\noom_kill {kills}"

    def processor() -> str:
        used = f"usage_usec {group.cpu_seconds() * 1e6:.0f}\nnr_periods {group.periods:.0f}"
        return f"{used}\nnr_throttled {group.throttled:.0f}"

    files: dict[str, Callable[[], object]] = {
        "cpu.weight": lambda: weight(group.limits.cpu_request),
        "memory.max": lambda: group.limits.memory or "max",
        "memory.current": lambda: group.memory,
        "memory.events": events,
        "cpu.max": lambda: f"{quota()} 100000",
        "cpu.stat": processor,
        "pids.max": lambda: group.limits.pids,
        "pids.current": lambda: len(container.processes.of(container)),
        "cgroup.controllers": lambda: "cpuset cpu io memory pids",
    }
    return Made({name: functools.partial(_line, value) for name, value in files.items()})


def _line(value: Callable[[], object]) -> bytes:
    return f"{value()}\n".encode()


def device_directory(container: "Container") -> Directory:
    """Return ``/dev``: devices by name, and room for the termination message."""
    folder = Directory(0o755, mtime=container.clock.now())
    for name in ("null", "zero", "full", "tty"):
        folder.put(name, Device(name))
    folder.put("urandom", Device("urandom"))
    folder.put("random", Device("urandom"))
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        folder.put(name, Symlink(f"/proc/self/fd/{number}"))
    folder.put("fd", Symlink("/proc/self/fd"))
    folder.put("shm", Directory(0o1777))
    return folder
