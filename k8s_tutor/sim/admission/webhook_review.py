"""What is sent to an admission webhook and what it may answer (upstream: ``admission/plugin/webhook/request``, ``errors``)."""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any

import orjson

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.admission.expressions import request_values
from k8s_tutor.sim.machinery.meta import new_uid
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.registry.attributes import Attributes

KNOWN_VERSIONS = ("v1", "v1beta1")
OPTIONS = {"CREATE": "CreateOptions", "UPDATE": "UpdateOptions", "DELETE": "DeleteOptions"}
MIN_REFUSAL = 400


class CallFailed(Exception):  # noqa: N818 - carried as a value
    """The webhook gave no usable answer; ``failurePolicy`` decides."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A verified AdmissionResponse."""

    allowed: bool
    result: Json | None = None
    patch: list[Json] = field(default_factory=list)
    warnings: tuple[str, ...] = ()


def review(attributes: Attributes, versions: list[str]) -> tuple[str, Json]:
    """Return a fresh UID and the AdmissionReview to send.

    Raises:
        CallFailed: the webhook takes no version that is spoken here.
    """
    version = next((name for name in versions if name in KNOWN_VERSIONS), "")
    if not version:
        text = "webhook does not accept known AdmissionReview versions (v1, v1beta1)"
        raise CallFailed(f"could not create admission objects: {text}")
    uid = new_uid()
    about = request_values(attributes)
    about |= {"requestKind": about["kind"], "requestResource": about["resource"]}
    if attributes.subresource:
        about["requestSubResource"] = attributes.subresource
    for key in ("subResource", "name", "namespace"):
        if not about[key]:
            del about[key]
    options: Json = {"kind": OPTIONS.get(attributes.operation, ""), "apiVersion": "meta.k8s.io/v1"}
    if attributes.operation != "DELETE":
        options["fieldManager"] = attributes.ctx.manager
    request: Json = {"uid": uid} | about
    request |= {
        "object": attributes.encoded(attributes.obj),
        "oldObject": attributes.encoded(attributes.old),
        "options": options if attributes.operation != "CONNECT" else None,
    }
    return uid, {"kind": "AdmissionReview", "apiVersion": f"admission.k8s.io/{version}", "request": request}


def verified(body: bytes, uid: str, version: str, *, mutating: bool) -> Answer:
    """Read a webhook's answer.

    Raises:
        CallFailed: it is none.
    """
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        text = "couldn't get version/kind; json parse error: invalid character in the webhook's answer"
        raise CallFailed(f"failed to call webhook: {text}") from None
    response = found.get("response") if isinstance(found, dict) else None
    if not isinstance(response, dict):
        raise _invalid("webhook response was absent")
    if version.endswith("/v1"):
        if response.get("uid") != uid:
            raise _invalid(f'expected response.uid="{uid}", got "{response.get("uid") or ""}"')
        got = (found.get("apiVersion") or "", found.get("kind") or "")
        if got != (version, "AdmissionReview"):
            raise _invalid(f"expected webhook response of {version}, Kind=AdmissionReview, got {got[0]}, Kind={got[1]}")
        _check_patch(response, mutating=mutating)
    patch = _patch(response.get("patch")) if mutating and response.get("patch") else []
    warnings = tuple(str(text) for text in response.get("warnings") or ())
    result = response.get("status")
    return Answer(bool(response.get("allowed")), result if isinstance(result, dict) else None, patch, warnings)


def _check_patch(response: Json, *, mutating: bool) -> None:
    """Look whether patch and patchType are there together, or not at all."""
    patch, kind = response.get("patch"), response.get("patchType")
    if not mutating and (patch or kind is not None):
        raise _invalid(f"validating webhook may not return response.{'patch' if patch else 'patchType'}")
    if patch and kind is None:
        raise _invalid("webhook returned response.patch but not response.patchType")
    if not patch and kind is not None:
        raise _invalid("webhook returned response.patchType but not response.patch")
    if kind == "":
        raise _invalid('webhook returned invalid response.patchType of ""')
    if kind not in {None, "JSONPatch"}:
        raise CallFailed(f'unsupported patch type "{kind}"')


def _patch(text: Any) -> list[Json]:
    try:
        value = orjson.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, TypeError, ValueError, orjson.JSONDecodeError) as error:
        raise CallFailed(f"received undecodable patch in webhook response: {error}") from None
    if not isinstance(value, list):
        raise CallFailed("received undecodable patch in webhook response: json: cannot unmarshal object")
    return value


def _invalid(why: str) -> CallFailed:
    return CallFailed(f"received invalid webhook response: {why}")


def denial(name: str, result: Json | None) -> ApiError:
    """Return the refusal as the webhook wants it told, never as less than an error."""
    told = result or {}
    message, reason = told.get("message") or "", told.get("reason") or ""
    text = f'admission webhook "{name}" denied the request'
    text += f": {message or reason}" if message or reason else " without explanation"
    return ApiError(max(int(told.get("code") or 0), MIN_REFUSAL), reason, text, told.get("details"))


def failure(name: str, why: CallFailed) -> ApiError:
    """Return the refusal of a request whose webhook could not be asked."""
    text = f'failed calling webhook "{name}": {why}'
    return ApiError(500, "InternalError", f"Internal error occurred: {text}", {"causes": [{"message": text}]})
