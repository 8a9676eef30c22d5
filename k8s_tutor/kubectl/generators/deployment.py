"""``create deployment``."""

import random
import re
from typing import Any

from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import COMMON, Generator, api, container


class Deployment(Generator):
    """Makes a Deployment of one or several images."""

    name = "deployment"
    aliases = ("deploy",)
    usage = "create deployment NAME --image=image -- [COMMAND] [args...] [options]"
    short = "Create a deployment with the specified name"
    resource = api("apps", "v1", "deployments", "Deployment")
    failure = "failed to create deployment: "
    required = ("image",)
    flags = (
        Flag("image", "list", help="image of a container; may repeat"),
        Flag("replicas", "int32", short="r", default=1, help="number of pods"),
        Flag("port", "int32", default=-1, help="port of the first container"),
        *COMMON,
    )

    def validate(self, call: Call) -> None:
        if len(call.flag("image")) > 1 and self.command:
            raise CommandError("cannot specify multiple --image options and command")

    def make(self, call: Call, name: str) -> dict[str, Any]:
        containers = [container(image_name(image), image, self.command) for image in call.flag("image")]
        if call.flag("port") >= 0:
            containers[0]["ports"] = [{"containerPort": call.flag("port")}]
        labels = {"app": name}
        return {
            "metadata": {"name": name, "labels": labels},
            "spec": {
                "replicas": call.flag("replicas"),
                "selector": {"matchLabels": labels},
                "strategy": {},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
            },
            "status": {},
        }


def image_name(image: str) -> str:
    """Return a container's name from its image: the last part, without tag and digest."""
    base = image.rsplit("/", 1)[-1].split(":", 1)[0].split("@", 1)[0]
    if not re.search(r"[_.]", base):
        return base
    # Two images may become the same name: five random letters keep them apart.
    return re.sub(r"[_.]", "-", base) + "-" + "".join(random.choices("bcdfghjklmnpqrstvwxz2456789", k=5))


GENERATOR = Deployment
