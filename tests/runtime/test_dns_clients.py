"""nslookup, host, dig, getent, curl and nc: what they print was recorded from the real ones, with the same zone."""

import pytest

from k8s_tutor.sim.network import HttpRequest, HttpResponse, Listener
from k8s_tutor.sim.runtime import Container, Runtime
from k8s_tutor.sim.runtime.contract import DnsConfig
from tests.network.test_network import endpoints, service

from .conftest import MakeContainer, run

DNS = DnsConfig(("10.96.0.10",), ("default.svc.cluster.local", "svc.cluster.local", "cluster.local"), ("ndots:5",))
HEAD = "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n"
BIND = "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\n"


@pytest.fixture
def zone(runtime: Runtime) -> None:
    ports = [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}]
    services = [
        service("kubernetes", clusterIP="10.96.0.1"),
        service("web", clusterIP="None", ports=ports),
        service("ext", type="ExternalName", externalName="example.com"),
    ]
    runtime.network.dns.set_services(services)
    runtime.network.dns.set_endpoints([endpoints("web", "10.244.1.2")])


def client(container: MakeContainer, image: str) -> Container:
    return container(image, "sleep", "1d", dns=DNS)


@pytest.mark.usefixtures("zone")
async def test_busybox_asks_for_every_search_domain(container: MakeContainer) -> None:
    made = client(container, "busybox:1.36")
    short = await run(made, "nslookup", "kubernetes")
    lost = "".join(f"** server can't find kubernetes.{domain}: NXDOMAIN\n\n" for domain in DNS.searches[1:])
    found = "Name:\tkubernetes.default.svc.cluster.local\nAddress: 10.96.0.1\n\n"
    assert (short.code, short.out) == (1, f"{HEAD}{found}{lost}\n{lost}")
    dotted = await run(made, "nslookup", "kubernetes.default")
    assert (dotted.code, dotted.out) == (1, HEAD + "** server can't find kubernetes.default: NXDOMAIN\n\n" * 2)
    whole = await run(made, "nslookup", "kubernetes.default.svc.cluster.local")
    assert (whole.code, whole.out) == (0, f"{HEAD}{found}\n")
    back = await run(made, "nslookup", "10.96.0.1")
    assert back.out == f"{HEAD}1.0.96.10.in-addr.arpa\tname = kubernetes.default.svc.cluster.local\n\n"


@pytest.mark.usefixtures("zone")
async def test_an_old_busybox_asks_as_the_c_library(container: MakeContainer) -> None:
    made = client(container, "busybox:1.28")
    found = await run(made, "nslookup", "kubernetes.default")
    assert found.out == (
        "Server:    10.96.0.10\nAddress 1: 10.96.0.10\n\n"
        "Name:      kubernetes.default\nAddress 1: 10.96.0.1 kubernetes.default.svc.cluster.local\n"
    )
    assert (await run(made, "nslookup", "nope")).err == "nslookup: can't resolve 'nope'\n"


@pytest.mark.usefixtures("zone")
async def test_binds_tools(container: MakeContainer) -> None:
    made = client(container, "registry.k8s.io/e2e-test-images/jessie-dnsutils:1.7")
    found = await run(made, "nslookup", "kubernetes.default")
    assert found.out == f"{BIND}Name:\tkubernetes.default.svc.cluster.local\nAddress: 10.96.0.1\n\n"
    assert (await run(made, "nslookup", "nope")).out == f"{BIND}** server can't find nope: NXDOMAIN\n\n"
    assert (await run(made, "host", "web")).out == "web.default.svc.cluster.local has address 10.244.1.2\n"
    assert (await run(made, "host", "nope")).out == "Host nope not found: 3(NXDOMAIN)\n"
    answer = await run(made, "dig", "+search", "+noall", "+answer", "web")
    assert answer.out == "web.default.svc.cluster.local. 30 IN\tA\t10.244.1.2\n"
    assert (await run(made, "dig", "+short", "-x", "10.96.0.1")).out == "kubernetes.default.svc.cluster.local.\n"
    assert (await run(made, "dig", "+short", "+search", "ext")).out == "example.com.\n"
    lines = (await run(made, "dig", "nope")).out.splitlines()
    assert ";nope.\t\t\t\tIN\tA" in lines
    assert any(line.startswith("cluster.local.\t\t30\tIN\tSOA\tns.dns.cluster.local. ") for line in lines)
    assert (await run(made, "getent", "hosts", "web")).out == "10.244.1.2      web.default.svc.cluster.local\n"
    assert (await run(made, "getent", "hosts", "nope")).code == 2


async def test_who_asks_an_address_without_a_server_waits(container: MakeContainer) -> None:
    made = client(container, "registry.k8s.io/e2e-test-images/jessie-dnsutils:1.7")
    silent = await run(made, "dig", "+short", "@10.1.2.3", "web")
    assert (silent.code, silent.out.endswith(";; no servers could be reached\n")) == (9, True)
    outside = await run(made, "nslookup", "kubernetes.default.svc.cluster.local", "8.8.8.8")
    assert outside.code == 1
    assert "NXDOMAIN" in outside.out


async def test_curls_options_and_words(container: MakeContainer) -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        told = f"{request.method} {request.target} {request.headers.get('authorization', '')} {request.body.decode()}"
        return HttpResponse(503 if request.path == "/busy" else 200, told.encode())

    made = client(container, "curlimages/curl:8.11.1")
    made.runtime.network.listen(made.config.pod_ip, Listener(80, answer))
    assert (await run(made, "curl", "-gqs", "localhost/a?b=c")).out == "GET /a?b=c  "
    assert (await run(made, "curl", "-sG", "-d", "x=1", "-d", "y=2", "localhost/q")).out == "GET /q?x=1&y=2  "
    assert (await run(made, "curl", "-s", "-u", "me:secret", "-XPUT", "localhost")).out == "PUT / Basic bWU6c2VjcmV0 "
    assert (await run(made, "curl", "-s", "--data-urlencode", "a=b c", "localhost")).out == "POST /  a=b%20c"
    assert (await run(made, "curl", "-so", "/dev/null", "-w", "%{http_code}\\n", "localhost")).out == "200\n"
    assert (await run(made, "curl", "-s", "--resolve", f"web:80:{made.config.pod_ip}", "http://web/")).out == "GET /  "
    busy = await run(made, "curl", "-s", "-S", "-f", "--retry", "2", "localhost/busy")
    assert (busy.code, busy.err.splitlines()[-1]) == (22, "curl: (22) The requested URL returned error: 503")
    wrong = await run(made, "curl", "--nope")
    assert (wrong.code, wrong.err.splitlines()[0]) == (2, "curl: option --nope: is unknown")
