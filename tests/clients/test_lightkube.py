"""lightkube: typed models, server-side apply, watches, logs, waiting, custom resources."""

from collections.abc import Iterator

import pytest
from lightkube import ApiError, Client, KubeConfig
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.apps_v1 import DeploymentSpec
from lightkube.models.core_v1 import Container, PodSpec, PodTemplateSpec
from lightkube.models.meta_v1 import LabelSelector, ObjectMeta
from lightkube.resources.apiextensions_v1 import CustomResourceDefinition
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import ConfigMap, Node, Pod
from lightkube.types import PatchType

from tests.clients.conftest import Practice, until


@pytest.fixture
def client(practice: Practice, namespace: str) -> Iterator[Client]:
    with Client(KubeConfig.from_file(str(practice.kubeconfig)), namespace=namespace, field_manager="lightkube") as made:
        yield made


def test_config_maps(client: Client) -> None:
    client.create(ConfigMap(metadata=ObjectMeta(name="cm"), data={"a": "1"}))
    assert client.patch(ConfigMap, "cm", {"data": {"b": "2"}}).data == {"a": "1", "b": "2"}
    assert client.patch(ConfigMap, "cm", [{"op": "remove", "path": "/data/a"}], patch_type=PatchType.JSON).data == {
        "b": "2"
    }
    found = client.get(ConfigMap, name="cm")
    found.data = {"c": "3"}
    assert client.replace(found).data == {"c": "3"}
    since = client.get(ConfigMap, name="cm").metadata.resourceVersion
    client.delete(ConfigMap, "cm")
    event, gone = next(iter(client.watch(ConfigMap, resource_version=since)))
    assert (event, gone.metadata.name) == ("DELETED", "cm")
    with pytest.raises(ApiError) as caught:
        client.get(ConfigMap, name="cm")
    assert caught.value.status.reason == "NotFound"


def test_a_deployment_is_applied_waited_for_and_scaled(client: Client) -> None:
    pod = PodSpec(containers=[Container(name="web", image="nginx:1.27")], terminationGracePeriodSeconds=1)
    template = PodTemplateSpec(metadata=ObjectMeta(labels={"app": "web"}), spec=pod)
    spec = DeploymentSpec(replicas=1, selector=LabelSelector(matchLabels={"app": "web"}), template=template)
    client.apply(Deployment(metadata=ObjectMeta(name="web"), spec=spec))
    client.wait(Deployment, "web", for_conditions=["Available"])
    client.patch(Deployment.Scale, "web", {"spec": {"replicas": 2}})
    until(lambda: len(list(client.list(Pod, labels={"app": "web"}))) == 2)
    assert client.get(Deployment, "web").metadata.generation == 2


def test_logs_and_nodes(client: Client) -> None:
    command = ["sh", "-c", "echo one; echo two"]
    spec = PodSpec(containers=[Container(name="main", image="busybox:1.36", command=command)], restartPolicy="Never")
    client.create(Pod(metadata=ObjectMeta(name="says"), spec=spec))
    until(lambda: client.get(Pod, "says").status.phase == "Succeeded")
    assert list(client.log("says")) == ["one\n", "two\n"]
    assert all(node.status.capacity["cpu"] for node in client.list(Node))


def test_custom_resources(client: Client) -> None:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "kites", "singular": "kite", "kind": "Kite"}
    spec = {"group": "wind.example", "scope": "Namespaced", "names": names, "versions": [version]}
    client.apply(CustomResourceDefinition.from_dict({"metadata": {"name": "kites.wind.example"}, "spec": spec}))
    client.wait(CustomResourceDefinition, "kites.wind.example", for_conditions=["Established"])
    kites = create_namespaced_resource("wind.example", "v1", "Kite", "kites")
    client.create(kites(metadata=ObjectMeta(name="red"), spec={"size": 3}))
    assert [(one.metadata.name, one.spec) for one in client.list(kites)] == [("red", {"size": 3})]
