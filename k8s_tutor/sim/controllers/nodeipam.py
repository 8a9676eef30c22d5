"""Gives every node a range of pod addresses (upstream: ``pkg/controller/nodeipam``): a /24 each of 10.244.0.0/16."""

import ipaddress

from k8s_tutor.apimachinery.unstructured import clone
from k8s_tutor.sim.controllers.base import Controller

POD_NETWORK = "10.244.0.0/16"
NODE_PREFIX = 24


class NodeIpamController(Controller):
    """Writes ``spec.podCIDR``."""

    name = "cidrAllocator"

    def setup(self) -> None:
        if not self.kit.shape.bare:  # a bare control plane runs without --allocate-node-cidrs
            self.watch_keys("nodes")

    def reconcile(self, namespace: str, name: str) -> None:
        node = self.client.get("nodes", name)
        if node is None or (node.get("spec") or {}).get("podCIDR"):
            return
        used = {(other.get("spec") or {}).get("podCIDR") for other in self.client.list("nodes")}
        ranges = ipaddress.ip_network(POD_NETWORK).subnets(new_prefix=NODE_PREFIX)
        free = next((str(network) for network in ranges if str(network) not in used), None)
        if free is None:
            text = f"Node {name} status is now: CIDRNotAvailable"
            self.events.event(node, "Normal", "CIDRNotAvailable", text)
            return
        new = clone(node)
        new["spec"] = (new.get("spec") or {}) | {"podCIDR": free, "podCIDRs": [free]}
        self.client.update("nodes", new)
