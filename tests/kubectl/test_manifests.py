"""Reading manifests: kubectl's words for everything that can be wrong with them."""

from pathlib import Path

import pytest

from k8s_tutor.kubectl import manifests
from k8s_tutor.kubectl.decoding import wrong_metadata
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
    ],
)
def test_broken_manifests(text: str, message: str) -> None:
    with pytest.raises(CommandError) as caught:
        list(manifests.parse(text, "F"))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "validated", "decoded"),
    [
        (
            "hello\n",
            "invalid object to validate",
            "json: cannot unmarshal string into Go value of type unstructured.detector",
        ),
        (
            "- a\n",
            "invalid object to validate",
            "json: cannot unmarshal array into Go value of type unstructured.detector",
        ),
        ("a: b\n", "[apiVersion not set, kind not set]", """Object 'Kind' is missing in '{"a":"b"}'"""),
        (
            "apiVersion: 1\nkind: Pod\n",
            "apiVersion isn't string type",
            "json: cannot unmarshal number into Go struct field metadataOnlyObject.TypeMeta.apiVersion of type string",
        ),
        (
            "apiVersion: v1\nkind: List\nitems: 5\n",
            "invalid object to validate",
            "json: cannot unmarshal number into Go struct field decodeList.items of type []json.RawMessage",
        ),
    ],
)
def test_what_is_no_object(text: str, validated: str, decoded: str) -> None:
    with pytest.raises(CommandError) as caught:
        list(manifests.parse(text, "F"))
    assert str(caught.value) == (
        f'error validating "F": error validating data: {validated}; if you choose to ignore these errors, turn '
        "validation off with --validate=false"
    )
    with pytest.raises(CommandError) as caught:
        list(manifests.parse(text, "F", validated=False))
    assert str(caught.value) == f'unable to decode "F": {decoded}'


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ("{name: a, labels: {version: 1}}", "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"),
        ("{name: a, labels: {on: yes}, annotations: {z: 1.5}}", "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.annotations of type string"),
        ("{name: 5}", "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string"),
        ("{generation: 1.5}", "json: cannot unmarshal number 1.5 into Go struct field ObjectMeta.metadata.generation of type int64"),
        ("{ownerReferences: [{name: 5}]}", "json: cannot unmarshal number into Go struct field OwnerReference.metadata.ownerReferences.name of type string"),
        ("{finalizers: {}}", "json: cannot unmarshal object into Go struct field ObjectMeta.metadata.finalizers of type []string"),
        ("a", "json: cannot unmarshal string into Go struct field metadataOnlyObject.metadata of type v1.ObjectMeta"),
        ("{creationTimestamp: abc}", 'parsing time "abc" as "2006-01-02T15:04:05Z07:00": cannot parse "abc" as "2006"'),
        ("{name: a, labels: {a: null}, nope: 5}", ""),
    ],
)  # fmt: skip
def test_metadata_is_read_as_go_reads_it(metadata: str, why: str) -> None:
    body = next(manifests.parse(f"apiVersion: v1\nkind: Pod\nmetadata: {metadata}\n", "F")).object
    assert wrong_metadata(body) == why


def test_items_of_a_typed_list_need_not_say_what_they_are() -> None:
    text = "apiVersion: v1\nkind: ConfigMapList\nitems: [{metadata: {name: x}}]\n"
    assert [one.object["kind"] for one in manifests.parse(text, "F")] == ["ConfigMap"]


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
