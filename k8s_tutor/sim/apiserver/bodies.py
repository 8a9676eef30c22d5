"""Request bodies become objects: media type, kind and version checks, strict decoding.

Mirrors ``handlers/create.go`` (transformDecodeError) and ``runtime/serializer``.
"""

from k8s_tutor.apimachinery.conforming import Conformed, conform
from k8s_tutor.apimachinery.decoded import Decoded, DecodeError
from k8s_tutor.apimachinery.decoding import decode_body, in_order
from k8s_tutor.apimachinery.schema import kinds
from k8s_tutor.apimachinery.schema.types import Type
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.apiserver.negotiation import JSON, MEDIA_TYPES, PROTOBUF, YAML, unsupported
from k8s_tutor.sim.machinery.status import bad_request
from k8s_tutor.sim.registry.scheme import Resource

SCHEME = "pkg/api/legacyscheme/scheme.go:30"
SHOWN = 30


def media_type(call: Call, accepted: tuple[str, ...] = MEDIA_TYPES) -> str:
    """Return the body's media type.

    Raises:
        ApiError: 415.
    """
    media = call.request.headers.get("content-type", "").split(";")[0].strip() or JSON
    if media not in accepted:
        raise unsupported(accepted)
    return media


def raw(call: Call, kind: str) -> Decoded:
    """Return the body's value.

    Raises:
        ApiError: 400 for what is neither JSON, YAML nor protobuf.
    """
    body = call.request.body
    media = media_type(call)
    if media == PROTOBUF:
        from k8s_tutor.apimachinery import protobuf

        return Decoded(protobuf.decode(body), ())
    try:
        return decode_body(body, YAML if media == YAML else JSON)
    except DecodeError as error:
        summary = _summary(body)
        raise bad_request(
            f"the object provided is unrecognized (must be of type {kind}): {error} ({summary})"
        ) from None


def _summary(body: bytes) -> str:
    if not body:
        return "<empty>"
    shown = body[:SHOWN]
    text = shown.decode("utf-8", "replace") if body[:1] == b"{" else shown.hex()
    return text + (" ..." if len(body) > SHOWN else "")


def read(
    call: Call, validation: str, *, kind: str = "", group: str = "", version: str = "", type_: Type | None = None
) -> Json:
    """Return the body as an object of the resource's kind (or of ``kind``), decoded as strictly as asked.

    Raises:
        ApiError: 400, 415.
    """
    resource = call.resource
    if not kind:
        kind, group, version, type_ = resource.kind, resource.group, resource.version, resource.schema
    decoded = raw(call, kind)
    obj = decoded.obj
    if not isinstance(obj, dict):
        found = "array" if isinstance(obj, list) else type(obj).__name__
        text = f'json: cannot unmarshal {found} into Go value of type struct {{ APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }}'
        why = f"couldn't get version/kind; json parse error: {text}"
        raise bad_request(
            f"the object provided is unrecognized (must be of type {kind}): {why} ({_summary(call.request.body)})"
        )
    api_version = f"{group}/{version}" if group else version
    check_kind(obj, kind, api_version, resource)
    if type_ is resource.schema and kind == resource.kind:
        conformed = resource.conform(obj, tuple(decoded.duplicates))
    elif type_ is None:
        conformed = Conformed(dict(obj), list(decoded.duplicates), None)
    else:
        conformed = conform(obj, type_, tuple(decoded.duplicates))
    if decoded.duplicates and len(conformed.strict_errors) > len(decoded.duplicates) and media_type(call) == JSON:
        if resource.custom is None:  # fields of custom resources are looked at in a second pass
            conformed = conformed._replace(strict_errors=in_order(call.request.body, conformed.strict_errors))
    clean = accept(call, conformed, validation, kind, version)
    clean["apiVersion"], clean["kind"] = api_version, kind
    return clean


def check_kind(obj: Json, kind: str, api_version: str, resource: Resource) -> None:
    """Refuse a body of another kind or version.

    Raises:
        ApiError: 400.
    """
    has_kind, has_version = obj.get("kind") or kind, obj.get("apiVersion") or api_version
    if has_kind == kind and has_version == api_version:
        return
    short = str(has_version).rpartition("/")[2]
    cannot = f'{has_kind} in version "{short}" cannot be handled as a {kind}'
    known = f"{has_version}/{has_kind}" in kinds()
    if resource.custom is not None:
        if has_kind != kind or has_version != api_version:
            raise (
                bad_request(
                    f"the API version in the data ({has_version}) does not match the expected API version ({api_version})"
                )
                if has_kind == kind
                else bad_request(f"{cannot}: unknown kind")
            )
    if not known:
        raise bad_request(
            f'{cannot}: no kind "{has_kind}" is registered for version "{has_version}" in scheme "{SCHEME}"'
        )
    if has_kind != kind:
        internal = resource.group.split(".")[0] or "core"
        raise bad_request(f"{cannot}: converting ({short}.{has_kind}) to ({internal}.{kind}): unknown conversion")
    raise bad_request(
        f"the API version in the data ({has_version}) does not match the expected API version ({api_version})"
    )


def accept(call: Call, conformed: Conformed, validation: str, kind: str, version: str) -> Json:
    """Return the clean object, with warnings or errors about unknown and duplicate fields.

    Raises:
        ApiError: 400.
    """
    cannot = f'{kind} in version "{version}" cannot be handled as a {kind}'
    if conformed.type_error:
        raise bad_request(f"{cannot}: {conformed.type_error}")
    if conformed.strict_errors:
        if validation == "Strict":
            raise bad_request(f"{cannot}: strict decoding error: {', '.join(conformed.strict_errors)}")
        if validation == "Warn":
            call.warnings.extend(conformed.strict_errors)
    return conformed.obj
