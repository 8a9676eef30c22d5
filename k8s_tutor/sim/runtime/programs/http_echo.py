"""``http-echo``: a server that answers every request with one text."""

from typing import TYPE_CHECKING

from k8s_tutor.sim.network import HttpRequest, HttpResponse
from k8s_tutor.sim.runtime.programs.registry import resident
from k8s_tutor.sim.runtime.programs.serving import listen, stop_on
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
            f"{moment(process, '%Y/%m/%d %H:%M:%S')} {request.headers.get('host', '')} {request.peer}:{request.peer_port} "
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
