"""``kubectl __complete LINE``: what the shells' completion scripts call; one word a line."""

from k8s_tutor.client import KubeconfigError
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.complete import complete


class Complete(Verb):
    """Prints completions of a line."""

    name = "__complete"
    short = "Complete a line"
    hidden = True

    def run(self, call: Call) -> int:
        line = call.arguments[0] if call.arguments else ""
        _, space, rest = line.partition(" ")
        line = f"kubectl{space}{rest}"
        try:
            client = call.client
        except KubeconfigError:
            client = None
        for one in complete(line, len(line), client):
            call.out(one.text)
        return 0


VERB = Complete
