"""PriorityLevelConfigurations (upstream: ``registry/flowcontrol/prioritylevelconfiguration``)."""

from math import log2, perm
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.flow_schema import check_condition_types
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import WithStatus
from k8s_tutor.sim.resources.shared.check import At

_TYPES, _RESPONSES = ("Exempt", "Limited"), ("Queue", "Reject")
_QUEUING = {"handSize": 8, "queues": 64, "queueLengthLimit": 50}
_MAX_QUEUES, _MAX_BITS = 10_000_000, 60
_PRESERVE = "flowcontrol.k8s.io/preserve-zero-concurrency-shares"


class PriorityLevelConfigurationStrategy(WithStatus):
    """The kind PriorityLevelConfiguration."""

    resource = "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io"
    columns = table.table(
        table.NAME,
        table.doc("flowcontrol.v1", "PriorityLevelConfigurationSpec", "type", "Type"),
        table.doc(
            "flowcontrol.v1",
            "LimitedPriorityLevelConfiguration",
            "nominalConcurrencyShares",
            "NominalConcurrencyShares",
        ),
        table.doc("flowcontrol.v1", "QueuingConfiguration", "queues", "Queues"),
        table.doc("flowcontrol.v1", "QueuingConfiguration", "handSize", "HandSize"),
        table.doc("flowcontrol.v1", "QueuingConfiguration", "queueLengthLimit", "QueueLengthLimit"),
        table.AGE,
    )

    def default(self, obj: Json) -> None:
        spec = obj.setdefault("spec", {})
        for kind, shares in (("exempt", 0), ("limited", 30)):
            level = spec.get(kind)
            if level is not None:
                for name, value in (("nominalConcurrencyShares", shares), ("lendablePercent", 0)):
                    if level.get(name) is None:
                        level[name] = value
        queuing = ((spec.get("limited") or {}).get("limitResponse") or {}).get("queuing")
        if queuing is not None:
            for name, value in _QUEUING.items():
                if not queuing.get(name):
                    queuing[name] = value

    def check(self, v: At, old: Json | None) -> None:
        meta, spec = v.at("metadata"), v.at("spec")
        if _PRESERVE in (meta.get("annotations") or {}):
            meta.forbidden("annotations", f"annotation '{_PRESERVE}' is forbidden")
        kind = spec.text("type")
        if (meta.text("name") == "exempt") != (kind == "Exempt"):
            spec.invalid_text("type", "must be 'Exempt' if and only if `name` is 'exempt'")
        if kind == "Exempt" and spec.get("exempt") is not None:
            self._check_level(spec.at("exempt"))
        elif kind == "Limited" and spec.get("limited") is not None:
            self._check_limited(spec.at("limited"))
        elif kind and kind not in _TYPES:
            spec.unsupported("type", _TYPES)
        self.check_status(v, old or {})

    def check_status(self, v: At, old: Json) -> None:
        check_condition_types(v.at("status"))

    def _check_level(self, v: At) -> None:
        if v.number("nominalConcurrencyShares") < 0:
            v.invalid("nominalConcurrencyShares", "must be a non-negative integer")
        self._check_lendable(v)

    def _check_lendable(self, v: At) -> None:
        if not 0 <= v.number("lendablePercent") <= 100:
            v.invalid("lendablePercent", "must be between 0 and 100, inclusive")

    def _check_limited(self, v: At) -> None:
        if v.number("nominalConcurrencyShares") < 0:
            v.invalid("nominalConcurrencyShares", "must be a non-negative integer")
        response = v.at("limitResponse")
        kind = response.text("type")
        if kind == "Queue" and response.get("queuing") is not None:
            self._check_queuing(response.at("queuing"))
        elif kind and kind not in _RESPONSES:
            response.unsupported("type", _RESPONSES)
        self._check_lendable(v)
        if v.number("borrowingLimitPercent") < 0:
            v.invalid("borrowingLimitPercent", "if specified, must be a non-negative integer")

    def _check_queuing(self, v: At) -> None:
        queues, hand = v.number("queues"), v.number("handSize")
        if v.number("queueLengthLimit") <= 0:
            v.invalid("queueLengthLimit", "must be positive")
        if queues <= 0:
            v.invalid("queues", "must be positive")
        elif queues > _MAX_QUEUES:
            v.invalid("queues", f"must not be greater than {_MAX_QUEUES}")
        if hand <= 0:
            v.invalid("handSize", "must be positive")
        elif hand > queues:
            v.invalid("handSize", f"should not be greater than queues ({queues})")
        elif log2(perm(queues, hand)) > _MAX_BITS:
            v.invalid(
                "handSize",
                f"required entropy bits of deckSize {queues} and handSize {hand} should not be greater than {_MAX_BITS}",
            )

    def declared(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        kind, limited = spec.text("type"), spec.at("limited")
        spec.need("type")
        if kind == "Limited" and limited.value is None:
            spec.required("limited")
        elif kind != "Limited" and limited.value is not None:
            spec.forbidden("limited")
        if kind != "Exempt" and spec.get("exempt") is not None:
            spec.forbidden("exempt")
        if limited.value is not None:
            response = limited.at("limitResponse")
            response.need("type")
            if response.text("type") == "Queue" and response.get("queuing") is None:
                response.required("queuing")
            elif response.text("type") != "Queue" and response.get("queuing") is not None:
                response.forbidden("queuing")

    def row(self, obj: Json, now: float) -> list[Any]:
        spec = obj.get("spec") or {}
        limited = spec.get("limited")
        queuing = ((limited or {}).get("limitResponse") or {}).get("queuing")
        return [
            obj["metadata"]["name"],
            spec.get("type") or "",
            table.NONE if limited is None else limited.get("nominalConcurrencyShares") or 0,
            *(
                table.NONE if queuing is None else queuing.get(name) or 0
                for name in ("queues", "handSize", "queueLengthLimit")
            ),
            table.created(obj, now),
        ]
