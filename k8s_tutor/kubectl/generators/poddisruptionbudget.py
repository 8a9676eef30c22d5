"""``create poddisruptionbudget``."""

import re
from typing import Any

from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import COMMON, Generator, api


class PodDisruptionBudget(Generator):
    """Makes a PodDisruptionBudget."""

    name = "poddisruptionbudget"
    aliases = ("pdb",)
    usage = "create poddisruptionbudget NAME --selector=SELECTOR --min-available=N [options]"
    short = "Create a pod disruption budget with the specified name"
    resource = api("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget")
    failure = "failed to create poddisruptionbudgets: "
    flags = (
        Flag("min-available", help="number or percentage that must stay"),
        Flag("max-unavailable", help="number or percentage that may be gone"),
        Flag("selector", help="labels of the pods"),
        *COMMON,
    )

    def validate(self, call: Call) -> None:
        if not call.flag("selector"):
            raise CommandError("a selector must be specified")
        least, most = call.flag("min-available"), call.flag("max-unavailable")
        if not least and not most:
            raise CommandError("one of min-available or max-unavailable must be specified")
        if least and most:
            raise CommandError("min-available and max-unavailable cannot be both specified")
        for name, value in (("min-available", least), ("max-unavailable", most)):
            if value and not re.fullmatch(r"[0-9]+%?", value):
                raise CommandError(f"invalid format specified for {name}")

    def make(self, call: Call, name: str) -> dict[str, Any]:
        labels = dict(part.partition("=")[::2] for part in call.flag("selector").replace("==", "=").split(","))
        spec: dict[str, Any] = {"selector": {"matchLabels": labels}}
        for flag, key in (("min-available", "minAvailable"), ("max-unavailable", "maxUnavailable")):
            if call.flag(flag):
                spec[key] = int(call.flag(flag)) if call.flag(flag).isdigit() else call.flag(flag)
        status = dict.fromkeys(("currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods"), 0)
        return {"metadata": {"name": name}, "spec": spec, "status": status}


GENERATOR = PodDisruptionBudget
