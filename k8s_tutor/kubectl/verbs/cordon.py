"""``kubectl cordon`` and, as its opposite, ``uncordon`` (kubectl, ``cmd/drain``)."""

from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.actions import dry_run, patch_object, tell
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError, raise_all
from k8s_tutor.kubectl.infos import Info, select
from k8s_tutor.kubectl.options import DRY_RUN, SELECTOR
from k8s_tutor.kubectl.patchtypes import STRATEGIC


class Cordon(Verb):
    """Keeps new pods away from a node."""

    name = "cordon"
    usage = "cordon NODE [options]"
    short = "Mark node as unschedulable"
    group = "Cluster Management Commands"
    flags = (SELECTOR, DRY_RUN)
    wanted = True
    done = "cordoned"

    def validate(self, call: Call) -> None:
        if not call.arguments and not call.flag("selector"):
            raise call.usage(f"USAGE: {self.usage.removesuffix(' [options]')} [flags]")
        if call.arguments and call.flag("selector"):
            raise call.usage("error: cannot specify both a node name and a --selector option")

    def run(self, call: Call) -> int:
        failures: list[Exception] = []
        for info in nodes(call, failures):
            try:
                cordon(call, info, wanted=self.wanted, done=self.done)
            except ApiError as error:
                call.err(f'error: unable to {self.name} node "{info.name}": {error}')
        raise_all(failures)
        return 0


def nodes(call: Call, failures: list[Exception]) -> list[Info]:
    """Read the nodes that a call names."""
    words = [word.split("/", 1)[1] if word.startswith(("node/", "nodes/", "no/")) else word for word in call.arguments]
    if any("/" in word for word in words):
        kind = words[0].split("/")[0]
        raise CommandError(f"error: expected resource of type node, got {kind!r}".replace("'", '"'), bare=True)
    selection = select(call, ["nodes", *words])
    infos = list(selection.infos())
    failures += selection.errors
    return infos


def cordon(call: Call, info: Info, *, wanted: bool, done: str) -> None:
    """Mark one node, and tell it."""
    if bool(info.object["spec"].get("unschedulable")) == wanted:
        tell(call, info.resource, info.object, f"already {done}")
        return
    body = info.object
    if dry_run(call) != "client":
        body = patch_object(call, info, {"spec": {"unschedulable": wanted or None}}, STRATEGIC, "kubectl-cordon")
    tell(call, info.resource, body, done)


VERB = Cordon
