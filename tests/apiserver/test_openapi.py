"""OpenAPI as kubectl downloads it."""

import gzip

import orjson

from k8s_tutor.apimachinery.protobuf import openapi
from k8s_tutor.apimachinery.protobuf.wire import as_bytes, fields
from tests.conftest import Kubectl, ServerFactory

PODD = "apiVersion: v1\nkind: Podd\nmetadata:\n  name: bad\n"
MISSING = 'error: resource mapping not found for name: "bad" namespace: "" from "STDIN": no matches for kind "Podd"'
CRD = """apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boats.sea.example}
spec:
  group: sea.example
  scope: Namespaced
  names: {plural: boats, singular: boat, kind: Boat}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              masts: {type: integer, minimum: 1, description: How many masts.}
"""


def parts(message: bytes, number: int) -> list[bytes]:
    return [as_bytes(value) for key, value in fields(message) if key == number]


def test_a_schema_becomes_a_message() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 2}}, "x-kind": [{"a": 1}]}
    message = openapi.document({"swagger": "2.0", "definitions": {"Thing": schema}})
    (definitions,) = parts(message, 9)
    (named,) = parts(definitions, 1)
    assert parts(named, 1) == [b"Thing"]
    (thing,) = parts(named, 2)
    assert parts(parts(thing, 22)[0], 1) == [b"object"]
    assert parts(parts(thing, 31)[0], 1) == [b"x-kind"]
    assert parts(parts(parts(thing, 31)[0], 2)[0], 2) == [b'[{"a":1}]\n']
    (number,) = parts(parts(parts(thing, 25)[0], 1)[0], 2)
    assert (9, b"\0\0\0\0\0\0\0@") in list(fields(number))


def test_laid_one_after_the_other_documents_merge() -> None:
    both = openapi.document({"definitions": {"A": {}}}) + openapi.document({"definitions": {"B": {}}})
    assert len(parts(both, 9)) == 2
    assert orjson.loads(gzip.decompress(gzip.compress(b"[1,") + gzip.compress(b"2]"))) == [1, 2]


async def test_kubectl_reads_it_and_misses_an_unknown_kind(server: ServerFactory, kubectl: Kubectl) -> None:
    done = await kubectl(await server(), "apply", "-f", "-", stdin=PODD)
    assert done.err.splitlines()[0] == MISSING + ' in version "v1"'
    assert done.code == 1


async def test_kubectl_explains_from_version_two_with_custom_resources(server: ServerFactory, kubectl: Kubectl) -> None:
    served = await server()
    made = await kubectl(served, "apply", "-f", "-", stdin=CRD)
    assert made.code == 0, made.err
    await served.cluster.clock.advance(1)
    for output in ("plaintext", "plaintext-openapiv2"):
        boat = await kubectl(served, "explain", "boats.spec.masts", f"--output={output}")
        assert "How many masts." in boat.out, boat.err
        pod = await kubectl(served, "explain", "pods.spec.nodeName", f"--output={output}")
        assert "<string>" in pod.out, pod.err
    applied = await kubectl(served, "apply", "-f", "-", stdin=PODD.replace("Podd", "Pod") + "spec: {containerz: []}")
    assert 'unknown field "spec.containerz"' in applied.err
