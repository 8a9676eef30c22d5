"""Subresources that connect to a node: ``log``, ``exec``, ``attach``, ``portforward``, ``proxy``."""

from collections.abc import Awaitable

from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.apiserver.http.message import Answer
from k8s_tutor.sim.machinery.status import ApiError


def handle(call: Call) -> Answer | Awaitable[Answer]:
    """Answer."""
    raise ApiError(501, "NotImplemented", "")
