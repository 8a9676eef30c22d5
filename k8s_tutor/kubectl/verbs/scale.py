"""``kubectl scale`` (kubectl, ``cmd/scale``), through the scale subresource."""

from typing import Any

from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.actions import dry_run, patch_object, tell
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError, raise_all
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.infos import Info, select
from k8s_tutor.kubectl.options import ALL, DRY_RUN, FILENAME, OUTPUT, RECORD, SELECTOR
from k8s_tutor.kubectl.patchtypes import MERGE
from k8s_tutor.kubectl.recording import record


class Scale(Verb):
    """Sets the number of replicas."""

    name = "scale"
    usage = "scale [--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME) [options]"
    short = "Set a new size for a deployment, replica set, or replication controller"
    group = "Deploy Commands"
    examples = """
kubectl scale deployment web --replicas=3
kubectl scale deployment/web --current-replicas=3 --replicas=1
"""
    required = ("replicas",)
    flags = (
        *FILENAME,
        SELECTOR,
        ALL,
        *OUTPUT,
        DRY_RUN,
        RECORD,
        Flag("replicas", "int", help="how many there shall be"),
        Flag("current-replicas", "int", default=-1, help="only if there are as many now"),
        Flag("resource-version", help="only if the object has this version"),
        Flag("timeout", "duration", help="how long to wait until it has this size"),
    )

    def validate(self, call: Call) -> None:
        if call.flag("replicas") < 0:
            raise CommandError("The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0")
        if call.flag("current-replicas") < -1:
            raise CommandError("The --current-replicas must specify an integer of -1 or greater")

    def run(self, call: Call) -> int:
        selection = select(call)
        infos = list(selection.infos())
        failures = selection.errors
        if len(infos) > 1 and call.flag("resource-version"):
            raise CommandError("cannot use --resource-version with multiple resources")
        for info in infos:
            try:
                self._scale(call, info)
            except (ApiError, CommandError) as error:
                failures.append(error)
        if not infos and not failures:
            raise CommandError("no objects passed to scale")
        raise_all(failures)
        return 0

    def _scale(self, call: Call, info: Info) -> None:
        wanted, current = call.flag("replicas"), call.flag("current-replicas")
        if dry_run(call) == "client":
            tell(call, info.resource, info.object, "scaled")
            return
        if "scale" not in info.resource.subresources:
            raise _cannot_scale()
        body: dict[str, Any] = {"spec": {"replicas": wanted}}
        if current >= 0 or call.flag("resource-version"):
            now = call.request("GET", info.path + "/scale")
            have = now["spec"].get("replicas", 0)
            if current >= 0 and have != current:
                raise CommandError(f"Expected replicas to be {current}, was {have}")
            version = now["metadata"].get("resourceVersion")
            if call.flag("resource-version") and version != call.flag("resource-version"):
                raise CommandError(f"Expected resource version to be {call.flag('resource-version')}, was {version}")
            now["spec"]["replicas"] = wanted
            call.request("PUT", info.path + "/scale", body=now, query=self._query(call))
        else:
            patch_object(call, info, body, MERGE, "kubectl-scale", "scale")
        record(call, info, "kubectl-scale")
        result = info.object
        if call.flag("output") and call.flag("output") != "name":
            result = call.request("GET", info.path)
        tell(call, info.resource, result, "scaled")

    def _query(self, call: Call) -> dict[str, Any]:
        return {"dryRun": "All"} if dry_run(call) == "server" else {}


def _cannot_scale() -> ApiError:
    message = "the server could not find the requested resource"
    return ApiError(404, "NotFound", message, {"kind": "Status", "reason": "NotFound", "message": message})


VERB = Scale
