"""A client that writes, watches and remembers what the server said, until the server dies under it."""

import contextlib
import http.client
import json
import ssl
import threading
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
MAPS = "/api/v1/namespaces/default/configmaps"
WEB = "/apis/apps/v1/namespaces/default/deployments/web"
DIED = (OSError, http.client.HTTPException, ValueError)


def connect(port: int) -> http.client.HTTPSConnection:
    """Return a connection to the process; who it is does not matter here."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)


def ask(to: http.client.HTTPSConnection, method: str, path: str, body: Json | None = None) -> tuple[int, Json]:
    """Return status and JSON of a request."""
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    headers = {"Authorization": "Bearer T", "Content-Type": kind}
    to.request(method, path, None if body is None else json.dumps(body), headers)
    answer = to.getresponse()
    return answer.status, json.loads(answer.read())


@dataclass
class Memory:
    """What the server has acknowledged and shown, over all its lives.

    Attributes:
        values: of ConfigMaps, by name: the last acknowledged number; None: acknowledged as deleted.
        trying: the number (or None) of a write that was sent and never answered: it may or may not have come to be.
        seen: the highest resource version that anybody was shown.
        backwards: what a watch showed out of order.
    """

    values: dict[str, int | None] = field(default_factory=dict)
    trying: dict[str, int | None] = field(default_factory=dict)
    replicas: set[int] = field(default_factory=set)
    seen: int = 0
    backwards: list[str] = field(default_factory=list)
    counter: int = 0


def write(port: int, memory: Memory, worker: int) -> None:
    """Create, patch and delete ConfigMaps until the server is gone."""
    number = memory.counter
    with contextlib.suppress(*DIED), contextlib.closing(connect(port)) as to:
        while True:
            number += 1
            name = f"w{worker}-{number % 7}"
            known = memory.values.get(name)
            if known is None:
                method, path, value = "POST", MAPS, number
                body: Json | None = {"metadata": {"name": name}, "data": {"n": str(number)}}
            elif number % 5 == 0:
                method, path, body, value = "DELETE", f"{MAPS}/{name}", None, None
            else:
                method, path, body, value = "PATCH", f"{MAPS}/{name}", {"data": {"n": str(number)}}, number
            memory.trying[name] = value
            status, answer = ask(to, method, path, body)
            assert status in {200, 201}, answer
            memory.values[name] = value
            del memory.trying[name]
            version = answer.get("metadata", {}).get("resourceVersion")
            memory.seen = max(memory.seen, int(version or 0))
            memory.counter = max(memory.counter, number)


def scale(port: int, memory: Memory) -> None:
    """Scale a Deployment up and down until the server is gone."""
    with contextlib.suppress(*DIED), contextlib.closing(connect(port)) as to:
        for count in range(10**6):
            replicas = count % 4 + 1
            before, memory.replicas = memory.replicas, memory.replicas | {replicas}
            status, answer = ask(to, "PATCH", WEB, {"spec": {"replicas": replicas}})
            assert status == 200, (answer, before)
            memory.replicas = {replicas}


def watch(port: int, memory: Memory) -> None:
    """Watch from the last version seen (at first: from now) until the server is gone."""
    with contextlib.suppress(*DIED), contextlib.closing(connect(port)) as to:
        # Without a version, a watch begins with what is there, in no order of versions.
        version = memory.seen or int(ask(to, "GET", MAPS)[1]["metadata"]["resourceVersion"])
        to.request("GET", f"{MAPS}?watch=1&resourceVersion={version}", headers={"Authorization": "Bearer T"})
        with to.getresponse() as stream:
            while line := stream.readline():
                event = json.loads(line)
                if event["type"] == "ERROR":
                    if event["object"]["code"] != 410:
                        memory.backwards.append(str(event))
                    return
                shown = int(event["object"]["metadata"]["resourceVersion"])
                if shown <= version:
                    memory.backwards.append(f"{shown} after {version}")
                version = shown
                memory.seen = max(memory.seen, shown)


def load(port: int, memory: Memory) -> list[threading.Thread]:
    """Start all of it; the threads end with the server."""
    work = [(watch, (port, memory)), (scale, (port, memory)), *((write, (port, memory, n)) for n in range(3))]
    threads = [threading.Thread(target=target, args=arguments, daemon=True) for target, arguments in work]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    return threads
