"""Paths that are of no resource: discovery of what is not there, health, keys, OpenAPI's values."""

import pytest

from tests.apiserver.api import call
from tests.conftest import ServerFactory


@pytest.mark.parametrize("path", ["/api/v2", "/apis/apps/v9", "/api/v1//namespaces"])
async def test_an_unknown_version_of_a_known_group_is_a_status(server: ServerFactory, path: str) -> None:
    served = await server(nodes=0)
    answer = await call(served, "GET", path)
    assert (answer.status, answer.body["reason"]) == (404, "NotFound")


async def test_an_unknown_group_is_text(server: ServerFactory) -> None:
    served = await server(nodes=0)
    answer = await call(served, "GET", "/apis/nope")
    assert (answer.status, answer.body) == (404, "404 page not found\n")
    assert answer.headers["x-content-type-options"] == ["nosniff"]


@pytest.mark.parametrize(("method", "path"), [("POST", "/version"), ("DELETE", "/api"), ("HEAD", "/api/v1/namespaces")])
async def test_methods_that_a_path_does_not_have(server: ServerFactory, method: str, path: str) -> None:
    served = await server(nodes=0)
    assert (await call(served, method, path)).status == 405


async def test_health_tells_of_every_check_and_of_wrong_exclusions(server: ServerFactory) -> None:
    served = await server(nodes=0)
    lines = (await call(served, "GET", "/livez?verbose&exclude=nope")).body.split("\n")
    assert lines[:4] == ["[+]ping ok", "[+]log ok", "[+]loopback-serving-certificate ok", "[+]etcd ok"]
    assert lines[-3:] == [
        'warn: some health checks cannot be excluded: no matches for "nope"',
        "livez check passed",
        "",
    ]
    assert "loopback" not in (await call(served, "GET", "/readyz?verbose")).body
    indicators = (await call(served, "GET", "/metrics/slis")).body
    assert 'kubernetes_healthcheck{name="etcd",type="livez"} 1\n' in indicators


async def test_tokens_can_be_verified_with_the_published_key(server: ServerFactory) -> None:
    served = await server(nodes=0)
    answer = await call(served, "GET", "/openid/v1/jwks")
    key = answer.body["keys"][0]
    assert (key["kty"], key["crv"], key["use"]) == ("EC", "P-256", "sig")
    assert answer.headers["content-type"] == ["application/jwk-set+json"]
    assert (await call(served, "GET", "/openid/v1/jwks", accept="text/html")).status == 406


async def test_openapi_tells_the_values_of_a_field(server: ServerFactory) -> None:
    served = await server(nodes=0)
    document = (await call(served, "GET", "/openapi/v3/api/v1")).body
    policy = document["components"]["schemas"]["io.k8s.api.core.v1.PodSpec"]["properties"]["dnsPolicy"]
    assert policy["enum"] == ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]
    assert "Possible enum values:" in policy["description"]
    csr = (await call(served, "GET", "/openapi/v3/apis/certificates.k8s.io/v1")).body["components"]["schemas"]
    usages = csr["io.k8s.api.certificates.v1.CertificateSigningRequestSpec"]["properties"]["usages"]
    assert "client auth" in usages["items"]["enum"]
