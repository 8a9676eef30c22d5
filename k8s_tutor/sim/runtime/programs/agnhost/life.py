"""Subcommands about a container's life: pause, liveness, logs-generator, grpc-health-checking, stress."""

import contextlib
import random
from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.sim.network import HttpRequest, HttpResponse
from k8s_tutor.sim.runtime import signals
from k8s_tutor.sim.runtime.programs.agnhost.command import Flags, duration, fatal, log, subcommand
from k8s_tutor.sim.runtime.programs.serving import listen
from k8s_tutor.sim.runtime.programs.templates import moment

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

PAUSE_CODES = {signals.SIGINT: ("interrupt", 1), signals.SIGTERM: ("terminated", 2)}
HEALTHY_SECONDS = 10.0
METHODS, NAMESPACES = ("GET", "POST", "PUT"), ("kube-system", "default", "ns")
CHECK, WATCH = "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"


@subcommand("pause")
async def pause(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Do nothing until a signal, and leave word of it."""
    del flags, operands
    await process.out("Paused\nSignals registered\n")

    def stop(number: int) -> None:
        name, code = PAUSE_CODES[number]
        message = f'exiting because of signal "{name}"\n'
        path = process.env.get("TERMINATION_MESSAGE_PATH") or "/dev/termination-log"
        with contextlib.suppress(OSError):
            process.files.write_file(path, message.encode(), who=process.credentials)
        process.say(message)
        process.end(code)

    for number in PAUSE_CODES:
        process.handlers[number] = stop
    await process.forever()
    return 0


@subcommand("liveness")
async def liveness(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Be healthy for ten seconds, then not."""
    del flags, operands
    start = process.container.clock.now()

    def answer(request: HttpRequest) -> HttpResponse:
        age = process.container.clock.now() - start
        if request.path == "/healthz":
            return HttpResponse(200, b"ok") if age <= HEALTHY_SECONDS else HttpResponse(500, f"error: {age}".encode())
        if request.path == "/started":
            return HttpResponse(200, f"{age:.9f}s".encode())
        if request.path == "/redirect":
            place = request.query.get("loc", "")
            return HttpResponse(302, b"", {"Location": place})
        return HttpResponse(404, b"404 page not found\n")

    if not listen(process, 8080, answer):
        return await fatal(process, "listen tcp :8080: bind: address already in use")
    await process.forever()
    return 0


@subcommand("logs-generator", log_lines_total="0", run_duration="0s", t="", d="")
async def logs_generator(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Write so many lines in so long a time."""
    del operands
    total = int(flags["t"] or flags["log-lines-total"])
    seconds = duration(flags["d"] or flags["run-duration"])
    if total <= 0 or seconds <= 0:
        what = f"Invalid total number of lines: {total}" if total <= 0 else f"Invalid duration: {flags['run-duration']}"
        await process.err(f"F{moment(process, '%m%d %H:%M:%S.%f')}       1 logs_generator.go:64] {what}\n")
        return 255
    for number in range(total):
        name = "".join(random.choices("bcdfghjklmnpqrstvwxz2456789", k=random.randrange(3, 5)))
        url = f"/api/v1/namespaces/{random.choice(NAMESPACES)}/pods/{name}"
        line = f"{number} {random.choice(METHODS)} {url} {random.randrange(200, 600)}"
        await process.err(f"I{moment(process, '%m%d %H:%M:%S.%f')}       1 logs_generator.go:76] {line}\n")
        await process.sleep(seconds / total)
    return 0


@subcommand(
    "grpc-health-checking",
    port="5000",
    http_port="8080",
    delay_unhealthy_sec="-1",
    service="",
    tls_cert_file="",
    tls_private_key_file="",
)
async def grpc_health_checking(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Answer gRPC's health check; HTTP paths change the answer."""
    del operands
    start = process.container.clock.now()
    delay = int(flags["delay-unhealthy-sec"])
    forced: list[bool] = []

    def serving() -> bool:
        old = 0 <= delay <= process.container.clock.now() - start
        return not (old or (forced and forced[-1]))

    def check(request: HttpRequest) -> HttpResponse:
        headers = {"Content-Type": "application/grpc"}
        if request.path != CHECK:
            return HttpResponse(200, b"", {**headers, "grpc-status": "12", "grpc-message": "unimplemented"})
        log(process, "Serving the Check request for health check")
        if request.body.decode() != flags["service"]:
            return HttpResponse(200, b"", {**headers, "grpc-status": "5", "grpc-message": "unknown service"})
        return HttpResponse(200, b"SERVING" if serving() else b"NOT_SERVING", {**headers, "grpc-status": "0"})

    def control(request: HttpRequest) -> HttpResponse:
        if request.path not in {"/make-serving", "/make-not-serving"}:
            return HttpResponse(404, b"404 page not found\n")
        forced.append(request.path == "/make-not-serving")
        log(process, "Mark as unhealthy" if forced[-1] else "Mark as healthy")
        return HttpResponse(200, f"{process.container.clock.now() - start:.9f}s".encode())

    log(process, f"Http server starting to listen on :{flags['http-port']}")
    listen(process, int(flags["http-port"]), control)
    log(process, f"gRPC server starting to listen on :{flags['port']}")
    if not listen(process, int(flags["port"]), check):
        return await fatal(process, f"Error while starting the listening service listen tcp :{flags['port']}")
    await process.forever()
    return 0


@subcommand(
    "stress",
    mem_total="0",
    mem_alloc_size="4Ki",
    mem_alloc_sleep="1ms",
    cpus="0",
    mem_alloc_burst="false",
)
async def stress(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Take memory bit by bit up to a total, and keep CPUs busy."""
    del operands
    total = Quantity.parse(flags["mem-total"]).value()
    step = max(1, Quantity.parse(flags["mem-alloc-size"]).value())
    pause_seconds = duration(flags["mem-alloc-sleep"])
    cpus = int(flags["cpus"])
    say = f"{moment(process, '%m%d %H:%M:%S.%f')}       1 stress.go"
    await process.err(f'I{say}:32] Allocating "{flags["mem-total"]}" memory, in "{flags["mem-alloc-size"]}" chunks\n')
    if cpus:
        process.container.cgroup.set_load(process, float(cpus))
    held = 0
    while held < total:
        held = min(total, held + step)
        await process.allocate(held)
        await process.sleep(pause_seconds)
    await process.err(f'I{say}:41] Allocated "{flags["mem-total"]}" memory\n')
    await process.forever()
    return 0
