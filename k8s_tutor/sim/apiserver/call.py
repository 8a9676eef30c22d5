"""One API request on its way: what was asked, by whom, in which form the answer goes back."""

import gzip
from dataclasses import dataclass
from typing import Any

import orjson

from k8s_tutor.sim.apiserver.backend import Backend
from k8s_tutor.sim.apiserver.http.message import Request, Response
from k8s_tutor.sim.apiserver.negotiation import JSON, PROTOBUF, YAML, Form, wants_pretty
from k8s_tutor.sim.apiserver.requestinfo import RequestInfo
from k8s_tutor.sim.machinery.pending import Reviews
from k8s_tutor.sim.registry.scheme import Resource
from k8s_tutor.sim.registry.strategy import RequestContext, UserInfo

GZIP_FROM = 128 << 10  # as upstream: smaller answers are not compressed
NO_CACHE = ("Cache-Control", "no-cache, private")


@dataclass(slots=True)
class Call:
    """A request for a resource."""

    server: Backend
    request: Request
    info: RequestInfo
    user: UserInfo
    resource: Resource
    form: Form

    @property
    def warnings(self) -> list[str]:
        """Texts for the answer's ``Warning`` headers."""
        return self.request.warnings

    @property
    def namespace(self) -> str:
        """The namespace under which the object is stored ("" for cluster-wide kinds)."""
        return self.info.namespace if self.resource.namespaced else ""

    def context(self, *, dry_run: bool = False) -> RequestContext:
        """Return the storage's view of this request."""
        if self.request.reviews is None:
            self.request.reviews = Reviews()
        return RequestContext(
            self.user,
            self.manager,
            dry_run,
            self.warnings,
            self.info.subresource,
            api_version=self.resource.api_version,
            reviews=self.request.reviews,
        )

    @property
    def manager(self) -> str:
        """The field manager: as asked, or the user agent up to its first slash."""
        asked = self.request.param("fieldManager")
        if asked:
            return asked
        return self.request.headers.get("user-agent", "").split("/")[0][:128] or "unknown"

    # -- answers

    def json(self, value: Any, status: int = 200) -> Response:
        """Answer with an object."""
        return self.encoded(orjson.dumps(value), status, value)

    def encoded(self, body: bytes, status: int = 200, value: Any = None) -> Response:
        """Answer with an object's JSON; ``value`` saves reading it again where another form is wanted."""
        headers = [NO_CACHE, *warning_headers(self.request)]
        media = self.form.media
        if media != JSON:
            body = convert(body, value, media)
        elif self.request.raw_query or "curl" in self.request.headers.get("user-agent", ""):
            if wants_pretty(self.request.param("pretty"), self.request.headers.get("user-agent", "")):
                body = orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2) + b"\n"
        if len(body) > GZIP_FROM and "gzip" in self.request.headers.get("accept-encoding", ""):
            body = gzip.compress(body, 1)
            headers.append(("Content-Encoding", "gzip"))
            headers.append(("Vary", "Accept-Encoding"))
        return Response(status, body, media, headers)


def warning_headers(request: Request) -> list[tuple[str, str]]:
    """Return the ``Warning`` headers of an answer, each text once."""
    return [("Warning", f'299 - "{_quoted(text)}"') for text in dict.fromkeys(request.warnings)]


def convert(body: bytes, value: Any, media: str) -> bytes:
    """Return an object's JSON in another media type."""
    if value is None:
        value = orjson.loads(body)
    if media == YAML:
        from k8s_tutor.apimachinery.goyaml import to_yaml

        return to_yaml(value).encode()
    if media == PROTOBUF:
        from k8s_tutor.apimachinery import protobuf

        return protobuf.encode(value)
    return body


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
