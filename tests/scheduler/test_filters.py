"""Each filter's refusal, word for word, and what passes it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from k8s_tutor.sim.cluster import Cluster
from k8s_tutor.sim.registry.client import LocalClient
from k8s_tutor.sim.registry.strategy import UserInfo
from tests.scheduler.places import Places

NOT_HELPFUL = "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
NO_VICTIMS = "preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."
TAINT = {"key": "team", "value": "x", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("node", "pod", "why", "end"),
    [
        ({"unschedulable": True}, {}, "node(s) were unschedulable", NOT_HELPFUL),
        ({"taints": [TAINT]}, {}, "node(s) had untolerated taint(s)", NOT_HELPFUL),
        ({}, {"nodeSelector": {"disk": "ssd"}}, "node(s) didn't match Pod's node affinity/selector", NOT_HELPFUL),
        ({"cpu": "1"}, {"requests": {"cpu": "2"}}, "Insufficient cpu", NOT_HELPFUL),
        ({}, {"requests": {"example.com/gpu": "1"}}, "Insufficient example.com/gpu", NOT_HELPFUL),
        ({"more": {"pods": "0"}}, {}, "Too many pods", NO_VICTIMS),
    ],
)
async def test_refusal(places: Places, node: dict[str, Any], pod: dict[str, Any], why: str, end: str) -> None:
    places.node("n", **node)
    assert places.decide(places.pod(**pod)) == f"0/1 nodes are available: 1 {why}. {end}"


async def test_no_nodes(places: Places) -> None:
    assert places.decide(places.pod()) == "no nodes available to schedule pods"


async def test_reasons_are_counted_and_sorted(places: Places) -> None:
    places.node("a", cpu="1")
    places.node("b", cpu="1")
    places.node("c", taints=[TAINT])
    assert places.decide(places.pod(requests={"cpu": "2"})) == (
        "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu. "
        "preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
    )


async def test_tolerated_taint(places: Places) -> None:
    places.node("n", taints=[TAINT])
    assert places.decide(places.pod(tolerations=[{"key": "team", "operator": "Equal", "value": "x"}])) == "n"
    assert places.decide(places.pod(tolerations=[{"operator": "Exists"}])) == "n"
    assert "untolerated" in places.decide(places.pod(tolerations=[{"key": "team", "value": "y"}]))


async def test_what_is_left_counts(places: Places) -> None:
    places.node("n", cpu="1")
    places.run("n", requests={"cpu": "600m"})
    assert "Insufficient cpu" in places.decide(places.pod(requests={"cpu": "500m"}))
    assert places.decide(places.pod(requests={"cpu": "400m"})) == "n"


async def test_host_ports(places: Places) -> None:
    port: dict[str, Any] = {"container": {"ports": [{"containerPort": 80, "hostPort": 8080}]}}
    places.node("n")
    places.run("n", **port)
    assert "didn't have free ports" in places.decide(places.pod(**port))
    other: dict[str, Any] = {"container": {"ports": [{"containerPort": 80, "hostPort": 8081}]}}
    assert places.decide(places.pod(**other)) == "n"


async def test_pod_anti_affinity_in_both_directions(places: Places) -> None:
    apart = {
        "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [
                {"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "kubernetes.io/hostname"}
            ]
        }
    }
    places.node("n")
    places.run("n", labels={"app": "web"}, affinity=apart)
    assert "1 node(s) didn't satisfy existing pods anti-affinity rules" in places.decide(
        places.pod(labels={"app": "web"})
    )
    refused = places.decide(places.pod(labels={"app": "db"}, affinity=apart))
    assert "1 node(s) didn't match pod anti-affinity rules" in refused
    places.node("m")
    assert places.decide(places.pod(labels={"app": "web"}, affinity=apart)) == "m"


async def test_first_pod_of_a_group_may_go_anywhere(places: Places) -> None:
    together = {
        "podAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [
                {"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "kubernetes.io/hostname"}
            ]
        }
    }
    places.node("n")
    assert "didn't match pod affinity rules" in places.decide(places.pod(labels={"app": "db"}, affinity=together))
    assert places.decide(places.pod(labels={"app": "web"}, affinity=together)) == "n"
    places.node("m")
    places.run("m", labels={"app": "web"})
    assert places.decide(places.pod(labels={"app": "db"}, affinity=together)) == "m"


async def test_topology_spread(places: Places) -> None:
    spread = [
        {
            "maxSkew": 1,
            "topologyKey": "zone",
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": {"matchLabels": {"app": "web"}},
        }
    ]
    places.node("a", labels={"zone": "a"})
    places.node("b", labels={"zone": "b"})
    places.run("a", labels={"app": "web"})
    web: dict[str, Any] = {"labels": {"app": "web"}, "topologySpreadConstraints": spread}
    assert places.decide(places.pod(**web)) == "b"
    places.node("b", labels={"zone": "b"}, unschedulable=True)
    assert places.decide(places.pod(**web)).startswith(
        "0/2 nodes are available: 1 node(s) didn't match pod topology spread constraints, 1 node(s) were unschedulable."
    )
    places.node("a", labels={"zone": "a"}, unschedulable=True)
    places.node("b")
    assert "1 node(s) didn't match pod topology spread constraints (missing required label)" in places.decide(
        places.pod(**web)
    )


async def test_missing_claim(places: Places) -> None:
    places.node("n")
    volumes = [{"name": "d", "persistentVolumeClaim": {"claimName": "absent"}}]
    assert places.decide(places.pod(volumes=volumes)) == (
        '0/1 nodes are available: persistentvolumeclaim "absent" not found. not found'
    )


async def test_node_named_in_affinity(places: Places) -> None:
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["b"]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}}
    for name in "abc":
        places.node(name)
    assert places.decide(places.pod(affinity=affinity)) == "b"
    places.node("b", cpu="1")
    refused = places.decide(places.pod(affinity=affinity, requests={"cpu": "2"}))
    assert refused.startswith(
        "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]."
    )


async def test_a_port_is_free_once_one_of_its_pods_is_gone(places: Places) -> None:
    places.node("n")
    container = {"ports": [{"containerPort": 80, "hostPort": 80}]}
    first = places.run("n", container=container)
    places.run("n", container=container)
    assert "didn't have free ports" in places.decide(places.pod(container=container))
    places.cache.remove_pod(first.uid)
    assert places.decide(places.pod(container=container)) == "n"


async def test_the_node_of_a_pod_whose_claim_is_being_made_is_announced(
    cluster: Callable[..., Awaitable[Cluster]],
) -> None:
    made = await cluster(nodes=1)
    client = LocalClient(made.rest, UserInfo("admin", ("system:masters",)), "test")
    storage = {
        "metadata": {"name": "slow"},
        "provisioner": "example.com/p",
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    client.create("storageclasses.storage.k8s.io", storage)
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": "slow",
    }
    client.create("persistentvolumeclaims", {"metadata": {"name": "c", "namespace": "default"}, "spec": claim})
    volumes = [{"name": "d", "persistentVolumeClaim": {"claimName": "c"}}]
    spec = {"containers": [{"name": "c", "image": "busybox"}], "volumes": volumes}
    client.create("pods", {"metadata": {"name": "p", "namespace": "default"}, "spec": spec})
    await made.clock.advance(2)
    pod, bound = client.get("pods", "p", "default"), client.get("persistentvolumeclaims", "c", "default")
    assert pod is not None
    assert bound is not None
    node = bound["metadata"]["annotations"]["volume.kubernetes.io/selected-node"]
    assert pod["status"]["nominatedNodeName"] == node
    assert "nodeName" not in pod["spec"]
    binding = {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": node}}
    client.create("pods", {**binding, "metadata": {"name": "p", "namespace": "default"}}, "binding", "p")
    pod = client.get("pods", "p", "default")
    assert pod is not None
    assert pod["spec"]["nodeName"] == node
    assert "nominatedNodeName" not in pod["status"]
