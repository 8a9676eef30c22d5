"""Tests on text."""

from typing import Any

import pytest

from k8s_tutor.checks.texttest import differences, mistakes_in


@pytest.mark.parametrize(
    ("test", "good"),
    [
        (None, True), ("two", True), ("three", False), ({"equals": "one\ntwo"}, True), ({"equals": "one"}, False),
        ({"contains": "one"}, True), ({"not_contains": "one"}, False), ({"not_contains": "x"}, True),
        ({"matches": "^two$"}, True), ({"matches": "^wo"}, False), ({"not_matches": "t.o"}, False),
        ([{"contains": "one"}, "two"], True), ([{"contains": "one"}, "x"], False), ({"json": {"a": 1}}, False),
    ],
)  # fmt: skip
def test_text(test: Any, good: bool) -> None:
    assert (differences(test, "one\ntwo\n", "log") == []) is good


def test_json_by_pattern() -> None:
    assert differences({"json": {"items": [{"name": "b"}]}}, '{"items": [{"name": "a"}, {"name": "b"}]}', "body") == []
    found = differences({"json": {"ok": True}}, '{"ok": false}', "body")
    assert str(found[0]) == "body.ok: expected true, found false"


def test_only_the_end_of_a_long_text_is_shown() -> None:
    found = differences("x", "\n".join(map(str, range(1000))), "log")
    assert found[0].found == "997\n998\n999"


def test_broken_expressions_are_named() -> None:
    assert [path for path, _ in mistakes_in([{"matches": "("}, {"json": {"$no": 1}}], ("text",))] == [
        ("text", 0, "matches"),
        ("text", 1, "json", "$no"),
    ]
