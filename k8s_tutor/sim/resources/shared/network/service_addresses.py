"""A Service's cluster IPs, families and node ports: allotted in memory from what the store holds.

Upstream keeps bitmaps and IPAddress objects (``registry/core/service/storage/alloc.go``); here every allotment looks at
the Services that are there, so nothing has to be rebuilt after a restart or a restored snapshot. Dry runs get the same
placeholders as upstream's: the range's first address, and ports above the range.
"""

import ipaddress
import random
from collections.abc import Iterable
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import ApiError, invalid
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.network.addresses import check_ip, dual_stack, is_ipv4, is_ipv6, parse_sloppy

RANGE = ipaddress.IPv4Network("10.96.0.0/16")
PORTS = range(30000, 32768)
FAMILIES = ("IPv4", "IPv6")
POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
_DRY_RUN_PORT = 32768
# As upstream's allocators: what is chosen freely comes from the upper part, the lower one is left for fixed choices.
_STATIC_ADDRESSES = 256
_STATIC_PORTS = 86


def has_cluster_ip(spec: Json) -> bool:
    """Tell whether a Service of this type has cluster IPs at all."""
    return spec.get("type") != "ExternalName"


def is_headless(spec: Json) -> bool:
    """Tell whether the cluster IP is None."""
    return spec.get("clusterIPs") == ["None"]


def wants_node_ports(spec: Json) -> bool:
    """Tell whether each port gets a node port."""
    kind = spec.get("type")
    return kind == "NodePort" or (kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is not False)


def wants_health_check(spec: Json) -> bool:
    """Tell whether there is a health check node port."""
    return spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


class Taken:
    """Addresses and node ports of the Services in the store, without those of one Service itself."""

    def __init__(self, services: Iterable[Json], but: str | None) -> None:
        self.addresses: set[str] = set()
        self.ports: set[int] = set()
        for service in services:
            if service["metadata"].get("uid") == but and but:
                continue
            spec = service.get("spec") or {}
            self.addresses.update(ip for ip in spec.get("clusterIPs") or () if ip != "None")
            self.ports.update(port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort"))
            if spec.get("healthCheckNodePort"):
                self.ports.add(spec["healthCheckNodePort"])


class Allotment:
    """Completes one Service; raises ApiError where a wish cannot be met.

    Args:
        service: the object, changed in place.
        taken: what other Services hold.
        dry_run: nothing is really taken.
    """

    def __init__(self, service: Json, taken: Taken, *, dry_run: bool) -> None:
        self.service, self.spec = service, service["spec"]
        self.taken, self.dry_run = taken, dry_run
        self.own_ports: list[int] = []

    def refuse(self, v: At) -> None:
        if v.errors:
            raise invalid("Service", "", self.service["metadata"].get("name", ""), v.errors)

    def _fail(self, path: str, detail: str, value: Any) -> ApiError:
        v = At([], "", None)
        v.invalid(path, detail, value)
        return invalid("Service", "", self.service["metadata"].get("name", ""), v.errors)

    # -- families

    def families(self, old: Json | None) -> None:
        """Settle ``ipFamilyPolicy`` and ``ipFamilies``."""
        spec = self.spec
        if not has_cluster_ip(spec):
            return
        selectorless = spec.get("clusterIP") == "None" and not spec.get("selector")
        if spec.get("ipFamilyPolicy") is None:
            inherited = (old or {}).get("ipFamilyPolicy")
            spec["ipFamilyPolicy"] = inherited or ("RequireDualStack" if selectorless else "SingleStack")
        v = At([], "spec", spec)
        check_cluster_ips(v, old)
        self.refuse(v)
        self._match_policy(v, old)
        self.refuse(v)
        families = spec.get("ipFamilies") or []
        if selectorless:
            families = families or ["IPv4"]
            if len(families) < 2 and spec["ipFamilyPolicy"] != "SingleStack":
                families = [*families, "IPv6" if families[0] == "IPv4" else "IPv4"]
            spec["ipFamilies"] = families
            return
        if spec["ipFamilyPolicy"] == "RequireDualStack":
            v.invalid("ipFamilyPolicy", "this cluster is not configured for dual-stack services")
        for family in v.each("ipFamilies"):
            if family.value != "IPv4":
                family.invalid("", "not configured on this cluster")
        self.refuse(v)
        spec["ipFamilies"] = families or ["IPv4"]

    def _match_policy(self, v: At, old: Json | None) -> None:
        spec = self.spec
        single = spec["ipFamilyPolicy"] == "SingleStack"
        for field, what, released in (
            ("clusterIPs", "cluster IPs", "cluster IP"),
            ("ipFamilies", "IP families", "IP family"),
        ):
            now, was = spec.get(field) or [], (old or {}).get(field) or []
            if old is not None and single and now == was and len(now) > 1:
                spec[field] = now = now[:1]
            elif old is not None and not single and now and len(now) < len(was):
                v.invalid("ipFamilyPolicy", f"must be 'SingleStack' to release the secondary {released}")
            if single and len(now) == 2:
                detail = f"must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified"
                v.invalid("ipFamilyPolicy", detail)
        for number, ip in enumerate(spec.get("clusterIPs") or ()):
            if ip == "None":
                break
            families = spec.get("ipFamilies") or []
            if number >= len(families):
                if is_ipv6(ip):
                    detail = "IPv6 is not configured on this cluster"
                    v.at("clusterIPs").index(number).invalid("", detail, spec["clusterIPs"])
                else:
                    spec["ipFamilies"] = [*families, "IPv4"]

    # -- addresses

    def addresses(self, kept: Iterable[str]) -> None:
        """Allot cluster IPs; ``kept``: those that this Service has already."""
        spec = self.spec
        if not has_cluster_ip(spec) or is_headless(spec):
            return
        ips = list(spec.get("clusterIPs") or [])
        for number, _ in enumerate(spec.get("ipFamilies") or ()):
            if number >= len(ips):
                ips.append(self._free_address())
            elif ips[number] not in kept:
                self._take(ips[number], ips)
        spec["clusterIPs"] = ips
        if ips:
            spec["clusterIP"] = ips[0]

    def _take(self, ip: str, ips: list[str]) -> None:
        address = parse_sloppy(ip)
        problem = ""
        if not isinstance(address, ipaddress.IPv4Address) or address not in RANGE:
            problem = "the provided network does not match the current range"
        elif address in (RANGE.network_address, RANGE.broadcast_address):
            problem = f"the provided IP ({ip}) is not in the valid range. The range of valid IPs is {RANGE}"
        elif ip in self.taken.addresses:
            problem = "provided IP is already allocated"
        if problem:
            raise self._fail("spec.clusterIPs", f"failed to allocate IP {ip}: {problem}", ips)

    def _free_address(self) -> str:
        if self.dry_run:
            return str(RANGE.network_address)
        size = RANGE.num_addresses
        while True:
            ip = str(RANGE[random.randrange(_STATIC_ADDRESSES, size - 1)])
            if ip not in self.taken.addresses:
                self.taken.addresses.add(ip)
                return ip

    # -- node ports

    def node_ports(self, kept: Iterable[int]) -> None:
        """Allot node ports; ``kept``: those that this Service has already."""
        spec, mine = self.spec, set(kept)
        if spec.get("type") in ("NodePort", "LoadBalancer"):
            chosen: dict[int, int] = {}
            for number, port in enumerate(spec.get("ports") or ()):
                self._port(number, port, chosen, mine)
        if wants_health_check(spec):
            wish = spec.get("healthCheckNodePort") or 0
            if not wish:
                spec["healthCheckNodePort"] = self._free_port()
            elif wish not in mine:
                problem = self._port_problem(wish)
                if problem:
                    detail = f"failed to allocate requested HealthCheck NodePort {wish}: {problem}"
                    raise ApiError(500, "InternalError", f"Internal error occurred: {detail}")

    def _port(self, number: int, port: Json, chosen: dict[int, int], mine: set[int]) -> None:
        wish, service_port = port.get("nodePort") or 0, port.get("port") or 0
        if not wish and not wants_node_ports(self.spec):
            return
        if not wish:
            # Two protocols of one port share their node port.
            same = [
                p.get("nodePort") for p in self.spec["ports"] if p.get("port") == service_port and p.get("nodePort")
            ]
            wish = chosen.get(service_port) or (same[0] if same and not mine else 0)
            if not wish:
                port["nodePort"] = chosen[service_port] = self._free_port()
                return
            port["nodePort"] = wish
        if wish not in mine and wish not in self.own_ports:
            problem = self._port_problem(wish)
            if problem:
                raise self._fail(f"spec.ports[{number}].nodePort", problem, wish)
            self.own_ports.append(wish)
        chosen.setdefault(service_port, wish)

    def _port_problem(self, port: int) -> str:
        if port not in PORTS and not self.dry_run:
            shown = f"{PORTS.start}-{PORTS.stop - 1}"
            return f"provided port is not in the valid range. The range of valid ports is {shown}"
        return "provided port is already allocated" if port in self.taken.ports else ""

    def _free_port(self) -> int:
        if self.dry_run:
            port = max(self.own_ports, default=_DRY_RUN_PORT) + 1
        else:
            free = [p for p in PORTS[_STATIC_PORTS:] if p not in self.taken.ports and p not in self.own_ports]
            if not free:
                text = "Internal error occurred: failed to allocate a nodePort: range is full"
                raise ApiError(500, "InternalError", text)
            port = random.choice(free)
        self.own_ports.append(port)
        return port


def check_cluster_ips(v: At, old: Json | None) -> None:
    """Check ``clusterIP``, ``clusterIPs``, ``ipFamilies`` and ``ipFamilyPolicy`` (the cursor stands at spec)."""
    if not has_cluster_ip(v.value or {}):
        return
    ip, ips = v.text("clusterIP"), v.get("clusterIPs") or []
    if ip:
        if not ips:
            v.required("clusterIPs")
        elif ips[0] != ip:
            v.invalid("clusterIPs", "first value must match `clusterIP`")
    elif ips:
        v.invalid("clusterIPs", "must be empty when `clusterIP` is not specified")
    seen: set[str] = set()
    for family in v.each("ipFamilies"):
        if family.value not in FAMILIES:
            family.unsupported("", FAMILIES)
        if family.value in seen:
            family.duplicate()
        seen.add(family.value)
    v.one_of_if("ipFamilyPolicy", POLICIES)
    if not _check_each(v, ips, (old or {}).get("clusterIPs") or []):
        return
    if len(ips) > 1 and not dual_stack(ips):
        v.invalid("clusterIPs", "may specify no more than one IP for each IP family")
    if ips == ["None"]:
        return
    for number, (address, family) in enumerate(zip(ips, v.get("ipFamilies") or (), strict=False)):
        judge = {"IPv4": is_ipv4, "IPv6": is_ipv6}.get(family)
        if judge is not None and not judge(address):
            detail = f"expected an {family} value as indicated by `ipFamilies[{number}]`"
            v.at("clusterIPs").index(number).invalid("", detail, address)


def _check_each(v: At, ips: list[str], old: list[str]) -> bool:
    good = True
    for number, item in enumerate(v.each("clusterIPs")):
        if number == 0 and item.value == "None":
            if len(ips) > 1:
                v.invalid("clusterIPs", "'None' must be the first and only value")
                good = False
            continue
        good = check_ip(item, old=old) and good
    if len(ips) > 2:
        v.invalid("clusterIPs", "may only hold up to 2 values")
    return good
