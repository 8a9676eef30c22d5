"""From request bodies to clean objects, with the complaints of the real server."""

from itertools import pairwise
from typing import Any

import pytest

from k8s_tutor.apimachinery import schema
from k8s_tutor.apimachinery.conforming import Conformed, conform
from k8s_tutor.apimachinery.decoded import DecodeError
from k8s_tutor.apimachinery.decoding import decode, decode_body
from k8s_tutor.apimachinery.encoding import encoded
from k8s_tutor.apimachinery.schema.types import Type
from k8s_tutor.apimachinery.unstructured import Json


def type_for(kind: str, group: str = "", version: str = "v1") -> Type:
    found = schema.type_for(group, version, kind)
    assert found is not None
    return found


def conform_pod(spec: Json, **more: Any) -> Conformed:
    return conform(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec, **more}, type_for("Pod")
    )


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ({"containers": [{"name": 5}]}, "number into Go struct field Container.spec.containers.name of type string"),
        ({"containers": ["x"]}, "string into Go struct field PodSpec.spec.containers of type v1.Container"),
        ({"containers": {}}, "object into Go struct field PodSpec.spec.containers of type []v1.Container"),
        ({"restartPolicy": 1}, "number into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy"),
        (
            {"containers": [{"readinessProbe": {"grpc": {"port": "x"}}}]},
            "string into Go struct field GRPCAction.spec.containers.readinessProbe.ProbeHandler.grpc.port of type int32",
        ),
        (
            {"activeDeadlineSeconds": 1.5},
            "number 1.5 into Go struct field PodSpec.spec.activeDeadlineSeconds of type int64",
        ),
        ({"nodeSelector": {"a": 1}}, "number into Go struct field PodSpec.spec.nodeSelector of type string"),
        (
            {"containers": [{"livenessProbe": {"httpGet": {"port": []}}}]},
            "array into Go struct field HTTPGetAction.spec.containers.livenessProbe.ProbeHandler.httpGet.port of type int32",
        ),
    ],
)
def test_a_mismatch_is_told_as_go_tells_it(spec: Json, complaint: str) -> None:
    assert conform_pod(spec).type_error == f"json: cannot unmarshal {complaint}"


def test_a_leaf_with_its_own_decoder_ends_decoding() -> None:
    found = conform_pod({"restartPolicy": 1, "containers": [{"resources": {"limits": {"cpu": "1x"}}}]})
    assert found.type_error is not None
    assert found.type_error.startswith("quantities must match the regular expression")


def test_unknown_fields_are_told_in_order_and_dropped() -> None:
    found = conform_pod({"containers": [{"name": "c", "imag": "x"}], "foo": 1}, bar=2)
    assert found.strict_errors == [
        'unknown field "spec.containers[0].imag"',
        'unknown field "spec.foo"',
        'unknown field "bar"',
    ]
    assert found.obj["spec"] == {"containers": [{"name": "c"}]}


def test_names_of_fields_are_case_sensitive() -> None:
    assert conform_pod({"Containers": []}).strict_errors == ['unknown field "spec.Containers"']


def test_leaves_become_canonical() -> None:
    spec = {"containers": [{"name": "c", "resources": {"limits": {"cpu": 0.5, "memory": "1024Mi"}}}], "hostname": None}
    found = conform_pod(spec, status={"startTime": "2026-01-02T05:04:05.9+02:00"})
    assert found.obj["spec"] == {
        "containers": [{"name": "c", "resources": {"limits": {"cpu": "500m", "memory": "1Gi"}}}]
    }
    assert found.obj["status"] == {"startTime": "2026-01-02T03:04:05Z"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x", 'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'),
        ("2026-13-01T00:00:00Z", 'parsing time "2026-13-01T00:00:00Z": month out of range'),
        ("2026-02-30T00:00:00Z", 'parsing time "2026-02-30T00:00:00Z": day out of range'),
        (
            "2026-01-01",
            'parsing time "2026-01-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"',
        ),
    ],
)
def test_times_are_refused_as_go_refuses_them(text: str, complaint: str) -> None:
    assert conform_pod({}, status={"startTime": text}).type_error == complaint


def test_base64() -> None:
    secret = type_for("Secret")
    assert conform({"data": {"a": "aGk=\n"}}, secret).obj == {"data": {"a": "aGk="}}
    assert conform({"data": {"a": "aGk"}}, secret).type_error == "illegal base64 data at input byte 0"
    assert conform({"data": {"a": "a*k="}}, secret).type_error == "illegal base64 data at input byte 1"


def test_what_the_encoder_shows() -> None:
    deployment = type_for("Deployment", "apps")
    obj = {
        "metadata": {"name": "d", "labels": {}},
        "spec": {"replicas": 0, "paused": False, "template": {"spec": {"containers": [{"name": "c", "args": []}]}}},
    }
    assert encoded(obj, deployment) == {
        "metadata": {"name": "d"},
        "spec": {
            "replicas": 0,
            "selector": None,
            "strategy": {},
            "template": {"metadata": {}, "spec": {"containers": [{"name": "c", "resources": {}}]}},
        },
        "status": {},
    }
    assert encoded({"rules": []}, type_for("Role", "rbac.authorization.k8s.io"))["rules"] is None


def test_crd_schemas_are_unions() -> None:
    crd = type_for("CustomResourceDefinition", "apiextensions.k8s.io")
    schema_ = {
        "type": "object",
        "additionalProperties": {"type": "string", "nope": 1},
        "x-kubernetes-preserve-unknown-fields": True,
    }
    obj = {"spec": {"versions": [{"name": "v1", "schema": {"openAPIV3Schema": schema_}}]}}
    clean = conform(obj, crd)
    assert clean.strict_errors == []
    kept = clean.obj["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert kept["additionalProperties"] == {"type": "string"}
    schema_["additionalProperties"] = "x"
    assert conform(obj, crd).type_error == "boolean or JSON schema expected"


def test_duplicate_fields() -> None:
    body = b'{"a": 1, "b": {"c": ":", "c": 2}, "a": [{"d": 1, "d": 2}]}'
    found = decode_body(body)
    assert found.obj == {"a": [{"d": 2}], "b": {"c": 2}}
    assert found.duplicates == ('duplicate field "b.c"', 'duplicate field "a"', 'duplicate field "a[0].d"')
    assert decode_body(b'{"a": "x:y", "b": ":"}').duplicates == ()


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"{bad json", "invalid character 'b' looking for beginning of object key string"),
        (b"", "unexpected end of JSON input"),
        (b"[1,]", "invalid character ']' looking for beginning of value"),
        (b'{"a":1}x', "invalid character 'x' after top-level value"),
        (b'{"a":tru}', "invalid character '}' in literal true (expecting 'e')"),
        (b'{"a":01}', "invalid character '1' after object key:value pair"),
    ],
)
def test_bad_json(body: bytes, complaint: str) -> None:
    with pytest.raises(DecodeError) as raised:
        decode(body)
    assert str(raised.value) == f"couldn't get version/kind; json parse error: {complaint}"


def test_yaml_is_read_as_go_reads_it() -> None:
    text = b"a: 010\nb: 1:30\nc: 2001-01-01\nd: yes\ne: 1e3\nf: ~\n1: x\ng: &x [1]\nh: *x\n"
    expected = {"a": 8, "b": "1:30", "c": "2001-01-01", "d": True, "e": 1000, "f": None, "1": "x", "g": [1], "h": [1]}
    assert decode(text, "application/yaml") == expected
    duplicates = decode_body(b"a: 1\na: 2\n", "application/yaml").duplicates
    assert duplicates == ('yaml: unmarshal errors:\n  line 2: key "a" already set in map',)
    with pytest.raises(DecodeError, match=r"yaml: line 1: did not find expected ',' or '\]'"):
        decode(b"a: [b", "application/yaml")


def test_hostile_bodies_end_in_an_error() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in pairwise("abcdefghij")
    )
    for body, media, complaint in [
        (bomb.encode(), "application/yaml", "excessive aliasing"),
        (b"a: &a [*a]", "application/yaml", "contains itself|recursive"),
        (b"[" * 900 + b"]" * 900, "application/yaml", "max depth|nesting|recursion"),
        (b"[" * 100_000 + b"]" * 100_000, "application/json", "exceeded max depth"),
        (b"[" * 900 + b"]" * 900, "application/json", "exceeded max depth"),
    ]:
        with pytest.raises(DecodeError, match=complaint):
            decode(body, media)


def test_lone_surrogates_and_broken_utf8_are_replaced() -> None:
    assert decode(b'{"a": "\\ud800"}') == {"a": "\ufffd"}
    assert decode(b'{"a": "\xff"}') == {"a": "\ufffd"}
