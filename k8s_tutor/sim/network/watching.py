"""The parts of the network that watch the API: kube-proxy, and what a cluster has besides (DNS, CNI, Ingress).

kube-proxy is a component that can be stopped: the Services' rules stay as they were. The others follow the cluster as
long as it runs. DNS answers while a Pod of CoreDNS (``k8s-app=kube-dns``) is ready, if the cluster has any.
"""

import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.network.fabric import Listener
from k8s_tutor.sim.network.objects import key_of
from k8s_tutor.sim.network.streams import Stream

if TYPE_CHECKING:
    from k8s_tutor.sim.network.fabric import Network

Change = Callable[[Json], None]
SLICES = "endpointslices.discovery.k8s.io"
POLICIES = "networkpolicies.networking.k8s.io"
INGRESS_CONTROLLER, INGRESS_CLASS = "ingress-nginx", "nginx"
INGRESSES = "ingresses.networking.k8s.io"


class Watches(Protocol):
    """A client that can watch."""

    def watch(self, resource: str, callback: Callable[[Any], None]) -> Callable[[], None]:
        """Call back for present objects and every change; the answer ends it."""
        ...

    def list(self, resource: str) -> list[Json]:
        """Return all objects."""
        ...

    def change(self, resource: str, namespace: str, name: str, change: Change, subresource: str = "") -> Json:
        """Let ``change`` alter a copy of the object, and store it."""
        ...


class Kit(Protocol):
    """What these parts need of a cluster."""

    @property
    def network(self) -> "Network":
        """The cluster's network."""
        ...

    @property
    def port(self) -> int:
        """The API server's port."""
        ...

    @property
    def front(self) -> Callable[[Stream], Awaitable[None]] | None:
        """Serves the API to a connection; None while nothing does."""
        ...

    def client(self, user: str, manager: str) -> Watches:
        """Return a client for a component."""
        ...


class _Part:
    """Watches resources and passes on what changes."""

    user = ""

    def __init__(self, kit: Kit) -> None:
        self.network = kit.network
        self._client = kit.client(self.user, self.user.rsplit(":", 1)[-1])
        self._ends: list[Callable[[], None]] = []

    def _follow(self, resource: str, put: Change, drop: Change) -> None:
        def changed(event: Any) -> None:
            (drop if event.type == "DELETED" else put)(event.obj)

        self._ends.append(self._client.watch(resource, changed))

    def stop(self) -> None:
        """Watch no more; what is known stays."""
        for end in self._ends:
            end()
        self._ends.clear()


class Proxy(_Part):
    """kube-proxy, of all nodes: Services and EndpointSlices to rules."""

    user = "system:kube-proxy"

    def start(self) -> None:
        """Begin with the state of now, as a restarted proxy syncs all its rules."""
        table = self.network.services
        table.set_services(())
        table.set_endpoints(())
        self._follow("services", table.put_service, table.drop_service)
        self._follow(SLICES, table.put_slice, table.drop_slice)


class Surroundings(_Part):
    """DNS records, NetworkPolicies and Ingress rules, and the way to the API server.

    Args:
        kit: the cluster.
        api_address: where the API server listens in the cluster's network.
    """

    user = "system:serviceaccount:kube-system:network"

    def __init__(self, kit: Kit, api_address: str = "") -> None:
        super().__init__(kit)
        self._kit = kit
        self._api_address = api_address
        self._controller_address = ""
        self._servers: dict[tuple[str, str], bool] = {}

    async def _api(self, stream: Stream) -> None:
        if self._kit.front is not None:
            await self._kit.front(stream)

    def start(self) -> None:
        """Begin to watch."""
        if self._api_address:
            listener = Listener(self._kit.port, accept=self._api)
            self._ends.append(self.network.serve_always(self._api_address, listener))
        dns, policies, ingress = self.network.dns, self.network.policies, self.network.ingress
        self._follow("services", dns.put_service, dns.drop_service)
        self._follow(SLICES, dns.put_slice, dns.drop_slice)
        self._follow(POLICIES, policies.put_policy, policies.drop_policy)
        self._follow("namespaces", policies.put_namespace, policies.drop_namespace)
        self._follow(INGRESSES, self._ingress, ingress.drop_ingress)
        self._follow("pods", self._pod, self._pod_gone)

    def _pod(self, pod: Json) -> None:
        self.network.policies.put_pod(pod)
        if (pod["metadata"].get("labels") or {}).get("k8s-app") == "kube-dns":
            conditions = (pod.get("status") or {}).get("conditions") or ()
            self._servers[key_of(pod)] = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
            self._count_servers()
        if (pod["metadata"].get("labels") or {}).get("app.kubernetes.io/name") == INGRESS_CONTROLLER:
            self._controller(pod)

    def _controller(self, pod: Json) -> None:
        """Note where the Ingress controller runs, and let it report that in the Ingresses that have no address."""
        status = pod.get("status") or {}
        if any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or ()):
            if self._controller_address != status.get("hostIP", ""):
                self._controller_address = status.get("hostIP", "")
                for ingress in self._client.list(INGRESSES):
                    self._report(ingress)

    def _ingress(self, ingress: Json) -> None:
        self.network.ingress.put_ingress(ingress)
        self._report(ingress)

    def _report(self, ingress: Json) -> None:
        """Write the controller's address into its Ingress' status, as ingress-nginx does."""
        wanted = {"loadBalancer": {"ingress": [{"ip": self._controller_address}]}}
        mine = (ingress.get("spec") or {}).get("ingressClassName") == INGRESS_CLASS
        if not self._controller_address or not mine or ingress.get("status") == wanted:
            return

        def change(new: Json) -> None:
            new["status"] = wanted

        with contextlib.suppress(ApiError):  # it has gone meanwhile, or nothing can be written: the next change tells
            self._client.change(INGRESSES, *key_of(ingress), change, "status")

    def _pod_gone(self, pod: Json) -> None:
        self.network.policies.drop_pod(pod)
        if key_of(pod) in self._servers:
            # The last one's entry stays: a cluster whose DNS was scaled to zero has none.
            self._servers[key_of(pod)] = False
            self._count_servers()

    def _count_servers(self) -> None:
        self.network.dns.serving = any(self._servers.values())
