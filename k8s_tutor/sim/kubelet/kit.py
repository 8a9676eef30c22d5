"""What the cluster gives to its kubelets (``Cluster`` is one)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from k8s_tutor.sim.machinery.store import Store
from k8s_tutor.sim.registry.client import LocalClient

if TYPE_CHECKING:
    from collections import deque

    from k8s_tutor.sim.clock import Clock
    from k8s_tutor.sim.network import Network
    from k8s_tutor.sim.runtime.engine import Runtime


class NodeShape(Protocol):
    """Which node."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def control_plane(self) -> bool:
        """Whether it carries the control plane."""


class Shape(Protocol):
    """Which cluster."""

    @property
    def bare(self) -> bool:
        """As the recordings were made on."""

    def members(self) -> Sequence[NodeShape]:
        """Return the nodes."""


class Kit(Protocol):
    """What the cluster gives to a kubelet."""

    clock: "Clock"
    store: Store
    logs: "dict[str, deque[tuple[float, str]]]"
    start_latency: bool

    @property
    def runtime(self) -> "Runtime":
        """Makes containers."""

    @property
    def network(self) -> "Network":
        """Connects pods."""

    @property
    def shape(self) -> Shape:
        """What was started."""

    def client(self, user: str, manager: str) -> LocalClient:
        """Return a client that acts as a user."""

    def log(self, component: str, message: str) -> None:
        """Write a line to a component's log."""


def index_of(shape: Shape, name: str) -> int:
    """Return a node's number among the cluster's, from which its addresses follow."""
    names = [one.name for one in shape.members()]
    return names.index(name) if name in names else len(names)
