"""The Ingress controller says in the Ingress' status where it can be reached."""

from tests.conftest import ClusterFactory


async def test_an_ingress_gets_the_controllers_address(cluster: ClusterFactory) -> None:
    c = await cluster(nodes=1, bare=False, start_latency=False)
    client = c.client("admin", "kubectl")
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    rule = {"host": "a.example.com", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    for name, of in (("web", "nginx"), ("other", "traefik")):
        spec = {"ingressClassName": of, "rules": [rule]}
        client.create("ingresses.networking.k8s.io", {"metadata": {"name": name, "namespace": "default"}, "spec": spec})
    await c.clock.advance(90)
    found = {i["metadata"]["name"]: i["status"]["loadBalancer"] for i in client.list("ingresses.networking.k8s.io")}
    assert found == {"web": {"ingress": [{"ip": "172.18.0.3"}]}, "other": {}}
