"""Protobuf bodies."""

from typing import Any

import pytest

from k8s_tutor.apimachinery import protobuf, schema
from k8s_tutor.apimachinery.protobuf import ProtobufError

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p", "labels": {"b": "2", "a": "1"}, "creationTimestamp": "2026-01-02T03:04:05Z"},
    "spec": {
        "containers": [
            {
                "name": "c",
                "image": "i",
                "command": ["a", "b"],
                "resources": {"limits": {"cpu": "500m"}},
                "readinessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 5},
                "ports": [{"containerPort": 80}],
                "tty": True,
            }
        ],
        "terminationGracePeriodSeconds": 0,
        "securityContext": {"runAsUser": -1},
    },
    "status": {},
}


@pytest.mark.parametrize(
    "obj",
    [
        POD,
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "aGk="}},
        {
            "apiVersion": "v1",
            "kind": "Status",
            "metadata": {},
            "status": "Failure",
            "code": 404,
            "details": {"name": "x"},
        },
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "metadata": {},
            "spec": {"user": "u", "extra": {"k": ["a", "b"]}},
            "status": {"allowed": True},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "ControllerRevision",
            "metadata": {"name": "r"},
            "data": {"spec": {"x": [1, None]}},
            "revision": 3,
        },
    ],
)
def test_round_trip(obj: dict[str, Any]) -> None:
    assert protobuf.decode(protobuf.encode(obj)) == obj


def test_known_bytes() -> None:
    """Bytes as Go writes them: magic, type meta, message."""
    body = protobuf.encode({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}})
    assert body == b"k8s\0" + b"\n\x0f\n\x02v1\x12\tNamespace" + b"\x12\x05\n\x03\n\x01n" + b"\x1a\x00\x22\x00"


def test_lists() -> None:
    body = protobuf.encode(
        {"apiVersion": "v1", "kind": "PodList", "metadata": {"resourceVersion": "5"}, "items": [POD]}
    )
    items = protobuf.decode(body)["items"]
    assert items == [{key: value for key, value in POD.items() if key not in {"apiVersion", "kind"}}]


def test_bare_messages_need_their_type() -> None:
    options = schema.type_for("", "v1", "DeleteOptions")
    assert protobuf.decode(b"\x08\x05", options) == {"gracePeriodSeconds": 5}
    with pytest.raises(ProtobufError, match="does not appear to be a protobuf message"):
        protobuf.decode(b"\x08\x05")


@pytest.mark.parametrize("cut", [5, 20, 60, 100])
def test_damaged_bodies_are_refused(cut: int) -> None:
    body = protobuf.encode(POD)
    with pytest.raises(ProtobufError):
        protobuf.decode(body[:cut])


def test_watch_frames() -> None:
    frame = protobuf.encode_watch_frame("ADDED", protobuf.encode(POD))
    assert int.from_bytes(frame[:4], "big") == len(frame) - 4
    assert b"ADDED" in frame
