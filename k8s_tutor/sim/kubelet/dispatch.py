"""Hands each pod's changes to the kubelet of its node: one watch for the whole cluster, not one for each node.

A hundred kubelets that each filter all pods would make every change cost a hundred looks.
"""

from collections.abc import Callable
from weakref import WeakKeyDictionary

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.store import Event, Store
from k8s_tutor.sim.registry.client import LocalClient

Key = tuple[str, str]
Listener = Callable[[str, Json], None]  # event type, pod


class PodDispatcher:
    """The pods of a cluster by node."""

    def __init__(self, client: LocalClient) -> None:
        self._nodes: dict[str, dict[Key, Json]] = {}
        self._listeners: dict[str, Listener] = {}
        self._end = client.watch("pods", self._changed)

    def subscribe(self, node: str, listener: Listener) -> None:
        """Tell a kubelet its present pods and all later changes."""
        self._listeners[node] = listener
        for pod in list(self._nodes.get(node, {}).values()):
            listener("ADDED", pod)

    def unsubscribe(self, node: str, listener: Listener) -> None:
        """A kubelet has stopped."""
        if self._listeners.get(node) == listener:
            del self._listeners[node]

    @property
    def idle(self) -> bool:
        """No kubelet listens."""
        return not self._listeners

    def close(self) -> None:
        """Watch no more."""
        self._end()

    def _changed(self, event: Event) -> None:
        pod = event.obj
        node = pod["spec"].get("nodeName")
        if not node:
            return
        pods = self._nodes.setdefault(node, {})
        meta = pod["metadata"]
        key = (meta["namespace"], meta["name"])
        if event.type == "DELETED":
            pods.pop(key, None)
        else:
            pods[key] = pod
        listener = self._listeners.get(node)
        if listener is not None:
            listener(event.type, pod)


_dispatchers: WeakKeyDictionary[Store, PodDispatcher] = WeakKeyDictionary()


def dispatcher(client: LocalClient) -> PodDispatcher:
    """Return the cluster's dispatcher."""
    found = _dispatchers.get(client.store)
    if found is None:
        found = _dispatchers[client.store] = PodDispatcher(client)
    return found


def release(client: LocalClient) -> None:
    """Close the cluster's dispatcher if no kubelet needs it any more."""
    found = _dispatchers.get(client.store)
    if found is not None and found.idle:
        found.close()
        del _dispatchers[client.store]
