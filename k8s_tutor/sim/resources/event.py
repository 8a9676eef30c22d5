"""Events, of the core group and of events.k8s.io: one stored object in two versions (upstream: ``registry/core/event``)."""

from collections.abc import Mapping
from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.times import age
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import FieldError
from k8s_tutor.sim.registry.strategy import Column
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At, begin, same
from k8s_tutor.sim.resources.shared.internal import internal

# Field of events.k8s.io/v1 and of the core group.
_RENAMED = {
    "note": "message",
    "regarding": "involvedObject",
    "reportingController": "reportingComponent",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
}
_NEW_API = "events.k8s.io/v1"
_FIELDS = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
_NEW_LABELS = {f"regarding.{name}": f"involvedObject.{name}" for name in _FIELDS} | {
    "reason": "reason",
    "reportingController": "reportingComponent",
    "type": "type",
}
_FIXED = (
    ("involvedObject", "involvedObject"), ("reason", "reason"), ("message", "message"), ("source", "source"),
    ("firstTimestamp", "firstTimestamp"), ("lastTimestamp", "lastTimestamp"), ("count", "count"),
    ("type", "type"), ("eventTime", "eventTime"), ("action", "action"), ("related", "related"),
    ("reportingComponent", "reportingController"), ("reportingInstance", "reportingInstance"),
)  # fmt: skip
_STRUCTS = {
    "involvedObject": "core.ObjectReference",
    "related": "core.ObjectReference",
    "source": "core.EventSource",
}
_SHORT = 128


def to_events_api(event: Json) -> Json:
    """Return a core Event as ``events.k8s.io/v1`` shows it."""
    back = {core: new for new, core in _RENAMED.items()}
    out = {back.get(key, key): value for key, value in event.items()}
    out["apiVersion"] = _NEW_API
    return out


def from_events_api(event: Json) -> Json:
    """Return an Event of ``events.k8s.io/v1`` as the core group's."""
    out = {_RENAMED.get(key, key): value for key, value in event.items()}
    out["apiVersion"] = "v1"
    return out


class EventStrategy(KindStrategy):
    """The kind Event."""

    resource = "events"
    allow_create_on_update = True
    columns = table.table(
        table.doc("core.v1", "Event", "lastTimestamp", "Last Seen"),
        table.doc("core.v1", "Event", "type", "Type"),
        table.doc("core.v1", "Event", "reason", "Reason"),
        table.doc("core.v1", "Event", "involvedObject", "Object"),
        table.doc("core.v1", "ObjectReference", "fieldPath", "Subobject", wide=True),
        table.doc("core.v1", "Event", "source", "Source", wide=True),
        table.doc("core.v1", "Event", "message", "Message"),
        table.doc("core.v1", "Event", "firstTimestamp", "First Seen", wide=True),
        table.doc("core.v1", "Event", "count", "Count", wide=True),
        Column("Name", "string", "name", table.NAME.description, 1),
    )

    def to_version(self, obj: Json, api_version: str) -> Json:
        """Return the stored object as another version shows it."""
        return to_events_api(obj) if api_version == _NEW_API else obj

    def from_version(self, obj: Json) -> Json:
        """Return a request's object in the stored version."""
        return from_events_api(obj) if obj.get("apiVersion") == _NEW_API else obj

    def check(self, v: At, old: Json | None) -> None:
        namespace = (v.get("metadata") or {}).get("namespace") or ""
        involved = v.at("involvedObject")
        about = involved.text("namespace")
        if not v.get("eventTime"):
            allowed = ("", "default") if not about else (about,)
            if namespace not in allowed:
                involved.invalid("namespace", "does not match event.namespace", about)
            return
        if not about and namespace not in ("default", "kube-system"):
            involved.invalid("namespace", "does not match event.namespace", about)
        v.need("reportingComponent")
        v.judge("reportingComponent", names.is_qualified_name)
        for field in ("reportingInstance", "action", "reason"):
            v.need(field)
            if len(v.text(field)) > _SHORT:
                v.invalid(field, f"can have at most {_SHORT} characters", "")
        if len(v.text("message")) > 1024:
            v.invalid("message", "can have at most 1024 characters", "")

    def validate_version(self, api_version: str, obj: Json, old: Json | None) -> list[FieldError]:
        v = begin(obj)
        if api_version == _NEW_API:
            self._check_new_api(v, old)
        return v.errors

    def _check_new_api(self, v: At, old: Json | None) -> None:
        """Check what only ``events.k8s.io/v1`` asks for: whole events, that never change."""
        if old is None:
            self._check_series(v)
            v.need("eventTime")
            if v.text("type") not in ("Normal", "Warning"):
                v.invalid("type", f"has invalid value: {v.text('type')}", "")
            for field in ("firstTimestamp", "lastTimestamp", "count"):
                if v.get(field):
                    v.invalid(field, "needs to be unset", "")
            if any((v.get("source") or {}).values()):
                v.invalid("source", "needs to be unset", "")
            return
        if not same(v.get("series"), old.get("series")):
            self._check_series(v)
        for field, shown in _FIXED:
            if not same(v.get(field), old.get(field)):
                value = v.get(field)
                kind = _STRUCTS.get(field)
                v.invalid(shown, "field is immutable", internal(kind, value or {}) if kind else value)

    def _check_series(self, v: At) -> None:
        series = v.get("series")
        if series is None:
            return
        if (series.get("count") or 0) < 2:
            v.invalid("series.count", "should be at least 2", "")
        if not series.get("lastObservedTime"):
            v.required("series.lastObservedTime")

    def selectable(self, obj: Json) -> dict[str, str] | None:
        involved, source = obj.get("involvedObject") or {}, (obj.get("source") or {}).get("component")
        found = {f"involvedObject.{name}": involved.get(name) or "" for name in _FIELDS}
        component = source or obj.get("reportingComponent") or ""
        return found | {
            "reason": obj.get("reason") or "",
            "reportingComponent": obj.get("reportingComponent") or "",
            "source": component,
            "type": obj.get("type") or "",
        }

    def field_labels(self, group: str) -> Mapping[str, str] | None:
        return _NEW_LABELS if group == "events.k8s.io" else None

    def row(self, obj: Json, now: float) -> list[Any]:
        series, involved = obj.get("series"), obj.get("involvedObject") or {}
        first = age(obj.get("firstTimestamp") or obj.get("eventTime"), now)
        last = age(obj["lastTimestamp"], now) if obj.get("lastTimestamp") else first
        count = obj.get("count") or 0
        if series is not None:
            last, count = age(series.get("lastObservedTime"), now), series.get("count") or 0
        kind = (involved.get("kind") or "").lower()
        return [
            last,
            obj.get("type") or "",
            obj.get("reason") or "",
            f"{kind}/{involved['name']}" if involved.get("name") else kind,
            involved.get("fieldPath") or "",
            _source(obj),
            (obj.get("message") or "").strip(),
            first,
            count if series is not None or count else 1,
            obj["metadata"]["name"],
        ]


def _source(event: Json) -> str:
    source = event.get("source") or {}
    component = source.get("component") or event.get("reportingComponent") or ""
    instance = source.get("host") or event.get("reportingInstance") or ""
    return f"{component}, {instance}" if instance else component
