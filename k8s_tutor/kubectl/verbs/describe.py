"""``kubectl describe``: objects in words, with what belongs to them (kubectl, ``cmd/describe``)."""

from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.describe import description
from k8s_tutor.kubectl.errors import CommandError, raise_all
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.infos import Info, Selection, list_all, select
from k8s_tutor.kubectl.options import ALL_NAMESPACES, CHUNK, FILENAME, SELECTOR


class Describe(Verb):
    """Describes objects."""

    name = "describe"
    usage = "describe (-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME) [options]"
    short = "Show details of a specific resource or group of resources"
    group = "Troubleshooting and Debugging Commands"
    examples = """
# a node, a pod, all pods with a label
kubectl describe node node1
kubectl describe pod/web
kubectl describe pods -l app=web
"""
    flags = (
        *FILENAME,
        SELECTOR,
        ALL_NAMESPACES,
        CHUNK,
        Flag("show-events", "bool", default=True, help="end with the object's events"),
    )

    def complete(self, call: Call) -> None:
        if not call.arguments and not call.flag("filename") and not call.flag("kustomize"):
            raise CommandError(
                'You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of '
                "supported resources."
            )

    def run(self, call: Call) -> int:
        selection = select(call, allow_all=True)
        first = True
        errors: list[Exception] = []
        infos = list(selection.infos())
        if (len(infos) > 1 or selection.errors) and not call.changed("show-events"):
            call.words.values["show-events"] = False
        for info in infos:
            try:
                text = self._text(call, info)
            except ApiError as error:
                errors.append(error)
                continue
            call.write(text if first else f"\n\n{text}")
            first = False
        missing = [error for error in selection.errors if isinstance(error, ApiError) and error.status == 404]
        prefixed = missing and first and self._by_prefix(call, selection)
        if prefixed:
            return 0
        raise_all([*selection.errors, *errors])
        if first:
            whole = call.flag("all-namespaces")
            call.err("No resources found" if whole else f"No resources found in {call.namespace} namespace.")
        return 0

    def _text(self, call: Call, info: Info) -> str:
        return description(call, info.resource, info.object, show_events=call.flag("show-events"))

    def _by_prefix(self, call: Call, selection: Selection) -> bool:
        """A name that is not there may be the beginning of names that are."""
        if len(selection.wants) != 1 or not selection.wants[0].name:
            return False
        want = selection.wants[0]
        try:
            items = list_all(call, want.resource.path(want.namespace))
        except ApiError as error:
            raise CommandError(str(error)) from None
        found = False
        for item in items:
            name = item["metadata"]["name"]
            if name.startswith(want.name):
                found = True
                call.out(self._text(call, Info(want.resource, want.namespace, name, item)))
        return found


VERB = Describe
