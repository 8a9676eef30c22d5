"""``kubectl events`` (kubectl, ``cmd/events``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.describing.events import event_time, since
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.infos import list_all, resolve
from k8s_tutor.kubectl.options import ALL_NAMESPACES, CHUNK, OUTPUT
from k8s_tutor.kubectl.printers import printer_for
from k8s_tutor.kubectl.printers.table import aligned_columns
from k8s_tutor.kubectl.watching import asked_timeout, watched


class Events(Verb):
    """Lists events, oldest first."""

    name = "events"
    usage = "events [(-o|--output=)FORMAT] [--for TYPE/NAME] [--watch] [--types=Normal,Warning] [options]"
    short = "List events"
    group = "Troubleshooting and Debugging Commands"
    flags = (
        *OUTPUT,
        ALL_NAMESPACES,
        CHUNK,
        Flag("for", help="only events about TYPE/NAME"),
        Flag("types", "list", help="only events of these types: Normal, Warning"),
        Flag("watch", "bool", short="w", help="go on as events happen"),
        Flag("no-headers", "bool", help="leave the header line out"),
    )

    def validate(self, call: Call) -> None:
        for word in call.flag("types"):
            if word.lower() not in {"normal", "warning"}:
                raise CommandError("valid --types are Normal or Warning")
        if call.flag("for") and len(call.flag("for").split("/")) != 2:
            raise CommandError("--for must be in resource/name form")

    def run(self, call: Call) -> int:
        path = "/api/v1/events" if call.flag("all-namespaces") else f"/api/v1/namespaces/{call.namespace}/events"
        options = {"fieldSelector": self._fields(call)}
        if call.flag("watch"):
            return self._watch(call, path, options)
        found = [event for event in list_all(call, path, **options) if self._wanted(call, event)]
        if call.flag("output"):
            for event in found:
                event |= {"apiVersion": "v1", "kind": "Event"}
            whole = {"apiVersion": "v1", "kind": "EventList", "items": found, "metadata": {}}
            if call.flag("output") != "name":  # kubectl has no names for a list
                call.write(self._printer(call)(whole))
            return 0
        if not found:
            where = "" if call.flag("all-namespaces") else f" in {call.namespace} namespace"
            call.err(f"No events found{where}.")
            return 0
        headers = None if call.flag("no-headers") else self._headers(call)
        call.write(aligned_columns([self._row(call, event) for event in sorted(found, key=event_time)], headers))
        return 0

    def _printer(self, call: Call) -> Any:
        return printer_for(
            call.flag("output"), template=call.flag("template"), show_managed=call.flag("show-managed-fields")
        )

    def _fields(self, call: Call) -> str:
        if not call.flag("for"):
            return ""
        word, name = call.flag("for").split("/")
        resource = resolve(call, word, bare=True)
        return (
            f"involvedObject.kind={resource.kind},involvedObject.apiVersion={resource.group_version},"
            f"involvedObject.name={name}"
        )

    def _wanted(self, call: Call, event: Json) -> bool:
        types = [word.lower() for word in call.flag("types")]
        return not types or event.get("type", "").lower() in types

    def _headers(self, call: Call) -> list[str]:
        return (["NAMESPACE"] if call.flag("all-namespaces") else []) + [
            "LAST SEEN",
            "TYPE",
            "REASON",
            "OBJECT",
            "MESSAGE",
        ]

    def _row(self, call: Call, event: Json) -> list[str]:
        about = event.get("involvedObject") or {}
        row = [event["metadata"].get("namespace", "")] if call.flag("all-namespaces") else []
        target = f"{about.get('kind', '')}/{about.get('name', '')}"
        message = (event.get("message") or "").strip()
        return [*row, since(View(call), event), event.get("type", ""), event.get("reason", ""), target, message]

    def _watch(self, call: Call, path: str, options: dict[str, str]) -> int:
        first = True
        with watched(call, path, options, seconds=asked_timeout(call)) as watch:
            for change in watch:
                if change.type in {"BOOKMARK", "DELETED"} or not self._wanted(call, change.object):
                    continue
                if call.flag("output"):
                    call.write(self._printer(call)({"apiVersion": "v1", "kind": "Event", **change.object}))
                else:
                    headers = self._headers(call) if first and not call.flag("no-headers") else None
                    call.write(aligned_columns([self._row(call, change.object)], headers))
                first = False
                call.streams.stdout.flush()
        return 0


VERB = Events
