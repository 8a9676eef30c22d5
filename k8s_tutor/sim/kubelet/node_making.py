"""A node's first state: which images are there already, its disk, its addresses; or what a snapshot says."""

import uuid

from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.sim.kubelet import snapshot
from k8s_tutor.sim.kubelet.addresses import AddressPool
from k8s_tutor.sim.kubelet.images import Images
from k8s_tutor.sim.kubelet.kit import Kit, NodeShape
from k8s_tutor.sim.kubelet.node import Capacity
from k8s_tutor.sim.kubelet.node_files import NodeFiles
from k8s_tutor.sim.kubelet.node_state import NodeState
from k8s_tutor.sim.kubelet.static_pods import manifest_images

PRESENT = ("registry.k8s.io/pause:3.10.1",)
PRESENT_BARE = ("busybox:1.36", "nginx:1.27", "nginx:1.28")


def new_state(kit: Kit, node: NodeShape, capacity: Capacity, pod_cidr: str) -> NodeState:
    """Return the state of a node that starts for the first time, or that a snapshot has."""
    present = PRESENT + (PRESENT_BARE if kit.shape.bare else ())
    if node.control_plane:
        present += manifest_images()
    images = Images(kit.clock, kit.runtime, latency=kit.start_latency, present=present)
    files = NodeFiles(kit.clock, kit.store, node.name, Quantity.parse(capacity.ephemeral_storage).value())
    state = NodeState(images, AddressPool(pod_cidr), files, str(uuid.uuid4()))
    saved = snapshot.take(kit.store, node.name)
    if saved is not None:
        state.boot_id = saved["boot_id"]
        state.images.take(saved["images"])
        state.files.restore(saved["files"])
        state.saved = dict(saved["pods"])
    return state
