"""Protobuf bodies (``application/vnd.kubernetes.protobuf``): JSON objects from them and to them.

Mirrors ``k8s.io/apimachinery/pkg/runtime/serializer/protobuf``: four magic bytes, then a ``runtime.Unknown`` that names
apiVersion and kind and holds the object's own message.  Field numbers come from the tables; messages of leaves (Quantity,
Time, IntOrString …) are written here.  Types are compiled once into tables of writers and readers.
"""

import struct
from typing import Final

import orjson

from k8s_tutor.apimachinery.protobuf.messages import read_message, write_struct
from k8s_tutor.apimachinery.protobuf.wire import ProtobufError, as_bytes, chunk, fields
from k8s_tutor.apimachinery.schema.tables import type_for
from k8s_tutor.apimachinery.schema.types import Type
from k8s_tutor.apimachinery.unstructured import Json

__all__ = ["CONTENT_TYPE", "MAGIC", "ProtobufError", "decode", "encode", "encode_watch_frame"]

MAGIC: Final = b"k8s\0"
CONTENT_TYPE: Final = "application/vnd.kubernetes.protobuf"


def decode(body: bytes, type: Type | None = None) -> Json:
    """Return the object in an envelope, or in a bare message of ``type``.

    Raises:
        ProtobufError: for damaged bytes or a kind that is not served.
    """
    if not body.startswith(MAGIC):
        if type is None:
            raise ProtobufError(
                "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
            )
        return read_message(body, type)
    api_version, kind, raw, content_type = _read_envelope(body[len(MAGIC) :])
    if content_type == "application/json":
        loaded: Json = orjson.loads(raw)
        return loaded
    group, _, version = api_version.rpartition("/")
    found = type_for(group, version, kind) or type
    if found is None:
        raise ProtobufError(f'no kind "{kind}" is registered for version "{api_version}"')
    return {"apiVersion": api_version, "kind": kind, **read_message(raw, found)}


def encode(obj: Json, type: Type | None = None) -> bytes:
    """Return an object in its envelope; its type is found by apiVersion and kind where it is not given."""
    api_version, kind = obj.get("apiVersion", ""), obj.get("kind", "")
    if type is None:
        group, _, version = api_version.rpartition("/")
        type = type_for(group, version, kind)
        if type is None:
            raise ProtobufError(f'no kind "{kind}" is registered for version "{api_version}"')
    meta = chunk(1, api_version.encode()) + chunk(2, kind.encode())
    return MAGIC + chunk(1, meta) + chunk(2, write_struct(type)(obj)) + chunk(3, b"") + chunk(4, b"")


def encode_watch_frame(event_type: str, envelope: bytes) -> bytes:
    """Return one frame of a watch stream: its length in four bytes, then the WatchEvent."""
    event = chunk(1, event_type.encode()) + chunk(2, chunk(1, envelope))
    return struct.pack(">I", len(event)) + event


def _read_envelope(data: bytes) -> tuple[str, str, bytes, str]:
    api_version = kind = content_type = ""
    raw = b""
    for number, value in fields(data):
        if number == 1:
            for inner, text in fields(as_bytes(value)):
                if inner == 1:
                    api_version = as_bytes(text).decode()
                elif inner == 2:
                    kind = as_bytes(text).decode()
        elif number == 2:
            raw = as_bytes(value)
        elif number == 4:
            content_type = as_bytes(value).decode()
    return api_version, kind, raw, content_type
