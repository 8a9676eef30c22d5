"""JSONPath templates as client-go evaluates them."""

import pytest

from k8s_tutor.apimachinery.jsonpath import JSONPath, JSONPathError, relaxed

DATA = {
    "items": [
        {
            "metadata": {"name": "a", "labels": {"x.y/z": "v"}},
            "spec": {"c": [{"name": "m", "p": 80}, {"name": "n", "p": 90}]},
        },
        {"metadata": {"name": "b"}},
    ]
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{.items[*].metadata.name}", "a b"),
        ("{range .items[*]}[{.metadata.name},{.spec.c[0].p}] {end}", "[a,80] [b,] "),
        ("{.items[0].metadata.labels.x\\.y/z}", "v"),
        ("{.items[0].metadata.labels['x\\.y/z']}", "v"),
        ("{.items[-1:].metadata.name}", "b"),
        ("{.items[0].spec.c[?(@.p>80)].name}", "n"),
        ("{.items[*].spec.c[?(@.name=='n')].p}", "90"),
        ("{.items[?(@.metadata.labels)].metadata.name}", "a"),
        ("{.items[0].spec.c[*]['name','p']}", "m n 80 90"),
        ("{..p}", "80 90"),
        ('x{.items[1]}y{"\\n"}', 'x{"metadata":{"name":"b"}}y\n'),
        ("{.nope.deeper[3].x}", ""),
        ("{$.items[1].metadata.name} {@.items[0].metadata.name}", "b a"),
    ],
)
def test_templates(template: str, text: str) -> None:
    assert JSONPath(template).render(DATA) == text


def test_strict_evaluation_misses_keys_aloud() -> None:
    with pytest.raises(JSONPathError, match="nope is not found"):
        JSONPath("{.nope}", allow_missing=False).render(DATA)


@pytest.mark.parametrize("template", ["{.x", "{.x[}", "{range .items[*]}", "{end}"])
def test_malformed_templates_are_refused(template: str) -> None:
    with pytest.raises(JSONPathError):
        JSONPath(template)


def test_relaxed_paths_are_all_the_same() -> None:
    assert {relaxed(path) for path in ("x.y", ".x.y", "{x.y}", "{.x.y}")} == {"{.x.y}"}
    with pytest.raises(JSONPathError):
        relaxed("{x}{y}")
