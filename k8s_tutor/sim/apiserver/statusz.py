"""``/statusz``: since when the server runs, and as what (``component-base/zpages/statusz``).

As text for people; as an object ``Statusz`` of ``config.k8s.io`` for those who ask for one by name.
"""

import time

import orjson

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.apiserver.backend import Backend
from k8s_tutor.sim.apiserver.http.message import TEXT, Request, Response
from k8s_tutor.sim.machinery.status import ApiError

PATHS = ("/healthz", "/livez", "/metrics", "/readyz", "/statusz", "/version")
GROUP = "config.k8s.io"
VERSIONS = ("v1alpha1", "v1beta1")
DEPRECATED = ("Warning", '299 - "This version of the statusz endpoint is deprecated. Please use a newer version."')
WARNING = (
    "Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for "
    "debugging purposes only."
)


def answer(server: Backend, request: Request, version: Json) -> Response:
    """Answer in the form that is asked for; ``version`` is what ``/version`` says."""
    up = int(time.monotonic() - server.started)
    begun = server.clock.now() - up
    accept = request.headers.get("accept", "")
    headers = [("Cache-Control", "no-cache, private")]
    for clause in accept.split(","):
        media, *raw = (part.strip() for part in clause.split(";"))
        wanted = dict(part.split("=", 1) for part in raw if "=" in part)
        if media in {"", "*/*", "text/*", "text/plain"}:
            return Response(200, _text(begun, up, version).encode(), TEXT, headers)
        if media == "application/json" and (wanted.get("g"), wanted.get("as")) == (GROUP, "Statusz"):
            if wanted.get("v") in VERSIONS:
                if wanted["v"] != VERSIONS[-1]:
                    headers.append(DEPRECATED)
                kind = f"application/json;g={GROUP};v={wanted['v']};as=Statusz"
                body = orjson.dumps(_object(begun, up, version, wanted["v"])) + b"\n"
                return Response(200, body, kind, headers)
    text = "only the following media types are accepted: application/json, application/yaml, text/plain"
    raise ApiError(406, "NotAcceptable", text)


def _text(begun: float, up: int, version: Json) -> str:
    started = time.strftime("%a %b %e %H:%M:%S UTC %Y", time.gmtime(begun))
    lines = (
        f"Started: {started}",
        f"Up: {up // 3600} hr {up // 60 % 60:02d} min {up % 60:02d} sec",
        f"Go version: {version['goVersion']}",
        f"Binary version: {version['gitVersion'].removeprefix('v')}",
        f"Emulation version: {version['emulationMajor']}.{version['emulationMinor']}",
        f"Paths: {' '.join(PATHS)}",
    )
    return "\n".join(("", "apiserver statusz", WARNING, "", *lines, ""))


def _object(begun: float, up: int, version: Json, api: str) -> Json:
    return {
        "kind": "Statusz",
        "apiVersion": f"{GROUP}/{api}",
        "metadata": {"name": "apiserver"},
        "startTime": rfc3339(begun),
        "uptimeSeconds": up,
        "goVersion": version["goVersion"],
        "binaryVersion": version["gitVersion"].removeprefix("v"),
        "emulationVersion": f"{version['emulationMajor']}.{version['emulationMinor']}",
        "paths": list(PATHS),
    }
