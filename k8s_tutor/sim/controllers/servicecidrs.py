"""ServiceCIDRs are told to be ready, and stay while addresses are taken from them (upstream: ``servicecidrs``)."""

import ipaddress
from collections.abc import Iterator

from k8s_tutor.apimachinery.times import parse_time, rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.pods import condition, is_terminating
from k8s_tutor.sim.machinery.store import Event

RANGES = "servicecidrs.networking.k8s.io"
ADDRESSES = "ipaddresses.networking.k8s.io"
FINALIZER = "networking.k8s.io/service-cidr-finalizer"
GRACE = 10.0  # allocators may still take an address from a range that goes
READY = ("True", "", "Kubernetes Service CIDR is ready")
IN_USE = (
    "False",
    "Terminating",
    "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR",
)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(range_: Json) -> list[Network]:
    """Return the networks of a ServiceCIDR."""
    return [ipaddress.ip_network(cidr) for cidr in (range_.get("spec") or {}).get("cidrs") or ()]


class ServiceCidrController(Controller):
    """Keeps finalizers and conditions."""

    name = "service-cidrs-controller"

    def setup(self) -> None:
        self._applier = self.kit.client(f"system:serviceaccount:kube-system:{self.name}", "service-cidr-controller")
        self.watch_keys(RANGES)
        self.watch(ADDRESSES, self._address_changed)

    def _address_changed(self, event: Event) -> None:
        if event.type == "DELETED":
            for range_ in self.client.list(RANGES, where=is_terminating):
                self.enqueue(range_)

    def reconcile(self, namespace: str, name: str) -> None:
        range_ = self.client.get(RANGES, name)
        if range_ is None:
            return
        if not is_terminating(range_):
            self._set_finalizer(range_, keep=True)
            self._tell(range_, *READY)
        elif any(self._orphans(range_)):
            self._tell(range_, *IN_USE)
        else:
            left = parse_time(range_["metadata"]["deletionTimestamp"]) + GRACE - self.clock.now()
            if left > 0:
                self.queue.add_after((namespace, name), left)
            else:
                self._set_finalizer(range_, keep=False)

    def _orphans(self, range_: Json) -> Iterator[str]:
        """Yield the addresses that no other range would hold."""
        own = networks(range_)
        others = [
            network
            for other in self.client.list(RANGES)
            if other["metadata"]["name"] != range_["metadata"]["name"]
            for network in networks(other)
        ]
        for entry in self.client.list(ADDRESSES):
            address = ipaddress.ip_address(entry["metadata"]["name"])
            if any(address in network for network in own) and not any(address in network for network in others):
                yield entry["metadata"]["name"]

    def _set_finalizer(self, range_: Json, *, keep: bool) -> None:
        def change(obj: Json) -> None:
            left = [item for item in obj["metadata"].get("finalizers") or () if item != FINALIZER]
            obj["metadata"]["finalizers"] = [*left, FINALIZER] if keep else left
            if not obj["metadata"]["finalizers"]:
                del obj["metadata"]["finalizers"]

        if (FINALIZER in (range_["metadata"].get("finalizers") or ())) != keep:
            self.client.change(RANGES, "", range_["metadata"]["name"], change)

    def _tell(self, range_: Json, status: str, reason: str, message: str) -> None:
        old = condition(range_, "Ready")
        new = {"type": "Ready", "status": status, "reason": reason, "message": message}
        if old is not None and all(old.get(key, "") == value for key, value in new.items()):
            return
        new["lastTransitionTime"] = rfc3339(self.clock.now())
        config = {"metadata": {"name": range_["metadata"]["name"]}, "status": {"conditions": [new]}}
        self._applier.apply(RANGES, config, "status")
