"""Rules that a real kube-controller-manager beside ours corrected, in virtual time."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.cluster import Cluster
from k8s_tutor.sim.controllers.serviceendpoints import TriggerTimes, in_slice_order
from k8s_tutor.sim.controllers.templatehash import data_hash
from k8s_tutor.sim.registry.client import LocalClient
from tests.controllers.test_small_controllers import config_map, ready

Make = Callable[..., Awaitable[Cluster]]
STORAGE: Json = {"requests": {"storage": "1Gi"}}
TEMPLATE: Json = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "nginx:1.27"}]}}


def messages(client: LocalClient, reason: str) -> list[str]:
    return [event["message"] for event in client.list("events") if event["reason"] == reason]


def pod(name: str, **spec: Any) -> Json:
    containers = [{"name": "c", "image": "nginx:1.27"}]
    meta = {"name": name, "namespace": "x", "labels": {"app": "a"}}
    return {"metadata": meta, "spec": {"containers": containers, **spec}}


async def nodeless(cluster: Make) -> tuple[LocalClient, Clock]:
    client, clock, _ = await ready(cluster, nodes=0)
    return client, clock


def node(name: str, **meta: Any) -> Json:
    return {"metadata": {"name": name, **meta}}


def say_ready(client: LocalClient, name: str, status: str) -> None:
    def change(obj: Json) -> None:
        condition = {"type": "Ready", "status": status, "reason": "Kubelet", "message": ""}
        obj["status"]["conditions"] = [condition | {"lastHeartbeatTime": "2027-01-15T08:00:00Z"}]

    client.change("nodes", "", name, change, "status")


def test_a_stateful_set_names_its_revisions_by_their_data() -> None:
    container: Json = {"name": "c", "image": "nginx:1", "imagePullPolicy": "IfNotPresent", "resources": {}}
    container |= {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}
    spec: Json = {
        "containers": [container],
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "securityContext": {},
    }
    spec |= {"schedulerName": "default-scheduler", "terminationGracePeriodSeconds": 5}
    template = {"metadata": {"labels": {"app": "db"}}, "spec": spec, "$patch": "replace"}
    assert data_hash({"spec": {"template": template}}, 0) == "74579b74c5"


def test_ports_stand_in_the_order_of_their_hashes() -> None:
    one: Json = {"name": "w", "protocol": "TCP", "port": 80, "appProtocol": "http"}
    two: Json = {"name": "u", "protocol": "UDP", "port": 9}
    assert in_slice_order([one, two]) == in_slice_order([two, one]) == [two, one]


def test_of_what_is_new_the_earliest_time_counts() -> None:
    service = {"metadata": {"namespace": "x", "name": "s", "creationTimestamp": "2027-01-15T08:00:00Z"}}

    def at(name: str, second: int) -> Json:
        condition = {"type": "Ready", "status": "True", "lastTransitionTime": f"2027-01-15T08:00:{second:02}Z"}
        return {"metadata": {"name": name}, "status": {"conditions": [condition]}}

    times = TriggerTimes()
    assert times.next(service, [at("a", 5)]) == "2027-01-15T08:00:00Z"
    assert times.next(service, [at("a", 5)]) == ""
    assert times.next(service, [at("a", 30), at("b", 20)]) == "2027-01-15T08:00:20Z"
    times.forget("x", "s")
    assert times.next(service, [at("a", 30)]) == "2027-01-15T08:00:00Z"


async def test_an_owner_counts_only_under_its_own_kind_and_name(cluster: Make) -> None:
    client, clock = await nodeless(cluster)
    owner = client.create("configmaps", config_map("owner"))
    client.create("configmaps", config_map("right", owner))
    wrong = config_map("name", owner)
    wrong["metadata"]["ownerReferences"][0]["name"] = "other"
    client.create("configmaps", wrong)
    client.create("configmaps", config_map("kind", owner, kind="Secret"))
    client.create("configmaps", config_map("unknown", owner, apiVersion="foo.example.com/v1", kind="Foo", uid="none"))
    await clock.advance(2)
    left = {obj["metadata"]["name"] for obj in client.list("configmaps", "x")} - {"kube-root-ca.crt"}
    assert left == {"owner", "right", "unknown"}


async def test_an_owner_in_another_namespace_is_told_of(cluster: Make) -> None:
    client, clock = await nodeless(cluster)
    client.create("namespaces", {"metadata": {"name": "y"}})
    owner = client.create("configmaps", config_map("owner"))
    kid = config_map("kid", owner)
    kid["metadata"]["namespace"] = "y"
    client.create("configmaps", kid)
    await clock.advance(2)
    uid = owner["metadata"]["uid"]
    assert messages(client, "OwnerRefInvalidNamespace") == [
        f'ownerRef [v1/ConfigMap, namespace: y, name: owner, uid: {uid}] does not exist in namespace "y"'
    ]
    assert client.get("configmaps", "kid", "y") is None


async def test_foreground_goes_down_the_whole_tree(cluster: Make) -> None:
    client, clock = await nodeless(cluster)
    top = client.create("configmaps", config_map("top"))
    middle = client.create("configmaps", config_map("middle", top))  # does not block
    leaf = config_map("leaf", middle, blockOwnerDeletion=True)
    leaf["metadata"]["finalizers"] = ["example.com/wait"]
    client.create("configmaps", leaf)
    await clock.advance(1)
    client.delete("configmaps", "top", "x", propagation="Foreground")
    await clock.advance(2)
    assert client.get("configmaps", "top", "x") is None
    waiting = client.get("configmaps", "middle", "x")
    assert waiting is not None
    assert waiting["metadata"]["finalizers"] == ["foregroundDeletion"]


def volume(**spec: Any) -> Json:
    own = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/data"}}
    return {"metadata": {"name": "v"}, "spec": own | {"storageClassName": "s"} | spec}


def claim() -> Json:
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": "s", "resources": {"requests": {"storage": "1Gi"}}}
    return {"metadata": {"name": "c", "namespace": "x"}, "spec": spec}


async def test_a_bound_claim_tells_whether_it_is_used(cluster: Make) -> None:
    client, clock = await nodeless(cluster)

    def unused() -> tuple[str, str]:
        found = client.get("persistentvolumeclaims", "c", "x")
        assert found is not None
        (condition,) = found["status"]["conditions"]
        return condition["status"], condition["reason"]

    client.create("persistentvolumes", volume())
    client.create("persistentvolumeclaims", claim())
    await clock.advance(1)
    assert unused() == ("True", "NoPodsUsingPVC")
    client.create("pods", pod("p", volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "c"}}]))
    await clock.advance(1)
    assert unused() == ("False", "PodUsingPVC")
    client.delete("pods", "p", "x", grace=0)
    await clock.advance(1)
    assert unused() == ("True", "NoPodsUsingPVC")


@pytest.mark.parametrize(
    ("path", "phase", "told"),
    [
        ("/data", "Failed", ["host_path deleter only supports /tmp/.+ but received provided /data"]),
        ("/tmp/data", None, []),
    ],
)
async def test_a_released_volume_that_cannot_be_deleted_fails_once(
    cluster: Make, path: str, phase: str | None, told: list[str]
) -> None:
    client, clock = await nodeless(cluster)
    client.create("persistentvolumes", volume(persistentVolumeReclaimPolicy="Delete", hostPath={"path": path}))
    client.create("persistentvolumeclaims", claim())
    await clock.advance(1)
    client.delete("persistentvolumeclaims", "c", "x")
    await clock.advance(40)
    left = client.get("persistentvolumes", "v")
    assert (left["status"]["phase"] if left else None) == phase
    assert messages(client, "VolumeFailedDelete") == told
    assert all(event["count"] == 1 for event in client.list("events") if event["reason"] == "VolumeFailedDelete")


async def test_nodes_are_annotated_for_kubelets(cluster: Make) -> None:
    client, clock = await nodeless(cluster)
    for number in range(100):
        client.create("nodes", node(f"n{number}"))
    await clock.advance(1)
    client.create("nodes", node("last"))
    await clock.advance(1)
    seconds = [obj["metadata"]["annotations"]["node.alpha.kubernetes.io/ttl"] for obj in client.list("nodes")]
    assert sorted(set(seconds)) == ["0", "15"]  # those that came before are written anew when they change


async def test_a_node_that_says_it_is_not_ready_keeps_its_pods_ready(cluster: Make) -> None:
    client, clock = await nodeless(cluster)
    client.create("nodes", node("n"))
    say_ready(client, "n", "True")
    await clock.advance(6)
    say_ready(client, "n", "False")
    await clock.advance(6)
    assert messages(client, "NodeNotReady") == []
    say_ready(client, "n", "True")
    await clock.advance(70)  # nothing is heard of it any more
    assert messages(client, "NodeNotReady") == ["Node n status is now: NodeNotReady"]


async def test_the_taint_manager_names_pods_without_uid(cluster: Make) -> None:
    client, clock = await nodeless(cluster)
    client.create("nodes", node("n"))
    taint = {"key": "k", "value": "v", "effect": "NoExecute"}
    wait = [{"key": "k", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}]
    client.create("pods", pod("now", nodeName="n"))
    client.create("pods", pod("later", nodeName="n", tolerations=wait))
    await clock.advance(1)
    client.change("nodes", "", "n", lambda obj: obj["spec"].update(taints=[taint]))
    await clock.advance(1)
    client.delete("pods", "later", "x", grace=0)
    await clock.advance(1)
    assert sorted(messages(client, "TaintManagerEviction")) == [
        "Cancelling deletion of Pod x/later",
        "Marking for deletion Pod x/now",
    ]
    events = [event for event in client.list("events") if event["reason"] == "TaintManagerEviction"]
    assert not any(event["involvedObject"].get("uid") for event in events)


async def test_combined_events_name_no_reporter(cluster: Make) -> None:
    client, clock = await nodeless(cluster)
    spec = {"replicas": 12, "selector": {"matchLabels": {"app": "a"}}, "template": TEMPLATE}
    client.create("replicasets.apps", {"metadata": {"name": "r", "namespace": "x"}, "spec": spec})
    await clock.advance(1)
    made = [event for event in client.list("events", "x") if event["reason"] == "SuccessfulCreate"]
    combined = [event for event in made if event["message"].startswith("(combined")]
    assert [event["reportingComponent"] for event in combined] == [""]
    assert {event["reportingComponent"] for event in made if event not in combined} == {"replicaset-controller"}


async def test_a_refused_pod_without_name_is_told_by_its_prefix(cluster: Make) -> None:
    client, clock = await nodeless(cluster)
    template = {"metadata": TEMPLATE["metadata"], "spec": TEMPLATE["spec"] | {"serviceAccountName": "nobody"}}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "a"}}, "template": template}
    client.create("replicasets.apps", {"metadata": {"name": "r", "namespace": "x"}, "spec": spec})
    await clock.advance(1)
    why = 'error looking up service account x/nobody: serviceaccount "nobody" not found'
    assert set(messages(client, "FailedCreate")) == {f'Error creating: pods "r-" is forbidden: {why}'}


async def test_annotations_alone_do_not_change_a_replica_sets_generation(cluster: Make) -> None:
    client, clock = await nodeless(cluster)
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "a"}}, "template": TEMPLATE}
    client.create("deployments.apps", {"metadata": {"name": "d", "namespace": "x"}, "spec": spec})
    await clock.advance(1)
    client.change("deployments.apps", "x", "d", lambda obj: obj["metadata"]["annotations"].update(note="1"))
    await clock.advance(1)
    (made,) = client.list("replicasets.apps", "x")
    assert made["metadata"]["annotations"]["note"] == "1"
    assert made["metadata"]["generation"] == 1


async def test_a_budget_is_chosen_when_several_match(cluster: Make) -> None:
    client, clock = await nodeless(cluster)
    for name in ("one", "two"):
        spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "a"}}}
        client.create("poddisruptionbudgets.policy", {"metadata": {"name": name, "namespace": "x"}, "spec": spec})
    await clock.advance(1)
    client.create("pods", pod("p"))
    await clock.advance(1)
    text = 'Pod "x"/"p" matches multiple PodDisruptionBudgets.  Chose "one" arbitrarily.'
    assert set(messages(client, "MultiplePodDisruptionBudgets")) == {text}
    expected = {
        one["metadata"]["name"]: one["status"]["expectedPods"] for one in client.list("poddisruptionbudgets.policy")
    }
    assert expected == {"one": 1, "two": 0}


async def test_a_claim_of_another_controller_is_left_alone(cluster: Make) -> None:
    client, clock, _ = await ready(cluster, nodes=0)
    claims: list[Json] = [{"metadata": {"name": "d"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": STORAGE}}]
    spec: Json = {"serviceName": "s", "selector": {"matchLabels": {"app": "a"}}, "template": TEMPLATE}
    spec |= {"volumeClaimTemplates": claims, "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain"}}
    client.create("statefulsets.apps", {"metadata": {"name": "db", "namespace": "x"}, "spec": spec})
    await clock.advance(2)
    owner = client.create("configmaps", config_map("owner"))

    def own(obj: Json) -> None:
        obj["metadata"]["ownerReferences"] = config_map("", owner, controller=True)["metadata"]["ownerReferences"]

    def retain_no_more(obj: Json) -> None:
        obj["spec"]["persistentVolumeClaimRetentionPolicy"] = {"whenScaled": "Delete", "whenDeleted": "Delete"}
        obj["spec"]["replicas"] = 0

    client.change("persistentvolumeclaims", "x", "d-db-0", own)
    client.change("statefulsets.apps", "x", "db", retain_no_more)
    await clock.advance(5)
    assert client.get("pods", "db-0", "x") is None
    claim = client.get("persistentvolumeclaims", "d-db-0", "x")
    assert claim is not None
    assert [reference["name"] for reference in claim["metadata"]["ownerReferences"]] == ["owner"]
    assert messages(client, "ConflictingController")


async def test_what_is_deleted_by_hand_comes_back_updated(cluster: Make) -> None:
    client, clock, _ = await ready(cluster, nodes=1)
    spec = {"serviceName": "s", "replicas": 3, "selector": {"matchLabels": {"app": "a"}}, "template": TEMPLATE}
    spec["updateStrategy"] = {"type": "OnDelete"}
    client.create("statefulsets.apps", {"metadata": {"name": "db", "namespace": "x"}, "spec": spec})
    await clock.advance(10)

    def change(obj: Json) -> None:
        obj["spec"]["template"]["spec"]["containers"][0]["image"] = "nginx:1.28"

    client.change("statefulsets.apps", "x", "db", change)
    await clock.advance(5)
    for name in ("db-0", "db-1", "db-2"):
        client.delete("pods", name, "x", grace=0)
        await clock.advance(5)
    assert {pod["spec"]["containers"][0]["image"] for pod in client.list("pods", "x")} == {"nginx:1.28"}


async def test_revisions_keep_templates_in_the_order_of_their_keys(cluster: Make) -> None:
    client, clock, _ = await ready(cluster, nodes=0)
    spec = {"selector": {"matchLabels": {"app": "a"}}, "template": TEMPLATE}
    client.create("daemonsets.apps", {"metadata": {"name": "d", "namespace": "x"}, "spec": spec})
    await clock.advance(1)
    (revision,) = client.list("controllerrevisions.apps", "x")
    text = json.dumps(revision["data"])
    assert text == json.dumps(revision["data"], sort_keys=True)
    assert text.startswith('{"spec": {"template": {"$patch": "replace", "metadata": ')


async def test_revisions_without_owner_are_adopted(cluster: Make) -> None:
    client, clock = await nodeless(cluster)
    spec = {"replicas": 0, "serviceName": "s", "selector": {"matchLabels": {"app": "a"}}, "template": TEMPLATE}
    made = client.create("statefulsets.apps", {"metadata": {"name": "s", "namespace": "x"}, "spec": spec})
    await clock.advance(1)
    client.delete("statefulsets.apps", "s", "x", propagation="Orphan")
    await clock.advance(1)
    again = client.create("statefulsets.apps", {"metadata": {"name": "s", "namespace": "x"}, "spec": made["spec"]})
    await clock.advance(1)
    (revision,) = client.list("controllerrevisions.apps", "x")
    assert [owner["uid"] for owner in revision["metadata"]["ownerReferences"]] == [again["metadata"]["uid"]]


async def test_a_daemon_set_does_not_hear_of_a_node_that_goes(cluster: Make) -> None:
    client, clock = await nodeless(cluster)
    client.create("nodes", node("n"))
    spec = {"selector": {"matchLabels": {"app": "a"}}, "template": TEMPLATE}
    client.create("daemonsets.apps", {"metadata": {"name": "d", "namespace": "x"}, "spec": spec})
    await clock.advance(1)
    say_ready(client, "n", "True")
    await clock.advance(1)
    client.delete("nodes", "n")
    await clock.advance(1)
    (found,) = client.list("daemonsets.apps", "x")
    assert found["status"]["desiredNumberScheduled"] == 1


async def test_pods_that_are_overdue_are_a_failure_of_their_namespace(cluster: Make) -> None:
    client, clock = await nodeless(cluster)
    client.create("nodes", node("n"))
    client.create("pods", pod("p", nodeName="n", terminationGracePeriodSeconds=3))
    client.delete("namespaces", "x")
    await clock.advance(6)
    found = client.get("namespaces", "x")
    assert found is not None
    (failed,) = [c for c in found["status"]["conditions"] if c["status"] == "True"]
    assert failed["message"] == (
        "Failed to delete all resource types, 1 remaining: "
        "unexpected items still remain in namespace: x for gvr: /v1, Resource=pods"
    )


async def test_a_service_range_is_ready_and_stays_for_a_moment(cluster: Make) -> None:
    client, clock = await nodeless(cluster)
    client.create("servicecidrs.networking.k8s.io", {"metadata": {"name": "r"}, "spec": {"cidrs": ["192.168.7.0/24"]}})
    await clock.advance(1)
    made = client.get("servicecidrs.networking.k8s.io", "r")
    assert made is not None
    assert [condition["message"] for condition in made["status"]["conditions"]] == ["Kubernetes Service CIDR is ready"]
    client.delete("servicecidrs.networking.k8s.io", "r")
    await clock.advance(5)
    assert client.get("servicecidrs.networking.k8s.io", "r") is not None
    await clock.advance(6)
    assert client.get("servicecidrs.networking.k8s.io", "r") is None


async def test_a_pod_carries_the_zone_of_its_node(cluster: Make) -> None:
    client, _ = await nodeless(cluster)
    client.create("nodes", node("n", labels={"topology.kubernetes.io/zone": "z1", "other": "1"}))
    made = client.create("pods", pod("p", nodeName="n"))
    assert made["metadata"]["labels"] == {"app": "a", "topology.kubernetes.io/zone": "z1"}


async def test_an_ephemeral_claim_of_somebody_else_is_told_of(cluster: Make) -> None:
    client, clock = await nodeless(cluster)
    other = claim()
    other["metadata"]["name"] = "p-v"
    client.create("persistentvolumeclaims", other)
    template = {"spec": claim()["spec"]}
    client.create("pods", pod("p", volumes=[{"name": "v", "ephemeral": {"volumeClaimTemplate": template}}]))
    await clock.advance(1)
    text = "ephemeral volume v: PVC x/p-v was not created for pod x/p (pod is not owner)"
    assert text in messages(client, "FailedBinding")


async def test_two_autoscalers_of_the_same_pods_do_nothing(cluster: Make) -> None:
    client, clock = await nodeless(cluster)
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "a"}}, "template": TEMPLATE}
    client.create("deployments.apps", {"metadata": {"name": "d", "namespace": "x"}, "spec": spec})
    await clock.advance(1)
    metric = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}
    for name in ("one", "two"):
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}
        own = {"scaleTargetRef": target, "maxReplicas": 3, "metrics": [{"type": "Resource", "resource": metric}]}
        client.create(
            "horizontalpodautoscalers.autoscaling", {"metadata": {"name": name, "namespace": "x"}, "spec": own}
        )
    await clock.advance(20)
    for found in client.list("horizontalpodautoscalers.autoscaling", "x"):
        active = next(c for c in found["status"]["conditions"] if c["type"] == "ScalingActive")
        assert active["reason"] == "AmbiguousSelector"
        assert active["message"] == "pods by selector app=a are controlled by more than one HPA (e.g. [x/one x/two])"


async def test_a_pod_gets_a_resource_claim_of_its_own(cluster: Make) -> None:
    client, clock = await nodeless(cluster)
    devices = {"requests": [{"name": "d", "exactly": {"deviceClassName": "gpu"}}]}
    spec = {"metadata": {"labels": {"l": "1"}}, "spec": {"devices": devices}}
    template = {"metadata": {"name": "t", "namespace": "x"}, "spec": spec}
    client.create("pods", pod("p", resourceClaims=[{"name": "dev", "resourceClaimTemplateName": "t"}]))
    await clock.advance(1)
    missing = 'resource claim template "t": resourceclaimtemplate.resource.k8s.io "t" not found'
    assert set(messages(client, "FailedResourceClaimCreation")) == {f"PodResourceClaim dev: {missing}"}
    client.create("resourceclaimtemplates.resource.k8s.io", template)
    await clock.advance(1)
    (made,) = client.list("resourceclaims.resource.k8s.io", "x")
    assert made["metadata"]["labels"] == {"l": "1"}
    found = client.get("pods", "p", "x")
    assert found is not None
    assert found["status"]["resourceClaimStatuses"] == [{"name": "dev", "resourceClaimName": made["metadata"]["name"]}]
    client.delete("pods", "p", "x", grace=0)
    await clock.advance(1)
    assert client.list("resourceclaims.resource.k8s.io", "x") == []


async def test_a_job_that_is_refused_pods_waits_a_second_and_more(cluster: Make) -> None:
    client, clock = await nodeless(cluster)
    client.create("resourcequotas", {"metadata": {"name": "q", "namespace": "x"}, "spec": {"hard": {"pods": "0"}}})
    await clock.advance(1)
    template = {"spec": TEMPLATE["spec"] | {"restartPolicy": "Never"}}
    client.create("jobs.batch", {"metadata": {"name": "j", "namespace": "x"}, "spec": {"template": template}})
    await clock.advance(6)
    assert len(messages(client, "FailedCreate")) == 3  # at once, after 1 s and after 2 s more


async def test_endpoints_of_a_node_that_is_not_there_are_left_out(cluster: Make) -> None:
    client, clock = await nodeless(cluster)
    spec = {"selector": {"app": "a"}, "ports": [{"port": 80}]}
    client.create("services", {"metadata": {"name": "s", "namespace": "x"}, "spec": spec})
    client.create("nodes", node("n"))
    for name, where in (("here", "n"), ("lost", "gone")):
        made = client.create("pods", pod(name, nodeName=where))
        made["status"] |= {"phase": "Running", "podIP": "10.244.0.9", "podIPs": [{"ip": "10.244.0.9"}]}
        client.update_status("pods", made)
    await clock.advance(1)
    (found,) = client.list("endpointslices.discovery.k8s.io", "x")
    assert [endpoint["targetRef"]["name"] for endpoint in found["endpoints"]] == ["here"]
    why = "skipping Pod lost for Service x/s: Node gone Not Found"
    assert messages(client, "FailedToUpdateEndpointSlices") == [
        f"Error updating Endpoint Slices for Service x/s: {why}"
    ]
    client.delete("endpoints", "s", "x")
    await clock.advance(1)
    assert client.get("endpoints", "s", "x") is not None


async def test_mirrored_slices_carry_annotations(cluster: Make) -> None:
    client, clock = await nodeless(cluster)
    client.create("services", {"metadata": {"name": "s", "namespace": "x"}, "spec": {"ports": [{"port": 80}]}})
    subsets = [{"addresses": [{"ip": "1.2.3.4"}], "ports": [{"port": 80}]}]
    meta = {"name": "s", "namespace": "x", "annotations": {"note": "1"}}
    client.create("endpoints", {"metadata": meta, "subsets": subsets})
    await clock.advance(1)
    (found,) = client.list("endpointslices.discovery.k8s.io", "x")
    assert found["metadata"]["annotations"] == {"note": "1"}


async def test_a_schedule_that_never_comes_is_told_of(cluster: Make) -> None:
    client, clock = await nodeless(cluster)
    template = {"spec": {"template": {"spec": TEMPLATE["spec"] | {"restartPolicy": "Never"}}}}
    spec = {"schedule": "0 0 31 2 *", "jobTemplate": template}
    client.create("cronjobs.batch", {"metadata": {"name": "c", "namespace": "x"}, "spec": spec})
    await clock.advance(1)
    text = "invalid schedule: 0 0 31 2 * : time difference between two schedules is less than 1 second"
    assert messages(client, "InvalidSchedule") == [text]
