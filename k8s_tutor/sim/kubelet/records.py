"""What the kubelet knows of a pod at run time: its sandboxes and containers, live and as last observed.

A ``PodRuntime`` is live: the container runtime changes it the moment a process ends. The pod worker decides on an
``Observed`` snapshot instead, refreshed at the ticks of the relist loop, as upstream's PLEG and pod cache
(``pkg/kubelet/pleg``, ``kubelet/container.Cache``): that lag of up to a second is visible in every real timeline.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from k8s_tutor.apimachinery.unstructured import Json

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.container import Container

State = Literal["created", "running", "exited", "unknown"]
KEPT = 2  # instances of a container that are remembered: the present one and the one before


@dataclass(frozen=True, slots=True)
class View:
    """One instance of a container, as seen at one moment."""

    name: str
    id: str
    state: State
    restart_count: int
    image: str
    image_id: str
    created_at: float
    started_at: float = 0.0
    finished_at: float = 0.0
    exit_code: int = 0
    signal: int = 0
    reason: str = ""
    message: str = ""
    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    stop_signal: str = ""
    spec_image: str = ""
    resources: Json = field(default_factory=dict, compare=False)


@dataclass(slots=True)
class Instance:
    """A container of the runtime and its present view; ``container`` is None if it could not be created."""

    view: View
    container: "Container | None"

    def change(self, **fields: Any) -> None:
        """Replace fields of the view."""
        self.view = replace(self.view, **fields)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The pod's sandbox: its network and the frame in which containers run."""

    id: str
    attempt: int
    ready: bool
    ip: str
    created_at: float


class Observed:
    """A snapshot of a pod's sandboxes and containers, newest instances first."""

    __slots__ = ("containers", "sandbox")

    def __init__(self, sandbox: Sandbox | None, containers: dict[str, tuple[View, ...]]) -> None:
        self.sandbox = sandbox
        self.containers = containers

    def latest(self, name: str) -> View | None:
        """Return the newest instance of a container."""
        found = self.containers.get(name)
        return found[0] if found else None

    def active(self, name: str) -> View | None:
        """Return the newest instance if it belongs to the present sandbox."""
        view = self.latest(name)
        if view is None or self.sandbox is None or not self.sandbox.ready:
            return None
        return view if view.created_at >= self.sandbox.created_at else None

    def last_exited(self, name: str) -> View | None:
        """Return the newest instance that has ended."""
        return next((view for view in self.containers.get(name, ()) if view.state == "exited"), None)

    def running(self) -> Iterator[View]:
        """Yield the running instances."""
        return (view for views in self.containers.values() for view in views if view.state == "running")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Observed):
            return NotImplemented
        return self.sandbox == other.sandbox and self.containers == other.containers

    __hash__ = None  # type: ignore[assignment]


class PodRuntime:
    """The live state of one pod on its node."""

    __slots__ = ("instances", "restarts", "sandbox")

    def __init__(self) -> None:
        self.sandbox: Sandbox | None = None
        self.instances: dict[str, list[Instance]] = {}
        self.restarts: dict[str, int] = {}  # of containers that were removed

    def add(self, instance: Instance) -> None:
        """Take a new instance, forgetting the oldest."""
        found = self.instances.setdefault(instance.view.name, [])
        found.insert(0, instance)
        del found[KEPT:]

    def find(self, name: str, container_id: str = "") -> Instance | None:
        """Return an instance by id, or the newest of the name."""
        found = self.instances.get(name, ())
        return next((one for one in found if not container_id or one.view.id == container_id), None)

    def remove(self, name: str, container_id: str) -> None:
        """Forget an instance; the next of its name counts on from it."""
        found = self.instances.get(name, [])
        for instance in [one for one in found if one.view.id == container_id]:
            found.remove(instance)
            self.restarts[name] = max(self.restarts.get(name, 0), instance.view.restart_count + 1)
            if instance.container is not None:
                instance.container.remove()
        if not found:
            self.instances.pop(name, None)

    def running(self) -> list[Instance]:
        """Return the running instances."""
        return [one for found in self.instances.values() for one in found if one.view.state == "running"]

    def observe(self) -> Observed:
        """Return what a relist would see now."""
        views = {name: tuple(one.view for one in found) for name, found in self.instances.items()}
        return Observed(self.sandbox, views)


NOTHING = Observed(None, {})
