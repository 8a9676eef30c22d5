"""Services: allocation of addresses and node ports, families, and what may change."""

import copy
from typing import Any

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.registry.client import LocalClient
from tests.conftest import ClusterFactory
from tests.resources.judging import complaints, made, strategy


def service(name: str = "web", **spec: Any) -> Json:
    body = {"ports": [{"port": 80}], "selector": {"app": "web"}} | spec
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "default"}, "spec": body}


async def client(cluster: ClusterFactory) -> LocalClient:
    return (await cluster()).client("admin", "kubectl")


async def test_a_service_gets_an_address_of_its_own(cluster: ClusterFactory) -> None:
    api = await client(cluster)
    one, two = api.create("services", service("one")), api.create("services", service("two"))
    spec = one["spec"]
    assert spec["clusterIP"].startswith("10.96.")
    assert spec["clusterIPs"] == [spec["clusterIP"]]
    assert spec["clusterIP"] != two["spec"]["clusterIP"]
    assert (spec["ipFamilies"], spec["ipFamilyPolicy"]) == (["IPv4"], "SingleStack")
    assert spec["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]


async def test_an_address_is_given_once(cluster: ClusterFactory) -> None:
    api = await client(cluster)
    api.create("services", service("one", clusterIP="10.96.0.77"))
    with pytest.raises(ApiError, match="provided IP is already allocated"):
        api.create("services", service("two", clusterIP="10.96.0.77"))
    api.delete("services", "one", "default")
    assert api.create("services", service("two", clusterIP="10.96.0.77"))["spec"]["clusterIP"] == "10.96.0.77"


async def test_an_address_must_be_of_the_range(cluster: ClusterFactory) -> None:
    api = await client(cluster)
    with pytest.raises(ApiError, match="the provided network does not match the current range"):
        api.create("services", service(clusterIP="10.1.2.3"))


async def test_node_ports(cluster: ClusterFactory) -> None:
    api = await client(cluster)
    free = api.create("services", service("free", type="NodePort"))["spec"]["ports"][0]["nodePort"]
    assert 30000 <= free <= 32767
    wanted = [{"port": 80, "nodePort": 30080}]
    assert (
        api.create("services", service("mine", type="NodePort", ports=wanted))["spec"]["ports"][0]["nodePort"] == 30080
    )
    with pytest.raises(ApiError, match="provided port is already allocated"):
        api.create("services", service("yours", type="NodePort", ports=wanted))
    with pytest.raises(ApiError, match="The range of valid ports is 30000-32767"):
        api.create("services", service("low", type="NodePort", ports=[{"port": 80, "nodePort": 80}]))


async def test_headless_and_external_services_have_no_address(cluster: ClusterFactory) -> None:
    api = await client(cluster)
    headless = api.create("services", service("headless", clusterIP="None"))["spec"]
    assert headless["clusterIPs"] == ["None"]
    external = api.create("services", service("ext", type="ExternalName", externalName="example.com", ports=[]))["spec"]
    assert "clusterIP" not in external


async def test_the_address_of_a_service_is_fixed(cluster: ClusterFactory) -> None:
    api = await client(cluster)
    obj = copy.deepcopy(api.create("services", service()))
    obj["spec"]["clusterIP"] = "10.96.0.99"
    obj["spec"]["clusterIPs"] = ["10.96.0.99"]
    with pytest.raises(ApiError, match="may not change once set"):
        api.update("services", obj)


async def test_turning_into_a_cluster_ip_gives_node_ports_back(cluster: ClusterFactory) -> None:
    api = await client(cluster)
    obj = copy.deepcopy(api.create("services", service("a", type="NodePort", ports=[{"port": 80, "nodePort": 30123}])))
    obj["spec"]["type"] = "ClusterIP"
    assert "nodePort" not in api.update("services", obj)["spec"]["ports"][0]
    api.create("services", service("b", type="NodePort", ports=[{"port": 80, "nodePort": 30123}]))


def test_several_ports_need_names() -> None:
    found = complaints("services", service(ports=[{"port": 80}, {"port": 81}], clusterIP="None"))
    assert found[:2] == ["spec.ports[0].name: Required value", "spec.ports[1].name: Required value"]


def test_a_service_has_ports_unless_it_is_headless() -> None:
    assert "spec.ports: Required value" in complaints("services", service(ports=[], clusterIP="10.96.0.5"))
    assert complaints("services", service(ports=[], clusterIP="None")) == []


def test_row() -> None:
    obj = made("services", service(type="LoadBalancer", clusterIP="10.96.0.9", ports=[{"port": 80, "nodePort": 30001}]))
    assert strategy("services").row(obj, 0)[:5] == ["web", "LoadBalancer", "10.96.0.9", "<pending>", "80:30001/TCP"]
