"""Which form an answer takes: JSON, YAML or protobuf; whole objects, Tables or metadata only.

Mirrors ``apiserver/pkg/endpoints/handlers/negotiation``. Whole objects are sent as protobuf only to those who accept nothing
else: clients that list it first also take JSON, which is what the store has ready. Metadata alone is sent as asked: in
protobuf its items do not say their kind, which client-go's metadata client relies on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from k8s_tutor.sim.machinery.status import ApiError

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
MEDIA_TYPES = (JSON, YAML, PROTOBUF)
WATCH_TYPES = (f"{JSON};stream=watch", f"{PROTOBUF};stream=watch")
TRANSFORMS = frozenset(("Table", "PartialObjectMetadata", "PartialObjectMetadataList"))
META_VERSIONS = frozenset(("v1", "v1beta1"))
BROWSERS = ("Mozilla/", "curl/", "wget/")


@dataclass(frozen=True, slots=True)
class Form:
    """What the client takes: media type, and ``Table`` or ``PartialObjectMetadata…`` or "" for whole objects."""

    media: str = JSON
    transform: str = ""
    version: str = "v1"

    @property
    def api_version(self) -> str:
        """That of Tables and metadata."""
        return f"meta.k8s.io/{self.version}"


@lru_cache(maxsize=512)
def negotiate(accept: str, *, tables: bool = True, metadata: bool = True, collection: bool = False) -> Form:
    """Return the form of the answer for an ``Accept`` header.

    Args:
        accept: the header.
        tables: the resource has Tables.
        metadata: it is one of objects, whose metadata can be asked for alone.
        collection: the path is a collection's, which can be watched.

    Raises:
        ApiError: 406.
    """
    if not accept.strip():
        return Form()
    found: list[Form] = []
    known = False
    for clause in _clauses(accept):
        media, parameters = clause
        chosen = _media(media)
        if chosen is None:
            continue
        known = True
        transform = parameters.get("as", "")
        if transform and not _transform_served(transform, parameters, tables=tables, metadata=metadata):
            continue
        version = parameters.get("v", "v1")
        if chosen == PROTOBUF and (transform == "Table" or version != "v1"):
            continue
        found.append(Form(chosen, transform, version))
    if not found:
        raise _no_such_form() if known else _no_such_media((*MEDIA_TYPES, *WATCH_TYPES) if collection else MEDIA_TYPES)
    first = found[0]
    if first.media == PROTOBUF and not first.transform:
        return next((form for form in found if form.media == JSON), first)
    return first


@lru_cache(maxsize=512)
def error_media(accept: str) -> str:
    """Return the media type of a refusal: what is accepted, JSON where that is nothing."""
    for media, _ in _clauses(accept) if accept.strip() else ():
        chosen = _media(media)
        if chosen is not None:
            return JSON if chosen == PROTOBUF and (JSON in accept or "*/*" in accept) else chosen
    return JSON


def _no_such_media(types: Sequence[str]) -> ApiError:
    """406 before anything is looked up."""
    text = f"406: Not Acceptable\n\nAvailable representations: {', '.join(types)}"
    return ApiError(406, "NotAcceptable", text, {})


def _no_such_form() -> ApiError:
    """406 for a form in which the resource is not shown."""
    text = f"only the following media types are accepted: {', '.join(MEDIA_TYPES)}"
    return ApiError(406, "NotAcceptable", text)


def unsupported(types: tuple[str, ...] = MEDIA_TYPES) -> ApiError:
    """415 for a body of an unknown type."""
    text = f"the body of the request was in an unknown format - accepted media types include: {', '.join(types)}"
    return ApiError(415, "UnsupportedMediaType", text)


def _transform_served(transform: str, parameters: dict[str, str], *, tables: bool, metadata: bool) -> bool:
    if parameters.get("g") != "meta.k8s.io" or parameters.get("v") not in META_VERSIONS:
        return False
    return tables if transform == "Table" else metadata and transform in TRANSFORMS


def _media(media: str) -> str | None:
    if media in {"*/*", "application/*"}:
        return JSON
    return media if media in MEDIA_TYPES else None


def _clauses(accept: str) -> list[tuple[str, dict[str, str]]]:
    """Return media ranges with their parameters, the best first."""
    weighed: list[tuple[float, int, str, dict[str, str]]] = []
    for index, part in enumerate(accept.split(",")):
        media, *raw = (piece.strip() for piece in part.split(";"))
        parameters = dict(piece.split("=", 1) for piece in raw if "=" in piece)
        try:
            weight = float(parameters.pop("q", "1"))
        except ValueError:
            weight = 1.0
        weighed.append((-weight, index, media, parameters))
    return [(media, parameters) for _, _, media, parameters in sorted(weighed, key=lambda item: item[:2])]


def wants_pretty(pretty: str, user_agent: str) -> bool:
    """Whether JSON is indented: asked for, or asked by a browser or curl."""
    if pretty:
        return pretty.lower() in {"1", "t", "true"}
    return user_agent.startswith(BROWSERS)
