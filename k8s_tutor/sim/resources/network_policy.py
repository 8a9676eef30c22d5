"""NetworkPolicies (upstream: ``registry/networking/networkpolicy``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.label_checks import check_selector
from k8s_tutor.sim.resources.shared.network.addresses import check_cidr, cidr_warnings, parse_cidr

PROTOCOLS = ("TCP", "UDP", "SCTP")
TYPES = ("Ingress", "Egress")
_SIDES = (("ingress", "from"), ("egress", "to"))


class NetworkPolicyStrategy(KindStrategy):
    """The kind NetworkPolicy."""

    resource = "networkpolicies.networking.k8s.io"
    has_generation = True
    counts_empties = True
    columns = table.table(
        table.NAME, table.doc("networking.v1", "NetworkPolicySpec", "podSelector", "Pod-Selector"), table.AGE
    )

    def default(self, obj: Json) -> None:
        spec = obj.setdefault("spec", {})
        for side, _ in _SIDES:
            for rule in spec.get(side) or ():
                for port in rule.get("ports") or ():
                    if port.get("protocol") is None:
                        port["protocol"] = "TCP"
        if not spec.get("policyTypes"):
            spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]

    def check(self, v: At, old: Json | None) -> None:
        spec, known = v.at("spec"), _cidrs(old)
        check_selector(spec.at("podSelector"))
        for side, peers in _SIDES:
            for rule in spec.each(side):
                for port in rule.each("ports"):
                    _check_port(port)
                for peer in rule.each(peers):
                    _check_peer(peer, known)
        types = spec.get("policyTypes") or []
        if len(types) > len(TYPES):
            spec.invalid("policyTypes", "may not specify more than two policyTypes")
            return
        for kind in spec.each("policyTypes"):
            if kind.value not in TYPES:
                kind.unsupported("", TYPES)

    def declared(self, v: At, old: Json | None) -> None:
        for side, peers in _SIDES:
            for rule in v.at("spec").each(side):
                for peer in rule.each(peers):
                    if peer.get("ipBlock") is not None:
                        peer.at("ipBlock").need("cidr")

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        found = []
        for side, peers in _SIDES:
            for number, rule in enumerate((obj.get("spec") or {}).get(side) or ()):
                for index, peer in enumerate(rule.get(peers) or ()):
                    block = peer.get("ipBlock")
                    if block is None:
                        continue
                    path = f"spec.{side}[{number}].{peers}[{index}].ipBlock"
                    found += cidr_warnings(f"{path}.cidr", block.get("cidr") or "")
                    for place, text in enumerate(block.get("except") or ()):
                        found += cidr_warnings(f"{path}.except[{place}]", text)
        return found

    def row(self, obj: Json, now: float) -> list[Any]:
        selector = (obj.get("spec") or {}).get("podSelector") or {}
        return [obj["metadata"]["name"], table.selector_text(selector), table.created(obj, now)]


def _cidrs(policy: Json | None) -> list[str]:
    found: list[str] = []
    for side, peers in _SIDES:
        for rule in ((policy or {}).get("spec") or {}).get(side) or ():
            for peer in rule.get(peers) or ():
                block = peer.get("ipBlock") or {}
                found += [block.get("cidr") or "", *(block.get("except") or ())]
    return found


def _check_port(v: At) -> None:
    if v.get("protocol") is not None:
        v.one_of("protocol", PROTOCOLS)
    port, end = v.get("port"), v.get("endPort")
    if port is None:
        if end is not None:
            v.invalid("endPort", "may not be specified when `port` is not specified")
    elif isinstance(port, str):
        if end is not None:
            v.invalid("endPort", "may not be specified when `port` is non-numeric")
        v.judge("port", names.is_port_name)
    else:
        for complaint in names.is_port_num(port):
            v.invalid("port", complaint)
        if end is not None:
            if end < port:
                v.invalid("endPort", "must be greater than or equal to `port`")
            for complaint in names.is_port_num(end):
                v.invalid("endPort", complaint)


def _check_peer(v: At, known: list[str]) -> None:
    given = [field for field in ("podSelector", "namespaceSelector", "ipBlock") if v.get(field) is not None]
    for field in ("podSelector", "namespaceSelector"):
        check_selector(v.at(field))
    if "ipBlock" in given:
        _check_block(v.at("ipBlock"), known)
    if not given:
        v.required("", "must specify a peer")
    elif len(given) > 1 and "ipBlock" in given:
        v.forbidden("", "may not specify both ipBlock and another peer")


def _check_block(v: At, known: list[str]) -> None:
    if not v.text("cidr"):
        return
    check_cidr(v, "cidr", known)
    outer = parse_cidr(v.text("cidr"))
    if outer is None:
        return
    for item in v.each("except"):
        check_cidr(item, old=known)
        inner = parse_cidr(item.value)
        if inner is None:
            continue
        within = inner[1].version == outer[1].version and inner[1].network_address in outer[1]
        if not within or outer[1].prefixlen >= inner[1].prefixlen:
            item.invalid("", "must be a strict subset of `cidr`")
