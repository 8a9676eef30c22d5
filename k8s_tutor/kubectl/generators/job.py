"""``create job``: of an image, or of a CronJob's template."""

from typing import Any

from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import COMMON, Generator, api, container
from k8s_tutor.kubectl.infos import resolve


class Job(Generator):
    """Makes a Job."""

    name = "job"
    usage = "create job NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...] [options]"
    short = "Create a job with the specified name"
    resource = api("batch", "v1", "jobs", "Job")
    failure = "failed to create job: "
    flags = (
        Flag("image", help="image to run"),
        Flag("from", help="cronjob/NAME whose template to use"),
        *COMMON,
    )

    def validate(self, call: Call) -> None:
        if bool(call.flag("image")) == bool(call.flag("from")):
            raise CommandError("either --image or --from must be specified")
        if self.command and call.flag("from"):
            raise CommandError("cannot specify --from and command")

    def make(self, call: Call, name: str) -> dict[str, Any]:
        if call.flag("from"):
            return self._from(call, name)
        spec = {"containers": [container(name, call.flag("image"), self.command)], "restartPolicy": "Never"}
        template = {"metadata": {}, "spec": spec}
        return {"metadata": {"name": name}, "spec": {"template": template}, "status": {}}

    def _from(self, call: Call, name: str) -> dict[str, Any]:
        kind, slash, source = call.flag("from").partition("/")
        resource = resolve(call, kind)
        if not slash:
            raise CommandError("resource(s) were provided, but no name was specified")
        found = call.client.get(resource.path(call.namespace, source))
        if resource.kind != "CronJob":
            raise CommandError(f"unknown object type *{resource.version}.{resource.kind}")
        template = found["spec"]["jobTemplate"]
        metadata = template.get("metadata") or {}
        owner = {
            "apiVersion": "batch/v1",
            "controller": True,
            "kind": "CronJob",
            "name": found["metadata"]["name"],
            "uid": found["metadata"]["uid"],
        }
        annotations = {"cronjob.kubernetes.io/instantiate": "manual", **(metadata.get("annotations") or {})}
        made: dict[str, Any] = {"name": name, "annotations": annotations, "ownerReferences": [owner]}
        if metadata.get("labels"):
            made["labels"] = metadata["labels"]
        return {"metadata": made, "spec": template["spec"], "status": {}}


GENERATOR = Job
