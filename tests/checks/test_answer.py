"""Typed answers: choices, numbers with units, texts, orders, and answers read from the objects."""

from typing import Any

import pytest

from k8s_tutor.checks.kind import build
from k8s_tutor.checks.kinds.answer import Answer
from k8s_tutor.checks.result import State
from k8s_tutor.checks.runner import CheckRun
from tests.checks.made import check, offline

CHOICES = [
    {"id": "a", "text": "A"},
    {"id": "b", "text": {"en": "B"}, "why": {"en": "because", "ru": "потому"}},
    {"id": "c", "text": "C"},
]
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {nodeName: node2, priority: 5}\n"


def judged(spec: dict[str, Any], given: Any) -> State:
    context = offline(POD, answers={"one": given})
    return CheckRun([check("one", "answer", {"question": "?", **spec})], context).evaluate()["one"].state


@pytest.mark.parametrize(
    ("spec", "given", "good"),
    [
        ({"type": "choice", "choices": CHOICES, "correct": "a"}, "a", True),
        ({"type": "choice", "choices": CHOICES, "correct": "a"}, ["a"], True),
        ({"type": "choice", "choices": CHOICES, "correct": "a"}, "b", False),
        ({"type": "choice", "choices": CHOICES, "correct": ["a", "c"]}, ["c", "a"], True),
        ({"type": "choice", "choices": CHOICES, "correct": ["a", "c"]}, ["a"], False),
        ({"type": "ordering", "choices": CHOICES}, ["a", "b", "c"], True),
        ({"type": "ordering", "choices": CHOICES}, ["b", "a", "c"], False),
        ({"type": "number", "value": 3}, "3", True),
        ({"type": "number", "value": 3}, 3, True),
        ({"type": "number", "value": 3}, "three", False),
        ({"type": "number", "value": 100, "tolerance": 5}, "104,5", True),
        ({"type": "number", "value": 100, "tolerance": "5%"}, "106", False),
        ({"type": "number", "value": 512, "unit": "MiB"}, "0.5 GiB", True),
        ({"type": "number", "value": 512, "unit": "MiB"}, "512", True),
        ({"type": "number", "value": 512, "unit": "MiB"}, "512 s", False),
        ({"type": "number", "value": 0.5, "unit": ""}, "500m", True),
        ({"type": "number", "value": 90, "unit": "s", "tolerance": 1}, "1.5 мин", True),
        ({"type": "number", "value": "25", "unit": "%"}, "25%", True),
        ({"type": "number", "from": {"object": {"kind": "Pod", "name": "web"}, "path": "spec.priority"}}, "5", True),
        ({"type": "text", "accept": ["Oom ?Killed", "137"]}, "  OOMKILLED ", True),
        ({"type": "text", "accept": ["OOM"]}, "OOMKilled", False),
        ({"type": "text", "from": {"object": {"kind": "Pod", "name": "web"}, "path": "{.spec.nodeName}"}}, "Node2", True),
        ({"type": "text", "from": {"object": {"kind": "Pod", "name": "web"}, "path": "spec.nodeName"}}, "node1", False),
    ],
)  # fmt: skip
def test_answers(spec: dict[str, Any], given: Any, good: bool) -> None:
    assert judged(spec, given) is (State.PASSED if good else State.FAILED)


def test_nothing_to_compare_with_is_ungradable() -> None:
    spec = {"type": "text", "from": {"object": {"kind": "Pod", "name": "gone"}, "path": "spec.nodeName"}}
    assert judged(spec, "node1") is State.UNGRADABLE


def test_right_answer_stays_right_and_wrong_one_does_not_give_it_away() -> None:
    one = check("one", "answer", {"question": "?", "type": "choice", "choices": CHOICES, "correct": "a"})
    context = offline("")
    run = CheckRun([one], context)
    assert run.evaluate()["one"].state is State.FAILED
    context.answers = {"one": "b"}
    result = run.evaluate()["one"]
    assert str(result.differences[0]) == "answer: expected another one, found b"
    context.answers = {"one": "a"}
    assert run.evaluate()["one"].passed
    context.answers = {}
    assert run.evaluate()["one"].passed


def test_what_a_prompt_needs_to_ask() -> None:
    kind = build(
        check(
            "one",
            "answer",
            {"question": {"en": "Q", "ru": "В"}, "type": "choice", "choices": CHOICES, "correct": ["a", "c"]},
        )
    )
    assert isinstance(kind, Answer)
    assert kind.question.get("ru") == "В"
    assert [choice for choice, _ in kind.choices] == ["a", "b", "c"]
    assert kind.several
    assert kind.why("b", "ru") == "потому"


@pytest.mark.parametrize(
    "spec",
    [{"type": "choice"}, {"type": "choice", "choices": CHOICES, "correct": "x"}, {"type": "number"}, {"type": "text"},
     {"type": "text", "accept": ["("]}],
)  # fmt: skip
def test_mistakes_of_authors(spec: dict[str, Any]) -> None:
    assert list(build(check("one", "answer", {"question": "?", **spec})).mistakes())
