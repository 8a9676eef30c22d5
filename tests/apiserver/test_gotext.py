"""Go's words for what does not fit."""

import pytest

from k8s_tutor.apimachinery.unstructured_errors import unstructured_error
from k8s_tutor.sim.apiserver.gotext import go_map


def test_a_map_as_go_prints_it() -> None:
    assert go_map({"b": [1, None], "a": {"x": True}}) == "map[a:map[x:true] b:[1 <nil>]]"


@pytest.mark.parametrize(
    ("given", "wanted", "words"),
    [
        ("string", "int32", "unrecognized type: int32"),
        ("number", "string", "cannot convert int64 to string"),
        ("string", "v1.DeploymentSpec", "cannot restore struct from: string"),
        ("object", "[]v1.Container", "cannot restore slice from map"),
        ("bool", "map[string]string", "cannot restore map from bool"),
    ],
)
def test_errors_of_strategic_patches(given: str, wanted: str, words: str) -> None:
    assert unstructured_error(f"json: cannot unmarshal {given} into Go struct field X.spec.y of type {wanted}") == words


def test_an_unstructured_converter_has_its_own_words_for_bytes_and_fractions() -> None:
    assert unstructured_error("illegal base64 data at input byte 1") == (
        "error decoding from json: illegal base64 data at input byte 1"
    )
    fraction = "json: cannot unmarshal number 1.5 into Go struct field X.spec.y of type int32"
    assert unstructured_error(fraction) == "cannot convert float64 to int32"
