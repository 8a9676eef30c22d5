"""UDP, host ports and who a server sees, by tables alone."""

from types import SimpleNamespace

import pytest

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.network import Datagrams, HttpRequest, HttpResponse, Listener, Network, NetworkError
from k8s_tutor.sim.network.fabric import Reply

from .test_network import CLIENT, NODE, ONE, TWO, endpoints, pod, service

PORTS = [{"port": 53, "targetPort": 5353, "protocol": "UDP", "nodePort": 30053}]
OTHER_NODE = "192.168.0.2"


@pytest.fixture
async def network(clock: Clock) -> Network:
    made = Network(SimpleNamespace(clock=clock))
    made.attach(CLIENT, "node1")
    made.attach_node(NODE, "node1")
    made.attach_node(OTHER_NODE, "node2")
    for address, node in ((ONE, "node1"), (TWO, "node2")):
        made.attach(address, node)

        def datagram(data: bytes, peer: tuple[str, int], reply: Reply, name: str = address) -> None:
            reply(f"{name} {data.decode()} {peer[0]}".encode())

        def answer(request: HttpRequest) -> HttpResponse:
            return HttpResponse(200, request.peer.encode())

        made.listen(address, Listener(5353, datagram=datagram, protocol="UDP"))
        made.listen(address, Listener(8080, answer))
    return made


async def ask(network: Network, host: str, port: int, text: str = "hi") -> str:
    """Return the answer, or what came instead."""
    socket = Datagrams(network, CLIENT, host, port)
    socket.send(text.encode())
    task = network.clock.spawn(socket.receive_within(5))
    await network.clock.advance(6)
    try:
        data = await task
    except NetworkError as error:
        return error.kind
    return data.decode() if data is not None else "silence"


async def test_datagrams_find_listeners_and_services(network: Network) -> None:
    assert await ask(network, ONE, 5353) == f"{ONE} hi {CLIENT}"
    assert await ask(network, ONE, 5354) == "refused"
    assert await ask(network, "10.244.9.9", 5353) == "silence"
    network.services.set_services([service("dns", clusterIP="10.96.0.53", ports=PORTS)])
    assert await ask(network, "10.96.0.53", 53) == "refused"
    network.services.set_endpoints([endpoints("dns", TWO, port=5353)])
    assert await ask(network, "10.96.0.53", 53) == f"{TWO} hi {CLIENT}"
    assert await ask(network, "10.96.0.53", 80) == "silence"


async def test_a_flow_keeps_its_endpoint_while_it_listens(network: Network, clock: Clock) -> None:
    network.services.set_services([service("dns", clusterIP="10.96.0.53", ports=PORTS)])
    network.services.set_endpoints([endpoints("dns", ONE, TWO, port=5353)])
    socket = Datagrams(network, CLIENT, "10.96.0.53", 53)
    seen = set()
    for _ in range(20):
        socket.send(b"x")
        seen.add((await socket.receive()).split()[0].decode())
    assert len(seen) == 1
    network.detach(seen.pop())
    network.services.set_endpoints([endpoints("dns", *({ONE, TWO} & set(network._hosts)), port=5353)])
    socket.send(b"x")
    await clock.advance(0)
    assert (await socket.receive()).startswith((ONE.encode(), TWO.encode()))


async def test_policies_know_the_protocol(network: Network) -> None:
    network.policies.set_pods([pod("one", ONE, app="dns"), pod("client", CLIENT)])
    rule = {"ports": [{"protocol": "TCP", "port": 5353}]}
    spec = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [rule]}
    network.policies.set_policies([{"metadata": {"name": "tcp", "namespace": "default"}, "spec": spec}])
    assert await ask(network, ONE, 5353) == "silence"
    rule["ports"][0]["protocol"] = "UDP"
    assert await ask(network, ONE, 5353) == f"{ONE} hi {CLIENT}"


async def seen(network: Network, source: str | None, host: str, port: int) -> str:
    """Return the client's address as the server sees it."""
    return (await network.http(source, "GET", f"http://{host}:{port}/")).text


async def test_a_node_port_hides_the_client_unless_its_traffic_is_local(network: Network) -> None:
    spec = {"type": "NodePort", "clusterIP": "10.96.0.80"}
    spec["ports"] = [{"port": 80, "targetPort": 8080, "protocol": "TCP", "nodePort": 30080}]  # type: ignore[assignment]
    network.services.set_services([service("web", **spec)])
    network.services.set_endpoints([endpoints("web", TWO, nodeName="node2")])
    assert await seen(network, CLIENT, "10.96.0.80", 80) == CLIENT
    assert await seen(network, CLIENT, NODE, 30080) == NODE
    assert await seen(network, CLIENT, OTHER_NODE, 30080) == "10.244.1.1"
    network.services.set_services([service("web", **spec, externalTrafficPolicy="Local")])
    assert await seen(network, CLIENT, OTHER_NODE, 30080) == CLIENT
    assert await seen(network, None, ONE, 8080) == "10.244.0.1"


async def test_host_ports_lead_to_pods_by_address_and_protocol(network: Network) -> None:
    network.forward(NODE, "127.0.0.1", 54323, "TCP", (ONE, 8080))
    network.forward(OTHER_NODE, "", 54323, "TCP", (TWO, 8080))
    network.forward(NODE, NODE, 53, "UDP", (ONE, 5353))
    assert await seen(network, NODE, "127.0.0.1", 54323) == "10.244.0.1"
    with pytest.raises(NetworkError, match="refused"):
        await seen(network, CLIENT, NODE, 54323)
    assert await seen(network, CLIENT, OTHER_NODE, 54323) == CLIENT
    assert await ask(network, NODE, 53) == f"{ONE} hi {CLIENT}"
    network.detach(TWO)
    with pytest.raises(NetworkError, match="refused"):
        await seen(network, CLIENT, OTHER_NODE, 54323)


async def test_services_of_other_proxies_have_no_rules(network: Network, clock: Clock) -> None:
    labelled = service("web", clusterIP="10.96.0.80")
    labelled["metadata"]["labels"] = {"service.kubernetes.io/service-proxy-name": "other"}
    network.services.set_services([labelled])
    network.services.set_endpoints([endpoints("web", TWO)])
    task = clock.spawn(network.http(CLIENT, "GET", "http://10.96.0.80/", timeout=2))
    await clock.advance(3)
    with pytest.raises(NetworkError, match="timed out"):
        await task
    labelled["metadata"]["labels"] = {}
    network.services.set_services([labelled])
    assert await seen(network, CLIENT, "10.96.0.80", 80) == CLIENT


async def test_a_balancer_learns_where_a_services_endpoints_are(network: Network) -> None:
    spec = {"type": "LoadBalancer", "clusterIP": "10.96.0.80", "externalTrafficPolicy": "Local"}
    network.services.set_services([service("web", **spec, healthCheckNodePort=31000)])
    network.services.set_endpoints([endpoints("web", TWO, nodeName="node2")])
    told = await network.http(None, "GET", f"http://{OTHER_NODE}:31000/healthz")
    assert (told.status, told.headers["X-Load-Balancing-Endpoint-Weight"]) == (200, "1")
    assert (await network.http(None, "GET", f"http://{NODE}:31000/healthz")).status == 503


async def test_the_dns_is_asked_at_its_pods(network: Network) -> None:
    network.policies.set_pods([pod("client", CLIENT), pod("coredns", ONE, "kube-system", **{"k8s-app": "kube-dns"})])
    egress: list[dict[str, object]] = [{"to": [{"ipBlock": {"cidr": "10.244.0.0/16", "except": [f"{TWO}/32"]}}]}]
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": egress}
    network.policies.set_policies([{"metadata": {"name": "out", "namespace": "default"}, "spec": spec}])
    assert network.policies.allows_dns(CLIENT, [ONE])
    assert not network.policies.allows_dns(CLIENT, [TWO])
    egress[0]["ports"] = [{"protocol": "TCP", "port": 1, "endPort": 100}]
    assert not network.policies.allows_dns(CLIENT, [ONE])
    egress[0]["ports"] = [{"protocol": "UDP", "port": 50, "endPort": 60}]
    assert network.policies.allows_dns(CLIENT, [ONE])


async def test_slices_of_other_proxies_are_not_seen(network: Network) -> None:
    network.services.set_services([service("web", clusterIP="10.96.0.80")])
    slice_ = endpoints("web", TWO)
    network.services.put_slice(slice_)
    assert await seen(network, CLIENT, "10.96.0.80", 80) == CLIENT
    slice_["metadata"]["labels"]["service.kubernetes.io/headless"] = ""
    network.services.put_slice(slice_)
    with pytest.raises(NetworkError, match="refused"):
        await seen(network, CLIENT, "10.96.0.80", 80)
