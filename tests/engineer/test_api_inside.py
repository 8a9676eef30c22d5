"""Pods reach the API server by its Service, with the mounted token and CA; the Service says where it is."""

import json

from tests.conftest import ServerFactory
from tests.engineer.pods import make_pod, run

FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"
AS_MYSELF = f'--cacert {FOLDER}/ca.crt -H "Authorization: Bearer $(cat {FOLDER}/token)"'


async def test_a_pod_asks_the_api_with_its_token(server: ServerFactory) -> None:
    s = await server(nodes=1, start_latency=False)
    make_pod(s, "curl", "curlimages/curl")
    await s.cluster.clock.advance(10)

    code, out, err = await run(s, "curl", f"curl -sS {AS_MYSELF} https://kubernetes.default.svc/api/v1/pods")
    assert (code, err) == (0, "")
    assert "system:serviceaccount:default:default" in json.loads(out)["message"]
    _, out, _ = await run(s, "curl", f"curl -sS {AS_MYSELF} https://kubernetes.default/version")
    assert json.loads(out)["gitVersion"] == "v1.37.2"
    _, out, _ = await run(s, "curl", "curl -sk https://$KUBERNETES_SERVICE_HOST/api/v1/pods")
    assert "system:anonymous" in json.loads(out)["message"]


async def test_who_does_not_know_the_ca_is_warned(server: ServerFactory) -> None:
    s = await server(nodes=1, start_latency=False)
    make_pod(s, "curl", "curlimages/curl")
    make_pod(s, "busy", "busybox:1.36")
    await s.cluster.clock.advance(10)

    code, _, err = await run(s, "curl", "curl https://kubernetes.default.svc/version")
    assert code == 60
    assert "SSL certificate problem" in err
    code, out, _ = await run(s, "busy", "wget -qO- https://kubernetes.default.svc/version")
    assert (code, json.loads(out)["minor"]) == (0, "37")
    code, _, err = await run(s, "busy", "wget -qO- http://kubernetes.default.svc:443/version")
    assert code == 1


async def test_the_service_kubernetes_has_endpoints(server: ServerFactory) -> None:
    s = await server()
    client = s.cluster.client("admin", "kubectl")
    endpoints = client.get("endpoints", "kubernetes", "default")
    piece = client.get("endpointslices.discovery.k8s.io", "kubernetes", "default")
    assert endpoints is not None
    assert piece is not None
    assert endpoints["subsets"][0]["ports"] == [{"name": "https", "port": 6443, "protocol": "TCP"}]
    assert piece["endpoints"][0]["addresses"] == [endpoints["subsets"][0]["addresses"][0]["ip"]]
    await s.cluster.clock.advance(60)
    assert [e["metadata"]["name"] for e in client.list("endpointslices.discovery.k8s.io", "default")] == ["kubernetes"]
