"""``create service clusterip``, ``nodeport``, ``loadbalancer`` and ``externalname``."""

import re
from typing import Any, ClassVar

from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import COMMON, Generator, api
from k8s_tutor.kubectl.text import quoted
from k8s_tutor.kubectl.verbgroup import VerbGroup

_SERVICE = api("", "v1", "services", "Service")
_TCP = Flag("tcp", "list", help="port or port:targetPort; may repeat")


class _Service(Generator):
    resource = _SERVICE
    type_name: ClassVar[str] = ""

    def validate(self, call: Call) -> None:
        headless = call.words.get("clusterip") == "None"
        if not call.words.get("tcp") and not headless and self.type_name != "ExternalName":
            raise CommandError("at least one tcp port specifier must be provided")

    def make(self, call: Call, name: str) -> dict[str, Any]:
        spec: dict[str, Any] = {"type": self.type_name, "selector": {"app": name}}
        ports = [_port(word, call.words.get("node-port") or 0) for word in call.flag("tcp")]
        if ports:
            spec["ports"] = ports
        if call.words.get("clusterip"):
            spec["clusterIP"] = call.flag("clusterip")
        if call.words.get("external-name"):
            spec["externalName"] = call.flag("external-name")
        metadata = {"name": name, "labels": {"app": name}}
        return {"metadata": metadata, "spec": spec, "status": {"loadBalancer": {}}}


def port_number(word: str) -> int:
    """Read a port as Go does.

    Raises:
        CommandError: it is none.
    """
    if not re.fullmatch(r"\d+", word):
        raise CommandError(f"strconv.ParseUint: parsing {quoted(word)}: invalid syntax")
    if int(word) > 65535:
        raise CommandError(f"strconv.ParseUint: parsing {quoted(word)}: value out of range")
    return int(word)


def _port(word: str, node_port: int) -> dict[str, Any]:
    first, _, target = word.partition(":")
    number = port_number(first)
    made: dict[str, Any] = {"name": word.replace(":", "-"), "port": number, "protocol": "TCP"}
    made["targetPort"] = int(target) if target.isdigit() else target or number
    if node_port:
        made["nodePort"] = node_port
    return made


class ClusterIP(_Service):
    """Makes a Service inside the cluster."""

    name = "clusterip"
    usage = "create service clusterip NAME [--tcp=<port>:<targetPort>] [options]"
    short = "Create a ClusterIP service"
    type_name = "ClusterIP"
    failure = "failed to create ClusterIP service: "
    flags = (_TCP, Flag("clusterip", help="an address, or None"), *COMMON)


class NodePort(_Service):
    """Makes a Service on a port of every node."""

    name = "nodeport"
    usage = "create service nodeport NAME [--tcp=port:targetPort] [options]"
    short = "Create a NodePort service"
    type_name = "NodePort"
    failure = "failed to create NodePort service: "
    flags = (_TCP, Flag("node-port", "int", help="the port of the nodes"), *COMMON)


class LoadBalancer(_Service):
    """Makes a Service behind a load balancer."""

    name = "loadbalancer"
    usage = "create service loadbalancer NAME [--tcp=port:targetPort] [options]"
    short = "Create a LoadBalancer service"
    type_name = "LoadBalancer"
    failure = "failed to create LoadBalancer service: "
    flags = (_TCP, *COMMON)


class ExternalName(_Service):
    """Makes a Service that is another DNS name."""

    name = "externalname"
    usage = "create service externalname NAME --external-name external.name [options]"
    short = "Create an ExternalName service"
    type_name = "ExternalName"
    failure = "failed to create ExternalName service: "
    required = ("external-name",)
    flags = (_TCP, Flag("external-name", help="the DNS name"), *COMMON)


class Service(VerbGroup):
    """Groups the types of services."""

    name = "service"
    aliases = ("svc",)
    usage = "create service [flags] [options]"
    short = "Create a service using a specified subcommand"
    subverbs = (ClusterIP, ExternalName, LoadBalancer, NodePort)


GENERATOR = Service
