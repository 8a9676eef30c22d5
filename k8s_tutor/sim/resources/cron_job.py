"""CronJobs (upstream: ``registry/batch/cronjob``, ``apis/batch``)."""

import re
import zoneinfo
from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.times import age
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.apps import cron
from k8s_tutor.sim.resources.shared.apps.job_spec import check_job_spec, declared_job_spec, default_job_template
from k8s_tutor.sim.resources.shared.base import WithStatus, respecified
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.label_checks import shown
from k8s_tutor.sim.resources.shared.pods.pod_warnings import template_warnings

POLICIES = ("Allow", "Forbid", "Replace")
_ZONE_PART = re.compile(r"[A-Za-z.\-_0-9+]{1,14}")


class CronJobStrategy(WithStatus):
    """The kind CronJob."""

    resource = "cronjobs.batch"
    columns = table.table(
        table.NAME,
        table.doc("batch.v1", "CronJobSpec", "schedule", "Schedule"),
        table.doc("batch.v1", "CronJobSpec", "timeZone", "Timezone"),
        table.doc("batch.v1", "CronJobSpec", "suspend", "Suspend", "boolean"),
        table.doc("batch.v1", "CronJobStatus", "active", "Active", "integer"),
        table.doc("batch.v1", "CronJobStatus", "lastScheduleTime", "Last Schedule"),
        table.AGE,
        table.CONTAINERS,
        table.IMAGES,
        table.doc("batch.v1", "JobSpec", "selector", "Selector", wide=True),
    )

    def default(self, obj: Json) -> None:
        spec = obj.setdefault("spec", {})
        if not spec.get("concurrencyPolicy"):
            spec["concurrencyPolicy"] = "Allow"
        for name, value in (("suspend", False), ("successfulJobsHistoryLimit", 3), ("failedJobsHistoryLimit", 1)):
            if spec.get(name) is None:
                spec[name] = value
        default_job_template(spec.setdefault("jobTemplate", {}).setdefault("spec", {}))

    def check(self, v: At, old: Json | None) -> None:
        spec, before = v.at("spec"), (old or {}).get("spec") or {}
        if spec.text("schedule"):
            self._check_schedule(spec, before.get("schedule") or "")
        spec.not_negative("startingDeadlineSeconds")
        if old is None or before.get("timeZone") != spec.get("timeZone"):
            self._check_zone(spec)
        spec.one_of("concurrencyPolicy", POLICIES, required=True)
        job = spec.at("jobTemplate").at("spec")
        check_job_spec(job)
        if job.get("selector") is not None:
            job.invalid("selector", "`selector` will be auto-generated", shown(job.get("selector")))
        if job.get("manualSelector"):
            job.unsupported("manualSelector", ("nil", "false"))
        spec.not_negative("successfulJobsHistoryLimit", "failedJobsHistoryLimit")
        name = (v.get("metadata") or {}).get("name") or ""
        if old is None and len(name) > 52:
            v.at("metadata").invalid("name", "must be no more than 52 characters")

    def declared(self, v: At, old: Json | None) -> None:
        v.at("spec").need("schedule")
        declared_job_spec(v.at("spec").at("jobTemplate").at("spec"))

    def _check_schedule(self, spec: At, before: str) -> None:
        text = spec.text("schedule")
        try:
            cron.parse(text)
        except cron.CronError as error:
            spec.invalid("schedule", str(error))
        if "TZ" not in text:
            return
        if "TZ" not in before:
            spec.invalid("schedule", "cannot use TZ or CRON_TZ in schedule, use timeZone field instead")
        elif spec.get("timeZone") is not None:
            spec.invalid("schedule", "cannot use both timeZone field and TZ or CRON_TZ in schedule")

    def _check_zone(self, spec: At) -> None:
        zone = spec.get("timeZone")
        if zone is None:
            return
        if not zone:
            spec.invalid("timeZone", "timeZone must be nil or non-empty string")
            return
        for part in zone.split("/"):
            if part in (".", "..") or part.startswith("-") or not _ZONE_PART.fullmatch(part):
                spec.invalid("timeZone", f"unknown time zone {zone}")
                return
        if zone.lower() == "local":
            detail = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
            spec.invalid("timeZone", detail)
        if not _zone_exists(zone):
            spec.invalid("timeZone", f"unknown time zone {zone}")

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        found = []
        complaints = names.is_dns1123_label(obj["metadata"].get("name") or "")
        if complaints and old is None:
            text = "this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended"
            found.append(f"metadata.name: {text}: [{' '.join(complaints)}]")
        template = (obj["spec"]["jobTemplate"].get("spec") or {}).get("template") or {}
        if respecified(obj, old):
            found += template_warnings("spec.jobTemplate.spec.template", template)
        if old is not None and "TZ" in (obj["spec"].get("schedule") or ""):
            page = "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/"
            found.append(
                f"cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see {page} for more details"
            )
        return found

    def row(self, obj: Json, now: float) -> list[Any]:
        spec, status = obj["spec"], obj.get("status") or {}
        job = (spec.get("jobTemplate") or {}).get("spec") or {}
        last = status.get("lastScheduleTime")
        return [
            obj["metadata"]["name"],
            spec.get("schedule") or "",
            spec.get("timeZone") or table.NONE,
            table.boolean(spec.get("suspend")),
            len(status.get("active") or ()),
            age(last, now) if last else table.NONE,
            table.created(obj, now),
            *table.containers_cells(job.get("template")),
            table.selector_text(job.get("selector")),
        ]


def _zone_exists(name: str) -> bool:
    if name in ("UTC", "Local"):
        return True
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
