"""APIServices: what this server serves is available, what others should serve only if they can be reached."""

from k8s_tutor.apimachinery.unstructured import Json
from tests.apiserver.api import call
from tests.apiserver.test_customs import DEFINITIONS, definition
from tests.conftest import Server, ServerFactory

SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"


def elsewhere(service: str) -> Json:
    """Return the APIService of a group that a Service stands for."""
    spec = {"group": "foo.ex", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 10}
    reference = {"name": service, "namespace": "default"}
    return {"metadata": {"name": "v1.foo.ex"}, "spec": spec | {"insecureSkipTLSVerify": True, "service": reference}}


async def available(served: Server, name: str = "v1.foo.ex") -> tuple[str, str, str]:
    """Return status, reason and message of the condition."""
    await served.cluster.clock.advance(1)
    status = (await call(served, "GET", f"{SERVICES}/{name}")).body["status"]
    (condition,) = status["conditions"]
    return condition["status"], condition["reason"], condition["message"]


async def test_a_service_that_cannot_be_reached(server: ServerFactory) -> None:
    served = await server()
    await call(served, "POST", SERVICES, elsewhere("back"))
    assert await available(served) == ("False", "ServiceNotFound", 'service/back in "default" is not present')
    refused = await call(served, "GET", "/apis/foo.ex/v1/things")
    assert (refused.status, refused.body) == (503, "service unavailable\n")
    assert (await call(served, "GET", "/apis/foo.ex/v1")).status == 503
    service: Json = {"metadata": {"name": "back"}, "spec": {"selector": {"a": "b"}, "ports": [{"port": 80}]}}
    await call(served, "POST", "/api/v1/namespaces/default/services", service)
    assert await available(served) == (
        "False",
        "ServicePortError",
        'service/back in "default" is not listening on port 443',
    )
    service["spec"]["ports"] = [{"port": 443}]
    await call(served, "DELETE", "/api/v1/namespaces/default/services/back")
    await call(served, "POST", "/api/v1/namespaces/default/services", service)
    status, reason, message = await available(served)
    assert (status, reason) == ("False", "MissingEndpoints")
    assert message == 'endpointslices for service/back in "default" have no addresses with port name ""'


async def test_each_version_of_a_custom_group_has_an_api_service_of_its_own(server: ServerFactory) -> None:
    served = await server()
    await call(served, "POST", DEFINITIONS, definition())
    local = ("True", "Local", "Local APIServices are always available")
    await served.cluster.clock.advance(5)
    assert await available(served, "v1.example.com") == local
    made = (await call(served, "GET", f"{SERVICES}/v1.example.com")).body
    assert made["metadata"]["labels"] == {"kube-aggregator.kubernetes.io/automanaged": "true"}
    assert made["spec"]["groupPriorityMinimum"] == 1000
    unknown = await call(served, "GET", "/apis/example.com/v1/nope")
    assert unknown.status == 404
    await call(served, "DELETE", f"{DEFINITIONS}/things.example.com")
    await served.cluster.clock.advance(5)
    assert (await call(served, "GET", f"{SERVICES}/v1.example.com")).status == 404
