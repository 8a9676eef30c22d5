"""``rollout history``: revisions and why they were made, or one revision's template."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.describing.templates import write_template
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.errors import CommandError, raise_all
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.infos import Info, kind_name, select
from k8s_tutor.kubectl.options import FILENAME, OUTPUT, SELECTOR
from k8s_tutor.kubectl.rollouts import change_cause, controller_revisions, owned_replica_sets, revision, unvisited
from k8s_tutor.kubectl.tabwriter import aligned
from k8s_tutor.kubectl.verbs._rollout_changes import require_resource


class History(Verb):
    """Shows the revisions."""

    name = "history"
    usage = "rollout history (TYPE NAME | TYPE/NAME) [flags] [options]"
    short = "View rollout history"
    flags = (*FILENAME, SELECTOR, *OUTPUT, Flag("revision", "int", help="show the template of this revision"))

    def validate(self, call: Call) -> None:
        require_resource(call)
        if call.flag("revision") < 0:
            raise CommandError(f"revision must be a positive integer: {call.flag('revision')}")

    def run(self, call: Call) -> int:
        selection = select(call, allow_all=True)
        for info in selection.infos():
            self._show(call, info)
        raise_all(selection.errors)
        return 0

    def _show(self, call: Call, info: Info) -> None:
        wanted = call.flag("revision")
        revisions = self._revisions(call, info)
        if call.flag("output"):
            from k8s_tutor.kubectl.printers import printer_for

            show = printer_for(call.flag("output"), template=call.flag("template"))
            if wanted and wanted not in revisions:
                raise CommandError("unable to find the specified revision")
            for number in [wanted] if wanted else sorted(revisions):
                call.write(show(revisions[number][0]))
            return
        if wanted and wanted not in revisions:
            raise CommandError("unable to find the specified revision")
        head = f"{kind_name(info.resource)}/{info.name} "
        if wanted:
            body, template = revisions[wanted]
            template = _with_cause(template, body)
            view = View(call)
            write_template(view, template)
            call.out(f"{head}with revision #{wanted}")
            call.out(view.tabbed())
            return
        if not revisions:
            call.out(head)
            call.out("No rollout history found.")
            return
        rows = "".join(f"{number}\t{change_cause(revisions[number][0])}\n" for number in sorted(revisions))
        call.out(head)
        call.out(aligned(f"REVISION\tCHANGE-CAUSE\n{rows}", min_width=0, padding=2))

    def _revisions(self, call: Call, info: Info) -> dict[int, tuple[Json, Json]]:
        if info.resource.kind == "Deployment":
            found = owned_replica_sets(call.client, info.object)
            return {revision(one): (one, one["spec"].get("template") or {}) for one in found}
        if info.resource.kind in {"DaemonSet", "StatefulSet"}:
            history = controller_revisions(call.client, info.object)
            return {one.get("revision", 0): (one, _applied(info.object, one)) for one in history}
        raise CommandError(unvisited("history", info.resource))


def _applied(owner: Json, history: Json) -> Json:
    template = ((history.get("data") or {}).get("spec") or {}).get("template")
    return template or owner["spec"].get("template") or {}


def _with_cause(template: Json, body: Json) -> Json:
    cause = change_cause(body)
    if cause == "<none>":
        return template
    metadata = template.get("metadata") or {}
    annotations = {**(metadata.get("annotations") or {}), "kubernetes.io/change-cause": cause}
    return {**template, "metadata": {**metadata, "annotations": annotations}}
