"""LimitRanges (upstream: ``registry/core/limitrange``)."""

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.meta import new_uid
from k8s_tutor.sim.registry.strategy import RequestContext
from k8s_tutor.sim.resources.shared import quantities
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.pods.pod_defaults import round_milli

TYPES = ("Pod", "Container", "PersistentVolumeClaim")
_SIDES = ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")
_ONE = Quantity.parse("1")


class LimitRangeStrategy(KindStrategy):
    """The kind LimitRange."""

    resource = "limitranges"
    no_rows = None

    def default(self, obj: Json) -> None:
        for item in (obj.get("spec") or {}).get("limits") or ():
            for side in _SIDES:
                round_milli(item.get(side))
            if item.get("type") != "Container":
                continue
            limits = {**(item.get("max") or {}), **(item.get("default") or {})}
            item["default"] = limits
            item["defaultRequest"] = {**(item.get("min") or {}), **limits, **(item.get("defaultRequest") or {})}

    def prepare_create(self, ctx: RequestContext, obj: Json) -> None:
        if not obj["metadata"].get("name"):
            obj["metadata"]["name"] = new_uid()

    def check(self, v: At, old: Json | None) -> None:
        seen: set[str] = set()
        for item in v.at("spec").each("limits"):
            kind = item.text("type")
            if item.judge("type", names.is_qualified_name) and "/" not in kind and kind not in TYPES:
                item.invalid("type", "must be a standard limit type or fully qualified")
            if kind in seen:
                item.duplicate("type", kind)
            seen.add(kind)
            self._check_item(item, kind)

    def _check_item(self, item: At, kind: str) -> None:
        check = quantities.check_container_name if kind in ("Pod", "Container") else quantities.check_name
        amounts: dict[str, dict[str, Quantity]] = {}
        for side in _SIDES:
            given = item.get(side) or {}
            if kind == "Pod" and side in ("default", "defaultRequest"):
                if given:
                    item.forbidden(side, "may not be specified when `type` is 'Pod'")
                continue
            if side == "maxLimitRequestRatio":
                self._need_storage(item, kind)
            for name in given:
                check(item.at(side).key(name), name)
            amounts[side] = {name: quantities.parse(text) for name, text in given.items()}
        for name in dict.fromkeys(name for given in amounts.values() for name in given):
            _compare(item, name, {side: given.get(name) for side, given in amounts.items()})

    def _need_storage(self, item: At, kind: str) -> None:
        if kind == "PersistentVolumeClaim" and not any("storage" in (item.get(s) or {}) for s in ("min", "max")):
            item.required("limits", "either minimum or maximum storage value is required, but neither was provided")


# Pairs that must be in order: lower side, its words, upper side, its words, the side blamed, the side whose value shows.
_ORDER = (
    ("min", "min value", "max", "max value", "min", "min"),
    ("min", "min value", "defaultRequest", "default request value", "defaultRequest", "defaultRequest"),
    ("defaultRequest", "default request value", "max", "max value", "defaultRequest", "defaultRequest"),
    ("defaultRequest", "default request value", "default", "default limit value", "defaultRequest", "defaultRequest"),
    ("min", "min value", "default", "default value", "default", "min"),
    ("default", "default value", "max", "max value", "default", "max"),
)


def _compare(item: At, name: str, sides: dict[str, Quantity | None]) -> None:
    for low, low_words, high, high_words, blamed, value in _ORDER:
        first, second = sides.get(low), sides.get(high)
        if first is not None and second is not None and first > second:
            detail = f"{low_words} {first} is greater than {high_words} {second}"
            item.at(blamed).key(name).invalid("", detail, str(sides[value]))
    ratio, least, most = sides.get("maxLimitRequestRatio"), sides.get("min"), sides.get("max")
    at = item.at("maxLimitRequestRatio").key(name)
    if ratio is not None and ratio < _ONE:
        at.invalid("", f"ratio {ratio} is less than 1", str(ratio))
    if ratio is not None and least is not None and most is not None:
        limit = most.milli() / least.milli() if least.milli() else float("inf")
        if ratio.milli() / 1000 > limit:
            at.invalid("", f"ratio {ratio} is greater than max/min = {limit:f}", str(ratio))
    default, request = sides.get("default"), sides.get("defaultRequest")
    if not quantities.overcommit_allowed(name) and default is not None and request is not None and default != request:
        detail = f"default value {default} must equal to defaultRequest value {request} in {name}"
        item.at("defaultRequest").key(name).invalid("", detail, str(request))
