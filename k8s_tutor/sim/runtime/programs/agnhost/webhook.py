"""``agnhost webhook``: admission over HTTPS, a path for every behaviour that somebody may want to try.

Mirrors what ``test/images/agnhost/webhook`` answers to an AdmissionReview, of ``v1`` and ``v1beta1``.
"""

import base64
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import orjson

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.network import HttpRequest, HttpResponse
from k8s_tutor.sim.runtime.programs.agnhost.command import Flags, subcommand
from k8s_tutor.sim.runtime.programs.agnhost.reviewing import PLAIN, serve_reviews

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

DELAY_SECONDS = 5.0
VERSIONS = frozenset(("admission.k8s.io/v1", "admission.k8s.io/v1beta1"))
STAGES = (("mutation-start", "mutation-stage-1"), ("mutation-stage-1", "mutation-stage-2"))
MARK = "webhook-e2e-test"
SIDECAR, INIT = "webhook-added-sidecar", "webhook-added-init-container"
Judge = Callable[["Process", Flags, Json], Awaitable[Json]]

_judges: dict[str, Judge] = {}


def _at(path: str) -> Callable[[Judge], Judge]:
    def register(judge: Judge) -> Judge:
        _judges[path] = judge
        return judge

    return register


@subcommand("webhook", tls_cert_file="", tls_private_key_file="", port="443", sidecar_image="")
async def webhook(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Review admission requests."""
    del operands

    async def answer(request: HttpRequest) -> HttpResponse:
        judge = _judges.get(request.path)
        if request.path == "/readyz":
            return HttpResponse(200, b"ok", PLAIN)
        if judge is None:
            return HttpResponse(404, b"404 page not found\n", PLAIN)
        if request.headers.get("content-type") != "application/json":
            return HttpResponse(200, b"")
        return await _reviewed(request.body, lambda asked: judge(process, flags, asked))

    return await serve_reviews(process, flags, answer)


async def _reviewed(body: bytes, judge: Callable[[Json], Awaitable[Json]]) -> HttpResponse:
    try:
        review: Json = orjson.loads(body)
        asked = review["request"]
    except (ValueError, KeyError, TypeError) as error:
        return HttpResponse(400, f"Request could not be decoded: {error}\n".encode(), PLAIN)
    version = review.get("apiVersion")
    if version not in VERSIONS:
        text = f"Unsupported group version kind: {version}, Kind={review.get('kind')}\n"
        return HttpResponse(400, text.encode(), PLAIN)
    response = {"uid": asked.get("uid", "")} | await judge(asked)
    if response.get("patch"):
        patch = base64.b64encode(orjson.dumps(response["patch"])).decode()
        response |= {"patch": patch, "patchType": "JSONPatch"}
    answer = {"kind": "AdmissionReview", "apiVersion": version, "response": response}
    return HttpResponse(200, orjson.dumps(answer), {"Content-Type": "application/json"})


def _denied(**result: object) -> Json:
    return {"allowed": False, "status": {"metadata": {}} | result}


def _patched(*operations: Json) -> Json:
    return {"allowed": True, "patch": list(operations)}


def _subject(asked: Json) -> Json:
    """Return the object that a request is about: for a deletion the one that goes."""
    found = asked.get("oldObject") if asked.get("operation") == "DELETE" else asked.get("object")
    return found or {}


def _labels(asked: Json) -> Json:
    return _subject(asked).get("metadata", {}).get("labels") or {}


@_at("/always-allow-delay-5s")
async def _late(process: "Process", flags: Flags, asked: Json) -> Json:
    del flags, asked
    await process.container.clock.sleep(DELAY_SECONDS)
    return {"allowed": True, "status": {"metadata": {}, "message": "this webhook allows all requests"}}


@_at("/always-deny")
async def _never(process: "Process", flags: Flags, asked: Json) -> Json:
    del process, flags, asked
    return _denied(message="this webhook denies all requests")


@_at("/add-label")
async def _label(process: "Process", flags: Flags, asked: Json) -> Json:
    del process, flags
    labels = _labels(asked)
    if not labels:
        return _patched({"op": "add", "path": "/metadata/labels", "value": {"added-label": "yes"}})
    if labels.get("added-label") == "yes":
        return {"allowed": True}
    verb = "replace" if "added-label" in labels else "add"
    return _patched({"op": verb, "path": "/metadata/labels/added-label", "value": "yes"})


@_at("/pods")
async def _pods(process: "Process", flags: Flags, asked: Json) -> Json:
    del flags
    wrong = []
    mark = _labels(asked).get(MARK)
    if mark == "webhook-disallow":
        wrong.append("the pod contains unwanted label;")
    if mark == "wait-forever":
        await process.forever()
    containers = _subject(asked).get("spec", {}).get("containers") or ()
    wrong += ["the pod contains unwanted container name;" for c in containers if "webhook-disallow" in c["name"]]
    return _denied(message=" ".join(wrong)) if wrong else {"allowed": True}


@_at("/pods/attach")
async def _attach(process: "Process", flags: Flags, asked: Json) -> Json:
    del process, flags
    options = _subject(asked)
    if asked.get("name") == "to-be-attached-pod" and options.get("stdin") and options.get("container") == "container1":
        return _denied(message="attaching to pod 'to-be-attached-pod' is not allowed")
    return {"allowed": True}


@_at("/mutating-pods")
async def _init_container(process: "Process", flags: Flags, asked: Json) -> Json:
    del process, flags
    pod = _subject(asked)
    there = any(c["name"] == INIT for c in pod.get("spec", {}).get("initContainers") or ())
    if pod.get("metadata", {}).get("name") != "webhook-to-be-mutated" or there:
        return {"allowed": True}
    added = {"image": "webhook-added-image", "name": INIT, "resources": {}}
    return _patched({"op": "add", "path": "/spec/initContainers", "value": [added]})


@_at("/mutating-pods-sidecar")
async def _sidecar(process: "Process", flags: Flags, asked: Json) -> Json:
    del process
    if not flags["sidecar-image"]:
        return _denied(status="Failure", message="No image specified by the sidecar-image parameter", code=500)
    if any(c["name"] == SIDECAR for c in _subject(asked).get("spec", {}).get("containers") or ()):
        return {"allowed": True}
    added = {"image": flags["sidecar-image"], "name": SIDECAR, "resources": {}}
    return _patched({"op": "add", "path": "/spec/containers/-", "value": added})


@_at("/configmaps")
async def _config_map(process: "Process", flags: Flags, asked: Json) -> Json:
    del process, flags
    return _data_judged(asked, "the configmap contains unwanted key and value", "the configmap")


@_at("/custom-resource")
async def _custom_resource(process: "Process", flags: Flags, asked: Json) -> Json:
    del process, flags
    return _data_judged(asked, "the custom resource contains unwanted data", "the custom resource")


def _data_judged(asked: Json, unwanted: str, what: str) -> Json:
    mark = (_subject(asked).get("data") or {}).get(MARK)
    deleted = asked.get("operation") == "DELETE"
    if mark == "webhook-disallow" and not deleted:
        return _denied(reason=unwanted)
    if mark == "webhook-nondeletable" and deleted:
        return _denied(reason=f"{what} cannot be deleted because it contains unwanted key and value")
    return {"allowed": True}


@_at("/mutating-configmaps")
@_at("/mutating-custom-resource")
async def _staged(process: "Process", flags: Flags, asked: Json) -> Json:
    """Add the stage that follows the last one that is there."""
    del process, flags
    data = _subject(asked).get("data") or {}
    stages = [added for present, added in STAGES if data.get(present) == "yes"]
    if not stages:
        return {"allowed": True}
    return _patched({"op": "add", "path": f"/data/{stages[-1]}", "value": "yes"})


@_at("/crd")
async def _definition(process: "Process", flags: Flags, asked: Json) -> Json:
    del process, flags
    if _labels(asked).get(MARK) == "webhook-disallow":
        return _denied(message="the crd contains unwanted label")
    return {"allowed": True}
