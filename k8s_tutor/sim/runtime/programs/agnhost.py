"""``agnhost``, Kubernetes' test image: netexec, serve-hostname, pause, and others; and ``http-echo``."""

import json
from typing import TYPE_CHECKING

from k8s_tutor.sim.network import HttpRequest, HttpResponse
from k8s_tutor.sim.runtime.programs.registry import resident
from k8s_tutor.sim.runtime.programs.serving import later, listen, stop_on
from k8s_tutor.sim.runtime.programs.templates import moment
from k8s_tutor.sim.runtime.signals import SIGINT, SIGTERM

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process


def _option(words: list[str], name: str, default: str) -> str:
    for index, word in enumerate(words):
        flag, equals, value = word.lstrip("-").partition("=")
        if flag == name and word.startswith("-"):
            return value if equals else words[index + 1] if index + 1 < len(words) else default
    return default


@resident("agnhost", memory=6 << 20)
def agnhost(process: "Process") -> None:
    """Run a subcommand."""
    words = process.argv[1:] or ["pause"]
    stop_on(process, (SIGTERM, SIGINT), 0)
    command = words[0]
    if command == "pause":
        process.say("Paused\n")
    elif command in {"netexec", "serve-hostname"}:
        port = int(
            _option(words, "http-port" if command == "netexec" else "port", "8080" if command == "netexec" else "9376")
        )
        if not listen(process, port, lambda request: _netexec(process, command, request)):
            process.end(1)
            return
        process.say(f"{moment(process, '%Y/%m/%d %H:%M:%S')} Started HTTP server on port {port}\n", 2)
    elif command in {"logs-generator", "liveness"}:
        _others(process, command, words)
    else:
        process.say(f'Error: unknown command "{command}" for "app"\nRun \'app --help\' for usage.\n', 2)
        process.end(1)


def _netexec(process: "Process", command: str, request: HttpRequest) -> HttpResponse:
    process.container.cgroup.spend(0.0002)
    name = process.container.hostname
    if command == "serve-hostname" or request.path in {"/hostname", "/hostName"}:
        return HttpResponse(200, name.encode())
    if request.path in {"/", "/now"}:
        return HttpResponse(200, f"NOW: {moment(process, '%Y-%m-%d %H:%M:%S.%f +0000 UTC')}".encode())
    if request.path == "/clientip":
        return HttpResponse(200, f"{request.peer}:40000".encode())
    if request.path == "/echo":
        code = request.query.get("code", "200")
        return HttpResponse(int(code) if code.isdigit() else 200, request.query.get("msg", "").encode())
    if request.path == "/header":
        return HttpResponse(200, request.headers.get(request.query.get("key", "").lower(), "").encode())
    if request.path == "/healthz":
        return HttpResponse(200, b"")
    if request.path == "/exit":
        code = request.query.get("code", "0")
        process.container.clock.call_soon(process.end, int(code) if code.isdigit() else 0)
        return HttpResponse(200, b"")
    if request.path == "/shell":
        return HttpResponse(200, json.dumps({"output": "", "error": "the simulated netexec runs no shell"}).encode())
    return HttpResponse(404, b"404 page not found\n")


def _others(process: "Process", command: str, words: list[str]) -> None:
    if command == "liveness":
        start = process.container.clock.now()

        def healthz(request: HttpRequest) -> HttpResponse:
            age = process.container.clock.now() - start
            if request.path != "/healthz":
                return HttpResponse(404, b"404 page not found\n")
            return HttpResponse(200, b"ok") if age <= 10 else HttpResponse(500, f"error: {age}".encode())

        listen(process, 8080, healthz)
        return
    total = int(_option(words, "log-lines-total", "0"))
    period = float(_option(words, "run-duration", "60s").rstrip("s")) / max(1, total)

    def line(number: int) -> None:
        process.say(
            f"{moment(process, '%m%d %H:%M:%S')} 1 logs_generator.go:76] {number} GET /api/v1/namespaces/default/pods/x 200\n"
        )
        if number + 1 < total:
            later(process, period, lambda: line(number + 1))
        else:
            process.end(0)

    line(0)


@resident("http-echo", memory=4 << 20)
def http_echo(process: "Process") -> None:
    """Answer every request with a text."""
    words = process.argv[1:]
    text = _option(words, "text", process.env.get("ECHO_TEXT", "")).strip('"')
    place = _option(words, "listen", ":5678")
    if not text:
        process.say("Missing -text option!\n", 2)
        process.end(127)
        return
    port = int(place.rsplit(":", 1)[-1])

    def answer(request: HttpRequest) -> HttpResponse:
        if request.path == "/health":
            return HttpResponse(200, b'{"status":"ok"}\n', {"Content-Type": "application/json"})
        process.say(
            f"{moment(process, '%Y/%m/%d %H:%M:%S')} {request.headers.get('host', '')} {request.peer}:40000 "
            f'"{request.method} {request.target} HTTP/1.1" {_option(words, "status-code", "200")} {len(text) + 1} '
            f'"{request.headers.get("user-agent", "")}" 50.1µs\n'
        )
        return HttpResponse(
            int(_option(words, "status-code", "200")),
            f"{text}\n".encode(),
            {
                "X-App-Name": "http-echo",
                "X-App-Version": process.container.image.version,
                "Content-Type": "text/plain; charset=utf-8",
            },
        )

    if not listen(process, port, answer):
        process.end(1)
        return
    process.say(f"{moment(process, '%Y/%m/%d %H:%M:%S')} [INFO] server is listening on {place}\n")
    stop_on(process, (SIGTERM, SIGINT), 0)
