"""The cluster's DNS: the names of Services, pods and StatefulSet members, as CoreDNS' kubernetes plug-in serves them.

Follows the "Kubernetes DNS-Based Service Discovery" specification 1.1: A, SRV, PTR, CNAME for ExternalName; and the
resolver of a container: search domains, ndots.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.network.objects import Key, ServiceObjects

TTL = 30


@dataclass(frozen=True, slots=True)
class Record:
    """One answer: name, type (A, SRV, PTR, CNAME), and its text."""

    name: str
    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Answer:
    """NXDOMAIN: the name does not exist; no records: it has none of this type."""

    exists: bool
    records: tuple[Record, ...] = ()


class Dns(ServiceObjects):
    """Names from Services and EndpointSlices.

    Args:
        domain: the cluster's.

    Attributes:
        serving: False while no DNS server runs; who asks waits in vain.
    """

    def __init__(self, domain: str = "cluster.local") -> None:
        super().__init__()
        self.domain = domain
        self.serving = True
        self._reverse: dict[str, str] | None = None
        self._static: dict[str, str] = {}

    def add_host(self, name: str, address: str) -> None:
        """Serve one more name (a node's)."""
        self._static[name] = address

    def changed(self) -> None:
        self._reverse = None

    def slices_changed(self, key: Key) -> None:
        del key
        self._reverse = None

    # -- the server's side

    def query(self, name: str, type: str = "A") -> Answer:
        """Answer one question; the name is absolute, with or without its last dot."""
        name = name.rstrip(".").lower()
        if name in self._static:
            return Answer(True, (Record(name, "A", self._static[name]),) if type == "A" else ())
        if name.endswith(".in-addr.arpa"):
            return self._pointer(name)
        labels = name.split(".")
        suffix = self.domain.split(".")
        if labels[-len(suffix) :] != suffix:
            return Answer(False)
        labels = labels[: -len(suffix)]
        if labels and labels[-1] == "svc":
            return self._service(name, labels[:-1], type)
        if len(labels) == 3 and labels[-1] == "pod":
            address = labels[0].replace("-", ".")
            valid = address.count(".") == 3 and all(part.isdigit() for part in address.split("."))
            return Answer(valid, (Record(name, "A", address),) if valid and type == "A" else ())
        return Answer(not labels)

    def _service(self, name: str, labels: list[str], type: str) -> Answer:
        if len(labels) < 2:
            return Answer(any(key[0] == labels[0] for key in self._services) if labels else True)
        key = (labels[-1], labels[-2])
        service = self._services.get(key)
        if service is None:
            return Answer(False)
        spec = service.get("spec", {})
        if spec.get("type") == "ExternalName":
            target = spec.get("externalName", "")
            behind = self.query(target, type).records if target.endswith(self.domain) else ()
            return Answer(len(labels) == 2, (Record(name, "CNAME", target), *behind) if len(labels) == 2 else ())
        rest = labels[:-2]
        if len(rest) == 2 and rest[0].startswith("_"):
            return self._ports(name, key, service, rest[0][1:], rest[1][1:], type)
        if len(rest) > 1:
            return Answer(False)
        return self._addresses(name, key, service, rest[0] if rest else None, type)

    def _addresses(self, name: str, key: Key, service: Json, member: str | None, type: str) -> Answer:
        cluster_ip = service.get("spec", {}).get("clusterIP")
        if cluster_ip and cluster_ip != "None":
            if member is not None:
                return Answer(False)
            return Answer(True, (Record(name, "A", cluster_ip),) if type == "A" else ())
        found = [address for host, address, _ in self._members(key) if member is None or host == member]
        if not found:
            return Answer(False)
        return Answer(True, tuple(Record(name, "A", address) for address in found) if type == "A" else ())

    def _ports(self, name: str, key: Key, service: Json, port: str, protocol: str, type: str) -> Answer:
        base = f"{key[1]}.{key[0]}.svc.{self.domain}"
        spec = service.get("spec", {})
        if spec.get("clusterIP") not in {None, "", "None"}:
            found = [(entry["port"], "") for entry in spec.get("ports") or () if _is_named(entry, port, protocol)]
        else:
            found = [
                (entry["port"], f"{host}.")
                for host, _, slice_ in self._members(key)
                for entry in slice_.get("ports") or ()
                if _is_named(entry, port, protocol)
            ]
        weight = 100 // max(1, len(found))
        records = tuple(Record(name, "SRV", f"0 {weight} {number} {host}{base}.") for number, host in found)
        return Answer(bool(records), records if type == "SRV" else ())

    def _members(self, key: Key) -> Iterator[tuple[str, str, Json]]:
        """Yield host, address and slice of a headless Service's ready endpoints."""
        for endpoint, slice_ in self.endpoints(key):
            if (endpoint.get("conditions") or {}).get("ready") is False:
                continue
            for address in endpoint.get("addresses") or ():
                yield endpoint.get("hostname") or address.replace(".", "-"), address, slice_

    def _pointer(self, name: str) -> Answer:
        address = ".".join(reversed(name.removesuffix(".in-addr.arpa").split(".")))
        found = self._names().get(address)
        return Answer(True, (Record(name, "PTR", f"{found}."),)) if found else Answer(False)

    def _names(self) -> dict[str, str]:
        if self._reverse is None:
            self._reverse = {address: name for name, address in self._static.items()}
            for (namespace, name), service in self._services.items():
                base = f"{name}.{namespace}.svc.{self.domain}"
                cluster_ip = service.get("spec", {}).get("clusterIP")
                if cluster_ip and cluster_ip != "None":
                    self._reverse[cluster_ip] = base
                else:
                    for host, address, _ in self._members((namespace, name)):
                        self._reverse[address] = f"{host}.{base}"
        return self._reverse

    # -- the resolver's side

    def addresses(self, name: str) -> list[str]:
        """Return the addresses of an absolute name."""
        return [record.value for record in self.query(name).records if record.type == "A"]

    def search(self, name: str, searches: Sequence[str] = (), ndots: int = 5) -> list[str]:
        """Return the absolute names that a resolver tries, in order."""
        if name.endswith("."):
            return [name.rstrip(".")]
        relative = [f"{name}.{domain}" for domain in searches]
        return [name, *relative] if name.count(".") >= ndots else [*relative, name]

    def resolve(self, name: str, searches: Sequence[str] = (), ndots: int = 5) -> tuple[str, list[str]]:
        """Return the absolute name that was found and its addresses; ("", []) if there is none."""
        for candidate in self.search(name, searches, ndots):
            found = self.addresses(candidate)
            if found:
                return candidate, found
        return "", []


def _is_named(entry: Json, name: str, protocol: str) -> bool:
    return bool(entry.get("name") == name and entry.get("protocol", "TCP").lower() == protocol)
