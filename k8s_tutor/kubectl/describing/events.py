"""The events of an object, oldest first, as describe ends with them."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.text import age

MIRROR = "kubernetes.io/config.mirror"


def events_of(view: View, body: Json, *, kind: bool = True, uid: str | None = None) -> list[Json] | None:
    """Find the events about an object; None if they are not wanted or may not be read.

    Args:
        view: the page.
        body: the object.
        kind: search by kind too (pods are searched without).
        uid: another UID to search by (nodes: their name).
    """
    if not view.show_events:
        return None
    metadata = body.get("metadata", {})
    namespace = metadata.get("namespace", "")
    terms = {
        "involvedObject.name": metadata.get("name", ""),
        "involvedObject.namespace": namespace,
        "involvedObject.kind": body.get("kind", "") if kind else "",
        "involvedObject.uid": uid or metadata.get("annotations", {}).get(MIRROR) or metadata.get("uid", ""),
    }
    selector = ",".join(f"{key}={value}" for key, value in terms.items() if value or key.endswith("namespace"))
    path = f"/api/v1/namespaces/{namespace}/events" if namespace else "/api/v1/events"
    try:
        return view.call.client.list(path, fieldSelector=selector)
    except ApiError:
        return None


def write_events(view: View, body: Json, *, kind: bool = True) -> None:
    """Search and add an object's events."""
    found = events_of(view, body, kind=kind)
    if found is not None:
        write(view, found)


def write(view: View, events: list[Json]) -> None:
    """Add events."""
    if not events:
        view.line(0, "Events:\t<none>")
        return
    view.flush()
    view.line(0, "Events:\n  Type\tReason\tAge\tFrom\tMessage")
    view.line(1, "----\t------\t----\t----\t-------")
    for event in sorted(events, key=event_time):
        source = (event.get("source") or {}).get("component") or event.get("reportingComponent") or ""
        message = (event.get("message") or "").strip()
        field = (event.get("involvedObject") or {}).get("fieldPath")
        if field:
            message = f"{field}: {message}"
        view.line(1, "\t".join([event.get("type", ""), event.get("reason", ""), since(view, event), source, message]))


def since(view: View, event: Json) -> str:
    """Return when an event happened, and how often."""
    now = view.now()
    first = age(event.get("eventTime") or event.get("firstTimestamp"), now)
    series = event.get("series")
    if series:
        return f"{age(series.get('lastObservedTime'), now)} (x{series.get('count', 0)} over {first})"
    if (event.get("count") or 0) > 1:
        return f"{age(event.get('lastTimestamp'), now)} (x{event['count']} over {first})"
    return first


def event_time(event: dict[str, Any]) -> str:
    """Return when an event was last seen, for sorting."""
    series = event.get("series") or {}
    return str(series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime") or "")
