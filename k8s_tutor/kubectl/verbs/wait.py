"""``kubectl wait`` (kubectl, ``cmd/wait``): watches until objects are as asked."""

import time
from collections.abc import Callable

from k8s_tutor.apimachinery.jsonpath import JSONPath, JSONPathError, relaxed, rendered
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.actions import not_found, tell
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError, raise_all
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.infos import Info, Selection, select
from k8s_tutor.kubectl.options import ALL, ALL_NAMESPACES, FIELD_SELECTOR, FILENAME, LOCAL, OUTPUT, SELECTOR, deeply
from k8s_tutor.kubectl.text import quoted
from k8s_tutor.kubectl.watching import of_one, watched

Condition = Callable[[Json], bool]


class Wait(Verb):
    """Waits for a condition of objects."""

    name = "wait"
    usage = "wait ([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]] [options]"
    short = "Experimental: Wait for a specific condition on one or many resources"
    group = "Advanced Commands"
    examples = """
kubectl wait --for=condition=Ready pod/one --timeout=30s
kubectl wait --for=delete pod/one
kubectl wait --for=jsonpath='{.status.phase}'=Running pod/one
"""
    flags = (
        *deeply(FILENAME[0], FILENAME[2]),
        SELECTOR,
        FIELD_SELECTOR,
        ALL,
        ALL_NAMESPACES,
        LOCAL,
        *OUTPUT,
        Flag("for", "array", help="delete, create, condition=NAME[=VALUE] or jsonpath={...}[=VALUE]"),
        Flag("timeout", "duration", default=30.0, help="how long; 0 looks once, negative is a week"),
    )

    def complete(self, call: Call) -> None:
        words = call.flag("for")
        self.kinds = [word.lower() for word in words if word.lower() in {"delete", "create"}]
        self.conditions = [_condition(word) for word in words if word.lower() not in {"delete", "create"}]
        if not words:
            raise CommandError("unrecognized condition: []")
        self.timeout = call.flag("timeout") if call.flag("timeout") >= 0 else 7 * 86400.0
        self.limit = time.monotonic() + self.timeout

    def run(self, call: Call) -> int:
        selection = self._selection(call)
        visited = 0
        for info in selection.infos():
            visited += 1
            if "delete" in self.kinds:
                self._gone(call, info)
            elif self.conditions:
                for condition in self.conditions:
                    self._met(call, info, condition)
            else:
                tell(call, info.resource, info.object, "condition met")
        errors = [error for error in selection.errors if "delete" not in self.kinds or not _is_missing(error)]
        raise_all(errors)
        if not visited and "delete" not in self.kinds:
            raise CommandError("no matching resources found")
        return 0

    def _selection(self, call: Call) -> Selection:
        if "create" not in self.kinds:
            return select(call)
        while True:
            probe = select(call)
            if next(probe.infos(), None) is not None:
                return select(call)
            if any(not _is_missing(error) for error in probe.errors):
                raise_all(probe.errors)
            if time.monotonic() >= self.limit:
                raise CommandError("timed out waiting for the condition")
            if call.cancelled.wait(0.3):
                raise CommandError("interrupted")

    def _gone(self, call: Call, info: Info) -> None:
        uid = info.object["metadata"].get("uid")
        while True:
            try:
                current = call.client.get(info.path)
            except ApiError as error:
                if not _is_missing(error):
                    raise
                break
            if current["metadata"].get("uid") != uid:
                break
            if self.timeout == 0:
                raise CommandError(f"condition not met for {info.resource.plural}/{info.name}")
            self._watch(call, info, current, lambda _: False)
        tell(call, info.resource, info.object, "condition met")

    def _met(self, call: Call, info: Info, condition: Condition) -> None:
        while True:
            try:
                current = call.client.get(info.path)
            except ApiError as error:
                if _is_missing(error):
                    raise not_found(info.resource, info.name) from None
                raise
            if condition(current):
                break
            if self.timeout == 0:
                raise CommandError(f"condition not met for {info.resource.plural}/{info.name}")
            found = self._watch(call, info, current, condition)
            if found is not None:
                current = found
                break
        tell(call, info.resource, current, "condition met")

    def _watch(self, call: Call, info: Info, current: Json, condition: Condition) -> Json | None:
        """Watch one object until it is deleted, meets the condition, or the time is over."""
        remaining = self.limit - time.monotonic()
        if remaining <= 0:
            raise self._late(info)
        with watched(call, info.collection, of_one(info, current), seconds=remaining) as watch:
            for event in watch:
                if event.type == "DELETED":
                    return None
                if event.type in {"ADDED", "MODIFIED"} and condition(event.object):
                    return event.object
        if call.cancelled.is_set() or time.monotonic() >= self.limit - 0.01:
            raise self._late(info)
        return None

    def _late(self, info: Info) -> CommandError:
        return CommandError(f"timed out waiting for the condition on {info.resource.plural}/{info.name}")


def _is_missing(error: Exception) -> bool:
    return isinstance(error, ApiError) and error.status == 404


def _condition(word: str) -> Condition:
    kind, equals, rest = word.partition("=")
    if kind == "condition" and equals:
        name, _, value = rest.partition("=")
        return lambda body: _has_condition(body, name.lower(), (value or "true").lower())
    if kind == "jsonpath" and equals:
        return _path_condition(rest)
    raise CommandError(f"unrecognized condition: {quoted(word)}")


def _has_condition(body: Json, name: str, value: str) -> bool:
    status = body.get("status") or {}
    for one in status.get("conditions") or ():
        if str(one.get("type", "")).lower() != name:
            continue
        observed = one.get("observedGeneration", status.get("observedGeneration"))
        generation = body["metadata"].get("generation")
        if observed is not None and generation is not None and observed < generation:
            return False
        return str(one.get("status", "")).lower() == value
    return False


def _path_condition(text: str) -> Condition:
    parts = [part.replace("\0", "==") for part in text.replace("==", "\0").split("=")]
    if not 1 <= len(parts) <= 2:
        raise CommandError(
            "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or "
            "--for=jsonpath='{.status.readyReplicas}'"
        )
    try:
        if not parts[0]:
            raise CommandError("jsonpath expression cannot be empty")
        path = JSONPath(relaxed(parts[0]))
    except JSONPathError as error:
        raise CommandError(str(error)) from None
    wanted = parts[1].strip("'\"") if len(parts) == 2 else None
    if wanted == "":
        raise CommandError(
            "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3"
        )
    return lambda body: _matches(path, body, wanted)


def _matches(path: JSONPath, body: Json, wanted: str | None) -> bool:
    groups = [group for group in path.results(body) if group]
    if not groups:
        return False
    if len(groups) > 1:
        raise CommandError("given jsonpath expression matches more than one list")
    if len(groups[0]) > 1:
        raise CommandError("given jsonpath expression matches more than one value")
    value = groups[0][0]
    if wanted is None:
        return True
    if isinstance(value, dict | list):
        raise CommandError("jsonpath leads to a nested object or list which is not supported")
    return rendered(value).strip() == wanted.strip()


VERB = Wait
