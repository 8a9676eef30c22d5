"""``create namespace``."""

from typing import Any

from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.generators.base import COMMON, Generator, api


class Namespace(Generator):
    """Makes a Namespace."""

    name = "namespace"
    aliases = ("ns",)
    usage = "create namespace NAME [--dry-run=server|client|none] [options]"
    short = "Create a namespace with the specified name"
    resource = api("", "v1", "namespaces", "Namespace", namespaced=False)
    flags = COMMON

    def make(self, call: Call, name: str) -> dict[str, Any]:
        return {"metadata": {"name": name}, "spec": {}, "status": {}}


GENERATOR = Namespace
