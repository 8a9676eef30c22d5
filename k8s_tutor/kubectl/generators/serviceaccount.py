"""``create serviceaccount``."""

from typing import Any

from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.generators.base import COMMON, Generator, api


class ServiceAccount(Generator):
    """Makes a ServiceAccount."""

    name = "serviceaccount"
    aliases = ("sa",)
    usage = "create serviceaccount NAME [--dry-run=server|client|none] [options]"
    short = "Create a service account with the specified name"
    resource = api("", "v1", "serviceaccounts", "ServiceAccount")
    failure = "failed to create serviceaccount: "
    flags = COMMON

    def make(self, call: Call, name: str) -> dict[str, Any]:
        return {"metadata": {"name": name}}


GENERATOR = ServiceAccount
