"""``create cronjob``."""

from typing import Any

from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import COMMON, Generator, api, container


class CronJob(Generator):
    """Makes a CronJob."""

    name = "cronjob"
    aliases = ("cj",)
    usage = "create cronjob NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...] [flags] [options]"
    short = "Create a cron job with the specified name"
    resource = api("batch", "v1", "cronjobs", "CronJob")
    failure = "failed to create cronjob: "
    required = ("image", "schedule")
    flags = (
        Flag("image", help="image to run"),
        Flag("schedule", help="when, in cron's five fields"),
        Flag("restart", help="OnFailure or Never"),
        *COMMON,
    )

    def make(self, call: Call, name: str) -> dict[str, Any]:
        spec = {
            "containers": [container(name, call.flag("image"), self.command)],
            "restartPolicy": call.flag("restart") or "OnFailure",
        }
        template = {"metadata": {"name": name}, "spec": {"template": {"metadata": {}, "spec": spec}}}
        return {
            "metadata": {"name": name},
            "spec": {"schedule": call.flag("schedule"), "jobTemplate": template},
            "status": {},
        }


GENERATOR = CronJob
