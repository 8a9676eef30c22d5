"""``kubectl logs`` (kubectl, ``cmd/logs``)."""

import re
import threading
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.infos import list_all
from k8s_tutor.kubectl.options import SELECTOR
from k8s_tutor.kubectl.pods import choose_container, first_pod, read
from k8s_tutor.kubectl.podspecs import selector_text
from k8s_tutor.kubectl.sessions import write_bytes
from k8s_tutor.kubectl.text import quoted

Source = tuple[str, str, str]
_USAGE = "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command"


class Logs(Verb):
    """Prints what containers wrote."""

    name = "logs"
    usage = "logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER] [options]"
    short = "Print the logs for a container in a pod"
    group = "Troubleshooting and Debugging Commands"
    examples = """
kubectl logs one
kubectl logs -f one -c main --tail=20
kubectl logs -p one
kubectl logs -l app=web --prefix
"""
    flags = (
        SELECTOR,
        Flag("container", short="c", help="the container; the first if not given"),
        Flag("all-containers", "bool", help="all containers of the pod"),
        Flag("all-pods", "bool", help="all pods of the workload, each line with its source"),
        Flag("follow", "bool", short="f", help="go on as more is written"),
        Flag("previous", "bool", short="p", help="of the container that ran before"),
        Flag("tail", "int", default=-1, help="only so many last lines"),
        Flag("since", "duration", help="only what is younger, as 5m"),
        Flag("since-time", help="only what is after this time"),
        Flag("limit-bytes", "int", help="at most so many bytes"),
        Flag("timestamps", "bool", help="start lines with their time"),
        Flag("prefix", "bool", help="start lines with their source"),
        Flag("ignore-errors", "bool", help="go on when a source fails"),
        Flag("max-log-requests", "int", default=5, help="how many sources may be followed at once"),
        Flag("pod-running-timeout", "duration", default=20.0, help="how long to wait for a pod"),
        Flag("insecure-skip-tls-verify-backend", "bool", help="taken and passed on"),
    )

    def complete(self, call: Call) -> None:
        words, selector = call.arguments, call.flag("selector")
        self.container = call.flag("container")
        if not words and not selector:
            raise call.usage(_USAGE)
        if words and selector:
            raise call.usage("only a selector (-l) or a POD name is allowed")
        if len(words) > 2:
            raise call.usage(_USAGE)
        if len(words) == 2:
            if self.container:
                raise CommandError("only one of -c or an inline [CONTAINER] arg is allowed")
            self.container = words[1]
        # Lines of several pods are told apart, whatever --prefix says.
        self.prefix = call.flag("prefix") or call.flag("all-pods")
        self.options: dict[str, Any] = {}
        for flag, key in (("follow", "follow"), ("previous", "previous"), ("timestamps", "timestamps")):
            if call.flag(flag):
                self.options[key] = "true"
        self._amounts(call)

    def _amounts(self, call: Call) -> None:
        tail = call.flag("tail")
        if call.flag("selector") and not call.changed("tail"):
            tail = 10
        if tail != -1:
            self.options["tailLines"] = tail
        if call.flag("since"):
            self.options["sinceSeconds"] = max(1, round(call.flag("since")))
        if call.flag("since-time"):
            self.options["sinceTime"] = _rfc3339(call.flag("since-time"))
        if call.flag("limit-bytes"):
            self.options["limitBytes"] = call.flag("limit-bytes")

    def validate(self, call: Call) -> None:
        if call.flag("since") and call.flag("since-time"):
            raise CommandError("at most one of `sinceTime` or `sinceSeconds` may be specified")
        if call.flag("all-containers") and self.container:
            raise CommandError(f"--all-containers=true should not be specified with container name {self.container}")
        if call.changed("limit-bytes") and call.flag("limit-bytes") <= 0:
            raise CommandError("--limit-bytes must be greater than 0")
        if call.changed("since") and call.flag("since") <= 0:
            raise CommandError("--since must be greater than 0")
        if call.flag("tail") < -1:
            raise CommandError("--tail must be greater than or equal to -1")

    def run(self, call: Call) -> int:
        sources = self._sources(call)
        if not sources:
            call.err(f"No resources found in {call.namespace} namespace.")
            return 0
        follow, limit = call.flag("follow"), call.flag("max-log-requests")
        if follow and len(sources) > limit:
            raise CommandError(
                f"you are attempting to follow {len(sources)} log streams, but maximum allowed concurrency is {limit}, "
                "use --max-log-requests to increase the limit"
            )
        if follow and len(sources) > 1:
            self._together(call, sources)
        else:
            for source in sources:
                self._copy(call, source, self.prefix)
        return 0

    def _sources(self, call: Call) -> list[Source]:
        if call.flag("selector"):
            pods = list_all(call, f"/api/v1/namespaces/{call.namespace}/pods", labelSelector=call.flag("selector"))
            return [source for pod in pods for source in self._of_pod(call, pod, many=True)]
        try:
            info = read(call, call.arguments[0])
        except ApiError as error:
            if error.status == 404:
                raise CommandError(f'error from server (NotFound): {error} in namespace "{call.namespace}"') from None
            raise
        if info.resource.kind == "Pod":
            return self._of_pod(call, info.object)
        try:
            selector = selector_text(info.object)
        except CommandError as error:
            raise CommandError(f"cannot get the logs from *v1.{info.resource.kind}: {error}") from None
        if call.flag("all-pods"):
            pods = list_all(call, f"/api/v1/namespaces/{info.namespace}/pods", labelSelector=selector)
            return [source for pod in pods for source in self._of_pod(call, pod, many=True)]
        pod, count = first_pod(call, info.namespace, selector, call.flag("pod-running-timeout"))
        if count > 1:
            call.err(f"Found {count} pods, using pod/{pod['metadata']['name']}")
        return self._of_pod(call, pod)

    def _of_pod(self, call: Call, pod: Json, *, many: bool = False) -> list[Source]:
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        if call.flag("all-containers"):
            spec = pod["spec"]
            order = ("initContainers", "containers", "ephemeralContainers")
            return [(namespace, name, one["name"]) for part in order for one in spec.get(part) or ()]
        container = choose_container(call, pod, self.container, quiet=many and call.flag("all-pods"))
        return [(namespace, name, container["name"])]

    def _copy(self, call: Call, source: Source, prefix: bool) -> None:
        namespace, pod, container = source
        head = f"[pod/{pod}/{container}] ".encode() if prefix else b""
        try:
            log = call.client.logs(namespace, pod, {**self.options, "container": container})
        except ApiError as error:
            if not call.flag("ignore-errors"):
                raise
            call.out(f"error: {error}")
            return
        call.closing(log.close)
        if head:
            for line in log.lines():
                write_bytes(call.streams.stdout, head + line + b"\n")
            return
        for chunk in log.chunks():
            write_bytes(call.streams.stdout, chunk)

    def _together(self, call: Call, sources: list[Source]) -> None:
        failures: list[Exception] = []

        def follow(source: Source) -> None:
            try:
                self._copy(call, source, self.prefix)
            except (ApiError, CommandError) as error:
                failures.append(error)

        threads = [threading.Thread(target=follow, args=(source,), daemon=True) for source in sources]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.2)
        if failures:
            raise failures[0]


def _rfc3339(text: str) -> str:
    layout = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"
    if not re.fullmatch(layout, text):
        dated = text[:4].isdigit()
        asked, rest = ("T", text[10:]) if dated else ("2006", text)
        raise CommandError(
            f"parsing time {quoted(text)} as {quoted('2006-01-02T15:04:05Z07:00')}: cannot parse {quoted(rest)} as "
            f"{quoted(asked)}"
        )
    return text


VERB = Logs
