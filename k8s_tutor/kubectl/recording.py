"""``--record``: the command in the annotation that ``rollout history`` shows (cli-runtime, ``ChangeCauseRecorder``)."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.actions import patch_object
from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.infos import Info
from k8s_tutor.kubectl.patchtypes import MERGE
from k8s_tutor.kubectl.rollouts import CHANGE_CAUSE


def recorded(call: Call, body: Json) -> Json:
    """Return the object with this command as the cause of its change, if that is wanted."""
    if not call.words.get("record"):
        return body
    metadata = body.get("metadata") or {}
    annotations = {**(metadata.get("annotations") or {}), CHANGE_CAUSE: _command(call)}
    return {**body, "metadata": {**metadata, "annotations": annotations}}


def record(call: Call, info: Info, manager: str) -> None:
    """Annotate the object on the server, after a change that its own request cannot tell."""
    if call.words.get("record"):
        patch = {"metadata": {"annotations": {CHANGE_CAUSE: _command(call)}}}
        patch_object(call, info, patch, MERGE, manager)


def _command(call: Call) -> str:
    """Write the call as one line: words first, then flags as ``--name=value``."""
    flags = [f"--{flag.name}={text}" for flag, text in call.words.given]
    return " ".join([call.path, *call.arguments, *flags])
