"""``/openapi/v2`` and ``/openapi/v3``: the built-in documents, and those of custom resources.

Version 2 is also served as protobuf (``kube-openapi/pkg/handler``), which kubectl asks for. That form of the built-in
document is made once and kept packed; custom resources follow as a second gzip member, for messages laid one after the
other are one message.
"""

import gzip
from functools import lru_cache

import orjson

from k8s_tutor.apimachinery import schema
from k8s_tutor.apimachinery.protobuf import openapi as protobuf
from k8s_tutor.sim.apiserver.backend import Backend
from k8s_tutor.sim.apiserver.http.message import TEXT, Request, Response
from k8s_tutor.sim.apiserver.negotiation import JSON

PREFIX = "/openapi/v3/"
SMALL = 128 << 10
V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
V2_PROTOBUF_NAMES = (V2_PROTOBUF, "application/com.github.proto-openapi.spec.v2@v1.0+protobuf")


def answer(server: Backend, request: Request) -> Response:
    """Answer an OpenAPI path."""
    path = request.path.rstrip("/")
    if path == "/openapi/v2":
        return _v2_protobuf(server, request) if _wants_protobuf(request) else _packed(request, _v2(server))
    if path == "/openapi/v3":
        index = schema.openapi_v3_index()
        custom = server.customs.openapi_index() if server.customs else {}
        return _packed(request, orjson.dumps({"paths": index["paths"] | custom}))
    if path.startswith(PREFIX):
        name = path[len(PREFIX) :]
        body = schema.openapi_v3(name)
        if body is None and server.customs:
            body = server.customs.openapi_v3(name)
        if body is not None:
            return _packed(request, body, cacheable="hash" in request.query)
    return Response(404, b"404 page not found\n", TEXT)


def _v2(server: Backend) -> bytes:
    body = schema.openapi_v2()
    extra = server.customs.openapi_v2() if server.customs else None
    if not extra:
        return body
    document = orjson.loads(body)
    document["definitions"] |= extra["definitions"]
    document["paths"] |= extra["paths"]
    return orjson.dumps(document)


def _wants_protobuf(request: Request) -> bool:
    for clause in request.headers.get("accept", "").split(","):
        media = clause.partition(";")[0].strip()
        if media in V2_PROTOBUF_NAMES:
            return True
        if media in {JSON, "application/*", "*/*"}:
            return False
    return False


@lru_cache(maxsize=1)
def _built_in_protobuf() -> bytes:
    return gzip.compress(protobuf.document(orjson.loads(schema.openapi_v2())), 1, mtime=0)


def _v2_protobuf(server: Backend, request: Request) -> Response:
    body = _built_in_protobuf()
    extra = server.customs.openapi_v2() if server.customs else None
    if extra:
        body += gzip.compress(protobuf.document(extra), 1, mtime=0)
    headers = [("Cache-Control", "no-cache, private"), ("Vary", "Accept")]
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(200, body, V2_PROTOBUF, [*headers, ("Content-Encoding", "gzip")])
    return Response(200, gzip.decompress(body), V2_PROTOBUF, headers)


def _packed(request: Request, body: bytes, *, cacheable: bool = False) -> Response:
    headers = [("Cache-Control", "public, immutable" if cacheable else "no-cache, private"), ("Vary", "Accept")]
    if len(body) > SMALL and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, 1)
        headers.append(("Content-Encoding", "gzip"))
    return Response(200, body, JSON, headers)
