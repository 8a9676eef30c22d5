"""A volume: a directory tree of its own, shared by the containers that mount it.

``write`` projects files as the kubelet's AtomicWriter (``pkg/volume/util``): a directory named by time, ``..data``
pointing to it, and links through ``..data``; an update swaps ``..data``. So a process sees all of an update or
none, and a file mounted by ``subPath`` keeps its first text.
"""

import datetime
import itertools
from collections.abc import Mapping

from k8s_tutor.sim.runtime.nodes import Directory, File, Quota, Symlink

DATA = "..data"


class Volume:
    """An in-memory directory tree.

    Args:
        limit: bytes it may hold (emptyDir's sizeLimit for memory, a node's disk); None is no limit.
        memory: its bytes count as memory of who mounts it (emptyDir ``medium: Memory``).
        mode: of the root directory.
        source: what ``df`` and ``mount`` show.
        base: a shared tree that it begins with.
    """

    def __init__(
        self,
        limit: int | None = None,
        *,
        memory: bool = False,
        mode: int = 0o777,
        source: str = "/dev/vda1",
        gid: int = 0,
        now: float = 0.0,
        base: Directory | None = None,
    ) -> None:
        self.quota = Quota(limit)
        self.root = Directory(mode, gid=gid, mtime=now, base=base, quota=self.quota)
        self.memory = memory
        self.source = "tmpfs" if memory else source
        self._serial = itertools.count(1)

    @property
    def used(self) -> int:
        """Bytes in it."""
        return self.quota.used

    def write(
        self,
        files: Mapping[str, bytes],
        mode: int = 0o644,
        modes: Mapping[str, int] | None = None,
        *,
        now: float = 0.0,
        gid: int = 0,
        owners: Mapping[str, int] | None = None,
    ) -> None:
        """Project these files (paths may have directories), at once, in place of those before; ``owners``: their UIDs."""
        stamp = datetime.datetime.fromtimestamp(now, datetime.UTC).strftime("..%Y_%m_%d_%H_%M_%S")
        name = f"{stamp}.{next(self._serial) * 2654435761 % 10**10:010d}"
        folder_mode = 0o2755 if gid else 0o755
        fresh = Directory(folder_mode, gid=gid, mtime=now)
        for path, data in sorted(files.items()):
            folder = fresh
            *folders, last = path.split("/")
            for part in folders:
                inner = folder.get(part)
                if not isinstance(inner, Directory):
                    inner = Directory(folder_mode, gid=gid, mtime=now)
                    folder.put(part, inner)
                folder = inner
            file = File(data, (modes or {}).get(path, mode), uid=(owners or {}).get(path, 0), gid=gid, mtime=now)
            folder.put(last, file)
        old = self.root.get(DATA)
        self.root.put(name, fresh)
        self.root.put(DATA, Symlink(name, now))
        tops = {path.split("/")[0] for path in files}
        for top in tops:
            if self.root.get(top) is None:
                self.root.put(top, Symlink(f"{DATA}/{top}", now))
        for entry in self.root.names():
            if not entry.startswith("..") and entry not in tops:
                self.root.remove(entry)
        if isinstance(old, Symlink):
            self.root.remove(old.target)
        self.root.mtime = now
