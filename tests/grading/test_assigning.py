"""Which file answers which task."""

from pathlib import Path

import pytest

from k8s_tutor.course import Course
from k8s_tutor.grading.assigning import Answer, assign
from k8s_tutor.grading.reading import read_submission

SAMPLES = Path(__file__).parent / "samples"


def answers(name: str, **mapping: list[str]) -> dict[str, Answer]:
    tasks = Course.builtin().exercises("deploy")
    return assign(tasks, read_submission(SAMPLES / name).manifests, mapping)


def places(found: dict[str, Answer]) -> dict[str, str]:
    return {task: answer.main.source.file if answer.main else "" for task, answer in found.items()}


def test_by_file_names() -> None:
    assert places(answers("right")) == {
        "pod": "pod.yaml",
        "resources": "resources.yaml",
        "deployment": "deployment.yaml",
    }


def test_by_numbered_folders() -> None:
    found = places(answers("nested"))
    assert found["pod"].endswith("1/web.yml")
    assert found["resources"].endswith("2/web.yml")
    assert found["deployment"].endswith("3/web.json")


def test_by_content_in_one_file() -> None:
    found = answers("one-file")
    assert found["pod"].main is not None
    assert found["resources"].main is not None
    assert found["pod"].main.object["metadata"]["name"] == "my-service"
    assert found["resources"].main.object["metadata"]["name"] == "my-service-limited"
    assert "Service" in {m.kind for m in found["deployment"].objects}


def test_nothing_there() -> None:
    assert all(answer.main is None for answer in answers("nothing").values())


def test_a_tie_is_told_and_a_mapping_settles_it(tmp_path: Path) -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: NAME, labels: {app: x}}\nspec: {containers: [{name: c, image: nginx}]}\n"
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(pod.replace("NAME", name))
    tasks = Course.builtin().exercises("deploy")
    manifests = read_submission(tmp_path).manifests
    assert "ambiguous" in assign(tasks, manifests)["pod"].review
    settled = assign(tasks, manifests, {"pod": ["b.yaml"]})["pod"]
    assert settled.main is not None
    assert (settled.main.source.file, settled.review) == ("b.yaml", "")


@pytest.mark.parametrize("kind", ["Deployment"])
def test_another_kind_is_for_a_human(tmp_path: Path, kind: str) -> None:
    template = "{metadata: {labels: {app: x}}, spec: {containers: [{name: c, image: nginx}]}}"
    text = f"apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: x}}\nspec: {{selector: {{matchLabels: {{app: x}}}}, template: {template}}}\n"
    (tmp_path / "x.yaml").write_text(text)
    found = assign(Course.builtin().exercises("deploy"), read_submission(tmp_path).manifests)
    assert "where Pod was asked" in found["pod"].review
