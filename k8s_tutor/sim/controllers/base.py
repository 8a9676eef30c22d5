"""The base of all controllers: watch, queue keys, reconcile.

A controller is one class in one file of this package, found by scanning it. ``setup`` says what it watches and how a
change becomes a key; ``reconcile`` brings one key's object nearer to what it should be, and is called again after
errors with back-off. All run in one thread on the cluster's clock, so ``reconcile`` is an ordinary function.
"""

from collections.abc import Callable
from typing import ClassVar, Protocol

from k8s_tutor.apimachinery.labels import Selector, from_label_selector
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.auth.authorizer import Authorizer
from k8s_tutor.sim.auth.identity import Identity
from k8s_tutor.sim.auth.tokens import Tokens
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.controlplane.components import Components
from k8s_tutor.sim.machinery.meta import controller_of
from k8s_tutor.sim.machinery.recorder import Recorder
from k8s_tutor.sim.machinery.store import Event
from k8s_tutor.sim.machinery.workqueue import BASE_DELAY, MAX_DELAY, WorkQueue
from k8s_tutor.sim.registry.client import LocalClient
from k8s_tutor.sim.registry.rest import Rest
from k8s_tutor.sim.shape import Shape
from k8s_tutor.sim.ticking import Ticker, never

Key = tuple[str, str]


def selector_of(owner: Json) -> Selector:
    """Return the label selector of an object's spec."""
    return from_label_selector(owner["spec"]["selector"])


class Kit(Protocol):
    """What the cluster gives to its components."""

    clock: Clock
    rest: Rest
    authorizer: Authorizer
    identity: Identity
    tokens: Tokens
    components: Components
    shape: Shape
    start_latency: bool

    def client(self, user: str, manager: str) -> LocalClient:
        """Return a client that acts as ``user`` (``system:serviceaccount:…`` or ``system:kube-…``)."""

    def log(self, component: str, message: str) -> None:
        """Write a line to the component's log (seen with ``kubectl logs`` of its static Pod)."""


class Controller:
    """Base of all controllers.

    Class attributes:
        name: as upstream names it in events (``deployment-controller``).
        manager: the component it runs in, and its field manager.
        retry: seconds until a failure's first retry, and the most that they grow to.
    """

    name: ClassVar[str] = ""
    manager: ClassVar[str] = "kube-controller-manager"
    retry: ClassVar[tuple[float, float]] = (BASE_DELAY, MAX_DELAY)

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.clock = kit.clock
        self.client = kit.client(f"system:serviceaccount:kube-system:{self.name}", self.manager)
        self.events = Recorder(kit.clock, self.client, self.name)
        self.queue: WorkQueue[Key] = WorkQueue(kit.clock, self._process, self._failed, self.retry)
        self._ends: list[Callable[[], None]] = []

    def setup(self) -> None:
        """Declare watches with ``watch``, ``watch_owned`` …."""
        raise NotImplementedError

    def reconcile(self, namespace: str, name: str) -> None:
        """Bring one object nearer to what it should be."""
        raise NotImplementedError

    def start(self) -> None:
        """Begin to watch."""
        self.setup()

    def stop(self) -> None:
        """Stop at once, as when the component dies; a stopped controller is not started again, a new one is made."""
        for end in self._ends:
            end()
        self._ends.clear()
        self.queue.close()

    def watch(self, resource: str, callback: Callable[[Event], None]) -> None:
        """Call back for present objects and every later change."""
        self._ends.append(self.client.watch(resource, callback))

    def watch_keys(self, resource: str) -> None:
        """Queue every object of the resource that is there or changes."""
        self.watch(resource, lambda event: self.enqueue(event.obj))

    def watch_owned(self, resource: str, kind: str) -> None:
        """Queue the owner (of this kind) of every object of the resource that is there or changes."""

        def changed(event: Event) -> None:
            for obj in (event.obj, event.old.obj if event.old else None):
                owner = controller_of(obj) if obj else None
                if obj and owner and owner["kind"] == kind:
                    self.queue.add((obj["metadata"].get("namespace", ""), owner["name"]))

        self.watch(resource, changed)

    def watch_orphans(
        self, resource: str, owners: str, selector_of: Callable[[Json], Selector] = selector_of, after: float = 0.0
    ) -> None:
        """Queue who might adopt, ``after`` so many seconds: owners that select an object that nobody controls."""

        def changed(event: Event) -> None:
            meta = event.obj["metadata"]
            gone = event.type == "DELETED" or "deletionTimestamp" in meta
            if gone or not meta.get("labels") or controller_of(event.obj) is not None:
                return
            if event.old is not None:
                old = event.old.obj
                if old["metadata"].get("labels") == meta["labels"] and controller_of(old) is None:
                    return
            for owner in self.client.list(owners, meta["namespace"]):
                if selector_of(owner).matches(meta["labels"]):
                    self.queue.add_after((meta["namespace"], owner["metadata"]["name"]), after)

        self.watch(resource, changed)

    def every(self, period: float, key: Key, limit: Callable[[], float] = never) -> Ticker:
        """Reconcile a key again and again, beginning one period from now; ``limit`` as of ``Clock.every``."""
        ticker = self.clock.every(period, lambda: self.queue.process(key), limit=limit)
        self._ends.append(ticker.cancel)
        return ticker

    def enqueue(self, obj: Json) -> None:
        """Queue an object's key."""
        meta = obj["metadata"]
        self.queue.add((meta.get("namespace", ""), meta["name"]))

    def _process(self, key: Key) -> None:
        self.reconcile(*key)

    def _failed(self, key: Key, error: Exception) -> None:
        self.kit.log(self.manager, f"{self.name}: error syncing {'/'.join(filter(None, key))}: {error}")
