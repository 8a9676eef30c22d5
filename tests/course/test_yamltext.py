"""YAML as people write it, and as an attacker would: each refusal says file, line, column and what to do."""

from pathlib import Path

import pytest

from k8s_tutor.course.yamltext import MAX_BYTES, parse, read, read_one
from k8s_tutor.errors import PackError

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True)
)


def refusal(text: str | bytes) -> PackError:
    with pytest.raises(PackError) as caught:
        parse(text, "pod.yaml")
    return caught.value


def test_documents_and_places() -> None:
    first, second = parse("kind: Pod\nspec:\n  containers:\n  - name: web\n---\nkind: Service\n")
    assert first.data["spec"]["containers"] == [{"name": "web"}]
    assert str(first.mark(("spec", "containers", 0, "name"))) == "input:4:5"
    assert str(first.mark(("spec", "containers", 0, "image"))) == "input:4:5"
    assert str(second.error(("kind",), "is odd").what) == "input:6:1: kind: is odd"


@pytest.mark.parametrize("raw", [b"\xef\xbb\xbfkind: Pod\n", "kind: Pod\n".encode("utf-16"), "\ufeffkind: Pod\n"])
def test_byte_order_marks_are_taken(raw: bytes | str) -> None:
    assert parse(raw)[0].data == {"kind": "Pod"}


def test_empty_documents_are_left_out() -> None:
    assert parse("---\n# nothing\n---\nkind: Pod\n---\n")[0].data == {"kind": "Pod"}
    assert parse("") == []


def test_timestamps_stay_text_and_booleans_do_not() -> None:
    assert parse("a: 2027-01-15\nb: yes\nc: 010\n")[0].data == {"a": "2027-01-15", "b": True, "c": 8}


def test_tab_is_named_with_its_place() -> None:
    error = refusal("spec:\n\tcontainers: []\n")
    assert error.what == "pod.yaml:2:1: a tab is used for indentation; YAML takes only spaces"
    assert "spaces" in error.next_step


def test_stray_colon_has_advice() -> None:
    error = refusal("message: error: no such file\n")
    assert error.what.startswith("pod.yaml:1:15: not YAML: mapping values are not allowed")
    assert "quote" in error.next_step


def test_duplicate_key_names_both_lines() -> None:
    assert refusal("a: 1\nb: 2\na: 3\n").what == "pod.yaml:3:1: a: the key stands twice (first on line 1)"


def test_anchor_bomb_is_refused_and_plain_anchors_work() -> None:
    assert "unfolds to more than" in refusal(BOMB).what
    assert parse("a: &a {x: 1}\nb: *a\nc:\n  <<: *a\n  y: 2\n")[0].data["c"] == {"x": 1, "y": 2}


def test_anchor_in_itself_and_deep_nesting() -> None:
    assert "contains itself" in refusal("a: &a [*a]\n").what
    assert "nested more than 100 deep" in refusal("[" * 500 + "]" * 500).what
    assert "nesting depth" in refusal("[" * 5000 + "]" * 5000).what


def test_template_is_explained() -> None:
    assert "quotes" in refusal("name: {{ .Values.name }}\n").next_step


def test_unsafe_tags_are_refused() -> None:
    assert "not YAML" in refusal("a: !!python/object/apply:os.system ['true']\n").what


def test_not_utf8_names_the_byte() -> None:
    assert refusal(b"kind: Pod\nname: \xef\xf0\xe8\n").what.startswith("pod.yaml:2:7: not UTF-8")


def test_too_large(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES * 5)
    with pytest.raises(PackError, match="the file is 50 MB"):
        read(path, "big.yaml")


def test_missing_empty_and_several(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="cannot be read"):
        read(tmp_path / "no.yaml")
    path = tmp_path / "a.yaml"
    path.write_text("# only a comment\n")
    with pytest.raises(PackError, match="the file is empty"):
        read_one(path, "a.yaml")
    path.write_text("a: 1\n---\nb: 2\n")
    with pytest.raises(PackError, match=r"a\.yaml:3:1: a second document"):
        read_one(path, "a.yaml")
