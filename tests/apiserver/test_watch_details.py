"""Watches beside the plain one: Tables with bookmarks, wrong options, what a deletion shows."""

import json
from typing import Any

import pytest

from k8s_tutor.sim.apiserver.watching import Watcher
from tests.apiserver.api import CONFIGMAPS, call, configmap
from tests.conftest import Server, ServerFactory

INITIAL = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


async def events(served: Server, query: str, path: str = CONFIGMAPS, **headers: str) -> list[Any]:
    answer = await call(served, "GET", f"{path}?watch=1&timeoutSeconds=1&{query}", **headers)
    assert answer.status == 200, answer.body
    return [answer.body] if isinstance(answer.body, dict) else [json.loads(line) for line in answer.body.splitlines()]


async def test_a_table_watch_ends_its_first_events_with_a_bookmark_of_an_empty_row(server: ServerFactory) -> None:
    served = await server(nodes=0)
    await call(served, "POST", CONFIGMAPS, configmap("a"))
    seen = await events(served, f"{INITIAL}&fieldSelector=metadata.name%3Da", accept=TABLE)
    assert [event["type"] for event in seen] == ["ADDED", "BOOKMARK"]
    row = seen[1]["object"]["rows"][0]
    assert row["cells"] == ["", "", "<unknown>"]
    assert row["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


async def test_an_object_that_waited_for_finalizers_goes_as_it_was_stored_last(server: ServerFactory) -> None:
    served = await server(nodes=0)
    body = configmap("a")
    body["metadata"]["finalizers"] = ["x.io/y"]
    made = await call(served, "POST", CONFIGMAPS, body)
    await call(served, "DELETE", f"{CONFIGMAPS}/a")
    patch = {"content_type": "application/merge-patch+json"}
    gone = await call(served, "PATCH", f"{CONFIGMAPS}/a", {"metadata": {"finalizers": None}}, **patch)
    assert "finalizers" not in gone.body["metadata"]
    version = made.body["metadata"]["resourceVersion"]
    seen = await events(served, f"resourceVersion={version}&fieldSelector=metadata.name%3Da")
    assert [event["type"] for event in seen] == ["MODIFIED", "DELETED"]
    assert seen[1]["object"]["metadata"]["finalizers"] == ["x.io/y"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "resourceVersion=1&resourceVersionMatch=Exact",
            'Unsupported value: "Exact": supported values: "NotOlderThan"',
        ),
        ("continue=x", "resourceVersionMatch is forbidden when continue is provided"),
    ],
)
async def test_options_that_a_watch_does_not_have(server: ServerFactory, query: str, message: str) -> None:
    served = await server(nodes=0)
    refused = await call(served, "GET", f"{CONFIGMAPS}?watch=yes&{query}")
    assert refused.status == 422
    assert message in refused.body["message"]


async def test_there_are_no_watches_in_yaml(server: ServerFactory) -> None:
    served = await server(nodes=0)
    refused = await call(served, "GET", f"{CONFIGMAPS}?watch=1", accept="application/yaml")
    assert refused.status == 406


@pytest.mark.parametrize(("left", "step"), [(300.0, 60.0), (9.0, 7.0), (2.0, 2.0), (61.0, 59.0)])
def test_bookmarks_come_each_minute_and_before_the_end(left: float, step: float) -> None:
    assert Watcher._until_bookmark(left) == step


async def test_a_failed_pods_row_says_that_it_is_over(server: ServerFactory) -> None:
    served = await server(nodes=0)
    pods = "/api/v1/namespaces/default/pods"
    await call(served, "POST", "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}})
    spec = {"containers": [{"name": "c", "image": "x"}]}
    await call(served, "POST", pods, {"metadata": {"name": "p"}, "spec": spec})
    patch = {"content_type": "application/merge-patch+json"}
    await call(served, "PATCH", f"{pods}/p/status", {"status": {"phase": "Failed"}}, **patch)
    table = (await call(served, "GET", pods, accept=TABLE)).body
    over = {"type": "Completed", "status": "True", "reason": "Failed", "message": "The pod failed."}
    assert table["rows"][0]["conditions"] == [over]
