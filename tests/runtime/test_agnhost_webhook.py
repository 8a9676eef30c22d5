"""agnhost as an admission webhook, as a conversion webhook, and as a stranger who verifies tokens."""

import base64
import json
from typing import Any

import pytest

from k8s_tutor.sim.network import Tls
from k8s_tutor.sim.runtime import Container

from .conftest import MakeContainer

IMAGE = "registry.k8s.io/e2e-test-images/agnhost:2.66.1"
CERTIFICATE = ("--tls-cert-file=localhost.crt", "--tls-private-key-file=localhost.key")
ADD = {"op": "add", "path": "/metadata/labels", "value": {"added-label": "yes"}}


async def serve(container: MakeContainer, command: str, *flags: str) -> Container:
    made = container(IMAGE, "/agnhost", command, "--port=8444", *CERTIFICATE, *flags)
    await made.clock.advance(0)
    return made


async def post(made: Container, path: str, review: dict[str, Any]) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"}
    url = f"https://{made.config.pod_ip}:8444{path}"
    body = json.dumps(review).encode()
    task = made.clock.spawn(made.runtime.network.http(None, "POST", url, headers, body, tls=Tls()))
    await made.clock.advance(20)
    done: dict[str, Any] = json.loads((await task).body)["response"]
    return done


def asked(obj: dict[str, Any], operation: str = "CREATE", **more: Any) -> dict[str, Any]:
    request = {"uid": "u", "operation": operation, "object": obj, "oldObject": obj} | more
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}


@pytest.mark.parametrize(
    ("path", "obj", "operation", "patch"),
    [
        ("/add-label", {"metadata": {}}, "CREATE", ADD),
        ("/mutating-configmaps", {"data": {"mutation-start": "yes"}}, "CREATE", {"op": "add", "path": "/data/mutation-stage-1", "value": "yes"}),
        ("/mutating-custom-resource", {"data": {"mutation-stage-1": "yes"}}, "CREATE", {"op": "add", "path": "/data/mutation-stage-2", "value": "yes"}),
        ("/mutating-configmaps", {"data": {}}, "CREATE", None),
    ],
)  # fmt: skip
async def test_what_it_changes(
    container: MakeContainer, path: str, obj: dict[str, Any], operation: str, patch: dict[str, Any] | None
) -> None:
    served = await serve(container, "webhook")
    answer = await post(served, path, asked(obj, operation))
    assert (answer["uid"], answer["allowed"]) == ("u", True)
    found = json.loads(base64.b64decode(answer["patch"])) if "patch" in answer else None
    assert found == (None if patch is None else [patch])
    assert ("patchType" in answer) == (patch is not None)


@pytest.mark.parametrize(
    ("path", "obj", "operation", "status"),
    [
        ("/always-deny", {}, "CREATE", {"message": "this webhook denies all requests"}),
        ("/configmaps", {"data": {"webhook-e2e-test": "webhook-disallow"}}, "UPDATE", {"reason": "the configmap contains unwanted key and value"}),
        ("/configmaps", {"data": {"webhook-e2e-test": "webhook-disallow"}}, "DELETE", None),
        ("/pods", {"metadata": {"labels": {"webhook-e2e-test": "webhook-disallow"}}, "spec": {"containers": [{"name": "webhook-disallow"}]}}, "CREATE", {"message": "the pod contains unwanted label; the pod contains unwanted container name;"}),
        ("/pods/attach", {"stdin": True, "container": "container1"}, "CONNECT", {"message": "attaching to pod 'to-be-attached-pod' is not allowed"}),
        ("/crd", {"metadata": {"labels": {"webhook-e2e-test": "webhook-disallow"}}}, "CREATE", {"message": "the crd contains unwanted label"}),
    ],
)  # fmt: skip
async def test_what_it_refuses(
    container: MakeContainer, path: str, obj: dict[str, Any], operation: str, status: dict[str, Any] | None
) -> None:
    served = await serve(container, "webhook")
    answer = await post(served, path, asked(obj, operation, name="to-be-attached-pod"))
    assert answer["allowed"] == (status is None)
    assert {key: value for key, value in answer.get("status", {}).items() if key != "metadata"} == (status or {})


async def test_hosts_and_ports_are_converted_and_back(container: MakeContainer) -> None:
    served = await serve(container, "crd-conversion-webhook")
    v1, v2 = "stable.example.com/v1", "stable.example.com/v2"
    review: dict[str, Any] = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview"}
    forth = {"uid": "u", "desiredAPIVersion": v2, "objects": [{"apiVersion": v1, "hostPort": "a:1"}]}
    done = await post(served, "/crdconvert", review | {"request": forth})
    assert done["convertedObjects"] == [{"apiVersion": v2, "host": "a", "port": "1"}]
    back = {"uid": "u", "desiredAPIVersion": v1, "objects": done["convertedObjects"]}
    assert (await post(served, "/crdconvert", review | {"request": back}))["convertedObjects"] == forth["objects"]
    same = await post(served, "/crdconvert", review | {"request": back | {"desiredAPIVersion": v2}})
    assert same["result"]["status"] == "Failure"
    assert "conversion from a version to itself" in same["result"]["message"]
