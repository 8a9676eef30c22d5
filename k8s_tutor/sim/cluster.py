"""Wires the practice cluster: store, storage, admission, controllers, scheduler, kubelets, in one event loop.

It works without HTTP: tests and grading use :meth:`Cluster.client` in virtual time; the API server
(``apiserver/server.py``) is one more user of the same storage.
"""

from collections import deque
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from k8s_tutor.sim.admission.chain import AdmissionChain
from k8s_tutor.sim.admission.webhook_calling import WebhookCaller
from k8s_tutor.sim.auth.authorizer import Authorizer
from k8s_tutor.sim.auth.identity import Identity
from k8s_tutor.sim.auth.tokens import Tokens
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.controlplane.bootstrap import bootstrap
from k8s_tutor.sim.controlplane.components import Components, Part
from k8s_tutor.sim.controlplane.etcd import Etcd
from k8s_tutor.sim.controlplane.expiry import EventExpiry
from k8s_tutor.sim.controlplane.trace import Trace
from k8s_tutor.sim.machinery.journal import SqliteJournal
from k8s_tutor.sim.machinery.store import Journal, Store
from k8s_tutor.sim.registry.builtin import build_scheme
from k8s_tutor.sim.registry.client import LocalClient
from k8s_tutor.sim.registry.customs.serving import Customs
from k8s_tutor.sim.registry.fieldmanager import ManagedFields
from k8s_tutor.sim.registry.rest import Rest
from k8s_tutor.sim.registry.strategy import UserInfo
from k8s_tutor.sim.registry.subresources.binding import Binding
from k8s_tutor.sim.registry.subresources.eviction import Eviction
from k8s_tutor.sim.registry.subresources.token import TokenRequest
from k8s_tutor.sim.shape import CONTROL_PLANE_NODE, NodeShape, Shape

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from k8s_tutor.sim.network import Network, Stream
    from k8s_tutor.sim.runtime import Runtime

LOG_LINES = 5_000
CONTROLLER_MANAGER = "kube-controller-manager"
SCHEDULER = "kube-scheduler"
PROXY = "kube-proxy"
SURROUNDINGS = "cluster-network"


class Cluster:
    """The practice cluster, without its HTTPS face.

    Args:
        shape: nodes and add-ons.
        clock: the cluster's time.
        journal: makes writes durable; None keeps all in memory.
        start_latency: simulate the time that pulling images and starting containers takes.
        images: further folders of image profiles.
        identity: CA, keys and the admin's token; made in memory if None.
    """

    def __init__(
        self,
        shape: Shape | None = None,
        *,
        clock: Clock,
        journal: Journal | None = None,
        start_latency: bool = True,
        images: tuple[Path, ...] = (),
        identity: Identity | None = None,
    ) -> None:
        self.shape = shape or Shape()
        self.clock = clock
        self.start_latency = start_latency
        self.images = images
        self.port = 6443
        # Serves the API to connections of the cluster's network; set by the API server.
        self.front: Callable[[Stream], Awaitable[None]] | None = None
        self.store = Store(clock, journal)
        self.scheme = build_scheme()
        self.admission = AdmissionChain()
        self.rest = Rest(self.store, self.scheme, self.admission, ManagedFields(clock, self.scheme))
        self.identity = identity or Identity()
        self.tokens = Tokens(self.identity, self.store, clock)
        self.authorizer = Authorizer(self.store)
        self.customs = Customs(self.rest)
        self.rest.creators |= {
            ("pods", "binding"): Binding(self.rest),
            ("pods", "eviction"): Eviction(self.rest),
            ("serviceaccounts", "token"): TokenRequest(self.rest, self.tokens),
        }
        self.rest.webhooks = WebhookCaller(self)
        self.admission.attach(self.rest, self.authorizer)
        self.components = Components()
        self.etcd = Etcd()
        self.store.quorum = self.etcd
        self.trace = Trace(self.store, clock)
        self.expiry = EventExpiry(self.store, clock)
        self.logs: dict[str, deque[tuple[float, str]]] = {}
        self._unwritten: deque[tuple[float, str, str]] = deque(maxlen=LOG_LINES)
        if not self.shape.bare:
            from k8s_tutor.sim.controlplane import metrics_kinds

            metrics_kinds.register(self.scheme)
        self._declare()

    # -- the components' kit

    @cached_property
    def network(self) -> "Network":
        """The cluster's network, made when first needed."""
        from k8s_tutor.sim.network import Network

        return Network(self)

    @cached_property
    def runtime(self) -> "Runtime":
        """The container runtime, made when first needed."""
        from k8s_tutor.sim.runtime import Runtime

        return Runtime(self)

    def client(self, user: str, manager: str) -> LocalClient:
        """Return a client that acts as ``user`` with the field manager ``manager``."""
        return LocalClient(self.rest, UserInfo(user, _groups(user)), manager)

    def log(self, component: str, message: str) -> None:
        """Write a line to a component's log."""
        lines = self.logs.get(component)
        if lines is None:
            lines = self.logs[component] = deque(maxlen=LOG_LINES)
        lines.append((self.clock.now(), message))
        self._unwritten.append((self.clock.now(), component, message))

    def take_log(self) -> list[tuple[float, str, str]]:
        """Return what was logged since the last call (time, component, message)."""
        taken = list(self._unwritten)
        self._unwritten.clear()
        return taken

    # -- life

    async def start(self) -> None:
        """Write the bootstrap objects into an empty store (or load it) and start all components."""
        self.prepare()
        for name in self.components.names():
            self.components.start(name)

    def prepare(self) -> None:
        """Make the API ready to be used; no component runs yet."""
        if not self._load():
            self.bootstrap()
        self.reload_customs()
        self.announce()

    def announce(self) -> None:
        """Write where the API server is."""
        from k8s_tutor.sim.controlplane import endpoints

        endpoints.reconcile(self.rest, endpoints.address(bare=self.shape.bare), self.port)

    def bootstrap(self) -> None:
        """Write what a fresh cluster has."""
        bootstrap(self.store, self.scheme, self.port)
        if not self.shape.bare:
            from k8s_tutor.sim.controlplane.addons import install

            install(self.rest, self.identity.ca_pem, self.port)

    def _load(self) -> bool:
        """Take over what the journal kept; False if it kept nothing."""
        journal = self.store.journal
        if not isinstance(journal, SqliteJournal) or not journal.revision:
            return False
        for resource, key, revision, obj in journal.objects():
            self.store.load(resource, key, obj, revision)
        self.store.revision = journal.revision
        self.store.forget_history()
        saved = journal.value("nodes")
        if saved:
            from k8s_tutor.sim.kubelet import restore_nodes

            restore_nodes(self.store, orjson.loads(saved))
        return True

    async def save_nodes(self) -> None:
        """Write the nodes' containers (file systems, logs) beside the objects, for the next start."""
        journal = self.store.journal
        if isinstance(journal, SqliteJournal):
            from k8s_tutor.sim.kubelet import write_nodes

            journal.set("nodes", (await write_nodes(self.store)).decode())

    async def stop(self) -> None:
        """Stop all components and make what was written durable."""
        self.components.stop_all()
        for name in ("network", "runtime"):
            part = self.__dict__.get(name)  # only what was ever needed
            if part is not None:
                await part.close()
        self.store.commit()

    def add_node(self, node: NodeShape) -> None:
        """Declare a node with a kubelet; it starts with ``components.start``."""
        self.components.add(f"kubelet/{node.name}", partial(self._make_kubelet, node))

    def set_component(self, name: str, *, running: bool) -> None:
        """Start or stop a component, and its static Pod on the control-plane node."""
        (self.components.start if running else self.components.stop)(name)
        for kubelet in self.components.parts(f"kubelet/{CONTROL_PLANE_NODE}"):
            show_component(kubelet, name, running=running)

    def set_node(self, name: str, *, running: bool) -> None:
        """Switch a node on or off: off, its containers die and its kubelet says nothing any more."""
        component = f"kubelet/{name}"
        if running:
            self.components.start(component)
            return
        for part in self.components.parts(component):
            power_off = getattr(part, "power_off", None)
            if power_off is not None:
                power_off()
        self.components.stop(component)

    def reload_customs(self) -> None:
        """Serve the custom resources that the store defines (after a load or restore)."""
        self.customs.reload()
        self.expiry.reload()

    def _declare(self) -> None:
        # The scheduler watches first: it tries a pod before controllers make what the pod waits for.
        self.components.add(SCHEDULER, self._make_scheduler)
        self.components.add(CONTROLLER_MANAGER, self._make_controllers)
        self.components.add(PROXY, self._make_proxy)
        self.components.add(SURROUNDINGS, self._make_surroundings)
        for node in self.shape.members():
            self.add_node(node)

    def _make_scheduler(self) -> list[Part]:
        from k8s_tutor.sim.scheduler import Scheduler

        return [*self._leads(f"system:{SCHEDULER}", SCHEDULER, "default-scheduler"), Scheduler(self)]

    def _make_proxy(self) -> list[Part]:
        from k8s_tutor.sim.network import Proxy

        return [Proxy(self)]

    def _make_surroundings(self) -> list[Part]:
        from k8s_tutor.sim.controlplane import aggregation, endpoints, leases
        from k8s_tutor.sim.network import Surroundings

        address = endpoints.address(bare=self.shape.bare)
        return [
            leases.ApiServerLease(self.rest, f"{address}:{self.port}"),
            aggregation.Aggregation(self.rest, lambda: self.network),
            Surroundings(self, address),
        ]

    def _make_kubelet(self, node: NodeShape) -> list[Part]:
        from k8s_tutor.sim.kubelet import Kubelet

        return [Kubelet(self, node)]

    def _make_controllers(self) -> list[Part]:
        from k8s_tutor.sim.controlplane.discover import controllers

        lease = self._leads(f"system:{CONTROLLER_MANAGER}", CONTROLLER_MANAGER, CONTROLLER_MANAGER)
        return [*lease, *(make(self) for make in controllers())]

    def _leads(self, user: str, component: str, source: str) -> list[Part]:
        """Return the lease of a component that is elected: on the control-plane node, where there could be others."""
        from k8s_tutor.sim.controlplane.leases import LeaderLease

        if self.shape.bare:
            return []
        return [LeaderLease(self.client(user, component), self.clock, component, source)]


def show_component(kubelet: Any, name: str, *, running: bool) -> None:
    """Let the control-plane node's kubelet take a component's static Pod away, or bring it back."""
    from k8s_tutor.sim.kubelet import stages

    for manifest in stages.load("control_plane"):
        if manifest["metadata"]["name"].startswith(name):
            if running:
                kubelet.static.add(manifest)
            else:
                kubelet.static.remove(name)


def _groups(user: str) -> tuple[str, ...]:
    parts = user.split(":")
    if len(parts) == 4 and parts[:2] == ["system", "serviceaccount"]:
        return ("system:serviceaccounts", f"system:serviceaccounts:{parts[2]}", "system:authenticated")
    if user.startswith("system:node:"):
        return ("system:nodes", "system:authenticated")
    return ("system:authenticated",)
