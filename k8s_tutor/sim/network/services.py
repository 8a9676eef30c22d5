"""kube-proxy's rules: which address and port stands for which endpoints, and which of them gets a connection.

As the iptables proxier (``pkg/proxy``): cluster addresses, external addresses, load balancers' addresses, node ports;
random choice among ready endpoints, among serving terminating ones if none is ready; ClientIP affinity;
internalTrafficPolicy and externalTrafficPolicy Local. Services whose labels give them to another proxy have no rules.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.network.objects import Key, ServiceObjects

AFFINITY_SECONDS = 10800
NOT_OURS = frozenset({"service.kubernetes.io/headless", "service.kubernetes.io/service-proxy-name"})
Address = tuple[str, int]
Place = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One place behind a Service's port."""

    address: str
    port: int
    node: str
    ready: bool
    serving: bool


@dataclass(slots=True)
class Rule:
    """One port of one Service."""

    key: Key
    port: Json
    service: Json

    @property
    def name(self) -> str:
        """The port's name."""
        return str(self.port.get("name") or "")


@dataclass(slots=True)
class Target:
    """Where a connection to a Service may go; no endpoints: it is refused.

    Args:
        masquerade: the endpoint sees the node's address (traffic from outside that may go to any node).
    """

    endpoints: list[Endpoint]
    choose: Callable[[list[Endpoint]], Endpoint]
    masquerade: bool = False

    def pick(self) -> Address:
        """Return the endpoint for this connection."""
        chosen = self.choose(self.endpoints)
        return chosen.address, chosen.port


@dataclass(slots=True)
class _Index:
    addresses: dict[Place, Rule] = field(default_factory=dict)
    node_ports: dict[tuple[int, str], Rule] = field(default_factory=dict)
    health_ports: dict[int, Rule] = field(default_factory=dict)
    virtual: set[str] = field(default_factory=set)


class ServiceTable(ServiceObjects):
    """The rules of all nodes (each node's kube-proxy has the same).

    Args:
        now: the cluster's clock, for affinity's time.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self._now = now
        self._index: _Index | None = None
        self._random = random.Random(1)
        self._affinity: dict[tuple[Key, str, str], tuple[Endpoint, float]] = {}
        self._node_of: Callable[[str], str] = lambda _: ""

    def locate(self, node_of: Callable[[str], str]) -> None:
        """Say how an address's node is found (for traffic policies)."""
        self._node_of = node_of

    def changed(self) -> None:
        self._index = None

    def put_slice(self, obj: Json) -> None:
        """An EndpointSlice is there or has changed; one with another proxy's label is not seen."""
        if NOT_OURS & (obj["metadata"].get("labels") or {}).keys():
            self.drop_slice(obj)
        else:
            super().put_slice(obj)

    def route(
        self, address: str, port: int, source: str | None, protocol: str = "TCP", *, node: bool = False
    ) -> Target | None:
        """Return where a connection goes if it is to a Service; None if it is not."""
        index = self._rules()
        external = False
        rule = index.addresses.get((address, port, protocol))
        if rule is None and node:
            rule = index.node_ports.get((port, protocol))
            external = rule is not None
        if rule is None:
            return None
        found = self._eligible(rule)
        spec = rule.service.get("spec", {})
        policy = spec.get("externalTrafficPolicy" if external else "internalTrafficPolicy")
        if policy == "Local":
            where = self._node_of(address if external else source or address)
            found = [endpoint for endpoint in found if endpoint.node == where] if where else found
        masquerade = external and policy != "Local"
        return Target(found, lambda endpoints: self._choose(rule, endpoints, source or ""), masquerade)

    def health(self, port: int, node: str) -> tuple[Key, int] | None:
        """Return the Service whose health a node's port tells, and how many ready endpoints the node has."""
        rule = self._rules().health_ports.get(port)
        if rule is None:
            return None
        ready = {
            endpoint["addresses"][0]
            for endpoint, _ in self.endpoints(rule.key)
            if endpoint.get("nodeName") == node and (endpoint.get("conditions") or {}).get("ready") is not False
        }
        return rule.key, len(ready)

    def is_virtual(self, address: str) -> bool:
        """Tell whether an address is a Service's."""
        return address in self._rules().virtual

    def endpoint_of(self, namespace: str, service: str, port: int | str) -> Address | None:
        """Return a ready endpoint of a Service's port, by number or name (the API server's proxy)."""
        obj = self._services.get((namespace, service))
        for entry in (obj or {}).get("spec", {}).get("ports") or ():
            if port in {entry["port"], entry.get("name"), str(entry["port"])} or port == "":
                rule = Rule((namespace, service), entry, obj or {})
                found = self._eligible(rule)
                if not found:
                    return None
                chosen = self._random.choice(found)
                return chosen.address, chosen.port
        return None

    def _rules(self) -> _Index:
        if self._index is None:
            self._index = _Index()
            for key, service in self._services.items():
                self._add(self._index, key, service)
        return self._index

    def _add(self, index: _Index, key: Key, service: Json) -> None:
        spec = service.get("spec", {})
        if spec.get("type") == "ExternalName":
            return
        addresses = [a for a in spec.get("clusterIPs") or [spec.get("clusterIP")] if a and a != "None"]
        addresses += spec.get("externalIPs") or []
        balancer: dict[str, Any] = service.get("status", {}).get("loadBalancer") or {}
        addresses += [entry["ip"] for entry in balancer.get("ingress") or () if entry.get("ip")]
        index.virtual.update(addresses)
        if NOT_OURS & (service["metadata"].get("labels") or {}).keys():
            return
        if spec.get("healthCheckNodePort"):
            index.health_ports[spec["healthCheckNodePort"]] = Rule(key, {}, service)
        for port in spec.get("ports") or ():
            protocol = port.get("protocol", "TCP")
            rule = Rule(key, port, service)
            for address in addresses:
                index.addresses[address, port["port"], protocol] = rule
            if port.get("nodePort"):
                index.node_ports[port["nodePort"], protocol] = rule

    def _eligible(self, rule: Rule) -> list[Endpoint]:
        every = []
        for endpoint, obj in self.endpoints(rule.key):
            number = next((p.get("port") for p in obj.get("ports") or () if (p.get("name") or "") == rule.name), None)
            if number is None or not endpoint.get("addresses"):
                continue
            conditions = endpoint.get("conditions") or {}
            ready = conditions.get("ready") is not False
            serving = conditions.get("serving", ready) is not False and bool(conditions.get("terminating"))
            every.append(Endpoint(endpoint["addresses"][0], number, endpoint.get("nodeName", ""), ready, serving))
        return [e for e in every if e.ready] or [e for e in every if e.serving]

    def _choose(self, rule: Rule, endpoints: list[Endpoint], source: str) -> Endpoint:
        spec = rule.service.get("spec", {})
        if spec.get("sessionAffinity") != "ClientIP":
            return self._random.choice(endpoints)
        config = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
        patience = config.get("timeoutSeconds", AFFINITY_SECONDS)
        entry = (rule.key, rule.name, source)
        chosen, when = self._affinity.get(entry, (None, 0.0))
        if chosen is None or chosen not in endpoints or self._now() - when > patience:
            chosen = self._random.choice(endpoints)
        self._affinity[entry] = (chosen, self._now())
        return chosen
