"""``create quota``."""

from typing import Any

from k8s_tutor.apimachinery.quantity import Quantity, QuantityError
from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import COMMON, Generator, api


class Quota(Generator):
    """Makes a ResourceQuota."""

    name = "quota"
    aliases = ("resourcequota",)
    usage = "create quota NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [options]"
    short = "Create a quota with the specified name"
    resource = api("", "v1", "resourcequotas", "ResourceQuota")
    failure = "failed to create quota: "
    flags = (
        Flag("hard", help="limits, as pods=5,cpu=2"),
        Flag("scopes", help="scopes that all must match"),
        *COMMON,
    )

    def make(self, call: Call, name: str) -> dict[str, Any]:
        spec: dict[str, Any] = {}
        if call.flag("hard"):
            spec["hard"] = resource_list(call.flag("hard"), "Invalid argument syntax")
        if call.flag("scopes"):
            scopes = call.flag("scopes").split(",")
            if "" in scopes:
                raise CommandError('invalid resource quota scope ""')
            spec["scopes"] = scopes
        return {"metadata": {"name": name}, "spec": spec, "status": {}}


def resource_list(text: str, complaint: str) -> dict[str, str]:
    """Read ``cpu=1,memory=2Gi``.

    Raises:
        CommandError: a part is not an amount.
    """
    found = {}
    for part in text.split(","):
        key, equals, value = part.partition("=")
        if not equals or "=" in value:
            raise CommandError(f"{complaint} {part}, expected <resource>=<value>")
        try:
            found[key] = str(Quantity.parse(value))
        except QuantityError as error:
            raise CommandError(str(error)) from None
    return found


GENERATOR = Quota
