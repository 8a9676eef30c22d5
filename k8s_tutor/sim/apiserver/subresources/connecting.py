"""Subresources that connect to a node: ``log``, ``exec``, ``attach``, ``portforward``, ``proxy``."""

from collections.abc import Awaitable

from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.apiserver.http.message import Answer
from k8s_tutor.sim.apiserver.subresources import executing, logs, proxying


def handle(call: Call) -> Answer | Awaitable[Answer]:
    """Answer a request to one of them."""
    name = call.info.subresource
    if name == "log":
        return logs.handle(call)
    if name == "proxy":
        return proxying.handle(call)
    return executing.handle(call)
