"""Pods: what is filled in, what is refused, what may change, and the words of ``kubectl get pods``."""

import copy
from typing import Any

import pytest

from k8s_tutor.apimachinery.encoding import JUDGED
from k8s_tutor.apimachinery.unstructured import Json
from tests.resources.judging import changed, complaints, context, made, pod, stored, strategy

NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z


def test_defaults_of_a_small_pod() -> None:
    spec = made("pods", pod())["spec"]
    container = spec["containers"][0]
    assert container["imagePullPolicy"] == "IfNotPresent"
    assert container["terminationMessagePath"] == "/dev/termination-log"
    assert (spec["restartPolicy"], spec["dnsPolicy"]) == ("Always", "ClusterFirst")
    assert spec["terminationGracePeriodSeconds"] == 30
    assert spec["enableServiceLinks"] is True


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1.27", "IfNotPresent"),
        ("registry.example.com:5000/team/app", "Always"),
        ("nginx@sha256:" + "a" * 64, "IfNotPresent"),
        ("Not A Reference", "IfNotPresent"),
        ("x" * 300, "IfNotPresent"),
    ],
)
def test_only_latest_is_pulled_always(image: str, policy: str) -> None:
    containers = [{"name": "c", "image": image}]
    assert made("pods", pod(containers=containers))["spec"]["containers"][0]["imagePullPolicy"] == policy


@pytest.mark.parametrize(
    ("resources", "word"),
    [
        ({}, "BestEffort"),
        ({"requests": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}, "Burstable"),
    ],
)
def test_quality_of_service(resources: Json, word: str) -> None:
    containers = [{"name": "c", "image": "x", "resources": resources}]
    assert made("pods", pod(containers=containers))["status"]["qosClass"] == word


def test_limits_become_requests() -> None:
    containers = [{"name": "c", "image": "x", "resources": {"limits": {"cpu": "2"}}}]
    assert made("pods", pod(containers=containers))["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "2"}


def test_complaints_come_in_upstreams_order_and_words() -> None:
    bad = pod(
        containers=[
            {"name": "a", "image": "", "ports": [{"containerPort": 0}]},
            {"name": "a", "image": "x", "volumeMounts": [{"name": "gone", "mountPath": "/x"}]},
        ],
        restartPolicy="Sometimes",
    )
    assert complaints("pods", bad) == [
        "spec.containers[0].image: Required value",
        "spec.containers[0].ports[0].containerPort: Required value",
        'spec.containers[1].volumeMounts[0].name: Not found: "gone"',
        'spec.containers[1].name: Duplicate value: "a"',
        'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
    ]


def test_a_pod_needs_containers() -> None:
    assert complaints("pods", pod(containers=[])) == ["spec.containers: Required value"]


def test_requests_stay_below_limits() -> None:
    resources = {"requests": {"memory": "2Gi"}, "limits": {"memory": "1Gi"}}
    found = complaints("pods", pod(containers=[{"name": "c", "image": "x", "resources": resources}]))
    assert found == [
        'spec.containers[0].resources.requests: Invalid value: "2Gi": must be less than or equal to memory limit of 1Gi'
    ]


def test_duplicate_ports_and_variables_only_warn() -> None:
    ports = [{"containerPort": 80}, {"containerPort": 80}]
    env = [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]
    obj = made("pods", pod(containers=[{"name": "c", "image": "x", "ports": ports, "env": env}]))
    assert strategy("pods").validate_create(obj) == []
    warned = strategy("pods").warnings(obj, None)
    assert any("duplicate port definition with spec.containers[0].ports[0]" in text for text in warned)
    assert any('hides previous definition of "A"' in text for text in warned)


def test_an_image_may_change_and_a_command_may_not() -> None:
    old = made("pods", pod())
    new = copy.deepcopy(old)
    new["spec"]["containers"][0]["image"] = "nginx:1.28"
    assert changed("pods", old, new) == []
    new["spec"]["containers"][0]["command"] = ["sleep"]
    (found,) = changed("pods", old, new)
    assert found.startswith("spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`")
    assert '-   "Command": null,\n+   "Command": [\n+    "sleep"\n+   ],' in found


def test_tolerations_are_only_added() -> None:
    old = made("pods", pod(tolerations=[{"key": "a", "operator": "Exists"}]))
    more = copy.deepcopy(old)
    more["spec"]["tolerations"].append({"key": "b", "operator": "Exists"})
    assert changed("pods", old, more) == []
    less = copy.deepcopy(old)
    less["spec"]["tolerations"] = []
    assert changed("pods", old, less)[0].startswith(
        "spec.tolerations: Forbidden: existing toleration can not be modified"
    )


def _through(subresource: str, old: Json, spec: Json) -> tuple[Json, list[str]]:
    new = copy.deepcopy(old)
    new["spec"] |= spec
    of = strategy("pods")
    of.default(new)
    new, old = stored(new, JUDGED), stored(old)
    of.prepare_subresource_update(context(subresource), new, old)
    return new, [f"{e.field}: {e.message}" for e in of.validate_subresource_update(subresource, new, old)]


def test_resize_changes_resources_only() -> None:
    containers = [{"name": "c", "image": "x", "resources": {"requests": {"cpu": "100m"}}}]
    old = made("pods", pod(containers=containers))
    wanted = [{"name": "c", "image": "other", "resources": {"requests": {"cpu": "200m"}}}]
    new, found = _through("resize", old, {"containers": wanted})
    assert found == []
    assert new["spec"]["containers"][0]["image"] == "x"
    assert new["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "200m"}


def test_resize_keeps_the_quality_of_service() -> None:
    old = made("pods", pod())
    wanted = [{"name": "web", "image": "nginx:1.27", "resources": {"requests": {"cpu": "100m"}}}]
    _, found = _through("resize", old, {"containers": wanted})
    assert found == ['spec: Invalid value: "BestEffort": Pod QOS Class may not change as a result of resizing']


def test_ephemeral_containers_are_added_and_stay() -> None:
    old = made("pods", pod())
    new, found = _through("ephemeralcontainers", old, {"ephemeralContainers": [{"name": "dbg", "image": "busybox"}]})
    assert found == []
    assert new["metadata"]["generation"] == 1
    _, found = _through("ephemeralcontainers", new, {"ephemeralContainers": []})
    assert found[0].startswith(
        'spec.ephemeralContainers: Forbidden: existing ephemeral containers "dbg" may not be removed'
    )


def test_grace_period() -> None:
    of, waiting = strategy("pods"), made("pods", pod())
    assert of.grace_period(waiting, None) == 0
    bound = made("pods", pod(nodeName="n"))
    assert of.grace_period(bound, None) == 30
    assert of.grace_period(bound, 5) == 5
    done = bound | {"status": {"phase": "Succeeded"}}
    assert of.grace_period(done, 5) == 0


def _status(*states: Json, phase: str = "Running", **more: Any) -> Json:
    statuses = [{"name": f"c{n}", "image": "", "imageID": "", **state} for n, state in enumerate(states)]
    return {"phase": phase, "containerStatuses": statuses, **more}


@pytest.mark.parametrize(
    ("status", "ready", "word", "restarts"),
    [
        ({"phase": "Pending"}, "0/1", "Pending", "0"),
        (_status({"ready": True, "restartCount": 0, "state": {"running": {}}}), "1/1", "Running", "0"),
        (
            _status({"ready": False, "restartCount": 0, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}),
            "0/1",
            "CrashLoopBackOff",
            "0",
        ),
        (
            _status(
                {
                    "ready": False,
                    "restartCount": 3,
                    "state": {"running": {}},
                    "lastState": {"terminated": {"exitCode": 1, "finishedAt": "2027-01-15T07:59:50Z"}},
                }
            ),
            "0/1",
            "Running",
            "3 (10s ago)",
        ),
        (
            _status(
                {"ready": False, "restartCount": 0, "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}},
                phase="Succeeded",
            ),
            "0/1",
            "Completed",
            "0",
        ),
        (
            _status({"ready": False, "restartCount": 0, "state": {"terminated": {"exitCode": 2}}}),
            "0/1",
            "ExitCode:2",
            "0",
        ),
        ({"phase": "Failed", "reason": "Evicted"}, "0/1", "Evicted", "0"),
    ],
)
def test_words_of_the_row(status: Json, ready: str, word: str, restarts: str) -> None:
    obj = made("pods", pod()) | {"status": status}
    assert strategy("pods").row(obj, NOW)[1:4] == [ready, word, restarts]


def test_init_containers_and_deletion_in_the_row() -> None:
    obj = made("pods", pod(initContainers=[{"name": "i", "image": "x"}, {"name": "j", "image": "x"}]))
    obj["status"] = {
        "phase": "Pending",
        "initContainerStatuses": [{"name": "i", "restartCount": 0, "state": {"running": {}}}],
    }
    assert strategy("pods").row(obj, NOW)[2] == "Init:0/2"
    obj["metadata"]["deletionTimestamp"] = "2027-01-15T07:59:50Z"
    assert strategy("pods").row(obj, NOW)[2] == "Terminating"


def test_reported_claims_users_and_devices_fit_the_pod() -> None:
    spec = {"containers": [{"name": "web", "image": "x", "resources": {"requests": {"example.com/gpu": "1"}}}]}
    spec["resourceClaims"] = [{"name": "own", "resourceClaimName": "c"}]
    old = stored(made("pods", pod(**spec)))
    status = {
        "qosClass": old["status"]["qosClass"],
        "resourceClaimStatuses": [{"name": "own"}, {"name": "other", "resourceClaimName": "B b"}],
        "extendedResourceClaimStatus": {
            "requestMappings": [{"containerName": "db", "resourceName": "x", "requestName": "r"}],
            "resourceClaimName": "c",
        },
        "containerStatuses": [
            {
                "name": "web",
                "user": {"linux": {"uid": -1, "gid": 0}},
                "allocatedResourcesStatus": [{"name": "cpu", "resources": [{"resourceID": "a", "health": "Odd"}]}],
            }
        ],
    }
    found = [error.field for error in strategy("pods").validate_status_update(old | {"status": status}, old)]
    assert found == [
        "status.resourceClaimStatuses[1].name",
        "status.resourceClaimStatuses[1].resourceClaimName",
        "status.extendedResourceClaimStatus.requestMappings[0].containerName",
        "status.containerStatuses[0].user.linux.uid",
        "status.containerStatuses[0].allocatedResourcesStatus[0].name",
        "status.containerStatuses[0].allocatedResourcesStatus[0].resources[0].health",
    ]
