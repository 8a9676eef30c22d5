"""``rollout status``: watches until a rollout is done (kubectl, ``polymorphichelpers``: ``rollout_status.go``)."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.client import APIResource
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError, raise_all
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.infos import Info, select
from k8s_tutor.kubectl.options import FILENAME, SELECTOR
from k8s_tutor.kubectl.rollouts import revision
from k8s_tutor.kubectl.verbs._rollout_changes import require_resource
from k8s_tutor.kubectl.watching import Deadline, of_one, watched


class Status(Verb):
    """Shows how far a rollout is."""

    name = "status"
    usage = "rollout status (TYPE NAME | TYPE/NAME) [flags] [options]"
    short = "Show the status of the rollout"
    flags = (
        *FILENAME,
        SELECTOR,
        Flag("watch", "bool", short="w", default=True, help="wait until it is done"),
        Flag("revision", "int", help="end when another revision is rolled out"),
        Flag("timeout", "duration", help="how long to wait; 0 waits for ever"),
    )

    def validate(self, call: Call) -> None:
        require_resource(call)
        if call.flag("revision") < 0:
            raise CommandError(f"revision must be a positive integer: {call.flag('revision')}")

    def run(self, call: Call) -> int:
        selection = select(call, allow_all=True)
        found = False
        for info in selection.infos():
            found = True
            self._follow(call, info)
        raise_all(selection.errors)
        if not found:
            call.err(f"No resources found in {call.namespace} namespace.")
        return 0

    def _follow(self, call: Call, info: Info) -> None:
        if self._told(call, info.resource, info.object) or not call.flag("watch"):
            return
        deadline = Deadline(call.flag("timeout"))
        with watched(call, info.collection, of_one(info, info.object), seconds=deadline.remaining) as watch:
            for event in watch:
                if event.type == "DELETED":
                    raise CommandError("object has been deleted")
                if event.type in {"ADDED", "MODIFIED"} and self._told(call, info.resource, event.object):
                    return
        if deadline.over:
            raise CommandError("timed out waiting for the condition")

    def _told(self, call: Call, resource: APIResource, body: Json) -> bool:
        text, done = rollout_status(resource.kind, body, call.flag("revision"))
        call.write(text)
        call.streams.stdout.flush()
        return done


def rollout_status(kind: str, body: Json, wanted: int = 0) -> tuple[str, bool]:
    """Return what to say about a rollout, and whether it is done.

    Raises:
        CommandError: it failed, or the kind has no rollouts.
    """
    if kind == "Deployment":
        return _deployment(body, wanted)
    if kind == "DaemonSet":
        return _daemon_set(body)
    if kind == "StatefulSet":
        return _stateful_set(body)
    raise CommandError(f"no status viewer has been implemented for {kind}")


def _deployment(body: Json, wanted: int) -> tuple[str, bool]:
    name, spec, status = body["metadata"]["name"], body["spec"], body.get("status") or {}
    if wanted > 0 and revision(body) != wanted:
        raise CommandError(f"desired revision ({wanted}) is different from the running revision ({revision(body)})")
    if body["metadata"].get("generation", 0) > status.get("observedGeneration", 0):
        return "Waiting for deployment spec update to be observed...\n", False
    for condition in status.get("conditions") or ():
        if condition.get("type") == "Progressing" and condition.get("reason") == "ProgressDeadlineExceeded":
            raise CommandError(f'deployment "{name}" exceeded its progress deadline')
    desired, updated = spec.get("replicas", 1), status.get("updatedReplicas", 0)
    total, available = status.get("replicas", 0), status.get("availableReplicas", 0)
    head = f'Waiting for deployment "{name}" rollout to finish: '
    if updated < desired:
        return f"{head}{updated} out of {desired} new replicas have been updated...\n", False
    if total > updated:
        return f"{head}{total - updated} old replicas are pending termination...\n", False
    if available < updated:
        return f"{head}{available} of {updated} updated replicas are available...\n", False
    return f'deployment "{name}" successfully rolled out\n', True


def _daemon_set(body: Json) -> tuple[str, bool]:
    name, spec, status = body["metadata"]["name"], body["spec"], body.get("status") or {}
    if (spec.get("updateStrategy") or {}).get("type") != "RollingUpdate":
        raise CommandError("rollout status is only available for RollingUpdate strategy type")
    if body["metadata"].get("generation", 0) > status.get("observedGeneration", 0):
        return "Waiting for daemon set spec update to be observed...\n", False
    desired, updated = status.get("desiredNumberScheduled", 0), status.get("updatedNumberScheduled", 0)
    available = status.get("numberAvailable", 0)
    head = f'Waiting for daemon set "{name}" rollout to finish: '
    if updated < desired:
        return f"{head}{updated} out of {desired} new pods have been updated...\n", False
    if available < desired:
        return f"{head}{available} of {desired} updated pods are available...\n", False
    return f'daemon set "{name}" successfully rolled out\n', True


def _stateful_set(body: Json) -> tuple[str, bool]:
    spec, status = body["spec"], body.get("status") or {}
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type") != "RollingUpdate":
        raise CommandError("rollout status is only available for RollingUpdate strategy type")
    observed = status.get("observedGeneration", 0)
    if not observed or body["metadata"].get("generation", 0) > observed:
        return "Waiting for statefulset spec update to be observed...\n", False
    desired, ready = spec.get("replicas", 1), status.get("readyReplicas", 0)
    if ready < desired:
        return f"Waiting for {desired - ready} pods to be ready...\n", False
    partition = (strategy.get("rollingUpdate") or {}).get("partition", 0)
    updated = status.get("updatedReplicas", 0)
    if partition:
        if updated < desired - partition:
            return (
                (
                    f"Waiting for partitioned roll out to finish: {updated} out of {desired - partition} new pods have been "
                    "updated...\n"
                ),
                False,
            )
        return f"partitioned roll out complete: {updated} new pods have been updated...\n", True
    if status.get("updateRevision") != status.get("currentRevision"):
        return (
            (
                f"waiting for statefulset rolling update to complete {updated} pods at revision "
                f"{status.get('updateRevision', '')}...\n"
            ),
            False,
        )
    total = status.get("currentReplicas", 0)
    return (
        f"statefulset rolling update complete {total} pods at revision {status.get('currentRevision', '')}...\n",
        True,
    )
