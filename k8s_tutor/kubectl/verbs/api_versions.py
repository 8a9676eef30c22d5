"""``kubectl api-versions``."""

from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError


class ApiVersions(Verb):
    """Lists the served group versions."""

    name = "api-versions"
    short = 'Print the supported API versions on the server, in the form of "group/version"'

    def validate(self, call: Call) -> None:
        if call.arguments:
            raise call.usage(f"unexpected arguments: [{' '.join(call.arguments)}]")

    def run(self, call: Call) -> int:
        found = sorted({one.group_version for one in call.client.discovery.resources()})
        if not found:
            raise CommandError("couldn't get available api versions from server")
        call.write("".join(f"{version}\n" for version in found))
        return 0


VERB = ApiVersions
