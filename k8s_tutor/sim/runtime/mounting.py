"""Putting a container's file system together: overlay, /proc, /sys, /dev, the files the kubelet writes, volumes."""

import errno
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.contract import Mount
from k8s_tutor.sim.runtime.filesystem import FileSystem
from k8s_tutor.sim.runtime.nodes import Directory, File, Node, Virtual, fail
from k8s_tutor.sim.runtime.procfs import ProcDirectory, cgroup_directory, device_directory

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.container import Container

NODE_HOSTS = (
    "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\n"
    "fe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n"
)


def assemble(container: "Container") -> FileSystem:
    """Return the file system of a container."""
    config, now = container.config, container.clock.now
    files = FileSystem(container.overlay, now, read_only=config.security.read_only_root_filesystem)
    files.cover("/proc", ProcDirectory(container), "proc", "proc")
    devices = device_directory(container)
    files.cover("/dev", devices, "tmpfs", "tmpfs")
    files.cover("/sys/fs/cgroup", cgroup_directory(container), "cgroup", "cgroup2", read_only=True)
    made = {
        "hosts": lambda: _hosts(container),
        "hostname": f"{container.hostname}\n".encode,
        "resolv.conf": lambda: _resolv(container),
    }
    for name, make in made.items():
        files.cover(f"/etc/{name}", Virtual(make, 0o644, now()), "/dev/vda1", "ext4")
    if config.termination_message_path.startswith("/dev/") and config.termination_message_path.count("/") == 2:
        devices.put(config.termination_message_path.removeprefix("/dev/"), File(b"", 0o666, mtime=now()))
    for mount in sorted(config.mounts, key=lambda item: item.path.rstrip("/").count("/")):
        root = _root(files, mount)
        kind = "tmpfs" if mount.volume.source == "tmpfs" else "ext4"
        files.mount(mount.path, root, mount.volume.source, kind, read_only=mount.read_only, quota=mount.volume.quota)
    return files


def _root(files: FileSystem, mount: Mount) -> Node:
    """Return the node that a mount shows: the volume's root, or what its subPath leads to now (made if missing)."""
    if not mount.sub_path:
        return mount.volume.root
    inside = FileSystem(mount.volume.root, files.now)
    path = "/" + mount.sub_path.strip("/")
    place = inside.find(path) if inside.exists(path) else None
    if place is None or place.node is None:
        # With the volume's own mode, as the kubelet makes it (so fsGroup's bits hold for it too).
        inside.make_directories(path, mode=mount.volume.root.mode, force=True)
        return inside.get(path)
    if not isinstance(place.node, Directory | File):
        raise fail(errno.EINVAL, path)
    return place.node


def _hosts(container: "Container") -> bytes:
    config = container.config
    managed = (
        "# Kubernetes-managed hosts file (host network)." if config.host_network else "# Kubernetes-managed hosts file."
    )
    lines = [managed, *NODE_HOSTS.splitlines()]
    if config.pod_ip and not config.host_network:
        full = f"{container.hostname}.{config.domain}\t" if config.domain else ""
        lines.append(f"{config.pod_ip}\t{full}{container.hostname}")
    if config.host_aliases:
        lines.extend(["", "# Entries added by HostAliases."])
        lines.extend(f"{ip}\t" + "\t".join(names) for ip, names in config.host_aliases)
    return ("\n".join(lines) + "\n").encode()


def _resolv(container: "Container") -> bytes:
    dns = container.config.dns
    lines = [f"search {' '.join(dns.searches)}"] if dns.searches else []
    lines.extend(f"nameserver {server}" for server in dns.nameservers)
    if dns.options:
        lines.append(f"options {' '.join(dns.options)}")
    return ("\n".join(lines) + "\n").encode()
