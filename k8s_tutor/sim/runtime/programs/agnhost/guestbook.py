"""``guestbook``: a store of entries with replicas, and the page's back end, as in the guestbook example."""

from typing import TYPE_CHECKING

import orjson

from k8s_tutor.sim.network import HttpRequest, HttpResponse, NetworkError
from k8s_tutor.sim.runtime.programs.agnhost.command import Flags, fatal, log, subcommand
from k8s_tutor.sim.runtime.programs.resolving import resolve
from k8s_tutor.sim.runtime.programs.serving import listen

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

PATIENCE, RETRY_SECONDS, DIAL_SECONDS = 15.0, 1.0, 5.0
HOSTS = {"get": "agnhost-replica", "set": "agnhost-primary"}


@subcommand("guestbook", http_port="80", backend_port="6379", replicaof="")
async def guestbook(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Serve; as a replica first register with the primary."""
    del operands
    book = Guestbook(process, flags["backend-port"])
    if not listen(process, int(flags["http-port"]), book.answer):
        return await fatal(process, f"listen tcp :{flags['http-port']}: bind: address already in use")
    if flags["replicaof"] and not await process.pause(book.register(flags["replicaof"])):
        return await fatal(process, "Timed out while registering to primary.")
    await process.forever()
    return 0


class Guestbook:
    """The store of one node, and who copies it."""

    def __init__(self, process: "Process", port: str) -> None:
        self._process, self._port = process, port
        self._store: dict[str, str] = {}
        self._replicas: list[str] = []

    async def register(self, primary: str) -> bool:
        """Take over the primary's entries and be told of new ones."""
        clock = self._process.container.clock
        start = clock.now()
        place = f"register?host={self._process.container.config.pod_ip}"
        while clock.now() - start < PATIENCE:
            try:
                log(self._process, f"Registering to primary: {primary}:{self._port}/{place}")
                self._store = orjson.loads(await self._ask(primary, place))["data"]
            except NetworkError as error:
                log(self._process, f"encountered error while registering to primary: {error}. Retrying in 1s.")
                await clock.sleep(RETRY_SECONDS)
            else:
                log(self._process, f"Registered to node: {primary}")
                return True
        return False

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer a request by its path."""
        query = request.query
        log(self._process, f"GET {request.target}")
        if request.path == "/register":
            self._replicas.append(query.get("host", ""))
            return HttpResponse(200, orjson.dumps({"data": self._store}))
        if request.path == "/get":
            key = query.get("key", "")
            return HttpResponse(200, orjson.dumps({"data": self._store.get(key, "") if key else self._store}))
        if request.path == "/set":
            return await self._set(query.get("key", ""), query.get("value", ""))
        if request.path == "/guestbook":
            return await self._forward(query.get("cmd", "").lower(), query.get("key", ""), query.get("value", ""))
        return HttpResponse(404, b"404 page not found\n")

    async def _set(self, key: str, value: str) -> HttpResponse:
        if not key:
            return HttpResponse(400, b"cannot set with empty key.\n")
        self._store[key] = value
        for replica in self._replicas:
            try:
                await self._ask(replica, f"set?key={key}&value={value}")
            except NetworkError as error:
                words = f"encountered error while propagating to replica '{replica}': {error}\n"
                return HttpResponse(417, words.encode())
        return HttpResponse(200, b'{"message":"Updated"}')

    async def _forward(self, command: str, key: str, value: str) -> HttpResponse:
        if command not in HOSTS:
            return HttpResponse(400, f"unsupported cmd: '{command}'\n".encode())
        if command == "set" and not key:
            return HttpResponse(400, b"cannot set with empty key.\n")
        try:
            text = await self._ask(HOSTS[command], f"{command}?key={key}&value={value}")
        except NetworkError as error:
            return HttpResponse(417, f"encountered error: {error}\n".encode())
        return HttpResponse(200, text.encode())

    async def _ask(self, host: str, what: str) -> str:
        addresses = await resolve(self._process, host)
        if not addresses:
            raise NetworkError("unknown-host", f"lookup {host}: no such host")
        container = self._process.container
        url = f"http://{addresses[0]}:{self._port}/{what}"
        response = await container.runtime.network.http(container.config.pod_ip, "GET", url, timeout=DIAL_SECONDS)
        return response.text
