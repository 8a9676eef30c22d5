"""``agnhost crd-conversion-webhook``: converts ``stable.example.com`` between ``hostPort`` (v1) and ``host``, ``port`` (v2).

Mirrors what ``test/images/agnhost/crd-conversion-webhook`` answers to a ConversionReview.
"""

from typing import TYPE_CHECKING

import orjson

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.network import HttpRequest, HttpResponse
from k8s_tutor.sim.runtime.programs.agnhost.command import Flags, subcommand
from k8s_tutor.sim.runtime.programs.agnhost.reviewing import PLAIN, serve_reviews

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

V1, V2 = "stable.example.com/v1", "stable.example.com/v2"
REVIEWS = frozenset(("apiextensions.k8s.io/v1", "apiextensions.k8s.io/v1beta1"))


class _UnconvertibleError(Exception):
    """An object that cannot be converted."""


@subcommand("crd-conversion-webhook", tls_cert_file="", tls_private_key_file="", port="443")
async def crd_conversion_webhook(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Convert custom resources."""
    del operands

    def answer(request: HttpRequest) -> HttpResponse:
        if request.path == "/readyz":
            return HttpResponse(200, b"ok", PLAIN)
        if request.path != "/crdconvert":
            return HttpResponse(404, b"404 page not found\n", PLAIN)
        media = request.headers.get("content-type", "")
        if media != "application/json":
            return HttpResponse(400, f"invalid Content-Type header `{media}`\n".encode(), PLAIN)
        return _reviewed(request.body)

    return await serve_reviews(process, flags, answer)


def _reviewed(body: bytes) -> HttpResponse:
    try:
        review: Json = orjson.loads(body)
        asked = review["request"]
    except (ValueError, KeyError, TypeError) as error:
        shown = body.decode("utf-8", "replace")
        return HttpResponse(400, f"failed to deserialize body ({shown}) with error {error}\n".encode(), PLAIN)
    if review.get("apiVersion") not in REVIEWS:
        text = f"Unsupported group version kind: {review.get('apiVersion')}, Kind={review.get('kind')}\n"
        return HttpResponse(400, text.encode(), PLAIN)
    response = {"uid": asked.get("uid", "")} | _converted_all(asked)
    answer = {"kind": "ConversionReview", "apiVersion": review["apiVersion"], "response": response}
    return HttpResponse(200, orjson.dumps(answer), {"Content-Type": "application/json"})


def _converted_all(asked: Json) -> Json:
    wanted = asked.get("desiredAPIVersion", "")
    try:
        done = [_converted(obj, wanted) for obj in asked.get("objects") or ()]
    except _UnconvertibleError as refused:
        result = {"metadata": {}, "status": "Failure", "message": str(refused)}
        return {"convertedObjects": None, "result": result}
    return {"convertedObjects": done, "result": {"metadata": {}, "status": "Success"}}


def _converted(obj: Json, wanted: str) -> Json:
    present = obj.get("apiVersion")
    if present == wanted:
        raise _UnconvertibleError(f"conversion from a version to itself should not call the webhook: {wanted}")
    if present not in {V1, V2}:
        raise _UnconvertibleError(f'unexpected conversion version "{present}"')
    if wanted not in {V1, V2}:
        raise _UnconvertibleError(f'unexpected conversion version "{wanted}"')
    done = obj | {"apiVersion": wanted}
    if wanted == V2 and "hostPort" in done:
        text = done.pop("hostPort")
        parts = str(text).split(":")
        if len(parts) != 2:
            raise _UnconvertibleError(f"invalid hostPort value `{text}`")
        done["host"], done["port"] = parts
    elif wanted == V1 and ("host" in done or "port" in done):
        done["hostPort"] = f"{done.pop('host', '')}:{done.pop('port', '')}"
    return done
