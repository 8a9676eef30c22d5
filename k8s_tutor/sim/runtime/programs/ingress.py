"""The Ingress controller's server: passes requests on by the cluster's Ingress rules, as ingress-nginx does."""

from typing import TYPE_CHECKING

from k8s_tutor.sim.network import HttpRequest, HttpResponse, NetworkError
from k8s_tutor.sim.runtime.programs.registry import resident
from k8s_tutor.sim.runtime.programs.serving import listen, stop_on
from k8s_tutor.sim.runtime.programs.templates import moment
from k8s_tutor.sim.runtime.signals import SIGINT, SIGTERM

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

PHRASES = {
    404: "404 Not Found",
    502: "502 Bad Gateway",
    503: "503 Service Temporarily Unavailable",
    504: "504 Gateway Time-out",
}


@resident("ingress-controller", memory=60 << 20)
def ingress_controller(process: "Process") -> None:
    """Serve port 80 for all Ingresses."""
    listen(process, 10254, lambda _: HttpResponse(200, b"ok"))
    if not listen(process, 80, lambda request: _pass_on(process, request)):
        process.end(1)
        return
    process.say("NGINX Ingress controller (simulated): serving the cluster's Ingress rules on port 80\n")
    stop_on(process, (SIGTERM, SIGINT), 0, 0.5)


async def _pass_on(process: "Process", request: HttpRequest) -> HttpResponse:
    network = process.container.runtime.network
    host = request.headers.get("host", "")
    backend = network.ingress.route(host, request.path)
    if backend is None:
        return _page(404)
    target = network.services.endpoint_of(backend.namespace, backend.service, backend.port)
    if target is None:
        return _page(503)
    headers = {
        **request.headers,
        "x-forwarded-for": request.peer,
        "x-forwarded-host": host,
        "x-forwarded-proto": "http",
        "x-real-ip": request.peer,
    }
    try:
        response = await network.http(
            process.container.config.pod_ip,
            request.method,
            f"http://{target[0]}:{target[1]}{request.target}",
            headers,
            request.body,
            60.0,
        )
    except NetworkError as error:
        return _page(504 if error.kind == "timeout" else 502)
    when = moment(process, "%d/%b/%Y:%H:%M:%S +0000")
    process.say(
        f'{request.peer} - - [{when}] "{request.method} {request.target} HTTP/1.1" {response.status} {len(response.body)} '
        f"[{backend.namespace}-{backend.service}-{backend.port}] {target[0]}:{target[1]}\n"
    )
    return response


def _page(status: int) -> HttpResponse:
    text = PHRASES[status]
    return HttpResponse(
        status,
        f"<html>\r\n<head><title>{text}</title></head>\r\n<body>\r\n<center><h1>{text}</h1></center>\r\n"
        "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n".encode(),
        {"Content-Type": "text/html"},
    )
