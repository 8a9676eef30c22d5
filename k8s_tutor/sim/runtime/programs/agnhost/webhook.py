"""``webhook`` and ``crd-conversion-webhook``: answers to admission reviews and conversion reviews over HTTPS."""

import asyncio
import base64
import copy
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.network import HttpRequest, HttpResponse
from k8s_tutor.sim.runtime.programs.agnhost.command import Flags, fatal, subcommand
from k8s_tutor.sim.runtime.programs.agnhost.secure import listen_http

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

MARK = "webhook-e2e-test"
DELAY_SECONDS = 5.0
Verdict = Callable[[Json], Json]


@subcommand("webhook", tls_cert_file="", tls_private_key_file="", port="443", sidecar_image="")
async def webhook(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Serve admission reviews."""
    del operands
    verdicts: dict[str, Verdict] = {
        "/always-allow-delay-5s": lambda _: _allow(message="this webhook allows all requests"),
        "/always-deny": lambda _: _deny(message="this webhook denies all requests"),
        "/add-label": _add_label,
        "/pods": _pods,
        "/pods/attach": _attach,
        "/mutating-pods": _add_init_container,
        "/mutating-pods-sidecar": lambda review: _add_sidecar(review, flags["sidecar-image"]),
        "/configmaps": lambda review: _data(review, "configmap", "the configmap contains unwanted key and value"),
        "/mutating-configmaps": _mutate_data,
        "/custom-resource": lambda review: _data(
            review, "custom resource", "the custom resource contains unwanted data"
        ),
        "/mutating-custom-resource": _mutate_data,
        "/crd": _definition,
    }

    async def answer(request: HttpRequest) -> HttpResponse:
        if request.path == "/readyz":
            return HttpResponse(200, b"ok")
        verdict = verdicts.get(request.path)
        if verdict is None:
            return HttpResponse(404, b"404 page not found\n")
        review = _decode(request)
        if review is None:
            return HttpResponse(400, b"Request could not be decoded\n")
        asked = review["request"]
        if request.path == "/always-allow-delay-5s":
            await process.container.clock.sleep(DELAY_SECONDS)
        labels = (asked.get("object") or {}).get("metadata", {}).get("labels") or {}
        if request.path == "/pods" and labels.get(MARK) == "wait-forever":
            await asyncio.get_running_loop().create_future()
        return _json({**_kind(review), "response": {"uid": asked.get("uid", ""), **verdict(asked)}})

    return await _serve(process, flags, answer)


@subcommand("crd-conversion-webhook", tls_cert_file="", tls_private_key_file="", port="443")
async def conversion_webhook(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Serve conversions between v1 (host, port) and v2 (``host: "name:port"``)."""
    del operands

    async def answer(request: HttpRequest) -> HttpResponse:
        if request.path == "/readyz":
            return HttpResponse(200, b"ok")
        review = _decode(request)
        if review is None:
            return HttpResponse(400, b"Request could not be decoded\n")
        asked = review["request"]
        wanted = asked.get("desiredAPIVersion", "")
        try:
            made = [_converted(obj, wanted) for obj in asked.get("objects") or ()]
        except ValueError as error:
            result: Json = {"status": "Failure", "message": str(error)}
            return _json({**_kind(review), "response": {"uid": asked.get("uid", ""), "result": result}})
        done = {"uid": asked.get("uid", ""), "convertedObjects": made, "result": {"status": "Success"}}
        return _json({**_kind(review), "response": done})

    return await _serve(process, flags, answer)


async def _serve(process: "Process", flags: Flags, answer: Any) -> int:
    port = int(flags["port"])
    try:
        served = listen_http(process, port, answer, flags["tls-cert-file"], flags["tls-private-key-file"])
    except OSError as error:
        return await fatal(process, f"failed to load certificate: {error.strerror}")
    if not served:
        return await fatal(process, f"listen tcp :{port}: bind: address already in use")
    await process.forever()
    return 0


def _decode(request: HttpRequest) -> Json | None:
    try:
        review: Any = json.loads(request.body)
    except ValueError:
        return None
    return review if isinstance(review, dict) and isinstance(review.get("request"), dict) else None


def _kind(review: Json) -> Json:
    return {"kind": review.get("kind", ""), "apiVersion": review.get("apiVersion", "")}


def _json(value: Json) -> HttpResponse:
    return HttpResponse(200, json.dumps(value).encode(), {"Content-Type": "application/json"})


def _allow(*patch: Json, message: str = "") -> Json:
    answer: Json = {"allowed": True}
    if message:
        answer["status"] = {"metadata": {}, "message": message}
    if patch:
        answer["patchType"] = "JSONPatch"
        answer["patch"] = base64.b64encode(json.dumps(list(patch)).encode()).decode()
    return answer


def _deny(**result: str) -> Json:
    return {"allowed": False, "status": {"metadata": {}, **result}}


def _set(path: str, value: Any) -> Json:
    return {"op": "add", "path": path, "value": value}


def _object(review: Json) -> Json:
    found: Json = review.get("oldObject" if review.get("operation") == "DELETE" else "object") or {}
    return found


def _add_label(review: Json) -> Json:
    labels = _object(review).get("metadata", {}).get("labels") or {}
    if not labels:
        return _allow(_set("/metadata/labels", {"added-label": "yes"}))
    return _allow() if labels.get("added-label") == "yes" else _allow(_set("/metadata/labels/added-label", "yes"))


def _pods(review: Json) -> Json:
    pod = _object(review)
    words = []
    if (pod.get("metadata", {}).get("labels") or {}).get(MARK) == "webhook-disallow":
        words.append("the pod contains unwanted label;")
    words += [
        "the pod contains unwanted container name;"
        for container in pod.get("spec", {}).get("containers") or ()
        if "webhook-disallow" in container.get("name", "")
    ]
    return _deny(message=" ".join(words)) if words else _allow()


def _attach(review: Json) -> Json:
    options = review.get("object") or {}
    stopped = options.get("stdin") and options.get("container") == "container1"
    if review.get("name") == "to-be-attached-pod" and stopped:
        return _deny(message="attaching to pod 'to-be-attached-pod' is not allowed")
    return _allow()


def _add_init_container(review: Json) -> Json:
    pod = _object(review)
    name = "webhook-added-init-container"
    present = any(each.get("name") == name for each in pod.get("spec", {}).get("initContainers") or ())
    if pod.get("metadata", {}).get("name") != "webhook-to-be-mutated" or present:
        return _allow()
    return _allow(_set("/spec/initContainers", [{"image": "webhook-added-image", "name": name, "resources": {}}]))


def _add_sidecar(review: Json, image: str) -> Json:
    if not image:
        return _deny(status="Failure", message="No image specified by the sidecar-image parameter")
    name = "webhook-added-sidecar"
    if any(each.get("name") == name for each in _object(review).get("spec", {}).get("containers") or ()):
        return _allow()
    return _allow(_set("/spec/containers/-", {"image": image, "name": name, "resources": {}}))


def _data(review: Json, noun: str, unwanted: str) -> Json:
    mark = (_object(review).get("data") or {}).get(MARK)
    operation = review.get("operation")
    if mark == "webhook-disallow" and operation in {"CREATE", "UPDATE"}:
        return _deny(reason=unwanted)
    if mark == "webhook-nondeletable" and operation == "DELETE":
        return _deny(reason=f"the {noun} cannot be deleted because it contains unwanted key and value")
    return _allow()


def _mutate_data(review: Json) -> Json:
    data = _object(review).get("data") or {}
    if data.get("mutation-stage-1") == "yes":
        return _allow(_set("/data/mutation-stage-2", "yes"))
    return _allow(_set("/data/mutation-stage-1", "yes")) if data.get("mutation-start") == "yes" else _allow()


def _definition(review: Json) -> Json:
    labels = _object(review).get("metadata", {}).get("labels") or {}
    return _deny(message="the crd contains unwanted label") if labels.get(MARK) == "webhook-disallow" else _allow()


def _converted(obj: Json, wanted: str) -> Json:
    """Return an object in another version.

    Raises:
        ValueError: there is no such conversion.
    """
    made = copy.deepcopy(obj)
    current = made.get("apiVersion", "")
    if current == wanted:
        raise ValueError(f"conversion from a version to itself should not call the webhook: {wanted}")
    if wanted.endswith("/v2"):
        if "hostPort" in made:
            host, _, port = str(made.pop("hostPort")).partition(":")
            made["host"], made["port"] = host, port
    elif wanted.endswith("/v1"):
        if "host" in made or "port" in made:
            made["hostPort"] = f"{made.pop('host', '')}:{made.pop('port', '')}"
    else:
        raise ValueError(f"unexpected conversion version {wanted!r}")
    made["apiVersion"] = wanted
    return made
