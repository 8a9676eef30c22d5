"""Bootstrap tokens sign what the cluster is, and end when their time is over."""

from collections.abc import Awaitable, Callable

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.cluster import Cluster
from k8s_tutor.sim.controllers.bootstrapsigner import signature
from k8s_tutor.sim.registry.client import LocalClient
from tests.controllers.test_small_controllers import ready

Make = Callable[..., Awaitable[Cluster]]


def token(token_id: str, **more: str) -> Json:
    values = {"token-id": token_id, "token-secret": "0123456789abcdef", "usage-bootstrap-signing": "true"}
    meta = {"name": f"bootstrap-token-{token_id}", "namespace": "kube-system"}
    return {"metadata": meta, "type": "bootstrap.kubernetes.io/token", "stringData": values | more}


def signatures(client: LocalClient) -> set[str]:
    info = client.get("configmaps", "cluster-info", "kube-public")
    assert info is not None
    return {key for key in info["data"] if key != "kubeconfig"}


def test_a_signature_is_a_jws_without_its_content() -> None:
    # What openssl makes of it: HMAC-SHA256 of the two parts in base64url.
    assert signature("hello", "abcdef", "0123456789abcdef") == (
        "eyJhbGciOiJIUzI1NiIsImtpZCI6ImFiY2RlZiJ9..MxsnbCjBaYzcbNIFa06F-wuF9LX26rhMlrL4zA1511s"
    )


async def test_tokens_sign_and_end(cluster: Make) -> None:
    client, clock, _ = await ready(cluster, nodes=0, bare=False)
    client.create("secrets", token("abcdef", expiration="2027-01-15T08:10:00Z"))
    client.create("secrets", token("ghijkl"))
    client.create("secrets", token("unsign", **{"usage-bootstrap-signing": "false"}))
    await clock.advance(1)
    assert signatures(client) == {"jws-kubeconfig-abcdef", "jws-kubeconfig-ghijkl"}
    await clock.advance(700)
    assert client.get("secrets", "bootstrap-token-abcdef", "kube-system") is None
    assert client.get("secrets", "bootstrap-token-ghijkl", "kube-system") is not None
    assert signatures(client) == {"jws-kubeconfig-ghijkl"}
    client.change("configmaps", "kube-public", "cluster-info", lambda obj: obj["data"].update(kubeconfig="other"))
    await clock.advance(1)
    info = client.get("configmaps", "cluster-info", "kube-public")
    assert info is not None
    assert info["data"]["jws-kubeconfig-ghijkl"] == signature("other", "ghijkl", "0123456789abcdef")
