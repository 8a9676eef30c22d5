"""Pictures of the cluster, drawn from plain objects."""

from typing import Any

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.tui.pictures import events, nodes, rollouts, tree
from k8s_tutor.tui.pictures.pods import sign, word
from k8s_tutor.tui.pictures.rollout import bounds
from k8s_tutor.tui.texts import EN, RU, say


def english(key: str) -> str:
    return say("en", key)


def pod(name: str, *, ready: bool = True, owner: str = "", node: str = "node1", **status: Any) -> Json:
    meta: Json = {"name": name, "namespace": "default", "uid": f"uid-{name}"}
    if owner:
        meta["ownerReferences"] = [{"uid": owner, "controller": True}]
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    spec = {"nodeName": node, "containers": [{"name": "c", "image": "nginx:1.27"}]}
    return {"metadata": meta, "spec": spec, "status": {"phase": "Running", "conditions": conditions, **status}}


def test_words_of_pods() -> None:
    waiting = {"name": "c", "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "restartCount": 3}
    crashing = pod("a", ready=False, containerStatuses=[waiting])
    assert (word(crashing), sign(crashing)) == ("CrashLoopBackOff", "✗")
    initialising = pod("b", ready=False, initContainerStatuses=[{"name": "i", "state": {"running": {}}}])
    assert (word(initialising), sign(initialising)) == ("Init:0/1", "◐")
    ending = pod("c")
    ending["metadata"]["deletionTimestamp"] = "2027-01-01T00:00:00Z"
    assert (word(ending), sign(ending)) == ("Terminating", "○")
    done = pod("d", ready=False, phase="Succeeded")
    assert sign(done) == "✓"
    assert sign(pod("e")) == "●"


def test_tree_shows_owners_and_hides_what_is_empty() -> None:
    deployment = {
        "metadata": {"name": "web", "namespace": "default", "uid": "D"},
        "spec": {"replicas": 1},
        "status": {"readyReplicas": 1},
    }
    owned = {"ownerReferences": [{"uid": "D", "controller": True}]}
    new = {"metadata": {"name": "web-1", "namespace": "default", "uid": "R", **owned}, "spec": {"replicas": 1}}
    old = {"metadata": {"name": "web-0", "namespace": "default", "uid": "O", **owned}, "spec": {"replicas": 0}}
    service = {"metadata": {"name": "svc", "namespace": "default"}, "spec": {"ports": [{"port": 80}]}}
    found = tree(
        {
            "namespaces": [
                {"metadata": {"name": "default"}},
                {"metadata": {"name": "kube-system"}},
                {"metadata": {"name": "a"}},
            ],
            "deployments": [deployment],
            "replicasets": [new, old],
            "pods": [pod("web-1-x", owner="R")],
            "services": [service],
        },
        english,
        first="default",
    )
    assert [line.plain for line in found] == [
        "▾ default",
        "  Deployment web 1/1",
        "    ReplicaSet web-1 0/1",
        "      ● web-1-x  0/1 Running",
        "  Service svc:80 → 0",
        "▾ a",
        "    no pods here",
    ]


def test_nodes_show_requests_against_what_there_is() -> None:
    node = {
        "metadata": {"name": "node1"},
        "status": {
            "allocatable": {"cpu": "2", "memory": "1Gi", "pods": "110"},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }
    heavy = pod("heavy")
    heavy["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "500m"}, "limits": {"cpu": "3"}}
    lost = pod("lost", node="")
    del lost["spec"]["nodeName"]
    lines = [line.plain for line in nodes([node], [heavy, lost, pod("done", phase="Succeeded")], 58, english)]
    assert lines[0] == "● node1"
    assert lines[1].startswith("  cpu █████▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ 500m req, 3000m lim / 2000m !")
    assert lines[3] == "  ● 1/110 pods"
    assert lines[4:] == ["◐ no node yet: ", "    default/lost"]


@pytest.mark.parametrize(
    ("replicas", "surge", "missing", "expected"),
    [
        (10, "25%", "25%", (8, 13)),
        (4, 1, 1, (3, 5)),
        (4, "25%", "25%", (3, 5)),
        (1, "25%", "25%", (1, 2)),
        (3, 0, 0, (2, 3)),
        (2, 0, "100%", (0, 2)),
    ],
)
def test_bounds_of_a_rollout(replicas: int, surge: int | str, missing: int | str, expected: tuple[int, int]) -> None:
    rolling = {"maxSurge": surge, "maxUnavailable": missing}
    assert bounds({"spec": {"replicas": replicas, "strategy": {"rollingUpdate": rolling}}}) == expected


def test_rollout_has_a_row_a_version() -> None:
    meta = {"name": "web", "namespace": "default", "uid": "D"}
    deployment = {"metadata": meta, "spec": {"replicas": 2}, "status": {"readyReplicas": 2}}

    def replica_set(uid: str, revision: str, image: str, replicas: int) -> Json:
        own = {
            "name": uid,
            "uid": uid,
            "ownerReferences": [{"uid": "D"}],
            "annotations": {"deployment.kubernetes.io/revision": revision},
        }
        return {
            "metadata": own,
            "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"image": image}]}}},
        }

    sets = [
        replica_set("R10", "10", "nginx:1.28", 1),
        replica_set("R9", "9", "nginx:1.27", 2),
        replica_set("R1", "1", "nginx:1.0", 0),
    ]
    pods = [pod("a", owner="R9"), pod("b", owner="R9"), pod("c", owner="R10", ready=False)]
    lines = [line.plain for line in rollouts([deployment], sets, pods, english, "default")]
    assert lines == [
        "Deployment web  2/2 ready  ≥ 2 ready, ≤ 3 pods",
        "  old    #9 ● ● 2/2  nginx:1.27",
        "  new    #10 ◐ 1/1  nginx:1.28",
        "",
    ]
    assert rollouts([], [], [], english)[0].plain.startswith("There is no Deployment")


def test_events_come_in_order_and_name_what_they_are_about() -> None:
    def event(name: str, when: str, **more: Any) -> Json:
        about = {"kind": "Pod", "name": name}
        return {
            "metadata": {"namespace": "default"},
            "involvedObject": about,
            "lastTimestamp": when,
            "reason": "R",
            "message": "m",
            **more,
        }

    found = events(
        [event("b", "2027-01-15T08:00:00Z", count=4, type="Warning"), event("a", "2027-01-15T07:59:00Z")],
        1_800_000_010.0,
        english,
    )
    assert [line.plain for line in found] == [" 70s   pod/a R m", " 10s ! pod/b R m ×4"]


def test_both_languages_say_everything() -> None:
    assert EN.keys() == RU.keys()
    assert say("de", "goal") == "Goal"
