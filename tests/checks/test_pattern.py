"""Partial objects are compared by meaning, lists without order, and the difference is what a reader needs."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8s_tutor.checks.pattern import differences, mistakes_in, nearest, of_object

POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web", "labels": {"app": "web"}},
    "spec": {
        "containers": [
            {
                "name": "side",
                "image": "busybox",
                "command": ["sh", "-c", "sleep 1"],
                "resources": {"limits": {"memory": "128Mi"}},
            },
            {
                "name": "web",
                "image": "nginx:1.27",
                "ports": [{"containerPort": 53, "protocol": "TCP"}, {"containerPort": 53, "protocol": "UDP"}],
                "resources": {"requests": {"cpu": "500m", "memory": "134217728"}},
                "readinessProbe": {"httpGet": {"port": 80, "path": "/"}, "periodSeconds": 5},
            },
        ],
        "volumes": [{"name": "data", "emptyDir": {}}],
    },
    "status": {
        "conditions": [{"type": "Ready", "status": "True"}, {"type": "Initialized", "status": "True"}],
        "startTime": "2027-01-15T08:00:00Z",
    },
}


def told(pattern: Any) -> list[str]:
    return list(map(str, of_object(pattern, POD)))


@pytest.mark.parametrize(
    "pattern",
    [
        {},
        {"metadata": {"name": "web"}},
        {"spec": {"containers": [{"name": "web", "image": "nginx:1.27"}]}},
        {"spec": {"containers": [{"name": "web"}, {"name": "side"}]}},
        {"spec": {"containers": [{"image": "nginx:1.27"}, {"image": "busybox"}]}},
        {"spec": {"containers": [{"resources": {"requests": {"cpu": 0.5, "memory": "128Mi"}}}]}},
        {"spec": {"containers": [{"name": "web", "ports": [{"containerPort": 53, "protocol": "UDP"}]}]}},
        {"spec": {"containers": [{"readinessProbe": {"httpGet": {"port": "80"}}}]}},
        {"spec": {"containers": [{"command": ["sleep 1"]}]}},
        {"spec": {"volumes": [{"name": "data", "emptyDir": {"$exists": True}}]}},
        {"spec": {"hostNetwork": False, "nodeName": "", "initContainers": []}},
        {"status": {"conditions": [{"type": "Ready", "status": True}]}},
        {"status": {"startTime": "2027-01-15T11:00:00+03:00"}},
        {"spec": {"serviceAccountName": {"$exists": False}}},
        {"spec": {"containers": {"$len": 2}}},
        {"spec": {"containers": {"$len": {"$gte": 2}, "$each": {"image": {"$regex": "^(nginx|busy)"}}}}},
        {"spec": {"containers": {"$none": {"image": {"$regex": ":latest$"}}}}},
        {"spec": {"containers": {"$exactly": [{"name": "web"}, {"name": "side"}]}}},
        {"spec": {"containers": [{"resources": {"limits": {"memory": {"$lte": "0.5Gi", "$gt": "100M"}}}}]}},
        {"metadata": {"labels": {"app": {"$in": ["api", "web"]}}}},
        {"metadata": {"labels": {"$not": {"app": "api"}}}},
        {"$any": [{"kind": "Job"}, {"kind": "Pod"}]},
        {"$all": [{"kind": "Pod"}, {"metadata": {"name": {"$ne": "api"}}}]},
    ],
)  # fmt: skip
def test_matches(pattern: Any) -> None:
    assert told(pattern) == []


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ({"metadata": {"name": "api"}}, ["metadata.name: expected api, found web"]),
        (
            {"spec": {"containers": [{"name": "web", "image": "nginx:1.28"}]}},
            ["spec.containers[name=web].image: expected nginx:1.28, found nginx:1.27"],
        ),
        (
            {"spec": {"containers": [{"name": "api"}]}},
            ["spec.containers[name=api]: expected present, found only side, web"],
        ),
        (
            {"spec": {"containers": [{"resources": {"requests": {"cpu": "1"}}}]}},
            ["spec.containers[].resources.requests.cpu: expected 1, found nothing"],
        ),
        ({"metadata": {"labels": {"tier": "x"}}}, ["metadata.labels.tier: expected x, found nothing"]),
        ({"metadata": {"labels": {"k8s.io/a": "x"}}}, ["metadata.labels[k8s.io/a]: expected x, found nothing"]),
        ({"spec": {"containers": {"$len": 1}}}, ["spec.containers (length): expected 1, found 2"]),
        (
            {"spec": {"containers": {"$exactly": [{"name": "web"}]}}},
            None,
        ),
        ({"spec": {"containers": [{"name": "web"}, {"name": "web"}]}}, ["spec.containers[name=web]: expected present, found only side, web"]),
        ({"spec": "x"}, None),
        ({"metadata": {"name": {"$exists": False}}}, ["metadata.name: expected absent, found web"]),
        (
            {"spec": {"containers": [{"resources": {"limits": {"memory": {"$lt": "100Mi"}}}}]}},
            ["spec.containers[].resources.limits.memory: expected < 100Mi, found 128Mi"],
        ),
        ({"metadata": {"name": {"$regex": "^a"}}}, ["metadata.name: expected text like /^a/, found web"]),
        (
            {"$any": [{"kind": "Job", "metadata": {"name": "x"}}, {"kind": "Job"}]},
            ["kind: expected Job, found Pod"],
        ),
    ],
)  # fmt: skip
def test_differences(pattern: Any, wanted: list[str] | None) -> None:
    found = told(pattern)
    assert found
    assert wanted is None or found == wanted


def test_absent_counters_read_as_zero() -> None:
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "status": {}}
    assert of_object({"status": {"readyReplicas": 0}}, deployment) == []
    assert of_object({"status": {"readyReplicas": {"$lt": 3}}}, deployment) == []
    assert of_object({"status": {"readyReplicas": {"$gte": 3}}}, deployment)


def test_percent_and_integer_of_a_rollout() -> None:
    rollout = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "spec": {"strategy": {"rollingUpdate": {"maxSurge": "25%"}}},
    }
    assert of_object({"spec": {"strategy": {"rollingUpdate": {"maxSurge": "25%"}}}}, rollout) == []
    assert of_object({"spec": {"strategy": {"rollingUpdate": {"maxSurge": 1}}}}, rollout)


def test_custom_resources_are_compared_without_a_schema() -> None:
    obj = {"apiVersion": "example.org/v1", "kind": "Flow", "spec": {"steps": [{"name": "a"}, {"name": "b", "n": 1.0}]}}
    assert of_object({"spec": {"steps": [{"name": "b", "n": 1}]}}, obj) == []


def test_nearest_candidate() -> None:
    other = {"kind": "Pod", "metadata": {"name": "api"}}
    best = nearest({"kind": "Pod", "metadata": {"name": "web", "labels": {"app": "x"}}}, [other, POD])
    assert best is not None
    assert best[0] is POD
    assert nearest({}, []) is None


def test_faulty_patterns_are_named() -> None:
    pattern = {"spec": {"a": {"$regex": "("}, "b": {"$like": 1}, "c": {"$gt": 1, "d": 2}}}
    assert [path for path, _ in mistakes_in(pattern)] == [
        ("spec", "a", "$regex"),
        ("spec", "b", "$like"),
        ("spec", "c"),
    ]


JSON = st.recursive(
    st.one_of(st.text(max_size=5), st.integers(), st.booleans()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("abc", min_size=1), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=40, deadline=None)
@given(JSON, st.randoms())
def test_every_value_matches_itself_in_any_order(value: Any, random: Any) -> None:
    def shuffled(inner: Any) -> Any:
        if isinstance(inner, list):
            items = [shuffled(item) for item in inner]
            random.shuffle(items)
            return items
        return {key: shuffled(item) for key, item in inner.items()} if isinstance(inner, dict) else inner

    assert differences(value, value) == []
    assert differences(value, shuffled(value)) == []
