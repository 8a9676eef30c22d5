"""``kubectl version``."""

from k8s_tutor.apimachinery.goyaml import to_json, to_yaml
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag

CLIENT, KUSTOMIZE = "v1.37.2", "v5.8.1"


class Version(Verb):
    """Prints versions."""

    name = "version"
    usage = "version [flags] [options]"
    short = "Print the client and server version information"
    flags = (Flag("client", "bool", help="only the client's"), Flag("output", short="o", help="yaml or json"))

    def validate(self, call: Call) -> None:
        if call.arguments:
            raise CommandError(f"extra arguments: [{' '.join(call.arguments)}]")
        if call.flag("output") not in {"", "yaml", "json"}:
            raise CommandError("--output must be 'yaml' or 'json'")

    def run(self, call: Call) -> int:
        server = None if call.flag("client") else call.client.get("/version")
        major, minor = CLIENT[1:].split(".")[:2]
        client = {"major": major, "minor": minor, "gitVersion": CLIENT}
        if call.flag("output"):
            body = {"clientVersion": client, "kustomizeVersion": KUSTOMIZE}
            if server:
                body["serverVersion"] = server
            call.out(to_json(body, indent=2) if call.flag("output") == "json" else to_yaml(body))
            return 0
        call.out(f"Client Version: {CLIENT}")
        call.out(f"Kustomize Version: {KUSTOMIZE}")
        if server:
            call.out(f"Server Version: {server['gitVersion']}")
        return 0


VERB = Version
