"""The generated tables: types, discovery, OpenAPI, bootstrap objects."""

import orjson
import pytest

from k8s_tutor.apimachinery import schema
from k8s_tutor.apimachinery.schema.bootstrap import bootstrap_objects
from k8s_tutor.apimachinery.schema.types import Type


def pod() -> Type:
    found = schema.type_for("", "v1", "Pod")
    assert found is not None
    return found


def test_a_pod_knows_its_lists() -> None:
    containers = pod().fields["spec"].type.fields["containers"]
    assert (containers.list_type, containers.map_keys) == ("map", ("name",))
    assert (containers.patch_strategy, containers.merge_key) == ("merge", "name")
    assert containers.type.elem is not None
    container = containers.type.elem
    assert container.go == "v1.Container"
    assert container.fields["ports"].map_keys == ("containerPort", "protocol")
    assert container.fields["command"].list_type == "atomic"
    assert container.fields["image"].number == 2
    probe = container.fields["readinessProbe"]
    assert probe.pointer
    assert probe.type.fields["httpGet"].embedded == ((1, "ProbeHandler", "ProbeHandler"),)
    assert pod().fields["spec"].type.fields["restartPolicy"].type.go == "v1.RestartPolicy"


def test_every_served_resource_has_its_types() -> None:
    resources = schema.discovery()["resources"]
    kinds = [
        (path, item["kind"], item.get("group"), item.get("version"))
        for path, document in resources.items()
        for item in document["resources"]
    ]
    for path, kind, group, version in kinds:
        own_group, _, own_version = path.removeprefix("/apis/").removeprefix("/api/").rpartition("/")
        found = schema.type_for(group if version else own_group, version or own_version, kind)
        assert found is not None, (path, kind)
    assert sum("/" not in item["name"] for document in resources.values() for item in document["resources"]) == 72


def test_meta_kinds_belong_to_every_version() -> None:
    assert schema.type_for("apps", "v1", "DeleteOptions") is schema.type_for("", "v1", "DeleteOptions")
    assert schema.type_for("metrics.k8s.io", "v1beta1", "PodMetrics") is not None
    assert schema.type_for("", "v1", "Nonsense") is None


def test_openapi_documents_are_consistent() -> None:
    index = schema.openapi_v3_index()["paths"]
    assert "apis/apps/v1" in index
    assert "apis/apps/v1beta1" not in index
    document = schema.openapi_v3("apis/apps/v1")
    assert document is not None
    assert "io.k8s.api.apps.v1.Deployment" in orjson.loads(document)["components"]["schemas"]
    assert schema.openapi_v3("apis/nonsense/v1") is None
    swagger = orjson.loads(schema.openapi_v2())
    assert "/api/v1/namespaces/{namespace}/pods" in swagger["paths"]
    assert not any("beta" in path for path in swagger["paths"])


def test_descriptions() -> None:
    assert schema.describe("io.k8s.api.core.v1.Container", "image").startswith("Container image name.")
    assert schema.describe("io.k8s.api.core.v1.Pod")


@pytest.mark.parametrize("path", ["/api/v1/namespaces", "/apis/rbac.authorization.k8s.io/v1/clusterroles"])
def test_bootstrap_objects(path: str) -> None:
    objects = [obj for where, obj in bootstrap_objects() if where == path]
    assert objects
    for obj in objects:
        assert obj["apiVersion"]
        assert not {"uid", "resourceVersion", "creationTimestamp"} & obj["metadata"].keys()
