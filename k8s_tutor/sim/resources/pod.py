"""Pods (upstream: ``registry/core/pod/strategy.go``, ``core/validation``).

The spec of a pod is fixed but for images, deadlines, additional tolerations and removed scheduling gates; resources
change through ``resize``, ephemeral containers through their own subresource (see ``pod_changes``).
"""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import FieldError
from k8s_tutor.sim.registry.strategy import RequestContext
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At, begin, same
from k8s_tutor.sim.resources.shared.pods import pod_changes, pod_row, pod_status, scheduling_terms
from k8s_tutor.sim.resources.shared.pods.containers import check_image_spaces
from k8s_tutor.sim.resources.shared.pods.pod_annotations import check_annotations_match, check_pod_annotations
from k8s_tutor.sim.resources.shared.pods.pod_defaults import default_pod
from k8s_tutor.sim.resources.shared.pods.pod_resources import default_pod_level, qos_class
from k8s_tutor.sim.resources.shared.pods.pod_spec import check_pod_spec
from k8s_tutor.sim.resources.shared.pods.pod_warnings import adopt_app_armor, pod_warnings

_NOMINATED = "status.nominatedNodeName"


class PodStrategy(KindStrategy):
    """The kind Pod."""

    resource = "pods"
    has_status = True
    has_generation = True
    columns = pod_row.COLUMNS

    def default(self, obj: Json) -> None:
        default_pod(obj)

    def prepare_create(self, ctx: RequestContext, obj: Json) -> None:
        spec = obj["spec"]
        obj["status"] = status = {"phase": "Pending"}
        if spec.get("schedulingGates"):
            pod_status.mark_gated(status, self.store.clock.now())
        scheduling_terms.merge_label_keys(spec, obj["metadata"].get("labels") or {})
        default_pod_level(spec)
        status["qosClass"] = qos_class(spec)
        ctx.warnings.extend(adopt_app_armor(obj))

    def prepare_update(self, ctx: RequestContext, new: Json, old: Json) -> None:
        if new["spec"].get("resources") is None and old["spec"].get("resources") is not None:
            new["spec"]["resources"] = old["spec"]["resources"]

    def prepare_status_update(self, ctx: RequestContext, new: Json, old: Json) -> None:
        new["metadata"]["deletionTimestamp"] = old["metadata"].get("deletionTimestamp")
        if new["metadata"]["deletionTimestamp"] is None:
            del new["metadata"]["deletionTimestamp"]
        status = new.setdefault("status", {})
        pod_status.default_ips(status)
        if not status.get("qosClass"):
            status["qosClass"] = (old.get("status") or {}).get("qosClass") or qos_class(new["spec"])

    def prepare_subresource_update(self, ctx: RequestContext, new: Json, old: Json) -> None:
        if ctx.subresource == "ephemeralcontainers":
            pod_changes.keep_ephemeral_only(new, old)
        elif ctx.subresource == "resize":
            pod_changes.keep_resources_only(new, old)
        else:
            super().prepare_subresource_update(ctx, new, old)
            return
        if not same(new["spec"], old["spec"]):
            new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1

    def validate_subresource_update(self, subresource: str, new: Json, old: Json) -> list[FieldError]:
        if subresource == "ephemeralcontainers":
            return self.validate_ephemeral_update(new, old)
        if subresource == "resize":
            return self.validate_resize_update(new, old)
        return super().validate_subresource_update(subresource, new, old)

    def _check_all(self, v: At) -> None:
        spec, metadata = v.at("spec"), v.get("metadata") or {}
        check_pod_annotations(v.at("metadata").at("annotations"), spec.value or {})
        check_pod_spec(spec, metadata)
        if not spec.text("serviceAccountName"):
            self._refuse_tokens(spec)
        spec.not_negative("terminationGracePeriodSeconds")
        for field in ("containers", "initContainers"):
            for container in spec.each(field):
                check_image_spaces(container)

    def _refuse_tokens(self, spec: At) -> None:
        for volume in spec.each("volumes"):
            if volume.get("projected") is None:
                continue
            for source in volume.at("projected").each("sources"):
                if source.get("serviceAccountToken") is not None:
                    detail = "must not be specified when serviceAccountName is not set"
                    source.forbidden("serviceAccountToken", detail)

    def check(self, v: At, old: Json | None) -> None:
        self._check_all(v)
        spec = v.at("spec")
        if spec.get("ephemeralContainers"):
            spec.forbidden("ephemeralContainers", "cannot be set on create")
        if spec.get("nodeName") and spec.get("schedulingGates"):
            spec.forbidden("nodeName", "cannot be set until all schedulingGates have been cleared")
        check_annotations_match(spec, (v.get("metadata") or {}).get("annotations") or {})

    def check_update(self, v: At, old: Json) -> None:
        # What has not changed was found right before.
        if v.value["spec"] != old["spec"] or not same(
            v.value["metadata"].get("annotations"), old["metadata"].get("annotations")
        ):
            self._check_all(v)
        pod_changes.check_annotations(v, old)
        pod_changes.check_spec_change(v.at("spec"), old["spec"])

    def check_status(self, v: At, old: Json) -> None:
        pod_changes.check_annotations(v, old)
        pod_status.check_status(v, old)

    def validate_ephemeral_update(self, new: Json, old: Json) -> list[FieldError]:
        """Return what is wrong with a change through ``ephemeralcontainers``."""
        v = begin(new)
        self._check_all(v)
        pod_changes.check_annotations(v, old)
        return pod_changes.check_ephemeral_change(v, old)

    def validate_resize_update(self, new: Json, old: Json) -> list[FieldError]:
        """Return what is wrong with a change through ``resize``."""
        v = begin(new)
        self._check_all(v)
        return pod_changes.check_resize(v, old, qos_class)

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        if old is not None:
            return []
        found = []
        complaints = names.is_dns1123_label(obj["metadata"].get("name") or "")
        if complaints:
            text = "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended"
            found.append(f"metadata.name: {text}: [{' '.join(complaints)}]")
        return found + pod_warnings(obj)

    def selectable(self, obj: Json) -> dict[str, str] | None:
        spec, status = obj.get("spec") or {}, obj.get("status") or {}
        ips = status.get("podIPs") or ()
        return {
            "spec.nodeName": spec.get("nodeName") or "",
            "spec.restartPolicy": spec.get("restartPolicy") or "",
            "spec.schedulerName": spec.get("schedulerName") or "",
            "spec.serviceAccountName": spec.get("serviceAccountName") or "",
            "spec.hostNetwork": "true" if spec.get("hostNetwork") else "false",
            "status.phase": status.get("phase") or "",
            "status.podIP": ips[0].get("ip", "") if ips else "",
            _NOMINATED: status.get("nominatedNodeName") or "",
        }

    def grace_period(self, obj: Json, requested: int | None) -> int | None:
        spec = obj.get("spec") or {}
        period = requested if requested is not None else spec.get("terminationGracePeriodSeconds") or 0
        if not spec.get("nodeName") or (obj.get("status") or {}).get("phase") in ("Failed", "Succeeded"):
            period = 0
        return 1 if period < 0 else period

    def row(self, obj: Json, now: float) -> list[Any]:
        return pod_row.row(obj, now)

    def row_conditions(self, obj: Json) -> list[Json]:
        """Return the conditions of the Table's row: ended pods are Completed."""
        return pod_row.conditions(obj)
