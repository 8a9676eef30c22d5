"""``kubectl api-resources``."""

from collections.abc import Callable

from k8s_tutor.client import APIResource
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.printers.table import aligned_columns


class ApiResources(Verb):
    """Lists the served resources."""

    name = "api-resources"
    usage = "api-resources [flags] [options]"
    short = "Print the supported API resources on the server"
    flags = (
        Flag("api-group", help="only of this group"),
        Flag("categories", "list", help="only of these categories"),
        Flag("namespaced", "bool", default=True, help="only namespaced ones, or with =false only the others"),
        Flag("verbs", "list", help="only with all of these verbs"),
        Flag("sort-by", help="name or kind"),
        Flag("output", short="o", help="wide or name"),
        Flag("no-headers", "bool", help="leave the header line out"),
        Flag("cached", "bool", help="taken and ignored"),
        Flag("show-managed-fields", "bool", help="taken and ignored"),
    )

    def validate(self, call: Call) -> None:
        if call.arguments:
            raise call.usage(f"unexpected arguments: [{' '.join(call.arguments)}]")
        if call.flag("output") not in {"", "wide", "name"}:
            raise CommandError(
                f"--output {call.flag('output')} is not available: use 'wide' or 'name'"
                if call.flag("output") not in {"json", "yaml"}
                else f'unable to match a printer suitable for the output format "{call.flag("output")}", allowed formats '
                "are: name,wide"
            )
        if call.flag("sort-by") not in {"", "name", "kind"}:
            raise CommandError("--sort-by accepts only name or kind")

    def run(self, call: Call) -> int:
        found = [one for one in call.client.discovery.preferred() if one.verbs and self._wanted(call, one)]
        found.sort(key=self._key(call))
        if call.flag("output") == "name":
            call.write("".join(f"{one.qualified}\n" for one in found))
            return 0
        wide = call.flag("output") == "wide"
        headers = ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"] + (["VERBS", "CATEGORIES"] if wide else [])
        rows = []
        for one in found:
            row = [
                one.plural,
                ",".join(one.short_names),
                one.group_version,
                "true" if one.namespaced else "false",
                one.kind,
            ]
            rows.append(row + ([",".join(one.verbs), ",".join(one.categories)] if wide else []))
        call.write(aligned_columns(rows, None if call.flag("no-headers") else headers))
        return 0

    def _wanted(self, call: Call, one: APIResource) -> bool:
        if call.changed("api-group") and one.group != call.flag("api-group"):
            return False
        if call.changed("namespaced") and one.namespaced != call.flag("namespaced"):
            return False
        if not set(call.flag("verbs")) <= set(one.verbs):
            return False
        return set(call.flag("categories")) <= set(one.categories)

    def _key(self, call: Call) -> Callable[[APIResource], tuple[str, str]]:
        by = call.flag("sort-by")
        if by == "kind":
            return lambda one: (one.kind, one.group)
        if by == "name":
            return lambda one: (one.plural, one.group)
        return lambda one: (one.group, one.plural)


VERB = ApiResources
