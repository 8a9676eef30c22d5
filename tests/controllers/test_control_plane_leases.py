"""Leases of the control plane, and what kube-apiserver makes of its own, in virtual time."""

from collections.abc import Awaitable, Callable

from k8s_tutor.sim.cluster import Cluster
from tests.controllers.test_small_controllers import ready

Make = Callable[..., Awaitable[Cluster]]
LEASES = "leases.coordination.k8s.io"


async def test_the_api_server_tells_that_it_is_there(cluster: Make) -> None:
    client, clock, _ = await ready(cluster, nodes=0)
    (lease,) = client.list(LEASES, "kube-system")
    assert lease["metadata"]["name"].startswith("apiserver-")
    assert lease["metadata"]["labels"]["apiserver.kubernetes.io/identity"] == "kube-apiserver"
    assert lease["spec"]["leaseDurationSeconds"] == 3600
    await clock.advance(60)
    (later,) = client.list(LEASES, "kube-system")
    assert later["spec"]["renewTime"] > lease["spec"]["renewTime"]
    assert later["spec"]["holderIdentity"] == lease["spec"]["holderIdentity"]


async def test_who_leads_changes_when_a_component_is_started_again(cluster: Make) -> None:
    client, clock, made = await ready(cluster, nodes=1, bare=False)
    for component in ("kube-scheduler", "kube-controller-manager"):
        lease = client.get(LEASES, component, "kube-system")
        assert lease is not None
        assert lease["spec"]["leaseTransitions"] == 0
        made.components.stop(component)
        await clock.advance(30)
        old = client.get(LEASES, component, "kube-system")
        made.components.start(component)
        await clock.advance(3)
        new = client.get(LEASES, component, "kube-system")
        assert old is not None
        assert new is not None
        assert old["spec"]["holderIdentity"] == lease["spec"]["holderIdentity"] != new["spec"]["holderIdentity"]
        assert new["spec"]["leaseTransitions"] == 1
        told = [event["message"] for event in client.list("events") if event["reason"] == "LeaderElection"]
        assert f"{new['spec']['holderIdentity']} became leader" in told


async def test_addresses_of_services_are_objects_of_the_api_server(cluster: Make) -> None:
    client, _, _ = await ready(cluster, nodes=0)
    address = client.get("ipaddresses.networking.k8s.io", "10.96.0.1")
    assert address is not None
    assert address["spec"]["parentRef"] == {"resource": "services", "namespace": "default", "name": "kubernetes"}
    (entry,) = address["metadata"]["managedFields"]
    assert entry["manager"] == "kube-apiserver"
    assert set(entry["fieldsV1"]) == {"f:metadata", "f:spec"}
    tracking = client.get("configmaps", "kube-apiserver-legacy-service-account-token-tracking", "kube-system")
    assert tracking is not None
    assert tracking["data"] == {"since": "2027-01-15"}
