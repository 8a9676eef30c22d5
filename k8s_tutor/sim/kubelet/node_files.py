"""The files of a node: its root for hostPath, and the trees of persistent volumes, which outlive pods.

Persistent volumes without a path of their own are the cluster's: every node sees the same tree.
"""

from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.machinery.store import Store
from k8s_tutor.sim.runtime import snapshots
from k8s_tutor.sim.runtime.filesystem import FileSystem
from k8s_tutor.sim.runtime.mounting import NODE_HOSTS
from k8s_tutor.sim.runtime.nodes import Directory, File
from k8s_tutor.sim.runtime.rootfs import build
from k8s_tutor.sim.runtime.volume import Volume

FOLDERS = (
    "/data", "/etc/kubernetes/manifests", "/home", "/mnt", "/opt", "/run", "/srv", "/tmp", "/var/lib/kubelet",  # noqa: S108
    "/var/log/pods",
)  # fmt: skip
_shared: WeakKeyDictionary[Store, dict[str, Volume]] = WeakKeyDictionary()


@cache
def _system() -> Directory:
    """Return what every node has installed: one tree for all."""
    return build({"userland": "debian", "commands": ["curl", "ip", "ps", "ss", "wget"]}, "12")


class NodeFiles:
    """One for each kubelet.

    Args:
        clock: cluster time.
        store: whose persistent volumes are meant.
        node_name: stands in ``/etc/hostname``.
        capacity: bytes of the disk.
    """

    def __init__(self, clock: Clock, store: Store, node_name: str, capacity: int) -> None:
        self._clock = clock
        self._name = node_name
        self._persistent = _shared.setdefault(store, {})
        self._root = Volume(capacity, mode=0o755, now=clock.now(), base=_system())
        self._made = False

    @property
    def root(self) -> Volume:
        """The node's root directory."""
        if not self._made:
            self._made = True
            files = self._files()
            for folder in FOLDERS:
                files.make_directories(folder)
            files.change("/tmp", mode=0o1777)  # noqa: S108 - the node's
            files.write_file("/etc/hostname", f"{self._name}\n".encode())
            files.write_file("/etc/hosts", NODE_HOSTS.encode())
        return self._root

    @property
    def used(self) -> int:
        """Bytes written to the node's own files."""
        return self._root.used

    def check(self, path: str, type_: str) -> str:
        """Return why a path is not of a hostPath type; makes it for the types that do."""
        root = self.root
        files = self._files()
        there = files.exists(path)
        if type_ == "DirectoryOrCreate" and not there:
            files.make_directories(path)
        elif type_ == "FileOrCreate" and not there:
            files.write_file(path, b"")
        node = self._node(root, path)
        if type_ in ("Directory", "DirectoryOrCreate") and not isinstance(node, Directory):
            return f"{path} is not a directory"
        if type_ in ("File", "FileOrCreate") and not isinstance(node, File):
            return f"{path} is not a file"
        if type_ == "Socket":
            return f"{path} is not a socket file"
        if type_ in ("CharDevice", "BlockDevice"):
            word = "character" if type_ == "CharDevice" else "block"
            return f"{path} is not a {word} device"
        if not type_ and not there:
            files.make_directories(path)  # as the runtime does for a bind mount
        return ""

    def persistent(self, volume: Json) -> Volume:
        """Return the tree of a PersistentVolume."""
        name = volume["metadata"]["name"]
        if name not in self._persistent:
            size = (volume["spec"].get("capacity") or {}).get("storage")
            limit = Quantity.parse(size).value() if size else None
            self._persistent[name] = Volume(limit, source=f"/dev/{name}", now=self._clock.now())
        return self._persistent[name]

    def snapshot(self) -> Json:
        """Return the node's files, and all persistent volumes, as plain data."""
        trees = {name: snapshots.save(tree.root) for name, tree in self._persistent.items()}
        return {"root": snapshots.save(self._root.root) if self._made else None, "persistent": trees}

    def restore(self, state: Json) -> None:
        """Take over what ``snapshot`` returned."""
        if state["root"] is not None:
            self._made = True
            snapshots.load(self._root.root, state["root"])
        for name, tree in state["persistent"].items():
            if name not in self._persistent:
                self._persistent[name] = Volume(source=f"/dev/{name}", now=self._clock.now())
                snapshots.load(self._persistent[name].root, tree)

    def _files(self) -> FileSystem:
        return FileSystem(self._root.root, self._clock.now)

    def _node(self, root: Volume, path: str) -> Any:
        node: Any = root.root
        for part in path.strip("/").split("/"):
            node = node.get(part) if isinstance(node, Directory) and part else node
        return node
