"""The smaller controllers on a cluster in virtual time."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.cluster import Cluster
from k8s_tutor.sim.controllers.index import owner_index
from k8s_tutor.sim.registry.client import LocalClient
from k8s_tutor.sim.registry.strategy import UserInfo

Make = Callable[..., Awaitable[Cluster]]


async def ready(cluster: Make, **options: Any) -> tuple[LocalClient, Clock, Cluster]:
    made = await cluster(**options)
    admin = UserInfo("kubernetes-admin", ("system:masters", "system:authenticated"))
    client = LocalClient(made.rest, admin, "test")
    client.create("namespaces", {"metadata": {"name": "x"}})
    await made.clock.advance(1)
    return client, made.clock, made


def config_map(name: str, owner: Json | None = None, **reference: Any) -> Json:
    meta: Json = {"name": name, "namespace": "x"}
    if owner is not None:
        about = {"apiVersion": "v1", "kind": "ConfigMap", "name": owner["metadata"]["name"]}
        meta["ownerReferences"] = [about | {"uid": owner["metadata"]["uid"]} | reference]
    return {"metadata": meta}


async def test_a_namespace_gets_its_account_and_the_root_certificate(cluster: Make) -> None:
    client, clock, made = await ready(cluster)
    assert client.get("serviceaccounts", "default", "x") is not None
    found = client.get("configmaps", "kube-root-ca.crt", "x")
    assert found is not None
    assert found["data"] == {"ca.crt": made.identity.ca_pem}
    client.delete("serviceaccounts", "default", "x")
    client.delete("configmaps", "kube-root-ca.crt", "x")
    await clock.advance(1)
    assert client.get("serviceaccounts", "default", "x") is not None
    assert client.get("configmaps", "kube-root-ca.crt", "x") is not None


async def test_a_dependent_of_an_absent_owner_goes(cluster: Make) -> None:
    client, clock, _ = await ready(cluster)
    absent = {"metadata": {"name": "gone", "uid": "no-such-uid"}}
    client.create("configmaps", config_map("kid", absent))
    await clock.advance(1)
    assert client.get("configmaps", "kid", "x") is None


async def test_a_dependent_with_another_owner_stays(cluster: Make) -> None:
    client, clock, _ = await ready(cluster)
    one, two = client.create("configmaps", config_map("one")), client.create("configmaps", config_map("two"))
    kid = config_map("kid", one)
    kid["metadata"]["ownerReferences"] += config_map("kid", two)["metadata"]["ownerReferences"]
    client.create("configmaps", kid)
    await clock.advance(1)
    client.delete("configmaps", "one", "x", propagation="Background")
    await clock.advance(1)
    left = client.get("configmaps", "kid", "x")
    assert left is not None
    assert [owner["name"] for owner in left["metadata"]["ownerReferences"]] == ["two"]


async def test_foreground_waits_for_what_blocks(cluster: Make) -> None:
    client, clock, _ = await ready(cluster)
    owner = client.create("configmaps", config_map("owner"))
    kid = config_map("kid", owner, blockOwnerDeletion=True)
    kid["metadata"]["finalizers"] = ["example.com/wait"]
    client.create("configmaps", kid)
    await clock.advance(1)
    client.delete("configmaps", "owner", "x", propagation="Foreground")
    await clock.advance(5)
    waiting = client.get("configmaps", "owner", "x")
    assert waiting is not None
    assert waiting["metadata"]["finalizers"] == ["foregroundDeletion"]
    client.change("configmaps", "x", "kid", lambda obj: obj["metadata"].pop("finalizers"))
    await clock.advance(1)
    assert client.get("configmaps", "owner", "x") is None


async def test_a_namespace_tells_what_keeps_it(cluster: Make) -> None:
    client, clock, _ = await ready(cluster)
    stuck = config_map("stuck")
    stuck["metadata"]["finalizers"] = ["example.com/wait"]
    client.create("configmaps", stuck)
    client.delete("namespaces", "x")
    await clock.advance(6)
    found = client.get("namespaces", "x")
    assert found is not None
    said = {item["type"]: item["message"] for item in found["status"]["conditions"] if item["status"] == "True"}
    assert said == {
        "NamespaceContentRemaining": "Some resources are remaining: configmaps. has 1 resource instances",
        "NamespaceFinalizersRemaining": (
            "Some content in the namespace has finalizers remaining: example.com/wait in 1 resource instances"
        ),
    }
    client.change("configmaps", "x", "stuck", lambda obj: obj["metadata"].pop("finalizers"))
    await clock.advance(20)
    assert client.get("namespaces", "x") is None


async def test_a_quota_counts_what_is_there(cluster: Make) -> None:
    client, clock, _ = await ready(cluster)
    client.create("configmaps", config_map("a"))
    client.create(
        "resourcequotas", {"metadata": {"name": "q", "namespace": "x"}, "spec": {"hard": {"configmaps": "9"}}}
    )
    await clock.advance(1)
    found = client.get("resourcequotas", "q", "x")
    assert found is not None
    assert found["status"]["used"] == {"configmaps": "2"}  # with the root certificate's
    client.delete("configmaps", "a", "x")
    await clock.advance(1)
    found = client.get("resourcequotas", "q", "x")
    assert found is not None
    assert found["status"]["used"] == {"configmaps": "1"}


async def test_pods_of_a_node_that_is_gone_are_collected(cluster: Make) -> None:
    client, clock, _ = await ready(cluster)
    client.create(
        "pods",
        {
            "metadata": {"name": "p", "namespace": "x"},
            "spec": {"nodeName": "nowhere", "containers": [{"name": "c", "image": "busybox"}]},
        },
    )
    await clock.advance(30)
    assert client.get("pods", "p", "x") is not None
    await clock.advance(60)
    assert client.get("pods", "p", "x") is None


async def test_a_cluster_role_is_made_of_others(cluster: Make) -> None:
    client, clock, _ = await ready(cluster)
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    roles = "clusterroles.rbac.authorization.k8s.io"
    client.create(roles, {"metadata": {"name": "part", "labels": {"to": "whole"}}, "rules": [rule]})
    selectors = {"clusterRoleSelectors": [{"matchLabels": {"to": "whole"}}]}
    client.create(roles, {"metadata": {"name": "whole"}, "aggregationRule": selectors, "rules": []})
    await clock.advance(1)
    found = client.get(roles, "whole")
    assert found is not None
    assert found["rules"] == [rule]


async def test_endpoints_made_by_hand_are_mirrored(cluster: Make) -> None:
    client, clock, _ = await ready(cluster)
    client.create("services", {"metadata": {"name": "db", "namespace": "x"}, "spec": {"ports": [{"port": 5432}]}})
    subset = {"addresses": [{"ip": "192.0.2.7"}], "ports": [{"port": 5432}]}
    client.create("endpoints", {"metadata": {"name": "db", "namespace": "x"}, "subsets": [subset]})
    await clock.advance(1)
    slices = client.list("endpointslices.discovery.k8s.io", "x")
    assert [found["endpoints"][0]["addresses"] for found in slices] == [["192.0.2.7"]]
    labels = slices[0]["metadata"]["labels"]
    assert labels["endpointslice.kubernetes.io/managed-by"] == "endpointslicemirroring-controller.k8s.io"


async def test_the_owner_index_follows_within_a_write(cluster: Make) -> None:
    client, _, made = await ready(cluster)
    index = owner_index(made.store, "configmaps")
    owner = client.create("configmaps", config_map("owner"))
    client.create("configmaps", config_map("kid", owner, controller=True))
    assert [kid["metadata"]["name"] for kid in index.owned(owner["metadata"]["uid"])] == ["kid"]
    client.change("configmaps", "x", "kid", lambda obj: obj["metadata"].pop("ownerReferences"))
    assert index.owned(owner["metadata"]["uid"]) == []
    assert "kid" in {orphan["metadata"]["name"] for orphan in index.orphans("x")}
    client.delete("configmaps", "kid", "x")
    assert "kid" not in {orphan["metadata"]["name"] for orphan in index.orphans("x")}


async def test_a_new_name_for_a_hash_that_is_taken(cluster: Make) -> None:
    """Another ReplicaSet already has the name that the template's hash gives: the Deployment counts a collision."""
    client, clock, _ = await ready(cluster)
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    client.create("deployments.apps", {"metadata": {"name": "web", "namespace": "x"}, "spec": spec})
    await clock.advance(1)
    (first,) = client.list("replicasets.apps", "x")
    client.delete("deployments.apps", "web", "x", propagation="Background")
    await clock.advance(1)
    other = {"replicas": 0, "selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}}}
    other["template"]["spec"] = template["spec"]  # type: ignore[index]
    name = first["metadata"]["name"]
    client.create("replicasets.apps", {"metadata": {"name": name, "namespace": "x"}, "spec": other})
    client.create("deployments.apps", {"metadata": {"name": "web", "namespace": "x"}, "spec": spec})
    await clock.advance(1)
    found = client.get("deployments.apps", "web", "x")
    assert found is not None
    assert found["status"]["collisionCount"] == 1
    assert len(client.list("replicasets.apps", "x")) == 2


def _volume(**spec: Any) -> Json:
    base = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/x"}}
    return {"metadata": {"name": "v"}, "spec": base | {"storageClassName": "c"} | spec}


def _claim(name: str = "claim", **spec: Any) -> Json:
    base = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "c"}
    return {"metadata": {"name": name, "namespace": "x"}, "spec": base | spec}


@pytest.mark.parametrize(
    ("volume", "claim", "why"),
    [
        ({}, {"resources": {"requests": {"storage": "2Gi"}}}, "requested PV is too small"),
        ({"storageClassName": "d"}, {}, "storageClassName does not match"),
        ({"accessModes": ["ReadOnlyMany"]}, {}, "incompatible accessMode"),
        ({"volumeMode": "Block"}, {}, "incompatible volumeMode"),
    ],
)
async def test_a_claim_that_names_a_volume_must_fit_it(cluster: Make, volume: Json, claim: Json, why: str) -> None:
    client, clock, _ = await ready(cluster)
    client.create("persistentvolumes", _volume(**volume))
    client.create("persistentvolumeclaims", _claim(volumeName="v", **claim))
    await clock.advance(2)
    found = client.get("persistentvolumeclaims", "claim", "x")
    assert found is not None
    assert found["status"]["phase"] == "Pending"
    notes = [event.get("message") or event.get("note") for event in client.list("events", "x")]
    assert f'Cannot bind to requested volume "v": {why}' in notes


async def test_a_volume_goes_to_one_claim(cluster: Make) -> None:
    client, clock, _ = await ready(cluster)
    client.create("persistentvolumes", _volume())
    for name in ("one", "two"):
        client.create("persistentvolumeclaims", _claim(name, volumeName="v"))
        await clock.advance(2)
    phases = [claim["status"]["phase"] for claim in client.list("persistentvolumeclaims", "x")]
    assert phases == ["Bound", "Pending"]
    notes = [event.get("message") or event.get("note") for event in client.list("events", "x")]
    assert 'volume "v" already bound to a different claim.' in notes


async def test_an_attributes_class_stays_while_a_claim_names_it(cluster: Make) -> None:
    client, clock, _ = await ready(cluster)
    classes = "volumeattributesclasses.storage.k8s.io"
    client.create(classes, {"metadata": {"name": "fast"}, "driverName": "csi.example.com", "parameters": {"a": "b"}})
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    client.create(
        "persistentvolumeclaims",
        {"metadata": {"name": "data", "namespace": "x"}, "spec": claim | {"volumeAttributesClassName": "fast"}},
    )
    client.delete(classes, "fast")
    await clock.advance(1)
    assert client.get(classes, "fast") is not None
    client.delete("persistentvolumeclaims", "data", "x")
    await clock.advance(1)
    assert client.get(classes, "fast") is None


async def test_a_bound_volume_being_deleted_goes_with_its_claim(cluster: Make) -> None:
    client, clock, _ = await ready(cluster)
    size = {"storage": "1Gi"}
    shared = {"accessModes": ["ReadWriteOnce"]}
    client.create(
        "persistentvolumes",
        {"metadata": {"name": "v"}, "spec": shared | {"capacity": size, "hostPath": {"path": "/data/v"}}},
    )
    claim = {"metadata": {"name": "c", "namespace": "x"}}
    claim_spec = shared | {"resources": {"requests": size}, "storageClassName": ""}
    client.create("persistentvolumeclaims", claim | {"spec": claim_spec})
    await clock.advance(5)
    client.delete("persistentvolumes", "v")
    await clock.advance(5)
    assert client.get("persistentvolumes", "v") is not None
    client.delete("persistentvolumeclaims", "c", "x")
    await clock.advance(5)
    assert client.get("persistentvolumes", "v") is None
