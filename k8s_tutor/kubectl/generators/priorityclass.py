"""``create priorityclass``."""

from typing import Any

from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import COMMON, Generator, api


class PriorityClass(Generator):
    """Makes a PriorityClass."""

    name = "priorityclass"
    aliases = ("pc",)
    usage = "create priorityclass NAME --value=VALUE --global-default=BOOL [options]"
    short = "Create a priority class with the specified name"
    resource = api("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", namespaced=False)
    failure = "failed to create priorityclass: "
    flags = (
        Flag("value", "int32", help="the priority"),
        Flag("global-default", "bool", help="use it for pods that name none"),
        Flag("description", help="when to use it"),
        Flag("preemption-policy", default="PreemptLowerPriority", help="PreemptLowerPriority or Never"),
        *COMMON,
    )

    def make(self, call: Call, name: str) -> dict[str, Any]:
        body: dict[str, Any] = {"metadata": {"name": name}, "value": call.flag("value")}
        if call.flag("global-default"):
            body["globalDefault"] = True
        if call.flag("description"):
            body["description"] = call.flag("description")
        body["preemptionPolicy"] = call.flag("preemption-policy")
        return body


GENERATOR = PriorityClass
