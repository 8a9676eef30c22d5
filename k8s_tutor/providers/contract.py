"""What every provider offers; what only some offer is a capability with its own methods."""

import abc
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from k8s_tutor.errors import RefusedError


class Capability(StrEnum):
    """What a lesson may declare in ``needs:``."""

    CLOCK = "clock"  # rate, pause, advance
    SNAPSHOT = "snapshot"  # snapshot, restore: undo and reset in a second
    COMPONENTS = "components"  # stop and start parts of the control plane
    NODE_SHUTDOWN = "node-shutdown"
    ETCD_MEMBERS = "etcd-members"
    CREATE = "create"  # the tutor makes and deletes the whole cluster


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """Whether the cluster is there.

    Attributes:
        running: it answers.
        summary: one line for people: server, nodes, process.
        details: the same and more, for programs (``--json``).
    """

    running: bool
    summary: str
    details: dict[str, object] = field(default_factory=dict)


class Provider(abc.ABC):
    """A source of a cluster."""

    name: ClassVar[str]
    capabilities: ClassVar[frozenset[Capability]] = frozenset()

    @abc.abstractmethod
    def start(self) -> None:
        """Make sure that the cluster answers; a running one is used as it is.

        Raises:
            TutorError: what is missing or was refused, and what to do.
        """

    @abc.abstractmethod
    def stop(self) -> None:
        """Stop what ``start`` made, keeping its state where the provider can."""

    @abc.abstractmethod
    def status(self) -> ProviderStatus:
        """Say whether it runs; never raises for a cluster that is not there."""

    @abc.abstractmethod
    def reset(self) -> None:
        """Return to a fresh cluster."""

    @abc.abstractmethod
    def kubeconfig(self) -> Path:
        """Return the path of our own kubeconfig file (0600) for the cluster.

        Raises:
            ClusterUnavailableError: the cluster was never started.
        """

    def remove(self) -> None:
        """Stop what ``start`` made, and forget its state."""
        self.stop()

    # -- Capability.SNAPSHOT

    def snapshot(self) -> str:
        """Keep the whole cluster's state; returns an id for ``restore``."""
        raise self._cannot(Capability.SNAPSHOT)

    def restore(self, snapshot: str) -> None:
        """Return to a snapshot."""
        raise self._cannot(Capability.SNAPSHOT)

    # -- Capability.CLOCK

    def advance(self, seconds: float) -> None:
        """Live through cluster seconds at once; returns when everything due has happened."""
        raise self._cannot(Capability.CLOCK)

    def set_rate(self, rate: float) -> None:
        """Set cluster seconds a real second; 0 stops the clock."""
        raise self._cannot(Capability.CLOCK)

    # -- Capability.COMPONENTS, Capability.NODE_SHUTDOWN

    def set_component(self, component: str, *, running: bool) -> None:
        """Stop or start a control-plane component (``kube-scheduler``, …)."""
        raise self._cannot(Capability.COMPONENTS)

    def set_node(self, node: str, *, running: bool) -> None:
        """Shut a node down, or boot it again."""
        raise self._cannot(Capability.NODE_SHUTDOWN)

    def _cannot(self, capability: Capability) -> RefusedError:
        return RefusedError(
            f"The provider «{self.name}» cannot do this.",
            f"It needs the capability «{capability}», which only some clusters have.",
            "Type: k8s-tutor provider use practice",
        )
