"""Reading manifests: kubectl's words for everything that can be wrong with them."""

from pathlib import Path

import pytest

from k8s_tutor.kubectl import manifests
from k8s_tutor.kubectl.errors import CommandError

POD = "apiVersion: v1\nkind: Pod\nmetadata:\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            POD + "  name: bad\nspec:\n  containers:\n  - name: c\n   image: x\n",
            "error parsing F: error converting YAML to JSON: yaml: line 7: did not find expected key",
        ),
        (
            POD + "\tname: bad\n",
            "error parsing F: error converting YAML to JSON: yaml: line 4: found character that cannot start any token",
        ),
        (
            "kind: Pod\nmetadata: a: b\n",
            "error parsing F: error converting YAML to JSON: yaml: line 2: mapping values are not allowed in this context",
        ),
        ("metadata: *x\n", "error parsing F: error converting YAML to JSON: yaml: unknown anchor 'x' referenced"),
        ("hello\n", 'unable to decode "F": json: cannot unmarshal string into Go value of type unstructured.detector'),
        ("- a\n", 'unable to decode "F": json: cannot unmarshal array into Go value of type unstructured.detector'),
    ],
)
def test_broken_manifests(text: str, message: str) -> None:
    with pytest.raises(CommandError) as caught:
        list(manifests.parse(text, "F"))
    assert str(caught.value) == message


def test_lines_count_from_the_start_of_their_document() -> None:
    with pytest.raises(CommandError, match="line 2: "):
        list(manifests.parse(POD + "  name: x\n---\nkind: Pod\nmetadata: a: b\n", "F"))


def test_documents_lists_and_json_come_apart() -> None:
    text = (
        POD
        + "  name: a\n---\n# nothing\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: b}}\n"
    )
    names = [one.object["metadata"]["name"] for one in manifests.parse(text, "F")]
    assert names == ["a", "b"]
    stream = '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"c"}}{"apiVersion":"v1","kind":"Pod"}'
    assert len(list(manifests.parse(stream, "F"))) == 2


def test_dates_and_numbers_stay_what_json_has() -> None:
    body = next(manifests.parse("apiVersion: v1\nkind: X\na: 2020-01-01\nb: 1\n1: yes\n", "F")).object
    assert body == {"apiVersion": "v1", "kind": "X", "a": "2020-01-01", "b": 1, "1": True}


def test_a_bomb_of_aliases_is_refused() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for before, name in zip("abcdefg", "bcdefgh", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]")
    with pytest.raises(CommandError, match="excessive aliasing"):
        list(manifests.parse("\n".join(lines), "F"))


def test_folders_missing_files_and_addresses(scratch: Path) -> None:
    (scratch / "b.yaml").write_text(POD + "  name: b\n")
    (scratch / "a.json").write_text('{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}')
    (scratch / "notes.txt").write_text("no manifest")
    found = list(manifests.documents(["."], scratch, None))
    assert [(one.object["metadata"]["name"], one.source) for one in found] == [("a", "a.json"), ("b", "b.yaml")]
    with pytest.raises(CommandError, match=r'the path "nope\.yaml" does not exist'):
        list(manifests.documents(["nope.yaml"], scratch, None))
    with pytest.raises(CommandError, match="not fetched from the network"):
        list(manifests.documents(["https://example.com/x.yaml"], scratch, None))


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("y", True),
        ("N", False),
        ("on", True),
        ("you", "you"),
        ("12:30:45", "12:30:45"),
        ("1e3", 1000),
        ("010", 8),
        ("0o7", 7),
        ("08", 8),
        ("1_000", 1000),
        ("1.0", 1),
        ("2020-01-01", "2020-01-01"),
        ("~", None),
    ],
)
def test_scalars_are_what_go_yaml_makes_of_them(scalar: str, value: object) -> None:
    found = manifests.read_value(f"a: {scalar}\n")["a"]
    assert (found, type(found)) == (value, type(value))
