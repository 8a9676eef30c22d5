"""Leases of the control plane: that the API server is there, and which controller-manager and scheduler lead.

Upstream: kube-apiserver's identity lease (``pkg/controlplane/apiserver``), and ``client-go/tools/leaderelection``. Each is
renewed as the real ones are; while nobody watches leases, renewals that time jumps over are left out. A component that is
started takes its lease over at once: the real one waits up to 15 s for the lease of a process that has just died.
"""

import base64
import hashlib
from collections.abc import Mapping

from k8s_tutor.apimachinery.times import rfc3339_micro
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.controlplane.endpoints import APISERVER
from k8s_tutor.sim.machinery.meta import new_uid
from k8s_tutor.sim.machinery.recorder import Recorder
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.registry.client import LocalClient
from k8s_tutor.sim.registry.rest import Rest
from k8s_tutor.sim.shape import CONTROL_PLANE_NODE
from k8s_tutor.sim.ticking import Ticker, never

LEASES = "leases.coordination.k8s.io"
NAMESPACE = "kube-system"
API_SERVER = "kube-apiserver"
IDENTITY_SECONDS, IDENTITY_PERIOD = 3600, 10.0
LEADER_SECONDS, LEADER_PERIOD = 15, 2.0


class HeldLease:
    """One lease, renewed until ``stop``.

    Args:
        client: with which it is written.
        clock: the cluster's time.
        name: of the lease.
        seconds: how long it lasts.
        period: seconds between renewals.
    """

    def __init__(self, client: LocalClient, clock: Clock, name: str, seconds: int, period: float) -> None:
        self.client = client
        self.clock = clock
        self.name = name
        self.holder = ""
        self._seconds = seconds
        self._period = period
        self._ticker: Ticker | None = None

    def start(self) -> None:
        """Take the lease and go on renewing it."""
        self.take()
        self._ticker = self.clock.every(self._period, self._renew, silent=True, limit=self._unwatched)

    def stop(self) -> None:
        """Renew no more, as when the process dies."""
        if self._ticker is not None:
            self._ticker.cancel()

    def take(self) -> None:
        """Write that the lease is held by this process now."""
        raise NotImplementedError

    def now(self) -> str:
        """Return the time, as leases tell it."""
        return rfc3339_micro(self.clock.now())

    def _unwatched(self) -> float:
        return self.clock.now() if self.client.store.is_watched(LEASES) else never()

    def _renew(self) -> None:
        lease = self.client.get(LEASES, self.name, NAMESPACE)
        try:
            if lease is None or lease["spec"].get("holderIdentity") != self.holder:
                self.take()
                return
            # Straight into the store: a time is all that changes, and a day has thousands of renewals.
            renewed = lease | {"metadata": dict(lease["metadata"]), "spec": lease["spec"] | {"renewTime": self.now()}}
            self.client.store.put(LEASES, (NAMESPACE, self.name), renewed)
        except ApiError:
            return  # tried again at the next tick

    def write(
        self, spec: Json, labels: Mapping[str, str] | None = None, notes: Mapping[str, str] | None = None
    ) -> None:
        """Create the lease, or replace its spec."""
        body = spec | {"holderIdentity": self.holder, "leaseDurationSeconds": self._seconds, "renewTime": self.now()}

        def change(lease: Json) -> None:
            lease["spec"] = body

        if self.client.get(LEASES, self.name, NAMESPACE) is not None:
            self.client.change(LEASES, NAMESPACE, self.name, change)
            return
        meta: Json = {"name": self.name, "namespace": NAMESPACE}
        if labels:
            meta["labels"] = dict(labels)
        if notes:
            meta["annotations"] = dict(notes)
        kind = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}
        self.client.create(LEASES, kind | {"metadata": meta, "spec": body})


class ApiServerLease(HeldLease):
    """Tells that this API server is there, under a name that is made of its host's.

    Args:
        rest: the storage.
        address: of the API server, ``ip:port``.
    """

    def __init__(self, rest: Rest, address: str) -> None:
        name = f"apiserver-{_identity(CONTROL_PLANE_NODE)}"
        super().__init__(
            LocalClient(rest, APISERVER, API_SERVER), rest.store.clock, name, IDENTITY_SECONDS, IDENTITY_PERIOD
        )
        self._address = address

    def take(self) -> None:
        self.holder = f"{self.name}_{new_uid()}"
        labels = {"apiserver.kubernetes.io/identity": API_SERVER, "kubernetes.io/hostname": CONTROL_PLANE_NODE}
        self.write({}, labels, {"kubernetes.io/peer-advertise-address": self._address})


class LeaderLease(HeldLease):
    """Tells which process of a component leads.

    Args:
        client: the component's.
        clock: the cluster's time.
        component: its name, and the lease's.
        source: what its events call it.
    """

    def __init__(self, client: LocalClient, clock: Clock, component: str, source: str) -> None:
        super().__init__(client, clock, component, LEADER_SECONDS, LEADER_PERIOD)
        self._events = Recorder(clock, client, source)

    def take(self) -> None:
        self.holder = f"{CONTROL_PLANE_NODE}_{new_uid()}"
        lease = self.client.get(LEASES, self.name, NAMESPACE)
        times = lease["spec"].get("leaseTransitions", 0) + 1 if lease else 0
        self.write({"acquireTime": self.now(), "leaseTransitions": times})
        taken = self.client.get(LEASES, self.name, NAMESPACE)
        if taken is not None:
            self._events.event(taken, "Normal", "LeaderElection", f"{self.holder} became leader")


def _identity(host: str) -> str:
    """Return the API server's part of its name, as upstream makes it: a hash of the host's and the server's name."""
    data = b"".join(len(text).to_bytes(2) + text.encode() for text in (host, API_SERVER))
    return base64.b32encode(hashlib.sha256(data).digest()[:16]).decode().lower().rstrip("=")
