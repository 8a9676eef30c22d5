"""Nodes (upstream: ``registry/core/node``)."""

import json
import re
from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import quantities, table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At, join
from k8s_tutor.sim.resources.shared.internal import internal
from k8s_tutor.sim.resources.shared.network.addresses import check_cidr, cidr_warnings, parse_cidr
from k8s_tutor.sim.resources.shared.pods.pod_defaults import round_milli
from k8s_tutor.sim.resources.shared.pods.scheduling_terms import EFFECTS

_TAINTS = "scheduler.alpha.kubernetes.io/taints"
_ROLE_PREFIX, _ROLE = "node-role.kubernetes.io/", "kubernetes.io/role"
_FEATURE = re.compile(r"[A-Z][a-zA-Z0-9]*(/[a-zA-Z][a-zA-Z0-9]*)*")
_CIDR_FIXED = 'node updates may not change podCIDR except from "" to valid'


def check_taints(v: At) -> None:
    """Check a list of taints (the cursor stands at it)."""
    seen: set[tuple[str, str]] = set()
    for taint in v.items():
        taint.judge("key", names.is_qualified_name)
        complaints = names.is_label_value(taint.text("value"))
        if complaints:
            taint.invalid("value", ";".join(complaints), taint.text("value"))
        taint.one_of("effect", EFFECTS, required=True)
        pair = (taint.text("effect"), taint.text("key"))
        if pair in seen:
            detail = "taints must be unique by key and effect pair"
            taint.duplicate("", internal("core.Taint", taint.value), detail)
        seen.add(pair)


class NodeStrategy(KindStrategy):
    """The kind Node."""

    resource = "nodes"
    has_status = True
    fields = ("spec.unschedulable",)
    columns = table.table(
        table.NAME,
        table.plain("Status", "The status of the node"),
        table.plain("Roles", "The roles of the node"),
        table.AGE,
        table.doc("core.v1", "NodeSystemInfo", "kubeletVersion", "Version"),
        table.doc("core.v1", "NodeStatus", "addresses", "Internal-IP", wide=True),
        table.doc("core.v1", "NodeStatus", "addresses", "External-IP", wide=True),
        table.doc("core.v1", "NodeSystemInfo", "osImage", "OS-Image", wide=True),
        table.doc("core.v1", "NodeSystemInfo", "kernelVersion", "Kernel-Version", wide=True),
        table.doc("core.v1", "NodeSystemInfo", "containerRuntimeVersion", "Container-Runtime", wide=True),
    )

    def default(self, obj: Json) -> None:
        status = obj.get("status") or {}
        round_milli(status.get("capacity"))
        round_milli(status.get("allocatable"))
        if status.get("allocatable") is None and status.get("capacity") is not None:
            status["allocatable"] = dict(status["capacity"])
        spec = obj.get("spec") or {}
        cidr, cidrs = spec.get("podCIDR"), spec.get("podCIDRs")
        if cidr and not cidrs:
            spec["podCIDRs"] = [cidr]
        elif cidrs and not cidr:
            spec["podCIDR"] = cidrs[0]

    def _check_resources(self, v: At) -> None:
        for side in ("capacity", "allocatable"):
            for name, text in ((v.get("status") or {}).get(side) or {}).items():
                quantities.check_value(At(v.errors, f"status.{side}.{name}", None), name, text)

    def _check_features(self, v: At) -> None:
        features = (v.get("status") or {}).get("declaredFeatures") or []
        at = v.at("status").at("declaredFeatures")
        for number, feature in enumerate(features):
            if len(feature) > 253 or not _FEATURE.fullmatch(feature):
                detail = (
                    f'invalid feature name "{feature}": must start with an UpperCamelCase segment, with subsequent '
                    "segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only "
                    "alphanumeric characters and slashes"
                )
                at.index(number).invalid("", detail, feature)
            if number + 1 < len(features):
                following = features[number + 1]
                if following == feature:
                    at.index(number + 1).duplicate("", following)
                elif following < feature:
                    at.index(number + 1).invalid("", "list must be sorted alphabetically", following)

    def _check_annotations(self, v: At) -> None:
        text = ((v.get("metadata") or {}).get("annotations") or {}).get(_TAINTS)
        if not text:
            return
        at = v.at("metadata").at("annotations")
        try:
            taints = json.loads(text)
        except ValueError as error:
            at.invalid("", str(error), _TAINTS)
            return
        check_taints(At(v.errors, join(at.path, _TAINTS), taints))

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        self._check_annotations(v)
        check_taints(At(v.errors, "metadata.taints", spec.get("taints")))
        self._check_resources(v)
        self._check_features(v)
        cidrs = spec.get("podCIDRs") or []
        for item in spec.each("podCIDRs"):
            check_cidr(item)
        if len(cidrs) > 1:
            parsed = [parse_cidr(text) for text in cidrs]
            families = {item[1].version for item in parsed if item}
            if len(families) < 2 or len(cidrs) > 2:
                spec.invalid("podCIDRs", "may specify no more than one CIDR for each IP family")

    def check_update(self, v: At, old: Json) -> None:
        spec, before = v.at("spec"), old.get("spec") or {}
        self._check_annotations(v)
        self._check_resources(v)
        self._check_features(v)
        seen: list[Json] = []
        for address in v.at("status").each("addresses"):
            if address.value in seen:
                address.duplicate("", internal("core.NodeAddress", address.value))
            seen.append(address.value)
        if before.get("podCIDRs") and before["podCIDRs"] != spec.get("podCIDRs"):
            spec.forbidden("podCIDRs", _CIDR_FIXED)
        was, now = before.get("providerID") or "", spec.text("providerID")
        if was and was != now:
            word = "modified" if now else "cleared"
            spec.invalid("providerID", f"field cannot be {word} once set", None)
        check_taints(At(v.errors, "metadata.taints", spec.get("taints")))
        if spec.text("externalID") != (before.get("externalID") or ""):
            spec.forbidden("externalID", "may not be updated")

    def check_status(self, v: At, old: Json) -> None:
        self.check_update(v, old)

    def selectable(self, obj: Json) -> dict[str, str] | None:
        return {"spec.unschedulable": "true" if (obj.get("spec") or {}).get("unschedulable") else "false"}

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        spec = obj.get("spec") or {}
        found = []
        if spec.get("externalID"):
            found.append("spec.externalID: this field is deprecated, and is unused by Kubernetes")
        for number, cidr in enumerate(spec.get("podCIDRs") or ()):
            found += cidr_warnings(f"spec.podCIDRs[{number}]", cidr)
        return found

    def row(self, obj: Json, now: float) -> list[Any]:
        status = obj.get("status") or {}
        info = status.get("nodeInfo") or {}
        kernel = info.get("kernelVersion") or "<unknown>"
        if info.get("architecture"):
            kernel += f" ({info['architecture']})"
        return [
            obj["metadata"]["name"],
            _state(obj),
            _roles(obj),
            table.created(obj, now),
            info.get("kubeletVersion") or "",
            _address(status, "InternalIP"),
            _address(status, "ExternalIP"),
            info.get("osImage") or "<unknown>",
            kernel,
            info.get("containerRuntimeVersion") or "<unknown>",
        ]


def _state(node: Json) -> str:
    ready = [c for c in (node.get("status") or {}).get("conditions") or () if c.get("type") == "Ready"]
    words = ["Unknown"]
    if ready:
        words = ["Ready" if ready[-1].get("status") == "True" else "NotReady"]
    if (node.get("spec") or {}).get("unschedulable"):
        words.append("SchedulingDisabled")
    return ",".join(words)


def _roles(node: Json) -> str:
    roles = set()
    for key, value in (node["metadata"].get("labels") or {}).items():
        if key.startswith(_ROLE_PREFIX):
            roles.add(key.removeprefix(_ROLE_PREFIX))
        elif key == _ROLE:
            roles.add(value)
    return ",".join(sorted(roles - {""})) or table.NONE


def _address(status: Json, kind: str) -> str:
    return next((a["address"] for a in status.get("addresses") or () if a.get("type") == kind), table.NONE)
