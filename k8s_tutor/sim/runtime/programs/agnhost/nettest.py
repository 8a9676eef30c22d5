"""``nettest``: a server that notes who has written to it, for tests of hooks and networks.

It looks for no peers of its own accord (the original asks the API for its Service's endpoints): what it tells is who
has found it.
"""

import json
from collections import Counter
from typing import TYPE_CHECKING

from k8s_tutor.sim.network import HttpRequest, HttpResponse
from k8s_tutor.sim.runtime import signals
from k8s_tutor.sim.runtime.programs.agnhost.answers import text
from k8s_tutor.sim.runtime.programs.agnhost.command import Flags, fatal, log, subcommand
from k8s_tutor.sim.runtime.programs.serving import listen, stop_on

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

SEARCH_SECONDS = 300.0


class State:
    """What the server has heard, as it shows it."""

    def __init__(self, process: "Process", peers: int) -> None:
        self._process = process
        self._peers = peers
        self._begun = process.container.clock.now()
        self._received: Counter[str] = Counter()
        self._errors: list[str] = []

    @property
    def _searching(self) -> bool:
        return self._process.container.clock.now() - self._begun < SEARCH_SECONDS

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        if request.path == "/quit":
            self._process.end(0)
            return HttpResponse(200)
        if request.path == "/read":
            return text(json.dumps(self._shown(), indent="\t"))
        if request.path == "/write":
            return self._write(request)
        if request.path == "/status":
            # Nobody was contacted, so that no number of visitors is enough.
            return text("pass" if not self._peers else "running" if self._searching else "fail")
        return text("404 page not found\n", 404)

    def _shown(self) -> dict[str, object]:
        return {
            "Hostname": self._process.container.hostname,
            "Sent": None,
            "Received": dict(sorted(self._received.items())) or None,
            "Errors": self._errors or None,
            "Log": None,
            "StillContactingPeers": self._searching,
        }

    def _write(self, request: HttpRequest) -> HttpResponse:
        hostname = self._process.container.hostname
        try:
            source = json.loads(request.body).get("Source", "")
        except (ValueError, AttributeError) as error:
            self._errors.append(str(error))
            source = ""
        if source:
            self._received[source] += 1
        else:
            self._errors.append(f"{hostname}: Got request with no source")
        return text(json.dumps({"Hostname": hostname}) + "\n")


@subcommand("nettest", port="8080", peers="8", service="nettest", namespace="default", delay_shutdown="0")
async def nettest(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Serve until ``/quit``."""
    del operands
    if not flags["service"]:
        return await fatal(process, "Must provide -service flag.")
    port, delay = int(flags["port"]), int(flags["delay-shutdown"])
    if not listen(process, port, State(process, int(flags["peers"])).answer):
        return await fatal(process, f"listen tcp :{port}: bind: address already in use")
    if delay:
        said = f"Sleeping {delay} seconds before exit ..."
        stop_on(process, (signals.SIGTERM,), 0, delay, lambda: log(process, said))
    await process.forever()
    return 0
