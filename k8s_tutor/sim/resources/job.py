"""Jobs (upstream: ``registry/batch/job``, ``apis/batch``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.times import human_duration, parse_time
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.registry.strategy import RequestContext
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.apps import job_status, workloads
from k8s_tutor.sim.resources.shared.apps.job_spec import check_job_spec, declared_job_spec, default_job_template
from k8s_tutor.sim.resources.shared.base import WithStatus, respecified
from k8s_tutor.sim.resources.shared.check import At, same
from k8s_tutor.sim.resources.shared.internal import internal
from k8s_tutor.sim.resources.shared.label_checks import check_selector, parse, shown
from k8s_tutor.sim.resources.shared.pods.pod_warnings import template_warnings

_UID, _NAME = "controller-uid", "job-name"
_PREFIX = "batch.kubernetes.io/"
_ORPHANS = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set "
    "propagationPolicy=Orphan to suppress this warning"
)
_FIXED = ("completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy")
_SHOWN = {"podFailurePolicy": "batch.PodFailurePolicy", "successPolicy": "batch.SuccessPolicy"}


class JobStrategy(WithStatus):
    """The kind Job."""

    resource = "jobs.batch"
    orphans_by_default = True
    columns = table.table(
        table.NAME,
        table.plain("Status", "Status of the job."),
        table.doc("batch.v1", "JobStatus", "succeeded", "Completions"),
        table.plain("Duration", "Time required to complete the job."),
        table.AGE,
        table.CONTAINERS,
        table.IMAGES,
        table.doc("batch.v1", "JobSpec", "selector", "Selector", wide=True),
    )

    def delete_warnings(self, propagation: str | None) -> list[str]:
        return [] if propagation else [_ORPHANS]

    def default(self, obj: Json) -> None:
        spec = obj.setdefault("spec", {})
        default_job_template(spec)
        if spec.get("parallelism") is None:
            if spec.get("completions") is None:
                spec["completions"] = 1
            spec["parallelism"] = 1
        if spec.get("backoffLimit") is None:
            spec["backoffLimit"] = 6 if spec.get("backoffLimitPerIndex") is None else 2**31 - 1
        labels = (spec["template"].get("metadata") or {}).get("labels")
        metadata = obj.setdefault("metadata", {})
        if labels and not metadata.get("labels"):
            metadata["labels"] = labels  # the same labels: what is added to the template's is added here
        replacement = "TerminatingOrFailed" if spec.get("podFailurePolicy") is None else "Failed"
        for name, value in (
            ("completionMode", "NonIndexed"),
            ("suspend", False),
            ("podReplacementPolicy", replacement),
            ("manualSelector", False),
        ):
            if spec.get(name) is None:
                spec[name] = value

    def prepare_create(self, ctx: RequestContext, obj: Json) -> None:
        super().prepare_create(ctx, obj)
        spec = obj["spec"]
        if spec.get("manualSelector"):
            return
        metadata = obj["metadata"]
        own = {_UID: metadata.get("uid", ""), _NAME: metadata.get("name", "")}
        own |= {_PREFIX + key: value for key, value in own.items()}
        template = spec["template"].get("metadata") or {}
        spec["template"]["metadata"] = template
        labels = template.get("labels")
        template["labels"] = {**own, **(labels or {})}
        if labels and metadata.get("labels") is labels:
            metadata["labels"] = dict(template["labels"])
        selector = spec.get("selector") or {}
        spec["selector"] = selector
        selector.setdefault("matchLabels", {}).setdefault(_PREFIX + _UID, own[_UID])

    def canonicalize(self, obj: Json) -> None:
        labels = (obj["spec"]["template"].get("metadata") or {}).get("labels")
        if labels and not obj["metadata"].get("labels"):
            obj["metadata"]["labels"] = dict(labels)

    def _check_generated(self, v: At) -> None:
        spec = v.at("spec")
        if spec.get("manualSelector") or spec.get("selector") is None:
            return
        metadata = v.get("metadata") or {}
        labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
        wanted = {}
        for key, value in ((_UID, metadata.get("uid", "")), (_NAME, metadata.get("name", ""))):
            for name in (key, _PREFIX + key):
                wanted[name] = value
        at = spec.at("template").at("metadata").at("labels")
        for name in (_UID, _NAME, _PREFIX + _UID, _PREFIX + _NAME):
            if name not in labels:
                at.key(name).required("", f"must be '{wanted[name]}'")
            elif labels[name] != wanted[name]:
                at.key(name).invalid("", f"must be '{wanted[name]}'", labels)
        selector = parse(spec.get("selector"))
        if selector is not None and not selector.matches(wanted):
            spec.invalid("selector", "`selector` not auto-generated", shown(spec.get("selector")))

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        if old is None:
            self._check_generated(v)
        check_job_spec(spec)
        if spec.get("selector") is None:
            spec.required("selector")
        else:
            check_selector(spec.at("selector"))
        workloads.check_matches(spec)
        if old is None:
            self._check_hostname(v)

    def declared(self, v: At, old: Json | None) -> None:
        declared_job_spec(v.at("spec"))

    def _check_hostname(self, v: At) -> None:
        spec, metadata = v.get("spec") or {}, v.at("metadata")
        completions = spec.get("completions") or 0
        if spec.get("completionMode") != "Indexed" or completions <= 0:
            return
        host = f"{metadata.text('name')}-{completions - 1}"
        if names.is_dns1123_label(host):
            metadata.invalid("name", f"will not able to create pod with invalid DNS label: {host}")

    def check_update(self, v: At, old: Json) -> None:
        self.check(v, old)
        spec, before = v.at("spec"), old["spec"]
        now, was = spec.get("completions"), before.get("completions")
        if spec.get("completionMode") != "Indexed":
            spec.immutable("completions", before)
        elif now != was and now is not None and now != spec.get("parallelism"):
            spec.invalid("completions", "can only be modified in tandem with spec.parallelism")
        if not same(spec.get("selector"), before.get("selector")):
            spec.invalid("selector", "field is immutable", shown(spec.get("selector")))
        self._check_template(spec, before, old)
        for name in _FIXED:
            if not same(spec.get(name), before.get(name)):
                value = spec.get(name)
                spec.invalid(name, "field is immutable", internal(_SHOWN[name], value) if name in _SHOWN else value)
        self._check_hostname(v)

    def _check_template(self, spec: At, before: Json, old: Json) -> None:
        """The template is fixed; of a suspended Job that never ran, what says where its pods go may change."""
        new, was = spec.get("template"), clone(before["template"])
        suspended = bool(before.get("suspend"))
        status = old.get("status") or {}
        idle = suspended and not status.get("active") and not status.get("startTime")
        if idle:
            _free_directives(new, was)
            pod, old_pod = new.get("spec") or {}, was.get("spec") or {}
            for field in ("containers", "initContainers"):
                for now, past in zip(pod.get(field) or (), old_pod.get(field) or (), strict=False):
                    if now.get("name") == past.get("name"):
                        past["resources"] = now.get("resources")
            if not same(pod, old_pod):
                spec.at("template.spec").invalid("", "field is immutable", internal("core.PodSpec", pod))
        elif not same(new, was):
            spec.invalid("template", "field is immutable", internal("core.PodTemplateSpec", new))

    def check_status(self, v: At, old: Json) -> None:
        job_status.check_status(v, old)

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        found = []
        metadata = obj["metadata"]
        complaints = names.is_dns1123_label(metadata.get("name") or "")
        if complaints and old is None:
            text = "this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended"
            found.append(f"metadata.name: {text}: [{' '.join(complaints)}]")
        spec = obj["spec"]
        if not respecified(obj, old):
            return found
        if spec.get("completionMode") == "Indexed":
            completions, parallelism = spec.get("completions") or 0, spec.get("parallelism") or 0
            if completions > 100_000 and parallelism > 10_000:
                found.append(
                    "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, "
                    "Kubernetes might not be able to track completedIndexes when a big number of indexes fail"
                )
        return found + template_warnings("spec.template", spec["template"])

    def selectable(self, obj: Json) -> dict[str, str] | None:
        return {"status.successful": str((obj.get("status") or {}).get("succeeded") or 0)}

    def row(self, obj: Json, now: float) -> list[Any]:
        spec, status = obj["spec"], obj.get("status") or {}
        return [
            obj["metadata"]["name"],
            _state(obj),
            _completions(spec, status),
            _duration(status, now),
            table.created(obj, now),
            *table.containers_cells(spec.get("template")),
            table.selector_text(spec.get("selector")),
        ]


def _free_directives(new: Json, old: Json) -> None:
    now, was = new.get("spec") or {}, old.setdefault("spec", {})
    affinity = {key: value for key, value in (was.get("affinity") or {}).items() if key != "nodeAffinity"}
    node = (now.get("affinity") or {}).get("nodeAffinity")
    if node is not None:
        affinity["nodeAffinity"] = node
    was["affinity"] = affinity or None
    for field in ("nodeSelector", "tolerations", "schedulingGates"):
        was[field] = now.get(field)
    old["metadata"] = {
        **(old.get("metadata") or {}),
        **{k: (new.get("metadata") or {}).get(k) for k in ("labels", "annotations")},
    }


def _state(job: Json) -> str:
    true = {c["type"] for c in (job.get("status") or {}).get("conditions") or () if c.get("status") == "True"}
    for kind in ("Complete", "Failed"):
        if kind in true:
            return kind
    if job["metadata"].get("deletionTimestamp"):
        return "Terminating"
    return next((kind for kind in ("Suspended", "FailureTarget", "SuccessCriteriaMet") if kind in true), "Running")


def _completions(spec: Json, status: Json) -> str:
    succeeded = status.get("succeeded") or 0
    if spec.get("completions") is not None:
        return f"{succeeded}/{spec['completions']}"
    parallelism = spec.get("parallelism") or 0
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def _duration(status: Json, now: float) -> str:
    if not status.get("startTime"):
        return ""
    end = parse_time(status["completionTime"]) if status.get("completionTime") else now
    return human_duration(end - parse_time(status["startTime"]))
