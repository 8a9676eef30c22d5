"""A pod verifies its token as a stranger would: by the issuer's metadata and keys (OpenID Connect)."""

import asyncio

from tests.apiserver.api import call
from tests.conftest import ServerFactory

PODS = "/api/v1/namespaces/default/pods"
IMAGE = "registry.k8s.io/e2e-test-images/agnhost:2.66.1"


async def test_a_pod_verifies_a_token_by_what_the_issuer_publishes(server: ServerFactory) -> None:
    served = await server(nodes=1, bare=False)
    source = {"serviceAccountToken": {"path": "token", "expirationSeconds": 600, "audience": "them"}}
    args = ["test-service-account-issuer-discovery", "--token-path=/t/token", "--audience=them"]
    container = {"name": "c", "image": IMAGE, "args": args, "volumeMounts": [{"name": "t", "mountPath": "/t"}]}
    spec = {"restartPolicy": "Never", "containers": [container]}
    volumes = [{"name": "t", "projected": {"sources": [source]}}]
    await call(served, "POST", PODS, {"metadata": {"name": "p"}, "spec": spec | {"volumes": volumes}})
    phase = ""
    for _ in range(80):
        await served.cluster.clock.advance(0.5)
        await asyncio.sleep(0.01)
        phase = (await call(served, "GET", f"{PODS}/p")).body["status"]["phase"]
        if phase in {"Succeeded", "Failed"}:
            break
    log = (await call(served, "GET", f"{PODS}/p/log")).body
    assert phase == "Succeeded", log
    assert "OK: Validated signature on JWT" in log
