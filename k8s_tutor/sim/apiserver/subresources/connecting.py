"""Subresources that connect to a node: ``log``, ``exec``, ``attach``, ``portforward``, ``proxy``.

All but ``log`` pass admission as CONNECT (``handlers/rest.go`` ConnectResource): what is judged are the connection's options.
"""

from collections.abc import Awaitable

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.apiserver.http.message import Answer
from k8s_tutor.sim.apiserver.options import boolean
from k8s_tutor.sim.apiserver.subresources import executing, logs, proxying
from k8s_tutor.sim.registry.attributes import Attributes

STREAMS = ("stdin", "stdout", "stderr", "tty")


def handle(call: Call) -> Answer | Awaitable[Answer]:
    """Answer a request to one of them."""
    name = call.info.subresource
    if name == "log":
        return logs.handle(call)
    _admit(call)
    if name == "proxy":
        return proxying.handle(call)
    return executing.handle(call)


def _admit(call: Call) -> None:
    info, rest = call.info, call.server.rest
    kind = call.resource.subresource_kind(info.subresource)
    options = {"kind": kind[2], "apiVersion": "v1"} | _options(call)
    attributes = Attributes(
        call.context(),
        "CONNECT",
        call.resource,
        call.namespace,
        info.name,
        options,
        None,
        info.subresource,
        kind=kind,
    )
    rest.admission.admit(attributes)
    rest.admission.validate(attributes)


def _options(call: Call) -> Json:
    """Return the query as the connection's options; what is not set is left out."""
    request = call.request
    if call.info.subresource == "proxy":
        path = f"/{call.info.rest}" if call.info.rest or request.path.endswith("/") else ""
        return {"path": path + ("/" if call.info.rest and request.path.endswith("/") else "")} if path else {}
    if call.info.subresource == "portforward":
        texts = [text for value in request.query.get("ports", ()) for text in value.split(",")]
        return {"ports": [int(text) for text in texts if text.isdecimal()]} if texts else {}
    options: Json = {name: True for name in STREAMS if boolean(request, name)}
    if container := request.param("container"):
        options["container"] = container
    if command := request.query.get("command"):
        options["command"] = list(command)
    return options
