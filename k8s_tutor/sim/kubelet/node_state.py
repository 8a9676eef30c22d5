"""What of a node outlives its kubelet: containers, images, addresses, mounted volumes, files.

Containers belong to the container runtime: when the kubelet process is stopped they go on running, unseen, and a new
kubelet finds them again. Turning the node off ends them.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from k8s_tutor.sim.kubelet.addresses import AddressPool
from k8s_tutor.sim.kubelet.images import Images
from k8s_tutor.sim.kubelet.node_files import NodeFiles
from k8s_tutor.sim.machinery.store import Store

if TYPE_CHECKING:
    from k8s_tutor.apimachinery.unstructured import Json
    from k8s_tutor.sim.kubelet.records import PodRuntime
    from k8s_tutor.sim.kubelet.volume_manager import PodVolumes


class NodeState:
    """The state of one node."""

    def __init__(self, images: Images, addresses: AddressPool, files: NodeFiles, boot_id: str) -> None:
        self.images = images
        self.addresses = addresses
        self.files = files
        self.boot_id = boot_id
        self.pods: dict[str, PodRuntime] = {}
        self.volumes: dict[str, PodVolumes] = {}
        self.saved: dict[str, Json] = {}  # pods of a snapshot by uid, resumed when the kubelet meets them
        self.listener: Callable[[str], None] | None = None

    def changed(self, uid: str) -> None:
        """A container of a pod has ended, or its sandbox has changed: tell the kubelet, if one runs."""
        if self.listener is not None:
            self.listener(uid)


_nodes: WeakKeyDictionary[Store, dict[str, NodeState]] = WeakKeyDictionary()


def node_state(store: Store, name: str, make: Callable[[], NodeState]) -> NodeState:
    """Return the state of a node of a cluster, made when it is first asked for."""
    nodes = _nodes.setdefault(store, {})
    if name not in nodes:
        nodes[name] = make()
    return nodes[name]


def known_nodes(store: Store) -> dict[str, NodeState]:
    """Return the nodes' states by name."""
    return _nodes.setdefault(store, {})


def forget_node(store: Store, name: str) -> None:
    """Drop a node's state: it has been taken away for good."""
    _nodes.get(store, {}).pop(name, None)
