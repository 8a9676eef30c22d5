"""The server that an image profile describes: log lines, ports, routes, memory and CPU over time, its end.

The description's fields are those of ``programs`` in ``images/schema.json``. All of it is timers and request
handlers: an idle server costs nothing.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.sim.network import HttpRequest, HttpResponse
from k8s_tutor.sim.runtime.programs.databases import greet
from k8s_tutor.sim.runtime.programs.serving import later, listen, stop_on
from k8s_tutor.sim.runtime.programs.templates import fill
from k8s_tutor.sim.runtime.signals import SIGINT, SIGTERM

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

Spec = Mapping[str, Any]


def serve_profile(process: "Process", spec: Spec) -> None:
    """Set the server up in a process."""
    missing = spec.get("require_env")
    if missing and not any(process.env.get(name) for name in missing["any_of"]):
        process.say(fill(missing["message"], process), 2)
        process.end(int(missing.get("code", 1)))
        return
    _resources(process, spec)
    for entry in _list(spec.get("log")):
        _log(process, entry)
    term = spec.get("sigterm", {})
    if not term.get("ignore"):

        def say_lines() -> None:
            for line in _list(term.get("log")):
                _log(process, line)

        stop_on(
            process,
            (SIGTERM, SIGINT),
            int(term.get("code", 0)),
            float(term.get("delay", 0)),
            say_lines,
        )
    start = float(spec.get("start", 0))
    if start:
        later(process, start, lambda: _open(process, spec))
    else:
        _open(process, spec)
    end = spec.get("exit")
    if end:
        later(process, float(end["after"]), lambda: _leave(process, end))


def _list(value: Any) -> Sequence[Any]:
    return () if value is None else value if isinstance(value, list) else [value]


def _log(process: "Process", entry: Any) -> None:
    if isinstance(entry, str):
        process.say(fill(entry, process) + "\n")
        return
    fd = 2 if entry.get("stream") == "stderr" else 1

    def say() -> None:
        process.say(fill(entry["text"], process) + "\n", fd)
        if entry.get("every"):
            later(process, float(entry["every"]), say)

    if entry.get("after"):
        later(process, float(entry["after"]), say)
    else:
        say()


def _open(process: "Process", spec: Spec) -> None:
    for entry in _list(spec.get("listen")):
        options = entry if isinstance(entry, Mapping) else {"port": entry}
        port = int(fill(str(options["port"]), process) or options.get("default", 0))
        sql = options.get("protocol") == "sql"
        if not listen(
            process,
            port,
            None if sql else lambda request: _answer(process, spec, request),
            accept=greet if sql else None,
            loopback=bool(options.get("loopback")),
        ):
            process.say(f"bind to 0.0.0.0:{port} failed: Address already in use\n", 2)
            process.end(1)
            return


def _leave(process: "Process", end: Spec) -> None:
    for entry in _list(end.get("log")):
        _log(process, entry)
    process.end(int(end.get("code", 0)))


# -- answering


async def _answer(process: "Process", spec: Spec, request: HttpRequest) -> HttpResponse:
    age = process.container.clock.now() - process.started_at
    route = _file(process, spec, request) or _find(spec, request, age)
    cpu = float(route.get("cpu", spec.get("request_cpu", 0.0002)))
    if cpu >= 0.005:
        with process.container.clock.hold():
            await process.container.cgroup.consume(cpu)
    else:
        process.container.cgroup.spend(cpu)
    if route.get("delay"):
        await process.container.clock.sleep(float(route["delay"]))
    if route.get("exit") is not None:
        process.container.clock.call_soon(process.end, int(route["exit"]))
    status = int(route.get("status", 200))
    body = route["data"] if "data" in route else fill(str(route.get("body", "")), process, request).encode()
    headers = {"Content-Type": str(route.get("type", "text/plain; charset=utf-8"))}
    headers.update({name: fill(str(value), process, request) for name, value in route.get("headers", {}).items()})
    if spec.get("server"):
        headers["Server"] = str(spec["server"])
    if spec.get("access_log"):
        line = fill(spec["access_log"], process, request, status=status, size=len(body))
        process.say(line + "\n", 2 if spec.get("access_stream") == "stderr" else 1)
    return HttpResponse(status, b"" if request.method == "HEAD" else body, headers)


def _file(process: "Process", spec: Spec, request: HttpRequest) -> Spec | None:
    """Return the file that answers, for a server of files."""
    folder = spec.get("files")
    if not folder:
        return None
    path = folder["root"] + request.path + (folder.get("index", "index.html") if request.path.endswith("/") else "")
    try:
        return {
            "data": process.files.read_file(path),
            "type": "text/html" if path.endswith("html") else "text/plain",
        }
    except OSError:
        return None


def _find(spec: Spec, request: HttpRequest, age: float) -> Spec:
    for route in spec.get("routes", ()):
        if not _matches(route, request):
            continue
        if age < float(route.get("after", 0)):
            return route.get("before", {"status": 503, "body": "Service Unavailable"})  # type: ignore[no-any-return]
        if route.get("until") is not None and age >= float(route["until"]):
            return route.get("then", {"status": 500, "body": "Internal Server Error"})  # type: ignore[no-any-return]
        return route  # type: ignore[no-any-return]
    return spec.get("not_found", {"status": 404, "body": "404 page not found\n"})  # type: ignore[no-any-return]


def _matches(route: Spec, request: HttpRequest) -> bool:
    methods = _list(route.get("method"))
    if methods and request.method not in methods and not (request.method == "HEAD" and "GET" in methods):
        return False
    if "path" in route:
        return bool(request.path == route["path"])
    if "prefix" in route:
        return request.path.startswith(route["prefix"])
    return re.fullmatch(route.get("pattern", ".*"), request.path) is not None


# -- what it uses


def _resources(process: "Process", spec: Spec) -> None:
    group = process.container.cgroup
    memory = spec.get("memory", "8Mi")
    for step in memory if isinstance(memory, list) else [{"after": 0, "bytes": memory}]:
        size = Quantity.parse(str(step["bytes"])).value()
        _at(process, step, lambda size=size: group.set_memory(process, size))
    cpu = spec.get("cpu", 0)
    for step in cpu if isinstance(cpu, list) else [{"after": 0, "millicores": cpu}]:
        cores = float(step["millicores"]) / 1000
        _at(process, step, lambda cores=cores: group.set_load(process, cores))


def _at(process: "Process", step: Spec, action: Any) -> None:
    if float(step.get("after", 0)):
        later(process, float(step["after"]), action)
    elif process.alive:
        action()
