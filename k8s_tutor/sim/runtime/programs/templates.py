"""Texts of image profiles: ``{hostname}``, ``{env:NAME}``, ``{header:Name}``, ``{now:FORMAT}`` and the like."""

import datetime
import re
from typing import TYPE_CHECKING

from k8s_tutor.sim.network.http import HttpRequest

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

_FIELD = re.compile(r"\{(\w+)(?::([^{}]*))?\}")


def moment(process: "Process", pattern: str) -> str:
    """Return the cluster's time in UTC by a strftime pattern."""
    return datetime.datetime.fromtimestamp(process.container.clock.now(), datetime.UTC).strftime(pattern)


def fill(text: str, process: "Process", request: HttpRequest | None = None, **more: object) -> str:
    """Return the text with its fields filled in; what is no field stays."""
    container = process.container

    def value(match: re.Match[str]) -> str:
        name, argument = match[1], match[2] or ""
        if name in more:
            return str(more[name])
        known = {
            "hostname": lambda: container.hostname,
            "ip": lambda: container.config.pod_ip,
            "namespace": lambda: container.config.namespace,
            "node": lambda: container.config.node_name,
            "version": lambda: container.image.version,
            "pid": lambda: str(process.pid),
            "env": lambda: process.env.get(argument, ""),
            "arg": lambda: process.argv[int(argument)] if int(argument) < len(process.argv) else "",
            "now": lambda: moment(process, argument or "%Y-%m-%dT%H:%M:%SZ"),
        }
        if name in known:
            return known[name]()
        if request is not None:
            return _of_request(request, name, argument, match[0])
        return match[0]

    return _FIELD.sub(value, text)


def _of_request(request: HttpRequest, name: str, argument: str, otherwise: str) -> str:
    known = {
        "method": request.method,
        "path": request.path,
        "target": request.target,
        "client": request.peer,
        "http": request.version,
        "body": request.body.decode("utf-8", "replace"),
    }
    if name == "header":
        return request.headers.get(argument.lower(), "-")
    if name == "query":
        return request.query.get(argument, "")
    if name == "headers":
        return "".join(f"{key.title()}: {value}\n" for key, value in request.headers.items())
    return known.get(name, otherwise)
