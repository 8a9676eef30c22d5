"""Connections, Services, DNS, policies and Ingress, by tables alone."""

from types import SimpleNamespace
from typing import Any

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.network import HttpRequest, HttpResponse, Listener, Network, NetworkError, Stream

CLIENT, ONE, TWO, NODE = "10.244.0.2", "10.244.0.3", "10.244.1.4", "192.168.0.1"


def service(name: str, namespace: str = "default", **spec: Any) -> Json:
    spec.setdefault("ports", [{"port": 80, "targetPort": 8080, "protocol": "TCP"}])
    return {"metadata": {"name": name, "namespace": namespace}, "spec": spec, "status": {}}


def endpoints(name: str, *addresses: str, namespace: str = "default", port: int = 8080, **more: Any) -> Json:
    items = [{"addresses": [address], "conditions": {"ready": True}, **more} for address in addresses]
    return {
        "metadata": {"name": f"{name}-x", "namespace": namespace, "labels": {"kubernetes.io/service-name": name}},
        "ports": [{"name": "", "port": port, "protocol": "TCP"}],
        "endpoints": items,
    }


def pod(name: str, address: str, namespace: str = "default", **labels: str) -> Json:
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {},
        "status": {"podIP": address},
    }


@pytest.fixture
async def network(clock: Clock) -> Network:
    made = Network(SimpleNamespace(clock=clock))
    made.attach(CLIENT, "node1")
    made.attach_node(NODE, "node1")
    for address, node in ((ONE, "node1"), (TWO, "node2")):
        made.attach(address, node)

        def answer(request: HttpRequest, name: str = address) -> HttpResponse:
            return HttpResponse(200, f"{name} {request.path} {request.peer}".encode())

        made.listen(address, Listener(8080, answer))
    return made


async def ask(network: Network, url: str, source: str | None = CLIENT, patience: float | None = 1.0) -> str:
    """Return the answer's text, or the kind of failure."""
    task = network.clock.spawn(network.http(source, "GET", url, timeout=patience))
    await network.clock.advance(200)
    try:
        response: HttpResponse = await task
    except NetworkError as error:
        return error.kind
    return response.text


async def test_connections_and_their_failures(network: Network) -> None:
    assert await ask(network, f"http://{ONE}:8080/a?b=1") == f"{ONE} /a {CLIENT}"
    assert await ask(network, f"http://{ONE}:81/") == "refused"
    assert await ask(network, "http://10.244.9.9/", patience=None) == "unreachable"
    assert await ask(network, "http://10.244.9.9/") == "timeout"
    assert await ask(network, "http://no.such.host/") == "unknown-host"
    network.detach(ONE)
    assert await ask(network, f"http://{ONE}:8080/", patience=None) == "unreachable"


async def test_loopback_is_the_pods_own(network: Network) -> None:
    network.listen(CLIENT, Listener(9000, lambda _: HttpResponse(200, b"mine"), loopback=True))
    assert await ask(network, "http://localhost:9000/") == "mine"
    assert await ask(network, f"http://{CLIENT}:9000/", source=ONE) == "refused"
    assert await ask(network, "http://127.0.0.1:9000/", source=ONE) == "refused"


async def test_bytes_go_both_ways_with_back_pressure(network: Network, clock: Clock) -> None:
    async def echo(stream: Stream) -> None:
        while data := await stream.read():
            await stream.write(data)

    network.listen(ONE, Listener(7, accept=echo))
    stream = await network.connect(CLIENT, ONE, 7)
    written: list[int] = []

    async def write() -> None:
        for index in range(64):
            await stream.write(bytes(65536))
            written.append(index)

    writer = clock.spawn(write())
    await clock.settle()
    assert len(written) < 10
    got = 0
    while got < 64 * 65536:
        got += len(await stream.read())
    await writer
    assert len(written) == 64


async def test_http_over_a_plain_connection(network: Network) -> None:
    stream = await network.connect(None, ONE, 8080)
    await stream.write(b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    text = b""
    while data := await stream.read():
        text += data
    assert text.startswith(b"HTTP/1.1 200 OK\r\n")
    assert text.endswith(f"\r\n\r\n{ONE} /x 10.244.0.1".encode())


async def test_a_service_spreads_over_ready_endpoints(network: Network) -> None:
    network.services.set_services([service("web", clusterIP="10.96.0.20")])
    assert await ask(network, "http://10.96.0.20/") == "refused"
    network.services.set_endpoints([endpoints("web", ONE, TWO)])
    answers = {(await ask(network, "http://10.96.0.20/")).split()[0] for _ in range(30)}
    assert answers == {ONE, TWO}
    assert await ask(network, "http://10.96.0.20:81/") == "timeout"
    only = endpoints("web", ONE)
    only["endpoints"].append({"addresses": [TWO], "conditions": {"ready": False, "serving": True, "terminating": True}})
    network.services.set_endpoints([only])
    assert {(await ask(network, "http://10.96.0.20/")).split()[0] for _ in range(10)} == {ONE}
    only["endpoints"][0]["conditions"]["ready"] = False
    network.services.set_endpoints([only])
    assert (await ask(network, "http://10.96.0.20/")).split()[0] == TWO


async def test_affinity_keeps_a_client_with_its_endpoint(network: Network) -> None:
    network.services.set_services([service("web", clusterIP="10.96.0.20", sessionAffinity="ClientIP")])
    network.services.set_endpoints([endpoints("web", ONE, TWO)])
    assert len({(await ask(network, "http://10.96.0.20/")).split()[0] for _ in range(12)}) == 1


async def test_node_ports_and_local_traffic(network: Network) -> None:
    web = service("web", clusterIP="10.96.0.20", ports=[{"port": 80, "nodePort": 30080}], internalTrafficPolicy="Local")
    network.services.set_services([web])
    one, two = endpoints("web", ONE, nodeName="node1"), endpoints("web", TWO, nodeName="node2")
    two["metadata"]["name"] = "web-y"
    network.services.set_endpoints([one, two])
    assert {(await ask(network, f"http://{NODE}:30080/", None)).split()[0] for _ in range(20)} == {ONE, TWO}
    assert {(await ask(network, "http://10.96.0.20/")).split()[0] for _ in range(10)} == {ONE}


async def test_a_stopped_proxy_keeps_its_rules(network: Network) -> None:
    network.services.set_services([service("web", clusterIP="10.96.0.20")])
    network.services.set_endpoints([endpoints("web", ONE)])
    network.detach(ONE)
    assert await ask(network, "http://10.96.0.20/", patience=None) == "unreachable"


def test_names_of_services_and_pods(network: Network) -> None:
    headless = endpoints("db", ONE)
    headless["endpoints"][0]["hostname"] = "db-0"
    network.dns.set_services(
        [
            service("web", clusterIP="10.96.0.20", ports=[{"name": "http", "port": 80}]),
            service("db", clusterIP="None", ports=[{"name": "sql", "port": 5432, "targetPort": 5432}]),
            service("out", type="ExternalName", externalName="example.com"),
        ]
    )
    network.dns.set_endpoints([headless])
    searches = ("default.svc.cluster.local", "svc.cluster.local", "cluster.local")
    for name in ("web", "web.default", "web.default.svc", "web.default.svc.cluster.local"):
        assert network.dns.resolve(name, searches) == ("web.default.svc.cluster.local", ["10.96.0.20"])
    assert network.dns.resolve("web.other", searches) == ("", [])
    assert network.dns.resolve("db", searches)[1] == [ONE]
    assert network.dns.resolve("db-0.db", searches)[1] == [ONE]
    assert network.dns.addresses("10-244-0-3.default.pod.cluster.local") == [ONE]
    assert (
        network.dns.query("_http._tcp.web.default.svc.cluster.local", "SRV").records[0].value
        == "0 100 80 web.default.svc.cluster.local."
    )
    assert network.dns.query("3.0.244.10.in-addr.arpa", "PTR").records[0].value == "db-0.db.default.svc.cluster.local."
    assert network.dns.query("out.default.svc.cluster.local").records[0].type == "CNAME"
    assert not network.dns.query("nope.default.svc.cluster.local").exists


async def test_policies_isolate_what_they_select(network: Network) -> None:
    network.policies.set_pods(
        [pod("client", CLIENT, app="client"), pod("one", ONE, app="web"), pod("two", TWO, "other", app="web")]
    )
    network.policies.set_namespaces(
        [{"metadata": {"name": "default", "labels": {"team": "a"}}}, {"metadata": {"name": "other"}}]
    )
    deny = {
        "metadata": {"name": "deny", "namespace": "default"},
        "spec": {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"]},
    }
    network.policies.set_policies([deny])
    assert await ask(network, f"http://{ONE}:8080/") == "timeout"
    assert (await ask(network, f"http://{TWO}:8080/")).startswith(TWO)
    assert (await ask(network, f"http://{ONE}:8080/", None)).startswith(ONE)
    allow = {
        "metadata": {"name": "allow", "namespace": "default"},
        "spec": {
            "podSelector": {"matchLabels": {"app": "web"}},
            "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "client"}}}], "ports": [{"port": 8080}]}],
        },
    }
    network.policies.put_policy(allow)
    assert (await ask(network, f"http://{ONE}:8080/")).startswith(ONE)
    assert await ask(network, f"http://{ONE}:8080/", TWO) == "timeout"
    egress = {
        "metadata": {"name": "out", "namespace": "default"},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [{"to": [{"ipBlock": {"cidr": "10.244.0.0/24", "except": ["10.244.0.9/32"]}}]}],
        },
    }
    network.policies.put_policy(egress)
    assert await ask(network, f"http://{TWO}:8080/") == "timeout"
    assert (await ask(network, f"http://{ONE}:8080/")).startswith(ONE)
    assert not network.policies.allows_dns(CLIENT)


def test_ingress_chooses_the_most_particular_rule(network: Network) -> None:
    def path(text: str, name: str, kind: str = "Prefix") -> Json:
        return {"path": text, "pathType": kind, "backend": {"service": {"name": name, "port": {"number": 80}}}}

    rules = [
        {
            "host": "shop.example",
            "http": {"paths": [path("/", "shop"), path("/cart", "cart"), path("/cart", "exact", "Exact")]},
        },
        {"host": "*.example", "http": {"paths": [path("/", "any")]}},
        {"http": {"paths": [path("/api", "api")]}},
    ]
    network.ingress.set_ingresses([{"metadata": {"name": "i", "namespace": "default"}, "spec": {"rules": rules}}])

    def chosen(host: str, where: str) -> str | None:
        backend = network.ingress.route(host, where)
        return backend.service if backend else None

    assert chosen("shop.example", "/x") == "shop"
    assert chosen("shop.example:80", "/cart") == "exact"
    assert chosen("shop.example", "/cart/1") == "cart"
    assert chosen("shop.example", "/carton") == "shop"
    assert chosen("www.example", "/") == "any"
    assert chosen("other.org", "/api/v1") == "api"
    assert chosen("other.org", "/") is None


def test_ports_of_a_headless_service_are_its_slices(network: Network) -> None:
    network.dns.set_services([service("db", clusterIP="None", ports=[])])
    first, second = endpoints("db", ONE), endpoints("db", TWO)
    first["ports"], second["ports"] = ([{"name": "pg", "port": number, "protocol": "TCP"}] for number in (5432, 5433))
    second["metadata"]["name"] = "db-y"
    network.dns.set_endpoints([first, second])
    answer = network.dns.query("_pg._tcp.db.default.svc.cluster.local", "SRV")
    assert [record.value for record in answer.records] == [
        "0 50 5432 10-244-0-3.db.default.svc.cluster.local.",
        "0 50 5433 10-244-1-4.db.default.svc.cluster.local.",
    ]
