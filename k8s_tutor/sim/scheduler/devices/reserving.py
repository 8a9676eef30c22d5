"""What is written before a pod with claims is bound (upstream: ``bindClaim``): allocation, finalizer, and who uses it."""

from dataclasses import dataclass, field

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.registry.client import LocalClient
from k8s_tutor.sim.scheduler.devices.claims import CLAIMS, FINALIZER, allocation_of, is_reserved_for, reserve
from k8s_tutor.sim.scheduler.framework import PluginError
from k8s_tutor.sim.scheduler.podinfo import PodInfo


@dataclass(slots=True)
class Reservation:
    """What one node would give to a pod's claims.

    Attributes:
        pod: the pod.
        special: the claim for its extended resources, yet to be made.
        mappings: which request of it serves which container.
        allocations: claims with what they would get.
    """

    pod: PodInfo
    special: Json | None
    mappings: list[Json]
    allocations: list[tuple[Json, Json]] = field(default_factory=list)

    def write(self, client: LocalClient, claims: list[Json], now: str) -> None:
        """Give the devices to the claims, and the claims to the pod."""
        given = (allocation for _, allocation in self.allocations)
        for claim in claims:
            allocation = next(given) if allocation_of(claim) is None else None
            if not is_reserved_for(claim, self.pod.pod):
                self._bind(client, claim, allocation, now)
        if self.special is not None:
            allocation = next(given)
            if not self.mappings:
                where = f"{self.pod.namespace}/{self.pod.name}"
                why = f"nil or empty request mappings, no update of pod {where} ExtendedResourceClaimStatus"
                raise PluginError(why)
            spec = {name: value for name, value in self.special["metadata"].items() if name != "name"}
            self.special = client.create(CLAIMS, {**self.special, "metadata": spec})
            self._bind(client, self.special, allocation, now)
            self._tell_pod(client, self.special["metadata"]["name"])

    def _bind(self, client: LocalClient, claim: Json, allocation: Json | None, now: str) -> None:
        namespace, name = claim["metadata"]["namespace"], claim["metadata"]["name"]

        def protect(obj: Json) -> None:
            finalizers = obj["metadata"].setdefault("finalizers", [])
            if FINALIZER not in finalizers:
                finalizers.append(FINALIZER)

        def give(obj: Json) -> None:
            if allocation is not None:
                if allocation_of(obj) is not None:
                    raise PluginError(f"claim {namespace}/{name} got allocated elsewhere in the meantime")
                obj.setdefault("status", {})["allocation"] = allocation
            held = allocation_of(obj)
            if held is not None:
                held.setdefault("allocationTimestamp", now)
            reserve(obj, self.pod.pod)

        added = "allocation and reservation" if allocation is not None else "reservation"
        try:
            if allocation is not None:
                client.change(CLAIMS, namespace, name, protect)
            client.change(CLAIMS, namespace, name, give, "status")
        except ApiError as error:
            raise PluginError(f"add {added} to claim {namespace}/{name}: {error.message}") from None

    def _tell_pod(self, client: LocalClient, name: str) -> None:
        def tell(obj: Json) -> None:
            status = {"requestMappings": self.mappings, "resourceClaimName": name}
            obj.setdefault("status", {})["extendedResourceClaimStatus"] = status

        client.change("pods", self.pod.namespace, self.pod.name, tell, "status")

    def withdraw(self, client: LocalClient, claims: list[Json]) -> None:
        """Undo the reservation of a pod that could not be bound; the claims keep their devices."""

        def forget(obj: Json) -> None:
            status = obj.get("status") or {}
            others = [one for one in status.get("reservedFor") or () if one["uid"] != self.pod.uid]
            if others:
                status["reservedFor"] = others
            else:
                status.pop("reservedFor", None)

        for claim in claims:
            client.change(CLAIMS, self.pod.namespace, claim["metadata"]["name"], forget, "status")
        if self.special is not None and "uid" in self.special["metadata"]:
            client.change(CLAIMS, self.pod.namespace, self.special["metadata"]["name"], _unprotect)
            client.delete(CLAIMS, self.special["metadata"]["name"], self.pod.namespace)


def _unprotect(obj: Json) -> None:
    obj["metadata"]["finalizers"] = [item for item in obj["metadata"].get("finalizers") or () if item != FINALIZER]
