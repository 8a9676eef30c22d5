"""Paths that are not of a resource: discovery, OpenAPI, version, health, metrics, the index."""

import orjson

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.apiserver.backend import Backend
from k8s_tutor.sim.apiserver.discovery import wants_aggregated
from k8s_tutor.sim.apiserver.http.message import TEXT, Answer, Request, Response
from k8s_tutor.sim.apiserver.negotiation import JSON, YAML, negotiate
from k8s_tutor.sim.machinery.prometheus import CONTENT_TYPE
from k8s_tutor.sim.machinery.status import ApiError, not_allowed

VERSION: Json = {
    "major": "1",
    "minor": "37",
    "emulationMajor": "1",
    "emulationMinor": "37",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "36",
    "gitVersion": "v1.37.2",
    "gitCommit": "$Format:%H$",
    "gitTreeState": "",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "go1.26.8",
    "compiler": "gc",
    "platform": "linux/amd64",
}
NOT_FOUND = b"404 page not found\n"
KEY_SET = "application/jwk-set+json"
PUBLIC = ("Cache-Control", "public, max-age=3600")
READ_ONLY = ("/version", "/api", "/openid", "/.well-known")
HEALTH = ("/healthz", "/livez", "/readyz")


def answer(server: Backend, request: Request) -> Answer:
    """Answer a path that is not of a resource."""
    path = request.path
    bare = path.rstrip("/") or "/"
    if bare.startswith(READ_ONLY) and request.method not in {"GET", "HEAD"}:
        raise not_allowed()
    if path in {"/version", "/version/"}:
        _require(request, JSON)
        return Response(200, orjson.dumps(VERSION, option=orjson.OPT_INDENT_2), JSON, _no_cache())
    if path.startswith(HEALTH) and not path.endswith("/") and bare.split("/")[1] in {"healthz", "livez", "readyz"}:
        return server.health.answer(request)
    if bare in {"/api", "/apis"} or bare.startswith(("/api/", "/apis/")):
        return _discovery(server, request, bare)
    if path.startswith("/openapi/"):
        from k8s_tutor.sim.apiserver import openapi

        return openapi.answer(server, request)
    if path == "/metrics/slis":
        return Response(200, server.health.indicators(), CONTENT_TYPE, _no_cache())
    if path == "/metrics":
        from k8s_tutor.sim.apiserver import metrics

        return Response(200, metrics.render(server, VERSION), CONTENT_TYPE, _no_cache())
    if path == "/statusz":
        from k8s_tutor.sim.apiserver import statusz

        return statusz.answer(server, request, VERSION)
    if path == "/":
        return Response(200, orjson.dumps({"paths": _paths(server)}), JSON, _no_cache())
    if path == "/.well-known/openid-configuration":
        return Response(200, orjson.dumps(_openid(server, request)), JSON, [PUBLIC])
    if bare == "/openid/v1/jwks":
        return _keys(server, request)
    return not_found()


def aggregated(server: Backend, group: str, version: str) -> Response | None:
    """Answer for a group version that an APIService says another server has; no program of ours is such a server."""
    found = server.rest.store.get("apiservices.apiregistration.k8s.io", "", f"{version}.{group}")
    if found is None or not found.obj["spec"].get("service") or server.discovery.version(f"/apis/{group}/{version}"):
        return None
    headers = [*_no_cache(), ("X-Content-Type-Options", "nosniff")]
    return Response(503, b"service unavailable\n", TEXT, headers)


def not_found() -> Response:
    """Answer 404 as text: nobody knows the path."""
    return Response(404, NOT_FOUND, TEXT, [*_no_cache(), ("X-Content-Type-Options", "nosniff")])


def _keys(server: Backend, request: Request) -> Response:
    """Answer the public keys of service account tokens."""
    _require(request, KEY_SET)
    return Response(200, orjson.dumps({"keys": [server.cluster.tokens.public_key()]}), KEY_SET, [PUBLIC])


def _require(request: Request, media: str) -> None:
    """Refuse who does not accept the only type that there is."""
    accepted = {clause.partition(";")[0].strip() for clause in request.headers.get("accept", "").split(",")}
    if not accepted & {"", "*/*", "application/*", media}:
        raise ApiError(406, "NotAcceptable", f"406: Not Acceptable\n\nAvailable representations: {media}", {})


def _no_cache() -> list[tuple[str, str]]:
    return [("Cache-Control", "no-cache, private")]


def _discovery(server: Backend, request: Request, path: str) -> Response:
    discovery = server.discovery
    found: Json | None
    if path in {"/api", "/apis"}:
        version = wants_aggregated(request)
        if version:
            body = orjson.dumps(discovery.aggregated(path))
            media = f"{JSON};g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
            # Upstream says "public"; a client whose clock is not the cluster's would then keep it for ever.
            return Response(200, body, media, [*_no_cache(), ("Vary", "Accept")])
        found = discovery.legacy() if path == "/api" else discovery.groups()
    elif path.startswith("/apis/") and path.count("/") == 2:
        found = discovery.group(path.removeprefix("/apis/"))
    else:
        found = discovery.version(path)
    if found is None:
        group, _, served = path.removeprefix("/apis/").partition("/")
        if served and (elsewhere := aggregated(server, group, served)):
            return elsewhere
        if path.count("/") == 2 and path.startswith("/apis/"):
            return not_found()
        raise ApiError(404, "NotFound", "the server could not find the requested resource", {})
    form = negotiate(request.headers.get("accept", ""), tables=False, metadata=False)
    if form.media == YAML:
        from k8s_tutor.sim.apiserver.call import convert

        return Response(200, convert(b"", found, YAML), YAML, _no_cache())
    return Response(200, orjson.dumps(found), JSON, _no_cache())


def _paths(server: Backend) -> list[str]:
    groups = [group["name"] for group in server.discovery.groups()["groups"]]
    versions = [f"/apis/{v['groupVersion']}" for g in server.discovery.groups()["groups"] for v in g["versions"]]
    paths = ["/.well-known/openid-configuration", "/api", "/api/v1", "/apis", "/apis/", "/metrics", "/openapi/v2"]
    paths += ["/openapi/v3", "/openapi/v3/", "/version", *(f"/apis/{name}" for name in groups), *versions]
    paths += ["/metrics/slis", "/openid/v1/jwks"]
    for endpoint in HEALTH:
        paths += [endpoint, *(f"{endpoint}/{name}" for name in server.health.names(endpoint[1:]))]
    return sorted(paths)


def _openid(server: Backend, request: Request) -> Json:
    """Return OpenID metadata: pods are told of an address that they can reach."""
    from k8s_tutor.sim.auth.tokens import ISSUER
    from k8s_tutor.sim.controlplane.endpoints import address

    place = f"127.0.0.1:{server.port}"
    if request.headers.get("host", place) != place:
        place = f"{address(bare=server.cluster.shape.bare)}:{server.cluster.port}"
    return {
        "issuer": ISSUER,
        "jwks_uri": f"https://{place}/openid/v1/jwks",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }
