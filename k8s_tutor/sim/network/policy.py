"""NetworkPolicies, enforced as a CNI plug-in does: what a pod may be reached by, and what it may reach.

A pod that no policy selects for a direction is open in it; one that is selected allows what any of its policies
allows. Traffic of a pod with itself and from nodes is never stopped.
"""

import ipaddress
from collections.abc import Iterable
from typing import Any

from k8s_tutor.apimachinery.labels import from_label_selector
from k8s_tutor.apimachinery.unstructured import Json

DNS_LABELS = {"k8s-app": "kube-dns"}
DNS_PORT = 53


class Policies:
    """Policies, and the pods and namespaces that they speak of."""

    def __init__(self) -> None:
        self._policies: dict[tuple[str, str], Json] = {}
        self._pods: dict[str, Json] = {}
        self._addresses: dict[tuple[str, str], str] = {}
        self._namespaces: dict[str, dict[str, str]] = {}

    def set_policies(self, objects: Iterable[Json]) -> None:
        """Replace all NetworkPolicies."""
        self._policies = {}
        for obj in objects:
            self.put_policy(obj)

    def put_policy(self, obj: Json) -> None:
        """A NetworkPolicy is there or has changed."""
        self._policies[_key(obj)] = obj

    def drop_policy(self, obj: Json) -> None:
        """A NetworkPolicy was deleted."""
        self._policies.pop(_key(obj), None)

    def set_pods(self, objects: Iterable[Json]) -> None:
        """Replace all Pods."""
        self._pods, self._addresses = {}, {}
        for obj in objects:
            self.put_pod(obj)

    def put_pod(self, obj: Json) -> None:
        """A Pod is there or has changed."""
        address = (obj.get("status") or {}).get("podIP")
        if not address or (obj.get("spec") or {}).get("hostNetwork"):
            return
        if (obj.get("status") or {}).get("phase") in {"Succeeded", "Failed"}:
            self.drop_pod(obj)
            return
        self._pods[address] = obj
        self._addresses[_key(obj)] = address

    def drop_pod(self, obj: Json) -> None:
        """A Pod was deleted."""
        address = self._addresses.pop(_key(obj), None)
        if address and _key(self._pods.get(address, obj)) == _key(obj):
            self._pods.pop(address, None)

    def set_namespaces(self, objects: Iterable[Json]) -> None:
        """Replace all Namespaces."""
        self._namespaces = {}
        for obj in objects:
            self.put_namespace(obj)

    def put_namespace(self, obj: Json) -> None:
        """A Namespace is there or has changed."""
        self._namespaces[obj["metadata"]["name"]] = obj["metadata"].get("labels") or {}

    def drop_namespace(self, obj: Json) -> None:
        """A Namespace was deleted."""
        self._namespaces.pop(obj["metadata"]["name"], None)

    # -- asking

    def allows(self, source: str, target: str, port: int, protocol: str = "TCP") -> bool:
        """Tell whether a connection may be made."""
        if not self._policies or source == target:
            return True
        return self._direction("Egress", source, target, target, port, protocol) and self._direction(
            "Ingress", target, source, target, port, protocol
        )

    def allows_dns(self, source: str, servers: Iterable[str] = ()) -> bool:
        """Tell whether a pod may ask the cluster's DNS: one of its servers, or, if they are not known, any."""
        known = list(servers)
        if not self._policies:
            return True
        if known:
            return any(self.allows(source, server, DNS_PORT, "UDP") for server in known)
        policies = self._selecting(source, "Egress")
        dns = {"metadata": {"namespace": "kube-system", "labels": DNS_LABELS}}
        return policies is None or any(
            self._rule_allows(policy, rule.get("to"), rule.get("ports"), dns, "", DNS_PORT, "UDP", dns)
            for policy in policies
            for rule in policy["spec"].get("egress") or ()
        )

    def _direction(self, direction: str, subject: str, peer: str, target: str, port: int, protocol: str) -> bool:
        policies = self._selecting(subject, direction)
        if policies is None:
            return True
        key, field = ("egress", "to") if direction == "Egress" else ("ingress", "from")
        return any(
            self._rule_allows(
                policy,
                rule.get(field),
                rule.get("ports"),
                self._pods.get(peer),
                peer,
                port,
                protocol,
                self._pods.get(target),
            )
            for policy in policies
            for rule in policy["spec"].get(key) or ()
        )

    def _selecting(self, address: str, direction: str) -> list[Json] | None:
        """Return the policies that isolate a pod in a direction; None if none does."""
        pod = self._pods.get(address)
        if pod is None:
            return None
        namespace, labels = pod["metadata"].get("namespace", ""), pod["metadata"].get("labels") or {}
        found = [
            policy
            for (place, _), policy in self._policies.items()
            if place == namespace
            and direction in _types(policy)
            and from_label_selector(policy["spec"].get("podSelector") or {}).matches(labels)
        ]
        return found or None

    def _rule_allows(
        self,
        policy: Json,
        peers: Any,
        ports: Any,
        pod: Json | None,
        address: str,
        port: int,
        protocol: str,
        target: Json | None,
    ) -> bool:
        if ports and not any(_port_matches(entry, port, protocol, target) for entry in ports):
            return False
        if not peers:
            return True
        return any(self._peer_matches(policy, peer, pod, address) for peer in peers)

    def _peer_matches(self, policy: Json, peer: Json, pod: Json | None, address: str) -> bool:
        block = peer.get("ipBlock")
        if block:
            if not address:
                return False
            ip = ipaddress.ip_address(address)
            return ip in ipaddress.ip_network(block["cidr"], strict=False) and not any(
                ip in ipaddress.ip_network(cidr, strict=False) for cidr in block.get("except") or ()
            )
        if pod is None:
            return False
        namespace = pod["metadata"].get("namespace", "")
        if peer.get("namespaceSelector") is None:
            if namespace != policy["metadata"].get("namespace", ""):
                return False
        else:
            labels = {"kubernetes.io/metadata.name": namespace, **self._namespaces.get(namespace, {})}
            if not from_label_selector(peer["namespaceSelector"]).matches(labels):
                return False
        selector = peer.get("podSelector")
        return selector is None or from_label_selector(selector).matches(pod["metadata"].get("labels") or {})


def _key(obj: Json) -> tuple[str, str]:
    return obj["metadata"].get("namespace", ""), obj["metadata"].get("name", "")


def _types(policy: Json) -> list[str]:
    """Return the directions, by default as the API server's: Ingress, and Egress if it has egress rules."""
    spec = policy["spec"]
    return spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])


def _port_matches(entry: Json, port: int, protocol: str, target: Json | None) -> bool:
    if entry.get("protocol", "TCP") != protocol:
        return False
    wanted = entry.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, int):
        return bool(wanted <= port <= entry.get("endPort", wanted))
    containers = ((target or {}).get("spec") or {}).get("containers") or ()
    return any(
        item.get("name") == wanted and item.get("containerPort") == port
        for container in containers
        for item in container.get("ports") or ()
    )
