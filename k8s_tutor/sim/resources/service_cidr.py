"""ServiceCIDRs (upstream: ``registry/networking/servicecidr``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import WithStatus
from k8s_tutor.sim.resources.shared.check import IMMUTABLE, At
from k8s_tutor.sim.resources.shared.internal import internal
from k8s_tutor.sim.resources.shared.network.addresses import check_canonical_cidr, is_ipv6

_DUAL = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"
_MAX = 2


class ServiceCIDRStrategy(WithStatus):
    """The kind ServiceCIDR."""

    resource = "servicecidrs.networking.k8s.io"
    has_generation = False
    columns = table.table(table.NAME, table.doc("networking.v1", "ServiceCIDRSpec", "cidrs", "CIDRs"), table.AGE)

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        cidrs = spec.get("cidrs") or []
        if not spec.need("cidrs", "at least one CIDR required"):
            return
        if len(cidrs) > _MAX:
            spec.invalid("cidrs", "may only hold up to 2 values", internal("networking.ServiceCIDRSpec", spec.value))
            return
        good = [check_canonical_cidr(cidr) for cidr in spec.each("cidrs")]
        if len(cidrs) == _MAX and all(good) and len({is_ipv6(cidr.partition("/")[0]) for cidr in cidrs}) == 1:
            spec.invalid("cidrs", _DUAL)

    def check_update(self, v: At, old: Json) -> None:
        spec, before = v.at("spec"), (old.get("spec") or {}).get("cidrs") or []
        now = spec.get("cidrs") or []
        grows = len(before) == 1 and len(now) == _MAX
        if len(now) != len(before) and not grows:
            spec.invalid("cidrs", IMMUTABLE)
            return
        for cidr, was in zip(spec.each("cidrs"), before, strict=False):
            if cidr.value != was:
                cidr.invalid("", IMMUTABLE)
        if grows:
            self.check(v, old)

    def row(self, obj: Json, now: float) -> list[Any]:
        cidrs = (obj.get("spec") or {}).get("cidrs") or ()
        return [obj["metadata"]["name"], ",".join(cidrs), table.created(obj, now)]
