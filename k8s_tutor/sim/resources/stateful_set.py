"""StatefulSets (upstream: ``registry/apps/statefulset``, ``apis/apps``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.apps import workloads
from k8s_tutor.sim.resources.shared.base import WithStatus, respecified
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.internal import internal
from k8s_tutor.sim.resources.shared.label_checks import check_labels, parse, shown
from k8s_tutor.sim.resources.shared.pods.pod_annotations import check_pod_annotations
from k8s_tutor.sim.resources.shared.pods.pod_defaults import default_template, round_milli
from k8s_tutor.sim.resources.shared.pods.pod_template import check_always, check_annotations, check_template
from k8s_tutor.sim.resources.shared.pods.pod_warnings import claim_warnings, template_warnings
from k8s_tutor.sim.resources.shared.storage.claims import check_claim_spec, default_claim_spec

_HISTORY = "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"
POLICIES = ("Retain", "Delete")


class StatefulSetStrategy(WithStatus):
    """The kind StatefulSet."""

    resource = "statefulsets.apps"
    name_rule = staticmethod(names.is_dns1123_label)
    immutable = ("spec.selector", "spec.volumeClaimTemplates", "spec.serviceName", "spec.podManagementPolicy")
    shows = {  # noqa: RUF012 - a constant of the class
        "spec.volumeClaimTemplates": lambda claims: [
            internal("core.PersistentVolumeClaim", claim) for claim in claims or ()
        ]
    }
    columns = table.table(
        table.NAME,
        table.plain("Ready", "Number of the pod with ready state"),
        table.AGE,
        table.CONTAINERS,
        table.IMAGES,
    )

    def default(self, obj: Json) -> None:
        spec = obj.setdefault("spec", {})
        if not spec.get("podManagementPolicy"):
            spec["podManagementPolicy"] = "OrderedReady"
        strategy = spec.get("updateStrategy") or {}
        spec["updateStrategy"] = strategy
        if not strategy.get("type"):
            strategy["type"] = "RollingUpdate"
            if strategy.get("rollingUpdate") is None:
                strategy["rollingUpdate"] = {}
        rolling = strategy.get("rollingUpdate")
        if strategy["type"] == "RollingUpdate" and rolling is not None:
            for name, value in (("partition", 0), ("maxUnavailable", 1)):
                if rolling.get(name) is None:
                    rolling[name] = value
        retention = spec.get("persistentVolumeClaimRetentionPolicy") or {}
        spec["persistentVolumeClaimRetentionPolicy"] = retention
        for name in ("whenDeleted", "whenScaled"):
            if not retention.get(name):
                retention[name] = "Retain"
        for name, value in (("replicas", 1), ("revisionHistoryLimit", 10)):
            if spec.get(name) is None:
                spec[name] = value
        default_template(spec.setdefault("template", {}))
        for claim in spec.get("volumeClaimTemplates") or ():
            self._default_claim(claim)

    def _default_claim(self, claim: Json) -> None:
        claim.setdefault("apiVersion", "v1")
        claim.setdefault("kind", "PersistentVolumeClaim")
        default_claim_spec(claim.setdefault("spec", {}))
        round_milli((claim["spec"].get("resources") or {}).get("requests"))
        status = claim.get("status") or {}
        claim["status"] = status
        if not status.get("phase"):
            status["phase"] = "Pending"

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        policy = spec.text("podManagementPolicy")
        if policy not in ("OrderedReady", "Parallel"):
            spec.invalid("podManagementPolicy", "must be 'OrderedReady' or 'Parallel'")
        self._check_strategy(spec)
        retention = spec.at("persistentVolumeClaimRetentionPolicy")
        for name in ("whenDeleted", "whenScaled"):
            retention.one_of(name, POLICIES)
        if old is None:
            for claim in spec.each("volumeClaimTemplates"):
                check_claim_spec(claim.at("spec"))
        spec.not_negative("replicas", "minReadySeconds")
        start = (spec.get("ordinals") or {}).get("start") or 0
        if start < 0:
            spec.invalid("ordinals.start", "must be greater than or equal to 0", start)
        spec.judge_if("serviceName", names.is_dns1123_label)
        workloads.check_workload_selector(spec, "statefulset")
        self._check_template(spec)

    def _check_template(self, spec: At) -> None:
        selector = parse(spec.get("selector"))
        if selector is None:
            spec.invalid("selector", "", shown(spec.get("selector")))
            return
        if not selector.empty:
            workloads.check_matches(spec)
        template = At(spec.errors, f"{spec.path}.template", self._with_claims(spec.value))
        check_template(template)
        metadata = template.get("metadata") or {}
        check_labels(At(spec.errors, f"{template.path}.labels", metadata.get("labels")))
        annotations = At(spec.errors, f"{template.path}.annotations", metadata.get("annotations"))
        check_annotations(annotations)
        check_pod_annotations(annotations, template.get("spec") or {})
        check_always(spec.at("template"), "StatefulSet")

    def _with_claims(self, spec: Json) -> Json:
        """Return the template as its pods will be: each claim template is a volume."""
        template = spec.get("template") or {}
        claims = {(claim.get("metadata") or {}).get("name", "") for claim in spec.get("volumeClaimTemplates") or ()}
        pod = {
            key: value for key, value in (template.get("spec") or {}).items() if key not in ("subdomain", "hostname")
        }
        if claims:
            made = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in sorted(claims)]
            pod["volumes"] = made + [item for item in pod.get("volumes") or () if item.get("name") not in claims]
        return {**template, "spec": pod}

    def _check_strategy(self, spec: At) -> None:
        strategy = spec.at("updateStrategy")
        kind, rolling = strategy.text("type"), strategy.get("rollingUpdate")
        if kind == "OnDelete":
            if rolling is not None:
                detail = "only allowed for updateStrategy 'RollingUpdate'"
                strategy.invalid("rollingUpdate", detail, internal("apps.RollingUpdateStatefulSetStrategy", rolling))
        elif kind == "RollingUpdate":
            at = strategy.at("rollingUpdate")
            at.not_negative("partition")
            if at.get("maxUnavailable") is not None:
                workloads.check_int_or_percent(at, "maxUnavailable")
                if not workloads.amount(at.get("maxUnavailable")):
                    at.invalid("maxUnavailable", "cannot be 0")
                workloads.check_percent_limit(at, "maxUnavailable")
        else:
            value = internal("apps.StatefulSetUpdateStrategy", strategy.value)
            spec.invalid("updateStrategy", "must be 'RollingUpdate' or 'OnDelete'", value)

    def check_status(self, v: At, old: Json) -> None:
        status = v.at("status")
        status.not_negative(
            "replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas",
            "observedGeneration", "collisionCount",
        )  # fmt: skip
        parts = ("readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")
        available = ("availableReplicas", "readyReplicas")
        workloads.check_counts(status, "replicas", *parts, available=available, less="status.")
        workloads.check_collisions(status, old)

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        spec, tail = obj["spec"], "" if old is None else ".Spec"
        found = template_warnings("spec.template", spec["template"]) if respecified(obj, old) else []
        for number, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
            found += claim_warnings(f"spec.volumeClaimTemplates[{number}]{tail}", claim.get("spec") or {})
        if (spec.get("revisionHistoryLimit") or 0) < 0:
            found.append(_HISTORY)
        return found

    def row(self, obj: Json, now: float) -> list[Any]:
        spec, status = obj["spec"], obj.get("status") or {}
        return [
            obj["metadata"]["name"],
            f"{status.get('readyReplicas') or 0}/{spec.get('replicas') or 0}",
            table.created(obj, now),
            *table.containers_cells(spec.get("template")),
        ]
