"""What a pod asks for: containers, init containers, sidecars, overhead, the pod as a whole, resizes."""

from typing import Any

from k8s_tutor.sim.scheduler.requests import non_zero, pod_requests

MEBI = 1024 * 1024


def container(cpu: str, memory: str = "0", **more: Any) -> dict[str, Any]:
    return {"name": f"c{cpu}", "resources": {"requests": {"cpu": cpu, "memory": memory}}, **more}


def test_containers_add_up_and_init_containers_are_a_maximum() -> None:
    spec = {
        "containers": [container("100m"), container("200m")],
        "initContainers": [container("250m"), container("500m")],
    }
    assert pod_requests({"spec": spec})["cpu"] == 500


def test_sidecars_count_beside_later_init_containers() -> None:
    sidecar = container("300m", restartPolicy="Always")
    spec = {"containers": [container("100m")], "initContainers": [container("350m"), sidecar, container("200m")]}
    assert pod_requests({"spec": spec})["cpu"] == 500  # 300 + 200, more than 100 + 300 and 350


def test_pod_level_requests_replace_and_overhead_adds() -> None:
    spec = {
        "containers": [container("100m", "64Mi")],
        "resources": {"requests": {"cpu": "1"}},
        "overhead": {"cpu": "50m", "memory": "8Mi"},
    }
    assert pod_requests({"spec": spec}) == {"cpu": 1050, "memory": 72 * MEBI}


def test_containers_without_requests_count_for_scores_only() -> None:
    pod = {"spec": {"containers": [{"name": "a"}, container("50m")]}}
    assert pod_requests(pod) == {"cpu": 50, "memory": 0}
    assert non_zero(pod) == (150, 200 * MEBI)


def test_a_resize_under_way_holds_the_larger_amount() -> None:
    status = {"containerStatuses": [{"name": "c100m", "allocatedResources": {"cpu": "400m"}}]}
    pod = {"spec": {"containers": [container("100m")]}, "status": status}
    assert pod_requests(pod, from_status=True)["cpu"] == 400
    assert pod_requests(pod)["cpu"] == 100
