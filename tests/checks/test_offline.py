"""The same checks on a learner's manifests, before anything is applied."""

from pathlib import Path
from typing import Any

import pytest

from k8s_tutor.checks.kind import build, kinds
from k8s_tutor.checks.manifests import parse_manifests, read_manifests, shape_problems
from k8s_tutor.checks.result import State
from k8s_tutor.checks.runner import CheckRun
from k8s_tutor.errors import PackError
from tests.checks.made import check, offline

TWO = """\
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers: [{name: web, image: nginx, resources: {requests: {cpu: 500m}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: other, labels: {app: api}}
spec:
  containers: [{name: api, image: httpd}]
"""
WEB = {"kind": "Pod", "name": "web"}


def verdict(spec: dict[str, Any], text: str = TWO, kind: str = "match") -> Any:
    return CheckRun([check("one", kind, spec)], offline(text)).evaluate()["one"]


@pytest.mark.parametrize(
    "spec",
    [
        {"object": WEB},
        {"object": {"kind": "pod", "selector": "app in (web,x)"}, "any": {"spec": {"containers": [{"image": "nginx"}]}}},
        {"object": {"kind": "Pod", "allNamespaces": True}, "count": 2},
        {"object": {"kind": "Pod"}, "count": {"max": 1}},
        {"object": {"kind": "Pod", "allNamespaces": True}, "all": {"spec": {"containers": {"$len": 1}}}},
        {"object": {"kind": "Pod"}, "none": {"spec": {"hostNetwork": True}}},
        {"object": {"kind": "Pod", "fields": "metadata.name=web"}, "any": {"spec": {"containers": [{"resources": {"requests": {"cpu": "0.5"}}}]}}},
        {"object": {"kind": "Pod", "allNamespaces": True}, "where": {"metadata": {"labels": {"app": "api"}}}, "count": 1},
        {"object": {"kind": "Service"}, "count": 0},
    ],
)  # fmt: skip
def test_match_passes(spec: dict[str, Any]) -> None:
    assert verdict(spec).state is State.PASSED


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ({"object": {"kind": "Pod", "name": "wep"}}, ": expected pod/wep, found nothing"),
        ({"object": WEB, "any": {"spec": {"nodeName": "n1"}}}, "spec.nodeName: expected n1, found nothing"),
        ({"object": {"kind": "Pod", "allNamespaces": True}, "count": 3}, "count: expected 3, found 2"),
        (
            {"object": {"kind": "Pod", "allNamespaces": True}, "any": {"spec": {"containers": [{"image": "nginx"}]}}, "count": 2},
            "count: expected 2, found 1",
        ),
        ({"object": {"kind": "Pod"}, "none": {"metadata": {"name": "web"}}}, ': expected no Pod like {"metadata":{"name":"web"}}, found pod/web'),
        ({"object": {"kind": "Service"}, "all": {}}, ": expected service, found nothing"),
    ],
)  # fmt: skip
def test_match_fails_with_the_difference(spec: dict[str, Any], wanted: str) -> None:
    result = verdict(spec)
    assert result.state is State.FAILED
    assert str(result.differences[0]) == wanted
    assert result.next.startswith("kubectl ")


def test_count_shows_the_nearest_candidate_too() -> None:
    result = verdict(
        {
            "object": {"kind": "Pod", "allNamespaces": True},
            "any": {"spec": {"containers": [{"image": "nginx"}]}},
            "count": 2,
        }
    )
    assert str(result.differences[1]) == "spec.containers[].image: expected nginx, found httpd"


def test_missing_object_names_what_is_there() -> None:
    assert verdict({"object": {"kind": "Pod", "name": "wep"}}).causes == ("Pod here: web",)


def test_absent() -> None:
    assert verdict({"object": {"kind": "Job"}}, kind="absent").passed
    assert verdict({"object": WEB, "where": {"spec": {"hostNetwork": True}}}, kind="absent").passed
    assert verdict({"object": WEB}, kind="absent").state is State.FAILED


def test_needs_block_and_order_does_not_matter() -> None:
    checks = [
        check("late", "match", {"object": WEB}, needs=("first",)),
        check("later", "match", {"object": WEB}, needs=("late",)),
        check("first", "match", {"object": {"kind": "Service"}}),
    ]
    results = CheckRun(checks, offline(TWO), lesson="pods").evaluate()
    assert list(results) == ["late", "later", "first"]
    assert [result.state for result in results.values()] == [State.BLOCKED, State.BLOCKED, State.FAILED]


def test_learn_gets_its_lesson_and_next_may_be_the_authors() -> None:
    spec = {"object": {"kind": "Service"}}
    checks = [
        check("a", "match", spec, learn="what", next="kubectl expose pod web"),
        check("b", "match", spec, learn="services#ports"),
    ]
    results = CheckRun(checks, offline(TWO), lesson="pods").evaluate()
    assert (results["a"].learn, results["a"].next) == ("pods#what", "kubectl expose pod web")
    assert (results["b"].learn, results["b"].next) == ("services#ports", "kubectl get service")


def test_what_needs_a_cluster_is_ungradable_offline() -> None:
    for kind, spec in (
        ("exec", {"pod": WEB, "command": "true"}),
        ("http", {"service": "web"}),
        ("logs", {"pod": WEB, "text": "x"}),
        ("history", {"object": WEB, "always": {}}),
        ("process", {"object": WEB, "same_uid": True}),
        ("rbac", {"who": {"user": "a"}, "can": [{"verb": "get", "resource": "pods"}]}),
    ):
        assert verdict(spec, kind=kind).state is State.UNGRADABLE, kind


def test_our_own_fault_is_an_error_and_not_a_failure() -> None:
    result = verdict({"question": "?", "type": "text", "from": {"object": WEB, "path": "{.a[}"}}, kind="answer")
    assert result.state is State.FAILED  # nothing was answered: the broken path was not looked at
    context = offline(TWO, answers={"one": "x"})
    spec = {"question": "?", "type": "text", "from": {"object": WEB, "path": "{.a[}"}}
    assert CheckRun([check("one", "answer", spec)], context).evaluate()["one"].state is State.ERROR


def test_unknown_kind_and_broken_spec_name_the_authors_line() -> None:
    with pytest.raises(PackError, match=r"checks.yaml:3:5: kind: there is no check kind 'macth'; did you mean match\?"):
        build(check("one", "macth", {}))
    with pytest.raises(PackError, match=r"checks\.yaml:3:5: spec: the field 'object' is missing"):
        build(check("one", "match", {}))
    with pytest.raises(PackError, match=r"checks\.yaml:3:5: spec:"):
        build(check("one", "match", {"object": {"kind": "Pod", "selector": "a in"}}))


def test_needs_that_are_unknown_or_circular() -> None:
    spec = {"object": WEB}
    with pytest.raises(PackError, match="no check 'x'"):
        CheckRun([check("a", "match", spec, needs=("x",))], offline(TWO))
    with pytest.raises(PackError, match="circle"):
        CheckRun([check("a", "match", spec, needs=("b",)), check("b", "match", spec, needs=("a",))], offline(TWO))


def test_all_kinds_of_the_specification_are_there() -> None:
    wanted = {"match", "absent", "exec", "http", "logs", "events", "answer", "history", "rbac", "manifest", "process"}
    assert wanted <= set(kinds())


# -- a learner's file


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("- a\n- b\n", "m.yaml:1:1: a list, where a Kubernetes object"),
        ("hello\n", "m.yaml:1:1: plain text, where"),
        ("kind: Pod\n", "m.yaml:1:1: apiVersion: is missing"),
        ("apiVersion: v1\nkind: [Pod]\n", "m.yaml:2:1: kind: is missing or no text"),
        ("apiVersion: v1\nkind: Pod\n", "m.yaml:1:1: metadata: is missing"),
        ("apiVersion: v1\nkind: List\nitems: [1]\n", r"m.yaml:3:9: items\[0\]: is no object"),
    ],
)
def test_what_is_no_object(text: str, wanted: str) -> None:
    with pytest.raises(PackError, match=wanted):
        parse_manifests(text, "m.yaml")


def test_lists_are_unpacked_and_empty_files_hold_nothing(tmp_path: Path) -> None:
    inner = "{apiVersion: v1, kind: Pod, metadata: {name: a}}"
    assert [one.kind for one in parse_manifests(f"apiVersion: v1\nkind: List\nitems:\n- {inner}\n")] == ["Pod"]
    (tmp_path / "empty.yaml").write_text("")
    assert read_manifests(tmp_path / "empty.yaml") == []


def test_shape_is_judged_as_the_server_would() -> None:
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  container: []\n"
    assert shape_problems(parse_manifests(text)[0]) == ['unknown field "spec.container"']


def test_manifest_check_on_the_working_folder(tmp_path: Path) -> None:
    spec = {"file": "*.yaml", "kind": "Pod", "any": {"spec": {"containers": [{"image": "nginx"}]}}}
    run = CheckRun([check("one", "manifest", spec)], offline("", workdir=tmp_path))
    assert str(run.evaluate()["one"].differences[0]) == "file: expected *.yaml, found nothing"
    file = tmp_path / "pod.yaml"
    file.write_text("spec:\n\tcontainers: []\n")
    assert "pod.yaml:2:1: a tab" in run.evaluate()["one"].differences[0].found
    file.write_text(TWO.replace("containers:", "container:"))
    assert 'unknown field "spec.container"' in str(run.evaluate()["one"].differences[0])
    file.write_text(TWO.replace("nginx", "caddy"))
    assert str(run.evaluate()["one"].differences[0]) == "spec.containers[].image: expected nginx, found caddy"
    file.write_text(TWO)
    assert run.evaluate()["one"].passed
