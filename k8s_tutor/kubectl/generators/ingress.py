"""``create ingress``: rules as ``host/path=service:port[,tls[=secret]]``."""

import re
from typing import Any

from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import COMMON, Generator, api

_RULE = re.compile(
    r"^(?P<host>[\w\*\-\.]*)(?P<path>/.*)=(?P<service>[^:,=]+):(?P<port>[^:,=]+)(?:,tls(?:=(?P<secret>.*))?)?$"
)


class Ingress(Generator):
    """Makes an Ingress."""

    name = "ingress"
    aliases = ("ing",)
    usage = "create ingress NAME --rule=host/path=service:port[,tls[=secret]] [options]"
    short = "Create an ingress with the specified name"
    resource = api("networking.k8s.io", "v1", "ingresses", "Ingress")
    failure = "failed to create ingress: "
    flags = (
        Flag("class", help="the ingress class"),
        Flag("rule", "array", help="host/path=service:port[,tls[=secret]]; a path with * at its end is a prefix"),
        Flag("default-backend", help="service:port for all other requests"),
        Flag("annotation", "array", help="key=value; may repeat"),
        *COMMON,
    )

    def validate(self, call: Call) -> None:
        if not call.flag("default-backend") and not call.flag("rule"):
            raise CommandError(
                "not enough information provided: every ingress has to either specify a default-backend (which catches "
                "all traffic) or a list of rules (which catch specific paths)"
            )
        for rule in call.flag("rule"):
            if not _RULE.match(rule):
                raise CommandError(
                    f"rule {rule} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"
                )
        for annotation in call.flag("annotation"):
            if not annotation.partition("=")[1]:
                raise CommandError(f"annotation {annotation} is invalid and should be in format key=[value]")
        if call.flag("default-backend") and len(call.flag("default-backend").split(":")) != 2:
            raise CommandError("default-backend should be in format servicename:serviceport")

    def make(self, call: Call, name: str) -> dict[str, Any]:
        metadata: dict[str, Any] = {"name": name}
        if call.flag("annotation"):
            metadata["annotations"] = dict(part.partition("=")[::2] for part in call.flag("annotation"))
        spec: dict[str, Any] = {}
        if call.flag("class"):
            spec["ingressClassName"] = call.flag("class")
        if call.flag("default-backend"):
            spec["defaultBackend"] = _backend(*call.flag("default-backend").split(":"))
        if call.flag("rule"):
            spec["rules"] = _rules(call.flag("rule"))
        if tls := _tls(call.flag("rule")):
            spec["tls"] = tls
        return {"metadata": metadata, "spec": spec, "status": {"loadBalancer": {}}}


def _backend(service: str, port: str) -> dict[str, Any]:
    return {"service": {"name": service, "port": {"number": int(port)} if port.isdigit() else {"name": port}}}


def _rules(words: list[str]) -> list[dict[str, Any]]:
    hosts: dict[str, list[dict[str, Any]]] = {}
    for word in words:
        match = _RULE.match(word)
        if match is None:
            continue
        path = match["path"]
        prefix = path.endswith("*")
        hosts.setdefault(match["host"], []).append(
            {
                "path": path[:-1] if prefix else path,
                "pathType": "Prefix" if prefix else "Exact",
                "backend": _backend(match["service"], match["port"]),
            }
        )
    return [{**({"host": host} if host else {}), "http": {"paths": paths}} for host, paths in hosts.items()]


def _tls(words: list[str]) -> list[dict[str, Any]]:
    secrets: dict[str, list[str]] = {}
    for word in words:
        match = _RULE.match(word)
        if match is None or ",tls" not in word:
            continue
        hosts = secrets.setdefault(match["secret"] or "", [])
        if match["host"] and match["host"] not in hosts:
            hosts.append(match["host"])
    return [
        {**({"hosts": hosts} if hosts else {}), **({"secretName": secret} if secret else {})}
        for secret, hosts in secrets.items()
        if hosts or secret
    ]


GENERATOR = Ingress
