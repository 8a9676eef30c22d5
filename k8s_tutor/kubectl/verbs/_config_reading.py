"""What ``kubectl config`` shows of the kubeconfig: contexts, clusters, users, the file (kubectl, ``cmd/config``)."""

from k8s_tutor.apimachinery.goyaml import to_json, to_yaml
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.kubeconfig_file import SECTIONS, entry, read
from k8s_tutor.kubectl.options import output_of
from k8s_tutor.kubectl.printers.table import aligned_columns

_SECRETS = ("token", "password", "client-key-data")
_DATA = ("certificate-authority-data", "client-certificate-data", "client-key-data")


class CurrentContext(Verb):
    """Prints the current context."""

    name = "current-context"
    short = "Display the current-context"

    def run(self, call: Call) -> int:
        current = read(call)["current-context"]
        if not current:
            raise CommandError("current-context is not set")
        call.out(current)
        return 0


class GetContexts(Verb):
    """Lists contexts."""

    name = "get-contexts"
    short = "Describe one or many contexts"
    flags = (Flag("output", short="o", help="name"), Flag("no-headers", "bool", help="leave the header line out"))

    def run(self, call: Call) -> int:
        document = read(call)
        names = call.arguments or sorted(one["name"] for one in document["contexts"])
        missing = [name for name in names if entry(document, "contexts", name) is None]
        names = [name for name in names if name not in missing]
        if call.flag("output") == "name":
            call.write("".join(f"{name}\n" for name in names))
        else:
            rows = []
            for name in names:
                one = entry(document, "contexts", name) or {}
                star = "*" if name == document["current-context"] else ""
                rows.append([star, name, one.get("cluster", ""), one.get("user", ""), one.get("namespace", "")])
            headers = None if call.flag("no-headers") else ["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"]
            call.write(aligned_columns(rows, headers) if rows or headers else "")
        if missing:
            raise CommandError("\n".join(f"error: context {name} not found" for name in missing), bare=True)
        return 0


class _Names(Verb):
    section = ""

    def run(self, call: Call) -> int:
        names = sorted(one["name"] for one in read(call)[self.section])
        call.write("".join(f"{name}\n" for name in ["NAME", *names]))
        return 0


class GetClusters(_Names):
    """Lists clusters."""

    name = "get-clusters"
    short = "Display clusters defined in the kubeconfig"
    section = "clusters"


class GetUsers(_Names):
    """Lists users."""

    name = "get-users"
    short = "Display users defined in the kubeconfig"
    section = "users"


class View(Verb):
    """Prints the kubeconfig."""

    name = "view"
    short = "Display merged kubeconfig settings or a specified kubeconfig file"
    flags = (
        *output_of("yaml", "yaml, json, or a template"),
        Flag("raw", "bool", help="show certificates and secrets"),
        Flag("minify", "bool", help="only what the current context uses"),
        Flag("flatten", "bool", help="put certificates of files into the output"),
        Flag("merge", "bool", default=True, help="taken and ignored"),
    )

    def run(self, call: Call) -> int:
        document = read(call)
        if call.flag("minify"):
            document = self._minified(call, document)
        if not call.flag("raw"):
            self._hide(document)
        # Go writes an empty list that nobody has filled as null.
        document |= {section: document[section] or None for section in SECTIONS}
        output = call.flag("output")
        if output == "yaml":
            call.write(to_yaml(document))
        elif output == "json":
            call.out(to_json(document))
        else:
            from k8s_tutor.kubectl.printers import printer_for

            call.write(printer_for(output, template=call.flag("template"))(document))
        return 0

    def _minified(self, call: Call, document: Json) -> Json:
        name = call.words.get("context") or document["current-context"]
        context = entry(document, "contexts", name)
        if context is None:
            raise CommandError(f"cannot locate context {name}")
        kept = {"contexts": name, "clusters": context.get("cluster"), "users": context.get("user")}
        for section, wanted in kept.items():
            document[section] = [one for one in document[section] if one["name"] == wanted]
        return {**document, "current-context": name}

    def _hide(self, document: Json) -> None:
        for section, word in SECTIONS.items():
            for one in document[section]:
                content = one.get(word) or {}
                for key in _DATA:
                    if key in content:
                        content[key] = "DATA+OMITTED"
                for key in _SECRETS:
                    if key in content and key not in _DATA:
                        content[key] = "REDACTED"
