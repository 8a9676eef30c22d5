"""What answers requests to subresources, and to resources that are not stored (reviews)."""

from collections.abc import Awaitable, Callable

from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.apiserver.http.message import Answer

Handle = Callable[[Call], Answer | Awaitable[Answer]]


def find(call: Call) -> Handle | None:
    """Return what answers a request to a subresource, or None: the object's own verbs do."""
    name = call.info.subresource
    if name == "scale":
        from k8s_tutor.sim.apiserver.subresources import scale

        return scale.handle
    if name in {"eviction", "binding", "token"}:
        from k8s_tutor.sim.apiserver.subresources import creating

        return creating.handle
    if name in {"log", "exec", "attach", "portforward", "proxy"}:
        from k8s_tutor.sim.apiserver.subresources import connecting

        return connecting.handle
    return None
