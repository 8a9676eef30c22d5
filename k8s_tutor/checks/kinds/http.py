"""http: a request to a Service or Pod, through the API server's proxy or from inside another pod; repeated, shared out."""

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from k8s_tutor.checks import texttest
from k8s_tutor.checks.causes import explain, explain_absence, next_command
from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.insidepod import run_in
from k8s_tutor.checks.kind import CheckKind, SpecPath
from k8s_tutor.checks.kinds.match import Match, bounds, counted_as
from k8s_tutor.checks.objects import QUERY_SCHEMA, Object, ObjectQuery, label, version
from k8s_tutor.checks.pods import RETRY, over_pods
from k8s_tutor.checks.result import CheckResult, Difference, State
from k8s_tutor.course.model import Check

_STATUS: Final = {"oneOf": [{"type": "integer"}, {"type": "string", "pattern": "^[1-5]xx$"}]}
_SHARE: Final = {"type": "number", "minimum": 0, "maximum": 1}
_LINE = re.compile(r"HTTP/\d(?:\.\d)?\s+(\d{3})")
_NO_BACKEND: Final = re.compile(r"no endpoints available|error trying to reach service|address not allowed")


@dataclass
class _Answer:
    """One HTTP answer; ``failed`` says why there was none."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    failed: str = ""


class Http(CheckKind):
    """Sends ``repeat`` requests and judges each answer, then how they were shared between backends."""

    name = "http"
    stability = 1.0
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "additionalProperties": False,
        "oneOf": [{"required": ["service"]}, {"required": ["pod"]}, {"required": ["from", "url"]}],
        "properties": {
            "service": {"type": "string"},
            "pod": QUERY_SCHEMA,
            "namespace": {"type": "string"},
            "from": QUERY_SCHEMA,
            "container": {"type": "string"},
            "url": {"type": "string"},
            "port": {"type": ["integer", "string"]},
            "scheme": {"enum": ["http", "https"]},
            "path": {"type": "string", "pattern": "^/"},
            "method": {"type": "string"},
            "headers": {"type": "object", "additionalProperties": {"type": "string"}},
            "body": {"type": "string"},
            "status": {"oneOf": [*_STATUS["oneOf"], {"type": "array", "items": _STATUS}]},
            "response_headers": {"type": "object", "additionalProperties": texttest.SCHEMA},
            "response": texttest.SCHEMA,
            "repeat": {"type": "integer", "minimum": 1, "maximum": 200},
            "share": {
                "type": "object",
                "additionalProperties": False,
                "required": ["by"],
                "properties": {
                    "by": {"type": "string"},
                    "backends": Match.schema["properties"]["count"],
                    "each": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {"min": _SHARE, "max": _SHARE},
                    },
                },
            },
        },
    }

    def __init__(self, check: Check) -> None:
        super().__init__(check)
        place = self.spec.get("namespace", "")
        self._service = ObjectQuery("Service", "v1", self.spec.get("service", ""), place)
        self._target = ObjectQuery.of({"namespace": place, **self.spec["pod"]}, "Pod") if "pod" in self.spec else None
        self._from = ObjectQuery.of(self.spec["from"], "Pod") if "from" in self.spec else None
        self._statuses = self.spec.get("status", 200)
        if not isinstance(self._statuses, list):
            self._statuses = [self._statuses]

    def mistakes(self) -> Iterator[tuple[SpecPath, str]]:
        yield from texttest.mistakes_in(self.spec.get("response"), ("response",))
        by = self.spec.get("share", {}).get("by", "")
        if by and not by.startswith("header:"):
            try:
                re.compile(by)
            except re.error as error:
                yield ("share", "by"), f"no regular expression: {error}"

    def watches(self) -> Sequence[ObjectQuery]:
        found = [ObjectQuery("Pod", "v1", namespace=self.spec.get("namespace", ""))]
        if "service" in self.spec:
            found += [
                self._service,
                ObjectQuery("EndpointSlice", "discovery.k8s.io/v1", namespace=self._service.namespace),
            ]
        return tuple(found if self._from is None else [*found, self._from])

    def evaluate(self, context: CheckContext) -> CheckResult:
        if context.client is None:
            return CheckResult(State.UNGRADABLE, detail="nothing runs here")
        if self._from is not None:
            return over_pods(context, self._from, "any", lambda pod: self._inside(context, pod))
        if self._target is not None:
            return over_pods(context, self._target, "any", lambda pod: self._proxied(context, pod))
        services = context.find(self._service)
        if services:
            return self._proxied(context, services[0])
        return CheckResult(
            State.FAILED,
            about=str(self._service),
            differences=(Difference("", str(self._service), "nothing"),),
            causes=explain_absence(context, self._service),
            next=next_command(context, None, self._service),
        )

    # -- sending

    def _proxied(self, context: CheckContext, obj: Object) -> CheckResult:
        metadata = obj["metadata"]
        port = self.spec.get("port") or _first_port(obj)
        scheme = "https:" if self.spec.get("scheme") == "https" else ""
        collection = "services" if obj["kind"] == "Service" else "pods"
        name = f"{scheme}{metadata['name']}{f':{port}' if port else ''}"
        base = f"/api/v1/namespaces/{metadata['namespace']}/{collection}/{name}/proxy"

        def send() -> _Answer:
            assert context.client is not None  # noqa: S101 - evaluate looked
            found = context.client.request(
                self.spec.get("method", "GET"),
                base + self.spec.get("path", "/"),
                body=self.spec.get("body"),
                headers=self.spec.get("headers"),
                accept="*/*",
                timeout=10,
                refuse=False,
            )
            text = found.data.decode("utf-8", "replace")
            if found.status >= 400 and '"kind":"Status"' in text.replace(" ", "") and _NO_BACKEND.search(text):
                return _Answer(failed=_message(text))
            return _Answer(found.status, {key.lower(): value for key, value in found.headers.items()}, text)

        result = self._judged(send)
        return self._explained(context, obj, result)

    def _inside(self, context: CheckContext, pod: Object) -> CheckResult:
        command = self._command()

        def send() -> _Answer:
            output = run_in(context, pod, command, self.spec.get("container", ""))
            if output.refused:
                return _Answer(failed=output.refused)
            return _read(output.stdout, output.stderr)

        result = self._judged(send)
        if "service" in self.spec:
            for service in context.find(self._service):
                result = self._explained(context, service, result)
        follow = f"kubectl exec {pod['metadata']['name']} -- wget -qO- -T 3 {self._url()}"
        return result if result.passed else result.changed(next=follow)

    def _url(self) -> str:
        if "url" in self.spec:
            return str(self.spec["url"])
        port = f":{self.spec['port']}" if "port" in self.spec else ""
        place = f".{self.spec['namespace']}" if "namespace" in self.spec else ""
        return f"{self.spec.get('scheme', 'http')}://{self.spec['service']}{place}{port}{self.spec.get('path', '/')}"

    def _command(self) -> list[str]:
        """The request as a shell script: with curl where the image has it, else with wget."""
        url, method = shlex.quote(self._url()), self.spec.get("method", "GET")
        headers = [f"{name}: {value}" for name, value in self.spec.get("headers", {}).items()]
        curl = "".join(f" -H {shlex.quote(header)}" for header in headers)
        wget = "".join(f" --header={shlex.quote(header)}" for header in headers)
        if "body" in self.spec:
            body = shlex.quote(self.spec["body"])
            curl, wget = f"{curl} --data-binary {body}", f"{wget} --post-data={body}"
        script = (
            f"if command -v curl >/dev/null 2>&1; then curl -sS -i -m 5 -X {shlex.quote(method)}{curl} {url}; "
            f"else wget -q -S -O - -T 5{wget} {url}; fi"
        )
        return ["sh", "-c", script]

    # -- judging

    def _judged(self, send: Any) -> CheckResult:
        answers: list[_Answer] = []
        for _ in range(self.spec.get("repeat", 1)):
            answers.append(send())
            found = self._differences(answers[-1])
            if found:
                return CheckResult(State.FAILED, differences=tuple(found), retry_after=RETRY)
        found = self._shared(answers)
        return (
            CheckResult(State.FAILED, differences=tuple(found), retry_after=RETRY)
            if found
            else CheckResult(State.PASSED)
        )

    def _differences(self, answer: _Answer) -> list[Difference]:
        if answer.failed:
            return [Difference("request", "an answer", answer.failed)]
        family = f"{answer.status // 100}xx"
        if answer.status not in self._statuses and family not in self._statuses:
            body = f": {answer.body.strip()[:120]}" if answer.body.strip() else ""
            return [Difference("status", " or ".join(map(str, self._statuses)), f"{answer.status}{body}")]
        found = []
        for name, test in self.spec.get("response_headers", {}).items():
            found += texttest.differences(test, answer.headers.get(name.lower(), ""), f"header {name}")
        return found + texttest.differences(self.spec.get("response"), answer.body, "body")

    def _shared(self, answers: list[_Answer]) -> list[Difference]:
        share = self.spec.get("share")
        if not share:
            return []
        by = share["by"]
        counted: Counter[str] = Counter()
        for answer in answers:
            if by.startswith("header:"):
                counted[answer.headers.get(by.removeprefix("header:").lower(), "")] += 1
            elif hit := re.search(by, answer.body):
                counted[hit[1] if hit.groups() else hit[0]] += 1
        spread = ", ".join(f"{name} {times}×" for name, times in counted.most_common()) or "none recognised"
        found = []
        if "backends" in share:
            least, most = bounds(share["backends"])
            if not least <= len(counted) <= most:
                found.append(Difference("backends that answered", counted_as(least, most), spread))
        low, high = share.get("each", {}).get("min", 0.0), share.get("each", {}).get("max", 1.0)
        total = sum(counted.values())
        if any(not low <= times / total <= high for times in counted.values()):
            found.append(Difference("share of each backend", f"{low:.0%} to {high:.0%}", spread))
        return found

    def _explained(self, context: CheckContext, obj: Object, result: CheckResult) -> CheckResult:
        result = result.changed(about=label(obj), basis=(version(obj),))
        if result.passed:
            return result
        query = self._service if obj["kind"] == "Service" else self._target or self._service
        return result.changed(causes=explain(context, obj), next=next_command(context, obj, query))


def _first_port(obj: Object) -> Any:
    if obj["kind"] == "Service":
        ports = obj["spec"].get("ports") or ()
        return ports[0].get("port") if ports else ""
    for container in obj["spec"].get("containers") or ():
        for port in container.get("ports") or ():
            return port.get("containerPort")
    return ""


def _message(text: str) -> str:
    import orjson

    try:
        return str(orjson.loads(text).get("message", text))
    except ValueError:
        return text


def _read(stdout: str, stderr: str) -> _Answer:
    """Read what curl -i (headers before the body) or wget -S (headers on stderr) printed."""
    if _LINE.match(stdout):
        head, _, body = stdout.replace("\r\n", "\n").partition("\n\n")
    else:
        head, body = stderr, stdout
    statuses = _LINE.findall(head)
    if not statuses:
        return _Answer(failed=(stderr.strip().splitlines() or ["no answer"])[-1])
    pairs = (line.split(":", 1) for line in head.splitlines() if ":" in line and not _LINE.search(line))
    return _Answer(int(statuses[-1]), {name.strip().lower(): value.strip() for name, value in pairs}, body)
