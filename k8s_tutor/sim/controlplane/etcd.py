"""The (simulated) etcd behind the store: 1, 3 or 5 members, a quorum, and what happens without one.

Reads go on from the watch cache; writes are refused, as kube-apiserver does after its timeout.
"""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import ApiError

SIZES = (1, 3, 5)


class Etcd:
    """The members and which of them run."""

    def __init__(self, size: int = 1) -> None:
        self._members: dict[str, bool] = {}
        self.resize(size)

    def resize(self, size: int) -> None:
        """Set the number of members (1, 3 or 5), all running."""
        if size not in SIZES:
            raise ApiError(400, "BadRequest", "members must be 1, 3 or 5")
        self._members = {f"etcd-{number}": True for number in range(size)}

    def set_running(self, name: str, *, running: bool) -> bool:
        """Start or stop a member; whether there is such a one."""
        if name not in self._members:
            return False
        self._members[name] = running
        return True

    @property
    def has_quorum(self) -> bool:
        """More than half of the members run."""
        return sum(self._members.values()) * 2 > len(self._members)

    def check_write(self) -> None:
        """Raise the API's error when there is no quorum."""
        if not self.has_quorum:
            details = {"causes": [{"message": "etcdserver: request timed out"}]}
            raise ApiError(500, "InternalError", "etcdserver: request timed out", details)

    def describe(self) -> Json:
        """Return members, quorum and leader for the control API."""
        running = [name for name, alive in self._members.items() if alive]
        return {
            "members": [{"name": name, "running": alive} for name, alive in self._members.items()],
            "quorum": len(self._members) // 2 + 1,
            "healthy": self.has_quorum,
            "leader": running[0] if self.has_quorum else None,
        }
