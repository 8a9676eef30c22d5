"""The official Python client: typed models, watches, streams, port-forward, dynamic client."""

import asyncio
import http.client
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from kubernetes import client, config, dynamic, watch
from kubernetes.client import V1ConfigMap, V1ObjectMeta
from kubernetes.client.exceptions import ApiException
from kubernetes.stream import portforward, stream

from tests.clients.conftest import Practice, until
from tests.conftest import ServerFactory

CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "rafts.river.example"},
    "spec": {
        "group": "river.example",
        "scope": "Namespaced",
        "names": {"plural": "rafts", "singular": "raft", "kind": "Raft"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {"type": "object", "properties": {"logs": {"type": "integer"}}},
                            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                        },
                    }
                },
            }
        ],
    },
}


@pytest.fixture
def api(practice: Practice) -> Iterator[client.ApiClient]:
    with closing(config.new_client_from_config(str(practice.kubeconfig))) as made:
        yield made


@pytest.fixture
def core(api: client.ApiClient) -> client.CoreV1Api:
    return client.CoreV1Api(api)


def pod(name: str, image: str, *command: str) -> client.V1Pod:
    container = client.V1Container(name="main", image=image, command=list(command) or None)
    spec = client.V1PodSpec(containers=[container], termination_grace_period_seconds=1)
    return client.V1Pod(metadata=V1ObjectMeta(name=name, labels={"app": name}), spec=spec)


def run_pod(core: client.CoreV1Api, namespace: str, made: client.V1Pod) -> None:
    core.create_namespaced_pod(namespace, made)
    until(lambda: core.read_namespaced_pod(made.metadata.name, namespace).status.phase == "Running")


def config_map(name: str, **data: str) -> V1ConfigMap:
    return V1ConfigMap(metadata=V1ObjectMeta(name=name, labels={"kind": "note"}), data=data)


def test_objects_with_typed_models(core: client.CoreV1Api, namespace: str) -> None:
    made = core.create_namespaced_config_map(namespace, config_map("notes", a="1"))
    assert made.metadata.creation_timestamp.tzinfo is not None
    patched = core.patch_namespaced_config_map("notes", namespace, {"data": {"b": "2"}})
    assert patched.data == {"a": "1", "b": "2"}
    patched.data = {"c": "3"}
    assert core.replace_namespaced_config_map("notes", namespace, patched).data == {"c": "3"}
    with pytest.raises(ApiException) as caught:
        core.replace_namespaced_config_map("notes", namespace, made)
    assert (caught.value.status, caught.value.reason) == (409, "Conflict")
    found = core.list_namespaced_config_map(namespace, label_selector="kind=note", limit=1)
    assert [one.metadata.name for one in found.items] == ["notes"]
    core.delete_namespaced_config_map("notes", namespace)
    with pytest.raises(ApiException, match="404"):
        core.read_namespaced_config_map("notes", namespace)


def test_pages_of_a_list(core: client.CoreV1Api, namespace: str) -> None:
    for number in range(5):
        core.create_namespaced_config_map(namespace, config_map(f"n{number}"))
    names: list[str] = []
    follow: str | None = None
    while follow != "":
        page = core.list_namespaced_config_map(namespace, limit=2, label_selector="kind=note", _continue=follow)
        assert len(page.items) <= 2
        names += [one.metadata.name for one in page.items]
        follow = page.metadata._continue or ""
    assert names == [f"n{number}" for number in range(5)]


def test_a_watch_goes_on_from_a_version(core: client.CoreV1Api, namespace: str) -> None:
    since = core.list_namespaced_config_map(namespace).metadata.resource_version
    core.create_namespaced_config_map(namespace, config_map("seen"))
    core.patch_namespaced_config_map("seen", namespace, {"data": {"x": "y"}})
    core.delete_namespaced_config_map("seen", namespace)
    watching = watch.Watch()
    seen: list[tuple[str, str]] = []
    for event in watching.stream(
        core.list_namespaced_config_map, namespace, resource_version=since, timeout_seconds=20
    ):
        seen.append((event["type"], event["object"].metadata.name))
        if len(seen) == 3:
            watching.stop()
    assert seen == [("ADDED", "seen"), ("MODIFIED", "seen"), ("DELETED", "seen")]


def test_a_version_of_the_future_is_refused_and_a_watch_times_out(core: client.CoreV1Api, namespace: str) -> None:
    with pytest.raises(ApiException) as caught:
        core.list_namespaced_config_map(namespace, resource_version="999999999")
    assert caught.value.status == 504
    assert "Too large resource version" in str(caught.value.body)
    events = watch.Watch().stream(core.list_namespaced_config_map, namespace, timeout_seconds=1)
    assert [event["object"].metadata.name for event in events] == ["kube-root-ca.crt"]


async def test_a_version_older_than_the_window_is_gone(server: ServerFactory) -> None:
    served = await server()

    def act() -> None:
        with closing(config.new_client_from_config(str(served.kubeconfig))) as api:
            core = client.CoreV1Api(api)
            since = core.create_namespaced_config_map("default", config_map("old")).metadata.resource_version
            core.delete_namespaced_config_map("old", "default")
            served.cluster.store.forget_history()
            watching = watch.Watch().stream(
                core.list_namespaced_config_map, "default", resource_version=since, timeout_seconds=5
            )
            with pytest.raises(ApiException) as caught:
                next(iter(watching))
            assert caught.value.status == 410
            assert "too old resource version" in str(caught.value.reason)

    await asyncio.to_thread(act)


def test_commands_inside_a_container(core: client.CoreV1Api, namespace: str) -> None:
    run_pod(core, namespace, pod("box", "busybox:1.36", "sleep", "1000"))
    connect = core.connect_get_namespaced_pod_exec
    options: dict[str, Any] = {"stderr": True, "stdin": False, "stdout": True, "tty": False}
    assert stream(connect, "box", namespace, command=["echo", "hello"], **options) == "hello\n"
    options |= {"stdin": True, "_preload_content": False}
    open_ = stream(connect, "box", namespace, command=["sh"], **options)
    open_.write_stdin("echo out; echo err >&2; exit 3\n")
    open_.run_forever(timeout=10)
    assert (open_.read_stdout(), open_.read_stderr(), open_.returncode) == ("out\n", "err\n", 3)
    open_.close()


def test_logs_and_events(core: client.CoreV1Api, namespace: str) -> None:
    run_pod(core, namespace, pod("says", "busybox:1.36", "sh", "-c", "echo one; echo two; sleep 1000"))
    assert core.read_namespaced_pod_log("says", namespace) == "one\ntwo\n"
    assert core.read_namespaced_pod_log("says", namespace, tail_lines=1) == "two\n"
    following = watch.Watch()
    lines = []
    for line in following.stream(core.read_namespaced_pod_log, "says", namespace, follow=True):
        lines.append(line)
        if line == "two":
            following.stop()
    assert lines == ["one", "two"]
    events = core.list_namespaced_event(namespace, field_selector="involvedObject.name=says")
    assert {"Scheduled", "Started"} <= {event.reason for event in events.items}


def test_ports_are_forwarded(core: client.CoreV1Api, namespace: str) -> None:
    run_pod(core, namespace, pod("web", "nginx:1.27"))
    forward = portforward(core.connect_get_namespaced_pod_portforward, "web", namespace, ports="80")
    connection = http.client.HTTPConnection("web", 80)
    connection.sock = forward.socket(80)
    connection.sock.settimeout(10)
    connection.request("GET", "/", headers={"Host": "web", "Connection": "close"})
    answer = connection.getresponse()
    assert (answer.status, b"Welcome to nginx!" in answer.read()) == (200, True)
    assert forward.error(80) is None
    connection.close()


def deployment(name: str) -> client.V1Deployment:
    labels = {"app": name}
    template = client.V1PodTemplateSpec(metadata=V1ObjectMeta(labels=labels), spec=pod(name, "nginx:1.27").spec)
    spec = client.V1DeploymentSpec(replicas=2, selector=client.V1LabelSelector(match_labels=labels), template=template)
    return client.V1Deployment(metadata=V1ObjectMeta(name=name), spec=spec)


def test_deletion_in_the_foreground_and_with_orphans(
    api: client.ApiClient, core: client.CoreV1Api, namespace: str
) -> None:
    apps = client.AppsV1Api(api)
    for name in ("kept", "gone"):
        apps.create_namespaced_deployment(namespace, deployment(name))
    until(lambda: all(one.status.ready_replicas == 2 for one in apps.list_namespaced_deployment(namespace).items))
    scale = apps.patch_namespaced_deployment_scale("kept", namespace, {"spec": {"replicas": 3}})
    assert (scale.spec.replicas, scale.status.selector) == (3, "app=kept")
    apps.delete_namespaced_deployment("kept", namespace, propagation_policy="Orphan")
    apps.delete_namespaced_deployment("gone", namespace, propagation_policy="Foreground")
    until(lambda: not apps.list_namespaced_deployment(namespace).items)
    sets = apps.list_namespaced_replica_set(namespace).items
    assert [(one.metadata.labels["app"], one.metadata.owner_references) for one in sets] == [("kept", None)]
    assert {one.metadata.labels["app"] for one in core.list_namespaced_pod(namespace).items} == {"kept"}


def test_custom_objects(api: client.ApiClient, namespace: str) -> None:
    define(api)
    customs = client.CustomObjectsApi(api)
    raft = {"apiVersion": "river.example/v1", "kind": "Raft", "metadata": {"name": "one"}, "spec": {"logs": 7}}
    place = ("river.example", "v1", namespace, "rafts")
    assert customs.create_namespaced_custom_object(*place, raft)["metadata"]["generation"] == 1
    customs.patch_namespaced_custom_object(*place, "one", {"spec": {"logs": 8}})
    customs.patch_namespaced_custom_object_status(*place, "one", {"status": {"afloat": True}})
    one = customs.get_namespaced_custom_object(*place, "one")
    assert (one["spec"], one["status"], one["metadata"]["generation"]) == ({"logs": 8}, {"afloat": True}, 2)
    with pytest.raises(ApiException, match="422"):
        customs.create_namespaced_custom_object(*place, raft | {"metadata": {"name": "two"}, "spec": {"logs": "many"}})
    customs.delete_namespaced_custom_object(*place, "one")
    assert customs.list_namespaced_custom_object(*place)["items"] == []


def define(api: client.ApiClient) -> None:
    """Define rafts, once for all tests that need them."""
    extensions = client.ApiextensionsV1Api(api)
    try:
        extensions.create_custom_resource_definition(CRD)
    except ApiException as error:
        assert error.status == 409  # noqa: PT017
    name = CRD["metadata"]["name"]  # type: ignore[index]

    def established() -> bool:
        conditions = extensions.read_custom_resource_definition(name).status.conditions or []
        return any((one.type, one.status) == ("Established", "True") for one in conditions)

    until(established)


def test_the_dynamic_client(api: client.ApiClient, namespace: str) -> None:
    define(api)
    resources = dynamic.DynamicClient(api)
    deployments = resources.resources.get(api_version="apps/v1", kind="Deployment")
    made = deployments.create(body=api.sanitize_for_serialization(deployment("dyn")), namespace=namespace)
    assert made.metadata.name == "dyn"
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "dyn"}, "spec": {"replicas": 3}}
    applied = deployments.server_side_apply(body=body, namespace=namespace, field_manager="me", force_conflicts=True)
    assert {entry.manager for entry in applied.metadata.managedFields} >= {"me"}
    assert applied.spec.replicas == 3
    rafts = resources.resources.get(api_version="river.example/v1", kind="Raft")
    rafts.create(
        body={"apiVersion": "river.example/v1", "kind": "Raft", "metadata": {"name": "dyn"}}, namespace=namespace
    )
    assert [one.metadata.name for one in rafts.get(namespace=namespace).items] == ["dyn"]
    seen = threading.Event()
    for event in rafts.watch(namespace=namespace, timeout=5):
        assert (event["type"], event["object"].metadata.name) == ("ADDED", "dyn")
        seen.set()
        break
    assert seen.is_set()


def test_who_may_do_what(api: client.ApiClient, namespace: str) -> None:
    rights = client.AuthorizationV1Api(api)
    attributes = client.V1ResourceAttributes(namespace=namespace, verb="delete", resource="pods")
    spec = client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes)
    assert rights.create_self_subject_access_review(client.V1SelfSubjectAccessReview(spec=spec)).status.allowed
    other = client.V1SubjectAccessReviewSpec(user="jane", resource_attributes=attributes)
    assert not rights.create_subject_access_review(client.V1SubjectAccessReview(spec=other)).status.allowed
