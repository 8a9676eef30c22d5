"""The cluster's network: pods' addresses, connections, Services, DNS, NetworkPolicy, Ingress; all in this process.

``Network(kit)``
    ``attach(ip, …)``/``detach(ip)`` a pod; ``listen(ip, Listener)``; ``async connect(source_ip, host, port, timeout=…)
    -> Stream`` and ``async http(source_ip, method, url, headers, body, timeout) -> HttpResponse`` (NetworkError with
    ``kind`` refused, timeout, unreachable, unknown-host, reset); a source of None is the node (probes, port-forward,
    the API server's proxy), which no policy stops. ``async dial_service(namespace, service, port) -> Stream``.
``Datagrams(network, source_ip, host, port)``
    a client's UDP socket: ``send(data)``, ``await receive()``; a ``Listener`` with ``datagram`` is the other side.
``network.services``
    kube-proxy's rule table: ``set_services(objects)``, ``set_endpoints(EndpointSlices)``. Not updated: kube-proxy is
    stopped.
``network.dns``
    the cluster's DNS, fed by ``set_services``/``set_endpoints`` of its own (CoreDNS watches by itself).
``network.policies``
    ``set_policies``, ``set_pods``, ``set_namespaces``.
``network.ingress``
    ``set_ingresses``; ``route(host, path) -> Backend | None``.
``Proxy(kit)``
    the kube-proxy component: watches Services and EndpointSlices while it runs.
``Surroundings(kit)``
    watches what DNS, policies and Ingress rules come from, as long as the cluster runs.

Nothing here opens a socket.
"""

from k8s_tutor.sim.network.datagrams import Datagrams
from k8s_tutor.sim.network.fabric import Listener, Network, NetworkError, Tls
from k8s_tutor.sim.network.http import HttpRequest, HttpResponse
from k8s_tutor.sim.network.streams import Pipe, Stream
from k8s_tutor.sim.network.watching import Proxy, Surroundings

__all__ = [
    "Datagrams",
    "HttpRequest",
    "HttpResponse",
    "Listener",
    "Network",
    "NetworkError",
    "Pipe",
    "Proxy",
    "Stream",
    "Surroundings",
    "Tls",
]
