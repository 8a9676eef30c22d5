"""PATCH: JSON patch, merge patch, strategic merge patch and server-side apply.

Mirrors ``apiserver/pkg/endpoints/handlers/patch.go``. A patch meets the object in the version in which it is served; what
comes out is decoded as strictly as a body, defaulted, and goes the way of an update.
"""

import contextlib
from typing import Any

import orjson

from k8s_tutor.apimachinery.decoded import Decoded, DecodeError
from k8s_tutor.apimachinery.decoding import decode_body
from k8s_tutor.apimachinery.ordering import go_json, go_ordered, json_patched_text, merge_patched_text
from k8s_tutor.apimachinery.patches import PatchError, apply_json_patch, merge_patch, strategic_merge
from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.apimachinery.unstructured_errors import unstructured_error
from k8s_tutor.sim.apiserver import reading, writing
from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.apiserver.gotext import go_map
from k8s_tutor.sim.apiserver.http.message import Response
from k8s_tutor.sim.apiserver.negotiation import unsupported
from k8s_tutor.sim.apiserver.options import META, WriteOptions, write_options
from k8s_tutor.sim.auth.access import Access
from k8s_tutor.sim.machinery.status import ApiError, FieldError, bad_request, invalid, not_found
from k8s_tutor.sim.registry.applying import applied

JSON_PATCH = "application/json-patch+json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
TYPES = (JSON_PATCH, MERGE, STRATEGIC, APPLY)
CUSTOM_TYPES = (JSON_PATCH, MERGE, APPLY)


def patch(call: Call) -> Response:
    """PATCH an object, or a part of it through a subresource."""
    media = media_type(call)
    options = _options(call, media)
    value = read_patch(call, media)
    ctx = call.context(dry_run=options.dry_run)

    def make(old: Json | None) -> Json:
        if media == APPLY:
            ctx.applied = True
            new = _applied(call, old, value, options)
        elif old is None:
            raise not_found(call.resource.plural, call.resource.group, call.info.name)
        else:
            new = patched(call, old, value, media, options)
        if old is None:
            access = (call.namespace, call.resource.group, call.resource.plural, call.info.subresource, call.info.name)
            call.server.authorizer.require(Access(call.user, "create", *access))
        return new

    rest = call.server.rest
    done, created = rest.patch(ctx, call.resource.name, call.namespace, call.info.name, make)
    return writing.answer(call, done, 201 if created else 200)


def media_type(call: Call) -> str:
    """Return the patch's type.

    Raises:
        ApiError: 415.
    """
    media = call.request.headers.get("content-type", "").split(";")[0].strip()
    if call.resource.custom is not None:
        if media not in CUSTOM_TYPES:
            raise unsupported(CUSTOM_TYPES)
    elif media not in TYPES:
        raise ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})
    return media


def _options(call: Call, media: str) -> WriteOptions:
    options = write_options(call.request, "PatchOptions")
    errors = []
    if media == APPLY and not call.request.param("fieldManager"):
        errors.append(FieldError("FieldValueRequired", "fieldManager", "Required value: is required for apply patch"))
    if media != APPLY and "force" in call.request.query:
        errors.append(FieldError("FieldValueForbidden", "force", "Forbidden: may not be specified for non-apply patch"))
    if errors:
        raise invalid("PatchOptions", META, "", errors)
    return options


def read_patch(call: Call, media: str) -> Decoded:
    """Return the patch's value.

    Raises:
        ApiError: 400.
    """
    body = call.request.body
    if media == APPLY:
        return _read_configuration(body)
    try:
        return decode_body(body)
    except DecodeError:
        raise bad_request("invalid JSON patch") from None


def _read_configuration(body: bytes) -> Decoded:
    """Return what is applied. It is read as YAML, of which correct JSON is a part: that is read faster."""
    if body.lstrip()[:1] == b"{":
        with contextlib.suppress(DecodeError):
            quick = decode_body(body)
            if not quick.duplicates:
                return quick
    from k8s_tutor.apimachinery.decoding_yaml import decode_yaml  # PyYAML only where YAML comes

    try:
        return decode_yaml(body)
    except DecodeError as error:
        if body.lstrip()[:1] == b"{":  # what looks like JSON is first read when it is applied
            why = str(error).replace("yaml: line 1: ", "yaml: ")
            raise bad_request(f"error decoding patch: error converting YAML to JSON: {why}") from None
        raise bad_request(f"error encoding patch: {error}") from None


def served(call: Call, old: Json) -> Json:
    """Return a stored object in the version of the request."""
    if reading.same_version(call):
        return old
    return call.resource.strategy.to_version(old, call.resource.api_version) | {"kind": call.resource.kind}


def patched(call: Call, old: Json, value: Decoded, media: str, options: WriteOptions) -> Json:
    """Return the stored object's successor after a patch of one of the three client-side kinds."""
    current = served(call, old)
    type_ = call.resource.schema
    try:
        if media == JSON_PATCH:
            new = apply_json_patch(current, value.obj)
        elif value.obj is None:
            if media == MERGE:
                raise bad_request("Invalid JSON Patch")
            new = current  # null changes nothing strategically
        elif not isinstance(value.obj, dict):
            raise bad_request(("error decoding patch: " if media == MERGE else "") + _not_a_map(value.obj))
        elif media == MERGE:
            new = merge_patch(current, value.obj)
        else:
            new = strategic_merge(current, value.obj, type_)
    except PatchError as error:
        raise _refused(error, media) from None
    return _decoded(call, (current, new), value, media, options)


def _not_a_map(value: Any) -> str:
    kind = "array" if isinstance(value, list) else {str: "string", bool: "bool"}.get(type(value), "number")
    return f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"


def _refused(error: PatchError, media: str) -> ApiError:
    if error.excessive:
        return ApiError(413, "RequestEntityTooLarge", f"Request entity too large: {error}")
    if error.malformed:
        return bad_request(str(error))
    if media == JSON_PATCH:
        return ApiError(422, "Invalid", "the server rejected our request due to an error in our request", {})
    return ApiError(500, "", str(error))


def _decoded(call: Call, change: tuple[Json, Any], value: Decoded, media: str, options: WriteOptions) -> Json:
    """Decode the patched object as a body is decoded; complaints are about the field ``patch``."""
    current, new = change

    def refused(why: str) -> ApiError:
        # Custom resources are maps, which Go prints with their keys sorted.
        type_ = call.resource.schema if call.resource.custom is None else None
        if media == STRATEGIC:
            return _invalid_patch(go_map(value.obj), unstructured_error(why))
        quoted = {MERGE: merge_patched_text, JSON_PATCH: json_patched_text}.get(media)
        text = quoted(current, value.obj, type_) if quoted else go_json(go_ordered(new, type_))
        if quoted and not why.startswith("strict"):
            # What is wrong first is what the text's reader meets first.
            patched = orjson.loads(text)
            why = (call.resource.conform(patched).type_error if isinstance(patched, dict) else None) or why
        return _invalid_patch(text, why)

    if not isinstance(new, dict):
        raise refused(_not_a_map(new))
    conformed = call.resource.conform(new)
    strict = [*value.duplicates, *conformed.strict_errors]
    if conformed.type_error:
        raise refused(conformed.type_error)
    if strict and options.field_validation == "Strict":
        raise refused(f"strict decoding error: {', '.join(strict)}")
    if strict and options.field_validation == "Warn":
        call.warnings.extend(strict)
    return writing.stored_version(call, conformed.obj)


def _invalid_patch(shown: str, why: str) -> ApiError:
    text = f"Invalid value: {orjson.dumps(shown).decode()}: {why}"
    error = FieldError("FieldValueInvalid", "patch", text)
    details = {"causes": [{"reason": error.reason, "message": error.message, "field": error.field}]}
    return ApiError(422, "Invalid", f' "" is invalid: patch: {text}', details)


def _applied(call: Call, old: Json | None, decoded: Decoded, options: WriteOptions) -> Json:
    """Return the object after server-side apply, with its managedFields."""
    config = decoded.obj
    if not isinstance(config, dict):
        raise bad_request(f"error decoding patch: error unmarshaling JSON: while decoding JSON: {_not_a_map(config)}")
    done = applied(
        call.resource,
        served(call, old) if old is not None else None,
        config,
        manager=call.request.param("fieldManager"),
        force=options.force,
        time=rfc3339(call.server.clock.now()),
        subresource=call.info.subresource,
    )
    for duplicate in decoded.duplicates:
        why = f"error converting YAML to JSON: {duplicate}"
        if options.field_validation == "Strict":
            raise bad_request(f"error strict decoding patch: {why}")
        if options.field_validation == "Warn":
            call.warnings.extend(line.strip() for line in duplicate.split("\n")[1:])
    managed = done["metadata"].get("managedFields")
    stored = writing.stored_version(call, done)
    if managed:
        stored["metadata"]["managedFields"] = managed
    return stored
